"""Panoptic quality: one number for things and stuff, made of how many segments are found and how well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segedu.metrics.segments import SegmentMatches, match_segments
from segedu.scene import Category, Scene

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


class ClassQualities(NamedTuple):
    """PQ, SQ and RQ of each class, (C,) each. NaN for a class that occurs neither in truth nor as an error."""

    pq: _Floats
    sq: _Floats
    rq: _Floats


class MeanQuality(NamedTuple):
    """Means over `num_classes` classes: those that occur. NaN where none does."""

    pq: float
    sq: float
    rq: float
    num_classes: int


@dataclass(frozen=True, eq=False, repr=False)
class PanopticQuality:
    """Counts of matched and unmatched segments, and the qualities that follow from them.

    For each class, over all images::

        PQ = sum of IoU / (TP + FP/2 + FN/2)  =  SQ · RQ
        SQ = sum of IoU / TP                     how well the found ones are drawn
        RQ = TP / (TP + FP/2 + FN/2)             how many are found: the F1 score

    Counts add up, ratios do not: ``a + b`` is the result over the images of both. PQ, SQ and RQ are averaged
    over classes one by one, so the mean PQ is not the mean SQ times the mean RQ.

    A class with errors but without a match has SQ 0, not NaN, since that is how the reference averages it.

    Parameters
    ----------
    categories : tuple of Category
    iou_sum : (C,) float64 array
        Sum of the IoUs of all matches of a class.
    tp, fp, fn : (C,) int64 arrays
        Matches, predicted segments without one, true segments without one.
    """

    categories: tuple[Category, ...]
    iou_sum: _Floats
    tp: _Ints
    fp: _Ints
    fn: _Ints

    @classmethod
    def from_matches(cls, matches: SegmentMatches, categories: Sequence[Category]) -> PanopticQuality:
        """Count one image.

        Raises
        ------
        ValueError
            If a class index is no position in `categories`.
        """
        num_classes = len(categories)
        highest = max(matches.pred_labels.max(initial=-1), matches.target_labels.max(initial=-1))
        if highest >= num_classes:
            raise ValueError(f"matches: expected class indices 0 to {num_classes - 1}, got {highest}")

        def count(labels: _Ints) -> _Ints:
            return np.bincount(labels, minlength=num_classes)

        right = matches.true_positives
        return cls(
            categories=tuple(categories),
            iou_sum=np.bincount(matches.pred_labels[right], matches.iou[right], num_classes).astype(np.float64),
            tp=count(matches.pred_labels[right]),
            fp=count(matches.pred_labels[matches.false_positives]),
            fn=count(matches.target_labels[matches.false_negatives]),
        )

    def __add__(self, other: PanopticQuality) -> PanopticQuality:
        if not isinstance(other, PanopticQuality):
            return NotImplemented
        if self.categories != other.categories:
            raise ValueError(
                f"PanopticQuality: expected the same categories to add up, got {len(self.categories)} and "
                f"{len(other.categories)} of them that differ"
            )
        return PanopticQuality(
            categories=self.categories,
            iou_sum=self.iou_sum + other.iou_sum,
            tp=self.tp + other.tp,
            fp=self.fp + other.fp,
            fn=self.fn + other.fn,
        )

    @property
    def per_class(self) -> ClassQualities:
        """PQ, SQ and RQ of each class."""
        weight = np.where(self.tp + self.fp + self.fn > 0, self.tp + 0.5 * self.fp + 0.5 * self.fn, np.nan)
        absent = np.where(np.isnan(weight), np.nan, 0.0)
        sq = np.divide(self.iou_sum, self.tp, out=absent, where=self.tp > 0)
        return ClassQualities(pq=self.iou_sum / weight, sq=sq, rq=self.tp / weight)

    @property
    def pq(self) -> float:
        """Mean PQ over all classes that occur, things and stuff."""
        return self._mean([True, False]).pq

    @property
    def sq(self) -> float:
        """Mean SQ over all classes that occur."""
        return self._mean([True, False]).sq

    @property
    def rq(self) -> float:
        """Mean RQ over all classes that occur."""
        return self._mean([True, False]).rq

    @property
    def things(self) -> MeanQuality:
        """Means over the thing classes that occur."""
        return self._mean([True])

    @property
    def stuff(self) -> MeanQuality:
        """Means over the stuff classes that occur."""
        return self._mean([False])

    def _mean(self, isthing: list[bool]) -> MeanQuality:
        asked = np.array([category.isthing in isthing for category in self.categories], bool)
        asked &= self.tp + self.fp + self.fn > 0
        if not asked.any():
            return MeanQuality(np.nan, np.nan, np.nan, 0)
        pq, sq, rq = (float(values[asked].mean()) for values in self.per_class)
        return MeanQuality(pq, sq, rq, int(asked.sum()))

    def __repr__(self) -> str:
        counts = f"tp={self.tp.sum()}, fp={self.fp.sum()}, fn={self.fn.sum()}"
        return f"PanopticQuality(pq={self.pq:.3f}, sq={self.sq:.3f}, rq={self.rq:.3f}, {counts})"


def panoptic_quality(preds: Sequence[Scene], targets: Sequence[Scene]) -> PanopticQuality:
    """Score panoptic predictions: match the segments of each image, add up the counts, then divide.

    Parameters
    ----------
    preds, targets : sequences of Scene
        One for each image, in the same order, all with the same categories. The rules for void and crowds are
        those of `match_segments`.

    Returns
    -------
    PanopticQuality

    Raises
    ------
    ValueError
        If the sequences are empty or of unequal length, if they hold something else than scenes, or if a pair
        differs in size or any scene in categories.

    Notes
    -----
    Sources: Kirillov et al. 2019, *Panoptic Segmentation*, and ``panopticapi``, with which the numbers agree.
    torchmetrics' ``panoptic_quality`` differs in two places: it takes *predicted* void out of the union and
    forgives a true segment that is mostly predicted void, and it knows no crowds.

    Examples
    --------
    The road gets the pixels of a car that is missed. Road: IoU 4/6, so PQ = 2/3 and RQ = 1. Cars: one found
    exactly, one missed, so SQ = 1 and PQ = RQ = 1 / (1 + 1/2) = 2/3.

    >>> from segedu import Category
    >>> categories = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> image = np.zeros((1, 8, 3), np.uint8)
    >>> instance = np.array([[1, 1, 0, 0, 0, 0, 2, 2]])
    >>> target = Scene(image, np.sign(instance), instance, categories)
    >>> instance = np.array([[1, 1, 0, 0, 0, 0, 0, 0]])
    >>> pred = Scene(image, np.sign(instance), instance, categories)
    >>> result = panoptic_quality([pred], [target])
    >>> result
    PanopticQuality(pq=0.667, sq=0.833, rq=0.833, tp=2, fp=0, fn=1)
    >>> result.things
    MeanQuality(pq=0.6666666666666666, sq=1.0, rq=0.6666666666666666, num_classes=1)
    >>> result.pq == result.sq * result.rq
    False
    """
    for name, scenes in (("preds", preds), ("targets", targets)):
        if not isinstance(scenes, Sequence):
            raise ValueError(
                f"{name}: expected a sequence with one scene for each image, got {type(scenes).__name__}; "
                "put a single scene into a list"
            )
    if len(preds) != len(targets) or not len(preds):
        raise ValueError(
            f"preds and targets: expected one of each for each image, got {len(preds)} and {len(targets)}"
        )
    total: PanopticQuality | None = None
    for i, (pred, target) in enumerate(zip(preds, targets, strict=True)):
        try:
            counted = PanopticQuality.from_matches(match_segments(pred, target), target.categories)
            total = counted if total is None else total + counted
        except ValueError as error:
            raise ValueError(f"image {i}: {error}") from None
    assert total is not None
    return total
