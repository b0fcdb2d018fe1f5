"""5.4, 5.5 and 5.8: from a table to IoU, mean pixel accuracy and frequency-weighted IoU."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu import metrics
from segedu.exercises.bank.c05_semantic_metrics.matrices import (
    MATRICES,
    Counts,
    double_union,
    nanmean,
    per_class,
    predicted_pixels,
    random_matrix,
    true_pixels,
)
from segedu.exercises.exercise import FunctionExercise, Misconception


def _not_predicted_only(confmat: Counts) -> npt.NDArray[np.float64]:
    return np.where(true_pixels(confmat) > 0, metrics.iou_per_class(confmat), np.nan)


IOU = FunctionExercise(
    id="05.4",
    title="IoU of each class",
    reference=metrics.iou_per_class,
    cases=MATRICES,
    random=random_matrix,
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
            double_union,
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


MPA = FunctionExercise(
    id="05.5",
    title="Find the bug: a mean pixel accuracy",
    reference=metrics.mean_pixel_accuracy,
    cases=MATRICES,
    random=random_matrix,
    hint="Of the true pixels of each class, which share was found? Then the mean over the classes that are there.",
    misconceptions=(
        Misconception(
            "the function of the statement",
            lambda confmat: np.nanmean(np.diag(confmat) / np.maximum(predicted_pixels(confmat), 1)),
            "Both bugs are still there. Which sums does axis=0 take? And what is 0 divided by the maximum of 0 and 1?",
        ),
        Misconception(
            "precision for recall",
            lambda confmat: nanmean(metrics.precision_per_class(confmat)),
            "You divide by the columns, the predicted totals (axis=0): that is the mean precision.",
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


FWIOU = FunctionExercise(
    id="05.8",
    title="Frequency-weighted IoU",
    reference=metrics.frequency_weighted_iou,
    cases=MATRICES,
    random=random_matrix,
    hint="The weight of a class is its share of the true pixels. A class without true pixels has weight 0.",
    misconceptions=(
        Misconception(
            "weights from the prediction",
            lambda confmat: weighted(predicted_pixels(confmat), metrics.iou_per_class(confmat)),
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
            lambda confmat: weighted(
                per_class(np.ones_like(confmat), true_pixels(confmat), 0.0), metrics.iou_per_class(confmat)
            ),
            "You weighted by rarity. FWIoU does the opposite: frequent classes weigh most, tumours nearly nothing.",
        ),
        Misconception(
            "a class is frequent in the mean only",
            lambda confmat: weighted(true_pixels(confmat), metrics.iou_per_class(confmat)) / len(confmat),
            "You divided by the number of classes as well. The weights sum to one already: it is a sum, no mean.",
        ),
    ),
)


def _shares(confmat: Counts) -> npt.NDArray[np.float64]:
    total = np.sum(confmat)
    return true_pixels(confmat) / total if total else np.full(len(confmat), np.nan)


def weighted(weights: npt.NDArray, values: npt.NDArray[np.float64]) -> float:
    used = weights > 0
    return float((weights * values)[used].sum() / weights.sum()) if used.any() else float("nan")
