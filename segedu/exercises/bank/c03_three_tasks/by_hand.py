"""3.1, 3.4 and 3.7: masks, segments and owners, and the task that a question needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise
from segedu.scene import VOID, Category, Scene

Map = npt.NDArray[Any]


def scene_of(semantic: Map, instance: Map) -> Scene:
    """The pair as a `Scene` of grass and sheep."""
    classes = Category(0, "grass", False, (0, 120, 0)), Category(1, "sheep", True, (220, 220, 220))
    image = np.zeros((*semantic.shape, 3), np.uint8)
    return Scene(image=image, semantic=semantic, instance=instance, categories=classes)


def _sheep(semantic: Map, instance: Map) -> dict[str, Any]:
    scene = scene_of(semantic, instance)
    masks, _ = scene.masks()
    return {
        "masks": len(masks),
        "pixels": masks.sum(axis=(1, 2)).tolist(),
        "segments": len(scene.segments()),
        "regions": ndimage.label(semantic == 1)[1],
    }


def _draw_sheep(draws: Draws) -> dict[str, Any]:
    """Sheep 1 in two pieces, the right one beside sheep 2; now and then a third one; void at the end."""
    instance = np.zeros((3, 8), np.int64)
    instance[0, : draws.whole(1, 2)] = 1
    instance[0:2, 3] = 1
    instance[0, 4 : 5 + draws.whole(0, 1)] = 2
    if draws.whole(0, 1):
        instance[2, draws.whole(0, 1)] = 3
    semantic = (instance > 0).astype(np.int64)
    semantic[2, 8 - draws.whole(1, 3) :] = VOID
    return {"semantic": semantic, "instance": instance}


SHEEP = ValueExercise(
    id="03.1",
    title="Sheep by hand",
    reference=_sheep,
    given={
        "semantic": np.array([[1, 1, 0, 1, 1], [0, 0, 0, 1, VOID]]),
        "instance": np.array([[1, 1, 0, 1, 2], [0, 0, 0, 1, 0]]),
    },
    draw=_draw_sheep,
    hint="One mask for each number, one segment for each object and for each class of stuff.",
    misconceptions=(
        Misconception(
            "a piece is a mask",
            lambda semantic, instance: {
                "masks": sum(ndimage.label(instance == n)[1] for n in np.unique(instance[instance > 0]))
            },
            "You counted pieces. Pixels with the same number are one object, wherever they lie.",
        ),
        Misconception(
            "void is a segment",
            lambda semantic, instance: {"segments": _sheep(semantic, instance)["segments"] + 1},
            "Void was counted as a segment. It belongs to none.",
        ),
        Misconception(
            "segments are objects",
            lambda semantic, instance: {"segments": len(np.unique(instance[instance > 0]))},
            "Stuff has segments too: one for each class.",
        ),
        Misconception(
            "a border between numbers separates regions",
            lambda semantic, instance: {
                "regions": sum(ndimage.label(instance == n)[1] for n in np.unique(instance[instance > 0]))
            },
            "Regions know nothing of numbers. Two sheep that touch are one region of the class.",
        ),
    ),
)


def _pasted(start: Sequence[int], stop: Sequence[int], order: Sequence[int]) -> list[int]:
    taken: set[int] = set()
    owned = [0] * len(start)
    for k in order:
        free = set(range(start[k], stop[k])) - taken
        owned[k] = len(free)
        taken |= free
    return owned


def _owned(start: Sequence[int], stop: Sequence[int], score: Sequence[float]) -> dict[str, Any]:
    """Reference of 3.4, with sets of pixels."""
    masks = range(len(start))
    return {
        "surest first": _pasted(start, stop, sorted(masks, key=lambda k: -score[k])),
        "smallest first": _pasted(start, stop, sorted(masks, key=lambda k: stop[k] - start[k])),
    }


def _reversed(start: Sequence[int], stop: Sequence[int], score: Sequence[float]) -> dict[str, Any]:
    masks = range(len(start))
    return {
        "surest first": _pasted(start, stop, sorted(masks, key=lambda k: score[k])),
        "smallest first": _pasted(start, stop, sorted(masks, key=lambda k: start[k] - stop[k])),
    }


def _shared(start: Sequence[int], stop: Sequence[int], score: Sequence[float]) -> dict[str, Any]:
    areas = [b - a for a, b in zip(start, stop, strict=True)]
    return {"surest first": areas, "smallest first": areas}


def _longer(start: Sequence[int], stop: Sequence[int], score: Sequence[float]) -> dict[str, Any]:
    return _owned(start, [b + 1 for b in stop], score)


def _draw_strip(draws: Draws) -> dict[str, Any]:
    """A long mask, a short one inside it, and a middle one across its end, with scores in any order."""
    first = draws.whole(0, 2)
    length = draws.whole(6, 8)
    inside = first + draws.whole(1, 2)
    across = first + length - draws.whole(1, 2)
    score = draws.shuffled([0.95, 0.9, 0.8])
    if score[1] == 0.95:
        score = [0.95, 0.8, 0.9]  # the small one must not go first in both orders
    return {
        "start": [first, inside, across],
        "stop": [first + length, inside + 2, across + 4],
        "score": score,
    }


STRIP = ValueExercise(
    id="03.4",
    title="Who gets the pixel?",
    reference=_owned,
    given={"start": [0, 1, 4], "stop": [6, 3, 8], "score": [0.9, 0.8, 0.95]},
    draw=_draw_strip,
    hint="Draw the strip, and write into each pixel the first mask that takes it.",
    misconceptions=(
        Misconception(
            "whoever comes last paints over",
            _reversed,
            "Here the last mask wins, as paint does. A pixel that is taken stays taken: the first wins.",
        ),
        Misconception(
            "a pixel has two owners",
            _shared,
            "You gave every mask all its pixels. In a panoptic map a pixel has one owner.",
        ),
        Misconception(
            "stop is included",
            _longer,
            "You counted the pixel `stop` as well. A mask ends before it.",
        ),
        Misconception(
            "the orders are exchanged",
            lambda start, stop, score: dict(
                zip(
                    ("smallest first", "surest first"),
                    _owned(start, stop, score).values(),
                    strict=True,
                )
            ),
            "The two orders are exchanged: the surest has the largest score, the smallest the fewest pixels.",
        ),
    ),
)

TASKS = ValueExercise(
    id="03.7",
    title="The smallest task that will do",
    reference=lambda: {
        "forest": "semantic",
        "cells": "instance",
        "liver": "semantic",
        "cars": "instance",
        "robot": "panoptic",
        "apples": "semantic",
    },
    hint="Do two neighbours of one class have to be told apart? Does what is no object need a name?",
    misconceptions=(
        Misconception(
            "panoptic is best for everything",
            lambda: {"forest": "panoptic", "cells": "panoptic", "liver": "panoptic", "cars": "panoptic"},
            "Panoptic would answer it too, and somebody has to label more than the question needs.",
        ),
        Misconception(
            "things need instances",
            lambda: {"apples": "instance"},
            "Apples can be counted, but nobody asks how many. How much of the picture is a question about classes.",
        ),
        Misconception(
            "a class map counts",
            lambda: {"cells": "semantic", "cars": "semantic"},
            "Two neighbours that touch are one patch in a label map. Here each of them must be told apart.",
        ),
        Misconception(
            "one organ is one instance",
            lambda: {"liver": "instance"},
            "There is one liver, and nothing to tell it apart from. The field does not decide, the question does.",
        ),
        Misconception(
            "instances cover everything",
            lambda: {"robot": "instance"},
            "The floor is no object: an instance answer says nothing about it.",
        ),
        Misconception(
            "stuff is all that matters",
            lambda: {"robot": "semantic"},
            "Person by person: two who stand close are one patch in a semantic answer.",
        ),
    ),
)
