"""Which prediction found which object: COCO's greedy matching, one image at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segedu.metrics.overlap import (
    Kind,
    Objects,
    areas_of,
    as_predictions,
    as_targets,
    check_kind,
    check_sizes,
    crowd_of,
    overlaps,
    scores_of,
)
from segedu.scene import Scene

NO_MATCH = -1
"""Index that stands for: this prediction has found no object."""

ALL_AREAS = (0.0, 1e10)
"""Smallest and largest area, in pixels, of the objects that count. COCO's own "all"."""

_CERTAIN = 1 - 1e-10  # COCO's cap on a threshold: an overlap of 1 that was rounded down still reaches 1

_Bools = npt.NDArray[np.bool_]
_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Matches:
    """What became of each prediction and of each target of one image.

    A prediction is right (it found an object), wrong (it found none), or *ignored*: it counts as neither,
    because it lies on a crowd, because its size is not asked for, or because there are too many before it.

    Parameters
    ----------
    labels, scores : (P,) arrays
        Of the predictions, in the order in which they came.
    target : (P,) int64 array
        Index of the target that each prediction has found, or ``NO_MATCH``.
    iou : (P,) float64 array
        Overlap with that target; NaN where there is none.
    ignored : (P,) bool array
        True for a prediction that counts neither as right nor as wrong.
    target_labels : (T,) int64 array
    target_ignored : (T,) bool array
        True for crowds and for objects whose size is not asked for: nobody has to find them.
    """

    labels: _Ints
    scores: _Floats
    target: _Ints
    iou: _Floats
    ignored: _Bools
    target_labels: _Ints
    target_ignored: _Bools

    @property
    def true_positives(self) -> _Bools:
        """(P,): the predictions that found an object."""
        return (self.target != NO_MATCH) & ~self.ignored

    @property
    def false_positives(self) -> _Bools:
        """(P,): the predictions that found none."""
        return (self.target == NO_MATCH) & ~self.ignored

    @property
    def false_negatives(self) -> _Bools:
        """(T,): the targets that count and that nobody found."""
        return ~np.isin(np.arange(len(self.target_labels)), self.target) & ~self.target_ignored


def match_instances(
    preds: Objects,
    target: Objects | Scene,
    *,
    threshold: float = 0.5,
    kind: Kind = "mask",
    area_range: tuple[float, float] = ALL_AREAS,
    areas: npt.ArrayLike | None = None,
    max_detections: int = 100,
) -> Matches:
    """Match the predictions of one image with its objects, the surest prediction first.

    Each prediction in turn takes, among the objects of its class that are still free, the one it overlaps
    most, if they overlap by `threshold` at least (``iou >= threshold``: in COCO one half is enough for 0.5).
    An object that is taken is gone for the predictions after it, so a second, less sure prediction of the same
    object is wrong. A crowd is never used up, and taken only where no object is left.

    Parameters
    ----------
    preds : Instances or EncodedInstances
        N may be 0. Where scores are equal, the earlier prediction goes first. ``crowd`` means nothing here.
    target : Instances, EncodedInstances or Scene
        A scene gives its objects in the order of their ids, then its crowds.
    threshold : float
        Above 0, at most 1.
    kind : "mask" or "box"
        What overlaps: the masks, or the boxes around them.
    area_range : (float, float)
        Smallest and largest area of the objects that count, in pixels, both included. Objects outside are
        ignored, and so are predictions outside that find nothing.
    areas : (T,) array, optional
        Areas of the targets where a data set brings its own (COCO's are of polygons, not of pixels). ``None``
        means pixels of the masks. The area of a prediction is that of its mask, or of its box for ``"box"``.
    max_detections : int
        So many predictions of each class count; the less sure ones are ignored.

    Returns
    -------
    Matches

    Raises
    ------
    ValueError
        If sizes, types or ranges do not fit.

    Notes
    -----
    Source: ``COCOeval.evaluateImg`` in pycocotools. Where two objects overlap a prediction equally, the later
    one is taken, as there. The threshold is ``min(threshold, 1 - 1e-10)``, as there.

    Examples
    --------
    One object of four pixels. The surest prediction covers half of it, which is enough. The second one covers
    all of it, but comes too late:

    >>> from segedu import Instances
    >>> target = Instances(masks=np.array([[[1, 1, 1, 1, 0]]], bool), labels=[0])
    >>> masks = np.array([[[1, 1, 1, 1, 0]], [[0, 0, 1, 1, 0]]], bool)
    >>> matches = match_instances(Instances(masks, labels=[0, 0], scores=[0.6, 0.8]), target)
    >>> matches.target, matches.iou
    (array([-1,  0]), array([nan, 0.5]))
    >>> matches.true_positives, matches.false_positives, matches.false_negatives
    (array([False,  True]), array([ True, False]), array([False]))
    """
    check_kind(kind)
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold: expected a number above 0, at most 1, got {threshold!r}")
    if not max_detections >= 1:
        raise ValueError(f"max_detections: expected a number from 1, got {max_detections!r}")
    if not 0 <= area_range[0] <= area_range[1]:
        raise ValueError(f"area_range: expected smallest and largest area, got {area_range!r}")
    preds, target = as_predictions(preds, kind, "preds"), as_targets(target, kind, "target")
    return match_settings(preds, target, kind, [threshold], [area_range], areas, max_detections).one(0, 0)


