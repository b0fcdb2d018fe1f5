"""Scenes as COCO files: instances as outlines, panoptic labels as colours."""

from __future__ import annotations

import json as json_text
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from segedu.datasets.coco_panoptic import LARGEST_ID, ids_to_colors
from segedu.datasets.images import AnyPath, save_new, write_png
from segedu.datasets.writing import claim, numbered, same_categories
from segedu.masks import boxes, mask_to_polygons, rle_encode, xyxy_to_xywh
from segedu.scene import NO_INSTANCE, Category, Scene, Segment


def encode_coco_instances(
    scene: Scene, *, image_id: int = 1, first_id: int = 1, rle: bool = False
) -> list[dict[str, Any]]:
    """The things of a scene as COCO annotations: objects by instance number, then crowds.

    Parameters
    ----------
    scene : Scene
    image_id, first_id : int
        The id of the image, and of the first annotation; the next ones follow.
    rle : bool
        True for run lengths instead of polygons. Crowds have them anyway, as in COCO's own files.

    Returns
    -------
    list of dict
        Ready for JSON. ``area`` counts pixels, ``bbox`` is left, top, width, height. The polygons fill exactly
        the pixels of the object, in pycocotools too.

    Examples
    --------
    >>> car = Category(3, "car", True, (0, 0, 142))
    >>> labels = np.array([[0, 0, 255]])
    >>> scene = Scene(np.zeros((1, 3, 3), np.uint8), labels, np.array([[1, 1, 0]]), (car,))
    >>> (annotation,) = encode_coco_instances(scene)
    >>> annotation["category_id"], annotation["bbox"], annotation["segmentation"]
    (3, [0, 0, 2, 1], [[0, 0, 2, 0, 2, 1, 0, 1]])
    """
    found = []
    for id, segment in enumerate(_objects_then_crowds(scene), start=first_id):
        mask = scene.segment_ids() == segment.id
        outline: Any
        if segment.iscrowd or rle:
            outline = rle_encode(mask)
        else:
            outline = [polygon.ravel().tolist() for polygon in mask_to_polygons(mask)]
        found.append(
            {
                "id": id,
                "image_id": image_id,
                "category_id": scene.categories[segment.label].id,
                "iscrowd": int(segment.iscrowd),
                "area": segment.area,
                "bbox": _bbox(mask),
                "segmentation": outline,
            }
        )
    return found


def encode_coco_panoptic(scene: Scene) -> tuple[npt.NDArray[np.uint8], list[dict[str, Any]]]:
    """A scene as COCO's panoptic PNG and its ``segments_info``.

    The id of a segment is the colour of its category, or the next id that is free: as in COCO's own files, the
    PNG looks like its classes.

    Returns
    -------
    colors : (H, W, 3) uint8 array
    segments_info : list of dict
        Objects by instance number, then crowds, then stuff.

    Examples
    --------
    Two cars of one colour, (1, 0, 0): the second one takes the id after it.

    >>> car = Category(3, "car", True, (1, 0, 0))
    >>> labels = np.array([[0, 0, 255]])
    >>> scene = Scene(np.zeros((1, 3, 3), np.uint8), labels, np.array([[1, 2, 0]]), (car,))
    >>> colors, segments = encode_coco_panoptic(scene)
    >>> colors[0].tolist(), [segment["id"] for segment in segments]
    ([[1, 0, 0], [2, 0, 0], [0, 0, 0]], [1, 2])
    """
    stuff = [segment for segment in scene.segments() if not segment.isthing]
    ids, used, infos = np.zeros(len(scene.segments()) + 1, np.int64), {0}, []
    for segment in [*_objects_then_crowds(scene), *stuff]:
        red, green, blue = scene.categories[segment.label].color
        id = red + 256 * green + 65536 * blue
        while id in used:
            id = id % LARGEST_ID + 1
        used.add(id)
        ids[segment.id] = id
        infos.append(
            {
                "id": id,
                "category_id": scene.categories[segment.label].id,
                "iscrowd": int(segment.iscrowd),
                "area": segment.area,
                "bbox": _bbox(scene.segment_ids() == segment.id),
            }
        )
    return ids_to_colors(ids)[scene.segment_ids()], infos


