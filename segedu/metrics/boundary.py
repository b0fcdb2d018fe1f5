"""Boundary IoU: how well outlines agree, where IoU sees only the inside of large objects.

A large object is nearly all inside, and its IoU hardly feels a ragged outline. A thin one is all outline, and a
shift by one pixel can halve its IoU. Boundary IoU compares only the pixels near the outlines, for both alike.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segedu.metrics.label_maps import check_labels, checked_classes, checked_maps
from segedu.scene import VOID

_Bools = npt.NDArray[np.bool_]
_Counts = npt.NDArray[np.int64]


def boundary_iou(preds: npt.ArrayLike, target: npt.ArrayLike, *, dilation_ratio: float = 0.02) -> float:
    """Intersection over union of the inner boundaries of two masks.

    With P and G the masks, and P_d and G_d the pixels at most d from their outlines::

        boundary IoU = |(P_d ∩ P) ∩ (G_d ∩ G)| / |(P_d ∩ P) ∪ (G_d ∩ G)|

    Parameters
    ----------
    preds, target : (H, W) bool arrays
    dilation_ratio : float
        d as a share of the image's diagonal; see `boundary_width`.

    Returns
    -------
    float
        From 0 to 1; NaN if both masks are empty.

    Raises
    ------
    ValueError
        If shapes, dtypes or the ratio do not fit.

    Notes
    -----
    Source: Cheng, Girshick, Dollár, Berg and Kirillov, CVPR 2021, arXiv:2103.16562, and its published code. Two
    masks that share their outlines but not their insides (a disc and a thick ring) have boundary IoU 1: use it
    beside IoU, or take the smaller of both, as the authors do.

    Examples
    --------
    A square of 4 × 4 pixels in an image of 6 × 6, and the same square with a hole of 2 × 2. With d = 1 the
    boundary of the square is its 12 outer pixels. These are also all that is left around the hole:

    >>> square = np.zeros((6, 6), bool)
    >>> square[1:5, 1:5] = True
    >>> hollow = square.copy()
    >>> hollow[2:4, 2:4] = False
    >>> boundary_iou(hollow, square)
    1.0
    >>> float((hollow & square).sum() / (hollow | square).sum())  # IoU: 12 of 16
    0.75
    """
    preds, target = _mask(preds, "preds"), _mask(target, "target")
    if preds.shape != target.shape:
        raise ValueError(f"preds and target: expected masks of one shape, got {preds.shape} and {target.shape}")
    width = boundary_width(target.shape, dilation_ratio)
    pred_edge, target_edge = inner_boundary(preds, width), inner_boundary(target, width)
    union = np.count_nonzero(pred_edge | target_edge)
    return float(np.count_nonzero(pred_edge & target_edge) / union) if union else float("nan")


def boundary_iou_per_class(
    preds: npt.ArrayLike,
    target: npt.ArrayLike,
    num_classes: int,
    ignore_index: int | None = VOID,
    *,
    dilation_ratio: float = 0.02,
) -> npt.NDArray[np.float64]:
    """Boundary IoU of each class of one image's label maps.

    For many images, add up `boundary_counts` and divide once.

    Parameters
    ----------
    preds, target : (H, W) integer arrays
        Class indices. See `boundary_counts` for void.
    num_classes : int
        C, from 1 to 256.
    ignore_index : int or None
        The label of void in `target`.
    dilation_ratio : float
        d as a share of the image's diagonal; see `boundary_width`.

    Returns
    -------
    (C,) float64 array
        From 0 to 1. NaN for a class that is neither true nor predicted.

    Raises
    ------
    ValueError
        As of `confusion_matrix`, and if the maps are no single images.

    Examples
    --------
    A pole of one pixel's width (class 1) in front of the sky (class 0), predicted one pixel too far right:

    >>> target = np.zeros((5, 9), int)
    >>> target[:, 4] = 1
    >>> boundary_iou_per_class(np.roll(target, 1, axis=1), target, num_classes=2).round(2)
    array([0.56, 0.  ])
    """
    shared, union = boundary_counts(preds, target, num_classes, ignore_index, dilation_ratio=dilation_ratio)
    with np.errstate(invalid="ignore"):
        return shared / union


def boundary_counts(
    preds: npt.ArrayLike,
    target: npt.ArrayLike,
    num_classes: int,
    ignore_index: int | None = VOID,
    *,
    dilation_ratio: float = 0.02,
) -> tuple[_Counts, _Counts]:
    """What boundary IoU divides, for each class: pixels in both inner boundaries, and in one at least.

    Counts of several images add up.

    Parameters
    ----------
    preds, target : (H, W) integer arrays
        Class indices. Void counts as outside of the image: nobody knows what a prediction there is worth, so it
        changes nothing, and both maps have a boundary next to it.
    num_classes, ignore_index, dilation_ratio
        As of `boundary_iou_per_class`.

    Returns
    -------
    intersection, union : (C,) int64 arrays

    Raises
    ------
    ValueError
        As of `boundary_iou_per_class`.

    Examples
    --------
    The image of `boundary_iou_per_class`. The diagonal is 10.3 pixels, and 2 % of it less than one: d = 1. The
    sky's boundary is what touches the pole or the image's border: of the two halves of 5 × 4 pixels, all but
    3 × 2 each, so 28 pixels. It is 28 pixels beside the shifted pole too, and 20 of them are the same:

    >>> target = np.zeros((5, 9), int)
    >>> target[:, 4] = 1
    >>> boundary_counts(np.roll(target, 1, axis=1), target, num_classes=2)
    (array([20,  0]), array([36, 10]))
    """
    num_classes, ignore_index = checked_classes(num_classes, ignore_index)
    preds, target = checked_maps(preds, target)
    if target.ndim != 2 or not target.size:
        raise ValueError(f"preds and target: expected shape (H, W), one image, got {target.shape}")
    known = target != ignore_index if ignore_index is not None else np.ones(target.shape, bool)
    check_labels(preds, target, known, num_classes, ignore_index)
    outside = num_classes  # the label of void and of all beyond the border
    p, t = (np.where(known, labels, outside).astype(np.uint16) for labels in (preds, target))
    width = boundary_width(target.shape, dilation_ratio)
    pred_edge, target_edge = _class_boundaries(p, width, outside), _class_boundaries(t, width, outside)

    def count(labels, where):
        return np.bincount(labels[where], minlength=num_classes)

    shared = count(t, target_edge & pred_edge & (t == p))
    return shared, count(t, target_edge) + count(p, pred_edge) - shared


def inner_boundary(mask: npt.ArrayLike, width: int) -> _Bools:
    """The pixels of a mask that have one outside of it, or the border of the image, within `width`.

    Distance is counted in steps to any of the eight neighbours, so the boundary is what `width` erosions with a
    3 × 3 square take away. What lies outside the image is outside of the mask.

    Parameters
    ----------
    mask : (H, W) bool array
    width : int
        In pixels, 1 or more.

    Returns
    -------
    (H, W) bool array

    Raises
    ------
    ValueError
        If the mask is not boolean or the width not a positive integer.

    Examples
    --------
    >>> mask = np.array([[0, 0, 0, 0, 0],
    ...                  [0, 1, 1, 1, 0],
    ...                  [0, 1, 1, 1, 0],
    ...                  [0, 1, 1, 1, 0]], bool)
    >>> inner_boundary(mask, width=1).astype(int)
    array([[0, 0, 0, 0, 0],
           [0, 1, 1, 1, 0],
           [0, 1, 0, 1, 0],
           [0, 1, 1, 1, 0]])
    """
    mask = _mask(mask, "mask")
    if not isinstance(width, int | np.integer) or isinstance(width, bool) or width < 1:
        raise ValueError(f"width: expected an integer from 1, got {width!r}")
    inside = ndimage.minimum_filter(mask.astype(np.uint8), 2 * int(width) + 1, mode="constant", cval=0)
    return mask & (inside == 0)


def boundary_width(size: tuple[int, ...], dilation_ratio: float = 0.02) -> int:
    """How many pixels deep a boundary is: a share of the image's diagonal, but one pixel at least.

    Parameters
    ----------
    size : (int, int)
        Height and width of the image in pixels.
    dilation_ratio : float
        Above 0. The authors' code takes 0.02 for COCO, and 0.005 for the larger images of Cityscapes.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the ratio is not a positive number.

    Examples
    --------
    >>> boundary_width((360, 480))  # diagonal 600
    12
    """
    if not (isinstance(dilation_ratio, int | float | np.number) and 0 < dilation_ratio < math.inf):
        raise ValueError(f"dilation_ratio: expected a number above 0, got {dilation_ratio!r}")
    height, width = size
    return max(1, round(float(dilation_ratio) * math.hypot(height, width)))


def _class_boundaries(labels: npt.NDArray, width: int, outside: int) -> _Bools:
    """`inner_boundary` of all classes in one map: the pixels whose window holds more labels than their own."""
    side = 2 * width + 1
    lowest = ndimage.minimum_filter(labels, side, mode="constant", cval=outside)
    return (lowest != ndimage.maximum_filter(labels, side, mode="constant", cval=outside)) & (labels != outside)


def _mask(mask: npt.ArrayLike, name: str) -> _Bools:
    array = np.asarray(mask)
    if array.ndim != 2 or array.dtype != np.bool_ or not array.size:
        raise ValueError(
            f"{name}: expected a mask of shape (H, W) and dtype bool, got {array.shape} and {array.dtype}; "
            "for label maps there is boundary_iou_per_class"
        )
    return array
