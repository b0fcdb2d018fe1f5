"""Anchors, box coding, suppression and pyramid levels are those of torchvision."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torchvision import ops
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.ops.boxes import _batched_nms_vanilla
from torchvision.ops.poolers import LevelMapper

from networks import one_thread  # noqa: F401  (a fixture)
from segedu.models.detection import (
    anchor_boxes,
    assign_levels,
    batched_nms,
    cell_anchors,
    clip_boxes,
    decode_boxes,
    encode_boxes,
    grid_anchors,
    nms,
)

SEEDS = range(20)


def some_boxes(n: int, seed: int, *, dtype: torch.dtype = torch.float32, whole: bool = False) -> Tensor:
    """Boxes in and around a square of side 100, sides from 0 to 60; `whole` ones have integer corners."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(n, 2, generator=generator, dtype=dtype) * 120 - 10
    side = torch.rand(n, 2, generator=generator, dtype=dtype) ** 2 * 60
    boxes = torch.cat([corner, corner + side], dim=1)
    return boxes.round() if whole else boxes


# ---- anchors


@pytest.mark.parametrize(
    ("sizes", "ratios"),
    [((32,), (0.5, 1.0, 2.0)), ((8, 16, 31), (1.0,)), ((7.5, 3), (0.3, 0.7, 3.3)), ((1,), (1e-3, 1e3))],
)
@pytest.mark.parametrize("image", [(128, 128), (33, 70), (1, 5)])
def test_anchors_are_torchvisions_for_any_sizes_ratios_and_strides(sizes, ratios, image):
    feature_sizes = [((image[0] + s - 1) // s, (image[1] + s - 1) // s) for s in (1, 4, 9)]
    levels = anchor_boxes(image, feature_sizes, sizes=[sizes] * 3, aspect_ratios=ratios)
    generator = AnchorGenerator((sizes,) * 3, (ratios,) * 3)
    images = ImageList(torch.zeros(1, 3, *image), [image])
    (expected,) = generator(images, [torch.zeros(1, 2, *size) for size in feature_sizes])
    assert torch.equal(torch.cat(levels), expected)


def test_a_standing_anchor_is_higher_than_wide_and_keeps_its_area():
    left, top, right, bottom = cell_anchors([64], [4.0])[0].tolist()
    # Ratio 4: height 64 · 2 = 128, width 64 / 2 = 32.
    assert (right - left, bottom - top) == (32, 128)


def test_anchors_come_place_by_place_then_by_kind():
    cell = torch.tensor([[-1.0, -1.0, 1.0, 1.0], [-2.0, -2.0, 2.0, 2.0]])
    anchors = grid_anchors(cell, (2, 3), stride=(10, 20))
    # Place (1, 2), kind 1, stands at number (1 · 3 + 2) · 2 + 1 = 11, around x = 2 · 20, y = 1 · 10.
    assert anchors[11].tolist() == [38, 8, 42, 12]


# ---- coding


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)])
def test_coding_is_torchvisions(seed, weights):
    boxes = some_boxes(50, seed, dtype=torch.float64)
    anchors = some_boxes(50, seed + 100, dtype=torch.float64)
    coder = BoxCoder(weights)
    deltas = encode_boxes(boxes, anchors, weights=weights)
    torch.testing.assert_close(deltas, coder.encode_single(boxes, anchors), rtol=1e-9, atol=1e-9)
    wild = 5 * torch.randn(50, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    torch.testing.assert_close(
        decode_boxes(wild, anchors, weights=weights), coder.decode_single(wild, anchors), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_decoding_undoes_encoding(seed):
    boxes, anchors = (some_boxes(50, s, dtype=torch.float64) for s in (seed, seed + 100))
    # Undone as long as no side grows by more than 62.5.
    anchors[:, 2:] += 1
    deltas = encode_boxes(boxes, anchors)
    torch.testing.assert_close(decode_boxes(deltas, anchors), boxes)


def test_a_decoded_side_grows_by_62_and_a_half_at_most():
    anchor = torch.tensor([[0.0, 0.0, 16.0, 16.0]])
    left, _, right, _ = decode_boxes(torch.tensor([[0.0, 0.0, 99.0, 0.0]]), anchor)[0].tolist()
    assert right - left == pytest.approx(1000)


def test_each_class_has_its_own_answer():
    anchors, deltas = some_boxes(7, 1), torch.randn(7, 3, 4)
    decoded = decode_boxes(deltas, anchors, weights=(10, 10, 5, 5))
    expected = BoxCoder((10, 10, 5, 5)).decode_single(deltas.flatten(1), anchors)
    torch.testing.assert_close(decoded.flatten(1), expected)
    for k in range(3):
        torch.testing.assert_close(decoded[:, k], decode_boxes(deltas[:, k], anchors, weights=(10, 10, 5, 5)))


def test_an_object_twice_as_large_at_twice_the_scale_asks_for_the_same_numbers():
    boxes, anchors = some_boxes(10, 3), some_boxes(10, 4)
    torch.testing.assert_close(encode_boxes(2 * boxes, 2 * anchors), encode_boxes(boxes, anchors))


def test_no_boxes_are_coded_as_no_boxes():
    none = torch.zeros(0, 4)
    assert encode_boxes(none, none).shape == decode_boxes(none, none).shape == (0, 4)


@pytest.mark.parametrize("seed", SEEDS)
def test_clipping_is_torchvisions(seed):
    boxes = some_boxes(40, seed)
    assert torch.equal(clip_boxes(boxes, (50, 90)), ops.clip_boxes_to_image(boxes, (50, 90)))


# ---- suppression


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("whole", [False, True])
def test_nms_is_torchvisions(seed, threshold, whole):
    # Whole corners give many IoUs that are equal to the threshold, ties in score, and boxes without area.
    boxes = some_boxes(300, seed, whole=whole) / (8 if whole else 1)
    boxes = boxes.round() if whole else boxes
    scores = torch.rand(300, generator=torch.Generator().manual_seed(seed))
    scores = (scores * 10).round() / 10 if whole else scores
    assert torch.equal(nms(boxes, scores, iou_threshold=threshold), ops.nms(boxes, scores, threshold))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7])
