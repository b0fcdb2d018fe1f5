"""RoIAlign, RoIPool, mask targets, the mask loss and pasting are those of torchvision."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import grid_sample
from torchvision import ops
from torchvision.models.detection.roi_heads import maskrcnn_loss, paste_masks_in_image, project_masks_on_boxes

from networks import images, one_thread  # noqa: F401  (one_thread is a fixture)
from segedu.models.detection import (
    clip_boxes,
    mask_loss,
    mask_targets,
    paste_masks,
    paste_masks_rounded,
    roi_align,
    roi_pool,
)
from segedu.models.detection.roi_pool import round_half_away

# In pixels of an image of 96×144, on a map of stride 8: 12×18 places.
NASTY = torch.tensor(
    [
        [10.0, 10.0, 60.0, 50.0],  # plain
        [3.3, 7.7, 100.1, 80.9],
        [0.0, 0.0, 144.0, 96.0],  # the whole image
        [-200.0, -300.0, 400.0, 500.0],  # and much more
        [-50.0, -50.0, -20.0, -10.0],  # outside, above to the left
        [150.0, 100.0, 200.0, 200.0],  # outside, below to the right
        [-8.0, -8.0, 4.0, 4.0],  # one place beyond the border
        [140.0, 90.0, 152.0, 104.0],
        [20.0, 20.0, 20.0, 20.0],  # no area
        [20.0, 20.0, 20.0, 60.0],  # no width
        [20.0, 20.0, 20.5, 21.0],  # less than a pixel
        [4.0, 4.0, 12.0, 12.0],  # halves of places: rounding decides
        [12.0, 20.0, 36.0, 44.0],
        [-4.0, -12.0, 28.0, 20.0],
        [0.0, 0.0, 1.0, 96.0],
    ]
)


def random_boxes(n: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    a, b = torch.rand(2, n, 2, generator=generator) * 180 - 20
    return torch.cat([torch.minimum(a, b), torch.maximum(a, b)], dim=1)


def as_rois(boxes: Tensor) -> Tensor:
    return torch.cat([torch.zeros(len(boxes), 1).to(boxes), boxes], dim=1)


every_box = pytest.mark.parametrize(
    "boxes",
    [NASTY, *(random_boxes(30, seed) for seed in range(3))],
    ids=["nasty", "random 0", "random 1", "random 2"],
)

# ---- RoIAlign and RoIPool


@every_box
@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("sampling_ratio", [None, 1, 2, 5])
@pytest.mark.parametrize("output_size", [(7, 7), (1, 1), (3, 14)])
@pytest.mark.parametrize("scale", [1 / 8, 0.1, 1.0])
def test_roi_align_is_torchvisions(boxes, aligned, sampling_ratio, output_size, scale):
    features = images(3, 12, 18).double()
    ours = roi_align(
        features,
        boxes.double(),
        output_size=output_size,
        spatial_scale=scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
    )
    theirs = ops.roi_align(
        features[None], as_rois(boxes.double()), output_size, scale, sampling_ratio or -1, aligned
    )
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-9)


@every_box
@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("sampling_ratio", [None, 2])
def test_roi_align_is_torchvisions_in_single_precision(boxes, aligned, sampling_ratio):
    features = images(3, 12, 18)
    ours = roi_align(
        features,
        boxes,
        output_size=(7, 7),
        spatial_scale=0.125,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
    )
    theirs = ops.roi_align(features[None], as_rois(boxes), (7, 7), 0.125, sampling_ratio or -1, aligned)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("aligned", [True, False])
def test_gradients_of_roi_align_are_torchvisions(aligned):
    gradients = []
    for ours in (True, False):
        features = images(3, 12, 18).double().requires_grad_()
        boxes = NASTY.double()
        if ours:
            out = roi_align(features, boxes, output_size=(5, 5), spatial_scale=0.125, aligned=aligned)
        else:
            out = ops.roi_align(features[None], as_rois(boxes), (5, 5), 0.125, -1, aligned)
        (out * images(*out.shape, seed=1).double()).sum().backward()
        gradients.append(features.grad)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0, atol=1e-9)


def test_on_a_map_that_is_a_plane_roi_align_reads_the_middle_of_each_bin():
    # f(x, y) = 10 y + x at pixel middles (j + ½): a mean over points symmetric around a middle is its value.
    y, x = torch.meshgrid(torch.arange(20.0) + 0.5, torch.arange(20.0) + 0.5, indexing="ij")
    box = torch.tensor([[4.3, 5.9, 12.3, 13.9]])
    out = roi_align((10 * y + x)[None], box, output_size=(2, 2))
    # Bins of 4×4: middles at x = 6.3 and 10.3, y = 7.9 and 11.9.
    expected = torch.tensor([[79 + 6.3, 79 + 10.3], [119 + 6.3, 119 + 10.3]])
    torch.testing.assert_close(out[0, 0], expected)


def test_moving_a_box_by_a_third_of_a_place_moves_what_roi_align_reads_and_not_what_roi_pool_reads():
    features = torch.arange(20.0).expand(1, 20, 20)
    box = torch.tensor([[4.0, 4.0, 12.0, 12.0]])
    moved = box + torch.tensor([1 / 3, 0, 1 / 3, 0])
    aligned = [roi_align(features, b, output_size=(2, 2)) for b in (box, moved)]
    torch.testing.assert_close(aligned[1] - aligned[0], torch.full((1, 1, 2, 2), 1 / 3))
    pooled = [roi_pool(features, b, output_size=(2, 2)) for b in (box, moved)]
    assert torch.equal(pooled[0], pooled[1])


@every_box
@pytest.mark.parametrize("output_size", [(7, 7), (1, 1), (3, 14)])
@pytest.mark.parametrize("scale", [1 / 8, 1.0])
def test_roi_pool_is_torchvisions(boxes, output_size, scale):
    features = images(3, 12, 18)
    ours = roi_pool(features, boxes, output_size=output_size, spatial_scale=scale)
    assert torch.equal(ours, ops.roi_pool(features[None], as_rois(boxes), output_size, scale))


def test_halves_are_rounded_away_from_zero():
    assert round_half_away(torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, 0.49])).tolist() == [1, 2, 3, -1, -2, 0]


@pytest.mark.parametrize("pool", [roi_align, roi_pool])
def test_no_boxes_give_no_features(pool):
    assert pool(images(3, 4, 4), torch.zeros(0, 4), output_size=(7, 5)).shape == (0, 3, 7, 5)


# ---- targets and loss


def test_mask_targets_are_torchvisions():
    masks = images(4, 96, 144) > 0.8
    matched = torch.arange(len(NASTY)) % 4
    ours = mask_targets(masks, NASTY, matched, size=28)
    torch.testing.assert_close(ours, project_masks_on_boxes(masks, NASTY, matched, 28), rtol=0, atol=1e-6)


def test_the_mask_loss_of_two_images_is_torchvisions():
    boxes = [random_boxes(6, 0), random_boxes(3, 1)]
    masks = [images(2, 96, 144, seed=2) > 0, images(5, 96, 144, seed=3) > 0]
    labels = [torch.tensor([1, 3]), torch.tensor([2, 2, 1, 3, 1])]
    matched = [torch.tensor([0, 1, 1, 0, 0, 1]), torch.tensor([4, 0, 2])]
    logits = images(9, 4, 14, 14, seed=4)
    expected = maskrcnn_loss(logits, boxes, masks, labels, matched)
    targets = [mask_targets(m, b, k, size=14) for m, b, k in zip(masks, boxes, matched, strict=True)]
    chosen = torch.cat([label[k] for label, k in zip(labels, matched, strict=True)])
    torch.testing.assert_close(mask_loss(logits, torch.cat(targets), chosen), expected, rtol=0, atol=1e-6)


def test_masks_of_other_classes_get_no_gradient():
    logits = images(3, 5, 4, 4).requires_grad_()
    labels = torch.tensor([2, 0, 4])
    mask_loss(logits, torch.ones(3, 4, 4), labels).backward()
    touched = logits.grad.abs().sum(dim=(2, 3)) > 0
    assert touched.nonzero().tolist() == [[0, 2], [1, 0], [2, 4]]


def test_an_image_without_proposals_has_loss_zero_and_can_be_trained_on():
    logits = torch.zeros(0, 5, 4, 4, requires_grad=True)
    loss = mask_loss(logits, torch.zeros(0, 4, 4), torch.zeros(0, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 0
    targets = mask_targets(torch.zeros(0, 9, 9), torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), size=4)
    assert targets.shape == (0, 4, 4)


# ---- pasting


@every_box
@pytest.mark.parametrize("cells", [28, 14, 1])
def test_rounded_pasting_is_torchvisions(boxes, cells):
    masks, boxes = images(len(boxes), cells, cells).sigmoid(), clip_boxes(boxes, (96, 144))
    ours = paste_masks_rounded(masks, boxes, (96, 144))
    expected = paste_masks_in_image(masks[:, None], boxes, (96, 144))[:, 0]
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-6)


@every_box
@pytest.mark.parametrize("cells", [28, 1])
def test_pasting_is_grid_sample_at_the_centres_of_pixels(boxes, cells):
    boxes = boxes[((boxes[:, 2:] - boxes[:, :2]) > 0).all(dim=1)].double()
    masks = images(len(boxes), cells, cells).double().sigmoid()
    y, x = torch.meshgrid(torch.arange(96.0) + 0.5, torch.arange(144.0) + 0.5, indexing="ij")
    x, y = x.double(), y.double()
    left, top, right, bottom = boxes[:, :, None, None].unbind(1)
    grid = torch.stack([(x - left) / (right - left) * 2 - 1, (y - top) / (bottom - top) * 2 - 1], dim=-1)
    expected = grid_sample(masks[:, None], grid, padding_mode="zeros", align_corners=False)[:, 0]
    torch.testing.assert_close(paste_masks(masks, boxes, (96, 144)), expected, rtol=0, atol=1e-9)


def test_a_box_without_area_has_no_place_for_a_mask():
    assert not paste_masks(torch.ones(1, 4, 4), torch.tensor([[3.0, 1.0, 3.0, 5.0]]), (8, 8)).any()


def test_a_full_mask_over_whole_pixels_is_pasted_exactly():
    pasted = paste_masks(torch.ones(1, 28, 28), torch.tensor([[2.0, 1.0, 5.0, 6.0]]), (8, 8))[0] > 0.5
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[1:6, 2:5] = True
    assert torch.equal(pasted, expected)


def test_a_box_outside_of_the_image_shows_nothing():
    # torchvision clips boxes before it pastes; its function alone stops with an error here.
    outside = torch.tensor([[150.0, 100.0, 200.0, 200.0], [-50.0, -50.0, -20.0, -10.0]])
    for paste in (paste_masks, paste_masks_rounded):
        assert not paste(torch.ones(2, 28, 28), outside, (96, 144)).any()


def test_cutting_the_box_to_whole_pixels_costs_a_small_object_more_than_a_large_one():
    def iou(side: int) -> float:
        corner = torch.rand(100, 2, generator=torch.Generator().manual_seed(0)) * 20 + 10
        boxes, masks = torch.cat([corner, corner + side], dim=1), torch.ones(100, 28, 28)
        exact, cut = (paste(masks, boxes, (100, 100)) > 0.5 for paste in (paste_masks, paste_masks_rounded))
        return float(((exact & cut).sum(dim=(1, 2)) / (exact | cut).sum(dim=(1, 2))).mean())

    assert iou(4) < iou(8) < iou(64) < 1


@pytest.mark.parametrize("paste", [paste_masks, paste_masks_rounded])
def test_no_masks_are_pasted_as_no_masks(paste):
    assert paste(torch.zeros(0, 28, 28), torch.zeros(0, 4), (5, 6)).shape == (0, 5, 6)


# ---- errors

BOX = torch.tensor([[0.0, 0.0, 4.0, 4.0]])
MAP = torch.zeros(1, 8, 8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: roi_align(MAP[None], BOX, output_size=(2, 2)),
            r"features: expected .* \(C, H, W\), one image.*features\[k\]",
        ),
        (
            lambda: roi_align(MAP, BOX, output_size=(0, 2)),
            r"output_size: expected height and width.* got \(0, 2\)",
        ),
        (
            lambda: roi_align(MAP, BOX, output_size=(2, 2), sampling_ratio=0),
            "sampling_ratio: expected None or .* got 0",
        ),
        (lambda: roi_align(MAP, BOX[:, [2, 1, 0, 3]], output_size=(2, 2)), "boxes: expected left ≤ right"),
        (lambda: roi_pool(MAP.long(), BOX, output_size=(2, 2)), "features: expected floats"),
        (lambda: mask_targets(MAP[0], BOX, torch.tensor([0]), size=4), r"masks: expected shape \(G, H, W\)"),
        (
            lambda: mask_targets(MAP, BOX, torch.tensor([1]), size=4),
            "matched: expected positions 0 to 0, got 1",
        ),
        (lambda: mask_loss(MAP[None], MAP[:, :4], torch.tensor([0])), r"got \(1, 1, 8, 8\) and \(1, 4, 8\)"),
        (lambda: mask_loss(MAP[None], MAP, torch.tensor([1])), "labels: expected classes 0 to 0, got 1 to 1"),
        (lambda: paste_masks(MAP[:, None], BOX, (8, 8)), r"masks: .* becomes one by masks\[:, 0\]"),
        (lambda: paste_masks_rounded(MAP, BOX.repeat(2, 1), (8, 8)), "one box for each mask, got 1 and 2"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()
