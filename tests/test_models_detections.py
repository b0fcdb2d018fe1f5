"""`instance_targets` and `to_instances`: scenes to detectors and back."""

import numpy as np
import pytest
import torch

from detection_cases import ODD_SCENES, scene_of, squares
from segedu.models import instance_targets, to_instances
from segedu.synthetic import street_scene

torch.set_num_threads(1)


def as_output(target, scores=None):
    """What a perfect detector would answer."""
    n = len(target["labels"])
    return {
        "boxes": target["boxes"],
        "labels": target["labels"],
        "scores": torch.ones(n) if scores is None else torch.tensor(scores),
        "masks": target["masks"][:, None].float(),
    }


def test_label_0_is_left_free_for_nothing():
    target = instance_targets(squares([(0, 0, 3, 1), (10, 10, 3, 2)]))
    assert target["labels"].tolist() == [2, 3]


@pytest.mark.parametrize("seed", range(3))
def test_there_and_back_again_is_the_scene(seed):
    scene = street_scene(seed, (48, 64))
    found = to_instances(as_output(instance_targets(scene)))
    masks, labels = scene.masks()
    np.testing.assert_array_equal(found.masks, masks)
    np.testing.assert_array_equal(found.labels, labels)


def test_a_target_has_the_types_that_torchvision_wants():
    target = instance_targets(squares([(2, 3, 4, 1)]))
    kinds = {name: (value.dtype, tuple(value.shape)) for name, value in target.items()}
    assert kinds == {
        "boxes": (torch.float32, (1, 4)),
        "labels": (torch.int64, (1,)),
        "masks": (torch.uint8, (1, 32, 32)),
        "area": (torch.float32, (1,)),
        "iscrowd": (torch.int64, (1,)),
    }


def test_a_box_ends_one_past_the_last_pixel():
    # Rows 2 to 5, columns 3 to 6.
    assert instance_targets(squares([(2, 3, 4, 1)]))["boxes"].tolist() == [[3, 2, 7, 6]]


def test_one_pixel_has_a_box_of_width_1():
    assert instance_targets(ODD_SCENES["one pixel"])["boxes"].tolist() == [[9, 9, 10, 10]]


def test_area_is_that_of_the_mask_not_of_the_box():
    # An L of 5 pixels in a box of 9.
    instance = np.zeros((4, 4), int)
    instance[0:3, 0] = instance[2, 0:3] = 1
    target = instance_targets(scene_of(instance, [1]))
    assert target["area"].tolist() == [5]
    assert target["boxes"].tolist() == [[0, 0, 3, 3]]


def test_crowds_are_left_out():
    semantic = np.zeros((8, 8), int)
    semantic[0:2], semantic[5:8] = 1, 1
    instance = np.zeros((8, 8), int)
    instance[0:2] = 1
    target = instance_targets(scene_of(instance, [1], semantic=semantic))
    assert target["area"].tolist() == [16]
    assert len(instance_targets(ODD_SCENES["only a crowd"])["labels"]) == 0


def test_a_covered_object_is_not_there():
    target = instance_targets(ODD_SCENES["covered"])
    assert target["labels"].tolist() == [3]


def test_objects_below_the_least_area_are_left_out():
    scene = squares([(0, 0, 2, 1), (10, 10, 3, 1), (20, 20, 4, 1)])  # 4, 9 and 16 pixels
    assert instance_targets(scene, min_area=9)["area"].tolist() == [9, 16]
    with pytest.raises(ValueError, match="min_area: expected at least 1 pixel, got 0"):
        instance_targets(scene, min_area=0)


@pytest.mark.parametrize("name", ODD_SCENES)
def test_every_target_has_boxes_that_torchvision_accepts(name):
    target = instance_targets(ODD_SCENES[name])
    assert target["boxes"].shape == (len(target["labels"]), 4)
    assert (target["boxes"][:, 2:] > target["boxes"][:, :2]).all()


def test_a_pixel_at_the_threshold_belongs_to_the_mask():
    output = {
        "labels": torch.tensor([1]),
        "scores": torch.tensor([0.5]),
        "masks": torch.tensor([[[[0.49, 0.5, 0.51]]]]),
    }
    assert to_instances(output).masks.tolist() == [[[False, True, True]]]
    assert to_instances(output, mask_threshold=0.51).masks.sum() == 1
    assert len(to_instances(output, score_threshold=0.5)) == 1
    assert len(to_instances(output, score_threshold=0.6)) == 0


def test_thresholds_out_of_range_are_refused():
    output = as_output(instance_targets(squares([(2, 3, 4, 1)])))
    with pytest.raises(ValueError, match="score_threshold: expected 0 to 1, got 50"):
        to_instances(output, score_threshold=50)
    with pytest.raises(ValueError, match="mask_threshold: expected 0 to 1"):
        to_instances(output, mask_threshold=-0.1)
