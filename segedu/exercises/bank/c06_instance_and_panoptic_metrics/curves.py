"""6.5: average precision at one threshold, from a list of hits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception
from segedu.metrics.curve import interpolate, running_precision_recall

LEVELS = np.linspace(0, 1, 101)
Floats = npt.NDArray[np.float64]


def _curve(found: Sequence[bool], objects: int) -> tuple[Floats, Floats]:
    right = np.asarray(found, bool)
    return running_precision_recall(right, ~right, objects)


def average(found: Sequence[bool], objects: int) -> float:
    """AP by `segedu.metrics`: the reference of 6.5."""
    return float(interpolate(*_curve(found, objects)).mean())


def _at_levels(found: Sequence[bool], objects: int, *, envelope: bool, reached_only: bool) -> float:
    precision, recall = _curve(found, objects)
    if envelope:
        precision = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(recall, LEVELS)
    if reached_only:
        place = place[place < len(recall)]
    return float(np.append(precision, 0)[place].mean()) if len(place) else 0.0


def _area(found: Sequence[bool], objects: int) -> float:
    precision, recall = _curve(found, objects)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0) * best).sum())


def _random_hits(rng: np.random.Generator) -> tuple[npt.NDArray[np.bool_], int]:
    found = rng.random(rng.integers(1, 12)) < 0.5
    return found, int(max(found.sum() + rng.integers(0, 4), 1))


AP = FunctionExercise(
    id="06.5",
    title="Find the bug: an average precision",
    reference=average,
    cases=(
        Case((np.array([True]), 1), "one object, found"),
        Case((np.array([True, False, False, True]), 2), "the list of 6.1"),
        Case((np.array([False, True, True]), 2), "the surest is wrong"),
        Case((np.array([True]), 2), "half of the objects are never found"),
        Case((np.array([False, False]), 3), "nothing is found"),
    ),
    random=_random_hits,
    hint="Which precision belongs to a level between two points? And to a level that is never reached?",
    misconceptions=(
        Misconception(
            "the function of the statement",
            lambda found, objects: _at_levels(found, objects, envelope=False, reached_only=True),
            "Both bugs are still there. Look at a list that begins wrong, and at one that misses an object.",
        ),
        Misconception(
            "no envelope",
            lambda found, objects: _at_levels(found, objects, envelope=False, reached_only=False),
            "You read the zigzag. AP takes, at each level, the best precision there or further right.",
        ),
        Misconception(
            "only levels that are reached",
            lambda found, objects: _at_levels(found, objects, envelope=True, reached_only=True),
            "You left out the levels that are never reached. There the precision is 0, and it counts.",
        ),
        Misconception(
            "the area under the curve",
            _area,
            "This is the exact area under the envelope. COCO takes the mean of 101 values, 0 and 1 included.",
        ),
    ),
)
