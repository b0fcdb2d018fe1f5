"""Pascal VOC: two palette PNGs a photograph, one of classes and one of objects.

``SegmentationClass`` holds class indices, ``SegmentationObject`` numbers the objects of the image; both hold
255 on the ribbons around objects and on what nobody labelled. Background, 0, is a class like others: it is
scored. Everingham et al. 2010, https://doi.org/10.1007/s11263-009-0275-4
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segedu.datasets.dataset import Dataset, check_labels, one_of
from segedu.datasets.images import AnyPath, by_stem, read_label_map
from segedu.datasets.palette import colors_to_labels, voc_color
from segedu.scene import NO_INSTANCE, VOID, Category

_NAMES = (
    "background",
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "dining table", "dog", "horse", "motorbike", "person", "potted plant", "sheep", "sofa", "train",
    "tv/monitor",
)  # fmt: skip

VOC_CATEGORIES: tuple[Category, ...] = tuple(
    Category(index, name, isthing=index > 0, color=voc_color(index)) for index, name in enumerate(_NAMES)
)
"""VOC's 21 classes: background, which is stuff, and 20 things in the alphabetical order of the contest."""

VOID_COLOR = voc_color(VOID)
LABELMAP = "labelmap.txt"


class VOC(Dataset):
    """Pascal VOC's segmentations, or any data set in their form, such as an export from CVAT.

    Parameters
    ----------
    root : path
        The folder that the archive was unpacked in: it holds ``VOCdevkit/VOC2012`` (for 2011
        ``TrainVal/VOCdevkit/VOC2011``).
    split : str
        A list in ``ImageSets/Segmentation``: ``"train"``, ``"val"`` or ``"trainval"``; an export from CVAT has
        ``"default"``.
    year : int, str or None
        2007 to 2012. None says that `root` itself holds ``ImageSets``, as with an export.
    categories : sequence of Category, optional
        The classes, by index. None takes those of ``labelmap.txt`` where the folder has one (see
        `read_labelmap`), else VOC's own 21.

    Raises
    ------
    FileNotFoundError, ValueError
        If the folders, the list or ``labelmap.txt`` are missing or broken; when a scene is read, if one of its
        files is. The message names the file.

    Notes
    -----
    Object numbers need not be contiguous, and are kept. 255 in ``SegmentationClass`` is void whatever
    ``SegmentationObject`` says there: some tools write 255 into the first file only. A thing whose object is 0
    or 255 has no number: it is a crowd (``NO_INSTANCE``). An object on background is refused.

    Files of three channels, as CVAT may write them, are read by the colours of `categories`, and by VOC's
    palette for objects.
    """

    def __init__(
        self,
        root: AnyPath,
        split: str,
        year: int | str | None = 2012,
        *,
        categories: Sequence[Category] | None = None,
    ) -> None:
        self.folder = voc_folder(root, year)
        lists = self.folder / "ImageSets" / "Segmentation"
        if not lists.is_dir():
            raise FileNotFoundError(f"{lists}: expected a folder with a list of images for each split")
        self.split = one_of(split, sorted(path.stem for path in lists.glob("*.txt")), lists)
        listed = lists / f"{split}.txt"
        self.ids: tuple[str, ...] = tuple(
            line.strip() for line in listed.read_text("utf-8").splitlines() if line.strip()
        )
        if not self.ids:
            raise ValueError(f"{listed}: expected the name of an image on each line, got an empty file")
        if len(set(self.ids)) < len(self.ids):
            twice = next(name for name in self.ids if self.ids.count(name) > 1)
            raise ValueError(f"{listed}: expected each image once, got {twice} more than once")
        labelmap = self.folder / LABELMAP
        if categories is None:
            categories = read_labelmap(labelmap) if labelmap.exists() else VOC_CATEGORIES
        self.categories = tuple(categories)
        self._images = by_stem(self.folder / "JPEGImages")

    def _files(self, k: int) -> dict[str, Path]:
        name = self.ids[k]
        return {
            # Where there is none, the name that VOC would have given it stands in the error.
            "image": self._images.get(name, self.folder / "JPEGImages" / f"{name}.jpg"),
            "class": self.folder / "SegmentationClass" / f"{name}.png",
            "object": self.folder / "SegmentationObject" / f"{name}.png",
        }

    def _read_labels(self, k: int) -> tuple[npt.NDArray, npt.NDArray]:
        files = self._files(k)
        semantic = read_label_map(files["class"], modes=("P", "L", "RGB"))
        if semantic.ndim == 3:
            semantic = _by_color(semantic, self.categories, files["class"])
        check_labels(semantic, self.categories, files["class"])
        objects = read_label_map(files["object"], modes=("P", "L", "RGB"))
        if objects.ndim == 3:
            objects = _by_palette(objects, files["object"])
        if objects.shape != semantic.shape:
            raise ValueError(
                f"{files['object']}: expected the size of {files['class']}, {semantic.shape}, "
                f"got {objects.shape}"
            )
        return semantic, _numbers(semantic, objects, self.categories, files["object"])


