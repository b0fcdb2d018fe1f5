"""5.3 and 5.7: from label maps to a table, of one image and of a data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segedu import metrics
from segedu.exercises.bank.c05_semantic_metrics.matrices import PREDS, TARGET, VOID, Counts, Map, nanmean
from segedu.exercises.exercise import Case, FunctionExercise, Misconception


def _refuse(preds: Map, target: Map, num_classes: int) -> None:
    known = np.asarray(target) != VOID
    if (np.asarray(preds)[known] >= num_classes).any():
        raise ValueError("refused")


def _tally(preds: Map, target: Map, num_classes: int) -> Counts:
    """The chapter's own five lines, for labels that are all in range."""
    counts = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(counts, (np.asarray(target).ravel().astype(int), np.asarray(preds).ravel().astype(int)), 1)
    return counts


def _void_as_class_0(preds: Map, target: Map, num_classes: int) -> Counts:
    _refuse(preds, target, num_classes)
    return _tally(np.where(preds == VOID, 0, preds), np.where(target == VOID, 0, target), num_classes)


def _void_one_more(preds: Map, target: Map, num_classes: int) -> Counts:
    _refuse(preds, target, num_classes)
    preds, target = (np.where(labels == VOID, num_classes, labels) for labels in (preds, target))
    return _tally(preds, target, num_classes + 1)


def _predicted_void_dropped(preds: Map, target: Map, num_classes: int) -> Counts:
    kept = (target != VOID) & (preds != VOID)
    return metrics.confusion_matrix(preds[kept], target[kept], num_classes)


def _wrong_cell(preds: Map, target: Map, num_classes: int) -> Counts:
    known = target != VOID
    pairs = num_classes * target[known].astype(int) + preds[known]
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def _in_a_byte(preds: Map, target: Map, num_classes: int) -> Counts:
    _refuse(preds, target, num_classes)
    known = target != VOID
    pairs = num_classes * target[known] + preds[known]  # stays uint8, and wraps around at 256
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def _too_strict(preds: Map, target: Map, num_classes: int) -> Counts:
    if (preds >= num_classes).any():
        raise ValueError("refused")
    return metrics.confusion_matrix(preds, target, num_classes)


def random_maps(rng: np.random.Generator) -> tuple[Map, Map, int]:
    num_classes = int(rng.integers(2, 6))
    size = tuple(rng.integers(1, 7, 2))
    target = rng.integers(0, num_classes, size)
    preds = np.where(rng.random(size) < 0.6, target, rng.integers(0, num_classes, size))
    target[rng.random(size) < 0.15] = VOID
    return preds, target, num_classes


CONFUSION = FunctionExercise(
    id="05.3",
    title="A confusion matrix that refuses",
    reference=metrics.confusion_matrix,
    integers=True,
    cases=(
        Case((PREDS, TARGET, 3)),
        Case((np.array([[1, 0]]), np.array([[1, 0]]), 3), "a class that nobody saw keeps its row and column"),
        Case((np.array([[1, 0]]), np.array([[VOID, VOID]]), 2), "all pixels are void"),
        Case((np.array([[VOID, 1]]), np.array([[VOID, 1]]), 2), "a void prediction where the truth is void"),
        Case((np.array([[VOID, 1]]), np.array([[0, 1]]), 2), "a void prediction where the truth is known"),
        Case((np.array([[3, 1]]), np.array([[0, 1]]), 3), "class 3 is predicted, and there are classes 0 to 2"),
        Case((np.array([[19, 3]], np.uint8), np.array([[18, 17]], np.uint8), 20), "twenty classes, in bytes"),
    ),
    random=random_maps,
    hint="Which pixels are counted? Whatever is known. Which predictions are allowed there? Classes only.",
    misconceptions=(
        Misconception(
            "transposed",
            lambda preds, target, num_classes: metrics.confusion_matrix(preds, target, num_classes).T,
            "Rows and columns are exchanged: the truth belongs in the rows.",
        ),
        Misconception(
            "void is background",
            _void_as_class_0,
            "Void is counted as class 0. Void is no class: nobody knows what is there.",
        ),
        Misconception(
            "void is one more class",
            _void_one_more,
            "Void has got a row of its own. Leave out the pixels whose truth is 255.",
        ),
        Misconception(
            "a predicted void is dropped",
            _predicted_void_dropped,
            "A pixel predicted void is dropped. Then a network wins by not answering: refuse it where the truth is known.",
        ),
        Misconception(
            "counted in a wrong cell",
            _wrong_cell,
            "A label that is no class lands in the cell of another pair. Look at the labels before you count.",
        ),
        Misconception(
            "pairs in a byte",
            _in_a_byte,
            "C · truth + prediction does not fit into a byte: uint8 starts again at 0 after 255. Convert first.",
        ),
        Misconception(
            "refuses void where nothing is counted",
            _too_strict,
            "Too strict: where the truth is void, the prediction does not matter and may be void as well.",
        ),
    ),
)


