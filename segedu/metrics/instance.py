"""Average precision: the twelve numbers by which COCO ranks instance segmentation and detection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.metrics.curve import RECALL_LEVELS, interpolate, running_precision_recall
from segedu.metrics.matching import ALL_AREAS, NO_MATCH, ManyMatches, match_settings
from segedu.metrics.overlap import Kind, Objects, as_predictions, as_targets, check_kind
from segedu.scene import Category, Scene

IOU_THRESHOLDS: npt.NDArray[np.float64] = np.linspace(0.5, 0.95, 10)
"""COCO's ten thresholds: .50, .55, …, .95."""

AREA_RANGES: dict[str, tuple[float, float]] = {
    "all": ALL_AREAS,
    "small": (0, 32**2),
    "medium": (32**2, 96**2),
    "large": (96**2, 1e10),
}
"""Smallest and largest area in pixels, both included: an object of 32² is small *and* medium."""

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class AveragePrecision:
    """COCO's twelve numbers, and the two tables they are means of.

    Letters: T thresholds, R recall levels, C classes, A area ranges, M limits of detections. NaN stands where a
    class has no object of that size to find (COCO's tables have −1); every mean leaves it out, and is NaN
    where nothing is left.

    Parameters
    ----------
    precision : (T, R, C, A) float64 array
        With the largest limit of detections.
    recall : (T, C, A, M) float64 array
        The recall that is reached in the end.
    max_detections : tuple of int
        The limits, per image and class.
    """

    precision: _Floats
    recall: _Floats
    max_detections: tuple[int, ...]

    @property
    def ap(self) -> float:
        """Mean over classes, recall levels and the thresholds .50 to .95: *the* AP of COCO."""
        return _mean(self.precision[..., 0])

    @property
    def ap_50(self) -> float:
        """AP with the threshold .50 alone."""
        return _mean(self.precision[0, ..., 0])

    @property
    def ap_75(self) -> float:
        """AP with the threshold .75 alone."""
        return _mean(self.precision[5, ..., 0])

    @property
    def ap_small(self) -> float:
        """AP of objects up to 32² pixels."""
        return _mean(self.precision[..., 1])

    @property
    def ap_medium(self) -> float:
        """AP of objects from 32² to 96² pixels."""
        return _mean(self.precision[..., 2])

    @property
    def ap_large(self) -> float:
        """AP of objects from 96² pixels."""
        return _mean(self.precision[..., 3])

    @property
    def ar(self) -> dict[int, float]:
        """Average recall under each limit of detections."""
        return {limit: _mean(self.recall[:, :, 0, m]) for m, limit in enumerate(self.max_detections)}

    @property
    def ar_1(self) -> float:
        """Average recall with one detection per image and class. NaN if 1 is none of the limits."""
        return self.ar.get(1, np.nan)

    @property
    def ar_10(self) -> float:
        """Average recall with ten detections per image and class. NaN if 10 is none of the limits."""
        return self.ar.get(10, np.nan)

    @property
    def ar_100(self) -> float:
        """Average recall with 100 detections per image and class. NaN if 100 is none of the limits."""
        return self.ar.get(100, np.nan)

    @property
    def ar_small(self) -> float:
        """Average recall of objects up to 32² pixels, with the largest limit of detections."""
        return _mean(self.recall[:, :, 1, -1])

    @property
    def ar_medium(self) -> float:
        """Average recall of objects from 32² to 96² pixels, with the largest limit of detections."""
        return _mean(self.recall[:, :, 2, -1])

    @property
    def ar_large(self) -> float:
        """Average recall of objects from 96² pixels, with the largest limit of detections."""
        return _mean(self.recall[:, :, 3, -1])

    @property
    def per_class(self) -> _Floats:
        """AP of each class, (C,); NaN for a class without an object to find."""
        return self.precision[..., 0].mean(axis=(0, 1))

    def __repr__(self) -> str:
        return f"AveragePrecision(ap={self.ap:.3f}, ap_50={self.ap_50:.3f}, ap_75={self.ap_75:.3f})"


