"""Two masks in numbers and in words: what they share, what that makes of each score, and what it means."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu import metrics
from segedu.widgets.sentences import plural, score


def overlap(preds: npt.ArrayLike, target: npt.ArrayLike) -> dict[str, int]:
    """Count the cells of two masks: ``tp`` in both, ``fp`` predicted only, ``fn`` true only, ``tn`` in neither.

    Parameters
    ----------
    preds, target : (H, W) bool arrays

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> overlap(preds=[[False, True, True]], target=[[True, True, False]])
    {'tp': 1, 'fp': 1, 'fn': 1, 'tn': 0}
    """
    confmat = metrics.confusion_matrix(np.asarray(preds, np.uint8), np.asarray(target, np.uint8), num_classes=2)
    (tn, fp), (fn, tp) = confmat.tolist()
    return {"tp": tp, "fp": fp, "fn": fn, "tn": tn}


def overlap_scores(preds: npt.ArrayLike, target: npt.ArrayLike) -> dict[str, float]:
    """Score a mask against the true one, by `segedu.metrics`; NaN where a score is undefined.

    IoU, Dice, precision and recall are those of the mask. Pixel accuracy counts the background too.

    Examples
    --------
    Nothing predicted where nothing is true:

    >>> overlap_scores(preds=[[False, False]], target=[[False, False]])
    {'iou': nan, 'dice': nan, 'pixel_accuracy': 1.0, 'precision': nan, 'recall': nan}
    """
    n = overlap(preds, target)
    confmat = [[n["tn"], n["fp"]], [n["fn"], n["tp"]]]
    return {
        "iou": float(metrics.iou_per_class(confmat)[1]),
        "dice": float(metrics.dice_per_class(confmat)[1]),
        "pixel_accuracy": metrics.pixel_accuracy(confmat),
        "precision": float(metrics.precision_per_class(confmat)[1]),
        "recall": float(metrics.recall_per_class(confmat)[1]),
    }


def equations(preds: npt.ArrayLike, target: npt.ArrayLike) -> dict[str, str]:
    """Write out how each score comes about.

    Examples
    --------
    >>> for name, equation in equations(preds=[[False, True, True]], target=[[True, True, False]]).items():
    ...     print(f"{name:14} {equation}")
    iou            intersection 1 / union 3 = 0.333
    dice           2 × 1 / (2 + 2) = 0.500
    pixel_accuracy (1 + 0) / 3 = 0.333
    precision      1 / 2 = 0.500
    recall         1 / 2 = 0.500
    """
    n, value = overlap(preds, target), overlap_scores(preds, target)
    tp, predicted, true = n["tp"], n["tp"] + n["fp"], n["tp"] + n["fn"]
    fractions = {
        "iou": f"intersection {tp} / union {tp + n['fp'] + n['fn']}",
        "dice": f"2 × {tp} / ({predicted} + {true})",
        "pixel_accuracy": f"({tp} + {n['tn']}) / {sum(n.values())}",
        "precision": f"{tp} / {predicted}",
        "recall": f"{tp} / {true}",
    }
    return {name: f"{fraction} = {score(value[name])}" for name, fraction in fractions.items()}


def overlap_sentence(preds: npt.ArrayLike, target: npt.ArrayLike) -> str:
    """Say what two masks have in common and what that means for the scores.

    Examples
    --------
    >>> overlap_sentence(preds=[[False, False]], target=[[True, False]])
    'Nothing is predicted: IoU is 0. Pixel accuracy is 0.500 all the same, since 1 of 2 cells is right.'
    """
    n, value = overlap(preds, target), overlap_scores(preds, target)
    tp, fp, fn, tn = n["tp"], n["fp"], n["fn"], n["tn"]
    cells, right = tp + fp + fn + tn, tp + tn
    accuracy = score(value["pixel_accuracy"])
    are = "is" if right == 1 else "are"
    if tp + fp + fn == 0:
        return (
            f"Both are empty. IoU is 0 / 0: undefined, so a mean leaves it out. "
            f"Pixel accuracy is {accuracy}: {plural(cells, 'cell')} of background."
        )
    if fp + fn == 0:
        return f"Truth and prediction are the same {plural(tp, 'cell')}: every score is 1."
    if tp + fp == 0:
        return (
            f"Nothing is predicted: IoU is 0. "
            f"Pixel accuracy is {accuracy} all the same, since {right} of {plural(cells, 'cell')} {are} right."
        )
    if tp + fn == 0:
        return (
            f"Nothing is true, so each of {plural(fp, 'predicted cell')} is invented: IoU is 0. "
            f"Pixel accuracy is {accuracy}."
        )
    if tp == 0:
        return f"Truth and prediction share no cell: IoU is 0, near or far. Pixel accuracy is {accuracy}."
    return (
        f"They share {plural(tp, 'cell')} of the {tp + fp + fn} that they cover together: {fn} missed, "
        f"{fp} invented. Cells in neither, {tn}, count for pixel accuracy only."
    )
