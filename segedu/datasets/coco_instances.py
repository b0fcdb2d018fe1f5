"""COCO's instances: one JSON file with an outline for each object, and objects may overlap.

An object's mask is a list of polygons (several if it is seen in pieces) or run-length encoded, as a list of
counts or compressed. ``iscrowd`` marks a region full of objects that nobody told apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from segedu.datasets.coco_file import CocoFile, CocoImage, check_is_folder, image_path, read_coco
from segedu.datasets.dataset import Dataset
from segedu.datasets.images import AnyPath
from segedu.datasets.json_files import short, take, take_flag
from segedu.datasets.layers import Layer, Overlap, flatten
from segedu.datasets.outlines import outlines_to_mask
from segedu.instances import Instances
from segedu.masks import rle_decode
from segedu.scene import NO_INSTANCE, VOID, Category


class Annotation(NamedTuple):
    """One object, crowd or stuff region of a COCO file; its mask is still as it was written."""

    id: int
    label: int
    iscrowd: bool
    segmentation: Any


class CocoInstances(Dataset):
    """COCO's instance annotations, or any file of that form.

    Parameters
    ----------
    images : path or None
        The folder of photographs. None if you have the annotations only: images are then black.
    json : path
        Such as ``instances_val2017.json``.
    background : str, optional
        The name of a class of stuff for the pixels that no annotation covers; None leaves them void, since
        nobody labelled them. A category of that name in the file is taken, else one with id 0 is put first.

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder or the file is missing, or if the file is broken; when a scene is read, if its photograph
        or one of its masks is. The message names the file and the annotation.

    Notes
    -----
    All images of the file are kept, also those without annotations, by ascending id.

    In a scene each pixel belongs to one annotation. The smaller one is in front; of two equal ones the later
    one. Crowds lie behind all objects, and stuff, if the file has any, behind crowds. `overlaps` counts what
    that costs, and `instances` gives all masks whole. Objects are numbered 1, 2, … in the order of the file;
    one that is hidden leaves its number out.
    """

    def __init__(self, images: AnyPath | None, json: AnyPath, *, background: str | None = None) -> None:
        file = read_coco(json, things_only=True)
        self.json = file.path
        self.folder = None if images is None else check_is_folder(images, "photographs")
        self.split = file.path.stem
        self.ids: tuple[int, ...] = tuple(file.images)
        self._images = list(file.images.values())
        self.background, self._options = background, (background,)
        if background is not None:
            file = _with_background(file, background)
        self.categories = file.categories
        self._annotations = _by_image(file)

    def instances(self, index: int) -> Instances:
        """All annotations of an image with their whole masks, in the order of the file: the truth for AP."""
        k = self._position(index)
        layers = [layer for layer in self._layers(k) if self.categories[layer.label].isthing]
        masks = np.zeros((len(layers), *self._images[k].size), bool)
        for mask, layer in zip(masks, layers, strict=True):
            layer.of(mask)[...] = layer.mask
        labels = np.array([layer.label for layer in layers], np.int64)
        return Instances(masks, labels, crowd=np.array([layer.iscrowd for layer in layers], bool))

    def overlaps(self, index: int) -> tuple[Overlap, ...]:
        return self._flat(self._position(index))[2]

    def _files(self, k: int) -> dict[str, Path]:
        if self.folder is None:
            return {"json": self.json}
        return {"image": image_path(self.folder, self._images[k], self.json), "json": self.json}

    def _read_image(self, k: int) -> npt.NDArray[np.uint8]:
        return blank(self._images[k]) if self.folder is None else super()._read_image(k)

    def _read_labels(self, k: int) -> tuple[npt.NDArray, npt.NDArray]:
        return self._flat(k)[:2]

    def _flat(self, k: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], tuple[Overlap, ...]]:
        names = [category.name for category in self.categories]
        ground = VOID if self.background is None else names.index(self.background)

        def depth(
            layer: Layer,
        ) -> tuple[bool, bool, int]:  # the sort is stable: the later of two equals is in front
            return self.categories[layer.label].isthing, not layer.iscrowd, -layer.area

        return flatten(sorted(self._layers(k), key=depth), self._images[k].size, ground=ground)

    def _layers(self, k: int) -> Iterator[Layer]:
        objects = 0
        for id, label, iscrowd, segmentation in self._annotations.get(self.ids[k], ()):
            single = self.categories[label].isthing and not iscrowd
            objects += single
            try:
                mask = segmentation_to_mask(segmentation, self._images[k].size)
            except ValueError as error:
                name = self._images[k].file_name
                raise ValueError(
                    f"{self.json}: annotation {id} of image {self.ids[k]} ({name}): {error}"
                ) from None
            yield Layer(id, label, objects if single else NO_INSTANCE, mask, iscrowd=iscrowd).cropped()


def segmentation_to_mask(segmentation: Any, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """The mask of a COCO annotation, whichever way it was written.

    Parameters
    ----------
    segmentation : list or dict
        Polygons ``[[x0, y0, x1, y1, …], …]``, or ``{"size": [H, W], "counts": …}`` with a list or text.
    size : (int, int)
        Height and width of the image.

    Returns
    -------
    (H, W) bool array

    Raises
    ------
    ValueError
        If it is neither, if the RLE is of another size, or if there is no polygon, one of less than three
        points or one outside the image.
    """
    if isinstance(segmentation, dict):
        if segmentation.get("size") != list(size):
            raise ValueError(
                f"rle['size']: expected that of the image, {list(size)}, got {segmentation.get('size')}"
            )
        return rle_decode(segmentation)
    if not isinstance(segmentation, list) or not segmentation:
        raise ValueError(
            f"segmentation: expected polygons or an RLE, got {short(segmentation)}; a box alone is no mask"
        )
    return outlines_to_mask(segmentation, size)


def blank(image: CocoImage) -> npt.NDArray[np.uint8]:
    """What stands for a photograph that is not there: a black one of its size."""
    return np.zeros((*image.size, 3), np.uint8)


def _with_background(file: CocoFile, name: str) -> CocoFile:
    if not any(category.name == name for category in file.categories):
        if any(category.id == 0 for category in file.categories):
            raise ValueError(f"{file.path}: expected id 0 to be free for {name!r}, but a category has it")
        return replace(file, categories=(Category(0, name, False, (0, 0, 0)), *file.categories))
    return replace(
        file,
        categories=tuple(
            replace(category, isthing=category.isthing and category.name != name)
            for category in file.categories
        ),
    )


def _by_image(file: CocoFile) -> dict[int, list[Annotation]]:
    index, seen = file.index(), set()
    found: dict[int, list[Annotation]] = {}
    for k, record in enumerate(file.annotations):
        where = f"{file.path}: annotations[{k}]"
        id = take(record, "id", int, where)
        if id in seen:
            raise ValueError(f"{file.path}: expected each annotation id once, got {id} more than once")
        seen.add(id)
        where = f"{file.path}: annotation {id}"
        image, category = take(record, "image_id", int, where), take(record, "category_id", int, where)
        if image not in file.images:
            raise ValueError(f"{where}: expected the id of an image in the file, got image_id {image}")
        if category not in index:
            raise ValueError(f"{where}: expected the id of a category in the file, got category_id {category}")
        iscrowd = take_flag(record, "iscrowd", where, default=False)
        if "segmentation" not in record:
            raise ValueError(f"{where}: expected 'segmentation', but it is not there")
        found.setdefault(image, []).append(Annotation(id, index[category], iscrowd, record["segmentation"]))
    return found
