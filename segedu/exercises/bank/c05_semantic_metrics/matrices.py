"""What the exercises of chapter 5 share: matrices to try, and ratios of a matrix that are wrong on purpose."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case

Counts = npt.NDArray[np.int64]
Map = npt.NDArray[np.integer]
VOID = 255

SMALL = np.array([[6, 0, 0], [1, 3, 0], [0, 1, 0]])
TARGET = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 2, VOID]])
PREDS = np.array([[0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 1, 2]])


def per_class(confmat: Counts, below: npt.NDArray, undefined: float = np.nan) -> npt.NDArray[np.float64]:
    """The diagonal over something, and a value of its own where that is 0."""
    tp = np.diag(confmat).astype(float)
    return np.divide(tp, below, out=np.full(len(tp), undefined), where=below > 0)


def true_pixels(confmat: Counts) -> Counts:
    return np.asarray(confmat).sum(axis=1)


def predicted_pixels(confmat: Counts) -> Counts:
    return np.asarray(confmat).sum(axis=0)


def random_matrix(rng: np.random.Generator) -> tuple[Counts]:
    """Two to five classes; now and then one is missing from the truth, the prediction, or both."""
    size = int(rng.integers(2, 6))
    confmat = rng.integers(0, 20, (size, size)) + np.diag(rng.integers(0, 60, size))
    lost = rng.integers(size)
    if rng.random() < 0.4:
        confmat[lost] = 0
    if rng.random() < 0.4:
        confmat[:, lost] = 0
    return (confmat,)


MATRICES = (
    Case((SMALL,)),
    Case((np.array([[6, 0, 1], [0, 0, 0], [2, 0, 5]]),), "class 1 is neither true nor predicted"),
    Case((np.array([[6, 2], [0, 0]]),), "class 1 is predicted, and never true"),
    Case((np.array([[6, 0], [2, 0]]),), "class 1 is true, and never predicted"),
    Case((np.array([[9]]),), "one class"),
    Case((np.zeros((2, 2), np.int64),), "all pixels were void"),
)


def double_union(confmat: Counts) -> npt.NDArray[np.float64]:
    return per_class(confmat, true_pixels(confmat) + predicted_pixels(confmat))


def nanmean(values: npt.NDArray[np.float64]) -> float:
    return float(np.mean(values[~np.isnan(values)])) if not np.isnan(values).all() else float("nan")
