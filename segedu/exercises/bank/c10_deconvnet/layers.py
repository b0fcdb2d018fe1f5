"""10.4, 10.8 and 10.12: where a kernel takes a number, what two ways up cost, and what crosses."""

from __future__ import annotations

from typing import Any

import numpy as np

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise
from segedu.upsampling import conv2d, conv_output_shape, conv_transpose2d, convolution_matrix

CORNERS = [[0, 0], [0, 2], [2, 0], [2, 2]]


def _way(at: list[int], weight: list[int]) -> dict[str, list[int]]:
    """Reference of 10.4: it tries."""
    maps, kernel = np.zeros((5, 5)), np.zeros((3, 3))
    maps[tuple(at)] = kernel[tuple(weight)] = 1
    pressed = conv_transpose2d(maps, kernel, padding=1)
    twin = next(w for w in CORNERS if np.array_equal(conv2d(maps, _one(w), padding=1), pressed))
    return {"conv": _where(conv2d(maps, kernel, padding=1)), "deconv": _where(pressed), "twin": twin}


def _one(weight: list[int]) -> Any:
    kernel = np.zeros((3, 3))
    kernel[tuple(weight)] = 1
    return kernel


def _where(maps: Any) -> list[int]:
    return [int(k) for k in np.argwhere(maps)[0]]


def _exchanged(at: list[int], weight: list[int]) -> dict[str, list[int]]:
    right = _way(at, weight)
    return {"conv": right["deconv"], "deconv": right["conv"]}


def _no_padding(at: list[int], weight: list[int]) -> dict[str, list[int]]:
    pairs = list(zip(at, weight, strict=True))
    return {"conv": [a - w for a, w in pairs], "deconv": [a + w for a, w in pairs]}


WAY = ValueExercise(
    id="10.4",
    title="Predict, then run: which way?",
    reference=_way,
    given={"at": [2, 1], "weight": [0, 2]},
    draw=lambda draws: {"at": [draws.whole(1, 3), draws.whole(1, 3)], "weight": draws.choice(CORNERS)},
    hint="With padding 1, the middle of the kernel changes no place. Is the 1 before or behind the middle?",
    misconceptions=(
        Misconception(
            "exchanged",
            _exchanged,
            "Exchanged: a deconvolution presses its kernel on the number; a convolution lays it on each place of the "
            "result, and reads.",
        ),
        Misconception(
            "the padding is forgotten",
            _no_padding,
            "Your kernel begins at the number. With padding 1, its middle lies on the number, not its corner.",
        ),
        Misconception(
            "the number stays",
            lambda at, weight: {"conv": at, "deconv": at},
            "Your number stays where it was. Only a kernel with its 1 in the middle does that.",
        ),
        Misconception(
            "the same kernel",
            lambda at, weight: {"twin": weight},
            "With the same kernel, the convolution takes the number the other way.",
        ),
        Misconception(
            "mirrored in one axis",
            lambda at, weight: {"twin": [2 - weight[0], weight[1]]},
            "You mirrored the kernel top to bottom. Turning by 180° mirrors both axes.",
        ),
    ),
)


def _ways_up(channels_in: int, channels_out: int, side: int) -> dict[str, Any]:
    """Reference of 10.8: kernels and their sparse matrices, which have an entry for each multiplication."""
    pairs = channels_in * channels_out
    weights, work = [], []
    for size, stride, before in ((3, 1, 2 * side), (4, 2, side)):
        kernel = np.ones((size, size))
        whole = stride * (before - 1) + size  # nothing is cut off yet
        weights.append(pairs * kernel.size)
        work.append(pairs * convolution_matrix(kernel, (whole, whole), stride=stride).nnz)
    return {"unpooling": 0, "weights": weights, "multiply-adds": work}


def _work(taps: tuple[int, int], channels_in: int, channels_out: int, positions: tuple[int, int]) -> list[int]:
    return [tap * channels_in * channels_out * count**2 for tap, count in zip(taps, positions, strict=True)]