def test_nms_by_class_is_torchvisions(seed, threshold):
    boxes = some_boxes(200, seed)
    generator = torch.Generator().manual_seed(seed)
    scores, groups = torch.rand(200, generator=generator), torch.randint(0, 4, (200,), generator=generator)
    kept = batched_nms(boxes, scores, groups, iou_threshold=threshold)
    assert torch.equal(kept, _batched_nms_vanilla(boxes, scores, groups, threshold))
    assert torch.equal(kept, ops.batched_nms(boxes.double(), scores.double(), groups, threshold))


def test_an_iou_of_exactly_the_threshold_stays():
    boxes = torch.tensor([[0.0, 0.0, 3.0, 1.0], [0.0, 0.0, 1.5, 1.0]])  # IoU 1.5 / 3 = 0.5
    assert nms(boxes, torch.tensor([0.9, 0.8]), iou_threshold=0.5).tolist() == [0, 1]
    assert nms(boxes, torch.tensor([0.9, 0.8]), iou_threshold=0.49).tolist() == [0]


def test_a_box_that_was_struck_out_strikes_out_nobody():
    # A chain: 0 strikes out 1, which would have struck out 2. IoUs: 0–1 and 1–2 3/5, 0–2 2/6.
    boxes = torch.tensor([[0.0, 0.0, 4.0, 1.0], [1.0, 0.0, 5.0, 1.0], [2.0, 0.0, 6.0, 1.0]])
    assert nms(boxes, torch.tensor([0.9, 0.8, 0.7]), iou_threshold=0.5).tolist() == [0, 2]


def test_of_equal_scores_the_earlier_box_stays():
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0]] * 3)
    assert nms(boxes, torch.ones(3), iou_threshold=0.5).tolist() == [0]


