"""Panoptic FPN: the answers of both halves, and losses that teach both."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from detection_cases import ODD_SCENES, small_detector, some_squares, squares
from segedu.models import PanopticFPN, panoptic_fpn
from segedu.models.panoptic_fpn import SemanticBranch
from segedu.training import InstanceDataset, SceneDataset, evaluate, evaluate_instances, fit_instances
from segedu.training.jobs import PixelsOf
from training_cases import recipe

torch.set_num_threads(1)


def small_panoptic(seed=0, **settings):
    return PanopticFPN(small_detector(seed), 3, channels=16, **settings)


def test_objects_are_those_of_its_detector():
    detector = small_detector().eval()
    image = SceneDataset(some_squares(1))[0][0]
    with torch.no_grad():
        expected = detector([image])[0]
        output = PanopticFPN(detector, 3, channels=16).eval()([image])[0]
    for name, value in expected.items():
        assert torch.equal(output[name], value), name


def test_every_pixel_gets_logits_whatever_the_size():
    model = small_panoptic().eval()
    with torch.no_grad():
        outputs = model([torch.zeros(3, 40, 33), torch.zeros(3, 16, 50)])
    assert [tuple(o["semantic_logits"].shape) for o in outputs] == [(3, 40, 33), (3, 16, 50)]


@pytest.mark.parametrize("name", ODD_SCENES)
def test_odd_scenes_give_six_finite_losses_and_gradients(name):
    model = small_panoptic().train()
    image, target = InstanceDataset([ODD_SCENES[name]])[0]
    losses = model(image[None], [target])
    assert len(losses) == 6
    assert all(torch.isfinite(loss) for loss in losses.values())
    sum(losses.values()).backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())
    if name == "all void":
        assert losses["loss_semantic"] == 0


def test_the_semantic_loss_is_cross_entropy_over_known_pixels():
    model = small_panoptic(semantic_weight=0.5)
    logits = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    target = torch.randint(0, 3, (2, 4, 5), generator=torch.Generator().manual_seed(1))
    target[0, :2] = 255
    expected = 0.5 * functional.cross_entropy(logits, target, ignore_index=255)
    torch.testing.assert_close(model.semantic_loss(logits, target), expected)


def test_the_branch_adds_maps_of_all_strides_at_the_finest():
    branch = SemanticBranch(6, 5, maps=3, channels=8)
    maps = [torch.randn(1, 6, 32 >> k, 48 >> k, requires_grad=True) for k in range(3)]
    logits = branch(maps)
    assert logits.shape == (1, 5, 32, 48)
    logits.sum().backward()
    assert all(x.grad.abs().sum() > 0 for x in maps)


def test_both_halves_are_learned_together():
    scene = squares([(4, 4, 24, 1), (30, 24, 30, 2)], (64, 64))
    model = small_panoptic()
    by_heart = recipe(size=(64, 64), epochs=80, learning_rate=5e-3, scale=(1, 1), flip=0, color=0)
    history = fit_instances(model, [scene] * 2, [], by_heart)
    assert history.loss[-1] < history.loss[0] / 3
    assert evaluate_instances(model, [scene]).mask.ap_50 > 0.9
    assert evaluate(PixelsOf(model), [scene], 3).mean_iou > 0.9


def test_it_is_made_by_name():
    model = panoptic_fpn("tiny", 4, base_channels=4, max_detections=9, anchors=(4, 8, 16, 32))
    assert model.detector.roi_heads.detections_per_img == 9
    assert model.semantic.score.out_channels == 4
    assert np.isfinite(sum(p.sum().item() for p in model.parameters()))
    with pytest.raises(ValueError, match="name: expected one of"):
        panoptic_fpn("huge", 4)
