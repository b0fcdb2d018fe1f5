"""Predictions with one typical mistake each: label maps that shift, shrink, swap or miss what is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segedu import metrics
from segedu.scene import VOID, Scene
from segedu.widgets.sentences import plural

_Labels = npt.NDArray[np.uint8]
_SQUARE = np.ones((3, 3), bool)  # a step of one pixel goes to all eight neighbours


@dataclass(frozen=True)
class EditStep:
    """One strength of an edit: its label, the label map (H, W) uint8 without void, and what it shows."""

    label: str
    preds: _Labels
    note: str


@dataclass(frozen=True)
class PredictionEdit:
    """One kind of mistake at several strengths; `start` is the index of the one to begin with."""

    name: str
    steps: tuple[EditStep, ...]
    start: int = 0

    def step_name(self, k: int) -> str:
        """Name and strength: ``"shifted, 4 pixels"``."""
        return ", ".join(filter(None, (self.name, self.steps[k].label)))


def prediction_edits(scene: Scene) -> list[PredictionEdit]:
    """Predictions for a scene, made from its truth by one mistake each; the first is perfect.

    A map that equals an earlier one is left out, and so is a mistake that nothing is left of. Void pixels of
    the truth take the label beside them: a prediction has none.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    list of PredictionEdit
        ``perfect``, ``shifted``, ``in blocks``, ``shrunk``, ``grown``, ``swapped``, ``rare missed``,
        ``one class``.

    Examples
    --------
    >>> from segedu.synthetic import street_scene
    >>> made = {edit.name: edit for edit in prediction_edits(street_scene(28))}
    >>> [step.label for step in made["shifted"].steps]
    ['1 pixel', '2 pixels', '4 pixels', '8 pixels', '16 pixels']
    >>> made["rare missed"].step_name(0)
    'rare missed, 1 class'
    """
    truth = without_void(scene)
    names = [category.name for category in scene.categories]
    isthing = np.array([category.isthing for category in scene.categories])
    present = _by_frequency(truth)

    def at(edit: Callable[[_Labels, int], _Labels], strengths: tuple[int, ...], note: str) -> list[EditStep]:
        return [
            EditStep(plural(n, "pixel"), edit(truth, n), note.format(n=n, pixels=plural(n, "pixel")))
            for n in strengths
        ]

    found = [
        ("perfect", 0, [EditStep("", truth,
            "Every pixel has its true class. Only the diagonal is left, and every score is 1.")]),
        ("shifted", 2, at(shifted, (1, 2, 4, 8, 16),
            "Every label lies {pixels} too far to the right. The thinner a class, the more of it ends up "
            "in the columns of its neighbours.")),
        ("in blocks", 2, at(in_blocks, (2, 4, 8, 16, 32),
            "One answer for each block of {n} × {n} pixels, as of a network with a coarse output: every border "
            "is a little wrong.")),
        ("shrunk", 1, at(lambda labels, n: shrunk(labels, n, isthing), (1, 2, 3, 4, 6),
            "Every object has lost a rim of {pixels} to what lies beside it. Look at the rows of the things: "
            "their recall falls.")),
        ("grown", 1, at(lambda labels, n: grown(labels, n, isthing), (1, 2, 4, 8),
            "Every object has a rim of {pixels} too much. The things keep their recall; look at their columns: "
            "their precision falls.")),
        ("swapped", 0, [
            EditStep(f"{names[i]} ↔ {names[j]}", swapped(truth, i, j),
                     f"All {names[i]} is called {names[j]}, and the other way round. Both have IoU 0.")
            for i, j in _neighbours(truth)[:4]
        ]),
        ("rare missed", 2, [
            EditStep(plural(k, "class", "classes"), missed(truth, present[-k:]),
                     f"Never predicted: {', '.join(names[label] for label in reversed(present[-k:]))}. Their "
                     "pixels take the label beside them. Recall and IoU are 0; precision is 0 / 0, undefined.")
            for k in range(1, min(5, max(len(present) - 2, 1)) + 1)
            if k < len(present)
        ]),
        ("one class", 0, [
            EditStep(names[label], np.full_like(truth, label),
                     f"Every pixel is called {names[label]}. PA is the share of {names[label]} in the picture; "
                     "every other class has IoU 0.")
            for label in present
        ]),
    ]  # fmt: skip
    seen: list[_Labels] = []
    kept = []
    for name, start, steps in found:
        new = []
        for step in steps:
            if not any(np.array_equal(step.preds, other) for other in seen):
                seen.append(step.preds)
                new.append(step)
        if new:
            kept.append(PredictionEdit(name, tuple(new), min(start, len(new) - 1)))
    return kept


def opposite_pair(scene: Scene, preds: list[_Labels]) -> tuple[int, int] | None:
    """Find the two predictions that pixel accuracy and mean IoU rank in opposite order most clearly.

    Returns
    -------
    (int, int) or None
        Indices: mean IoU prefers the first, pixel accuracy the second. Of all such pairs, the one for which the
        smaller of the two differences is largest. None if the two measures agree about all pairs.
    """
    tables = [metrics.confusion_matrix(labels, scene.semantic, len(scene.categories)) for labels in preds]
    values = np.array([[metrics.mean_iou(table), metrics.pixel_accuracy(table)] for table in tables])
    best, pair = 0.0, None
    for i, j in combinations(range(len(preds)), 2):
        miou, accuracy = values[i] - values[j]
        if miou * accuracy < 0 and min(abs(miou), abs(accuracy)) > best:
            best, pair = min(abs(miou), abs(accuracy)), (i, j) if miou > 0 else (j, i)
    return pair


# ---- the mistakes; labels are (H, W) without void


def without_void(scene: Scene) -> _Labels:
    """The truth with its void filled from beside it; class 0 everywhere if nothing is known."""
    return _filled(scene.semantic, scene.semantic == VOID)


def shifted(labels: _Labels, n: int) -> _Labels:
    """Everything n pixels to the right; the first column repeats."""
    return labels[:, np.maximum(np.arange(labels.shape[1]) - n, 0)]


def in_blocks(labels: _Labels, n: int) -> _Labels:
    """Blocks of n × n pixels, each with the label of the pixel in its middle.

    >>> in_blocks(np.array([[0, 1, 2, 3, 4]], np.uint8), 2)
    array([[1, 1, 3, 3, 4]], dtype=uint8)
    """
    rows, cols = (np.minimum(np.arange(size) // n * n + n // 2, size - 1) for size in labels.shape)
    return labels[np.ix_(rows, cols)]


def shrunk(labels: _Labels, n: int, isthing: npt.NDArray[np.bool_]) -> _Labels:
    """Each thing class without the n pixels along its border; they take the nearest label of another class."""
    result = labels.copy()
    for label in np.flatnonzero(isthing):
        own = labels == label
        if own.any() and not own.all():
            lost = own & ~ndimage.binary_erosion(own, _SQUARE, iterations=n, border_value=1)
            result[lost] = _filled(labels, own)[lost]
    return result


def grown(labels: _Labels, n: int, isthing: npt.NDArray[np.bool_]) -> _Labels:
    """The things with n pixels more on all sides; where two meet, the nearer one wins."""
    things = isthing[labels]
    rim = ndimage.binary_dilation(things, _SQUARE, iterations=n) & ~things
    return np.where(rim, _filled(labels, ~things), labels)


def swapped(labels: _Labels, i: int, j: int) -> _Labels:
    """Class i called j, and class j called i."""
    return np.where(labels == i, np.uint8(j), np.where(labels == j, np.uint8(i), labels))


def missed(labels: _Labels, classes: list[int]) -> _Labels:
    """Some classes never predicted: their pixels take the nearest label of another class."""
    return _filled(labels, np.isin(labels, classes))


def _filled(labels: _Labels, holes: npt.NDArray[np.bool_]) -> _Labels:
    if holes.all():
        return np.zeros_like(labels)
    if not holes.any():
        return labels
    nearest = ndimage.distance_transform_edt(holes, return_distances=False, return_indices=True)
    return labels[tuple(nearest)]


def _by_frequency(labels: _Labels) -> list[int]:
    """The classes that are there, the most frequent first."""
    counts = np.bincount(labels.ravel())
    return [label for label in np.argsort(-counts, kind="stable").tolist() if counts[label]]


def _neighbours(labels: _Labels) -> list[tuple[int, int]]:
    """Pairs of classes that touch, those with the longest common border first."""
    border = np.zeros((VOID, VOID), int)
    for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        np.add.at(border, (np.minimum(one, other), np.maximum(one, other)), 1)
    np.fill_diagonal(border, 0)
    pairs = np.argwhere(border)
    order = np.argsort(-border[tuple(pairs.T)], kind="stable")
    return [(int(i), int(j)) for i, j in pairs[order]]
