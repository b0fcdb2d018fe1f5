"""5.1, 5.2 and 5.6: numbers, directions and a table that are found without a program."""

from __future__ import annotations

from typing import Any

import numpy as np

from segedu import metrics
from segedu.exercises.bank.c05_semantic_metrics.matrices import (
    PREDS,
    SMALL,
    TARGET,
    VOID,
    Counts,
    double_union,
    predicted_pixels,
    true_pixels,
)
from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, SearchExercise, ValueExercise


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
    missed = draws.whole(0, 2)
    confmat[missed, missed] = 0
    confmat[missed, missed - 1] += 2  # all of it is taken for another class
    return {"confmat": confmat}


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
            lambda confmat: {"IoU": double_union(confmat), "mIoU": np.nanmean(double_union(confmat))},
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
                "FWIoU": np.nansum(predicted_pixels(confmat) * metrics.iou_per_class(confmat)) / confmat.sum()
            },
            "The weights of FWIoU are shares of the true pixels (rows). You took the predicted ones.",
        ),
    ),
)


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
    return true_pixels(confmat) + predicted_pixels(confmat) - np.diag(confmat)


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


def _liar(confmat: Any) -> str | None:
    """None if the table has 100 pixels of two true classes, PA of at least .9, and mIoU below .5."""
    counts = np.asarray(confmat)
    if counts.shape != (2, 2):
        return f"its shape is {counts.shape} instead of (2, 2)"
    if counts.sum() != 100:
        return f"it counts {counts.sum()} pixels instead of 100"
    pa, miou = metrics.pixel_accuracy(counts), metrics.mean_iou(counts)
    if not true_pixels(counts).all():
        return f"class {true_pixels(counts).argmin()} has no true pixel"
    return None if pa >= 0.9 and miou < 0.5 else f"PA is {pa:.3f} and mIoU {miou:.3f}"


def _liar_by_shares(confmat: Any) -> str | None:
    shares = np.asarray(confmat, float)
    return _liar(np.rint(shares * 100).astype(int)) if np.isclose(shares.sum(), 1) else "no shares"


def _liar_without_absent(confmat: Any) -> str | None:
    counts = np.asarray(confmat)
    miou = np.nan_to_num(metrics.iou_per_class(counts)).mean()
    one = (true_pixels(counts) + predicted_pixels(counts) == 0).any()
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