@dataclass(frozen=True, eq=False)
class ManyMatches:
    """`Matches` of one image at once for A ranges of area and S thresholds: what `average_precision` adds up.

    Predictions stand in order of falling score; ``order`` leads back to the order in which they came.
    ``rank`` is the place of a prediction among those of its class: 0, 1, ….
    """

    order: _Ints  # (P,)
    rank: _Ints  # (P,)
    labels: _Ints  # (P,)
    scores: _Floats  # (P,)
    overlaps: _Floats  # (P, T)
    target: _Ints  # (A, S, P)
    ignored: _Bools  # (A, S, P)
    target_labels: _Ints  # (T,)
    target_ignored: _Bools  # (A, T)

    def one(self, area: int, threshold: int) -> Matches:
        """The matches of one setting, in the order in which the predictions came."""
        back = np.argsort(self.order)
        target = self.target[area, threshold]
        iou = np.full(len(target), np.nan)
        found = np.flatnonzero(target != NO_MATCH)
        iou[found] = self.overlaps[found, target[found]]
        return Matches(
            labels=self.labels[back],
            scores=self.scores[back],
            target=target[back],
            iou=iou[back],
            ignored=self.ignored[area, threshold][back],
            target_labels=self.target_labels,
            target_ignored=self.target_ignored[area],
        )


def match_settings(
    preds: Objects,
    target: Objects,
    kind: Kind,
    thresholds: npt.ArrayLike,
    area_ranges: Sequence[tuple[float, float]],
    areas: npt.ArrayLike | None,
    max_detections: int,
    where: str = "",
) -> ManyMatches:
    """Match one image under every combination of area range and threshold. Errors name it by `where`."""
    check_sizes(preds, target, where)
    target_areas = _checked_areas(areas, target, where)
    scores, crowd = scores_of(preds), crowd_of(target)
    order = np.argsort(-scores, kind="stable")
    labels = preds.labels[order]
    rank = _rank_in_class(labels)
    counted = rank < max_detections

    lowest, highest = np.array(area_ranges, np.float64).T[..., None]  # (A, 1) each
    pred_areas = areas_of(preds, kind)[order]
    outside = (pred_areas < lowest) | (pred_areas > highest)  # (A, P)
    target_ignored = crowd | (target_areas < lowest) | (target_areas > highest)  # (A, T)

    iou = overlaps(preds, target, kind)[order]
    iou[~counted] = 0
    matched = np.stack([_match_greedily(iou, ignored, crowd, thresholds) for ignored in target_ignored])
    # A column of False at the end is what NO_MATCH, the index -1, reads.
    padded = np.pad(target_ignored, ((0, 0), (0, 1)))
    on_ignored = np.stack([row[m] for row, m in zip(padded, matched, strict=True)])
    return ManyMatches(
        order=order,
        rank=rank,
        labels=labels,
        scores=scores[order],
        overlaps=iou,
        target=matched,
        ignored=on_ignored | ((matched == NO_MATCH) & outside[:, None]) | ~counted,
        target_labels=target.labels,
        target_ignored=target_ignored,
    )


def _match_greedily(iou: _Floats, ignored: _Bools, crowd: _Bools, thresholds: npt.ArrayLike) -> _Ints:
    """Index of the target that each prediction takes, or ``NO_MATCH``, under S thresholds at once.

    iou (P, T) has the surest prediction first; ignored and crowd are (T,). Returns (S, P).
    """
    least = np.minimum(thresholds, _CERTAIN)[:, None]  # (S, 1)
    matched = np.full((len(least), len(iou)), NO_MATCH)
    free = np.ones((len(least), iou.shape[1]), bool)
    for p in np.flatnonzero((iou >= least.min()).any(axis=1)):  # the others reach no target
        fits = free & (iou[p] >= least)  # (S, T)
        fits &= ~ignored | ~(fits & ~ignored).any(axis=1, keepdims=True)  # ignored ones only if no other fits
        best = _last_argmax(np.where(fits, iou[p], 0))
        rows = np.flatnonzero(fits.any(axis=1))
        matched[rows, p] = best[rows]
        free[rows, best[rows]] = crowd[best[rows]]
    return matched


def _last_argmax(values: _Floats) -> _Ints:
    return values.shape[1] - 1 - values[:, ::-1].argmax(axis=1)


def _rank_in_class(labels: _Ints) -> _Ints:
    """How many predictions of the same class stand before each one."""
    by_class = np.argsort(labels, kind="stable")
    grouped = labels[by_class]
    rank = np.empty(len(labels), np.int64)
    rank[by_class] = np.arange(len(labels)) - np.searchsorted(grouped, grouped)
    return rank


def _checked_areas(areas: npt.ArrayLike | None, target: Objects, where: str) -> _Floats:
    if areas is None:
        return areas_of(target, "mask")
    checked = np.asarray(areas, np.float64)
    if checked.shape != (len(target),) or not (np.isfinite(checked).all() and (checked >= 0).all()):
        raise ValueError(
            f"areas{where}: expected {len(target)} finite numbers from 0, one for each target, got {areas!r}"
        )
    return checked
