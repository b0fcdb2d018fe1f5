"""What all readers share: a sequence of scenes, each read from its files at the moment it is asked for."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segedu.datasets.images import read_image
from segedu.datasets.layers import Overlap
from segedu.scene import VOID, Category, Scene

_Labels = tuple[npt.NDArray, npt.NDArray]


class Dataset(ABC):
    """A data set on disk as a sequence of scenes.

    ``len(dataset)`` is the number of images, ``dataset[i]`` a `Scene` (negative numbers count from the end).
    Nothing but lists is read before a scene is asked for, and nothing is kept. A reader can be pickled, so the
    workers of a DataLoader can share it.

    Attributes
    ----------
    ids : tuple of str or int
        One for each image, in the order of the sequence, as the data set itself names them.
    categories : tuple of Category
        The same for all scenes.
    split : str
        Which part of the data set this is; for people.
    """

    ids: tuple[str, ...] | tuple[int, ...]
    categories: tuple[Category, ...]
    split: str
    _options: tuple[object, ...] = ()  # what else the labels depend on, for the cache of a summary

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Scene:
        k = self._position(index)
        image = self._read_image(k)
        semantic, instance = self._read_labels(k)
        if semantic.shape != image.shape[:2]:
            raise ValueError(
                f"{self._labels_of(k)}: expected labels of {_size(image)} like the image "
                f"{self._files(k).get('image', self.ids[k])}, got {_size(semantic)}"
            )
        try:
            return Scene(image, semantic, instance, self.categories)
        except ValueError as error:
            raise ValueError(f"{self._labels_of(k)}: {error}") from error

    def __iter__(self) -> Iterator[Scene]:
        return (self[k] for k in range(len(self)))

    def __repr__(self) -> str:
        part = f"{self.split}: " if self.split else ""
        return f"{type(self).__name__}({part}{len(self)} images, {len(self.categories)} categories)"

    def files(self, index: int) -> dict[str, Path]:
        """The files that a scene is read from, by what they hold; ``"image"`` is the photograph."""
        return self._files(self._position(index))

    def read_image(self, index: int) -> npt.NDArray[np.uint8]:
        """The photograph alone, (H, W, 3) uint8."""
        return self._read_image(self._position(index))

    def read_labels(self, index: int) -> _Labels:
        """The labels alone, without the photograph: ``semantic`` and ``instance`` of the scene, (H, W)."""
        return self._read_labels(self._position(index))

    def overlaps(self, index: int) -> tuple[Overlap, ...]:
        """The annotations of which the scene does not show every pixel, since others lie in front of them.

        Empty for data sets whose files hold label maps: those cannot overlap.
        """
        self._position(index)
        return ()

    @abstractmethod
    def _files(self, k: int) -> dict[str, Path]:
        """As `files`, for a position from 0."""

    @abstractmethod
    def _read_labels(self, k: int) -> _Labels:
        """As `read_labels`, for a position from 0."""

    def _read_image(self, k: int) -> npt.NDArray[np.uint8]:
        return read_image(self._files(k)["image"])

    def _labels_of(self, k: int) -> str:
        """The file of labels, to name it in an error."""
        return str(next((path for what, path in self._files(k).items() if what != "image"), self.ids[k]))

    def _position(self, index: int) -> int:
        try:
            k = operator.index(index)
        except TypeError:
            raise TypeError(
                f"{type(self).__name__}: expected a whole number, got {index!r}; "
                "for a part of it write [dataset[k] for k in range(10)]"
            ) from None
        if not -len(self) <= k < len(self):
            raise IndexError(f"{type(self).__name__}: expected {-len(self)} to {len(self) - 1}, got {k}")
        return k % len(self)


def check_labels(labels: npt.NDArray, categories: Sequence[Category], path: Path) -> None:
    """Refuse a label map with a number that is neither a class index nor VOID.

    Raises
    ------
    ValueError
        With the file's name, the wrong numbers and how often the first of them comes.
    """
    wrong = labels[(labels >= len(categories)) & (labels != VOID)]
    if wrong.size:
        found = np.unique(wrong)
        raise ValueError(
            f"{path}: expected labels 0 to {len(categories) - 1} or {VOID} (void), got {some(found.tolist())} "
            f"({np.count_nonzero(wrong == found[0])} pixels of {found[0]})"
        )


def one_of(split: str, known: Sequence[str], where: Path | str) -> str:
    """The name of a split, if it is among those that there are; else a ValueError that lists them."""
    if split not in known:
        raise ValueError(f"{where}: expected a split of {', '.join(known) or 'none at all'}, got {split!r}")
    return split


def some(values: Sequence[object]) -> str:
    """The first five of a list, and how many more there are."""
    shown = ", ".join(str(value) for value in values[:5])
    return shown if len(values) <= 5 else f"{shown} and {len(values) - 5} more"


def _size(array: npt.NDArray) -> str:
    return f"{array.shape[0]}×{array.shape[1]}"
