"""The measures of semantic segmentation: by hand, by definition, against scikit-learn and torchmetrics."""

import math

import numpy as np
import pytest
import sklearn.metrics
import torch
import torchmetrics.segmentation
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torchmetrics.functional.classification import multiclass_jaccard_index

from segedu.metrics import (
    confusion_matrix,
    dice_per_class,
    frequency_weighted_iou,
    iou_per_class,
    mean_iou,
    mean_pixel_accuracy,
    pixel_accuracy,
    precision_per_class,
    recall_per_class,
)

PER_CLASS = [iou_per_class, dice_per_class, precision_per_class, recall_per_class]
NUMBERS = [pixel_accuracy, mean_pixel_accuracy, mean_iou, frequency_weighted_iou]
ALL = PER_CLASS + NUMBERS

pytestmark = [  # of scikit-learn
    pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning"),
    pytest.mark.filterwarnings("ignore:A single label was found:UserWarning"),
]

# Truth: 6, 4 and 1 pixels. Predicted: 7, 4 and 0. Right: 6, 3 and 0.
COUNTS = np.array([[6, 0, 0], [1, 3, 0], [0, 1, 0]])


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@st.composite
def matrices(draw):
    """Counts of 1 to 20 classes, with absent ones, up to so many pixels that 32 bits do not hold them."""
    num_classes = draw(st.integers(1, 20))
    highest = draw(st.sampled_from([1, 5, 1000, 10**12]))
    counts = draw(hnp.arrays(np.int64, (num_classes, num_classes), elements=st.integers(0, highest)))
    for c in draw(st.sets(st.integers(0, num_classes - 1), max_size=3)):
        counts[c] = 0
    for c in draw(st.sets(st.integers(0, num_classes - 1), max_size=3)):
        counts[:, c] = 0
    return counts


