"""9.3 and 9.4: the families of weights of a stamp, and a stamp that keeps a flat map flat."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception, SearchExercise
from segedu.upsampling import conv_transpose2d

Weights = npt.NDArray[Any]


def _on_ones(stamp: Weights) -> Weights:
    """One period of what a stamp makes of ones at stride 2, far from the rim."""
    return conv_transpose2d(np.ones((6, 6)), stamp, stride=2)[4:6, 4:6]


def _flat(stamp: Any) -> str | None:
    """None if a stamp of 3×3 with stride 2 keeps a map of ones at one inside."""
    weights = np.asarray(stamp, float)
    if weights.shape != (3, 3):
        return f"its shape is {weights.shape} instead of (3, 3)"
    inside = _on_ones(weights)
    return None if np.allclose(inside, 1) else f"inside, a map of ones becomes {inside.round(3).tolist()}"


def _equal_weights(stamp: Any) -> str | None:
    weights = np.asarray(stamp, float)
    return None if np.allclose(weights, weights[0, 0]) and np.isclose(_on_ones(weights).mean(), 1) else "no"


def _sum_of_one(stamp: Any) -> str | None:
    return None if np.isclose(np.asarray(stamp, float).sum(), 1) else "no"


def _one_axis(stamp: Any) -> str | None:
    inside = _on_ones(np.asarray(stamp, float))
    return None if np.allclose(inside, inside[0]) or np.allclose(inside, inside[:, :1]) else "no"


FLAT = SearchExercise(
    id="09.3",
    title="A stamp of three without a checkerboard",
    accept=_flat,
    hint="Which weights meet on one pixel? Begin with one axis: weights 0 and 2, and weight 1 alone.",
    misconceptions=(
        Misconception(
            "a sum of one is enough",
            _sum_of_one,
            "Your weights sum to 1 over the whole stamp. A pixel never meets the whole stamp, only one family of it.",
            example=np.full((3, 3), 1 / 9),
        ),
        Misconception(
            "the mean is enough",
            _equal_weights,
            "On average over the pixels it is 1, but equal weights make unequal families. Each one must sum to 1.",
            example=np.full((3, 3), 4 / 9),
        ),
        Misconception(
            "one axis is enough",
            _one_axis,
            "It is even along one axis only: there are stripes now. The same has to hold along the other one.",
            example=np.outer([0.5, 1, 0.5], [2 / 3, 2 / 3, 2 / 3]),
        ),
    ),
)


def _sums(kernel: Weights, stride: int) -> Weights:
    """What the stamp makes of ones, far from the rim: the sums, by a transposed convolution."""
    count = 2 * max(kernel.shape) + 2
    grown = conv_transpose2d(np.ones((count, count)), kernel, stride=stride)
    first = stride * max(kernel.shape)
    return grown[first : first + stride, first : first + stride]


def _counts(kernel: Weights, stride: int) -> Weights:
    return _sums(np.ones_like(kernel, float), stride)


def _blocks(kernel: Weights, stride: int) -> Weights:
    """Sums of neighbouring weights instead of every s-th."""
    parts = [np.array_split(np.arange(n), stride) for n in kernel.shape]
    return np.array([[kernel[np.ix_(rows, columns)].sum() for columns in parts[1]] for rows in parts[0]])


def _random_kernel(rng: np.random.Generator) -> tuple[Weights, int]:
    stride = int(rng.integers(1, 4))
    return rng.integers(1, 10, rng.integers(stride, 7, 2)), stride


FAMILIES = FunctionExercise(
    id="09.4",
    title="Sums of families",
    reference=_sums,
    cases=(
        Case((np.arange(1, 17).reshape(4, 4), 2), "two by two families"),
        Case((np.arange(1, 10).reshape(3, 3), 2), "families of different sizes"),
        Case((np.arange(1, 11).reshape(2, 5), 2), "a stamp that is no square"),
        Case((np.arange(1, 10).reshape(3, 3), 1), "stride 1: one family of all weights"),
        Case((np.arange(1, 10).reshape(3, 3), 3), "no two stamps meet"),
    ),
    random=_random_kernel,
    hint="The families are every s-th weight, in both directions. On one axis with s = 2: a + c and b + d.",
    misconceptions=(
        Misconception(
            "neighbours instead of every s-th",
            _blocks,
            "You cut the stamp into blocks of neighbours. Weights of one family lie a stride apart.",
        ),
        Misconception(
            "means instead of sums",
            lambda kernel, stride: _sums(kernel, stride) / _counts(kernel, stride),
            "These are means. Stamps that overlap add up, so the sum decides, and large families weigh more.",
        ),
        Misconception(
            "counts instead of sums",
            _counts,
            "You counted the weights of each family. That is enough only if all weights are 1.",
        ),
        Misconception(
            "rows and columns exchanged",
            lambda kernel, stride: _sums(kernel, stride).T,
            "Rows and columns are exchanged: [a, b] belongs to rows a, a + s and so on, and columns b, b + s and so on.",
        ),
    ),
)