def average_precision(
    preds: Sequence[Objects],
    targets: Sequence[Objects | Scene],
    *,
    kind: Kind = "mask",
    areas: Sequence[npt.ArrayLike] | None = None,
    min_area: float = 0,
    max_detections: Sequence[int] = (1, 10, 100),
) -> AveragePrecision:
    """Score instance predictions as COCO does.

    For each class, each of ten thresholds from .50 to .95 and each range of areas: match the predictions of
    every image (`match_instances`), draw the curve over all images (`precision_recall_curve`), and take the
    mean of its 101 values. Then take means over classes and thresholds.

    Parameters
    ----------
    preds : sequence of Instances or EncodedInstances
        One for each image, with scores. An image without predictions has one of length 0.
    targets : sequence of Instances, EncodedInstances or Scene
        One for each image, in the same order. Crowds are objects that nobody has to find. A scene gives its
        objects in the order of their ids, then its crowds.
    kind : "mask" or "box"
    areas : sequence of (T,) arrays, optional
        For each image the areas of its targets, where the data set brings its own, as COCO does. ``None``
        means pixels of the masks. They decide who is small, medium or large, and nothing else.
    min_area : float
        Objects of fewer pixels are ignored in every number, as COCO ignores small ones among the medium: nobody
        has to find them, who finds them does no wrong, and smaller predictions that find nothing do not count
        either. 0 ignores none.
    max_detections : sequence of int
        Rising limits per image *and class*. The last one cuts the predictions that are looked at. COCO's 100
        are too few for images with hundreds of nuclei: give ``(1, 10, 1000)``.

    Returns
    -------
    AveragePrecision

    Raises
    ------
    ValueError
        If the sequences are empty or of unequal length, if an image and its prediction differ in size, if
        scenes differ in categories, or if types or ranges do not fit.

    Notes
    -----
    Source: pycocotools' ``COCOeval``, with which the numbers agree. Three things that COCO's code takes from
    its files are decided here: images come in the order given (it matters only where scores are equal in
    different images); the area of a predicted object is that of its mask for ``kind="mask"`` and that of its
    box for ``kind="box"``; and the first six numbers use the largest limit of detections, whatever it is
    (COCO's summary writes −1 for AP where 100 is not among the limits).

    Examples
    --------
    The prediction covers three of four pixels, IoU .75, and so counts at six of the ten thresholds:

    >>> from segedu import Instances
    >>> target = Instances(masks=np.array([[[1, 1, 1, 1, 0]]], bool), labels=[0])
    >>> pred = Instances(masks=np.array([[[1, 1, 1, 0, 0]]], bool), labels=[0], scores=[0.9])
    >>> result = average_precision([pred], [target])
    >>> result
    AveragePrecision(ap=0.600, ap_50=1.000, ap_75=1.000)
    >>> round(result.ap_small, 3), result.ap_large
    (0.6, nan)
    """
    check_kind(kind)
    limits = _checked_limits(max_detections)
    categories = _checked_sequences(preds, targets)
    if areas is not None and len(areas) != len(targets):
        raise ValueError(f"areas: expected {len(targets)} arrays, one for each image, got {len(areas)}")

    if not 0 <= min_area <= AREA_RANGES["small"][1]:
        raise ValueError(
            f"min_area: expected 0 to {AREA_RANGES['small'][1]}, where small objects end, got {min_area}"
        )
    ranges = [(max(low, min_area), high) for low, high in AREA_RANGES.values()]
    images = []
    for i, (pred, target) in enumerate(zip(preds, targets, strict=True)):
        images.append(
            match_settings(
                as_predictions(pred, kind, f"preds[{i}]"),
                as_targets(target, kind, f"targets[{i}]"),
                kind,
                IOU_THRESHOLDS,
                ranges,
                None if areas is None else areas[i],
                limits[-1],
                where=f"[{i}]",
            )
        )
    return _accumulate(images, _count_classes(images, categories), limits)


