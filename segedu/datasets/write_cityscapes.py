"""Scenes as Cityscapes files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segedu.datasets.cityscapes import BASE, IMAGES, LABELS, check_chosen
from segedu.datasets.cityscapes_labels import CITYSCAPES_LABELS, CityscapesLabel
from segedu.datasets.images import AnyPath, write_png
from segedu.datasets.writing import claim, numbered, same_categories
from segedu.scene import NO_INSTANCE, VOID, Category, Scene


@dataclass(frozen=True, eq=False)
class CityscapesMaps:
    """The four label images that Cityscapes' own scripts make of a frame, each (H, W) or (H, W, 4).

    ``label_ids`` and ``train_ids`` are uint8, ``instance_ids`` is uint16, ``color`` is red, green, blue, alpha.
    """

    label_ids: npt.NDArray[np.uint8]
    train_ids: npt.NDArray[np.uint8]
    instance_ids: npt.NDArray[np.uint16]
    color: npt.NDArray[np.uint8]


def encode_cityscapes(scene: Scene, *, labels: Sequence[CityscapesLabel] | None = None) -> CityscapesMaps:
    """A scene as Cityscapes' label images.

    Each instance gets label id · 1000 + k, with the smallest k that keeps the order of the instance numbers
    when `Cityscapes` sorts by k, then by label id. For a scene from Cityscapes those are the official ids.
    Void is label 0, *unlabeled*.

    Parameters
    ----------
    scene : Scene
    labels : sequence of CityscapesLabel, optional
        The label of each category, by class index. None finds them by the names of the categories.

    Returns
    -------
    CityscapesMaps

    Raises
    ------
    ValueError
        If a category has no label, if an object's label has no instances, or if one needs a k above 999.

    Examples
    --------
    A car and a person, numbered 1 and 2. Person (24) comes before car (26), so it takes the next k:

    >>> from segedu.datasets import cityscapes_label
    >>> categories = [cityscapes_label(name).as_category for name in ("car", "person")]
    >>> scene = Scene(np.zeros((1, 2, 3), np.uint8), np.array([[0, 1]]), np.array([[1, 2]]), tuple(categories))
    >>> maps = encode_cityscapes(scene)
    >>> maps.label_ids, maps.instance_ids
    (array([[26, 24]], dtype=uint8), array([[26000, 24001]], dtype=uint16))
    """
    labels = _labels_for(scene.categories) if labels is None else check_chosen(labels)
    if len(labels) != len(scene.categories):
        raise ValueError(
            f"labels: expected one for each of {len(scene.categories)} categories, got {len(labels)}"
        )
    label_ids = _table(labels, "id", 0)[scene.semantic]
    instance_ids = label_ids.astype(np.uint16)
    for instance, id in _instance_ids(scene, labels).items():
        instance_ids[scene.instance == instance] = id
    colors = np.zeros((256, 4), np.uint8)
    colors[:, 3] = 255
    for index, label in enumerate(labels):
        colors[index, :3] = label.color
    return CityscapesMaps(
        label_ids, _table(labels, "train_id", VOID)[scene.semantic], instance_ids, colors[scene.semantic]
    )


def write_cityscapes(
    scenes: Iterable[Scene],
    root: AnyPath,
    split: str,
    *,
    labels: Sequence[CityscapesLabel] | None = None,
    ids: Sequence[str] | None = None,
) -> None:
    """Write scenes as Cityscapes files: the frame, and the four images of `encode_cityscapes`.

    Images and labels come back as they were, and so do instance numbers if they are 1, 2, … without gaps;
    others come back as 1, 2, … in the same order.

    Parameters
    ----------
    scenes : iterable of Scene
        All with the same categories. They are written one by one.
    root, split
        As `Cityscapes` takes them.
    labels : sequence of CityscapesLabel, optional
        As `encode_cityscapes`; give `Cityscapes` the same ones.
    ids : sequence of str, optional
        ``city_sequence_frame`` for each, with six digits twice. None names them synthetic_000000_000000,
        synthetic_000001_000000, …

    Raises
    ------
    FileExistsError
        If one of the files is there already; nothing is overwritten.
    ValueError
        If there is no scene, if categories differ, and as `encode_cityscapes`.
    """
    categories = None
    for k, scene in enumerate(scenes):
        categories = same_categories(categories, scene)
        name = numbered(ids, k, f"synthetic_{k:06d}_000000")
        city = re.fullmatch(r"([A-Za-z-]+)_\d{6}_\d{6}", name)
        if city is None:
            raise ValueError(f"ids: expected city_000000_000000, got {name!r}")
        maps = encode_cityscapes(scene, labels=labels)
        start = Path(root) / LABELS / split / city[1] / f"{name}_{LABELS}"
        claim(start.with_name(f"{start.name}_labelIds.png"))
        write_png(scene.image, Path(root) / IMAGES / split / city[1] / f"{name}_{IMAGES}.png")
        for ending, array in (
            ("color", maps.color),
            ("instanceIds", maps.instance_ids),
            ("labelTrainIds", maps.train_ids),
            ("labelIds", maps.label_ids),
        ):
            write_png(array, start.with_name(f"{start.name}_{ending}.png"))
    if categories is None:
        raise ValueError("scenes: expected at least one scene, got none")


def _labels_for(categories: Sequence[Category]) -> tuple[CityscapesLabel, ...]:
    known = {label.name: label for label in CITYSCAPES_LABELS}
    unknown = [category.name for category in categories if category.name not in known]
    if unknown:
        raise ValueError(
            f"scene.categories: expected names of Cityscapes' table, got {', '.join(unknown)}; "
            "say with labels=[cityscapes_label(...), ...] which labels they are"
        )
    return check_chosen([known[category.name] for category in categories])


def _instance_ids(scene: Scene, labels: Sequence[CityscapesLabel]) -> dict[int, int]:
    """The id of each instance of a scene, in the order of the numbers: k grows where the label id does not."""
    objects = [segment for segment in scene.segments() if segment.instance != NO_INSTANCE]
    found: dict[int, int] = {}
    k, before = 0, -1
    for segment in sorted(objects, key=lambda segment: segment.instance):
        label = labels[segment.label]
        if not label.has_instances:
            raise ValueError(
                f"scene.instance: expected no objects of {label.name!r}, which has no instances in Cityscapes, "
                f"got {segment.instance}; give a label with has_instances=True, or make the category stuff"
            )
        k += label.id <= before
        if k >= BASE:
            raise ValueError(f"scene.instance: expected at most {BASE} objects in this order, got more")
        found[segment.instance] = label.id * BASE + k
        before = label.id
    return found


def _table(labels: Sequence[CityscapesLabel], field: str, void: int) -> npt.NDArray[np.uint8]:
    table = np.full(256, void, np.uint8)
    table[: len(labels)] = [getattr(label, field) for label in labels]
    return table