def test_boxes_without_area_do_not_strike_each_other_out():
    boxes = torch.tensor([[1.0, 1.0, 1.0, 1.0]] * 2)
    scores = torch.tensor([0.9, 0.8])
    assert nms(boxes, scores, iou_threshold=0.5).tolist() == ops.nms(boxes, scores, 0.5).tolist() == [0, 1]


def test_of_no_boxes_none_stays():
    kept = nms(torch.zeros(0, 4), torch.zeros(0), iou_threshold=0.5)
    assert kept.shape == (0,)
    assert kept.dtype == torch.int64
    groups = torch.zeros(0, dtype=torch.int64)
    assert batched_nms(torch.zeros(0, 4), torch.zeros(0), groups, iou_threshold=0.5).shape == (0,)


# ---- levels


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("low", "high", "size"), [(2, 5, 224), (2, 6, 64), (0, 3, 32)])
def test_levels_are_torchvisions(seed, low, high, size):
    boxes = some_boxes(200, seed) * 8
    expected = LevelMapper(low, high, size, 4)([boxes]) + low
    found = assign_levels(boxes, min_level=low, max_level=high, canonical_size=size)
    assert torch.equal(found, expected)


def test_a_side_on_the_border_of_two_levels_goes_to_the_coarser():
    sides = torch.tensor([56.0, 112.0, 224.0, 448.0])  # 224 · 2^(k − 4)
    boxes = torch.stack([0 * sides, 0 * sides, sides, sides], dim=1)
    assert assign_levels(boxes).tolist() == [2, 3, 4, 5]
    assert assign_levels(boxes - torch.tensor([0, 0, 1.0, 1.0])).tolist() == [2, 2, 3, 4]


def test_a_box_without_area_is_read_on_the_finest_map():
    assert assign_levels(torch.tensor([[3.0, 3.0, 3.0, 9.0]])).tolist() == [2]


# ---- errors

BOXES = torch.tensor([[0.0, 0.0, 4.0, 4.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nms(BOXES[0], torch.ones(1), iou_threshold=0.5), r"boxes: expected floats of shape \(N, 4\)"),
        (lambda: nms(BOXES.long(), torch.ones(1), iou_threshold=0.5), "got torch.int64 .* boxes.float"),
        (
            lambda: nms(BOXES[:, [2, 1, 0, 3]], torch.ones(1), iou_threshold=0.5),
            r"got \[4.0, 0.0, 0.0, 4.0\] in row 0",
        ),
        (lambda: nms(BOXES * math.nan, torch.ones(1), iou_threshold=0.5), "expected left ≤ right .* nan"),
        (
            lambda: nms(BOXES, torch.ones(2), iou_threshold=0.5),
            r"scores: expected shape \(1,\), one for each box, got \(2,\)",
        ),
        (lambda: nms(BOXES, torch.ones(1), iou_threshold=50), "iou_threshold: expected 0 to 1, got 50"),
        (
            lambda: batched_nms(BOXES, torch.ones(1), torch.ones(2), iou_threshold=0.5),
            r"groups: expected shape \(1,\)",
        ),
        (lambda: encode_boxes(BOXES, BOXES.repeat(2, 1)), "expected one box for each anchor, got 1 and 2"),
        (lambda: decode_boxes(torch.zeros(1, 8), BOXES), r"deltas: .* got \(1, 8\); a head's .*unflatten"),
        (lambda: assign_levels(BOXES, min_level=6), "min_level: expected at most max_level, 5, got 6"),
        (lambda: cell_anchors([], [1.0]), r"sizes: expected positive numbers, at least one, got \(\)"),
        (lambda: cell_anchors([8], [0.0]), "aspect_ratios: expected positive numbers"),
        (
            lambda: anchor_boxes((8, 8), [(4, 4)], sizes=[[8], [16]]),
            "one sequence for each of 1 feature maps, got 2",
        ),
        (
            lambda: anchor_boxes((8, 8), [(9, 4)], sizes=[[8]]),
            r"feature_sizes: expected at most \(8, 8\), .* got \(9, 4\)",
        ),
        (lambda: clip_boxes(BOXES, (0, 4)), r"size: expected height and width, .* got \(0, 4\)"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()
