"""15.6 and 15.8: where a rare class begins, and two losses that do not agree about it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu import metrics
from segedu.exercises.exercise import Case, FunctionExercise, Misconception, SearchExercise

Numbers = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]


def _tables(scores: Numbers, truth: Truth) -> list[npt.NDArray[np.int64]]:
    """One confusion matrix for each threshold that there is."""
    cuts = [-np.inf, *np.unique(scores)]
    return [metrics.confusion_matrix((scores > cut).astype(int), truth.astype(int), 2) for cut in cuts]


def best_iou(scores: Numbers, truth: Truth) -> float:
    """The largest IoU over all thresholds: the reference of 15.6."""
    return max(float(metrics.iou_per_class(table)[1]) for table in _tables(scores, truth))


def _of_best_accuracy(scores: Numbers, truth: Truth) -> float:
    best = max(_tables(scores, truth), key=metrics.pixel_accuracy)
    return float(metrics.iou_per_class(best)[1])


def _at(scores: Numbers, truth: Truth, cut: float) -> float:
    table = metrics.confusion_matrix((scores > cut).astype(int), truth.astype(int), 2)
    return float(metrics.iou_per_class(table)[1])


def _split_ties(scores: Numbers, truth: Truth) -> float:
    hits = truth[np.argsort(-scores, kind="stable")].cumsum()
    return float((hits / (np.arange(1, len(hits) + 1) + truth.sum() - hits)).max())


def _random_scores(rng: np.random.Generator) -> tuple[Numbers, Truth]:
    truth = rng.random(int(rng.integers(2, 25))) < 0.3
    truth[rng.integers(len(truth))] = True
    return rng.normal(1.5 * truth, 1).round(1), truth


def _yes(*values: int) -> Truth:
    return np.array(values, bool)


THRESHOLD = FunctionExercise(
    id="15.6",
    title="The best threshold",
    reference=best_iou,
    cases=(
        Case((np.array([0.1, 0.9]), _yes(0, 1)), "two pixels, told apart"),
        Case((np.array([0.1, 0.7, 0.8, 0.9]), _yes(0, 1, 0, 1)), "they overlap"),
        Case((np.array([3.0, 3.0, 1.0]), _yes(1, 0, 0)), "two pixels with one score: both or neither"),
        Case((np.array([2.0, 2.0]), _yes(1, 1)), "all pixels are signs"),
        Case((np.array([-7.0, -5.0, -4.0, -9.0]), _yes(1, 0, 0, 0)), "the sign has a low score"),
    ),
    random=_random_scores,
    hint="Only the scores that occur need to be tried, and one threshold below all of them.",
    misconceptions=(
        Misconception(
            "the best accuracy",
            _of_best_accuracy,
            "You chose the threshold by pixel accuracy. Where a class is rare, that says: call nothing a sign.",
        ),
        Misconception(
            "Dice",
            lambda scores, truth: max(
                float(metrics.dice_per_class(table)[1]) for table in _tables(scores, truth)
            ),
            "This is the best Dice. It lies at the same threshold, but asked for is the IoU.",
        ),
        Misconception(
            "pixels of one score are told apart",
            _split_ties,
            "Two pixels with the same score lie on the same side of every threshold. You took one of them alone.",
        ),
        Misconception(
            "half",
            lambda scores, truth: _at(scores, truth, 0.5),
            "You cut at 0.5. Scores are no probabilities here, and 0.5 would not be the best even then.",
        ),
        Misconception(
            "at the mean",
            lambda scores, truth: _at(scores, truth, float(scores.mean())),
            "You cut at the mean of the scores. Try all places.",
        ),
        Misconception(
            "never everything",
            lambda scores, truth: max(
                float(metrics.iou_per_class(table)[1]) for table in _tables(scores, truth)[1:]
            ),
            "One threshold is missing from yours: the one below all scores, where every pixel is called a sign.",
        ),
    ),
)

ROAD_AND_SIGN = np.array([0] * 9 + [1])


def _losses(p: Numbers) -> tuple[float, float]:
    """Cross-entropy and Dice of ten pixels with these probabilities of sign."""
    import torch

    from segedu import training

    p = np.clip(p, 1e-12, 1 - 1e-12)
    logits = torch.from_numpy(np.log(np.stack([1 - p, p]))).view(1, 2, 1, -1)
    target = torch.from_numpy(ROAD_AND_SIGN).view(1, 1, -1)
    return float(training.cross_entropy(logits, target)), float(training.dice(logits, target))


def _disagree(answers: Any) -> str | None:
    """None if cross-entropy prefers the first answer and Dice the second."""
    both = np.asarray(answers, float)
    if both.shape != (2, 10):
        return f"its shape is {both.shape} instead of (2, 10)"
    if not ((both >= 0) & (both <= 1)).all():
        return "not all are probabilities, from 0 to 1"
    (ce, dice), (other_ce, other_dice) = map(_losses, both)
    if ce < other_ce and other_dice < dice:
        return None
    return f"cross-entropy is {ce:.3f} and {other_ce:.3f}, Dice {dice:.3f} and {other_dice:.3f}"


def _complement(answers: Any) -> str | None:
    return _disagree(1 - np.asarray(answers, float))


def _accuracy_agrees(answers: Any) -> str | None:
    right = (np.asarray(answers, float) > 0.5) == ROAD_AND_SIGN
    return None if right[0].sum() > right[1].sum() and right[1, -1] and not right[0, -1] else "no"


_TIMID, _BOLD = np.full(10, 0.1), np.array([0.0] * 8 + [0.999, 1.0])

DISAGREE = SearchExercise(
    id="15.8",
    title="Two losses, two opinions",
    accept=_disagree,
    hint="Cross-entropy hates a single sure mistake. What does Dice hate, where one pixel of ten is a sign?",
    misconceptions=(
        Misconception(
            "the wrong way round",
            lambda answers: _disagree(np.asarray(answers)[::-1]),
            "The wrong way round: cross-entropy shall prefer the first, Dice the second. The lower loss is the better.",
            example=np.stack([_BOLD, _TIMID]),
        ),
        Misconception(
            "probabilities of road",
            _complement,
            "These look like probabilities of road. Asked for are those of sign, and the last pixel is the sign.",
            example=1 - np.stack([_TIMID, _BOLD]),
        ),
        Misconception(
            "accuracy for cross-entropy",
            _accuracy_agrees,
            "The first has more pixels right, the second finds the sign. But cross-entropy asks how sure, not how many.",
            example=np.stack([np.full(10, 0.4), np.array([0.55] * 3 + [0.1] * 6 + [0.9])]),
        ),
    ),
)
