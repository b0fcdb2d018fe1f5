"""4.1 and 4.2: the two number games of COCO, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from segedu import datasets
from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise
from segedu.masks import rle_area, rle_decode

Color = Sequence[int]


def _ids(first: Color, second: Color) -> dict[str, Any]:
    one, other = datasets.colors_to_ids(np.array([[first, second]], np.uint8))[0].tolist()
    return {"first": one, "second": other, "one object": one == other}


def _weighted(first: Color, second: Color, powers: Sequence[int]) -> dict[str, Any]:
    return {"first": int(np.dot(first, powers)), "second": int(np.dot(second, powers))}


def _draw_colors(draws: Draws) -> dict[str, Any]:
    first = [draws.whole(3, 200), draws.whole(1, 9), draws.whole(1, 3)]
    return {"first": first, "second": [first[0] + 1, *first[1:]]}


COLORS = ValueExercise(
    id="04.1",
    title="Ids from colours",
    reference=_ids,
    given={"first": [5, 1, 2], "second": [6, 1, 2]},
    draw=_draw_colors,
    hint="One colour is three digits of one number. What is each of them worth?",
    misconceptions=(
        Misconception(
            "blue is the smallest",
            lambda first, second: _weighted(first, second, [65536, 256, 1]),
            "You let red count most. COCO lets red count 1 and blue most.",
        ),
        Misconception(
            "255 for 256",
            lambda first, second: _weighted(first, second, [1, 255, 255 * 255]),
            "You calculate with 255. A byte has 256 values, 0 to 255.",
        ),
        Misconception(
            "the colours are added",
            lambda first, second: _weighted(first, second, [1, 1, 1]),
            "Adding up gives many colours the same number. Each colour has to stand for one id.",
        ),
        Misconception(
            "nearly the same colour is the same object",
            lambda first, second: {"one object": True},
            "The colours look alike, but the ids differ. An id is a name: there is no nearly.",
        ),
    ),
)


def _drawn(size: Sequence[int], counts: Sequence[int]) -> dict[str, Any]:
    rle = {"size": list(size), "counts": list(counts)}
    return {"mask": rle_decode(rle).astype(int), "pixels": rle_area(rle)}


def _by_rows(size: Sequence[int], counts: Sequence[int]) -> dict[str, Any]:
    height, width = size
    turned = rle_decode({"size": [width, height], "counts": list(counts)})
    return {"mask": turned.T.astype(int)}


def _ones_first(size: Sequence[int], counts: Sequence[int]) -> dict[str, Any]:
    mask = 1 - _drawn(size, counts)["mask"]
    return {"mask": mask, "pixels": int(mask.sum())}


def _draw_runs(draws: Draws) -> dict[str, Any]:
    """Runs whose ones are more or fewer than half of the pixels, never as many."""
    height, width = draws.choice([(4, 3), (3, 5), (5, 4)])
    counts = [draws.whole(0, 1), draws.whole(1, 2), draws.whole(2, 3), height]
    counts.append(height * width - sum(counts))
    if 2 * (counts[1] + counts[3]) == height * width:
        counts[1], counts[2] = counts[1] + 1, counts[2] - 1
    return {"size": [height, width], "counts": counts}


RUNS = ValueExercise(
    id="04.2",
    title="A mask from run lengths",
    reference=_drawn,
    given={"size": [4, 3], "counts": [0, 2, 3, 4, 3]},
    draw=_draw_runs,
    hint="Write the pixels one after the other first: so many zeros, so many ones, zeros again. Then lay them out.",
    misconceptions=(
        Misconception(
            "row by row",
            _by_rows,
            "You filled the rows. COCO goes down the columns, one after the other.",
        ),
        Misconception(
            "the first run is ones",
            _ones_first,
            "Zeros and ones are exchanged. The first number always counts zeros, even if there are none.",
        ),
        Misconception(
            "height and width exchanged",
            lambda size, counts: {"mask": _by_rows(size, counts)["mask"].T},
            "Your mask lies on its side: size is height, then width.",
        ),
        Misconception(
            "every run is of the mask",
            lambda size, counts: {"pixels": sum(counts)},
            "This is the whole picture. Every second run is the mask.",
        ),
    ),
)
