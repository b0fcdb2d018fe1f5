"""From matches to a curve: how precision falls while recall rises, and the 101 places where COCO reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segedu.metrics.matching import Matches

RECALL_LEVELS: npt.NDArray[np.float64] = np.linspace(0, 1, 101)
"""Where the curve is read: 0, .01, .02, …, 1."""

_Bools = npt.NDArray[np.bool_]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PrecisionRecallCurve:
    """Precision and recall of one class after each prediction, the surest first.

    Parameters
    ----------
    scores : (n,) float64 array
        Falling. Those who accept predictions down to ``scores[i]`` get ``precision[i]`` and ``recall[i]``.
    precision, recall : (n,) float64 arrays
    interpolated : (101,) float64 array
        The best precision at each of ``RECALL_LEVELS`` or beyond; 0 beyond the last recall.
    """

    scores: _Floats
    precision: _Floats
    recall: _Floats
    interpolated: _Floats

    @property
    def ap(self) -> float:
        """Average precision at this threshold: the mean of the 101 values. NaN without targets."""
        return float(self.interpolated.mean())


def precision_recall_curve(matches: Sequence[Matches], *, label: int | None = None) -> PrecisionRecallCurve:
    """Draw the curve of one class from the matches of all images.

    Walk down the predictions of all images, the surest first. After each of them, with TP right and FP wrong
    ones behind you and N objects to find::

        precision = TP / (TP + FP)        recall = TP / N

    Parameters
    ----------
    matches : sequence of Matches
        One for each image, all made with the same threshold.
    label : int, optional
        Class index. May be left out where only one class occurs.

    Returns
    -------
    PrecisionRecallCurve
        NaN in recall and in the interpolated precision if no target of the class counts.

    Raises
    ------
    ValueError
        If `matches` holds something else, or several classes and no `label`.

    Notes
    -----
    Source: ``COCOeval.accumulate`` in pycocotools. Where scores are equal, the earlier image and then the
    earlier prediction goes first.

    Examples
    --------
    Three predictions of two objects: right, wrong, right.

    >>> matches = Matches(
    ...     labels=np.array([0, 0, 0]), scores=np.array([0.9, 0.6, 0.3]), target=np.array([1, -1, 0]),
    ...     iou=np.array([0.8, np.nan, 0.7]), ignored=np.zeros(3, bool),
    ...     target_labels=np.array([0, 0]), target_ignored=np.zeros(2, bool),
    ... )
    >>> curve = precision_recall_curve([matches])
    >>> curve.precision.round(2), curve.recall
    (array([1.  , 0.5 , 0.67]), array([0.5, 0.5, 1. ]))

    Precision is 1 up to recall .50 (51 of the 101 levels), and 2/3 for the 50 levels beyond:

    >>> round(curve.ap, 4) == round((51 * 1 + 50 * 2 / 3) / 101, 4)
    True
    """
    matches = list(matches)
    for i, match in enumerate(matches):
        if not isinstance(match, Matches):
            raise ValueError(f"matches[{i}]: expected Matches, got {type(match).__name__}")
    if not matches:
        raise ValueError("matches: expected those of one image at least, got none")
    pred_labels = np.concatenate([match.labels for match in matches])
    target_labels = np.concatenate([match.target_labels for match in matches])
    if label is None:
        found = np.union1d(pred_labels, target_labels)
        if len(found) > 1:
            raise ValueError(f"label: expected one of the classes {found.tolist()}, got none")
        label = int(found[0]) if len(found) else 0

    scores = np.concatenate([match.scores for match in matches])
    right = np.concatenate([match.true_positives for match in matches])
    wrong = np.concatenate([match.false_positives for match in matches])
    counted = np.concatenate([~match.target_ignored for match in matches])
    rows = np.flatnonzero((pred_labels == label) & (right | wrong))
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    num_targets = int(np.count_nonzero(counted & (target_labels == label)))
    precision, recall = running_precision_recall(right[rows], wrong[rows], num_targets)
    undefined = np.full(len(RECALL_LEVELS), np.nan)
    interpolated = interpolate(precision, recall) if num_targets else undefined
    return PrecisionRecallCurve(scores[rows], precision, recall, interpolated)


def running_precision_recall(right: _Bools, wrong: _Bools, num_targets: int) -> tuple[_Floats, _Floats]:
    """Precision and recall after each prediction, (..., n) each; recall is NaN if there are no targets."""
    tp, fp = np.cumsum(right, axis=-1), np.cumsum(wrong, axis=-1)
    precision = tp / (tp + fp + np.spacing(1))  # 0, not NaN, while all that came was ignored
    return precision, tp / (num_targets or np.nan)


def interpolate(precision: _Floats, recall: _Floats) -> _Floats:
    """Read one curve at the 101 levels: the best precision that is reached with this recall or more. (101,)

    0 at levels that are never reached.
    """
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    first = np.searchsorted(recall, RECALL_LEVELS, side="left")  # n where a level is never reached
    return np.append(best_from_here, 0)[first]
