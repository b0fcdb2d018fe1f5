"""Instances refuse what is broken, keep what they were given, and come out of a scene whole."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segedu import NO_INSTANCE, Category, Instances, Scene

MASKS = np.zeros((2, 3, 4), bool)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"masks": np.zeros((3, 4), bool)}, r"Instances.masks: expected shape \(N, H, W\), got \(3, 4\)"),
        (
            {"masks": np.zeros((2, 3, 4))},
            "Instances.masks: expected dtype bool, got float64; cut soft masks first",
        ),
        ({"masks": np.zeros((2, 3, 4), np.uint8)}, "Instances.masks: expected dtype bool, got uint8"),
        ({"labels": [0]}, r"Instances.labels: expected shape \(2,\), one for each mask, got \(1,\)"),
        ({"labels": [[0], [1]]}, r"Instances.labels: expected shape \(2,\).*, got \(2, 1\)"),
        (
            {"labels": [[0], [1, 2]]},
            "Instances.labels: expected numbers in a row, got rows of different lengths",
        ),
        ({"labels": [0.0, 1.0]}, "Instances.labels: expected an integer dtype, got float64"),
        ({"labels": [True, False]}, "Instances.labels: expected an integer dtype, got bool"),
        ({"labels": [0, -1]}, "Instances.labels: expected class indices from 0, got -1"),
        ({"labels": np.array([0, 2**63], np.uint64)}, "expected class indices from 0, got 9223372036854775808"),
        ({"scores": [0.5]}, r"Instances.scores: expected shape \(2,\), one for each mask, got \(1,\)"),
        ({"scores": [0.5, np.nan]}, "Instances.scores: expected finite numbers, got nan"),
        ({"scores": [0.5, np.inf]}, "Instances.scores: expected finite numbers, got inf"),
        ({"scores": ["a", "b"]}, "Instances.scores: expected numbers, got dtype <U1"),
        ({"scores": [True, False]}, "Instances.scores: expected numbers, got dtype bool"),
        ({"crowd": [False]}, r"Instances.crowd: expected shape \(2,\), one for each mask, got \(1,\)"),
        ({"crowd": [0, 1]}, "Instances.crowd: expected dtype bool, got int64"),
    ],
)
def test_broken_instances_are_refused_by_field_expectation_and_fact(fields, message):
    with pytest.raises(ValueError, match=message):
        Instances(**({"masks": MASKS, "labels": [0, 1]} | fields))


def test_without_scores_and_crowds_truth_is_sure_and_single():
    instances = Instances(MASKS, [0, 1])
    np.testing.assert_array_equal(instances.scores, [1.0, 1.0])
    np.testing.assert_array_equal(instances.crowd, [False, False])


def test_nothing_found_is_a_valid_answer():
    instances = Instances(np.zeros((0, 3, 4), bool), [], [], [])
    assert len(instances) == 0
    assert (instances.labels.dtype, instances.scores.dtype) == (np.int64, np.float64)
    assert (instances.masks.shape, instances.crowd.dtype) == ((0, 3, 4), bool)


def test_masks_may_overlap_and_scores_may_be_any_number():
    instances = Instances(np.ones((2, 3, 4), bool), [0, 0], [-3, 12])
    assert instances.masks.sum() == 24  # two masks of 12 pixels on the same 12 pixels
    np.testing.assert_array_equal(instances.scores, [-3.0, 12.0])


def test_arrays_are_copied_and_read_only():
    masks, labels, scores = np.zeros((1, 1, 1), bool), np.array([3]), np.array([0.5])
    instances = Instances(masks, labels, scores)
    masks[:], labels[:], scores[:] = True, 0, 0
    assert not instances.masks.any()
    assert (instances.labels[0], instances.scores[0]) == (3, 0.5)
    for array in (instances.masks, instances.labels, instances.scores, instances.crowd):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(FrozenInstanceError):
        instances.labels = labels


def test_pickles_and_copies_hold_the_same_and_are_still_read_only():
    instances = Instances(np.eye(3, 4, dtype=bool)[None], [2], [0.25], [True])
    for twin in (pickle.loads(pickle.dumps(instances)), copy.deepcopy(instances)):
        for field in ("masks", "labels", "scores", "crowd"):
            np.testing.assert_array_equal(getattr(twin, field), getattr(instances, field))
            assert not getattr(twin, field).flags.writeable


def test_the_representation_tells_number_size_and_crowds():
    assert repr(Instances(MASKS, [0, 1], crowd=[False, True])) == "Instances(2 of 3×4 pixels, 1 crowds)"


def test_objects_of_a_scene_come_first_and_crowds_last():
    road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    scene = Scene(
        image=np.zeros((1, 5, 3), np.uint8),
        semantic=np.array([[1, 1, 1, 0, 255]]),
        instance=np.array([[2, 1, 0, 0, 0]]),
        categories=(road, car),
    )
    instances = Instances.from_scene(scene)
    # Object 1 is pixel 1, object 2 is pixel 0, the crowd is pixel 2; road and void are no objects.
    np.testing.assert_array_equal(instances.masks[:, 0].argmax(axis=1), [1, 0, 2])
    np.testing.assert_array_equal(instances.masks.sum(axis=(1, 2)), [1, 1, 1])
    np.testing.assert_array_equal(instances.labels, [1, 1, 1])
    np.testing.assert_array_equal(instances.crowd, [False, False, True])
    np.testing.assert_array_equal(instances.scores, [1.0, 1.0, 1.0])


@settings(deadline=None)
@given(
    hnp.arrays(np.uint8, (4, 5), elements=st.sampled_from([0, 1, 2, 255])),
    hnp.arrays(np.int32, (4, 5), elements=st.integers(0, 2)),
)
def test_instances_of_a_scene_cover_every_thing_pixel_once(semantic, numbers):
    categories = tuple(Category(k, f"class {k}", k > 0, (k, k, k)) for k in range(3))
    isthing = (semantic == 1) | (semantic == 2)
    # Ids 1 and 2 for class 1, ids 3 and 4 for class 2, crowds where the number is 0.
    instance = np.where(isthing & (numbers > 0), 2 * (semantic.astype(int) - 1) + numbers, NO_INSTANCE)
    scene = Scene(np.zeros((4, 5, 3), np.uint8), semantic, instance, categories)
    found = Instances.from_scene(scene)
    np.testing.assert_array_equal(found.masks.sum(axis=0), isthing)
    for mask, label, crowd in zip(found.masks, found.labels, found.crowd, strict=True):
        assert set(scene.semantic[mask].tolist()) == {label}
        assert (scene.instance[mask] == NO_INSTANCE).all() == crowd
    assert len(found) == sum(segment.isthing for segment in scene.segments())
