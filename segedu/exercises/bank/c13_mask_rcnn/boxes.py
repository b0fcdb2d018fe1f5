"""13.3 and 13.4: how much two boxes overlap, and from four numbers back to a box."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu import masks
from segedu.exercises.exercise import Case, FunctionExercise, Misconception

Numbers = npt.NDArray[np.float64]


def _parts(preds: Numbers, target: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Signed sides of the overlap (P, T, 2), and both areas (P, 1) and (1, T)."""
    sides = np.minimum(preds[:, None, 2:], target[None, :, 2:]) - np.maximum(
        preds[:, None, :2], target[None, :, :2]
    )
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (preds, target)]
    return sides, areas[0][:, None], areas[1][None]


def _divided(shared: Numbers, whole: Numbers) -> Numbers:
    with np.errstate(all="ignore"):
        return shared / whole


def _unclipped(preds: Numbers, target: Numbers) -> Numbers:
    sides, mine, theirs = _parts(preds, target)
    shared = sides.prod(axis=2)
    return _divided(shared, mine + theirs - shared)


def _twice(preds: Numbers, target: Numbers) -> Numbers:
    sides, mine, theirs = _parts(preds, target)
    return _divided(sides.clip(0).prod(axis=2), mine + theirs)


def _of_prediction(preds: Numbers, target: Numbers) -> Numbers:
    sides, mine, theirs = _parts(preds, target)
    return _divided(sides.clip(0).prod(axis=2), mine + 0 * theirs)


def _one_more(preds: Numbers, target: Numbers) -> Numbers:
    more = np.array([0, 0, 1, 1])
    return masks.box_iou(preds + more, target + more)


