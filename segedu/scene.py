"""One labelled image, checked when it is made: the object that every part of the book speaks.

The pair ``(semantic, instance)`` *is* the panoptic labelling. The three tasks of segmentation are three
projections of it: ``scene.semantic`` forgets the instances, ``scene.masks()`` forgets the stuff, and
``scene.segments()`` forgets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

VOID = 255
"""Semantic label of a pixel that nobody labelled. It is no class: losses and metrics leave it out."""

NO_INSTANCE = 0
"""Instance id of a pixel that belongs to no single object: stuff, void, or a crowd of things."""


@dataclass(frozen=True)
class Category:
    """One class of a data set.

    Parameters
    ----------
    id : int
        The id that the data set itself uses (COCO's run to 90 and have gaps). Not the class index: that is
        the category's position in ``Scene.categories``.
    name : str
        For people, in lower case: ``"traffic sign"``.
    isthing : bool
        True if its objects can be counted (*thing*), False if it is a region (*stuff*).
    color : tuple of int
        Red, green and blue, 0 to 255.

    Examples
    --------
    >>> Category(7, "road", isthing=False, color=(128, 64, 128))
    Category(id=7, name='road', isthing=False, color=(128, 64, 128))
    """

    id: int
    name: str
    isthing: bool
    color: tuple[int, int, int]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"Category.name: expected a non-empty name, got {self.name!r} for id {self.id!r}")
        if not _is_integer(self.id):
            raise ValueError(f"Category.id: expected an integer, got {self.id!r} for {self.name!r}")
        if not isinstance(self.isthing, bool | np.bool_):
            raise ValueError(
                f"Category.isthing: expected True or False, got {self.isthing!r} for {self.name!r}"
            )
        color = tuple(self.color)
        if len(color) != 3 or not all(_is_integer(channel) and 0 <= channel <= 255 for channel in color):
            raise ValueError(
                f"Category.color: expected three integers from 0 to 255, got {self.color!r} for {self.name!r}"
            )
        # Plain Python numbers, whatever array they came from: equal categories compare and print alike.
        object.__setattr__(self, "id", int(self.id))
        object.__setattr__(self, "isthing", bool(self.isthing))
        object.__setattr__(self, "color", tuple(int(channel) for channel in color))


@dataclass(frozen=True)
class Segment:
    """One segment of a panoptic labelling: a stuff region, one object, or a crowd.

    ``id`` is its number in ``Scene.segment_ids()``, ``label`` the class index, ``instance`` the id in
    ``Scene.instance`` (``NO_INSTANCE`` for stuff and crowds), ``area`` a count of pixels.
    """

    id: int
    label: int
    instance: int
    isthing: bool
    iscrowd: bool
    area: int


@dataclass(frozen=True, eq=False, repr=False)
class Scene:
    """An image with its panoptic labelling.

    The arrays are copied and made read-only. To relabel a scene, for instance to hold a prediction, use
    ``dataclasses.replace(scene, semantic=..., instance=...)``, which checks again.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        Red, green, blue.
    semantic : (H, W) integer array
        Class index (a position in `categories`) or ``VOID``. Stored as uint8.
    instance : (H, W) integer array
        1, 2, … on things, one number an object; ``NO_INSTANCE`` elsewhere. A thing pixel with
        ``NO_INSTANCE`` belongs to a *crowd*: objects that nobody could tell apart. Stored as int32.
    categories : tuple of Category
        At most 255 of them.

    Raises
    ------
    ValueError
        If a field is broken. The message names the field, what was expected and what came.

    Examples
    --------
    Two cars on a road, and one pixel that nobody labelled:

    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> scene = Scene(
    ...     image=np.zeros((2, 4, 3), np.uint8),
    ...     semantic=np.array([[1, 1, 0, 255], [0, 0, 0, 1]]),
    ...     instance=np.array([[1, 1, 0, 0], [0, 0, 0, 2]]),
    ...     categories=(road, car),
    ... )
    >>> scene
    Scene(2×4 pixels, 2 categories, 2 instances, 12.5 % void)
    >>> masks, labels = scene.masks()
    >>> masks.shape, labels
    ((2, 2, 4), array([1, 1]))
    >>> [(s.label, s.instance, s.area) for s in scene.segments()]
    [(0, 0, 4), (1, 1, 2), (1, 2, 1)]
    """

    image: npt.NDArray[np.uint8]
    semantic: npt.NDArray[np.uint8]
    instance: npt.NDArray[np.int32]
    categories: tuple[Category, ...]

    def __post_init__(self) -> None:
        image = _array(self.image, "image")
        _check_image(image)
        categories = _check_categories(self.categories)
        semantic = _label_map(self.semantic, "semantic", image.shape[:2])
        instance = _label_map(self.instance, "instance", image.shape[:2])
        _check_labels(semantic, instance, categories)
        object.__setattr__(self, "image", _frozen(image, np.uint8))
        object.__setattr__(self, "semantic", _frozen(semantic, np.uint8))
        object.__setattr__(self, "instance", _frozen(instance, np.int32))
        object.__setattr__(self, "categories", categories)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels: rows first, as in an array."""
        return self.semantic.shape[0], self.semantic.shape[1]

    def masks(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """Forget the stuff: one boolean mask for each object, in the order of the instance ids.

        Crowds are left out, since they are no single object.

        Returns
        -------
        masks : (N, H, W) bool array
        labels : (N,) int64 array
            Class index of each object.
        """
        objects = [segment for segment in self.segments() if segment.instance != NO_INSTANCE]
        objects.sort(key=lambda segment: segment.instance)
        ids = np.array([segment.instance for segment in objects], np.int32)
        labels = np.array([segment.label for segment in objects], np.int64)
        return self.instance[None] == ids[:, None, None], labels

    def segments(self) -> tuple[Segment, ...]:
        """Forget nothing: every segment of the panoptic labelling, by class index, then instance id.

        Void pixels belong to no segment, so areas add up to the labelled pixels.
        """
        return self._panoptic[0]

    def segment_ids(self) -> npt.NDArray[np.int32]:
        """The panoptic labelling as one map, (H, W) int32: 0 is void, k is ``segments()[k - 1]``."""
        return self._panoptic[1]

    @cached_property
    def _panoptic(self) -> tuple[tuple[Segment, ...], npt.NDArray[np.int32]]:
        keys, lengths = _runs(self.semantic, self.instance)
        found, inverse = np.unique(keys, return_inverse=True)
        areas = np.bincount(inverse, weights=lengths)
        labels, instances = found >> 32, found & 0xFFFFFFFF
        known = labels != VOID  # VOID is the largest label, so the known ones come first
        segments = tuple(
            Segment(
                id=k + 1,
                label=int(labels[k]),
                instance=int(instances[k]),
                isthing=self.categories[labels[k]].isthing,
                iscrowd=bool(self.categories[labels[k]].isthing and instances[k] == NO_INSTANCE),
                area=int(areas[k]),
            )
            for k in np.flatnonzero(known).tolist()
        )
        numbers = np.where(known, np.arange(1, len(found) + 1), 0)
        return segments, _frozen(np.repeat(numbers[inverse], lengths).reshape(self.size), np.int32)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scene):
            return NotImplemented
        return self.categories == other.categories and all(
            np.array_equal(getattr(self, field), getattr(other, field))
            for field in ("image", "semantic", "instance")
        )

    __hash__ = None  # type: ignore[assignment]  # arrays have no hash

    def __reduce__(self) -> tuple:
        # Made anew when unpickled or copied: NumPy would give the arrays back writable.
        return Scene, (self.image, self.semantic, self.instance, self.categories)

    def __repr__(self) -> str:
        height, width = self.size
        objects = sum(segment.instance != NO_INSTANCE for segment in self.segments())
        void = 100 * np.count_nonzero(self.semantic == VOID) / self.semantic.size
        return (
            f"Scene({height}×{width} pixels, {len(self.categories)} categories, {objects} instances, "
            f"{void:.1f} % void)"
        )


def _check_image(image: npt.NDArray) -> None:
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"Scene.image: expected shape (H, W, 3), got {image.shape}")
    if image.size == 0:
        raise ValueError(f"Scene.image: expected at least one pixel, got shape {image.shape}")
    if image.dtype != np.uint8:
        raise ValueError(f"Scene.image: expected dtype uint8 (0 to 255), got {image.dtype}")


