"""COCO's panoptic annotations: one colour PNG an image, and a JSON file that says what each colour is.

The id of a pixel's segment is red + 256 · green + 65536 · blue; 0 is void. ``segments_info`` gives each id a
category, and marks crowds. Kirillov et al. 2019, https://arxiv.org/abs/1801.00868
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from segedu.datasets.coco_file import CocoFile, check_is_folder, image_path, read_coco
from segedu.datasets.coco_instances import blank
from segedu.datasets.dataset import Dataset, some
from segedu.datasets.images import AnyPath, read_label_map
from segedu.datasets.json_files import take, take_each, take_flag
from segedu.scene import NO_INSTANCE, VOID

LARGEST_ID = 2**24 - 1


class SegmentInfo(NamedTuple):
    """One entry of ``segments_info``."""

    id: int
    label: int
    iscrowd: bool


class CocoPanoptic(Dataset):
    """COCO's panoptic annotations, or any data set of that form.

    Parameters
    ----------
    images : path or None
        The folder of photographs. None if you have the annotations only: images are then black.
    json : path
        Such as ``panoptic_val2017.json``.
    png_folder : path
        Such as ``panoptic_val2017``.

    Raises
    ------
    FileNotFoundError, ValueError
        If a folder or the file is missing, or if the file is broken; when a scene is read, if its photograph or
        PNG is, or if an id is in the PNG only or in the JSON only. The message names the file.

    Notes
    -----
    Objects are numbered 1, 2, … in the order of ``segments_info``. Crowds of one category are one crowd in a
    scene, and so are its stuff segments: neither has a number.
    """

    def __init__(self, images: AnyPath | None, json: AnyPath, png_folder: AnyPath) -> None:
        file = read_coco(json, things_only=False)
        self.json = file.path
        self.folder = None if images is None else check_is_folder(images, "photographs")
        self.png_folder = check_is_folder(png_folder, "panoptic PNGs")
        self.split = file.path.stem
        self.ids: tuple[int, ...] = tuple(file.images)
        self.categories = file.categories
        self._images = list(file.images.values())
        self._annotations = _by_image(file)

    def _files(self, k: int) -> dict[str, Path]:
        png = self._annotations[self.ids[k]][0]
        files = {"panoptic": self.png_folder / png, "json": self.json}
        if self.folder is None:
            return files
        return {"image": image_path(self.folder, self._images[k], self.json), **files}

    def _read_image(self, k: int) -> npt.NDArray[np.uint8]:
        return blank(self._images[k]) if self.folder is None else super()._read_image(k)

    def _read_labels(self, k: int) -> tuple[npt.NDArray, npt.NDArray]:
        path = self._files(k)["panoptic"]
        ids = colors_to_ids(read_label_map(path, modes=("RGB",)))
        if ids.shape != self._images[k].size:
            raise ValueError(f"{path}: expected {self._images[k].size} as {self.json} says, got {ids.shape}")
        found, inverse = _unique_in_runs(ids)
        described = {info.id: info for info in self._annotations[self.ids[k]][1]}
        unknown = [id for id in found.tolist() if id and id not in described]
        if unknown:
            raise ValueError(
                f"{path}: expected the ids of segments_info in {self.json}, got {some(unknown)} too"
            )
        unseen = sorted(described.keys() - set(found.tolist()))
        if unseen:
            raise ValueError(f"{path}: expected all segments of {self.json}, but no pixel has {some(unseen)}")
        labels, numbers, objects = {0: VOID}, {0: NO_INSTANCE}, 0
        for info in described.values():
            single = self.categories[info.label].isthing and not info.iscrowd
            objects += single
            labels[info.id], numbers[info.id] = info.label, objects if single else NO_INSTANCE
        semantic = np.array([labels[id] for id in found.tolist()], np.uint8)
        instance = np.array([numbers[id] for id in found.tolist()], np.int32)
        return semantic[inverse], instance[inverse]


def colors_to_ids(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Segment ids from the colours of a panoptic PNG: (H, W, 3) to (H, W).

    Examples
    --------
    >>> colors_to_ids(np.array([[[7, 1, 0]]], np.uint8))  # 7 + 256 · 1
    array([[263]])
    """
    red, green, blue = (colors[..., channel].astype(np.int64) for channel in range(3))
    return red + 256 * green + 65536 * blue


def ids_to_colors(ids: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
    """Colours of a panoptic PNG from segment ids: (H, W) to (H, W, 3).

    Raises
    ------
    ValueError
        If an id is outside 0 to 16,777,215: three bytes hold no more.

    Examples
    --------
    >>> ids_to_colors(np.array([[263]]))
    array([[[7, 1, 0]]], dtype=uint8)
    """
    if ids.size and not 0 <= ids.min() <= ids.max() <= LARGEST_ID:
        raise ValueError(f"ids: expected 0 to {LARGEST_ID}, got {ids.min()} to {ids.max()}")
    return np.stack([ids & 255, ids >> 8 & 255, ids >> 16], axis=-1).astype(np.uint8)


def _unique_in_runs(ids: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """The ids that occur, and for each pixel its place among them. There are fewer runs to sort than pixels."""
    flat = ids.ravel()
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    found, inverse = np.unique(flat[starts], return_inverse=True)
    return found, np.repeat(inverse, np.diff(starts, append=len(flat))).reshape(ids.shape)


def _by_image(file: CocoFile) -> dict[int, tuple[str, list[SegmentInfo]]]:
    index = file.index()
    found: dict[int, tuple[str, list[SegmentInfo]]] = {}

    def info(record: Any, where: str) -> SegmentInfo:
        id, category = take(record, "id", int, where), take(record, "category_id", int, where)
        if not 0 < id <= LARGEST_ID:
            raise ValueError(f"{where}: expected an id from 1 to {LARGEST_ID}, got {id}")
        if category not in index:
            raise ValueError(f"{where}: expected the id of a category in the file, got category_id {category}")
        return SegmentInfo(id, index[category], take_flag(record, "iscrowd", where, default=False))

    for k, record in enumerate(file.annotations):
        where = f"{file.path}: annotations[{k}]"
        image, name = take(record, "image_id", int, where), take(record, "file_name", str, where)
        where = f"{file.path}: the annotation of image {image}"
        if image not in file.images:
            raise ValueError(f"{where}: expected the id of an image in the file")
        if image in found:
            raise ValueError(f"{where}: expected one, got two")
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError(f"{where}: expected a file name inside the folder of PNGs, got {name!r}")
        infos = take_each(record, "segments_info", info, where)
        if len({segment.id for segment in infos}) < len(infos):
            raise ValueError(f"{where}: expected each segment id once")
        found[image] = name, infos
    missing = sorted(file.images.keys() - found.keys())
    if missing:
        raise ValueError(f"{file.path}: expected an annotation for each image, got none for {some(missing)}")
    return found
