"""14.3, 14.4 and 14.5: PQ of one class, whom to keep, and why a mean PQ is no product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu import Category, metrics
from segedu.exercises.draws import Draws
from segedu.exercises.exercise import (
    Case,
    FunctionExercise,
    Misconception,
    SearchExercise,
    ValueExercise,
)

Ints = npt.NDArray[np.int64]
Three = tuple[float, float, float]
CLASSES = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))


def qualities(pred: Ints, target: Ints) -> Three:
    """PQ, SQ and RQ of the segments in two maps, the rest being road: the reference of 14.3."""
    ids = [{int(one): int(one > 0) for one in np.unique(part)} for part in (pred, target)]
    matches = metrics.match_id_maps(
        pred + 1,  # 0 is void there, and here a class of its own
        target + 1,
        pred_labels={one + 1: label for one, label in ids[0].items()},
        target_labels={one + 1: label for one, label in ids[1].items()},
    )
    pq, sq, rq = metrics.PanopticQuality.from_matches(matches, CLASSES).per_class
    return float(pq[1]), float(sq[1]), float(rq[1])


def _ious(pred: Ints, target: Ints, lowest: int = 1) -> npt.NDArray[np.float64]:
    """IoU of every pair of segments, (P, T)."""
    mine, true = (np.arange(lowest, part.max(initial=0) + 1) for part in (pred, target))
    p = np.array([pred == k for k in mine if (pred == k).any()], bool).reshape(-1, pred.size).astype(int)
    t = np.array([target == k for k in true if (target == k).any()], bool).reshape(-1, pred.size).astype(int)
    both = p @ t.T
    return both / np.maximum(p.sum(axis=1)[:, None] + t.sum(axis=1) - both, 1)


def _of(
    iou: npt.NDArray[np.float64],
    matched: Callable[[Any], Any] = lambda iou: iou > 0.5,
    error: float = 0.5,
    all_pairs: bool = False,
    by_preds: bool = False,
) -> Three:
    """`qualities` with mistakes, from all IoUs."""
    preds, targets = iou.shape
    if not preds + targets:
        return np.nan, np.nan, np.nan
    tp = int(matched(iou).sum())
    total = float(iou.sum() if all_pairs else iou[matched(iou)].sum())
    below = tp + error * (preds - tp) + error * (targets - tp)
    number = preds if by_preds else tp
    sq, rq = (total / number if number else 0.0), (tp / below if below else 0.0)
    return sq * rq, sq, rq


def _undefined(pred: Ints, target: Ints) -> Three:
    pq, sq, rq = qualities(pred, target)
    return (pq, np.nan, rq) if rq == 0 else (pq, sq, rq)


def _all_nan(pred: Ints, target: Ints) -> Three:
    right = qualities(pred, target)
    return (np.nan,) * 3 if right[2] == 0 else right


def _zero(pred: Ints, target: Ints) -> Three:
    pq, sq, rq = np.nan_to_num(qualities(pred, target))
    return float(pq), float(sq), float(rq)


def _random_maps(rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Runs of ids, and a second map that is the first one with some pixels moved."""
    target = np.repeat(rng.integers(0, 3, 5) * np.arange(1, 6), rng.integers(1, 5, 5))
    pred = np.roll(target, rng.integers(-1, 2))
    pred[rng.random(len(pred)) < 0.15] = 0
    return (pred * 2)[None], target[None]


def _map(*ids: int) -> Ints:
    return np.array([ids])