def _check_categories(categories: Iterable[Category]) -> tuple[Category, ...]:
    if not isinstance(categories, Iterable):
        raise ValueError(f"Scene.categories: expected Category objects in a tuple, got {categories!r}")
    categories = tuple(categories)
    if not 1 <= len(categories) <= VOID:
        raise ValueError(f"Scene.categories: expected 1 to {VOID} categories, got {len(categories)}")
    for category in categories:
        if not isinstance(category, Category):
            raise ValueError(f"Scene.categories: expected Category objects, got {category!r}")
    ids = [category.id for category in categories]
    if len(set(ids)) < len(ids):
        repeated = sorted({i for i in ids if ids.count(i) > 1})
        raise ValueError(f"Scene.categories: expected each id once, got {repeated} more than once")
    return categories


def _label_map(labels: npt.ArrayLike, field: str, size: tuple[int, ...]) -> npt.NDArray:
    array = _array(labels, field)
    if array.shape != size:
        raise ValueError(f"Scene.{field}: expected shape {size} like the image, got {array.shape}")
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"Scene.{field}: expected an integer dtype, got {array.dtype}")
    return array


def _check_labels(semantic: npt.NDArray, instance: npt.NDArray, categories: tuple[Category, ...]) -> None:
    for field, array, highest in (("semantic", semantic, VOID), ("instance", instance, np.iinfo(np.int32).max)):
        outside = array[(array < 0) | (array > highest)]
        if outside.size:
            raise ValueError(f"Scene.{field}: expected 0 to {highest}, got {_some(np.unique(outside))}")
    keys = np.unique(_runs(semantic, instance)[0])
    labels, instances = keys >> 32, keys & 0xFFFFFFFF
    unknown = labels[(labels >= len(categories)) & (labels != VOID)]
    if unknown.size:
        raise ValueError(
            f"Scene.semantic: expected class indices 0 to {len(categories) - 1} or {VOID} (void), "
            f"got {_some(np.unique(unknown))}; translate the data set's own ids to positions in categories"
        )
    labels, instances = labels[instances != NO_INSTANCE], instances[instances != NO_INSTANCE]
    for label in np.unique(labels).tolist():
        if label == VOID or not categories[label].isthing:
            name = "void" if label == VOID else f"stuff ({categories[label].name!r})"
            raise ValueError(
                f"Scene.instance: expected {NO_INSTANCE} on {name}, got instance "
                f"{_some(instances[labels == label])}; only things have instances"
            )
    ids, classes = np.unique(instances, return_counts=True)
    if (classes > 1).any():
        first = ids[classes > 1][0]
        names = [categories[label].name for label in labels[instances == first].tolist()]
        raise ValueError(f"Scene.instance: expected one class for each instance, got {names} for {first}")


def _runs(semantic: npt.NDArray, instance: npt.NDArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Runs of equal (label, instance) in reading order: their keys ``label << 32 | instance``, their lengths.

    Label maps are made of blobs, so there are far fewer runs than pixels to sort.
    """
    labels, ids = semantic.ravel(), instance.ravel()
    changed = (labels[1:] != labels[:-1]) | (ids[1:] != ids[:-1])
    starts = np.concatenate([[0], np.flatnonzero(changed) + 1])
    keys = labels[starts].astype(np.int64) << 32 | ids[starts].astype(np.int64)
    return keys, np.diff(starts, append=len(labels))


def _array(values: npt.ArrayLike, field: str) -> npt.NDArray:
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"Scene.{field}: expected an array, got rows of different lengths") from None


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _some(values: npt.NDArray) -> str:
    shown = ", ".join(str(value) for value in values[:5].tolist())
    return shown if len(values) <= 5 else f"{shown} and {len(values) - 5} more"


def _frozen(array: npt.NDArray, dtype: npt.DTypeLike) -> npt.NDArray:
    copy = np.array(array, dtype=dtype, order="C")
    copy.flags.writeable = False
    return copy
