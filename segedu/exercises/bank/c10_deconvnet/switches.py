"""10.5 to 10.7: numbers put back by their switches, on maps of any size, and switches of two bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception
from segedu.upsampling import max_pool2d, max_unpool2d, resize_nearest

Maps = npt.NDArray[Any]
Size = tuple[int, int]


def _one_list(values: Maps, switches: Maps, size: Size) -> Maps:
    """All channels in one list: the mistake of who reads a switch as an index of the whole array."""
    maps = np.zeros((len(values), *size), values.dtype)
    maps.ravel()[switches.ravel()] = values.ravel()
    return maps


def _doubled(values: Maps, switches: Maps, size: Size) -> Maps:
    return max_unpool2d(values, switches, (2 * values.shape[1], 2 * values.shape[2]))


def _by_columns(values: Maps, switches: Maps, size: Size) -> Maps:
    height, width = size
    column, row = np.divmod(switches, height)
    return max_unpool2d(values, row * width + column, size)


def _copies(values: Maps, switches: Maps, size: Size) -> Maps:
    max_unpool2d(values, switches, size)  # refuses what it has to
    return resize_nearest(values, size)


def _unchecked(values: Maps, switches: Maps, size: Size) -> Maps:
    """NumPy raises an IndexError beyond the end, and counts from the end below 0."""
    maps = np.zeros((len(values), size[0] * size[1]), values.dtype)
    places, numbers = (array.reshape(len(values), -1) for array in (switches, values))
    np.put_along_axis(maps, places, numbers, axis=1)
    return maps.reshape(-1, *size)


def _random_switches(rng: np.random.Generator) -> tuple[Maps, Maps, Size]:
    channels, height, width = (int(n) for n in rng.integers([1, 2, 2], [4, 8, 8]))
    _, switches = max_pool2d(rng.integers(0, 9, (channels, height, width)), 2)
    return rng.integers(1, 10, switches.shape).astype(float), switches, (height, width)


def _maps(*rows: Any) -> Maps:
    return np.array(rows, float)


UNPOOL = FunctionExercise(
    id="10.5",
    title="Unpooling",
    reference=max_unpool2d,
    cases=(
        Case((_maps([[5, 4]]), np.array([[[4, 7]]]), (2, 4)), "one channel"),
        Case((_maps([[5]], [[6]]), np.array([[[3]], [[1]]]), (2, 2)), "two channels"),
        Case((_maps([[2, 5]]), np.array([[[1, 7]]]), (2, 5)), "five columns"),
        Case(
            (_maps([[np.nan], [-3]]), np.array([[[0], [5]]]), (4, 2)),
            "a value that is undefined, and one below 0",
        ),
        Case((_maps([[2, 5]]), np.array([[[1, 7]]]), (1, 5)), "a switch beyond the end"),
        Case((_maps([[2, 5]]), np.array([[[1, -1]]]), (2, 4)), "a switch below 0"),
    ),
    random=_random_switches,
    hint="Take one channel as a list of H · W zeros. A switch is an index of this list.",
    misconceptions=(
        Misconception(
            "switches are not checked",
            _unchecked,
            "Nobody looks at the switches: NumPy stops with an IndexError of its own, or counts from the end.",
        ),
        Misconception(
            "one list for all channels",
            _one_list,
            "All your numbers land in the first channels. A switch counts in the map of its own channel.",
        ),
        Misconception(
            "the first channel's switches",
            lambda values, switches, size: max_unpool2d(
                values, np.broadcast_to(switches[:1], values.shape), size
            ),
            "You used the switches of the first channel for all. Each channel has maxima of its own.",
        ),
        Misconception(
            "twice the pooled size",
            _doubled,
            "You made the map twice as large as the pooled one. Switches count in rows of the size that is given.",
        ),
        Misconception(
            "counted by columns",
            _by_columns,
            "Rows and columns are exchanged. A switch counts row by row.",
        ),
        Misconception(
            "copies in the whole window",
            _copies,
            "You copied each number into its whole window. That is nearest-neighbour upsampling, and needs no switches.",
        ),
    ),
)


def _there_and_back(x: Maps) -> Maps:
    """Reference of 10.6: a frame of −∞ makes the size even, and is cut off at the end."""
    framed = np.pad(x, [(0, n % 2) for n in x.shape], constant_values=-np.inf)
    back = max_unpool2d(*max_pool2d(framed, 2), (framed.shape[0], framed.shape[1]))
    return back[: x.shape[0], : x.shape[1]]


def _colleague(x: Maps) -> Maps:
    """What PyTorch makes of the colleague's lines; where a switch fits nowhere, it stops with a RuntimeError."""
    try:
        values, switches = max_pool2d(x, 2)
        return max_unpool2d(values, switches, (2 * values.shape[0], 2 * values.shape[1]))
    except ValueError as error:
        raise RuntimeError from error


def _rounded_down(x: Maps) -> Maps:
    values, switches = max_pool2d(x, 2)
    return max_unpool2d(values, switches, (x.shape[0], x.shape[1]))


def _filled_up(x: Maps) -> Maps:
    back = _colleague(x)
    return np.pad(back, [(0, n - m) for n, m in zip(x.shape, back.shape, strict=True)])


