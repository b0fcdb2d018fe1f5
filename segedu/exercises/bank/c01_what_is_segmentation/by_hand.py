"""1.1 and 1.2: how many numbers an answer takes, and which answer holds which."""

from __future__ import annotations

from typing import Any

import numpy as np

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise


def _numbers(height: int, width: int, classes: int, objects: int) -> dict[str, Any]:
    return {
        "image labels": classes,
        "boxes": 5 * objects,
        "masks": int(np.prod((objects, height, width))),
        "label map": height * width,
    }


def _draw_sizes(draws: Draws) -> dict[str, Any]:
    return {
        "height": 60 * draws.whole(4, 9),
        "width": 80 * draws.whole(4, 9),
        "classes": draws.whole(7, 20),
        "objects": draws.whole(2, 6),
    }


NUMBERS = ValueExercise(
    id="01.1",
    title="Count the numbers of an answer",
    reference=_numbers,
    given={"height": 480, "width": 640, "classes": 10, "objects": 4},
    draw=_draw_sizes,
    hint="Think of the array that holds the answer. What is its shape?",
    misconceptions=(
        Misconception(
            "a box without a class",
            lambda height, width, classes, objects: {"boxes": 4 * objects},
            "Your boxes have four coordinates each, and no class. A detector also says what is inside.",
        ),
        Misconception(
            "a label map has three channels",
            lambda height, width, classes, objects: {"label map": 3 * height * width},
            "Three numbers for each pixel are a colour. A label map holds one number, the class index.",
        ),
        Misconception(
            "a number for each class and pixel",
            lambda height, width, classes, objects: {"label map": classes * height * width},
            "You count every class at every pixel. A label map says only which one it is.",
        ),
        Misconception(
            "one mask for all objects",
            lambda height, width, classes, objects: {"masks": height * width},
            "This is one mask. Each object has one of its own, as large as the picture.",
        ),
        Misconception(
            "only the classes of the objects",
            lambda height, width, classes, objects: {"image labels": objects},
            "Image labels say of each possible class whether it is there, however many objects there are.",
        ),
    ),
)

READ_OFF = ValueExercise(
    id="01.2",
    title="What can be read off what?",
    reference=lambda: {
        "boxes from masks": True,
        "masks from boxes": False,
        "names from label map": True,
        "boxes from label map": False,
        "label map from masks": False,
    },
    hint="Write True or False. Imagine two different pictures with the same first answer: must the second be the same?",
    misconceptions=(
        Misconception(
            "a box knows the shape",
            lambda: {"masks from boxes": True},
            "A bicycle and a fridge can have the same box. What does a box know about the shape inside?",
        ),
        Misconception(
            "a patch is an object",
            lambda: {"boxes from label map": True},
            "Two cars that overlap are one patch of the class car. Which box belongs to which?",
        ),
        Misconception(
            "objects fill the picture",
            lambda: {"label map from masks": True},
            "Cars and pedestrians do not fill a street. What would you write at the other pixels?",
        ),
        Misconception(
            "a mask does not know its place",
            lambda: {"boxes from masks": False},
            "A mask is as large as the picture. Its first and last rows and columns are known.",
        ),
        Misconception(
            "indices have no names",
            lambda: {"names from label map": False},
            "The list of classes belongs to the map. Which indices occur can be looked up.",
        ),
    ),
)
