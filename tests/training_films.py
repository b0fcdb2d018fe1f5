"""A training run that never was: what the tests of TrainingPlayer play."""

from __future__ import annotations

import math

import numpy as np

from segedu import Scene
from segedu.scene import VOID
from segedu.training import Epoch, History, Recording
from widget_scenes import small_street

EPOCHS = 4


def film(*scenes: Scene, epochs: int = EPOCHS) -> Recording:
    """A run that gets a share of k / epochs of the pixels right after k epochs, and calls the rest class 0."""
    rng = np.random.default_rng(0)
    scenes = scenes or (small_street(),)
    preds = []
    for scene in scenes:
        order = rng.random(scene.size)
        truth = np.where(scene.semantic == VOID, 1, scene.semantic)
        frames = [np.where(order < k / epochs, truth, 0) for k in range(epochs + 1)]
        preds.append(np.stack(frames).astype(np.uint8))
    classes = len(scenes[0].categories)
    history = [
        Epoch(k, 2.0 / (k + 1), 0.01 * (epochs - k), 1.0, (k + 1) / 5,
              (math.nan, *((k + 1) / (5 + c) for c in range(1, classes))))
        for k in range(epochs)
    ]  # fmt: skip
    return Recording(tuple(scenes), tuple(preds), History(history))
