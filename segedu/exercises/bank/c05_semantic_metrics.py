"""Exercises of chapter 5: the confusion matrix, and the measures that are taken from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu import metrics
from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Case, FunctionExercise, Misconception, SearchExercise, ValueExercise

Counts = npt.NDArray[np.int64]
Map = npt.NDArray[np.integer]
VOID = 255

SMALL = np.array([[6, 0, 0], [1, 3, 0], [0, 1, 0]])
TARGET = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 2, VOID]])
PREDS = np.array([[0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 1, 2]])


def _per_class(confmat: Counts, below: npt.NDArray, undefined: float = np.nan) -> npt.NDArray[np.float64]:
    """The diagonal over something, and a value of its own where that is 0."""
    tp = np.diag(confmat).astype(float)
    return np.divide(tp, below, out=np.full(len(tp), undefined), where=below > 0)


def _truth(confmat: Counts) -> Counts:
    return np.asarray(confmat).sum(axis=1)


def _predicted(confmat: Counts) -> Counts:
    return np.asarray(confmat).sum(axis=0)


def _random_matrix(rng: np.random.Generator) -> tuple[Counts]:
    """Two to five classes; now and then one is missing from the truth, the prediction, or both."""
    size = int(rng.integers(2, 6))
    confmat = rng.integers(0, 20, (size, size)) + np.diag(rng.integers(0, 60, size))
    lost = rng.integers(size)
    if rng.random() < 0.4:
        confmat[lost] = 0
    if rng.random() < 0.4:
        confmat[:, lost] = 0
    return (confmat,)


MATRICES = (
    Case((SMALL,)),
    Case((np.array([[6, 0, 1], [0, 0, 0], [2, 0, 5]]),), "class 1 is neither true nor predicted"),
    Case((np.array([[6, 2], [0, 0]]),), "class 1 is predicted, and never true"),
    Case((np.array([[6, 0], [2, 0]]),), "class 1 is true, and never predicted"),
    Case((np.array([[9]]),), "one class"),
    Case((np.zeros((2, 2), np.int64),), "all pixels were void"),
)


# 5.1


def _measures(confmat: Counts) -> dict[str, Any]:
    return {
        "PA": metrics.pixel_accuracy(confmat),
        "MPA": metrics.mean_pixel_accuracy(confmat),
        "IoU": metrics.iou_per_class(confmat),
        "mIoU": metrics.mean_iou(confmat),
        "FWIoU": metrics.frequency_weighted_iou(confmat),
    }


def _draw_matrix(draws: Draws) -> dict[str, Any]:
    confmat = draws.array((3, 3), 0, 3)
    confmat[range(3), range(3)] = draws.array((3,), 4, 9)
    confmat[draws.whole(0, 2)] *= 2
    confmat[0, 1] += 1  # so that rows and columns differ
    return {"confmat": confmat}


def _double_union(confmat: Counts) -> npt.NDArray[np.float64]:
    return _per_class(confmat, _truth(confmat) + _predicted(confmat))


BY_HAND = ValueExercise(
    id="05.1",
    title="Five measures by hand",
    reference=_measures,
    given={"confmat": SMALL},
    draw=_draw_matrix,
    rtol=2e-3,  # three digits are enough
    hint="Write the sums beside the rows and below the columns first. Rows are the truth.",
    misconceptions=(
        Misconception(
            "precision for recall",
            lambda confmat: {"MPA": np.nanmean(metrics.precision_per_class(confmat))},
            "For MPA you divided by the columns, the predicted totals. That is precision. MPA is the mean recall.",
        ),
        Misconception(
            "PA for MPA",
            lambda confmat: {"MPA": metrics.pixel_accuracy(confmat)},
            "Your MPA is PA: all pixels in one quotient. MPA takes one quotient for each class, then the mean.",
        ),
        Misconception(
            "MPA for PA",
            lambda confmat: {"PA": metrics.mean_pixel_accuracy(confmat)},
            "Your PA is MPA. PA is a single quotient over all pixels, so that large classes decide.",
        ),
        Misconception(
            "Dice for IoU",
            lambda confmat: {
                "IoU": metrics.dice_per_class(confmat),
                "mIoU": np.nanmean(metrics.dice_per_class(confmat)),
            },
            "This is Dice: twice the intersection over the sum of both areas. IoU divides by the union.",
        ),
        Misconception(
            "the diagonal twice in the union",
            lambda confmat: {"IoU": _double_union(confmat), "mIoU": np.nanmean(_double_union(confmat))},
            "Row plus column holds the diagonal cell twice. A union counts every pixel once.",
        ),
        Misconception(
            "a class that was missed is left out",
            lambda confmat: {"mIoU": metrics.iou_per_class(confmat)[metrics.iou_per_class(confmat) > 0].mean()},
            "You left out a class with IoU 0. It was there and it was missed, so it counts. Only 0 / 0 is left out.",
        ),
        Misconception(
            "weights from the prediction",
            lambda confmat: {
                "FWIoU": np.nansum(_predicted(confmat) * metrics.iou_per_class(confmat)) / confmat.sum()
            },
            "The weights of FWIoU are shares of the true pixels (rows). You took the predicted ones.",
        ),
    ),
)


# 5.2


def _directions() -> dict[str, str]:
    """What happens to each measure on the chapter's twelve pixels if void becomes class 3."""
    before = metrics.confusion_matrix(PREDS, TARGET, 3)
    after = metrics.confusion_matrix(PREDS, np.where(TARGET == VOID, 3, TARGET), 4, ignore_index=None)
    found = PREDS[TARGET == VOID][0]  # the class that is predicted on the void pixel
    pairs = {
        "PA": (metrics.pixel_accuracy(before), metrics.pixel_accuracy(after)),
        "recall": (metrics.recall_per_class(before)[0], metrics.recall_per_class(after)[0]),
        "union": (_union(before)[found], _union(after)[found]),
        "MPA": (metrics.mean_pixel_accuracy(before), metrics.mean_pixel_accuracy(after)),
        "mIoU": (metrics.mean_iou(before), metrics.mean_iou(after)),
    }
    return {name: "rises" if b > a else "falls" if b < a else "stays" for name, (a, b) in pairs.items()}


