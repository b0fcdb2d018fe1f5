"""What the files of four formats hold at one pixel of a scene, in words: what `FormatExplorer` shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu import plot
from segedu.datasets import (
    CITYSCAPES_LABELS,
    CityscapesLabel,
    encode_cityscapes,
    encode_coco_instances,
    encode_coco_panoptic,
    encode_voc,
    voc_palette,
)
from segedu.scene import NO_INSTANCE, VOID, Scene
from segedu.widgets.sentences import check_pixel, plural

NO_RUN = "no run of ones covers this pixel"
BLANK = (18, 22, 30)
"""What no annotation covers, in the picture of COCO's instances."""


@dataclass(frozen=True)
class Encoded:
    """One scene in four formats. N is the number of its segments; entry 0 of a list is void.

    Parameters
    ----------
    values : list of N + 1 dicts
        What each file holds on the pixels of a segment, by file.
    pictures : dict of lists of N + 1 colours
        How each file looks there, by file.
    counts : list of lists of int
        The run lengths of each COCO annotation.
    annotation_of : list of N + 1 int or None
        Place of the annotation of a segment in `counts`; None for void and stuff, which have none.
    """

    values: list[dict[str, str]]
    pictures: dict[str, list[tuple[int, int, int]]]
    counts: list[list[int]]
    annotation_of: list[int | None]


def encode_scene(scene: Scene, labels: Sequence[CityscapesLabel] | None = None) -> Encoded:
    """Encode a scene as VOC, Cityscapes, COCO instances and COCO panoptic, and list what each segment becomes.

    Raises
    ------
    ValueError
        If one of the formats cannot hold the scene; the message says why. Instance numbers above 254 are too
        large for VOC, and Cityscapes wants a label for each category (`labels` says which).
    """
    classes, objects = encode_voc(scene)
    maps = encode_cityscapes(scene, labels=labels)
    annotations = encode_coco_instances(scene, rle=True)
    colors, infos = encode_coco_panoptic(scene)
    by_id = {info["id"]: info for info in infos}
    names = {label.id: label.name for label in CITYSCAPES_LABELS}
    palette = voc_palette()
    palette[: len(scene.categories)] = [category.color for category in scene.categories]  # as write_voc has it
    shades = plot.segment_colors(scene)

    ids, segments = scene.segment_ids(), scene.segments()
    things = [s for s in segments if s.instance != NO_INSTANCE]
    order = [s.id for s in sorted(things, key=lambda s: s.instance)] + [s.id for s in segments if s.iscrowd]
    annotation_of: list[int | None] = [order.index(k) if k in order else None for k in range(len(segments) + 1)]
    brightest = max(1, int(maps.instance_ids.max()))

    values: list[dict[str, str]] = []
    pictures: dict[str, list[tuple[int, int, int]]] = {}
    for k in range(len(segments) + 1):
        pixels = np.argwhere(ids == k)
        if not len(pixels):  # a scene without void
            values.append({})
            looks = dict.fromkeys(("voc_class", "voc_object", "label_ids", "instance_ids", "panoptic"), BLANK)
            looks["coco_annotation"] = BLANK
        else:
            at = tuple(pixels[0])
            label_id, instance_id = int(maps.label_ids[at]), int(maps.instance_ids[at])
            place = annotation_of[k]
            annotation = None if place is None else annotations[place]
            values.append(
                {
                    "voc_class": _named(int(classes[at]), scene),
                    "voc_object": _object(int(objects[at])),
                    "label_ids": f"{label_id}: {names[label_id]}",
                    "train_ids": _train_id(int(maps.train_ids[at])),
                    "instance_ids": _instance_id(instance_id, crowd=k > 0 and segments[k - 1].iscrowd),
                    "coco_annotation": _annotation(annotation, scene),
                    "panoptic": _panoptic(colors[at]),
                    "segments_info": _info(by_id.get(int(colors[at] @ np.array([1, 256, 65536]))), scene),
                }
            )
            looks = {
                "voc_class": _rgb(palette[classes[at]]),
                "voc_object": _rgb(voc_palette()[objects[at]]),
                "label_ids": (7 * label_id,) * 3,  # at most 33
                "instance_ids": (round(255 * instance_id / brightest),) * 3,
                "coco_annotation": BLANK if place is None else _rgb(shades[k - 1]),
                "panoptic": _rgb(colors[at]),
            }
        for name, color in looks.items():
            pictures.setdefault(name, []).append(color)
    return Encoded(values, pictures, [a["segmentation"]["counts"] for a in annotations], annotation_of)


