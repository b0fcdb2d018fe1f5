"""12.4: what it costs to lay beside instead of to add."""

from __future__ import annotations

from typing import Any

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise


def _costs(channels: int, poolings: int, side: int) -> dict[str, Any]:
    """Reference of 12.4: PyTorch's own layers and maps, which hold no numbers on the device "meta"."""
    import torch
    from torch import nn

    beside, on_top, kept = [], [], 0
    with torch.device("meta"):
        for level in range(poolings):
            c = channels * 2**level
            beside.append(nn.Conv2d(2 * c, c, 3).weight.numel())
            on_top.append(nn.Conv2d(c, c, 3).weight.numel())
            kept += torch.zeros(c, side // 2**level, side // 2**level).numel()
    return {"beside": beside, "on top": on_top, "kept": kept}


def _first_convolutions(channels: int, poolings: int, inputs: int, outputs: int, kernel: int) -> list[int]:
    """Weights of each level's convolution, from and to some times its channels."""
    return [kernel * inputs * outputs * (channels * 2**level) ** 2 for level in range(poolings)]


def _draw_costs(draws: Draws) -> dict[str, int]:
    poolings = draws.whole(2, 3)
    side = 2**poolings * draws.choice([4, 8, 10])
    return {"channels": draws.choice([2, 4, 5, 10]), "poolings": poolings, "side": side}


COSTS = ValueExercise(
    id="12.4",
    title="Beside or on top, in numbers",
    reference=_costs,
    given={"channels": 10, "poolings": 3, "side": 80},
    draw=_draw_costs,
    hint="A convolution has 9 weights for each pair of a channel that it reads and one that it writes.",
    misconceptions=(
        Misconception(
            "a kernel of one weight",
            lambda channels, poolings, side: {
                "beside": _first_convolutions(channels, poolings, 2, 1, 1),
                "on top": _first_convolutions(channels, poolings, 1, 1, 1),
            },
            "You count pairs of channels. Each pair has a kernel of 3 × 3.",
        ),
        Misconception(
            "the answer has twice the channels, too",
            lambda channels, poolings, side: {"beside": _first_convolutions(channels, poolings, 2, 2, 9)},
            "Your convolution also writes twice the channels. It reads both maps and makes one of them, as on the left.",
        ),
        Misconception(
            "joined before the way up",
            lambda channels, poolings, side: {"beside": _first_convolutions(channels, poolings, 3, 1, 9)},
            "You lay the skip beside the map of the level below. The way up halves its channels first.",
        ),
        Misconception(
            "a sum has the channels of both",
            lambda channels, poolings, side: {"on top": _first_convolutions(channels, poolings, 2, 1, 9)},
            "You count as if both were there after the sum. A sum of two maps has as many channels as one of them.",
        ),
        Misconception(
            "the bottom waits, too",
            lambda channels, poolings, side: {"kept": _costs(channels, poolings + 1, side)["kept"]},
            "You count the bottom. It has no partner on the right: its map goes up at once.",
        ),
        Misconception(
            "maps without channels",
            lambda channels, poolings, side: {"kept": sum((side // 2**k) ** 2 for k in range(poolings))},
            "You count pixels. Each has as many numbers as its map has channels.",
        ),
        Misconception(
            "sides are not halved",
            lambda channels, poolings, side: {"kept": sum(channels * 2**k * side**2 for k in range(poolings))},
            "Your maps all have the image's side. Each pooling halves height and width.",
        ),
    ),
)
