"""9.1 and 9.2: a row grown in four ways, and how many stamps meet, with pencil and paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise
from segedu.upsampling import bilinear_kernel, conv_transpose2d, overlap_count, resize_bilinear, resize_nearest

Row = npt.NDArray[Any]
STAMP = bilinear_kernel(2)[1:2] / bilinear_kernel(2)[1].sum() * 2  # 1/4 3/4 3/4 1/4 in one row


def _ways(row: Row) -> dict[str, Row]:
    x, size = row[None].astype(float), (1, 2 * len(row))
    return {
        "nearest": resize_nearest(x, size)[0],
        "off": resize_bilinear(x, size)[0],
        "on": resize_bilinear(x, size, align_corners=True)[0],
        "stamped": conv_transpose2d(x, STAMP, stride=(1, 2), padding=(0, 1))[0],
    }


def _draw_row(draws: Draws) -> dict[str, Row]:
    one, other = draws.shuffled([12, 24, 36, 48])[:2]
    return {"row": np.array([one, other])}


ROW = ValueExercise(
    id="09.1",
    title="A row of two by hand",
    reference=_ways,
    given={"row": np.array([0, 8])},
    draw=_draw_row,
    rtol=2e-3,  # three digits are enough
    hint="Draw the two old pixels and the four new ones as squares on a line. Where are the centres?",
    misconceptions=(
        Misconception(
            "corners exchanged",
            lambda row: {"off": _ways(row)["on"], "on": _ways(row)["off"]},
            "Off and on are exchanged. On: the outermost centres coincide. Off: the outer borders do.",
        ),
        Misconception(
            "the old pixel comes first",
            lambda row: {"off": [row[0], row.mean(), row[1], row[1]]},
            "Your new centres lie at 0, 1/2, 1, 3/2. Pixels are squares here: the first new centre lies left of 0.",
        ),
        Misconception(
            "bilinear stamps are the resize",
            lambda row: {"stamped": _ways(row)["off"]},
            "Inside, the stamps equal the resize. At the border no neighbour's stamp helps: what is missing there?",
        ),
        Misconception(
            "beyond the centres the line goes on",
            lambda row: {"off": row[0] + (row[1] - row[0]) * np.array([-0.25, 0.25, 0.75, 1.25])},
            "You drew the line beyond the outermost centres. There is nothing to mix with: the border's value goes on.",
        ),
    ),
)


def _inside(kernel: int, stride: int) -> npt.NDArray[np.int64]:
    """How many stamps lie on the pixels of one period, along an axis, far from the rim."""
    counts = overlap_count((1, 12), (1, kernel), stride=(1, stride))[0]
    return np.sort(counts[6 * stride : 7 * stride])


def _overlap(kernel: int, stride: int) -> dict[str, Any]:
    inside = _inside(kernel, stride)
    return {"along an axis": inside, "families": np.sort(np.outer(inside, inside).ravel())}


def _draw_overlap(draws: Draws) -> dict[str, int]:
    kernel, stride = draws.choice([(4, 3), (5, 3), (7, 3), (8, 3), (5, 2), (7, 2)])
    return {"kernel": kernel, "stride": stride}


STAMPS = ValueExercise(
    id="09.2",
    title="How many stamps meet?",
    reference=_overlap,
    given={"kernel": 5, "stride": 3},
    draw=_draw_overlap,
    hint="Number the weights along an axis 0, 1, 2, … Which of them are a whole number of strides apart?",
    misconceptions=(
        Misconception(
            "as often everywhere",
            lambda kernel, stride: {
                "along an axis": np.full(stride, kernel // stride),
                "families": np.full(stride**2, (kernel // stride) ** 2),
            },
            "You have the same number everywhere. The stride does not divide the kernel: some pixels get one more.",
        ),
        Misconception(
            "counts are added",
            lambda kernel, stride: {
                "families": np.sort(np.add.outer(_inside(kernel, stride), _inside(kernel, stride)).ravel())
            },
            "You added the counts of both axes. A stamp that fits in one of them is met with each of the other.",
        ),
        Misconception(
            "one more for too many",
            lambda kernel, stride: {
                "along an axis": np.sort(np.arange(stride) >= kernel % stride) + kernel // stride
            },
            "The number of pixels with one stamp more is exchanged with that of the others. Count the weights.",
        ),
    ),
)