def _frame_of_zeros(x: Maps) -> Maps:
    framed = np.pad(x, [(0, n % 2) for n in x.shape])
    back = max_unpool2d(*max_pool2d(framed, 2), (framed.shape[0], framed.shape[1]))
    return back[: x.shape[0], : x.shape[1]]


def _enlarged(x: Maps) -> Maps:
    framed = np.pad(x, [(0, n % 2) for n in x.shape], constant_values=-np.inf)
    return max_pool2d(framed, 2)[0].repeat(2, axis=0).repeat(2, axis=1)[: x.shape[0], : x.shape[1]]


def _pole(height: int, width: int, column: int) -> Maps:
    x = np.zeros((height, width))
    x[:, column] = 1
    return x


def _random_map(rng: np.random.Generator) -> tuple[Maps]:
    return (rng.integers(-9, 10, rng.integers(2, 8, 2)).astype(float),)


POLE = FunctionExercise(
    id="10.6",
    title="Find the bug: the pole leans",
    reference=_there_and_back,
    cases=(
        Case((np.array([[1.0, 2], [5, 3]]),), "an even size"),
        Case((_pole(4, 5, 3),), "five columns"),
        Case((_pole(6, 7, 6),), "the pole stands in the last column"),
        Case((np.array([[-1.0, -2, -3], [-4, -5, -6], [-7, -8, -9]]),), "all numbers are below 0"),
        Case((np.array([[3.0, 1, 2]]),), "one row"),
    ),
    random=_random_map,
    hint="Print the switches. In which row of how many numbers does each of them count?",
    misconceptions=(
        Misconception(
            "the size is not passed on",
            _colleague,
            "As the colleague's, your unpooling does not know the size. It guesses twice the pooled one.",
        ),
        Misconception(
            "the pooling rounds down",
            _rounded_down,
            "The places are right now, but a last row or column never comes back: the pooling left it out.",
        ),
        Misconception(
            "filled up afterwards",
            _filled_up,
            "You fill up the map after the unpooling. Its size is right then, and the pole still leans.",
        ),
        Misconception(
            "a frame of zeros",
            _frame_of_zeros,
            "Your frame of zeros wins against numbers below 0, and they are lost. What never wins?",
        ),
        Misconception(
            "copies in the whole window",
            _enlarged,
            "You enlarge by copying. Each number should stand in one place, the one it came from.",
        ),
    ),
)


def _flat(places: Maps, width: int) -> Maps:
    """Reference of 10.7: it makes a map with these places, and pools it."""
    rows, columns = np.divmod(places, 2)
    channels, height, across = places.shape
    maps = np.zeros((channels, 2 * height, width))
    channel, row, column = np.indices(places.shape)
    maps[channel, 2 * row + rows, 2 * column + columns] = 1
    return max_pool2d(maps, 2)[1][..., :across]


def _column_first(places: Maps, width: int) -> Maps:
    return _flat(np.array([0, 2, 1, 3])[places], width)


def _single_steps(places: Maps, width: int) -> Maps:
    _, row, column = np.indices(places.shape)
    return (row + places // 2) * width + column + places % 2


def _through_channels(places: Maps, width: int) -> Maps:
    size = 2 * places.shape[1] * width
    return _flat(places, width) + size * np.arange(len(places))[:, None, None]


def _window_by_window(places: Maps, width: int) -> Maps:
    _, row, column = np.indices(places.shape)
    return 4 * (row * places.shape[2] + column) + places


def _random_places(rng: np.random.Generator) -> tuple[Maps, int]:
    shape = rng.integers([1, 1, 1], [4, 5, 5])
    return rng.integers(0, 4, shape), 2 * int(shape[2]) + int(rng.integers(0, 2))


BITS = FunctionExercise(
    id="10.7",
    title="Two bits for a switch",
    reference=_flat,
    cases=(
        Case((np.array([[[0, 1, 2, 3]]]), 8), "one row of windows"),
        Case((np.array([[[0], [0], [3]]]), 2), "one column of windows"),
        Case((np.array([[[2, 1], [0, 3]]]), 4), "four windows"),
        Case((np.array([[[2, 1], [0, 3]]]), 5), "a column is left over"),
        Case((np.array([[[1]], [[1]]]), 2), "two channels"),
    ),
    random=_random_places,
    integers=True,
    hint="In which row of the map does the window begin, and in which does its lower half lie?",
    misconceptions=(
        Misconception(
            "twice as many columns",
            lambda places, width: _flat(places, 2 * places.shape[2]),
            "You take it that the map has twice as many columns as there are windows. The width is given.",
        ),
        Misconception(
            "down before across",
            _column_first,
            "Place 1 is to the right of place 0, not below.",
        ),
        Misconception(
            "windows overlap",
            _single_steps,
            "Your windows begin one pixel apart. They lie side by side, so they begin two apart.",
        ),
        Misconception(
            "window by window",
            _window_by_window,
            "You count window by window, four numbers each. A switch counts row by row through the whole map.",
        ),
        Misconception(
            "through all channels",
            _through_channels,
            "You count on from channel to channel. Each channel begins at 0 again.",
        ),
    ),
)
