"""Where the command line gets its scenes from: three parts, of which the last is looked at once, in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from segedu.datasets import CamVid, Nuclei
from segedu.scene import Scene
from segedu.synthetic import street_scene
from segedu.training.data import Scenes


@dataclass(frozen=True)
class Splits:
    """Scenes to learn from, to watch the learning, and to say in the end how good it is."""

    train: Scenes
    val: Scenes
    test: Scenes


class Streets(Sequence[Scene]):
    """Street scenes of a range of seeds, drawn when they are first asked for, and kept.

    Examples
    --------
    >>> streets = Streets(range(100, 103), (32, 64))
    >>> len(streets), streets[0].size, streets.ids
    (3, (32, 64), (100, 101, 102))
    """

    def __init__(self, seeds: range, size: tuple[int, int]) -> None:
        self.ids = tuple(seeds)
        self.size = size
        self._drawn: dict[int, Scene] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Scene: ...
    @overload
    def __getitem__(self, index: slice) -> list[Scene]: ...
    def __getitem__(self, index: int | slice) -> Scene | list[Scene]:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        seed = self.ids[index]
        if seed not in self._drawn:
            self._drawn[seed] = street_scene(seed, self.size)
        return self._drawn[seed]


def streets(size: tuple[int, int]) -> Splits:
    """400 streets to learn from, 50 and 100 others to validate and to test: no seed is in two of them."""
    return Splits(
        Streets(range(400), size), Streets(range(10_000, 10_050), size), Streets(range(20_000, 20_100), size)
    )


def camvid(root: str | Path) -> Splits:
    """CamVid's own three parts, 367, 101 and 233 frames."""
    return Splits(CamVid(root, "train"), CamVid(root, "val"), CamVid(root, "test"))


class Some(Sequence[Scene]):
    """Some of the scenes of a data set, read when they are asked for."""

    def __init__(self, scenes: Nuclei, positions: npt.ArrayLike) -> None:
        self.scenes = scenes
        self.positions = np.asarray(positions)
        self.ids = tuple(scenes.ids[k] for k in self.positions)
        self.groups = tuple(scenes.groups[k] for k in self.positions)

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Scene: ...
    @overload
    def __getitem__(self, index: slice) -> list[Scene]: ...
    def __getitem__(self, index: int | slice) -> Scene | list[Scene]:
        if isinstance(index, slice):
            return [self.scenes[int(k)] for k in self.positions[index]]
        return self.scenes[int(self.positions[index])]


def nuclei(root: str | Path) -> Splits:
    """Nuclei by groups: this book's val part to test, an eighth of the other groups to validate.

    Tiles of one field of view are never in two parts.
    """
    test = Nuclei(root, "val")
    rest = Nuclei(root, "train")
    groups = np.array(rest.groups)
    kinds = np.unique(groups)
    held = np.random.default_rng(0).permutation(kinds)[: len(kinds) // 8]
    val = np.isin(groups, held)
    return Splits(
        Some(rest, np.flatnonzero(~val)), Some(rest, np.flatnonzero(val)), Some(test, range(len(test)))
    )


def nuclei_at_random(root: str | Path) -> Splits:
    """The same images in parts of the same sizes, but drawn image by image, as nobody should.

    Most images to test have a neighbour to learn from. It is there to measure what such a leak is worth.
    """
    parts, scenes = nuclei(root), Nuclei(root)
    order = np.random.default_rng(0).permutation(len(scenes))
    first, second = len(parts.train), len(parts.train) + len(parts.val)
    return Splits(Some(scenes, order[:first]), Some(scenes, order[first:second]), Some(scenes, order[second:]))