def _union(confmat: Counts) -> Counts:
    return _truth(confmat) + _predicted(confmat) - np.diag(confmat)


PREDICT = ValueExercise(
    id="05.2",
    title="Void as one more class",
    reference=_directions,
    hint='Write "rises", "falls" or "stays". Add a fourth row to the small table, and look at its sums.',
    misconceptions=(
        Misconception(
            "the new row changes nothing for MPA",
            lambda: {"MPA": "stays"},
            "The recalls of the old classes stay. But a fourth class joins the mean. What is its recall?",
        ),
        Misconception(
            "recall looks at columns",
            lambda: {"recall": "falls"},
            "Recall divides by the row of the class, and no pixel joins that row. You thought of precision.",
        ),
        Misconception(
            "void is still left out",
            lambda: {"PA": "stays", "mIoU": "stays", "union": "stays"},
            "Nothing would change if void were left out. Here it is counted: its pixels are in the table now.",
        ),
        Misconception(
            "void is background",
            lambda: {"PA": "rises", "mIoU": "rises", "MPA": "rises"},
            "That happens where void is called background and the network says background. Here nobody predicts void.",
        ),
    ),
)


# 5.3


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
    labels = (np.where(labels == VOID, num_classes, labels) for labels in (preds, target))
    return _tally(*labels, num_classes + 1)


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


def _random_maps(rng: np.random.Generator) -> tuple[Map, Map, int]:
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
    random=_random_maps,
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
# 5.4


def _not_predicted_only(confmat: Counts) -> npt.NDArray[np.float64]:
    return np.where(_truth(confmat) > 0, metrics.iou_per_class(confmat), np.nan)


