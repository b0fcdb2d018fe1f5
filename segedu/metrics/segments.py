"""Which predicted segment is which true one: the matching of panoptic segmentation, one image at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segedu.metrics.shared_pixels import (
    NO_SEGMENT,
    SharedPixels,
    check_all_seen,
    checked_ids,
    joint_runs,
    listed_segments,
    scene_segments,
    shared_pixels,
)
from segedu.scene import Scene

_Bools = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SegmentMatches:
    """What became of each predicted and each true segment of one image.

    Parameters
    ----------
    pred_ids, pred_labels : (P,) int64 arrays
        Id and class index of each predicted segment.
    target : (P,) int64 array
        Id of the true segment that each predicted one is matched with, or ``NO_SEGMENT``.
    iou : (P,) float64 array
        IoU with that segment; NaN where there is none.
    ignored : (P,) bool array
        True for a segment without a match that counts as no error, since it lies on void or on a crowd.
    target_ids, target_labels : (T,) int64 arrays
        Id and class index of each true segment.
    target_crowd : (T,) bool array
        True for crowds: nobody has to find them.
    target_found : (T,) bool array
        True for the true segments with a match.
    """

    pred_ids: _Ints
    pred_labels: _Ints
    target: _Ints
    iou: npt.NDArray[np.float64]
    ignored: _Bools
    target_ids: _Ints
    target_labels: _Ints
    target_crowd: _Bools
    target_found: _Bools

    @property
    def true_positives(self) -> _Bools:
        """(P,): the predicted segments with a match."""
        return self.target != NO_SEGMENT

    @property
    def false_positives(self) -> _Bools:
        """(P,): the predicted segments that are wrong."""
        return ~self.true_positives & ~self.ignored

    @property
    def false_negatives(self) -> _Bools:
        """(T,): the true segments that nobody found."""
        return ~self.target_found & ~self.target_crowd


def match_segments(pred: Scene, target: Scene) -> SegmentMatches:
    """Match the segments of a predicted scene with those of the true one.

    Two segments match if they have the same class and an IoU above one half. Not at one half: two segments of
    one map share no pixel, so above one half there can be one partner only, and no order or choice is needed.

    - Pixels without a true label (void) are nobody's fault. They are left out of the union.
    - A predicted segment without a match is *ignored* if more than half of it lies on void or on a crowd of its
      class. Otherwise it is a false positive.
    - A true segment without a match is a false negative. A crowd is not, and matches nothing.
    - Predicted void belongs to no segment. It is not forgiven: the true segment below it gets smaller matches.

    Parameters
    ----------
    pred, target : Scene
        Of one size, with the same categories. A predicted thing without instance ids is a segment like others.

    Returns
    -------
    SegmentMatches
        Ids are those of ``Scene.segment_ids()``.

    Raises
    ------
    ValueError
        If one is no Scene, or if they differ in size or categories.

    Notes
    -----
    Sources: Kirillov et al. 2019, *Panoptic Segmentation*, and ``panopticapi``, whose rules these are.

    Examples
    --------
    A road with two cars. The prediction has both, the second one a pixel too long:

    >>> from segedu import Category
    >>> categories = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> image = np.zeros((1, 8, 3), np.uint8)
    >>> instance = np.array([[1, 1, 0, 0, 0, 2, 2, 2]])
    >>> target = Scene(image, np.sign(instance), instance, categories)
    >>> instance = np.array([[1, 1, 0, 0, 2, 2, 2, 2]])
    >>> pred = Scene(image, np.sign(instance), instance, categories)
    >>> matches = match_segments(pred, target)
    >>> matches.target, matches.iou.round(2)
    (array([1, 2, 3]), array([0.67, 1.  , 0.75]))
    """
    for name, scene in (("pred", pred), ("target", target)):
        if not isinstance(scene, Scene):
            raise ValueError(f"{name}: expected a Scene, got {type(scene).__name__}")
    if pred.size != target.size:
        raise ValueError(f"pred and target: expected one height and width, got {pred.size} and {target.size}")
    if pred.categories != target.categories:
        raise ValueError(
            f"pred and target: expected the same categories, got {len(pred.categories)} and "
            f"{len(target.categories)} of them that differ; relabel the prediction first"
        )
    starts, pixels = joint_runs(pred.semantic, pred.instance, target.semantic, target.instance)
    pred_place, pred_labels, _ = scene_segments(pred, starts)
    target_place, target_labels, target_crowd = scene_segments(target, starts)
    return _match(
        shared_pixels(pred_place, target_place, pixels, (len(pred_labels), len(target_labels))),
        np.arange(len(pred_labels)),
        pred_labels,
        np.arange(len(target_labels)),
        target_labels,
        target_crowd,
    )


def match_id_maps(
    pred: npt.NDArray[np.integer],
    target: npt.NDArray[np.integer],
    *,
    pred_labels: Mapping[int, int],
    target_labels: Mapping[int, int],
    target_crowd: Collection[int] = (),
) -> SegmentMatches:
    """Match segments from maps of segment ids, as COCO's panoptic files have them.

    The rules are those of `match_segments`.

    Parameters
    ----------
    pred, target : (H, W) integer arrays, or (H, W, 3) uint8 arrays
        Segment ids, 0 for void; or COCO's colours, id = R + 256·G + 256²·B.
    pred_labels, target_labels : mapping from segment id to class index
        ``{segment["id"]: index_of[segment["category_id"]] for segment in segments_info}``.
    target_crowd : collection of segment ids
        Those with ``iscrowd``. Several crowds of a class count as one (panopticapi sees the last).

    Returns
    -------
    SegmentMatches
        Segments by rising id.

    Raises
    ------
    ValueError
        If sizes or types do not fit, if a map holds an id without label, or a label belongs to no pixel.

    Examples
    --------
    >>> matches = match_id_maps(
    ...     np.array([[7, 7, 7, 9]]),
    ...     np.array([[5, 5, 0, 6]]),
    ...     pred_labels={7: 0, 9: 1},
    ...     target_labels={5: 0, 6: 1},
    ... )
    >>> matches.target, matches.iou
    (array([5, 6]), array([1., 1.]))
    """
    pred, target = checked_ids(pred, "pred"), checked_ids(target, "target")
    if pred.shape != target.shape:
        raise ValueError(f"pred and target: expected one height and width, got {pred.shape} and {target.shape}")
    starts, pixels = joint_runs(pred, target)
    pred_place, pred_ids, pred_classes = listed_segments(pred, starts, pred_labels, "pred")
    target_place, target_ids, target_classes = listed_segments(target, starts, target_labels, "target")
    if not set(target_crowd) <= target_labels.keys():
        unknown = sorted(set(target_crowd) - target_labels.keys())
        raise ValueError(f"target_crowd: expected ids of target_labels, got {unknown[:5]}")
    crowd = frozenset(target_crowd)
    shared = shared_pixels(pred_place, target_place, pixels, (len(pred_ids), len(target_ids)))
    check_all_seen(shared.pred, pred_ids, "pred")
    check_all_seen(shared.target, target_ids, "target")
    return _match(
        shared,
        pred_ids,
        pred_classes,
        target_ids,
        target_classes,
        np.array([segment_id in crowd for segment_id in target_ids.tolist()]),
    )


def _match(
    shared: SharedPixels,
    pred_ids: _Ints,
    pred_labels: _Ints,
    target_ids: _Ints,
    target_labels: _Ints,
    target_crowd: _Bools,
) -> SegmentMatches:
    """The rule. Everything is listed by place, so that entry 0 is void."""
    num_preds, num_targets = len(pred_ids), len(target_ids)
    pred_areas = np.bincount(shared.pred, shared.pixels, num_preds)
    target_areas = np.bincount(shared.target, shared.pixels, num_targets)
    on_void = shared.target == 0
    void_pixels = np.bincount(shared.pred[on_void], shared.pixels[on_void], num_preds)

    known = (shared.pred > 0) & ~on_void
    p, t, pixels = shared.pred[known], shared.target[known], shared.pixels[known]
    same_class, crowd = pred_labels[p] == target_labels[t], target_crowd[t]
    iou = pixels / (pred_areas[p] + target_areas[t] - pixels - void_pixels[p])
    match = same_class & ~crowd & (iou > 0.5)

    matched, matched_iou = np.full(num_preds, NO_SEGMENT), np.full(num_preds, np.nan)
    matched[p[match]], matched_iou[p[match]] = target_ids[t[match]], iou[match]
    found = np.zeros(num_targets, bool)
    found[t[match]] = True
    own_crowd = same_class & crowd
    forgiven = void_pixels + np.bincount(p[own_crowd], pixels[own_crowd], num_preds)
    ignored = (matched == NO_SEGMENT) & (forgiven > 0.5 * pred_areas)
    return SegmentMatches(
        pred_ids=pred_ids[1:],
        pred_labels=pred_labels[1:],
        target=matched[1:],
        iou=matched_iou[1:],
        ignored=ignored[1:],
        target_ids=target_ids[1:],
        target_labels=target_labels[1:],
        target_crowd=target_crowd[1:],
        target_found=found[1:],
    )
