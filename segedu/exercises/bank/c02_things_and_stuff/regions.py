"""2.4 and 2.5: connected regions, and when they are objects."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segedu.exercises.exercise import Case, FunctionExercise, Misconception, SearchExercise
from segedu.masks import mask_iou

Map = npt.NDArray[np.integer]
Mask = npt.NDArray[np.bool_]
DIAGONALLY = np.ones((3, 3))


def _stack(numbers: Map) -> Mask:
    """A mask for each number above 0: (N, H, W)."""
    return numbers == np.unique(numbers[numbers > 0])[:, None, None]


def trust(mask: Mask, instance: Map, structure: Any = None) -> tuple[bool, bool]:
    """Reference of 2.4: each region and each object has a partner with IoU 1."""
    regions = _stack(ndimage.label(mask, structure)[0])
    objects = _stack(np.where(mask, instance, 0))
    same = mask_iou(regions, objects) == 1
    one = bool(same.any(axis=0).all() and same.any(axis=1).all())
    return len(regions) == len(objects), one


def _merged_and_split(mask: Mask, instance: Map) -> tuple[bool, bool]:
    """Whether a region holds several objects, and whether an object lies in several regions."""
    regions = ndimage.label(mask)[0]
    merged = any(len(np.unique(instance[regions == k])) > 1 for k in np.unique(regions[mask]))
    split = any(len(np.unique(regions[mask & (instance == n)])) > 1 for n in np.unique(instance[mask]))
    return merged, split


def _whole_map(mask: Mask, instance: Map) -> tuple[bool, bool]:
    """The objects of all classes are counted, not only those of the mask."""
    objects, regions = _stack(instance), _stack(ndimage.label(mask)[0])
    return len(objects) == len(regions), trust(mask, instance)[1] and len(objects) == len(regions)


def _random_regions(rng: np.random.Generator) -> tuple[Mask, Map]:
    height, width = int(rng.integers(2, 6)), int(rng.integers(3, 9))
    instance = np.zeros((height, width), np.int64)
    for number in range(1, int(rng.integers(2, 5))):
        row, column = rng.integers(height), rng.integers(width)
        instance[row : row + rng.integers(1, 3), column : column + rng.integers(1, 4)] = number
    instance[rng.random(instance.shape) < 0.05] = 0
    mask = instance > 0
    if rng.random() < 0.5:
        mask &= instance != instance.max()  # the last one is of another class
    return mask, instance


def _case(numbers: list[list[int]], note: str, others: int = 99) -> Case:
    instance = np.array(numbers)
    return Case(((instance > 0) & (instance != others), instance), note)


REGIONS = FunctionExercise(
    id="02.4",
    title="The right count of wrong objects",
    reference=trust,
    cases=(
        _case([[1, 1, 0, 2, 2]], "two objects apart"),
        _case([[1, 1, 2, 0, 0]], "two objects that touch"),
        _case([[1, 0, 1, 0, 0]], "one object in two pieces"),
        _case([[1, 1, 2, 0, 2]], "one merged, one split"),
        _case([[1, 0, 0], [0, 1, 0]], "two pixels that meet at a corner"),
        _case([[1, 1, 0, 0], [0, 0, 2, 2]], "two objects that meet at a corner"),
        _case([[7, 7, 0, 3]], "numbers with gaps"),
        _case([[1, 1, 0, 5, 5]], "object 5 is of another class", 5),
        _case([[0, 0, 0]], "nothing there"),
    ),
    random=_random_regions,
    hint="Which pairs (region, object) share a pixel? How many such pairs are there if all is well?",
    misconceptions=(
        Misconception(
            "a right count means right objects",
            lambda mask, instance: (trust(mask, instance)[0],) * 2,
            "Your second answer follows from the count. One merge and one split leave the count as it was.",
        ),
        Misconception(
            "only merging is looked for",
            lambda mask, instance: (trust(mask, instance)[0], not _merged_and_split(mask, instance)[0]),
            "You check that each region holds one object. An object may also lie in several regions.",
        ),
        Misconception(
            "only splitting is looked for",
            lambda mask, instance: (trust(mask, instance)[0], not _merged_and_split(mask, instance)[1]),
            "You check that each object lies in one region. A region may also hold several objects.",
        ),
        Misconception(
            "diagonal steps",
            lambda mask, instance: trust(mask, instance, DIAGONALLY),
            "You walk diagonally. Here two pixels are connected only through their sides.",
        ),
        Misconception(
            "objects of other classes",
            _whole_map,
            "You count objects that are not in the mask: those of other classes have numbers too.",
        ),
        Misconception(
            "the largest number is the count",
            lambda mask, instance: (
                bool(ndimage.label(mask)[1] == (instance * mask).max()),
                trust(mask, instance)[1],
            ),
            "You take the largest number for the count. Numbers may have gaps: they only tell objects apart.",
        ),
    ),
)


def _regions(mask: Any) -> tuple[int, int]:
    mask = np.asarray(mask)
    if mask.ndim != 2 or max(mask.shape) > 6:
        raise ValueError(f"its shape is {mask.shape}; at most (6, 6) was asked for")
    if mask.dtype != bool:
        raise ValueError(f"its dtype is {mask.dtype} instead of bool")
    return ndimage.label(mask)[1], ndimage.label(mask, DIAGONALLY)[1]


def _diagonal(mask: Any) -> str | None:
    without, with_them = _regions(mask)
    if (without, with_them) == (4, 1):
        return None
    return f"it has {without} regions without diagonal steps and {with_them} with them"


DIAGONAL = SearchExercise(
    id="02.5",
    title="Walking diagonally",
    accept=_diagonal,
    hint="Regions that are joined by a diagonal step touch at a corner, and nowhere at a side.",
    misconceptions=(
        Misconception(
            "touching at a side",
            lambda mask: None if _regions(mask) == (1, 1) else "no",
            "All pixels are connected already without diagonal steps. Let pieces meet only at corners.",
            example=np.ones((2, 2), bool),
        ),
        Misconception(
            "apart is apart",
            lambda mask: None if _regions(mask) == (4, 4) else "no",
            "Your four regions do not touch, not even at a corner: no single step leads from one to the other.",
            example=np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]], bool),
        ),
        Misconception(
            "pixels are counted, not regions",
            lambda mask: None if np.sum(mask) == 4 and _regions(mask)[1] == 1 else "no",
            "Your mask has four pixels, but not four regions: some of them touch at a side.",
            example=np.array([[1, 1, 0], [0, 0, 1], [0, 0, 1]], bool),
        ),
    ),
)
