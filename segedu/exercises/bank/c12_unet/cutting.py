"""12.9: a skip is cut in two ways, and a small layer shows what each takes away."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise

Row = npt.NDArray[np.int64]


def _layer(skip: Any, below: Row) -> list[float]:
    """PyTorch's convolution of 1 × 1, with a weight of −1 for the skip and of 1 for the map from below."""
    import torch
    from torch.nn import functional

    row = np.broadcast_to(np.asarray(skip, float), below.shape)
    both = torch.from_numpy(np.stack([row, below.astype(float)])[None])
    weights = torch.tensor([[[-1.0], [1.0]]], dtype=torch.float64)
    return functional.relu(functional.conv1d(both, weights))[0, 0].tolist()


def _cuts(skip: Row, below: Row) -> dict[str, list[float]]:
    """Reference of 12.9."""
    return {"whole": _layer(skip, below), "mean": _layer(skip.mean(), below), "zeros": _layer(0, below)}


def _draw_row(draws: Draws) -> dict[str, Row]:
    skip = np.zeros(6, np.int64)
    skip[draws.whole(0, 5)] = 6 * draws.whole(2, 3)
    near, far = draws.whole(5, 9), draws.whole(1, 2)
    return {"skip": skip, "below": np.array(draws.choice([[near] * 3 + [far] * 3, [far] * 2 + [near] * 4]))}


CUT = ValueExercise(
    id="12.9",
    title="Predict, then run: what a cut leaves",
    reference=_cuts,
    given={"skip": np.array([0, 0, 12, 0, 0, 0]), "below": np.array([7, 7, 7, 1, 1, 1])},
    draw=_draw_row,
    hint="Write three rows: what comes across, what comes from below, and the second less the first, at least 0.",
    misconceptions=(
        Misconception(
            "no ReLU",
            lambda skip, below: {"whole": below - skip, "mean": below - skip.mean()},
            "Some of your numbers are negative. The layer ends with a ReLU.",
        ),
        Misconception(
            "the mean of what comes out",
            lambda skip, below: {"mean": np.full(6, np.mean(_layer(skip, below)))},
            "You average what comes out. The cut averages what comes across; the rest of the network is as it was.",
        ),
        Misconception(
            "the mean of both maps",
            lambda skip, below: {"mean": _layer(skip.mean(), np.full(6, below.mean()))},
            "You average the map from below as well. That wire is whole.",
        ),
        Misconception(
            "the mean of what is there",
            lambda skip, below: {"mean": _layer(skip[skip > 0].mean(), below)},
            "You take the mean of the pixels that are not 0. The mean over the image counts all of them.",
        ),
        Misconception(
            "everything is 0",
            lambda skip, below: {"zeros": np.zeros(6)},
            "You have cut the map from below, too. Only what comes across is 0.",
        ),
        Misconception(
            "the pixel is cut out",
            lambda skip, below: {"zeros": _layer(skip, below)},
            "This is what the whole network gives. Without the skip, nothing says where to subtract.",
        ),
    ),
)
