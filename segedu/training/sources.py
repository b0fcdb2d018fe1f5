"""Where the command line gets its scenes from: three parts, of which the last is looked at once, in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from segedu.datasets import CamVid
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
