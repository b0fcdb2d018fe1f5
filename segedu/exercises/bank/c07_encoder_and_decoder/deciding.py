"""7.4: labels from coarse scores, which are enlarged before anything is decided."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception
from segedu.upsampling import bilinear_matrix, resize_bilinear, resize_nearest

Scores = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def _labels(shares: Scores, size: tuple[int, int]) -> Labels:
    """By the sparse matrix of the resize: the reference."""
    grow = bilinear_matrix(shares.shape[1:], size)
    return (shares.reshape(len(shares), -1) @ grow.T).argmax(axis=0).reshape(size)


def _numbers_mixed(shares: Scores, size: tuple[int, int]) -> Labels:
    return resize_bilinear(shares.argmax(axis=0).astype(float), size).round().astype(int)


def _random_shares(rng: np.random.Generator) -> tuple[Scores, tuple[int, int]]:
    classes, height, width = rng.integers(2, 6), *rng.integers(2, 4, 2)
    shares = rng.dirichlet(np.ones(classes), (height, width)).transpose(2, 0, 1)
    return shares, (4 * int(height), 4 * int(width))


LABELS = FunctionExercise(
    id="07.4",
    title="Find the bug: a green line on the roof",
    reference=_labels,
    cases=(
        Case((np.array([[[0.2]], [[0.8]]]), (2, 3)), "one block"),
        Case((np.array([[[0.9, 0.3]], [[0.1, 0.7]]]), (1, 8)), "where is the border?"),
        Case((np.array([[[0.8, 0.1]], [[0.0, 0.0]], [[0.2, 0.9]]]), (1, 8)), "class 1 is nowhere"),
        Case((np.array([[[0.9, 0.2], [0.4, 0.1]], [[0.1, 0.8], [0.6, 0.9]]]), (2, 2)), "nothing to enlarge"),
    ),
    random=_random_shares,
    integers=True,
    hint="What is in your hands when you enlarge: shares, or numbers of classes?",
    misconceptions=(
        Misconception(
            "class numbers are mixed",
            _numbers_mixed,
            "You still mix class numbers: half-way between 2 and 4 lies another class, which nobody saw.",
        ),
        Misconception(
            "decided first",
            lambda shares, size: resize_nearest(shares.argmax(axis=0), size),
            "Your borders run between blocks only: you decided first, or copied. Let neighbours mix before you decide.",
        ),
        Misconception(
            "corners aligned",
            lambda shares, size: resize_bilinear(shares, size, align_corners=True).argmax(axis=0),
            "With aligned corners the map is stretched, and fits the blocks no more. Leave `align_corners` off.",
        ),
    ),
)