def _random_boxes(rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    both = []
    for count in rng.integers(1, 5, 2):
        corners = rng.integers(0, 9, (count, 2))
        both.append(np.concatenate([corners, corners + rng.integers(1, 7, (count, 2))], axis=1) / 2)
    return both[0], both[1]


def _array(*boxes: tuple[float, float, float, float]) -> Numbers:
    return np.array(boxes, float).reshape(-1, 4)


IOU = FunctionExercise(
    id="13.3",
    title="IoU of each pair of boxes",
    reference=masks.box_iou,
    cases=(
        Case((_array((0, 0, 2, 2)), _array((1, 1, 3, 3))), "they share one square"),
        Case((_array((0, 0, 4, 2), (0, 0, 2, 2)), _array((0, 0, 2, 2))), "one inside the other; equal boxes"),
        Case((_array((0, 0, 2, 2)), _array((2, 0, 4, 2), (5, 0, 6, 2))), "neighbours, and far apart"),
        Case((_array((0, 0, 2, 2)), _array((3, 3, 5, 5))), "apart on both axes"),
        Case((_array((1, 1, 1, 1)), _array((1, 1, 1, 1), (0, 0, 2, 2))), "a box without area"),
        Case((_array(), _array((0, 0, 2, 2))), "nothing was found"),
    ),
    random=_random_boxes,
    hint="The overlap begins at the larger of the two left ends and stops at the smaller of the two right ends.",
    misconceptions=(
        Misconception(
            "negative sides",
            _unclipped,
            "For boxes that are apart, the overlap's sides are negative, and two of them multiply to a positive area.",
        ),
        Misconception(
            "the union has it twice",
            _twice,
            "Your union is the sum of both areas. What the boxes share is in there twice.",
        ),
        Misconception(
            "share of the prediction",
            _of_prediction,
            "You divide by the area of the prediction. A tiny box inside a car would then be perfect.",
        ),
        Misconception(
            "one pixel more",
            _one_more,
            "Your sides are longer by 1. Boxes here are edges: right less left is the width.",
        ),
        Misconception(
            "undefined is 0",
            lambda preds, target: np.nan_to_num(masks.box_iou(preds, target)),
            "Two boxes without area have no union: 0 / 0 is undefined, NaN, not 0.",
        ),
    ),
)


def decoded(moves: Numbers, anchors: Numbers) -> Numbers:
    """Boxes (N, 4) from moves and anchors, by the package: the reference of 13.4."""
    import torch

    from segedu.models import detection

    pair = [torch.from_numpy(np.asarray(one, float).reshape(-1, 4)) for one in (moves, anchors)]
    return detection.decode_boxes(pair[0], pair[1]).numpy()


def _around(middles: Numbers, sides: Numbers) -> Numbers:
    return np.concatenate([middles - sides / 2, middles + sides / 2], axis=1)


def _middles(boxes: Numbers) -> Numbers:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _sides(boxes: Numbers) -> Numbers:
    return boxes[:, 2:] - boxes[:, :2]


def from_corner(moves: Numbers, anchors: Numbers) -> Numbers:
    """The colleague's: it moves the corner, and lets the box grow from there."""
    corner = anchors[:, :2] + moves[:, :2] * _sides(anchors)
    return np.concatenate([corner, corner + _sides(anchors) * np.exp(moves[:, 2:])], axis=1)


def _pixels(moves: Numbers, anchors: Numbers) -> Numbers:
    return _around(_middles(anchors) + moves[:, :2], _sides(decoded(moves, anchors)))


def _new_sides(moves: Numbers, anchors: Numbers) -> Numbers:
    sides = _sides(decoded(moves, anchors))
    return _around(_middles(anchors) + moves[:, :2] * sides, sides)


def _no_exp(moves: Numbers, anchors: Numbers) -> Numbers:
    return _around(_middles(decoded(moves, anchors)), _sides(anchors) * (1 + moves[:, 2:]))


def _middle_and_sides(moves: Numbers, anchors: Numbers) -> Numbers:
    boxes = decoded(moves, anchors)
    return np.concatenate([_middles(boxes), _sides(boxes)], axis=1)


def _random_moves(rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    count = int(rng.integers(1, 5))
    corners = rng.integers(0, 40, (count, 2)).astype(float)
    sides = rng.integers(2, 20, (count, 2))
    return rng.normal(0, 0.6, (count, 4)).round(2), np.concatenate([corners, corners + sides], axis=1)


DOUBLE = float(np.log(2))
DECODE = FunctionExercise(
    id="13.4",
    title="Find the bug: boxes that grow to one side",
    reference=decoded,
    cases=(
        Case((_array((0, 0, 0, 0)), _array((0, 0, 8, 4))), "nothing moves"),
        Case((_array((0.25, 0.5, 0, 0)), _array((0, 0, 8, 4))), "it moves, and does not grow"),
        Case((_array((0, 0, DOUBLE, 0)), _array((4, 0, 12, 4))), "it gets twice as wide where it is"),
        Case((_array((0.5, 0, -DOUBLE, DOUBLE)), _array((4, 0, 12, 4))), "it moves, narrower and higher"),
        Case((_array(), _array()), "no anchors"),
    ),
    random=_random_moves,
    hint="Where is the middle of the box, and how long are its sides? Then half a side goes each way.",
    misconceptions=(
        Misconception(
            "the corner moves",
            from_corner,
            "Like the colleague's, your boxes keep a corner and grow to one side. A code says where the middle goes.",
        ),
        Misconception(
            "shift in pixels",
            _pixels,
            "You take the shift for pixels. It is counted in sides of the anchor.",
        ),
        Misconception(
            "sides of the new box",
            _new_sides,
            "You multiply the shift with sides that have grown already. Coding divided by the anchor's.",
        ),
        Misconception(
            "no exponential",
            _no_exp,
            "A growth is a logarithm: 0 stays, log 2 is twice as long. What undoes a logarithm?",
        ),
        Misconception(
            "middle and sides",
            _middle_and_sides,
            "This is the middle and the sides. Asked for are left, top, right and bottom.",
        ),
    ),
)
