"""12.1 and 12.5: how the side of an image changes on its way through the valid form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Case, FunctionExercise, Misconception, ValueExercise


def _sides(side: int, poolings: int) -> dict[str, Any]:
    """Reference of 12.1: shapes of PyTorch's own layers, which compute nothing on the device "meta"."""
    import torch
    from torch import nn

    with torch.device("meta"):
        convolutions = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3))
        pool, up = nn.MaxPool2d(2), nn.ConvTranspose2d(1, 1, 2, stride=2)
        x, skips, cropped = torch.zeros(1, 1, side, side), [], []
        for _ in range(poolings):
            skips.append(convolutions(x))
            x = pool(skips[-1])
        bottom = x = convolutions(x)
        for skip in reversed(skips):
            x = up(x)
            cropped.append((skip.shape[-1] - x.shape[-1]) // 2)
            x = convolutions(x)
    return {
        "skips": [skip.shape[-1] for skip in skips],
        "bottom": bottom.shape[-1],
        "out": x.shape[-1],
        "cropped": cropped[::-1],
    }


def _cheap(side: int, poolings: int) -> dict[str, Any]:
    """Each pair of convolutions costs two rows."""
    skips = []
    for _ in range(poolings):
        skips.append(side - 2)
        side = skips[-1] // 2
    out = bottom = side - 2
    for _ in range(poolings):
        out = 2 * out - 2
    return {"skips": skips, "bottom": bottom, "out": out}


def _padded(side: int, poolings: int) -> dict[str, Any]:
    skips = [side // 2**level for level in range(poolings)]
    return {"skips": skips, "bottom": side // 2**poolings, "out": side, "cropped": [0] * poolings}


def _crops(side: int, poolings: int, lost: int) -> list[int]:
    """The rows that go on each side if the map from below has lost some more, or fewer, rows."""
    return [rows + lost for rows in _sides(side, poolings)["cropped"]]


def _draw_side(draws: Draws) -> dict[str, int]:
    poolings = draws.whole(2, 3)
    smallest = {2: 44, 3: 92}[poolings]
    return {"side": smallest + 2**poolings * draws.whole(3, 20), "poolings": poolings}


SIDES = ValueExercise(
    id="12.1",
    title="Through a smaller U by hand",
    reference=_sides,
    given={"side": 220, "poolings": 3},
    draw=_draw_side,
    hint="On each level, down and up: two convolutions of 3 × 3, and then the pooling or the way up.",
    misconceptions=(
        Misconception(
            "two convolutions cost two rows",
            _cheap,
            "You take off two rows for each level. There are two convolutions on it, and each costs a row on each side.",
        ),
        Misconception(
            "padded",
            _padded,
            "Your convolutions keep the side: that is the padded form. In the valid one they stay inside of the map.",
        ),
        Misconception(
            "the skip is taken after the pooling",
            lambda side, poolings: {"skips": [skip // 2 for skip in _sides(side, poolings)["skips"]]},
            "These are the sides after the pooling. The skip leaves before it: what comes later has lost the places.",
        ),
        Misconception(
            "no convolutions at the bottom",
            lambda side, poolings: {"bottom": _sides(side, poolings)["bottom"] + 4},
            "That is what comes down. There are two convolutions at the bottom, too.",
        ),
        Misconception(
            "no convolutions after the last way up",
            lambda side, poolings: {"out": _sides(side, poolings)["out"] + 4},
            "Two convolutions follow the last way up, too. Only the one of 1 × 1 behind them costs nothing.",
        ),
        Misconception(
            "both sides of the crop together",
            lambda side, poolings: {"cropped": [2 * rows for rows in _crops(side, poolings, 0)]},
            "That is how many rows go in all. Half of them go at the top, and half at the bottom.",
        ),
        Misconception(
            "cropped to what the level gives",
            lambda side, poolings: {"cropped": _crops(side, poolings, 2)},
            "You crop to the map that leaves the level. Both maps meet before its two convolutions.",
        ),
    ),
)


def out_side(side: int, poolings: int) -> int:
    """Reference of 12.5, in one step: what fits, and what is lost.

    With m rows before the convolutions at the bottom, the image has m · step + 4 (1 + 2 + 4 + … + step / 2).
    """
    step = 2**poolings
    lost_down, lost_at_the_bottom = 4 * (step - 1), 4 * step
    lost = 2 * lost_down + lost_at_the_bottom
    if (side - lost_down) % step or side <= lost:
        raise ValueError(f"side: {side} does not fit {poolings} poolings")
    return side - lost


def _even(side: int) -> int:
    if side % 2:
        raise ValueError("an odd side")
    return side // 2


def _follow(
    side: int,
    poolings: int,
    *,
    halve: Callable[[int], int] = _even,
    lost: int = 4,
    bottom: int = 4,
    last: int = 4,
    checked: bool = True,
) -> int:
    """Level by level, so that a mistake can be made on each."""
    for _ in range(poolings):
        side = halve(side - lost)
    side -= bottom
    for level in reversed(range(poolings)):
        side = 2 * side - (lost if level else last)
    if checked and side <= 0:
        raise ValueError("nothing is left")
    return side


def _random_side(rng: Any) -> tuple[int, int]:
    poolings = int(rng.integers(0, 6))
    step = 2**poolings
    fitting = step * int(rng.integers(3, 24)) + 4 * (step - 1)
    return fitting + (int(rng.integers(0, step)) if rng.random() < 0.4 else 0), poolings


FITS = FunctionExercise(
    id="12.5",
    title="Which sides fit?",
    reference=out_side,
    cases=(
        Case((572, 4), "the paper's"),
        Case((92, 3), "three poolings"),
        Case((5, 0), "no pooling at all"),
        Case((571, 4), "the first pooling meets an odd side"),
        Case((574, 4), "a later pooling meets an odd side"),
        Case((172, 4), "every side is even, and nothing is left"),
        Case((84, 3), "three poolings, and nothing is left"),
        Case((4, 0), "no pooling, and nothing is left"),
    ),
    random=_random_side,
    integers=True,
    hint="Go through the U level by level. Where does a pooling meet an odd side, and where does the map end?",
    misconceptions=(
        Misconception(
            "an odd side is rounded down",
            lambda side, poolings: _follow(side, poolings, halve=lambda odd: odd // 2),
            "A pooling meets an odd side and drops a row. Then the two sides of the U do not meet: it does not fit.",
        ),
        Misconception(
            "an odd side is rounded up",
            lambda side, poolings: _follow(side, poolings, halve=lambda odd: -(-odd // 2)),
            "A pooling meets an odd side and is rounded up, as in the padded form. The paper's does not fit then.",
        ),
        Misconception(
            "no map needs to be left",
            lambda side, poolings: _follow(side, poolings, checked=False),
            "You let sides pass from which nothing comes out, or less than nothing.",
        ),
        Misconception(
            "no convolutions at the bottom",
            lambda side, poolings: _follow(side, poolings, bottom=0),
            "Your bottom has no convolutions. There are two, and four rows there are many of the image.",
        ),
        Misconception(
            "one convolution a level",
            lambda side, poolings: _follow(side, poolings, lost=2, bottom=2, last=2),
            "You take off two rows for each level. Two convolutions of 3 × 3 take off four.",
        ),
        Misconception(
            "no convolutions after the last way up",
            lambda side, poolings: _follow(side, poolings, last=0),
            "Four rows too many come out: two convolutions follow the last way up, too.",
        ),
    ),
)