def voc_folder(root: AnyPath, year: int | str | None) -> Path:
    """Where the archive of a year puts its data set: ``VOCdevkit/VOC2012``.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    root = Path(root)
    devkit = Path("VOCdevkit") / f"VOC{year}"
    places = [root] if year is None else [root / devkit, root / "TrainVal" / devkit]
    for place in places:
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"{root}: expected VOC{'' if year is None else year} in {' or '.join(map(str, places))}, "
        "but there is no such folder"
    )


def read_labelmap(path: AnyPath, *, stuff: Iterable[str] = ("background",)) -> tuple[Category, ...]:
    """The classes of a ``labelmap.txt``, as CVAT writes it: a line ``name:red,green,blue:parts:actions`` each.

    Parameters
    ----------
    path : path
    stuff : iterable of str
        The names of classes that are no things; the file does not say it.

    Returns
    -------
    tuple of Category
        In the order of the lines; the id is the class index. Without a colour it is that of VOC's palette.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or if a line is another.
    """
    path, stuff = Path(path), set(stuff)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a list of classes, but there is no such file")
    found: list[Category] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, *rest = (part.strip() for part in line.split(":"))
        try:
            color = tuple(int(channel) for channel in rest[0].split(",")) if rest and rest[0] else ()
            red, green, blue = color or voc_color(len(found))
            found.append(Category(len(found), name, name not in stuff, (red, green, blue)))
        except ValueError:
            raise ValueError(f"{path}, line {number}: expected name:red,green,blue::, got {line!r}") from None
    if not found:
        raise ValueError(f"{path}: expected at least one class, got none")
    return tuple(found)


def _numbers(
    semantic: npt.NDArray, objects: npt.NDArray, categories: Sequence[Category], path: Path
) -> npt.NDArray:
    """Instance numbers: objects where they are numbered, and where the class is no void."""
    isthing = np.zeros(256, bool)
    isthing[: len(categories)] = [category.isthing for category in categories]
    numbered = (objects != 0) & (objects != VOID) & (semantic != VOID)
    misplaced = numbered & ~isthing[semantic]
    if misplaced.any():
        row, column = np.argwhere(misplaced)[0].tolist()
        name = categories[semantic[row, column]].name
        raise ValueError(
            f"{path}: expected objects on things only, got object {objects[row, column]} on {name!r} "
            f"at row {row}, column {column}"
        )
    return np.where(numbered, objects, NO_INSTANCE)


def _by_color(colors: npt.NDArray, categories: Sequence[Category], path: Path) -> npt.NDArray:
    """A class map from a picture of it, by the colours of the classes and VOC's colour of void."""
    known = [*(category.color for category in categories), VOID_COLOR]
    if len(set(known)) < len(known):
        raise ValueError(f"{path}: expected palette indices, since two classes share a colour; got RGB")
    keys = np.array(known, np.int64) @ [65536, 256, 1]
    pixels = colors.astype(np.int64) @ [65536, 256, 1]  # (H, W)
    order = np.argsort(keys, kind="stable")
    place = order[np.searchsorted(keys, pixels, sorter=order).clip(max=len(keys) - 1)]
    wrong = keys[place] != pixels
    if wrong.any():
        raise ValueError(
            f"{path}: expected the colours of the categories, got {tuple(colors[wrong][0].tolist())}; "
            "read_labelmap reads the colours of an export"
        )
    return np.where(place == len(categories), VOID, place)


def _by_palette(colors: npt.NDArray, path: Path) -> npt.NDArray:
    try:
        return colors_to_labels(colors)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
