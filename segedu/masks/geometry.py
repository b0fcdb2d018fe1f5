"""How much masks and boxes overlap, and the box around a mask.

Masks come as boolean stacks (N, H, W). Boxes come as rows of *xyxy*: left, top, right, bottom, in pixels, where
right and bottom are edges: the pixel in column 3 reaches from 3 to 4. COCO's files hold *xywh* instead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def mask_intersection(preds: npt.NDArray[np.bool_], target: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Count the pixels that each pair of masks shares.

    Counts can be added up before anything is divided, and COCO divides them by the area of the prediction
    where the target is a crowd; `mask_iou` divides by the union.

    Parameters
    ----------
    preds : (P, H, W) bool array
    target : (T, H, W) bool array

    Returns
    -------
    (P, T) int64 array

    Raises
    ------
    ValueError
        If one is no boolean stack, or if they differ in height or width.

    Examples
    --------
    >>> preds = np.array([[[1, 1, 0]], [[0, 0, 1]]], bool)
    >>> target = np.array([[[0, 1, 1]]], bool)
    >>> mask_intersection(preds, target)
    array([[1],
           [1]])
    """
    return _overlap(preds, target)[0]


def mask_iou(preds: npt.NDArray[np.bool_], target: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Intersection over union of each pair of masks.

    Parameters
    ----------
    preds : (P, H, W) bool array
    target : (T, H, W) bool array

    Returns
    -------
    (P, T) float64 array
        From 0 to 1. The overlap of two empty masks is undefined: NaN.

    Raises
    ------
    ValueError
        If one is no boolean stack, or if they differ in height or width.

    Examples
    --------
    The first prediction shares one of three pixels with the target, the second one of two:

    >>> preds = np.array([[[1, 1, 0]], [[0, 0, 1]]], bool)
    >>> target = np.array([[[0, 1, 1]]], bool)
    >>> mask_iou(preds, target)
    array([[0.33333333],
           [0.5       ]])
    """
    shared, pred_areas, target_areas = _overlap(preds, target)
    return _ratio(shared, pred_areas[:, None] + target_areas[None] - shared)


def boxes(masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Find the smallest box around each mask.

    Parameters
    ----------
    masks : (N, H, W) bool array

    Returns
    -------
    (N, 4) float64 array
        xyxy. Right and bottom are one past the last column and row, so that right − left is a width in
        pixels. An empty mask has no box: a row of NaN.

    Raises
    ------
    ValueError
        If `masks` is no boolean stack.

    Examples
    --------
    >>> mask = np.zeros((4, 5), bool)
    >>> mask[1:3, 2] = True
    >>> boxes(mask[None])
    array([[2., 1., 3., 3.]])
    """
    masks = _stack(masks, "masks")
    n, height, width = masks.shape
    found = np.full((n, 4), np.nan)
    columns: npt.NDArray = np.any(masks, axis=1)  # (N, W)
    rows: npt.NDArray = np.any(masks, axis=2)  # (N, H)
    full = np.flatnonzero(np.any(columns, axis=1))
    columns, rows = columns[full], rows[full]
    if len(full):
        found[full, 0] = columns.argmax(axis=1)
        found[full, 1] = rows.argmax(axis=1)
        found[full, 2] = width - columns[:, ::-1].argmax(axis=1)
        found[full, 3] = height - rows[:, ::-1].argmax(axis=1)
    return found


def box_iou(preds: npt.ArrayLike, target: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Intersection over union of each pair of boxes.

    Parameters
    ----------
    preds : (P, 4) array
        xyxy. Only areas count, so fractions of a pixel are welcome.
    target : (T, 4) array

    Returns
    -------
    (P, T) float64 array
        From 0 to 1. NaN where the union has no area, or where one of the boxes is a row of NaN.

    Raises
    ------
    ValueError
        If one has another shape, or a box whose right lies left of its left, or whose bottom above its top.

    Examples
    --------
    Two squares of 2×2 that share one pixel: 1 / (4 + 4 − 1).

    >>> box_iou([[0, 0, 2, 2]], [[1, 1, 3, 3]])
    array([[0.14285714]])
    """
    preds, target = _xyxy(preds, "preds"), _xyxy(target, "target")
    top_left = np.maximum(preds[:, None, :2], target[None, :, :2])  # (P, T, 2)
    bottom_right = np.minimum(preds[:, None, 2:], target[None, :, 2:])
    shared = (bottom_right - top_left).clip(min=0).prod(axis=2)
    pred_areas = (preds[:, 2:] - preds[:, :2]).prod(axis=1)
    target_areas = (target[:, 2:] - target[:, :2]).prod(axis=1)
    return _ratio(shared, pred_areas[:, None] + target_areas[None] - shared)


def xyxy_to_xywh(corners: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Boxes as left, top, width, height (COCO's form), from left, top, right, bottom. (N, 4) to (N, 4).

    Raises
    ------
    ValueError
        If the shape is another, or a width or height would be negative.

    Examples
    --------
    >>> xyxy_to_xywh([[2, 1, 3, 3]])
    array([[2., 1., 1., 2.]])
    """
    corners = _xyxy(corners, "corners")
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)


def xywh_to_xyxy(extents: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Boxes as left, top, right, bottom, from left, top, width, height (COCO's form). (N, 4) to (N, 4).

    Raises
    ------
    ValueError
        If the shape is another, or a width or height is negative.

    Examples
    --------
    >>> xywh_to_xyxy([[2, 1, 1, 2]])
    array([[2., 1., 3., 3.]])
    """
    extents = _rows_of_four(extents, "extents")
    negative = np.flatnonzero((extents[:, 2:] < 0).any(axis=1))
    if negative.size:
        row = negative[0]
        raise ValueError(
            f"extents: expected widths and heights from 0, got {extents[row].tolist()} in row {row}"
        )
    return np.concatenate([extents[:, :2], extents[:, :2] + extents[:, 2:]], axis=1)


def _overlap(
    preds: npt.NDArray[np.bool_], target: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pixels shared by each pair, pixels of each prediction, pixels of each target."""
    preds, target = _stack(preds, "preds"), _stack(target, "target")
    if preds.shape[1:] != target.shape[1:]:
        raise ValueError(
            "preds and target: expected masks of one height and width, "
            f"got preds {preds.shape} and target {target.shape}"
        )
    pred_words, target_words = _packed(preds), _packed(target)  # (P, words), (T, words)
    shared = np.zeros((len(preds), len(target)), np.int64)
    for t, words in enumerate(target_words):
        inside = np.flatnonzero(words)  # the rest cannot be shared
        shared[:, t] = _bits(pred_words[:, inside] & words[inside])
    return shared, _bits(pred_words), _bits(target_words)


def _stack(masks: npt.NDArray, name: str) -> npt.NDArray[np.bool_]:
    masks = np.asarray(masks)
    if masks.ndim != 3 or masks.dtype != np.bool_:
        raise ValueError(
            f"{name}: expected shape (N, H, W) and dtype bool, got {masks.shape} and {masks.dtype}; "
            "put one mask into a stack with mask[None]"
        )
    return masks


def _packed(masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
    """Eight pixels a byte, eight bytes a word: (N, words). The bits past the last pixel are zero."""
    n, height, width = masks.shape
    packed = np.packbits(masks.reshape(n, height * width), axis=1)
    words = -(-packed.shape[1] // 8)
    padded = np.zeros((n, 8 * words), np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)


def _bits(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Number of bits set in each row."""
    return np.bitwise_count(words).sum(axis=1, dtype=np.int64)


def _rows_of_four(rows: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    array = np.asarray(rows, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"{name}: expected shape (N, 4), got {array.shape}")
    return array


def _xyxy(corners: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    array = _rows_of_four(corners, name)
    crossed = np.flatnonzero((array[:, 2:] < array[:, :2]).any(axis=1))
    if crossed.size:
        row = crossed[0]
        raise ValueError(
            f"{name}: expected left ≤ right and top ≤ bottom, got {array[row].tolist()} in row {row}; "
            "turn boxes of width and height with xywh_to_xyxy"
        )
    return array


def _ratio(shared: npt.NDArray, union: npt.NDArray) -> npt.NDArray[np.float64]:
    """Shared over union, NaN where there is no union."""
    undefined = np.full(union.shape, np.nan)
    return np.divide(shared, union, out=undefined, where=union > 0)
