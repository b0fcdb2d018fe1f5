"""Scenes that the tests of the readers write and read, and the real data where somebody has it."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from segedu import Scene
from segedu.datasets import cityscapes_label
from segedu.synthetic import street_scene

# What the classes of our street are called in Cityscapes. Its table counts no traffic signs; ours does.
STREET_LABELS = tuple(
    dataclasses.replace(cityscapes_label(name), has_instances=isthing)
    for name, isthing in [
        ("road", False),
        ("sidewalk", False),
        ("building", False),
        ("vegetation", False),
        ("sky", False),
        ("car", True),
        ("person", True),
        ("bicycle", True),
        ("traffic sign", True),
    ]
)


def streets():
    """Three streets of different sizes with everything that labels can have: things, stuff, a crowd, void."""
    return [
        street_scene(6, (128, 256), crowd=True, bonnet=True, void_border=1),
        street_scene(9, (96, 192), crowd=True),
        street_scene(3, (48, 48), bonnet=True),
    ]


def a_scene(categories, semantic, instance=None, image=None):
    """A small scene; a black image if none is given."""
    semantic = np.asarray(semantic)
    return Scene(
        np.zeros((*semantic.shape, 3), np.uint8) if image is None else image,
        semantic,
        np.zeros(semantic.shape, int) if instance is None else np.asarray(instance),
        tuple(categories),
    )


def without_stuff(scene):
    """What an instance file can hold of a scene: the rest is void."""
    isthing = np.array([c.isthing for c in scene.categories] + [False] * (256 - len(scene.categories)))
    return dataclasses.replace(scene, semantic=np.where(isthing[scene.semantic], scene.semantic, 255))


def renumbered(scene):
    """The same scene with instances 1, 2, … in the same order."""
    ids = np.unique(scene.instance)
    return dataclasses.replace(scene, instance=np.searchsorted(np.union1d([0], ids), scene.instance))


def real(*names):
    """The folders of real data that a test needs; it is skipped where they are not."""
    folder = os.environ.get("SEGEDU_DATA")
    if not folder:
        pytest.skip(f"SEGEDU_DATA is not set: it names the folder that holds {', '.join(names)}")
    for name in names:
        if not (Path(folder) / name).exists():
            pytest.skip(f"no {name} in SEGEDU_DATA={folder}")
    return [Path(folder) / name for name in names]
