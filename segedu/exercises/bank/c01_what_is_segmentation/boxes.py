"""1.3 and 1.4: from masks to boxes, and how much of a box is the object."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segedu import masks
from segedu.exercises.exercise import Case, FunctionExercise, Misconception

Stack = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def _blobs(*rectangles: tuple[int, int, int, int], size: tuple[int, int] = (4, 6)) -> Stack:
    """A mask for each rectangle (left, top, right, bottom)."""
    stack = np.zeros((len(rectangles), *size), bool)
    for mask, (left, top, right, bottom) in zip(stack, rectangles, strict=True):
        mask[top:bottom, left:right] = True
    return stack


def _random_stack(rng: np.random.Generator) -> tuple[Stack]:
    size = tuple(rng.integers(1, 9, 2))
    return (rng.random((int(rng.integers(1, 5)), *size)) < rng.choice([0.03, 0.1, 0.5]),)


TWO_PIECES = _blobs((0, 0, 1, 1)) | _blobs((4, 2, 6, 4))
STACKS = (
    Case((_blobs((1, 1, 4, 3)),), "a rectangle"),
    Case((_blobs((5, 0, 6, 4), (0, 0, 6, 4)),), "a column at the right border, and the whole picture"),
    Case((_blobs((2, 3, 3, 4)),), "one pixel"),
    Case((TWO_PIECES,), "an object in two pieces"),
    Case((_blobs((2, 1, 2, 1), (0, 1, 2, 4)),), "the first mask is empty"),
)


def _edited(stack: Stack, column: int, change: float) -> Floats:
    boxes = masks.boxes(stack)
    boxes[:, column:] += change
    return boxes


def _largest_piece(stack: Stack) -> Floats:
    pieces = []
    for mask in stack:
        regions, count = ndimage.label(mask)
        sizes = np.bincount(regions.ravel(), minlength=2)[1:]
        pieces.append(regions == 1 + sizes.argmax() if count else mask)
    return masks.boxes(np.stack(pieces))


BOXES = FunctionExercise(
    id="01.3",
    title="Boxes from masks",
    reference=masks.boxes,
    cases=STACKS,
    random=_random_stack,
    hint="Which columns hold a pixel of the mask, and which rows? The first and one past the last make the box.",
    misconceptions=(
        Misconception(
            "the last pixel for one past it",
            lambda stack: _edited(stack, 2, -1),
            "Your right and bottom are the last pixel itself. The box ends one past it, so that widths can be subtracted.",
        ),
        Misconception(
            "rows for columns",
            lambda stack: masks.boxes(stack)[:, [1, 0, 3, 2]],
            "Rows and columns are exchanged: left and right are columns, top and bottom are rows.",
        ),
        Misconception(
            "width and height",
            lambda stack: masks.xyxy_to_xywh(masks.boxes(stack)),
            "Your last two numbers are width and height. Asked for are right and bottom.",
        ),
        Misconception(
            "an empty mask has a box at 0",
            lambda stack: np.nan_to_num(masks.boxes(stack)),
            "A mask without pixels got a box of zeros. It has none: NaN.",
        ),
        Misconception(
            "the largest piece",
            _largest_piece,
            "The box holds only one piece of the object. An object may lie in several, and all belong to it.",
        ),
    ),
)


def filled(stack: Stack) -> Floats:
    """Reference of 1.4: the mean of a mask inside its box."""
    shares = []
    for mask in stack:
        (place, *_) = ndimage.find_objects(mask.astype(int)) or [None]
        shares.append(mask[place].mean() if place else np.nan)
    return np.array(shares)


def _area_over(stack: Stack, below: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return stack.sum(axis=(1, 2)) / below


def _box_area(stack: Stack, more: int = 0) -> Floats:
    left, top, right, bottom = masks.boxes(stack).T
    return (right - left + more) * (bottom - top + more)


FILLED = FunctionExercise(
    id="01.4",
    title="How full is a box?",
    reference=filled,
    cases=STACKS,
    random=_random_stack,
    hint="Pixels of the object over pixels of its box, which is width times height.",
    misconceptions=(
        Misconception(
            "share of the picture",
            lambda stack: np.where(stack.any(axis=(1, 2)), stack.mean(axis=(1, 2)), np.nan),
            "You divide by the whole picture. Divide by the pixels of the box.",
        ),
        Misconception(
            "the last pixel is counted twice",
            lambda stack: _area_over(stack, _box_area(stack, 1)),
            "Your boxes are one pixel too wide and too high: right and bottom are one past the object already.",
        ),
        Misconception(
            "one pixel too small",
            lambda stack: _area_over(stack, _box_area(stack, -1)),
            "Your boxes are one pixel too narrow. From column 2 to column 4, both included, there are three columns.",
        ),
        Misconception(
            "box over object",
            lambda stack: 1 / filled(stack),
            "This is the box over the object. Asked for is the object's share of the box, at most 1.",
        ),
        Misconception(
            "an empty mask fills nothing",
            lambda stack: np.nan_to_num(filled(stack)),
            "An empty mask got 0. It has no box to fill: 0 / 0 is undefined, NaN.",
        ),
    ),
)
