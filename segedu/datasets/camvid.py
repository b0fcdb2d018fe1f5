"""CamVid: 701 frames of drives through Cambridge, in the version that segmentation networks are compared on.

Eleven classes at 480 × 360, as they came with SegNet (https://arxiv.org/abs/1511.00561). A frame has one PNG of
class numbers, 0 to 10 and 11 for what is none of them; objects are not told apart.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from segedu.datasets.dataset import Dataset, one_of
from segedu.datasets.images import AnyPath, by_stem, read_label_map
from segedu.scene import NO_INSTANCE, VOID, Category

UNLABELLED = 11

_CLASSES = [
    ("sky", (128, 128, 128)),
    ("building", (128, 0, 0)),
    ("pole", (192, 192, 128)),
    ("road", (128, 64, 128)),
    ("pavement", (60, 40, 222)),
    ("tree", (128, 128, 0)),
    ("sign symbol", (192, 128, 128)),
    ("fence", (64, 64, 128)),
    ("car", (64, 0, 128)),
    ("pedestrian", (64, 64, 0)),
    ("bicyclist", (0, 128, 192)),
]

CAMVID_CATEGORIES: tuple[Category, ...] = tuple(
    Category(index, name, False, color) for index, (name, color) in enumerate(_CLASSES)
)
"""CamVid's 11 classes. All are stuff: this data set numbers no objects, not even cars."""


class CamVid(Dataset):
    """CamVid in SegNet's version.

    Parameters
    ----------
    root : path
        The folder that holds ``train``, ``trainannot``, ``val``, and so on.
    split : {"train", "val", "test"}
        367, 101 and 233 frames. The frames of ``"val"`` are seven seconds of a drive that is also in
        ``"train"``: choose nothing on them alone.

    Raises
    ------
    FileNotFoundError, ValueError
        If a folder is missing or empty, or if a frame lacks its labels or labels their frame; when a scene is
        read, if one of its files is broken. The message names the file.

    Notes
    -----
    Photographs are PNG in the archive, and JPEG in some copies: both are read. Label 11 becomes void.
    """

    def __init__(self, root: AnyPath, split: str) -> None:
        self.root = Path(root)
        self.categories = CAMVID_CATEGORIES
        self.split = one_of(split, ("train", "val", "test"), self.root)
        self._images = by_stem(self.root / split)
        self._labels = by_stem(self.root / f"{split}annot", (".png",))
        if not self._images and not self._labels:
            raise ValueError(f"{self.root / split}: expected photographs, got an empty folder")
        for name in sorted(self._images.keys() ^ self._labels.keys()):
            here, other = (self._images, "annot") if name in self._images else (self._labels, "")
            raise ValueError(f"{here[name]}: expected its counterpart in {self.root / split}{other}, got none")
        self.ids: tuple[str, ...] = tuple(self._images)

    def _files(self, k: int) -> dict[str, Path]:
        return {"image": self._images[self.ids[k]], "labels": self._labels[self.ids[k]]}

    def _read_labels(self, k: int) -> tuple[npt.NDArray, npt.NDArray]:
        path = self._files(k)["labels"]
        labels = read_label_map(path)
        wrong = labels[labels > UNLABELLED]
        if wrong.size:
            raise ValueError(
                f"{path}: expected labels 0 to {UNLABELLED}, got {wrong[0]} "
                f"({np.count_nonzero(wrong == wrong[0])} pixels of it)"
            )
        semantic = np.where(labels == UNLABELLED, VOID, labels).astype(np.uint8)
        return semantic, np.full(semantic.shape, NO_INSTANCE, np.int32)