def write_coco_instances(
    scenes: Iterable[Scene],
    images: AnyPath,
    json: AnyPath,
    *,
    ids: Sequence[int] | None = None,
    image_suffix: str = ".png",
) -> None:
    """Write the things of scenes as a COCO file, and the photographs beside it.

    For `CocoInstances`, pycocotools and all that read COCO. Things come back as they were, with instance
    numbers 1, 2, … in the same order; so do the categories, since the file says which are things. Stuff is no
    part of an instance file: it comes back as void. `write_coco_panoptic` keeps it.

    Parameters
    ----------
    scenes : iterable of Scene
        All with the same categories. They are written one by one.
    images : path
        The folder for the photographs.
    json : path
        The file of annotations.
    ids : sequence of int, optional
        The id of each image. None counts from 1.
    image_suffix : {".png", ".jpg"}
        JPEG is smaller, and changes colours a little.

    Raises
    ------
    FileExistsError
        If one of the files is there already; nothing is overwritten.
    ValueError
        If there is no scene, or if categories differ.
    """
    annotations: list[dict[str, Any]] = []

    def annotate(scene: Scene, id: int, _: str) -> None:
        annotations.extend(encode_coco_instances(scene, image_id=id, first_id=len(annotations) + 1))

    _write(scenes, Path(images), Path(json), ids, image_suffix, annotations, annotate)


def write_coco_panoptic(
    scenes: Iterable[Scene],
    images: AnyPath,
    json: AnyPath,
    png_folder: AnyPath,
    *,
    ids: Sequence[int] | None = None,
    image_suffix: str = ".png",
) -> None:
    """Write scenes as COCO's panoptic files, and the photographs beside them.

    For `CocoPanoptic` and panopticapi. Everything comes back as it was; instance numbers do if they are 1, 2, …
    without gaps, others come back as 1, 2, … in the same order.

    Parameters
    ----------
    png_folder : path
        The folder for the panoptic PNGs. The rest is as in `write_coco_instances`.

    Raises
    ------
    FileExistsError, ValueError
        As `write_coco_instances`.
    """
    annotations: list[dict[str, Any]] = []

    def annotate(scene: Scene, id: int, stem: str) -> None:
        colors, infos = encode_coco_panoptic(scene)
        write_png(colors, Path(png_folder) / f"{stem}.png")
        annotations.append({"image_id": id, "file_name": f"{stem}.png", "segments_info": infos})

    _write(scenes, Path(images), Path(json), ids, image_suffix, annotations, annotate)


def _write(
    scenes: Iterable[Scene],
    folder: Path,
    json: Path,
    ids: Sequence[int] | None,
    image_suffix: str,
    annotations: list[dict[str, Any]],
    annotate: Callable[[Scene, int, str], None],
) -> None:
    if image_suffix not in (".jpg", ".png"):
        raise ValueError(f"image_suffix: expected '.jpg' or '.png', got {image_suffix!r}")
    claim(json)
    described, categories = [], None
    for k, scene in enumerate(scenes):
        categories = same_categories(categories, scene)
        id = numbered(ids, k, k + 1)
        stem, (height, width) = f"{id:012d}", scene.size
        options = {"quality": 95, "subsampling": 0} if image_suffix == ".jpg" else {}
        save_new(Image.fromarray(scene.image), folder / f"{stem}{image_suffix}", **options)
        annotate(scene, id, stem)
        described.append({"id": id, "file_name": f"{stem}{image_suffix}", "height": height, "width": width})
    if categories is None:
        raise ValueError("scenes: expected at least one scene, got none")
    content = {
        "images": described,
        "annotations": annotations,
        "categories": [_as_json(category) for category in categories],
    }
    json.write_text(json_text.dumps(content), "utf-8")


def _as_json(category: Category) -> dict[str, Any]:
    return {
        "id": category.id,
        "name": category.name,
        "supercategory": category.name,
        "isthing": int(category.isthing),
        "color": list(category.color),
    }


def _objects_then_crowds(scene: Scene) -> list[Segment]:
    things = [segment for segment in scene.segments() if segment.isthing]
    objects = sorted((s for s in things if s.instance != NO_INSTANCE), key=lambda segment: segment.instance)
    return [*objects, *(segment for segment in things if segment.iscrowd)]


def _bbox(mask: npt.NDArray[np.bool_]) -> list[int]:
    return xyxy_to_xywh(boxes(mask[None]))[0].astype(int).tolist()
