"""Nuclei of the 2018 Data Science Bowl: microscope images of many kinds, each nucleus outlined by an expert.

Caicedo et al. 2019, https://doi.org/10.1038/s41592-019-0612-7; BBBC038 of the Broad Bioimage Benchmark
Collection. Many images are tiles of one field of view. ``nuclei_split.json`` says which ones belong together,
as the first eight digits of their names, and puts whole groups into train or val. The split is this book's,
not the contest's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segedu.datasets.dataset import Dataset, one_of
from segedu.datasets.images import AnyPath, by_stem, read_label_map, read_sixteen_bit
from segedu.datasets.json_files import read_json, short
from segedu.datasets.layers import Layer, Overlap, flatten
from segedu.scene import Category

NUCLEI_CATEGORIES: tuple[Category, ...] = (
    Category(0, "background", False, (0, 0, 0)),
    Category(1, "nucleus", True, (255, 202, 40)),
)
"""Background, which is stuff, and nuclei. Nothing is void."""

_DIGITS = 8
_OFFICIAL = "stage1_train"


class Nuclei(Dataset):
    """The nuclei of the 2018 Data Science Bowl, stage 1.

    Parameters
    ----------
    root : path
        Holds ``stage1_train`` with a folder for each image, ``NAME/images/NAME.png`` and one PNG for each
        nucleus in ``NAME/masks``; or ``images`` and ``masks`` with one file of numbers (16 bits) for each
        image.
    split : {"train", "val"} or None
        This book's split, which keeps groups together. None takes all images there are.

    Attributes
    ----------
    groups : tuple of str
        For each image the group of tiles that it belongs to. Split by these, never at random.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is neither layout, or no image of the split; when a scene is read, if one of its files is
        broken. The message names the file.

    Notes
    -----
    Nuclei are numbered 1, 2, … in the order of the names of their mask files. Where two masks overlap, in a few
    pixels, the first one is in front; `overlaps` counts them. An image has up to 375 nuclei.
    """

    def __init__(self, root: AnyPath, split: str | None = None) -> None:
        self.root, self.categories = Path(root), NUCLEI_CATEGORIES
        self.split = split or ""
        if split is not None:
            one_of(split, tuple(_groups()), self.root)
        self._official = (self.root / _OFFICIAL).is_dir()
        if self._official:
            there = sorted(path.name for path in (self.root / _OFFICIAL).iterdir() if path.is_dir())
            self._images = {name: self.root / _OFFICIAL / name / "images" / f"{name}.png" for name in there}
        elif (self.root / "masks").is_dir():
            self._images = by_stem(self.root / "images")
        else:
            raise FileNotFoundError(f"{self.root}: expected {_OFFICIAL}, or images and masks, got neither")
        chosen = None if split is None else {digits for group in _groups()[split] for digits in group}
        names = [name for name in self._images if chosen is None or name[:_DIGITS] in chosen]
        if not names:
            raise ValueError(f"{self.root}: expected images{f' of {split!r}' if split else ''}, got none")
        self.ids: tuple[str, ...] = tuple(names)
        kin = {digits: group[0] for groups in _groups().values() for group in groups for digits in group}
        self.groups: tuple[str, ...] = tuple(kin.get(name[:_DIGITS], name[:_DIGITS]) for name in names)

    def overlaps(self, index: int) -> tuple[Overlap, ...]:
        k = self._position(index)
        if self._official:
            return self._flat(k)[2]
        return _noted(self.root / "overlaps.json", self.ids[k], self._numbers(k))

    def _files(self, k: int) -> dict[str, Path]:
        name = self.ids[k]
        if not self._official:
            return {"image": self._images[name], "masks": self.root / "masks" / f"{name}.png"}
        masks = by_stem(self._masks_folder(k), (".png",))
        return {
            "image": self._images[name],
            **{f"mask {n}": path for n, path in enumerate(masks.values(), start=1)},
        }

    def _read_labels(self, k: int) -> tuple[npt.NDArray, npt.NDArray]:
        if self._official:
            return self._flat(k)[:2]
        numbers = self._numbers(k)
        return (numbers > 0).astype(np.uint8), numbers

    def _masks_folder(self, k: int) -> Path:
        return self.root / _OFFICIAL / self.ids[k] / "masks"

    def _numbers(self, k: int) -> npt.NDArray:
        return read_sixteen_bit(self._files(k)["masks"])

    def _flat(self, k: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], tuple[Overlap, ...]]:
        layers = list(_masks(self._masks_folder(k)))
        (height, width) = layers[0].mask.shape
        cropped = [layer.cropped() for layer in reversed(layers)]  # the first one is in front
        return flatten(cropped, (height, width), ground=0)


def nuclei_sample() -> Nuclei:
    """Two images of the data set that come with the package: one of fluorescence, one of stained tissue.

    Both are of this book's val part, and in the public domain (CC0); ``README.md`` in the folder
    ``nuclei_sample`` says whose they are.

    Examples
    --------
    >>> sample = nuclei_sample()
    >>> [(scene.size, len(scene.segments()) - 1) for scene in sample]  # one segment is the background
    [((256, 320), 82), ((256, 256), 99)]
    """
    return Nuclei(str(resources.files("segedu.datasets").joinpath("nuclei_sample")))


def _masks(folder: Path) -> Iterator[Layer]:
    files = by_stem(folder, (".png",))
    if not files:
        raise ValueError(f"{folder}: expected a PNG for each nucleus, got none")
    size: tuple[int, ...] | None = None
    for number, path in enumerate(files.values(), start=1):
        mask = read_label_map(path, modes=("L", "1"))
        if size is not None and mask.shape != size:
            raise ValueError(f"{path}: expected the size of the other masks, {size}, got {mask.shape}")
        size = mask.shape
        if mask.dtype == np.uint8:
            wrong = mask[(mask != 0) & (mask != 255)]
            if wrong.size:
                raise ValueError(f"{path}: expected 0 and 255 only, got {wrong[0]}")
        yield Layer(path.stem, 1, number, mask > 0)


def _noted(path: Path, name: str, numbers: npt.NDArray) -> tuple[Overlap, ...]:
    """What ``overlaps.json`` lists: [image, row, column, number kept, number lost] for each shared pixel."""
    if not path.exists():
        return ()
    lost: dict[int, int] = {}
    for k, row in enumerate(read_json(path)):
        if not (isinstance(row, list) and len(row) == 5 and isinstance(row[4], int)):
            raise ValueError(f"{path}: [{k}]: expected image, row, column and two numbers, got {short(row)}")
        if row[0] == name:
            lost[row[4]] = lost.get(row[4], 0) + 1
    shown = np.bincount(numbers.ravel(), minlength=max(lost, default=0) + 1)
    return tuple(Overlap(n, 1, int(shown[n]) + pixels, pixels) for n, pixels in sorted(lost.items()))


@cache
def _groups() -> dict[str, list[list[str]]]:
    return json.loads(resources.files("segedu.datasets").joinpath("nuclei_split.json").read_text("utf-8"))
