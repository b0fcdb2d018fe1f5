"""6.1 and 6.2: a ranked list and a set of segments, scored with pencil and paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise
from segedu.metrics.curve import interpolate, running_precision_recall


def _ranked(found: Sequence[int], objects: int) -> dict[str, Any]:
    right = np.array(found, bool)
    precision, recall = running_precision_recall(right, ~right, objects)
    return {"precision": precision, "recall": recall, "AP": interpolate(precision, recall).mean()}


def _draw_ranked(draws: Draws) -> dict[str, Any]:
    """Right, one or two wrong, right, and now and then another wrong one; an object may be missed."""
    found = [1, *[0] * draws.whole(1, 2), 1, *[0] * draws.whole(0, 1)]
    return {"found": found, "objects": draws.choice([2, 4, 5])}


RANKED = ValueExercise(
    id="06.1",
    title="A ranked list by hand",
    reference=_ranked,
    given={"found": [1, 0, 0, 1], "objects": 2},
    draw=_draw_ranked,
    rtol=2e-3,  # three digits are enough
    hint="After each prediction: finds so far over predictions so far, and finds so far over objects.",
    misconceptions=(
        Misconception(
            "precision and recall exchanged",
            lambda found, objects: {
                "precision": _ranked(found, objects)["recall"],
                "recall": _ranked(found, objects)["precision"],
            },
            "Precision and recall are exchanged. Precision divides by what you said, recall by what is there.",
        ),
        Misconception(
            "recall of the list",
            lambda found, objects: {"recall": np.cumsum(found) / len(found)},
            "Your recall divides by the length of the list. It divides by the number of true objects.",
        ),
        Misconception(
            "the mean of the precisions",
            lambda found, objects: {"AP": _ranked(found, objects)["precision"].mean()},
            "This AP is the mean over predictions. AP is a mean over 101 levels of recall.",
        ),
    ),
)


def _qualities(iou: Sequence[float], true: int) -> dict[str, Any]:
    best = np.array(iou)
    return {"AP finds": int((best >= 0.5).sum()), **_pq(best[best > 0.5], len(best), true)}


def _pq(matched: Any, predicted: int, true: int) -> dict[str, float]:
    sq, f1 = matched.mean(), 2 * len(matched) / (predicted + true)
    return {"SQ": sq, "RQ": f1, "PQ": sq * f1}


def _draw_qualities(draws: Draws) -> dict[str, Any]:
    good = [draws.whole(6, 9) / 10 for _ in range(draws.whole(2, 3))]
    return {"iou": [*good, 0.5, draws.whole(0, 2) / 10], "true": len(good) + 2}


QUALITIES = ValueExercise(
    id="06.2",
    title="SQ, RQ and PQ by hand",
    reference=_qualities,
    given={"iou": [0.9, 0.8, 0.7, 0.5, 0.0], "true": 4},
    draw=_draw_qualities,
    rtol=2e-3,
    hint="Which of these IoUs match? Then count TP, FP and FN before you divide anything.",
    misconceptions=(
        Misconception(
            "PQ matches at one half",
            lambda iou, true: _pq(np.array(iou)[np.array(iou) >= 0.5], len(iou), true),
            "You matched an IoU of exactly one half in PQ. PQ asks for more than one half.",
        ),
        Misconception(
            "AP matches above one half",
            lambda iou, true: {"AP finds": int((np.array(iou) > 0.5).sum())},
            "You used PQ's rule for AP. COCO's AP accepts an IoU of exactly one half.",
        ),
        Misconception(
            "SQ over all predictions",
            lambda iou, true: {"SQ": np.mean(iou)},
            "SQ is the mean IoU of the matched segments only. Those without a partner are the business of RQ.",
        ),
        Misconception(
            "errors at full price",
            lambda iou, true: {
                "RQ": sum(np.array(iou) > 0.5) / (len(iou) + true - sum(np.array(iou) > 0.5)),
                "PQ": sum(x for x in iou if x > 0.5) / (len(iou) + true - sum(np.array(iou) > 0.5)),
            },
            "You added FP and FN in full. In RQ each of them counts one half.",
        ),
    ),
)