Maps = Sequence[Map]


def _tables(preds: Maps, targets: Maps, num_classes: int) -> list[Counts]:
    pairs = zip(preds, targets, strict=True)
    return [metrics.confusion_matrix(p, t, num_classes) for p, t in pairs]


def pooled_miou(preds: Maps, targets: Maps, num_classes: int) -> float:
    """mIoU as VOC and Cityscapes define it: the reference of 5.7."""
    return metrics.mean_iou(np.sum(_tables(preds, targets, num_classes), axis=0))


def _by_image(preds: Maps, targets: Maps, num_classes: int) -> float:
    return nanmean(np.array([metrics.mean_iou(table) for table in _tables(preds, targets, num_classes)]))


def _by_class_of_image(preds: Maps, targets: Maps, num_classes: int) -> float:
    ious = [metrics.iou_per_class(table) for table in _tables(preds, targets, num_classes)]
    return nanmean(np.array([nanmean(column) for column in np.array(ious).T]))


def _by_pixels(preds: Maps, targets: Maps, num_classes: int) -> float:
    tables = _tables(preds, targets, num_classes)
    pixels = [table.sum() for table in tables]
    total = sum(n * metrics.mean_iou(table) for n, table in zip(pixels, tables, strict=True) if n)
    return total / sum(pixels) if sum(pixels) else float("nan")


def _random_images(rng: np.random.Generator) -> tuple[list[Map], list[Map], int]:
    num_classes = int(rng.integers(2, 5))
    pairs = [random_maps(rng)[:2] for _ in range(rng.integers(1, 4))]
    known = [np.where(t == VOID, VOID, t % num_classes) for _, t in pairs]
    return [p % num_classes for p, _ in pairs], known, num_classes


POOLED = FunctionExercise(
    id="05.7",
    title="mIoU of a data set",
    reference=pooled_miou,
    cases=(
        Case(([PREDS], [TARGET], 3), "one image"),
        Case(
            (
                [np.array([[0, 0, 1, 1]]), np.array([[0, 0, 0, 0]])],
                [np.array([[0, 0, 1, 1]]), np.array([[0, 0, 0, 1]])],
                2,
            ),
            "two images, one of them perfect",
        ),
        Case(
            ([np.array([[0, 1]]), np.array([[0] * 6])], [np.array([[1, 1]]), np.array([[0] * 5 + [VOID]])], 3),
            "two sizes, and a class that nobody saw",
        ),
    ),
    random=_random_images,
    hint="Count first, divide last: one table for all images.",
    misconceptions=(
        Misconception(
            "mean over images",
            _by_image,
            "This is the mean of the images' own mIoUs. The benchmarks add up the tables, and divide once.",
        ),
        Misconception(
            "mean over images for each class",
            _by_class_of_image,
            "You average each class's IoU over the images. Add the counts, not the ratios.",
        ),
        Misconception(
            "mean over images by size",
            _by_pixels,
            "Weighting the images by their pixels is still a mean of ratios. Add the counts.",
        ),
        Misconception(
            "an absent class is 0",
            lambda p, t, c: float(np.nan_to_num(metrics.iou_per_class(sum(_tables(p, t, c)))).mean()),
            "A class that occurs in no image counts as 0 in your mean. It has no IoU: leave it out.",
        ),
        Misconception(
            "void is background",
            lambda p, t, c: pooled_miou(p, [np.where(x == VOID, 0, x) for x in t], c),
            "Void is counted as class 0. Pixels whose truth is 255 are left out.",
        ),
    ),
)
