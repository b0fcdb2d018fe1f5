"""One matrix for many images: counts that add up, properties that divide, scenes that count by their labels."""

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest

from segedu import Category, Scene, metrics
from segedu.metrics import ConfusionMatrix, confusion_matrix

MEASURES = [
    "pixel_accuracy",
    "mean_pixel_accuracy",
    "iou_per_class",
    "mean_iou",
    "frequency_weighted_iou",
    "dice_per_class",
    "precision_per_class",
    "recall_per_class",
]


def images(count, seed=0, num_classes=4):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        target = rng.integers(0, num_classes, (6, 7))
        preds = np.where(rng.random((6, 7)) < 0.5, target, rng.integers(0, num_classes, (6, 7)))
        target[0] = 255
        yield preds, target


def counted(pairs, num_classes=4):
    matrix = ConfusionMatrix(num_classes)
    for preds, target in pairs:
        matrix.update(preds, target)
    return matrix


def test_updates_add_up_to_the_matrix_of_all_images():
    preds, target = (np.stack(maps) for maps in zip(*images(5), strict=True))
    np.testing.assert_array_equal(counted(images(5)).counts, confusion_matrix(preds, target, 4))


@pytest.mark.parametrize("name", MEASURES)
def test_properties_are_the_functions(name):
    matrix, function = counted(images(3)), getattr(metrics, name)
    np.testing.assert_array_equal(getattr(matrix, name), function(matrix.counts))
    np.testing.assert_array_equal(function(matrix), function(matrix.counts))


def test_the_shares_of_two_machines_add_up():
    pairs = list(images(6))
    first, second = counted(pairs[:2]), counted(pairs[2:])
    assert first + second == counted(pairs)
    assert sum([first, second], ConfusionMatrix(4)) == counted(pairs)
    assert first == counted(pairs[:2])  # and stay what they were


def test_counts_can_be_carried_from_elsewhere():
    matrix = counted(images(2))
    assert ConfusionMatrix(4, counts=matrix.counts) == matrix
    assert ConfusionMatrix(4, counts=matrix) == matrix
    for other in (copy.copy(matrix), copy.deepcopy(matrix), pickle.loads(pickle.dumps(matrix))):
        assert other == matrix


def test_a_copy_does_not_feel_the_updates_of_its_source():
    matrix = counted(images(2))
    before = matrix.counts
    shallow, started = copy.copy(matrix), ConfusionMatrix(4, counts=matrix)
    matrix.update(*next(images(1, seed=9)))
    for other in (shallow.counts, started.counts):
        np.testing.assert_array_equal(other, before)
    matrix.counts[:] = 0
    assert matrix.counts.any()


def test_before_the_first_update_nothing_is_known():
    matrix = ConfusionMatrix(3)
    assert not matrix.counts.any()
    assert math.isnan(matrix.mean_iou)
    assert repr(matrix) == "ConfusionMatrix(3 classes, 0 pixels, mIoU nan)"


def test_matrices_are_equal_if_counts_and_void_are():
    assert ConfusionMatrix(3) == ConfusionMatrix(3)
    assert ConfusionMatrix(3) != ConfusionMatrix(4)
    assert ConfusionMatrix(3) != ConfusionMatrix(3, ignore_index=None)
    assert counted(images(1)) != ConfusionMatrix(4)
    assert ConfusionMatrix(3) != "a matrix"


ROAD, CAR = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))


def street(semantic, categories=(ROAD, CAR)):
    semantic = np.array(semantic)
    return Scene(np.zeros((*semantic.shape, 3), np.uint8), semantic, np.zeros(semantic.shape, int), categories)


def test_scenes_count_by_their_semantic_labels():
    target = street([[0, 0, 1, 255]])
    preds = dataclasses.replace(target, semantic=np.array([[0, 1, 1, 255]]))
    expected = [[1, 1], [0, 1]]
    for pair in ((preds, target), (preds.semantic, target), (preds, target.semantic)):
        matrix = ConfusionMatrix(2)
        matrix.update(*pair)
        assert matrix.counts.tolist() == expected


def test_scenes_of_other_categories_are_refused():
    one, other = street([[0]]), street([[0]], (ROAD, Category(2, "bus", True, (0, 60, 100))))
    with pytest.raises(ValueError, match="same categories"):
        ConfusionMatrix(2).update(one, other)
    with pytest.raises(ValueError, match="preds: expected a scene of 3 categories, got 2"):
        ConfusionMatrix(3).update(one, np.zeros((1, 1), int))
    with pytest.raises(ValueError, match="target: expected a scene of 3 categories, got 2"):
        ConfusionMatrix(3).update(np.zeros((1, 1), int), one)


def test_a_refused_update_adds_nothing():
    matrix = counted(images(1))
    before = matrix.counts
    with pytest.raises(ValueError, match="preds"):
        matrix.update(np.array([0, 9]), np.array([0, 0]))
    np.testing.assert_array_equal(matrix.counts, before)


def test_matrices_of_other_classes_do_not_add_up():
    with pytest.raises(ValueError, match=r"same num_classes and ignore_index .* got 2 and 3, 255 and 255"):
        ConfusionMatrix(2) + ConfusionMatrix(3)
    with pytest.raises(ValueError, match="got 2 and 2, 255 and None"):
        ConfusionMatrix(2) + ConfusionMatrix(2, ignore_index=None)
    with pytest.raises(TypeError):
        ConfusionMatrix(2) + np.zeros((2, 2), int)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.zeros((3, 3), int), r"counts: expected shape \(2, 2\), got \(3, 3\)"),
        ([[1, -1], [0, 0]], "counts, integers from 0"),
    ],
)
def test_counts_to_start_with_are_checked(counts, message):
    with pytest.raises(ValueError, match=message):
        ConfusionMatrix(2, counts=counts)


def test_the_array_of_a_matrix_is_a_copy_of_the_type_asked_for():
    matrix = counted(images(1))
    array = np.asarray(matrix, np.float32)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, matrix.counts)
    with pytest.raises(ValueError, match="always a copy"):
        np.array(matrix, copy=False)