WAYS_UP = ValueExercise(
    id="10.8",
    title="Two ways up",
    reference=_ways_up,
    given={"channels_in": 256, "channels_out": 128, "side": 28},
    draw=lambda draws: {
        "channels_in": draws.choice([96, 128, 192]),
        "channels_out": draws.choice([32, 48, 64]),
        "side": draws.whole(3, 9) * 7,
    },
    hint="A kernel has weights for each pair of channels. It is laid down once for each number that goes in.",
    misconceptions=(
        Misconception(
            "switches are weights",
            lambda channels_in, channels_out, side: {"unpooling": channels_in * side**2},
            "These are switches. They come from each picture anew; nobody learns them.",
        ),
        Misconception(
            "unpooling learns its windows",
            lambda channels_in, channels_out, side: {"unpooling": 4 * channels_in},
            "An unpooling multiplies with nothing. Which of the four places it takes is said by the switch.",
        ),
        Misconception(
            "a kernel has no channels",
            lambda channels_in, channels_out, side: {"weights": [9, 16]},
            "That is one kernel. There is one for each pair of a channel that goes in and one that comes out.",
        ),
        Misconception(
            "zeros are not multiplied",
            lambda channels_in, channels_out, side: {
                "multiply-adds": _work((9, 16), channels_in, channels_out, (side, side))
            },
            "Your deconvolution meets as many numbers as before the unpooling. The zeros between are numbers, too.",
        ),
        Misconception(
            "a stamp for each number of the result",
            lambda channels_in, channels_out, side: {
                "multiply-adds": _work((9, 16), channels_in, channels_out, (2 * side, 2 * side))
            },
            "With stride 2 there are fewer stamps than numbers in the result: one for each number that goes in.",
        ),
    ),
)


def _wire(side: int, channels: int, stages: int) -> dict[str, int]:
    """Reference of 10.12, map by map, with the bytes that NumPy says."""
    number, place = np.dtype(np.float32).itemsize, np.dtype(np.int64).itemsize
    features = switches = deepest = 0
    for _ in range(stages):
        features += number * channels * side**2
        side = conv_output_shape((side, side), 2, stride=2)[0]
        deepest = channels * side**2  # one switch for each number
        switches += deepest
        channels *= 2
    return {
        "deepest": number * deepest,
        "switches": switches * 2 // 8,
        "PyTorch": place * switches,
        "features": features,
    }


def _times(name: str, factor: float) -> Any:
    return lambda **given: {name: _wire(**given)[name] * factor}


def _draw_wire(draws: Draws) -> dict[str, Any]:
    return {
        "side": 64 * draws.whole(2, 8),
        "channels": draws.choice([16, 32, 48]),
        "stages": draws.whole(2, 4),
    }


WIRE = ValueExercise(
    id="10.12",
    title="Design: a camera on a thin wire",
    reference=_wire,
    given={"side": 256, "channels": 64, "stages": 3},
    draw=_draw_wire,
    hint="Write down the shape of each map before and after its pooling. There is one switch for each pooled number.",
    misconceptions=(
        Misconception(
            "a switch for each number that goes in",
            lambda **given: {name: 4 * _wire(**given)[name] for name in ("switches", "PyTorch")},
            "You count a switch for each number that is pooled. One is kept for each number that comes out.",
        ),
        Misconception(
            "bits for bytes",
            _times("switches", 8),
            "These are bits. A byte has eight.",
        ),
        Misconception(
            "four bits",
            _times("switches", 2),
            "You gave four bits to a switch. Two are enough to tell four places apart.",
        ),
        Misconception(
            "32 bits in PyTorch",
            _times("PyTorch", 0.5),
            "That would be 32 bits for a switch. PyTorch keeps whole numbers of 64.",
        ),
        Misconception(
            "maps after the poolings",
            _times("features", 0.25),
            "These are the maps after the poolings. U-Net copies those before them.",
        ),
        Misconception(
            "numbers for bytes",
            lambda **given: {name: _wire(**given)[name] // 4 for name in ("deepest", "features")},
            "You counted numbers. Each of them takes four bytes.",
        ),
    ),
)
