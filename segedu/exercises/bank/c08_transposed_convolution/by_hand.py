"""8.1 and 8.2: one cell of stamped maps, and the sizes of a decoder, with pencil and paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise
from segedu.upsampling import conv_output_shape, conv_transpose2d, conv_transpose_output_shape

Map = npt.NDArray[np.int64]
KERNEL = np.arange(1, 10).reshape(3, 3)


def _cells(y: Map, kernel: Map) -> dict[str, Any]:
    return {f"stride {s}": conv_transpose2d(y, kernel, stride=s)[1, 2] for s in (1, 2)}


def _last_stamp(y: Map, kernel: Map) -> dict[str, Any]:
    """Each stamp erases what lies below it."""
    return {"stride 1": y[1, 1] * kernel[0, 1], "stride 2": y[0, 1] * kernel[1, 0]}


def _draw_stamps(draws: Draws) -> dict[str, Any]:
    powers = np.array(draws.shuffled([1, 10, 100, 1000])).reshape(2, 2)
    return {"y": powers, "kernel": np.array(draws.shuffled(range(1, 10))).reshape(3, 3)}


STAMPS = ValueExercise(
    id="08.1",
    title="Stamps by hand",
    reference=_cells,
    given={"y": np.array([[1, 10], [100, 1000]]), "kernel": KERNEL},
    draw=_draw_stamps,
    hint="Draw the square that each stamp covers. Which entry of the kernel lies on the cell?",
    misconceptions=(
        Misconception(
            "the kernel is turned",
            lambda y, kernel: _cells(y, kernel[::-1, ::-1]),
            "You turned the kernel. A stamp is laid down as it is; only who slides over zeros has to turn it.",
        ),
        Misconception(
            "stamps erase each other",
            _last_stamp,
            "Only the last stamp is left in your cell. Where stamps overlap, they add up.",
        ),
        Misconception(
            "the stride is forgotten",
            lambda y, kernel: {"stride 2": _cells(y, kernel)["stride 1"]},
            "Your stamps lie one cell apart. With stride 2 they lie two cells apart, and fewer of them meet.",
        ),
    ),
)

HOW = {"stride": 2, "padding": 1}


def _down(size: tuple[int, int], steps: int = 3) -> list[tuple[int, int]]:
    sizes = [size]
    for _ in range(steps):
        sizes.append(conv_output_shape(sizes[-1], 3, **HOW))
    return sizes


def _sizes(size: tuple[int, int]) -> dict[str, Any]:
    sizes = _down(size)
    wanted = np.array(sizes[-2::-1])
    made = np.array([conv_transpose_output_shape(found, 3, **HOW) for found in sizes[:0:-1]])
    return {"down": np.array(sizes[1:]), "output padding": wanted - made}


def _rounded_down(size: tuple[int, int]) -> dict[str, Any]:
    return {"down": np.array([np.array(size) // 2**k for k in (1, 2, 3)])}


SIZES = ValueExercise(
    id="08.2",
    title="There and back",
    reference=_sizes,
    given={"size": (45, 60)},
    draw=lambda draws: {"size": (draws.choice([43, 45, 51, 53]), draws.choice([52, 58, 60, 68]))},
    hint="On the way back take the formula with q = 0, and see what is missing to the size before.",
    misconceptions=(
        Misconception(
            "half, rounded down",
            _rounded_down,
            "You halved and rounded down. With this padding, the window at the end of an odd size still fits.",
        ),
        Misconception(
            "output padding from top to bottom",
            lambda size: {"output padding": _sizes(size)["output padding"][::-1]},
            "These are the steps in the order of the way down. The way back begins with the smallest map.",
        ),
        Misconception(
            "always one",
            lambda size: {"output padding": np.ones((3, 2), int)},
            "An output padding of 1 always gives an even size. Some sizes of this encoder are odd.",
        ),
        Misconception(
            "rows and columns exchanged",
            lambda size: {"output padding": _sizes(size)["output padding"][:, ::-1]},
            "Rows and columns are exchanged: the height comes first.",
        ),
    ),
)