@st.composite
def label_maps(draw):
    num_classes = draw(st.integers(2, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = draw(st.integers(1, 60))
    target = rng.integers(0, num_classes, size)
    preds = np.where(rng.random(size) < 0.6, target, rng.integers(0, num_classes, size))
    target[rng.random(size) < 0.2] = 255
    return preds, target, num_classes


def test_every_measure_of_twelve_pixels_by_hand():
    assert pixel_accuracy(COUNTS) == 9 / 11
    close(recall_per_class(COUNTS), [6 / 6, 3 / 4, 0 / 1])
    close(mean_pixel_accuracy(COUNTS), (1 + 0.75 + 0) / 3)
    close(precision_per_class(COUNTS), [6 / 7, 3 / 4, np.nan])  # class 2 was never predicted
    close(iou_per_class(COUNTS), [6 / (6 + 7 - 6), 3 / (4 + 4 - 3), 0 / (1 + 0 - 0)])
    close(mean_iou(COUNTS), (6 / 7 + 3 / 5 + 0) / 3)
    close(frequency_weighted_iou(COUNTS), (6 * 6 / 7 + 4 * 3 / 5 + 1 * 0) / 11)
    close(dice_per_class(COUNTS), [12 / 13, 6 / 8, 0 / 1])


def test_frequency_weighted_iou_prefers_the_prediction_that_loses_the_tumour():
    # 95 pixels of healthy tissue, 5 of tumour. The first prediction finds 4 of the 5, the second one only 1.
    finds, misses = np.array([[90, 5], [1, 4]]), np.array([[94, 1], [4, 1]])
    close(iou_per_class(finds), [90 / 96, 4 / 10])
    close(iou_per_class(misses), [94 / 99, 1 / 6])
    assert round(mean_iou(finds), 3) == 0.669
    assert round(mean_iou(misses), 3) == 0.558
    # .95 · 90/96 + .05 · 4/10 against .95 · 94/99 + .05 · 1/6: no difference that anybody would see.
    close(frequency_weighted_iou(finds), 0.910625)
    assert abs(frequency_weighted_iou(finds) - frequency_weighted_iou(misses)) < 0.0003
    assert pixel_accuracy(finds) < pixel_accuracy(misses)


def test_a_class_absent_from_both_is_undefined_and_left_out():
    counts = np.pad(COUNTS, (0, 1))
    for measure in PER_CLASS:
        close(measure(counts), np.append(measure(COUNTS), np.nan))
    for measure in NUMBERS:
        assert measure(counts) == measure(COUNTS)


def test_a_class_that_is_only_predicted_has_iou_0_and_no_recall():
    # Two pixels of class 0, one of them called 1.
    counts = [[1, 1], [0, 0]]
    close(iou_per_class(counts), [1 / 2, 0])
    close(dice_per_class(counts), [2 / 3, 0])
    close(precision_per_class(counts), [1, 0])
    close(recall_per_class(counts), [1 / 2, np.nan])
    assert mean_iou(counts) == 0.25
    assert mean_pixel_accuracy(counts) == 0.5
    assert frequency_weighted_iou(counts) == 0.5


@pytest.mark.parametrize("measure", ALL)
def test_without_a_known_pixel_everything_is_nan(measure):
    counts = confusion_matrix(np.zeros((3, 4), int), np.full((3, 4), 255), 5)
    result = measure(counts)
    assert np.isnan(result).all()
    assert np.shape(result) == ((5,) if measure in PER_CLASS else ())


@pytest.mark.parametrize("measure", ALL)
def test_a_perfect_prediction_scores_1(measure):
    assert np.all(measure(np.diag([5, 1, 10**9])) == 1)


@pytest.mark.parametrize("measure", NUMBERS)
def test_numbers_are_plain_floats(measure):
    assert type(measure(COUNTS)) is float
    assert type(measure(np.zeros((2, 2), int))) is float


@settings(deadline=None)
@given(matrices())
def test_every_measure_equals_its_definition(counts):
    n, classes = counts.tolist(), range(len(counts))

    def share(part, whole):
        return part / whole if whole else math.nan

    def mean(values):
        defined = [value for value in values if not math.isnan(value)]
        return sum(defined) / len(defined) if defined else math.nan

    tp = [n[c][c] for c in classes]
    fn = [sum(n[c][j] for j in classes if j != c) for c in classes]
    fp = [sum(n[i][c] for i in classes if i != c) for c in classes]
    total = sum(tp) + sum(fn)
    iou = [share(tp[c], tp[c] + fp[c] + fn[c]) for c in classes]
    recall = [share(tp[c], tp[c] + fn[c]) for c in classes]
    close(iou_per_class(counts), iou)
    close(recall_per_class(counts), recall)
    close(precision_per_class(counts), [share(tp[c], tp[c] + fp[c]) for c in classes])
    close(dice_per_class(counts), [share(2 * tp[c], 2 * tp[c] + fp[c] + fn[c]) for c in classes])
    close(pixel_accuracy(counts), share(sum(tp), total))
    close(mean_pixel_accuracy(counts), mean(recall))
    close(mean_iou(counts), mean(iou))
    weighted = [(tp[c] + fn[c]) / total * iou[c] for c in classes if tp[c] + fn[c]]
    close(frequency_weighted_iou(counts), sum(weighted) if weighted else math.nan)


@settings(deadline=None)
@given(label_maps())
def test_every_measure_equals_scikit_learn(case):
    preds, target, num_classes = case
    counts = confusion_matrix(preds, target, num_classes)
    known = target != 255
    assume(known.any())
    p, t, labels = preds[known], target[known], range(num_classes)
    precision, recall, f1, _ = sklearn.metrics.precision_recall_fscore_support(
        t, p, labels=labels, zero_division=np.nan
    )
    close(precision_per_class(counts), precision)
    close(recall_per_class(counts), recall)
    dice, iou = dice_per_class(counts), iou_per_class(counts)
    close(dice, f1)
    jaccard = sklearn.metrics.jaccard_score(t, p, labels=labels, average=None, zero_division=0)
    close(iou[~np.isnan(iou)], jaccard[~np.isnan(iou)])
    close(pixel_accuracy(counts), sklearn.metrics.accuracy_score(t, p))
    close(mean_pixel_accuracy(counts), sklearn.metrics.balanced_accuracy_score(t, p))
    close(
        frequency_weighted_iou(counts),
        sklearn.metrics.jaccard_score(t, p, labels=labels, average="weighted", zero_division=0),
    )


@settings(deadline=None, max_examples=50)
@given(label_maps())
def test_iou_equals_torchmetrics(case):
    preds, target, num_classes = case
    counts = confusion_matrix(preds, target, num_classes)
    theirs = multiclass_jaccard_index(
        torch.from_numpy(preds), torch.from_numpy(target), num_classes, average="none", ignore_index=255
    )
    ours = iou_per_class(counts)
    # torchmetrics computes in float32, and gives 0 to a class that is nowhere; ours is NaN.
    np.testing.assert_allclose(np.nan_to_num(ours), theirs.double().numpy(), rtol=0, atol=6e-8)


@settings(deadline=None)
@given(matrices())
def test_dice_and_iou_of_a_class_tell_the_same(counts):
    iou = iou_per_class(counts)
    close(dice_per_class(counts), 2 * iou / (1 + iou))


@settings(deadline=None)
@given(matrices(), st.randoms())
def test_renaming_the_classes_changes_no_mean(counts, random):
    order = list(range(len(counts)))
    random.shuffle(order)
    for measure in NUMBERS:
        close(measure(counts[np.ix_(order, order)]), measure(counts))
    for measure in PER_CLASS:
        close(measure(counts[np.ix_(order, order)]), measure(counts)[order])


def test_the_mean_over_images_is_another_measure():
    # Two images of ten pixels. In the first one all ten are class 0 and right. In the second one, class 1 has
    # one pixel, and it was called 0.
    target = np.array([[0] * 10, [0] * 9 + [1]])
    preds = np.zeros((2, 10), int)
    pooled = confusion_matrix(preds, target, 2)
    # Pooled: class 0 has 19 of 20, class 1 none of 1.
    close(mean_iou(pooled), (19 / 20 + 0) / 2)
    # Per image: 1 (class 1 is nowhere) and (9/10 + 0) / 2.
    each = [mean_iou(confusion_matrix(p, t, 2)) for p, t in zip(preds, target, strict=True)]
    close(np.mean(each), (1 + 0.45) / 2)


def test_torchmetrics_mean_iou_averages_over_samples():
    # Why `torchmetrics.segmentation.MeanIoU` is no reference for a data set's mIoU: it divides within each
    # sample, and then takes the mean. Two images hold 2 and 8 pixels of class 1; 2 and 2 of them were found.
    target = np.array([[1, 1, 0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1, 0, 0]])
    preds = np.array([[1, 1, 0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]])
    counts = confusion_matrix(preds, target, 2)
    # Pooled: class 0 has 8 + 2 of 8 + 8, class 1 has 2 + 2 of 2 + 8.
    close(mean_iou(counts), (10 / 16 + 4 / 10) / 2)
    theirs = torchmetrics.segmentation.MeanIoU(num_classes=2, input_format="index")
    theirs.update(torch.from_numpy(preds)[:, None], torch.from_numpy(target)[:, None])
    # Per sample: (1 + 1) / 2, and (2/8 + 2/8) / 2.
    np.testing.assert_allclose(theirs.compute(), (1 + 0.25) / 2, atol=1e-6)
    assert abs(mean_iou(counts) - float(theirs.compute())) > 0.1


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.uint64, np.float32, np.float64])
def test_counts_may_come_in_any_number_type(dtype):
    for measure in ALL:
        np.testing.assert_array_equal(measure(COUNTS.astype(dtype)), measure(COUNTS))
    np.testing.assert_array_equal(iou_per_class(torch.from_numpy(COUNTS)), iou_per_class(COUNTS))


