"""9.5: a row is resized to any size, by where its new centres lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception
from segedu.upsampling import resize_bilinear, resize_nearest

Row = npt.NDArray[Any]


def _resize(row: Row, size: int) -> Row:
    return resize_bilinear(np.asarray(row, float)[None], (1, size))[0]


def _centres(row: Row, size: int, half: float) -> Row:
    return (np.arange(size) + half) * len(row) / size - half


def _beyond(row: Row, size: int) -> Row:
    at = _centres(row, size, 0.5)
    low = np.floor(at).astype(int).clip(0, max(len(row) - 2, 0))
    high = np.minimum(low + 1, len(row) - 1)
    return row[low] + (at - low) * (row[high] - row[low])


def _random_row(rng: np.random.Generator) -> tuple[Row, int]:
    row = rng.integers(0, 20, rng.integers(2, 6))
    return row, int(rng.integers(len(row), 14))


RESIZE = FunctionExercise(
    id="09.5",
    title="Resize to any size",
    reference=_resize,
    cases=(
        Case((np.array([0, 8]), 4), "the row of 9.1"),
        Case((np.array([0, 6, 3]), 5), "the factor is no whole number"),
        Case((np.array([4, 1, 7]), 3), "the same size: nothing changes"),
        Case((np.array([5]), 3), "one pixel"),
    ),
    random=_random_row,
    hint="Where does new pixel j have its centre, counted in old pixels? Check that both borders coincide.",
    misconceptions=(
        Misconception(
            "half a pixel is forgotten",
            lambda row, size: np.interp(_centres(row, size, 0.0), np.arange(len(row)), row),
            "Your picture is moved: half a pixel is missing. A centre lies in the middle of its pixel, at j + 1/2.",
        ),
        Misconception(
            "corners aligned",
            lambda row, size: resize_bilinear(row[None].astype(float), (1, size), align_corners=True)[0],
            "This is `align_corners=True`: the outermost centres coincide. Asked for is that the borders do.",
        ),
        Misconception(
            "beyond the border",
            _beyond,
            "You drew the line beyond the outermost centres. There is nothing to mix with: the border's value goes on.",
        ),
        Misconception(
            "copied",
            lambda row, size: resize_nearest(row[None].astype(float), (1, size))[0],
            "Each new pixel is a copy of the nearest old one. A mix takes two, the nearer the heavier.",
        ),
    ),
)
