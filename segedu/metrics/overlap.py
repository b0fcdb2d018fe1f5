"""How well each prediction of an image covers each target, by COCO's rules for masks, boxes and crowds."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from segedu.instances import Instances
from segedu.masks import boxes, mask_intersection, rle_encode
from segedu.masks.runs import edges_intersection, rle_edges
from segedu.metrics.encoded import EncodedInstances
from segedu.scene import Scene

Kind = Literal["mask", "box"]
Objects = Instances | EncodedInstances

_Floats = npt.NDArray[np.float64]


def overlaps(preds: Objects, target: Objects, kind: Kind) -> _Floats:
    """Overlap of each prediction with each target: what the matching compares with its threshold.

    The overlap is intersection / union. With a crowd it is intersection / area of the prediction, since a
    crowd has no outline of one object that a prediction could fill. Objects of different classes do not
    overlap. Neither do objects without a shared pixel, not even where both are empty.

    Returns
    -------
    (P, T) float64 array
    """
    same_class = preds.labels[:, None] == target.labels[None]
    if not same_class.any():
        return np.zeros(same_class.shape)
    shared = _box_intersection(preds, target) if kind == "box" else _mask_intersection(preds, target)
    pred_areas = areas_of(preds, kind)[:, None]  # (P, 1)
    union = pred_areas + areas_of(target, kind) - shared
    whole = np.where(crowd_of(target), pred_areas, union)
    return np.divide(shared, whole, out=np.zeros(shared.shape), where=same_class & (shared > 0))


def areas_of(objects: Objects, kind: Kind) -> _Floats:
    """Pixels of each mask, or of each box. (N,) float64. Objects that have boxes only give those for both."""
    if kind == "box":
        return _xywh(objects)[:, 2:].prod(axis=1)
    if isinstance(objects, EncodedInstances):
        return objects.areas
    return np.array([np.count_nonzero(mask) for mask in objects.masks], np.float64)


def scores_of(objects: Objects) -> _Floats:
    """Scores, (N,)."""
    assert objects.scores is not None  # filled in when the object was made
    return objects.scores


def crowd_of(objects: Objects) -> npt.NDArray[np.bool_]:
    """Crowd flags, (N,)."""
    assert objects.crowd is not None
    return objects.crowd


def as_predictions(item: Any, kind: Kind, name: str) -> Objects:
    """The item if it can be a prediction, or a ValueError that says what would be one."""
    if isinstance(item, Scene):
        raise ValueError(
            f"{name}: expected Instances, got a Scene, which has no scores; "
            "Instances.from_scene(scene) gives each object the score 1"
        )
    return _as_objects(item, kind, name, "Instances or EncodedInstances")


def as_targets(item: Any, kind: Kind, name: str) -> Objects:
    """The item as objects; a Scene gives its instances, then its crowds."""
    if isinstance(item, Scene):
        return Instances.from_scene(item)
    return _as_objects(item, kind, name, "Instances, EncodedInstances or Scene")


def check_sizes(preds: Objects, target: Objects, where: str = "") -> None:
    """Raise a ValueError unless both belong to images of one size, as far as they tell."""
    pred_size, target_size = _size(preds), _size(target)
    if pred_size and target_size and pred_size != target_size:
        raise ValueError(
            f"preds and targets{where}: expected one height and width, got {pred_size} and {target_size}"
        )


def check_kind(kind: str) -> None:
    """Raise a ValueError unless `kind` is one that exists."""
    if kind not in get_args(Kind):
        raise ValueError(f"kind: expected 'mask' or 'box', got {kind!r}")


def _as_objects(item: Any, kind: Kind, name: str, expected: str) -> Objects:
    if not isinstance(item, Instances | EncodedInstances):
        raise ValueError(f"{name}: expected {expected}, got {type(item).__name__}")
    if kind == "mask" and isinstance(item, EncodedInstances) and item.rles is None:
        raise ValueError(f"{name}: expected masks (rles) for kind='mask', got boxes only; ask for kind='box'")
    return item


def _size(objects: Objects) -> tuple[int, ...] | None:
    return objects.size if isinstance(objects, EncodedInstances) else objects.masks.shape[1:]


def _mask_intersection(preds: Objects, target: Objects) -> _Floats:
    if isinstance(preds, Instances) and isinstance(target, Instances):
        return mask_intersection(preds.masks, target.masks).astype(np.float64)
    pred_edges, target_edges = _edges(preds), _edges(target)
    shared = np.zeros((len(preds), len(target)))
    for label in np.intersect1d(preds.labels, target.labels):
        p, t = np.flatnonzero(preds.labels == label), np.flatnonzero(target.labels == label)
        shared[np.ix_(p, t)] = edges_intersection([pred_edges[i] for i in p], [target_edges[i] for i in t])
    return shared


def _edges(objects: Objects) -> list[npt.NDArray[np.int64]]:
    if isinstance(objects, EncodedInstances):
        return objects.edges
    return [rle_edges(rle_encode(mask))[1] for mask in objects.masks]


def _xywh(objects: Objects) -> _Floats:
    """Left, top, width, height, (N, 4). An empty mask has a box without width and height."""
    if isinstance(objects, EncodedInstances):
        return objects.boxes
    corners = np.nan_to_num(boxes(objects.masks))
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)


def _box_intersection(preds: Objects, target: Objects) -> _Floats:
    # From left and width as COCO stores them: corners would round differently in the last digit.
    p, t = _xywh(preds)[:, None], _xywh(target)[None]  # (P, 1, 4), (1, T, 4)
    sides = np.minimum(p[..., :2] + p[..., 2:], t[..., :2] + t[..., 2:]) - np.maximum(p[..., :2], t[..., :2])
    return sides.clip(min=0).prod(axis=2)