def test_small_dtypes_do_not_overflow():
    # 200 + 200 pixels do not fit uint8.
    close(iou_per_class(np.array([[200, 200], [200, 200]], np.uint8)), [1 / 3, 1 / 3])


@pytest.mark.parametrize("measure", ALL)
@pytest.mark.parametrize(
    ("confmat", "message"),
    [
        (np.zeros((2, 3), int), r"confmat: expected shape \(C, C\), got \(2, 3\)"),
        (np.zeros(4, int), r"got \(4,\)"),
        (np.zeros((0, 0), int), r"got \(0, 0\)"),
        (np.zeros((1, 2, 2), int), r"got \(1, 2, 2\)"),
        ([[1, 2], [3]], "rows of different lengths"),
        ([[1, -1], [0, 2]], "counts, integers from 0 to 2.*53, got -1"),
        ([[0.5, 0], [0, 0.5]], "got 0.5; shares of pixels"),
        ([[np.nan, 0], [0, 1]], "got nan"),
        ([[np.inf, 0], [0, 1]], "got inf"),
        ([[2**53 + 2, 0], [0, 1]], "got 9007199254740994"),
        (np.array([[2**64 - 1, 0], [0, 1]], np.uint64), "got 18446744073709551615"),
        (np.full((4, 4), 2**52), r"at most 2\*\*53 pixels, got 7.21e\+16"),
        (np.eye(2, dtype=bool), "counts of pixels, got dtype bool"),
        (np.eye(2, dtype=object), "got dtype object"),
        (np.eye(2, dtype=complex), "got dtype complex128"),
        (None, "got"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(measure, confmat, message):
    with pytest.raises(ValueError, match=message):
        measure(confmat)
