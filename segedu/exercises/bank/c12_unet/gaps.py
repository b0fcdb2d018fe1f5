"""12.8: the weight that the paper gives to the gaps between cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segedu.exercises.exercise import Case, FunctionExercise, Misconception

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def _distances(cells: list[npt.NDArray[np.bool_]]) -> Floats:
    """To the nearest and to the second nearest of some cells: pixel by pixel, without a distance transform."""
    away = []
    for cell in cells:
        places = np.argwhere(cell)
        grid = np.indices(cell.shape).reshape(2, -1).T
        away.append(np.hypot(*(grid[:, None] - places).transpose(2, 0, 1)).min(axis=1).reshape(cell.shape))
    nearest: Floats = np.sort(away, axis=0)[:2]
    return nearest


def _weights(
    instance: Labels,
    w0: float,
    sigma: float,
    exponent: Callable[[Floats, Floats, float], Floats] = lambda d1, d2, sigma: (d1 + d2) ** 2 / (2 * sigma**2),
    inside: bool = False,
) -> Floats:
    cells = [instance == k for k in np.unique(instance) if k]
    weight = np.ones(instance.shape)
    if len(cells) > 1:
        d1, d2 = _distances(cells)
        weight += w0 * np.exp(-exponent(d1, d2, sigma))
    if not inside:
        weight[instance > 0] = 1
    return weight


def gap_weight(instance: Labels, w0: float, sigma: float) -> Floats:
    """Reference of 12.8: distances between all pairs of pixels."""
    return _weights(instance, w0, sigma)


def _with(**mistake: Any) -> Callable[..., Floats]:
    return lambda instance, w0, sigma: _weights(instance, w0, sigma, **mistake)


def _nearest_alone(instance: Labels, w0: float, sigma: float) -> Floats:
    """One cell is enough for a weight."""
    cells = [instance == k for k in np.unique(instance) if k]
    weight = np.ones(instance.shape)
    if cells:
        weight += w0 * np.exp(-(_distances(cells)[0] ** 2) / (2 * sigma**2))
    weight[instance > 0] = 1
    return weight


def _pieces(instance: Labels, w0: float, sigma: float) -> Floats:
    return _weights(ndimage.label(instance > 0)[0].astype(np.int64), w0, sigma)


def _random_cells(rng: np.random.Generator) -> tuple[Labels, float, float]:
    instance = np.zeros((7, 9), np.int64)
    for k in range(1, int(rng.integers(3, 6))):
        top, left = (int(n) for n in rng.integers(0, 7, 2))
        instance[top : top + 2, left : left + int(rng.integers(1, 4))] = 3 * k
    return instance, float(rng.integers(2, 12)), float(rng.integers(1, 6))


GAPS = FunctionExercise(
    id="12.8",
    title="The weight of a gap",
    reference=gap_weight,
    cases=(
        Case((np.array([[1, 1, 0, 2, 2]]), 10.0, 5.0), "a gap of one pixel"),
        Case((np.array([[7, 0, 0, 0, 3]]), 10.0, 2.0), "a wider gap, and other numbers"),
        Case((np.array([[4, 0, 0, 6], [4, 0, 0, 0], [0, 0, 9, 9]]), 10.0, 2.0), "three cells"),
        Case((np.array([[1, 2, 0], [0, 0, 0], [0, 0, 3]]), 10.0, 2.0), "two cells that touch"),
        Case((np.array([[0, 5, 0]]), 10.0, 5.0), "one cell"),
        Case((np.zeros((2, 3), np.int64), 10.0, 5.0), "no cell at all"),
    ),
    random=_random_cells,
    hint="How far is a pixel from each cell? Sort these distances, and take the first two.",
    misconceptions=(
        Misconception(
            "the nearest cell alone",
            _nearest_alone,
            "You look at the nearest cell alone, so every border glows. A gap is close to two cells.",
        ),
        Misconception(
            "squares are added",
            _with(exponent=lambda d1, d2, sigma: (d1**2 + d2**2) / (2 * sigma**2)),
            "You add the squares of the distances. The paper adds the distances, which is the width of the gap, and squares.",
        ),
        Misconception(
            "the difference",
            _with(exponent=lambda d1, d2, sigma: (d2 - d1) ** 2 / (2 * sigma**2)),
            "You take the difference of the distances. It is small on every middle line, however far the cells are.",
        ),
        Misconception(
            "sigma without its square",
            _with(exponent=lambda d1, d2, sigma: (d1 + d2) ** 2 / (2 * sigma)),
            "Squared pixels divided by pixels: σ is a length, too, and has to be squared.",
        ),
        Misconception(
            "inside of cells, too",
            _with(inside=True),
            "Pixels inside of cells have got a weight as well. Here they keep the weight 1.",
        ),
        Misconception(
            "pieces for cells",
            _pieces,
            "Two cells that touch are one in yours. Go by their numbers and not by connected pieces: that is what gaps are for.",
        ),
    ),
)
