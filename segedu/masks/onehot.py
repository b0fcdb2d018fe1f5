"""A label map as a stack of masks, one for each class, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu.scene import VOID


def one_hot(labels: npt.NDArray, num_classes: int, *, ignore_index: int = VOID) -> npt.NDArray[np.bool_]:
    """Spread a label map into one mask for each class.

    Parameters
    ----------
    labels : (H, W) integer array
        Class indices 0 to `num_classes` − 1, or `ignore_index`.
    num_classes : int
    ignore_index : int
        Pixels with this label are in no mask.

    Returns
    -------
    (C, H, W) bool array
        At most one True along the first axis.

    Raises
    ------
    ValueError
        If `labels` is no integer map, or holds anything else.

    Examples
    --------
    >>> one_hot(np.array([[0, 1, 255]]), 2).astype(int)
    array([[[1, 0, 0]],
           [[0, 1, 0]]])
    """
    labels = np.asarray(labels)
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels: expected shape (H, W) and integers, got {labels.shape} and {labels.dtype}")
    if num_classes < 1:
        raise ValueError(f"num_classes: expected at least 1, got {num_classes}")
    ignored = labels == ignore_index
    wrong = labels[~ignored & ((labels < 0) | (labels >= num_classes))]
    if wrong.size:
        some = np.unique(wrong)[:5].tolist()
        raise ValueError(f"labels: expected 0 to {num_classes - 1} or {ignore_index} (ignored), got {some}")
    classes = np.arange(num_classes)[:, None, None]  # (C, 1, 1)
    return (labels[None] == classes) & ~ignored[None]


def from_one_hot(masks: npt.NDArray[np.bool_], *, ignore_index: int = VOID) -> npt.NDArray[np.int64]:
    """Put one mask for each class together into a label map: the way back from `one_hot`.

    Parameters
    ----------
    masks : (C, H, W) bool array
    ignore_index : int
        The label of pixels that are in no mask.

    Returns
    -------
    (H, W) int64 array

    Raises
    ------
    ValueError
        If `masks` is no boolean stack, or if two masks share a pixel: a label map cannot say that.

    Examples
    --------
    >>> from_one_hot(one_hot(np.array([[0, 1, 255]]), 2))
    array([[  0,   1, 255]])
    """
    masks = np.asarray(masks)
    if masks.ndim != 3 or masks.dtype != np.bool_ or not len(masks):
        raise ValueError(
            f"masks: expected shape (C, H, W) with C ≥ 1 and dtype bool, got {masks.shape} and {masks.dtype}"
        )
    count = np.count_nonzero(masks, axis=0)  # (H, W)
    if (count > 1).any():
        row, column = np.argwhere(count > 1)[0].tolist()
        raise ValueError(
            f"masks: expected at most one class for each pixel, got classes "
            f"{np.flatnonzero(masks[:, row, column]).tolist()} at row {row}, column {column}"
        )
    return np.where(count == 1, masks.argmax(axis=0), ignore_index)
