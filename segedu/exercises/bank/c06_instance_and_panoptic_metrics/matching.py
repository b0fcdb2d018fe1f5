"""6.3 and 6.4: IoUs of stacks of masks, and who finds what."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu import metrics
from segedu.exercises.exercise import Case, FunctionExercise, Misconception
from segedu.instances import Instances
from segedu.masks import mask_intersection, mask_iou

Masks = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def strip(*rows: str) -> Masks:
    """Masks (N, 1, W) from texts such as ``"##.."``."""
    return np.array([[[letter == "#" for letter in row]] for row in rows], bool)


def _random_masks(rng: np.random.Generator) -> tuple[Masks, Masks]:
    height, width = rng.integers(1, 5, 2)
    return tuple(rng.random((rng.integers(1, 5), height, width)) < rng.choice([0.3, 0.7]) for _ in range(2))


def _over(preds: Masks, target: Masks, below: Floats) -> Floats:
    shared = mask_intersection(preds, target)
    return np.divide(shared, below, out=np.full(shared.shape, np.nan), where=below > 0)


def _areas(preds: Masks, target: Masks) -> tuple[Floats, Floats]:
    return preds.sum(axis=(1, 2))[:, None] + np.zeros(len(target)), np.zeros((len(preds), 1)) + target.sum(
        axis=(1, 2)
    )


IOU = FunctionExercise(
    id="06.3",
    title="IoU of all pairs of masks",
    reference=mask_iou,
    cases=(
        Case((strip("##..", ".###"), strip(".##."))),
        Case((strip("#..."), strip("#...", "##..", "...#")), "one prediction, three objects"),
        Case((strip("....", "##.."), strip("....", "..##")), "empty masks"),
        Case((np.zeros((0, 2, 3), bool), np.ones((2, 2, 3), bool)), "no prediction"),
    ),
    random=_random_masks,
    hint="Shared pixels of each pair (P, T), then both areas, minus what is shared.",
    misconceptions=(
        Misconception(
            "the smaller side",
            lambda preds, target: _over(preds, target, _areas(preds, target)[1]),
            "You divide by the area of the object alone: a mask of everything would be perfect. Divide by the union.",
        ),
        Misconception(
            "shared pixels twice in the union",
            lambda preds, target: _over(preds, target, np.add(*_areas(preds, target))),
            "The sum of both areas holds the shared pixels twice. A union counts every pixel once.",
        ),
        Misconception(
            "transposed",
            lambda preds, target: mask_iou(target, preds),
            "Rows and columns are exchanged: predictions are rows, objects are columns.",
        ),
        Misconception(
            "two empty masks are 0",
            lambda preds, target: np.nan_to_num(mask_iou(preds, target)),
            "Two empty masks have no pixel to share and none to miss: 0 / 0 is undefined, NaN.",
        ),
    ),
)


def _match(preds: Masks, scores: Floats, target: Masks, threshold: float) -> npt.NDArray[np.int64]:
    """What `segedu.metrics` matches, in the order in which the predictions came: the reference of 6.4."""
    found = metrics.match_instances(
        Instances(preds, np.zeros(len(preds), np.int64), scores),
        Instances(target, np.zeros(len(target), np.int64)),
        threshold=threshold,
    )
    return found.target


def _greedy(
    iou: Floats, order: npt.NDArray, threshold: float, *, once: bool = True, strict: bool = False
) -> list[int]:
    free, found = np.ones(iou.shape[1], bool), [-1] * len(iou)
    for p in order:
        fits = free & ((iou[p] > threshold) if strict else (iou[p] >= threshold))
        if fits.any():
            found[p] = int(np.where(fits, iou[p], -1).argmax())
            free[found[p]] = not once
    return found


def _taken_is_gone(preds: Masks, scores: Floats, target: Masks, threshold: float) -> list[int]:
    """Only the favourite is tried, whether it is free or not."""
    iou, taken, found = mask_iou(preds, target), set(), [-1] * len(preds)
    for p in np.argsort(-scores, kind="stable"):
        best = int(iou[p].argmax())
        if iou[p, best] >= threshold and best not in taken:
            taken.add(best)
            found[p] = best
    return found


def _random_match(rng: np.random.Generator) -> tuple[Masks, Floats, Masks, float]:
    """Objects that overlap, predictions near them; no two IoUs of a prediction are equal, nor two scores."""
    while True:
        start = rng.integers(0, 8, 3)
        columns = np.arange(24)
        target = (columns >= start[:, None]) & (columns < (start + rng.integers(6, 12, 3))[:, None])
        preds = np.stack([np.roll(target[rng.integers(3)], rng.integers(-2, 3)) for _ in range(4)])[:, None]
        iou = mask_iou(preds, target[:, None])
        if all(len(set(row)) == 3 for row in iou.tolist()):
            scores = rng.permutation(np.linspace(0.2, 0.9, 8))[:4]
            return preds, scores, target[:, None], float(rng.choice([0.3, 0.5, 0.6]))


MATCH = FunctionExercise(
    id="06.4",
    title="Who finds what?",
    reference=_match,
    cases=(
        Case((strip("###.", "..##"), np.array([0.9, 0.8]), strip("##..", "..##"), 0.5)),
        Case((strip("##..", "##.."), np.array([0.6, 0.9]), strip("##.."), 0.5), "the second one is surer"),
        Case((strip("####"), np.array([0.9]), strip("##.."), 0.5), "an IoU of exactly one half"),
        Case(
            (strip("#####.", "#####."), np.array([0.9, 0.8]), strip("#####.", "####.."), 0.5),
            "the favourite is taken, and another object is free",
        ),
        Case((strip("##.."), np.array([0.9]), strip("..##"), 0.5), "nothing in common"),
    ),
    random=_random_match,
    hint="Walk through the predictions by falling score, and keep a list of the objects that are free.",
    misconceptions=(
        Misconception(
            "in the order of the list",
            lambda p, s, t, threshold: _greedy(mask_iou(p, t), np.arange(len(p)), threshold),
            "You went through the list as it came. The surest prediction chooses first.",
        ),
        Misconception(
            "an object is found twice",
            lambda p, s, t, threshold: _greedy(mask_iou(p, t), np.argsort(-s), threshold, once=False),
            "One object was found twice. Whoever finds it takes it away; the next is a false positive there.",
        ),
        Misconception(
            "more than the threshold",
            lambda p, s, t, threshold: _greedy(mask_iou(p, t), np.argsort(-s), threshold, strict=True),
            "An IoU of exactly the threshold was refused. That is PQ's rule; COCO's AP accepts it.",
        ),
        Misconception(
            "only the favourite is tried",
            _taken_is_gone,
            "A prediction whose favourite is taken may still take another free object that it overlaps enough.",
        ),
    ),
)