QUALITIES = FunctionExercise(
    id="14.3",
    title="PQ of one class",
    reference=qualities,
    cases=(
        Case((_map(0, 1, 1, 1), _map(0, 4, 4, 4)), "found exactly, under another number"),
        Case((_map(1, 1, 1, 0, 0), _map(1, 1, 1, 1, 0)), "a pixel is missing"),
        Case((_map(1, 1, 0, 0, 3, 3), _map(1, 1, 0, 0, 0, 0)), "one found, one false alarm"),
        Case((_map(7, 7, 7, 0, 2, 0), _map(7, 7, 7, 0, 2, 2)), "one has an IoU of exactly one half"),
        Case((_map(1, 1, 1, 1, 2, 0, 0), _map(1, 1, 1, 0, 2, 2, 2)), "one is matched, one overlaps too little"),
        Case((_map(1, 0, 0), _map(0, 1, 1)), "no match"),
        Case((_map(0, 0, 0), _map(0, 0, 0)), "the class is nowhere"),
    ),
    random=_random_maps,
    hint="Take the IoU of every pair of a predicted and a true segment first. Which pairs match, and who is left over?",
    misconceptions=(
        Misconception(
            "half is enough",
            lambda pred, target: _of(_ious(pred, target), lambda iou: iou >= 0.5),
            "You count an IoU of exactly one half as a match. PQ asks for more than one half.",
        ),
        Misconception(
            "every overlap matches",
            lambda pred, target: _of(_ious(pred, target), lambda iou: iou > 0),
            "Every pair that overlaps is a match in yours. Only an IoU above one half is.",
        ),
        Misconception(
            "errors count whole",
            lambda pred, target: _of(_ious(pred, target), error=1.0),
            "False alarms and misses count one half each: below the line stands the mean of what is listed and what is true.",
        ),
        Misconception(
            "the IoU of what does not match",
            lambda pred, target: _of(_ious(pred, target), all_pairs=True),
            "Your sum has the IoUs of pairs that do not match as well. SQ is about the matches alone.",
        ),
        Misconception(
            "SQ over all that is listed",
            lambda pred, target: _of(_ious(pred, target), by_preds=True),
            "You divide the sum of IoUs by all predicted segments. A false alarm is RQ's business: SQ is a mean over the matches.",
        ),
        Misconception(
            "what is not the class is a segment",
            lambda pred, target: _of(_ious(pred, target, lowest=0)),
            "You take 0 for a segment. It says that a pixel belongs to no segment of this class.",
        ),
        Misconception(
            "SQ undefined without a match",
            _undefined,
            "Without a match you have no SQ. In the reference it is 0 if there are errors, since so it is averaged.",
        ),
        Misconception(
            "all undefined without a match",
            _all_nan,
            "There are segments, and none matches: that is the worst result, 0, and not undefined.",
        ),
        Misconception(
            "0 where the class is nowhere",
            _zero,
            "Neither map has a segment, so there was nothing to find and no error. That is undefined (NaN), not 0.",
        ),
    ),
)


def _pq(iou_sum: float, tp: float, fp: float, fn: float) -> float:
    counts = (np.array([n], np.int64) for n in (tp, fp, fn))
    return metrics.PanopticQuality(CLASSES[1:], np.array([iou_sum]), *counts).pq


def _decide(S: float, TP: int, FP: int, FN: int, more: int, right: int, iou: float) -> dict[str, Any]:
    without = _pq(S, TP, FP, FN)
    kept = _pq(S + right * iou, TP + right, FP + more - right, FN - right)
    worth = right / more * iou
    return {"without": without, "with": kept, "worth": worth, "line": without / 2, "keep": kept > without}


def _whole_line(**given: Any) -> dict[str, Any]:
    right = _decide(**given)
    return {"line": right["without"], "keep": right["worth"] > right["without"]}


def _p_alone(**given: Any) -> dict[str, Any]:
    p = given["right"] / given["more"]
    return {"worth": p, "keep": p > _decide(**given)["line"]}


def _still_missed(S: float, TP: int, FP: int, FN: int, more: int, right: int, iou: float) -> dict[str, Any]:
    return {"with": _pq(S + right * iou, TP + right, FP + more - right, FN)}


def _whole_errors(S: float, TP: int, FP: int, FN: int, more: int, right: int, iou: float) -> dict[str, Any]:
    without = S / (TP + FP + FN)
    kept = (S + right * iou) / (TP + FP + FN + more - right)
    return {"without": without, "with": kept, "line": without / 2, "keep": right / more * iou > without / 2}


