"""From polygons to pixels, by COCO's rule to the last pixel.

COCO's annotations are polygons, and every published number was computed on the pixels that its API makes of
them. The rule: round the corners to fifths of a pixel, walk the outline in steps of one fifth, and note where
it passes the middle of a column. At the first pixel whose middle lies at or below such a crossing the column
changes between outside and inside. So the even-odd rule holds within a polygon; several polygons are united.

Source: ``rleFrPoly`` in ``maskApi.c`` of the COCO API, of which this is an independent implementation. It
computes each crossing directly instead of walking every fifth, so its cost grows with the columns an outline
passes, not with its length.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.masks.rle import checked_size, runs_to_mask

MAX_COORDINATE = 1e8
"""Coordinates beyond this many pixels are refused: in fifths of a pixel they would not fit COCO's 32 bits."""

_FIFTHS = 5

_Ints = npt.NDArray[np.int64]


def polygons_to_mask(polygons: Iterable[npt.ArrayLike], size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Fill polygons as COCO does, and unite them.

    Coordinates are edges of pixels: the pixel in column 3 reaches from x = 3 to x = 4. Polygons may leave the
    image and cross themselves.

    Parameters
    ----------
    polygons : iterable of polygons
        Each one flat, ``[x0, y0, x1, y1, …]``, as in COCO's files, or an (N, 2) array of x and y. At least
        three points; the last is joined to the first. No polygons make an empty mask.
    size : tuple of int
        Height and width of the mask, at most ``MAX_PIXELS`` together.

    Returns
    -------
    (H, W) bool array

    Raises
    ------
    ValueError
        If a polygon has fewer than three points, an odd number of coordinates, or one that is not finite or
        beyond ``MAX_COORDINATE``; if `size` is no size.

    Examples
    --------
    >>> polygons_to_mask([[1, 0, 4, 0, 4, 2, 1, 2]], size=(3, 5)).astype(int)
    array([[0, 1, 1, 1, 0],
           [0, 1, 1, 1, 0],
           [0, 0, 0, 0, 0]])

    A triangle. Pixels whose middle is inside belong to it:

    >>> polygons_to_mask([[(0, 0), (5, 0), (0, 5)]], size=(4, 4)).astype(int)
    array([[1, 1, 1, 1],
           [1, 1, 1, 0],
           [1, 1, 0, 0],
           [1, 0, 0, 0]])
    """
    height, width = checked_size(size, "size")
    if isinstance(polygons, str | bytes) or not isinstance(polygons, Iterable):
        raise ValueError(f"polygons: expected a list of polygons, got {type(polygons).__name__}")
    mask = np.zeros((width, height), bool).T  # in column order, as the rule goes
    for index, polygon in enumerate(polygons):
        _fill(_points(polygon, index), mask)
    return mask


def _points(polygon: Any, index: int) -> npt.NDArray[np.float64]:
    """One polygon in either form as (N, 2) x and y."""
    name = f"polygons[{index}]"
    try:
        array = np.asarray(polygon, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected numbers [x0, y0, x1, y1, …] or (N, 2), got {polygon!r}") from None
    if array.ndim == 0:
        raise ValueError(
            f"{name}: expected a polygon, got the number {polygon}; put a single polygon into a list"
        )
    if array.ndim == 1 and array.size % 2 == 0:
        array = array.reshape(-1, 2)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name}: expected pairs of x and y, got shape {array.shape}")
    if len(array) < 3:
        hint = "; put a single polygon into a list" if len(array) == 1 else ""
        raise ValueError(f"{name}: expected at least 3 points, got {len(array)}{hint}")
    wrong = array[~(np.abs(array) <= MAX_COORDINATE)]
    if wrong.size:
        raise ValueError(f"{name}: expected finite numbers up to {MAX_COORDINATE:.0e}, got {wrong[0]}")
    return array


def _fill(points: npt.NDArray[np.float64], mask: npt.NDArray[np.bool_]) -> None:
    height, width = mask.shape
    corners = np.trunc(_FIFTHS * points + 0.5).astype(np.int64)  # toward zero, as a C cast does
    columns, rows = _crossings(corners, np.roll(corners, -1, axis=0), height, width)
    if columns.size:
        left, right = columns.min(), columns.max() + 1
        # Places in column order where inside and outside change; each column has an even number of them.
        flips = np.sort((columns - left) * height + rows)
        runs = np.diff(flips, prepend=0, append=(right - left) * height)
        mask[:, left:right] |= runs_to_mask(runs, height, right - left)


def _crossings(start: _Ints, end: _Ints, height: int, width: int) -> tuple[_Ints, _Ints]:
    """Where edges, given in fifths of a pixel, pass the middle of a column: the column and the first row below.

    The middle of column c lies between the fifths 5c + 2 and 5c + 3.
    """
    dx, dy = np.abs(end - start).T
    shallow = dx >= dy
    # An edge is walked in the direction of growing x if it is shallow, of growing y if it is steep.
    backward = np.where(shallow, start[:, 0] > end[:, 0], start[:, 1] > end[:, 1])[:, None]
    start, end = np.where(backward, end, start), np.where(backward, start, end)
    low, high = np.minimum(start[:, 0], end[:, 0]), np.maximum(start[:, 0], end[:, 0])
    first = np.maximum(-((2 - low) // _FIFTHS), 0)
    last = np.minimum((high - 3) // _FIFTHS, width - 1)
    crossed = np.maximum(last - first + 1, 0)  # columns for each edge

    edge = np.repeat(np.arange(len(start)), crossed)
    columns = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(crossed) - crossed, crossed)
    from_xy, rise = start[edge].T, (end - start)[edge].T  # (2, crossings) each
    left = _FIFTHS * columns + 2  # the last fifth on the left of the middle
    flat = shallow[edge]
    y = np.empty(len(edge), np.int64)
    y[flat] = _y_on_shallow(from_xy[:, flat], rise[:, flat], left[flat])
    y[~flat] = _y_on_steep(from_xy[:, ~flat], rise[:, ~flat], left[~flat])
    return columns, np.clip(-((2 - y) // _FIFTHS), 0, height)


def _y_on_shallow(start: _Ints, rise: _Ints, left: _Ints) -> _Ints:
    """Upper y of the two points beside the middle of a column. Shallow edges have one point for each x."""
    slope, step = rise[1] / rise[0], left - start[0]
    here, there = (np.floor(start[1] + slope * t + 0.5) for t in (step, step + 1))
    return np.minimum(here, there).astype(np.int64)


def _y_on_steep(start: _Ints, rise: _Ints, left: _Ints) -> _Ints:
    """Last y before the middle of a column is passed. Steep edges have one point for each y."""
    slope = rise[0] / rise[1]
    rightward = slope > 0

    def before(step: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        x = np.floor(start[0] + slope * step + 0.5)
        return np.where(rightward, x <= left, x > left)

    step = np.floor((left + 0.5 - start[0]) / slope)
    # A rounding error may put the estimate beside the step that the rule itself, `before`, calls the last.
    while (too_far := ~before(step)).any():
        step -= too_far
    while (too_near := before(step + 1)).any():
        step += too_near
    return start[1] + step.astype(np.int64)
