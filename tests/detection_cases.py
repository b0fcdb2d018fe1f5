"""Scenes for the tests of detectors: few objects, many, none, tiny, touching, covered."""

import numpy as np
import torch

from segedu import Category, Scene
from segedu.models import mask_rcnn

GROUND, BALL, BOX = (
    Category(0, "ground", False, (90, 90, 90)),
    Category(7, "ball", True, (220, 30, 30)),
    Category(9, "box", True, (30, 60, 220)),
)


def scene_of(instance, labels, *, semantic=None):
    """A scene from a map of instance ids; object k has the class ``labels[k - 1]`` and its class's colour."""
    instance = np.asarray(instance)
    if semantic is None:
        semantic = np.array([0, *labels])[instance]
    colors = np.array([c.color for c in (GROUND, BALL, BOX)] + [(0, 0, 0)], np.uint8)
    return Scene(colors[np.minimum(semantic, 3)], semantic, instance, (GROUND, BALL, BOX))


def squares(places, size=(32, 32)):
    """Objects (top, left, side, label), the later ones in front; those that are covered are not there."""
    instance = np.zeros(size, int)
    for number, (top, left, side, _) in enumerate(places, start=1):
        instance[top : top + side, left : left + side] = number
    return scene_of(instance, [label for *_, label in places])


def some_squares(count, seed=0, size=(32, 32)):
    rng = np.random.default_rng(seed)
    return [
        squares(
            [
                (*rng.integers(0, 22, 2), int(rng.integers(5, 11)), int(rng.integers(1, 3)))
                for _ in range(rng.integers(1, 4))
            ],
            size,
        )
        for _ in range(count)
    ]


ODD_SCENES = {
    "no things": squares([]),
    "one pixel": squares([(9, 9, 1, 1)]),
    "touching": squares([(4, 4, 8, 1), (4, 12, 8, 1), (12, 4, 8, 2)]),
    "covered": squares([(4, 4, 4, 1), (2, 2, 12, 2)]),
    "whole image": squares([(0, 0, 32, 2)]),
    "300 objects": squares([(2 * (k // 20), 2 * (k % 20), 2, 1 + k % 2) for k in range(300)], (40, 48)),
    "only a crowd": scene_of(np.zeros((32, 32), int), [], semantic=np.ones((32, 32), int)),
    "all void": scene_of(np.zeros((32, 32), int), [], semantic=np.full((32, 32), 255)),
}


def small_detector(seed=0, **settings):
    """The tiny Mask R-CNN, thinner still."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return mask_rcnn("tiny", 3, base_channels=8, **settings)