def run_at(counts: Sequence[int], position: int) -> tuple[int, int]:
    """Find the run that a position lies in: its place in the counts, and the position of its first pixel.

    Examples
    --------
    Two zeros, three ones, one zero. Position 4 is the last of the ones:

    >>> run_at([2, 3, 1], 4)
    (1, 2)
    """
    ends = np.cumsum(counts)
    place = int(np.searchsorted(ends, position, side="right"))
    return place, int(ends[place]) - counts[place]


def run_sentence(counts: Sequence[int] | None, row: int, col: int, height: int) -> str:
    """Say which run of a mask holds a pixel, and where in the mask the pixel stands; None is no mask."""
    if counts is None:
        return NO_RUN
    position = col * height + row
    place, start = run_at(counts, position)
    return (
        f"counts[{place}] = {plural(counts[place], 'one')} from position {start:,} on; "
        f"the pixel is {col} · {height} + {row} = {position:,}"
    )


def encodings_at(
    scene: Scene, row: int, col: int, *, labels: Sequence[CityscapesLabel] | None = None
) -> dict[str, str]:
    """Say what the files of four formats hold at one pixel.

    Parameters
    ----------
    scene : Scene
    row, col : int
    labels : sequence of CityscapesLabel, optional
        The label of each category, as for `segedu.datasets.encode_cityscapes`.

    Returns
    -------
    dict
        By file: ``voc_class``, ``voc_object``; ``label_ids``, ``train_ids``, ``instance_ids``;
        ``coco_annotation``, ``coco_run``; ``panoptic``, ``segments_info``.

    Raises
    ------
    IndexError
        If the pixel lies outside the scene.
    ValueError
        If one of the formats cannot hold the scene.

    Examples
    --------
    >>> from segedu import Category
    >>> road, car = Category(7, "road", False, (128, 64, 128)), Category(26, "car", True, (0, 0, 142))
    >>> image, labels = np.zeros((2, 3, 3), np.uint8), np.array([[0, 1, 1], [0, 1, 0]])
    >>> scene = Scene(image, labels, 4 * labels, (road, car))
    >>> said = encodings_at(scene, 0, 2)
    >>> said["voc_class"], said["voc_object"]
    ('1: car', '4: object')
    >>> said["label_ids"], said["train_ids"], said["instance_ids"]
    ('26: car', '13', '26000 = 26 · 1000 + 0')
    >>> said["coco_annotation"]
    '1: car, area 3'
    >>> said["coco_run"]
    'counts[1] = 3 ones from position 2 on; the pixel is 2 · 2 + 0 = 4'
    >>> said["panoptic"]
    '(0, 0, 142): 0 + 256 · 0 + 65,536 · 142 = 9,306,112'
    """
    check_pixel(scene, row, col)
    return look_up(encode_scene(scene, labels), scene, row, col)


def look_up(encoded: Encoded, scene: Scene, row: int, col: int) -> dict[str, str]:
    """What `encodings_at` says, from a scene that is encoded already."""
    number = int(scene.segment_ids()[row, col])
    place = encoded.annotation_of[number]
    counts = None if place is None else encoded.counts[place]
    return {**encoded.values[number], "coco_run": run_sentence(counts, row, col, scene.size[0])}


def _named(label: int, scene: Scene) -> str:
    return f"{label}: {'void' if label == VOID else scene.categories[label].name}"


def _object(number: int) -> str:
    return f"{number}: {'void' if number == VOID else 'object' if number else 'no object'}"


def _train_id(number: int) -> str:
    return f"{number}: not scored" if number == VOID else str(number)


def _instance_id(number: int, *, crowd: bool) -> str:
    if number >= 1000:
        return f"{number} = {number // 1000} · 1000 + {number % 1000}"
    return f"{number}: the label alone{', a group' if crowd else ''}"


def _annotation(annotation: dict[str, Any] | None, scene: Scene) -> str:
    if annotation is None:
        return "none: this file lists things only"
    crowd = ", iscrowd 1" if annotation["iscrowd"] else ""
    return f"{annotation['id']}: {_category(annotation, scene)}{crowd}, area {annotation['area']:,}"


def _panoptic(color: npt.NDArray[np.uint8]) -> str:
    red, green, blue = color.tolist()
    id = red + 256 * green + 65536 * blue
    return f"({red}, {green}, {blue}): {red} + 256 · {green} + 65,536 · {blue} = {id:,}"


def _info(info: dict[str, Any] | None, scene: Scene) -> str:
    if info is None:
        return "none: id 0 is void"
    crowd = ", iscrowd 1" if info["iscrowd"] else ""
    return f"category {info['category_id']}, {_category(info, scene)}{crowd}, area {info['area']:,}"


def _category(entry: dict[str, Any], scene: Scene) -> str:
    return next(category.name for category in scene.categories if category.id == entry["category_id"])


def _rgb(color: npt.NDArray[np.uint8]) -> tuple[int, int, int]:
    red, green, blue = color.tolist()
    return red, green, blue
