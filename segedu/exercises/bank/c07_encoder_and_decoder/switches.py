"""7.3: max pooling that notes where each maximum stood."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception
from segedu.upsampling import average_pool2d, max_pool2d

Map = npt.NDArray[Any]


def _pool(x: Map) -> tuple[Map, Map]:
    return max_pool2d(x, 2)


def _in_the_window(x: Map) -> tuple[Map, Map]:
    values, switches = _pool(x)
    row, column = np.unravel_index(switches, x.shape)
    return values, 2 * (row % 2) + column % 2


def _last_maximum(x: Map) -> tuple[Map, Map]:
    values, switches = _pool(x[::-1, ::-1])
    return values[::-1, ::-1], x.size - 1 - switches[::-1, ::-1]


def _by_columns(x: Map) -> tuple[Map, Map]:
    values, switches = _pool(x)
    row, column = np.unravel_index(switches, x.shape)
    return values, column * len(x) + row


def _random_map(rng: np.random.Generator) -> tuple[Map]:
    height, width = 2 * rng.integers(1, 4, 2)
    return (rng.integers(-5, 6, (height, width)),)


POOL = FunctionExercise(
    id="07.3",
    title="Pooling that remembers",
    reference=_pool,
    cases=(
        Case((np.array([[1, 2], [5, 3]]),), "one window"),
        Case((np.array([[1, 2, 0, 1], [5, 3, 0, 4]]),), "two windows"),
        Case((np.array([[1, 2, 0, 1], [5, 3, 0, 4], [1, 1, 7, 6], [2, 1, 6, 5]]),)),
        Case((np.array([[-1, -2], [-4, -3]]),), "all numbers are negative"),
        Case((np.array([[0, 0, 2, 1], [0, 0, 1, 2]]),), "the maximum stands more than once: the first counts"),
    ),
    random=_random_map,
    hint="Print the windows one by one, with the index that each of their numbers has in x.ravel().",
    misconceptions=(
        Misconception(
            "places inside the window",
            _in_the_window,
            "Your switches are places inside the window, from 0 to 3. Asked for is the place in the whole map.",
        ),
        Misconception(
            "the last of equal maxima",
            _last_maximum,
            "Where the maximum stands twice, you noted the last place. The first one, row by row, counts.",
        ),
        Misconception(
            "counted by columns",
            _by_columns,
            "You counted the places down the columns. Here a map is read row by row.",
        ),
        Misconception(
            "never below zero",
            lambda x: (np.maximum(_pool(x)[0], 0), _pool(x)[1]),
            "A window of negative numbers got a 0 that is not in it: that would be a ReLU as well.",
        ),
        Misconception(
            "the mean",
            lambda x: (average_pool2d(x, 2), _pool(x)[1]),
            "These values are means. Max pooling keeps the largest number of each window.",
        ),
    ),
)