def _draw_class(draws: Draws) -> dict[str, Any]:
    """The line is 0.25, 0.3 or 0.35, which no worth hits."""
    FP = draws.choice([6, 10, 14, 20])
    return {
        "S": draws.choice([40.0, 48.0, 56.0]),
        "TP": 60,
        "FP": FP,
        "FN": 40 - FP,
        "more": 20,
        "right": draws.choice([4, 6, 8, 12, 14]),
        "iou": draws.choice([0.6, 0.7, 0.8]),
    }


KEEP = ValueExercise(
    id="14.4",
    title="Keep them or drop them",
    reference=_decide,
    given={"S": 48.0, "TP": 60, "FP": 10, "FN": 30, "more": 20, "right": 5, "iou": 0.6},
    draw=_draw_class,
    rtol=2e-3,  # three digits are enough
    hint="What becomes of TP, FP and FN if all of the additional objects stay? Each of them is one or the other.",
    misconceptions=(
        Misconception(
            "the line is PQ",
            _whole_line,
            "You compare with PQ. One right object more adds only one half below the line, so the line is half of it.",
        ),
        Misconception(
            "p alone",
            _p_alone,
            "You take p alone. A right object brings its IoU, not 1.",
        ),
        Misconception(
            "what is found is still missed",
            _still_missed,
            "A right object changes two counts: it is one match more, and its true object is no longer missed.",
        ),
        Misconception(
            "errors count whole",
            _whole_errors,
            "False alarms and misses count one half each below the line.",
        ),
    ),
)

GAP = 0.05


def _means(counts: Any, least: float = 0.5) -> str | tuple[float, float]:
    """Mean PQ, and mean SQ times mean RQ; or what is wrong with the counts."""
    rows = np.asarray(counts, float)
    if rows.shape != (2, 4):
        return f"its shape is {rows.shape} instead of (2, 4)"
    sums, numbers = rows[:, 0], rows[:, 1:]
    if not ((numbers >= 0) & (numbers == np.round(numbers))).all():
        return "TP, FP and FN are counts: whole, and not negative"
    if (numbers[:, 0] == 0).any():
        return "a class has no match"
    if not ((sums > least * numbers[:, 0]) & (sums <= numbers[:, 0])).all():
        return "the IoU of a match is above 0.5 and at most 1, so the sum must lie between TP / 2 and TP"
    both = metrics.PanopticQuality(CLASSES, sums, *numbers.astype(np.int64).T)
    return both.pq, both.sq * both.rq


def _larger(counts: Any, least: float = 0.5) -> str | None:
    found = _means(counts, least)
    if isinstance(found, str):
        return found
    pq, product = found
    return None if product - pq > GAP else f"mean PQ is {pq:.3f}, mean SQ × mean RQ {product:.3f}"


def _smaller(counts: Any) -> str | None:
    found = _means(counts)
    return None if not isinstance(found, str) and found[0] - found[1] > GAP else "no"


def _one_pot(counts: Any) -> str | None:
    found, (S, tp, fp, fn) = _means(counts), np.asarray(counts, float).sum(axis=0)
    return None if not isinstance(found, str) and S / (tp + fp / 2 + fn / 2) - found[0] > GAP else "no"


NO_PRODUCT = SearchExercise(
    id="14.5",
    title="A table that does not multiply",
    accept=_larger,
    hint="Choose SQ and RQ of each class first, then counts that give them. What if no class is good in both?",
    misconceptions=(
        Misconception(
            "a match below one half",
            lambda counts: _larger(counts, least=0.0),
            "A match has an IoU above one half, so SQ is never below one half where there is a match. Yours is.",
            example=[[1, 1, 0, 8], [1, 10, 0, 0]],
        ),
        Misconception(
            "the wrong way round",
            _smaller,
            "Here the product is the smaller one: one class is better in both. Asked for is a product that is too large.",
            example=[[10, 10, 0, 0], [5.2, 10, 45, 45]],
        ),
        Misconception(
            "all classes in one pot",
            _one_pot,
            "With the counts of both classes added up it would be so. But SQ and RQ are computed class by class, then averaged.",
            example=[[90, 90, 0, 0], [1, 1, 0, 100]],
        ),
    ),
)
