"""The confusion matrix: which class was predicted where which class is true, counted once for every measure.

Label maps are made of blobs. Read row by row, the pair (truth, prediction) stays the same for many pixels, and
a run of n equal pairs counts n at once. Where runs are short, as in noise, each pixel is counted by itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu.metrics.label_maps import check_labels, checked_classes, checked_maps
from segedu.scene import VOID

# Pixels looked at in one go, and pixels given to bincount in one go: it makes 8 bytes of each, and these should
# stay in the processor's cache.
_CHUNK, _PART = 1 << 19, 1 << 18


def confusion_matrix(
    preds: npt.ArrayLike, target: npt.ArrayLike, num_classes: int, ignore_index: int | None = VOID
) -> npt.NDArray[np.int64]:
    """Count the pixels of each true class (rows) that were predicted as each class (columns).

    ::

        n[i, j] = number of pixels with target = i and preds = j

    Pixels whose target is void are left out. All measures in `segedu.metrics.semantic` follow from this matrix.
    Matrices of the same classes add up, over images and over machines: add first, divide last.

    Parameters
    ----------
    preds, target : integer arrays of one shape
        Class indices, of any integer dtype. One image (H, W), many (N, H, W), or any other shape.
    num_classes : int
        C, from 1 to 256. The classes are 0 to C - 1.
    ignore_index : int or None
        The label of void in `target`; no class can have it. None if there is no void.

    Returns
    -------
    (C, C) int64 array
        Its sum is the number of pixels whose truth is known.

    Raises
    ------
    ValueError
        If shapes or dtypes do not fit, or if a label is no class: nothing is counted in a wrong cell, nothing
        is dropped in silence. A prediction may be void only where the truth is void too.

    Notes
    -----
    Rows are the truth, as in Cityscapes' and scikit-learn's matrices.

    Examples
    --------
    Twelve pixels, one of them void. One pixel of class 1 was taken for 0, and the only pixel of class 2 for 1:

    >>> target = np.array([[0, 0, 1, 1],
    ...                    [0, 0, 1, 1],
    ...                    [0, 0, 2, 255]])
    >>> preds = np.array([[0, 0, 1, 1],
    ...                   [0, 0, 0, 1],
    ...                   [0, 0, 1, 2]])
    >>> confusion_matrix(preds, target, num_classes=3)
    array([[6, 0, 0],
           [1, 3, 0],
           [0, 1, 0]])
    """
    num_classes, ignore_index = checked_classes(num_classes, ignore_index)
    preds, target = checked_maps(preds, target)
    preds, target = preds.ravel(), target.ravel()
    size = (num_classes + 1) * num_classes  # one row for void, then one for each class
    table = np.zeros(size, np.int64)
    for start in range(0, target.size, _CHUNK):
        p, t = preds[start : start + _CHUNK], target[start : start + _CHUNK]
        edges = _run_edges(p, t)
        if edges is None:
            cells = _cells(p, t, num_classes, ignore_index)
            for part in range(0, cells.size, _PART):
                table += np.bincount(cells[part : part + _PART], minlength=size)
        else:
            starts, lengths = edges[:-1], np.diff(edges)
            cells = _cells(p.take(starts), t.take(starts), num_classes, ignore_index)
            table += np.bincount(cells.astype(np.intp), lengths, minlength=size).astype(np.int64)
    return table.reshape(-1, num_classes)[1:].copy()


def _cells(
    preds: npt.NDArray, target: npt.NDArray, num_classes: int, ignore_index: int | None
) -> npt.NDArray[np.integer]:
    """The cell of the table in which each pixel counts. Row 0 is void, row c + 1 is class c."""
    p, t = _as_bytes(preds), _as_bytes(target)
    if p is not None and t is not None and (ignore_index == VOID or t.max() < VOID):
        rows = t + np.uint8(1)  # 255 + 1 wraps around to 0: void falls into its row by itself
        if rows.max() <= num_classes and p.max() < num_classes:
            dtype = np.min_scalar_type((num_classes + 1) * num_classes - 1)  # one byte for C up to 15
            cells = rows.astype(dtype, copy=False) * dtype.type(num_classes)
            cells += p.astype(dtype, copy=False)
            return cells
    # Another void, void in both, labels beyond a byte, or something wrong: the same, step by step.
    known = target != ignore_index if ignore_index is not None else np.ones(target.shape, bool)
    check_labels(preds, target, known, num_classes, ignore_index)
    return np.where(known, (target.astype(np.intp) + 1) * num_classes + preds.astype(np.intp), 0)


def _as_bytes(labels: npt.NDArray) -> npt.NDArray[np.uint8] | None:
    """The labels as uint8, or None if one of them does not fit."""
    if labels.dtype == np.uint8:
        return labels
    # The bits of all labels together: one label that is negative or above 255 shows in them.
    return labels.astype(np.uint8) if 0 <= np.bitwise_or.reduce(labels) < 256 else None


def _run_edges(preds: npt.NDArray, target: npt.NDArray) -> npt.NDArray[np.intp] | None:
    """Where runs of equal pairs start, and the end; None if there are too many for runs to pay."""
    size = target.size
    sample = slice(size // 4, size // 4 + size // 16)  # noise is noise everywhere
    if np.count_nonzero(_changes(preds[sample], target[sample])) > 0.15 * (size // 16):
        return None
    starts = np.zeros(8 * (size // 8 + 1), bool)
    _changes(preds, target, out=starts[1:size])
    starts[0] = starts[size] = True
    # What follows is np.flatnonzero(starts) in two steps: which groups of eight pixels have a start, and where
    # in them it is. In one step the processor guesses the way to each next start, mostly wrong, and that costs
    # more than all the rest.
    eights = starts.view(np.uint64)
    found = np.flatnonzero(eights != 0)
    if found.size > 0.65 * eights.size:
        return None
    inside = np.flatnonzero(eights.take(found).view(bool))  # numbered as if the other groups were not there
    left_out = 8 * (found - np.arange(found.size))
    return inside + left_out.take(inside >> 3)


def _changes(
    preds: npt.NDArray, target: npt.NDArray, out: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.bool_]:
    """Whether each pixel but the first has another pair of labels than the pixel before it."""
    changed = np.not_equal(target[1:], target[:-1], out=out)
    changed |= preds[1:] != preds[:-1]
    return changed
