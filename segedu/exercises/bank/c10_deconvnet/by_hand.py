"""10.1 to 10.3: switches, sides, and the map at the end of an encoder, without a program."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise
from segedu.upsampling import Layer, max_pool2d, max_unpool2d, receptive_field

Map = npt.NDArray[np.int64]


def _places(x: Map) -> dict[str, Map]:
    """Reference of 10.1, in NumPy."""
    values, switches = max_pool2d(x, 2)
    return {"values": values, "switches": switches, "last row": max_unpool2d(values, switches, (4, 6))[-1]}


def _rows_and_columns(x: Map) -> tuple[Map, Map]:
    rows, columns = np.unravel_index(_places(x)["switches"], x.shape)
    return rows, columns


def _in_the_window(x: Map) -> dict[str, Map]:
    rows, columns = _rows_and_columns(x)
    return {"switches": 2 * (rows % 2) + columns % 2}


def _by_columns(x: Map) -> dict[str, Map]:
    rows, columns = _rows_and_columns(x)
    return {"switches": len(x) * columns + rows}


def _last_of_equals(x: Map) -> dict[str, Map]:
    values, switches = max_pool2d(x[::-1, ::-1], 2)
    own = x.size - 1 - switches[::-1, ::-1]
    return {"switches": own, "last row": max_unpool2d(values[::-1, ::-1], own, (4, 6))[-1]}


PLACES = ValueExercise(
    id="10.1",
    title="Switches by hand",
    reference=_places,
    given={"x": np.array([[1, 3, 0, 2, 4, 4], [2, 0, 5, 1, 3, 4], [6, 1, 2, 2, 0, 1], [0, 7, 1, 2, 0, 3]])},
    draw=lambda draws: {"x": draws.array((4, 6), 0, 7)},
    hint="Write the index of each number beside it: 0 to 5 in the first row, 6 to 11 in the second, and so on.",
    misconceptions=(
        Misconception(
            "places inside the window",
            _in_the_window,
            "These are places inside the windows, from 0 to 3. A switch counts through the whole map.",
        ),
        Misconception(
            "counted by columns",
            _by_columns,
            "You counted down the columns. A switch counts row by row.",
        ),
        Misconception(
            "counted from one",
            lambda x: {"switches": _places(x)["switches"] + 1},
            "You began to count at 1. The first number of the map is number 0.",
        ),
        Misconception(
            "the last of equal numbers",
            _last_of_equals,
            "Where the largest number stands twice, you took the last place. The first one counts.",
        ),
        Misconception(
            "copies in the whole window",
            lambda x: {"last row": _places(x)["values"][-1].repeat(2)},
            "Your numbers fill their windows. Unpooling puts each back in one place, and leaves 0 in the others.",
        ),
        Misconception(
            "pooling undone",
            lambda x: {"last row": x[-1]},
            "This is the row before the pooling. Three of the four numbers of a window are gone for good.",
        ),
    ),
)


def _sides(side: int, poolings: int) -> dict[str, Any]:
    """Reference of 10.2: windows begin at every second row, and the last may be cut off."""
    sizes = [side]
    for _ in range(poolings):
        sizes.append(len(range(0, sizes[-1], 2)))
    doubled = [2 * size for size in sizes[:0:-1]]
    wrong = sum(mine != right for mine, right in zip(doubled, sizes[-2::-1], strict=True))
    return {"down": sizes[1:], "doubled": doubled, "wrong": wrong}


def _rounded_down(side: int, poolings: int) -> dict[str, Any]:
    down = [side // 2**k for k in range(1, poolings + 1)]
    return {"down": down, "doubled": [2 * size for size in down[::-1]]}


def _chain(side: int, poolings: int) -> dict[str, Any]:
    down = _sides(side, poolings)["down"]
    doubled = [down[-1] * 2**k for k in range(1, poolings + 1)]
    right = [*down[-2::-1], side]
    return {"doubled": doubled, "wrong": sum(m != r for m, r in zip(doubled, right, strict=True))}


SIDES = ValueExercise(
    id="10.2",
    title="There and back",
    reference=_sides,
    given={"side": 50, "poolings": 4},
    draw=lambda draws: {
        "side": 16 * draws.whole(2, 6) + draws.choice([1, 2, 3, 5, 6, 7, 9, 10, 11]),
        "poolings": draws.whole(4, 5),
    },
    hint="Write the sides in a row, from the picture down. Then go back, and compare twice each with the one before.",
    misconceptions=(
        Misconception(
            "poolings round down",
            _rounded_down,
            "Your poolings round down, as PyTorch's do by themselves. These round up: no row is lost.",
        ),
        Misconception(
            "mistakes add up",
            _chain,
            "You doubled what had been doubled. Each unpooling starts from the right size, which was kept.",
        ),
        Misconception(
            "half a row",
            lambda side, poolings: {"down": [side / 2**k for k in range(1, poolings + 1)]},
            "A map has whole rows. A window that is half filled has a largest number, too, and counts.",
        ),
        Misconception(
            "the picture counts",
            lambda side, poolings: {"down": [side, *_sides(side, poolings)["down"][:-1]]},
            "Your list begins with the picture. Asked for are the sides after the poolings.",
        ),
    ),
)


def _stage(side: int, channels: int, stages: list[int], *, pool: int = 2) -> dict[str, Any]:
    """Reference of 10.3; `pool` is what a pooling sees."""
    layers: list[Layer] = []
    for convolutions in stages:
        layers += [Layer(3, padding=1)] * convolutions + [Layer(pool, 2)]
        side //= 2
    for _ in stages[1:]:
        channels *= 2
    shape = [channels, side, side]
    return {
        "shape": shape,
        "bytes": np.empty(shape, np.float32).nbytes,
        "field": receptive_field(layers)[-1].size[0],
    }


def _flat_steps(side: int, channels: int, stages: list[int]) -> dict[str, Any]:
    return {"field": 1 + sum(2 * convolutions + 1 for convolutions in stages)}


def _with_shape(shape: list[int]) -> dict[str, Any]:
    return {"shape": shape, "bytes": 4 * int(np.prod(shape))}


def _draw_stage(draws: Draws) -> dict[str, Any]:
    stages = [draws.whole(1, 3) for _ in range(draws.whole(3, 4))]
    return {"side": 16 * draws.whole(5, 16), "channels": draws.choice([8, 16, 32]), "stages": stages}


STAGE = ValueExercise(
    id="10.3",
    title="A fourth stage",
    reference=_stage,
    given={"side": 224, "channels": 64, "stages": [2, 2, 3, 3]},
    draw=_draw_stage,
    hint="Go stage by stage. How wide is a step there, and what does each of its layers add to the field?",
    misconceptions=(
        Misconception(
            "steps do not grow",
            _flat_steps,
            "All your layers add the same. After a pooling, a step is twice as wide as before.",
        ),
        Misconception(
            "pooling sees nothing",
            lambda **given: {"field": _stage(**given, pool=1)["field"]},
            "You left out what the poolings see. A window of 2 adds one step.",
        ),
        Misconception(
            "a pooling less",
            lambda **given: _with_shape([_stage(**given)["shape"][0], *[2 * _stage(**given)["shape"][1]] * 2]),
            "One pooling is missing. The map that is asked for comes after the last one.",
        ),
        Misconception(
            "doubled once too often",
            lambda **given: _with_shape([2 * _stage(**given)["shape"][0], *_stage(**given)["shape"][1:]]),
            "Too many channels: the first stage has those that are given, and doubling begins with the second.",
        ),
        Misconception(
            "numbers for bytes",
            lambda **given: {"bytes": _stage(**given)["bytes"] // 4},
            "You counted numbers. Each of them takes four bytes.",
        ),
        Misconception(
            "one channel",
            lambda **given: {"bytes": _stage(**given)["bytes"] // _stage(**given)["shape"][0]},
            "These are the bytes of one channel.",
        ),
    ),
)
