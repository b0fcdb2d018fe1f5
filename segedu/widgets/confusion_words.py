"""A confusion matrix in words: what a cell counts, and which of two predictions a measure prefers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segedu import metrics
from segedu.scene import VOID, Scene
from segedu.widgets.sentences import check_pixel, percent, plural, score

MEASURES = {
    "PA": metrics.pixel_accuracy,
    "MPA": metrics.mean_pixel_accuracy,
    "mIoU": metrics.mean_iou,
    "FWIoU": metrics.frequency_weighted_iou,
}
CLASS_MEASURES = {
    "IoU": metrics.iou_per_class,
    "recall": metrics.recall_per_class,
    "precision": metrics.precision_per_class,
}


def measures(confmat: npt.ArrayLike) -> dict[str, float]:
    """PA, MPA, mIoU and FWIoU of one matrix; NaN where undefined.

    Examples
    --------
    >>> measures([[3, 1], [0, 0]])
    {'PA': 0.75, 'MPA': 0.75, 'mIoU': 0.375, 'FWIoU': 0.75}
    """
    return {name: measure(confmat) for name, measure in MEASURES.items()}


def share_of_row(part: int, whole: int) -> str:
    """What stands in a cell: its per cent of the row as a whole number, nothing if it counts nothing.

    Only what is all of the row reads 100.

    Examples
    --------
    >>> [share_of_row(part, 1000) for part in (0, 4, 5, 994, 999, 1000)]
    ['', '<1', '1', '99', '>99', '100']
    """
    if part == 0:
        return ""
    rounded = (200 * part + whole) // (2 * whole)
    if rounded == 0:
        return "<1"
    return ">99" if rounded == 100 and part < whole else str(rounded)


def cell_sentence(confmat: npt.ArrayLike, names: Sequence[str], row: int, col: int) -> str:
    """Say what a cell of a confusion matrix counts.

    Parameters
    ----------
    confmat : (C, C) array of counts
        Rows are the truth.
    names : sequence of str
        The classes, in the order of the matrix.
    row, col : int
        True and predicted class.

    Examples
    --------
    >>> print(cell_sentence([[6, 2], [1, 3]], ["road", "car"], 0, 1))
    2 road pixels were called car: 25.0 % of all road, and 40.0 % of what was called car. Each counts against
    the IoU of both.
    """
    table = np.asarray(confmat)
    count, truth, pred = int(table[row, col]), int(table[row].sum()), int(table[:, col].sum())
    true, called = names[row], names[col]
    was = "was" if count == 1 else "were"
    if truth == 0:
        column = (
            f" All {plural(pred, 'pixel')} called {called} are something else." if row == col and pred else ""
        )
        return f"No pixel is {true} in the truth: its row is empty, and its recall is undefined.{column}"
    if row == col:
        column = (
            f"Of the {plural(pred, 'pixel')} called {true}, {percent(count, pred)} are: its precision."
            if pred
            else f"No pixel was called {true}: its precision is undefined."
        )
        return (
            f"{count:,} of {plural(truth, f'{true} pixel')} {was} called {true}: {percent(count, truth)}, "
            f"its recall. {column}"
        )
    if count == 0:
        return f"No {true} pixel was called {called}."
    return (
        f"{plural(count, f'{true} pixel')} {was} called {called}: {percent(count, truth)} of all {true}, "
        f"and {percent(count, pred)} of what was called {called}. Each counts against the IoU of both."
    )


def ranking(a: dict[str, float], b: dict[str, float]) -> str:
    """Say which of two predictions each measure prefers. What reads the same counts as level.

    Parameters
    ----------
    a, b : dict of str to float
        `measures` of both predictions.

    Examples
    --------
    The two answers about a tumour: PA and mIoU rank them in opposite order.

    >>> first, second = measures([[90, 5], [1, 4]]), measures([[94, 1], [4, 1]])
    >>> print(ranking(first, second))
    PA and mIoU rank them in opposite order. MPA, mIoU and FWIoU prefer A. PA prefers B.
    """
    chosen = {name: preferred(a[name], b[name]) for name in MEASURES}
    words = []
    if {chosen["PA"], chosen["mIoU"]} == {"a", "b"}:
        words.append("PA and mIoU rank them in opposite order.")
    for outcome, one, many, rest in (
        ("a", "prefers", "prefer", " A"),
        ("b", "prefers", "prefer", " B"),
        ("level", "sees", "see", " no difference"),
        ("undefined", "is", "are", " undefined"),
    ):
        names = [name for name, choice in chosen.items() if choice == outcome]
        if names:
            together = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            words.append(f"{together} {one if len(names) == 1 else many}{rest}.")
    return " ".join(words)


def preferred(a: float, b: float) -> str:
    """``"a"``, ``"b"``, ``"level"`` if both read the same, or ``"undefined"`` if one of them is."""
    if math.isnan(a) or math.isnan(b):
        return "undefined"
    if score(a) == score(b):
        return "level"
    return "a" if a > b else "b"


def answers_about(
    scene: Scene, a: npt.NDArray[np.integer], b: npt.NDArray[np.integer], row: int, col: int
) -> dict[str, str]:
    """Say what the truth and two predictions call one pixel.

    Returns
    -------
    dict
        A sentence for each of ``"truth"``, ``"a"`` and ``"b"``.

    Raises
    ------
    IndexError
        If the pixel lies outside the scene.
    """
    check_pixel(scene, row, col)
    names, label = [category.name for category in scene.categories], int(scene.semantic[row, col])

    def judged(pred: int) -> str:
        if label == VOID:
            return f"{names[pred]}: not counted"
        return f"{names[pred]}: {'right' if pred == label else 'wrong'}"

    truth = "nobody labelled this pixel (void)" if label == VOID else names[label]
    return {"truth": truth, "a": judged(int(a[row, col])), "b": judged(int(b[row, col]))}