IOU = FunctionExercise(
    id="05.4",
    title="IoU of each class",
    reference=metrics.iou_per_class,
    cases=MATRICES,
    random=_random_matrix,
    hint="Intersection: the diagonal. Union: everything in the row and the column of the class, each pixel once.",
    misconceptions=(
        Misconception(
            "recall",
            metrics.recall_per_class,
            "This is recall: what was found, of what is there. IoU also pays for what was invented.",
        ),
        Misconception(
            "precision",
            metrics.precision_per_class,
            "This is precision: what is right, of what was predicted. IoU also pays for what was missed.",
        ),
        Misconception(
            "Dice",
            metrics.dice_per_class,
            "This is Dice: twice the intersection over the sum of both areas. IoU divides by the union.",
        ),
        Misconception(
            "the diagonal twice in the union",
            _double_union,
            "Row plus column holds the diagonal twice. A union counts every pixel once.",
        ),
        Misconception(
            "an absent class is 0",
            lambda confmat: np.nan_to_num(metrics.iou_per_class(confmat), nan=0.0),
            "A class that is neither true nor predicted got 0. That punishes a right answer: 0 / 0 is undefined, NaN.",
        ),
        Misconception(
            "an absent class is 1",
            lambda confmat: np.nan_to_num(metrics.iou_per_class(confmat), nan=1.0),
            "A class that is neither true nor predicted got 1. That rewards nothing: 0 / 0 is undefined, NaN.",
        ),
        Misconception(
            "a false alarm is forgiven",
            _not_predicted_only,
            "A class that is predicted and never true is a false alarm: its union is not empty, so its IoU is 0.",
        ),
        Misconception(
            "the mean",
            metrics.mean_iou,
            "This is the mean of them. Asked for are the IoUs of all classes, an array.",
        ),
    ),
)


# 5.5

MPA = FunctionExercise(
    id="05.5",
    title="Find the bug: a mean pixel accuracy",
    reference=metrics.mean_pixel_accuracy,
    cases=MATRICES,
    random=_random_matrix,
    hint="Of the true pixels of each class, which share was found? Then the mean over the classes that are there.",
    misconceptions=(
        Misconception(
            "precision for recall",
            lambda confmat: _nanmean(metrics.precision_per_class(confmat)),
            "The bug is still there: axis=0 sums the columns, the predicted totals. That is the mean precision.",
        ),
        Misconception(
            "pixel accuracy",
            metrics.pixel_accuracy,
            "This is PA: one quotient over all pixels. MPA is a mean of one quotient for each class.",
        ),
        Misconception(
            "an absent class is 0",
            lambda confmat: float(np.nan_to_num(metrics.recall_per_class(confmat)).mean()),
            "A class that is absent from the truth counts as 0 in your mean. It has no recall: leave it out.",
        ),
        Misconception(
            "NaN spreads",
            lambda confmat: float(metrics.recall_per_class(confmat).mean()),
            "One undefined class makes your whole mean NaN. Leave it out of the mean.",
        ),
        Misconception(
            "mean IoU",
            metrics.mean_iou,
            "This is the mean IoU. Accuracy of a class is its recall: false alarms do not enter.",
        ),
    ),
)


def _nanmean(values: npt.NDArray[np.float64]) -> float:
    return float(np.mean(values[~np.isnan(values)])) if not np.isnan(values).all() else float("nan")


# 5.6


def _liar(confmat: Any) -> str | None:
    """None if the table has 100 pixels of two true classes, PA of at least .9, and mIoU below .5."""
    counts = np.asarray(confmat)
    if counts.shape != (2, 2):
        return f"its shape is {counts.shape} instead of (2, 2)"
    if counts.sum() != 100:
        return f"it counts {counts.sum()} pixels instead of 100"
    pa, miou = metrics.pixel_accuracy(counts), metrics.mean_iou(counts)
    if not _truth(counts).all():
        return f"class {_truth(counts).argmin()} has no true pixel"
    return None if pa >= 0.9 and miou < 0.5 else f"PA is {pa:.3f} and mIoU {miou:.3f}"


def _liar_by_shares(confmat: Any) -> str | None:
    shares = np.asarray(confmat, float)
    return _liar(np.rint(shares * 100).astype(int)) if np.isclose(shares.sum(), 1) else "no shares"


def _liar_without_absent(confmat: Any) -> str | None:
    counts = np.asarray(confmat)
    miou = np.nan_to_num(metrics.iou_per_class(counts)).mean()
    one = (_truth(counts) + _predicted(counts) == 0).any()
    return None if one and metrics.pixel_accuracy(counts) >= 0.9 and miou <= 0.5 else "no"


