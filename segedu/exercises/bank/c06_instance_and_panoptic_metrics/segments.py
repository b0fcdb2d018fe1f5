"""6.6: panoptic quality of one class, from two maps of ids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception
from segedu.metrics.panoptic import PanopticQuality
from segedu.metrics.segments import match_id_maps
from segedu.scene import Category

Map = npt.NDArray[np.int64]
CELL = (Category(0, "cell", True, (0, 114, 178)),)


def _ids(ids: Map) -> list[int]:
    return [int(number) for number in np.unique(ids) if number]


def quality(preds: Map, target: Map) -> float:
    """PQ by `segedu.metrics`: the reference of 6.6."""
    labels = [dict.fromkeys(_ids(ids), 0) for ids in (preds, target)]
    matches = match_id_maps(preds, target, pred_labels=labels[0], target_labels=labels[1])
    return float(PanopticQuality.from_matches(matches, CELL).per_class.pq[0])


def _wrong(
    preds: Map, target: Map, *, half: bool = False, void: bool = False, price: float = 0.5, forgive: bool = True
) -> float:
    """PQ with one rule changed: `half` matches at 0.5, `void` stays in the union, errors cost `price`."""
    total, tp, taken = 0.0, 0, set()
    wrong = 0
    for p in _ids(preds):
        mine = preds == p
        seen = mine if void else mine & (target > 0)
        best = {t: (mine & (target == t)).sum() / (seen | (target == t)).sum() for t in _ids(target)}
        hits = [t for t, iou in best.items() if t not in taken and (iou >= 0.5 if half else iou > 0.5)]
        if hits:
            total, tp = total + best[hits[0]], tp + 1
            taken.add(hits[0])
        elif not forgive or (mine & (target == 0)).sum() <= mine.sum() / 2:
            wrong += 1
    below = tp + price * (wrong + len(_ids(target)) - tp)
    return float(total / below) if below else float("nan")


def _random_ids(rng: np.random.Generator) -> tuple[Map, Map]:
    """Columns of segments, the predicted ones a little off; void in the truth, silence in the prediction."""
    target = np.repeat(rng.permutation(4), rng.integers(1, 5, 4))[None].repeat(2, axis=0)
    preds = np.where(rng.random(target.shape) < 0.75, target, rng.integers(0, 5, target.shape))
    preds = np.where((target == 0) & (rng.random() < 0.7), rng.integers(1, 6), preds)
    return preds, target


PQ = FunctionExercise(
    id="06.6",
    title="Panoptic quality of one class",
    reference=quality,
    cases=(
        Case((np.array([[7, 7, 0, 9]]), np.array([[1, 1, 0, 2]])), "the ids differ, the segments are the same"),
        Case(
            (np.array([[1, 1, 1, 2]]), np.array([[1, 1, 2, 2]])), "one segment has an IoU of exactly one half"
        ),
        Case((np.array([[1, 1, 1, 1]]), np.array([[1, 1, 0, 0]])), "the prediction goes on into void"),
        Case(
            (np.array([[1, 1, 0, 0]]), np.array([[1, 1, 1, 0]])),
            "the prediction is silent where the truth is not",
        ),
        Case((np.array([[1, 1, 2, 2]]), np.array([[1, 1, 0, 0]])), "a segment on void"),
        Case((np.array([[1, 2, 2, 2, 3]]), np.array([[1, 1, 1, 1, 1]])), "one found, two too many"),
        Case((np.zeros((1, 3), int), np.zeros((1, 3), int)), "there is nothing, and nothing is predicted"),
    ),
    random=_random_ids,
    hint="For each pair of ids: the union without the pixels that are void in the truth. Then count TP, FP and FN.",
    misconceptions=(
        Misconception(
            "matched at one half",
            lambda preds, target: _wrong(preds, target, half=True),
            "An IoU of exactly one half was matched. PQ asks for more, so that nobody has two partners.",
        ),
        Misconception(
            "void in the union",
            lambda preds, target: _wrong(preds, target, void=True),
            "Void pixels are in your union. Where the truth is silent, nobody is right or wrong: leave them out.",
        ),
        Misconception(
            "a segment on void is wrong",
            lambda preds, target: _wrong(preds, target, forgive=False),
            "A segment that lies mostly on void is no false positive: nobody knows what is there.",
        ),
        Misconception(
            "errors at full price",
            lambda preds, target: _wrong(preds, target, price=1.0),
            "FP and FN each count one half below the line. You added them in full.",
        ),
    ),
)
