"""Scenes for the tests of the widgets: random ones with every kind of segment, and a small street."""

from __future__ import annotations

import numpy as np

from segedu import NO_INSTANCE, VOID, Category, Scene
from segedu.widgets.prediction_edits import prediction_edits

NAMES = ("road", "sky", "car", "person", "traffic sign", "<b>café</b> & co")
COLORS = ((128, 64, 128), (70, 130, 180), (0, 0, 142), (220, 20, 60), (220, 220, 0), (119, 11, 32))


def random_scene(seed: int) -> Scene:
    """A scene of random size, split and labels: stuff, objects with gaps in their ids, crowds, void."""
    rng = np.random.default_rng(seed)
    height, width = (int(n) for n in rng.integers(1, [12, 150]))
    categories = tuple(
        Category(10 * k, name, bool(rng.integers(2)), color)
        for k, (name, color) in enumerate(zip(NAMES, COLORS, strict=True))
    )
    semantic = rng.choice([0, 1, 2, 3, 4, VOID], p=[0.2, 0.1, 0.3, 0.2, 0.1, 0.1], size=(height, width))
    semantic = np.repeat(semantic, 3, axis=1)[:, :width]
    instance = np.where(
        rng.random((height, width)) < 0.7, 1 + semantic + 1000 * rng.integers(0, 3, (height, width)), 0
    )
    isthing = np.zeros(VOID + 1, bool)
    isthing[: len(categories)] = [category.isthing for category in categories]
    instance[~isthing[semantic]] = NO_INSTANCE
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    return Scene(image, semantic, instance, categories)


def small_street() -> Scene:
    """A street of 64 × 128 pixels: sky over road, two touching cars, a third one, a crowd of people, void.

    The first car fills rows 24 to 39 and columns 16 to 31, the second columns 32 to 55, the third, in rows
    44 to 51, columns 80 to 95. The crowd: rows 26 to 35, columns 100 to 119. Void: the last four rows.
    """
    categories = (
        Category(7, "road", False, (128, 64, 128)),
        Category(23, "sky", False, (70, 130, 180)),
        Category(24, "person", True, (220, 20, 60)),
        Category(26, "car", True, (0, 0, 142)),
    )
    semantic = np.zeros((64, 128), int)
    semantic[:28] = 1
    instance = np.zeros((64, 128), int)
    cars = ((24, 40, 16, 32), (24, 40, 32, 56), (44, 52, 80, 96))
    for number, (top, bottom, left, right) in enumerate(cars, start=4):  # ids need not begin with 1
        semantic[top:bottom, left:right] = 3
        instance[top:bottom, left:right] = number
    semantic[26:36, 100:120] = 2
    semantic[-4:] = VOID
    rows, cols = np.mgrid[:64, :128]
    image = np.stack([2 * cols, 4 * rows, 255 - 2 * cols], axis=2).astype(np.uint8)
    return Scene(image, semantic, instance, categories)


def edits_of(scene: Scene) -> dict[str, np.ndarray]:
    """All predictions that are made from a scene's truth, by name."""
    return {
        edit.step_name(k): step.preds for edit in prediction_edits(scene) for k, step in enumerate(edit.steps)
    }