LIAR = SearchExercise(
    id="05.6",
    title="Make pixel accuracy lie",
    accept=_liar,
    hint="PA hardly notices a class with few pixels. Which IoU does such a class have if it is never found?",
    misconceptions=(
        Misconception(
            "the truth in the columns",
            lambda confmat: _liar(np.asarray(confmat).T),
            "Read it again with rows as the truth: your small class is predicted, and never true.",
            example=np.array([[95, 5], [0, 0]]),
        ),
        Misconception(
            "an absent class is 0",
            _liar_without_absent,
            "Your second class is absent: neither true nor predicted. It has no IoU, and the mean leaves it out.",
            example=np.array([[100, 0], [0, 0]]),
        ),
        Misconception(
            "shares for counts",
            _liar_by_shares,
            "These are shares. A confusion matrix counts pixels: whole numbers.",
            example=np.array([[0.95, 0.0], [0.05, 0.0]]),
        ),
    ),
)


# 5.7

Maps = Sequence[Map]


def _tables(preds: Maps, targets: Maps, num_classes: int) -> list[Counts]:
    pairs = zip(preds, targets, strict=True)
    return [metrics.confusion_matrix(p, t, num_classes) for p, t in pairs]


def pooled_miou(preds: Maps, targets: Maps, num_classes: int) -> float:
    """mIoU as VOC and Cityscapes define it: the reference of 5.7."""
    return metrics.mean_iou(np.sum(_tables(preds, targets, num_classes), axis=0))


def _by_image(preds: Maps, targets: Maps, num_classes: int) -> float:
    return _nanmean(np.array([metrics.mean_iou(table) for table in _tables(preds, targets, num_classes)]))


def _by_class_of_image(preds: Maps, targets: Maps, num_classes: int) -> float:
    ious = [metrics.iou_per_class(table) for table in _tables(preds, targets, num_classes)]
    return _nanmean(np.array([_nanmean(column) for column in np.array(ious).T]))


def _by_pixels(preds: Maps, targets: Maps, num_classes: int) -> float:
    tables = _tables(preds, targets, num_classes)
    pixels = [table.sum() for table in tables]
    total = sum(n * metrics.mean_iou(table) for n, table in zip(pixels, tables, strict=True) if n)
    return total / sum(pixels) if sum(pixels) else float("nan")


def _random_images(rng: np.random.Generator) -> tuple[list[Map], list[Map], int]:
    num_classes = int(rng.integers(2, 5))
    pairs = [_random_maps(rng)[:2] for _ in range(rng.integers(1, 4))]
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


# 5.8

FWIOU = FunctionExercise(
    id="05.8",
    title="Frequency-weighted IoU",
    reference=metrics.frequency_weighted_iou,
    cases=MATRICES,
    random=_random_matrix,
    hint="The weight of a class is its share of the true pixels. A class without true pixels has weight 0.",
    misconceptions=(
        Misconception(
            "weights from the prediction",
            lambda confmat: _weighted(_predicted(confmat), metrics.iou_per_class(confmat)),
            "Your weights are shares of the predicted pixels (columns). The truth decides how frequent a class is.",
        ),
        Misconception(
            "weighted recall",
            metrics.pixel_accuracy,
            "You weighted recall instead of IoU, and got PA: the row sums cancel.",
        ),
        Misconception(
            "no weights",
            metrics.mean_iou,
            "This is mIoU: all classes have the same weight.",
        ),
        Misconception(
            "NaN spreads",
            lambda confmat: float((_shares(confmat) * metrics.iou_per_class(confmat)).sum()),
            "0 · NaN is NaN: a class that nobody saw makes your sum NaN. Leave it out of the sum.",
        ),
        Misconception(
            "rare classes first",
            lambda confmat: _weighted(
                _per_class(np.ones_like(confmat), _truth(confmat), 0.0), metrics.iou_per_class(confmat)
            ),
            "You weighted by rarity. FWIoU does the opposite: frequent classes weigh most, tumours nearly nothing.",
        ),
        Misconception(
            "a class is frequent in the mean only",
            lambda confmat: _weighted(_truth(confmat), metrics.iou_per_class(confmat)) / len(confmat),
            "You divided by the number of classes as well. The weights sum to one already: it is a sum, no mean.",
        ),
    ),
)


def _shares(confmat: Counts) -> npt.NDArray[np.float64]:
    total = np.sum(confmat)
    return _truth(confmat) / total if total else np.full(len(confmat), np.nan)


def _weighted(weights: npt.NDArray, values: npt.NDArray[np.float64]) -> float:
    used = weights > 0
    return float((weights * values)[used].sum() / weights.sum()) if used.any() else float("nan")


# 5.9