def _accumulate(images: list[ManyMatches], num_classes: int, limits: tuple[int, ...]) -> AveragePrecision:
    """Draw the curves of all classes. Counts of all images first, then ratios."""
    labels = np.concatenate([image.labels for image in images])  # (N,): predictions of all images
    scores = np.concatenate([image.scores for image in images])
    rank = np.concatenate([image.rank for image in images])
    found = np.concatenate([image.target for image in images], axis=2) != NO_MATCH  # (A, T, N)
    ignored = np.concatenate([image.ignored for image in images], axis=2)
    target_labels = np.concatenate([image.target_labels for image in images])
    target_counts = np.concatenate([~image.target_ignored for image in images], axis=1)  # (A, targets)

    right, wrong = found & ~ignored, ~(found | ignored)
    num_areas, num_thresholds = found.shape[:2]
    precision = np.full((num_thresholds, len(RECALL_LEVELS), num_classes, num_areas), np.nan)
    recall = np.full((num_thresholds, num_classes, num_areas, len(limits)), np.nan)
    order = np.lexsort((-scores, labels))  # by class, then by falling score; ties stay as they came
    starts = np.searchsorted(labels[order], np.arange(num_classes + 1))
    for c in np.unique(target_labels):
        rows = order[starts[c] : starts[c + 1]]
        num_targets = target_counts[:, target_labels == c].sum(axis=1)  # (A,)
        for a in np.flatnonzero(num_targets):
            curves = running_precision_recall(right[a][:, rows], wrong[a][:, rows], num_targets[a])
            precision[:, :, c, a] = [interpolate(*curve) for curve in zip(*curves, strict=True)]
            for m, limit in enumerate(limits):
                recall[:, c, a, m] = right[a][:, rows[rank[rows] < limit]].sum(axis=1) / num_targets[a]
    return AveragePrecision(precision, recall, limits)


def _checked_limits(max_detections: Sequence[int]) -> tuple[int, ...]:
    limits = tuple(max_detections) if isinstance(max_detections, Sequence) else ()
    whole = all(isinstance(limit, int | np.integer) for limit in limits)
    if not limits or not whole or limits[0] < 1 or any(a >= b for a, b in pairwise(limits)):
        raise ValueError(f"max_detections: expected rising whole numbers from 1, got {max_detections!r}")
    return limits


def _checked_sequences(preds: Any, targets: Any) -> tuple[Category, ...] | None:
    """The categories, if there are scenes to tell them."""
    for name, images in (("preds", preds), ("targets", targets)):
        if not isinstance(images, Sequence):
            raise ValueError(
                f"{name}: expected a sequence with one item for each image, got {type(images).__name__}; "
                "put a single image into a list"
            )
    if len(preds) != len(targets) or not len(preds):
        raise ValueError(
            f"preds and targets: expected one of each for each image, got {len(preds)} and {len(targets)}"
        )
    categories = None
    for i, target in enumerate(targets):
        if isinstance(target, Scene):
            categories = categories or target.categories
            if target.categories != categories:
                raise ValueError(f"targets[{i}]: expected the same categories as in the scenes before it")
    return categories


def _count_classes(images: list[ManyMatches], categories: tuple[Category, ...] | None) -> int:
    labels = np.concatenate([labels for image in images for labels in (image.labels, image.target_labels)])
    highest = int(labels.max(initial=-1))
    if categories is None:
        return highest + 1
    if highest >= len(categories):
        raise ValueError(
            f"preds and targets: expected class indices 0 to {len(categories) - 1}, positions in the scenes' "
            f"categories, got {highest}"
        )
    return len(categories)


def _mean(values: _Floats) -> float:
    """The mean of what is defined, NaN where nothing is."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else np.nan
