"""What the tests of `segedu.training` train: tiny networks, tiny scenes."""

import numpy as np
import torch
from torch import nn

from segedu import Category, Scene
from segedu.synthetic import street_scene
from segedu.training import Recipe

DARK, LIGHT = Category(0, "dark", False, (0, 0, 90)), Category(1, "light", False, (255, 220, 0))


def halves(seed, size=(16, 16)):
    """A scene that a single convolution can learn: light columns beside dark ones, some rows void."""
    rng = np.random.default_rng(seed)
    semantic = np.zeros(size, np.uint8)
    semantic[:, : rng.integers(4, size[1] - 3)] = 1
    image = np.where(semantic == 1, 200, 50)[..., None] + rng.integers(-20, 21, (*size, 3))
    semantic[: rng.integers(0, size[0] // 2)] = 255  # more in some scenes than in others
    return Scene(image.astype(np.uint8), semantic, np.zeros(size, int), (DARK, LIGHT))


def some_halves(count, first=0):
    return [halves(seed) for seed in range(first, first + count)]


def some_streets(count, size=(32, 32)):
    return [street_scene(seed, size) for seed in range(count)]


def small_network(num_classes=2, *, dropout=0.0, seed=0):
    """Two convolutions without batch norm."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Dropout(dropout), nn.Conv2d(8, num_classes, 1)
        )


def recipe(**changes):
    return Recipe(**{"size": (16, 16), "epochs": 3, "batch_size": 2, "learning_rate": 0.02, **changes})


class StopError(Exception):
    """What stops a training that reads from `Stopping`."""


class Stopping(list):
    """Scenes that stop a training in its second epoch."""

    def __init__(self, scenes):
        super().__init__(scenes)
        self.left = 1 + len(self)  # one for the categories, all of them for an epoch

    def __getitem__(self, k):
        if not self.left:
            raise StopError
        self.left -= 1
        return super().__getitem__(k)