Runs = Sequence[tuple[int, int]]


def _expand(runs: Runs) -> Map:
    labels, lengths = np.array(runs, np.int64).reshape(-1, 2).T
    return np.repeat(labels, lengths)


def counted_runs(preds: Runs, target: Runs, num_classes: int) -> Counts:
    """The matrix of two lists of (label, length), pixel by pixel: the reference of 5.9."""
    return metrics.confusion_matrix(_expand(preds), _expand(target), num_classes)


def _side_by_side(preds: Runs, target: Runs, num_classes: int) -> Counts:
    counts = np.zeros((num_classes, num_classes), np.int64)
    for (p, m), (t, n) in zip(preds, target, strict=False):
        if t != VOID:
            counts[t, p] += min(m, n)
    return counts


def _merged(preds: Runs, target: Runs) -> list[tuple[int, int, int]]:
    """(pred, target, length) of each stretch in which neither changes."""
    ends = sorted({*np.cumsum([n for _, n in preds]).tolist(), *np.cumsum([n for _, n in target]).tolist()})
    stretches, start = [], 0
    for end in ends:
        labels = [next(label for label, e in _ends(runs) if e > start) for runs in (preds, target)]
        stretches.append((labels[0], labels[1], end - start))
        start = end
    return stretches


def _ends(runs: Runs) -> list[tuple[int, int]]:
    return list(zip([label for label, _ in runs], np.cumsum([n for _, n in runs]).tolist(), strict=True))


def _stretches(preds: Runs, target: Runs, num_classes: int, *, length: bool, void: int | None) -> Counts:
    counts = np.zeros((num_classes, num_classes), np.int64)
    for p, t, n in _merged(preds, target):
        row = void if t == VOID else t
        if row is not None:
            counts[row, p] += n if length else 1
    return counts


def _random_runs(rng: np.random.Generator) -> tuple[Runs, Runs, int]:
    num_classes, size = int(rng.integers(2, 5)), int(rng.integers(1, 30))

    def runs(labels: list[int]) -> Runs:
        cuts = np.unique(np.concatenate([[0, size], rng.integers(0, size + 1, rng.integers(0, 6))]))
        return [(int(rng.choice(labels)), int(n)) for n in np.diff(cuts)]

    classes = list(range(num_classes))
    return runs(classes), runs([*classes, VOID]), num_classes


RUNS = FunctionExercise(
    id="05.9",
    title="Count runs, not pixels",
    reference=counted_runs,
    integers=True,
    cases=(
        Case(([(0, 4), (1, 2)], [(0, 4), (1, 2)], 2), "the same runs"),
        Case(([(0, 3), (1, 3)], [(0, 4), (1, 2)], 2), "one pixel apart"),
        Case(([(0, 5), (1, 1)], [(0, 2), (VOID, 2), (1, 2)], 2), "void in the middle"),
        Case(
            ([(0, 2**60 + 2**59), (1, 2**59)], [(0, 2**60), (1, 2**60)], 2),
            "more pixels than any memory holds",
            np.array([[2**60, 0], [2**59, 2**59]]),
        ),
    ),
    random=_random_runs,
    hint="Walk along both lists at once. The next stretch ends where the nearer of the two runs ends.",
    misconceptions=(
        Misconception(
            "runs side by side",
            _side_by_side,
            "You pair the first run with the first, the second with the second. They do not start at the same pixel.",
        ),
        Misconception(
            "a run counts once",
            lambda p, t, c: _stretches(p, t, c, length=False, void=None),
            "Each stretch counts as one pixel. It counts with its length.",
        ),
        Misconception(
            "void is background",
            lambda p, t, c: _stretches(p, t, c, length=True, void=0),
            "Void is counted as class 0. Stretches whose truth is 255 are left out.",
        ),
        Misconception(
            "transposed",
            lambda p, t, c: _stretches(p, t, c, length=True, void=None).T,
            "Rows and columns are exchanged: the truth belongs in the rows.",
        ),
        Misconception(
            "runs are expanded",
            lambda p, t, c: counted_runs(p, t, c),
            "You turn the runs back into pixels, and there may be more of them than memory. Count with the lengths.",
        ),
    ),
)

EXERCISES = (BY_HAND, PREDICT, CONFUSION, IOU, MPA, LIAR, POOLED, FWIOU, RUNS)
