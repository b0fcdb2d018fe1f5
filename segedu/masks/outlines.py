"""From pixels to polygons: outlines along the edges of the pixels, so that nothing is lost on the way back.

One polygon for each connected region. COCO unites the polygons of an object and knows no holes, but within one
polygon it counts even and odd. So a hole is cut open: a bridge runs straight up from its first corner to the
outline above, once there and once back. What is walked twice cancels, and the polygon fills exactly the region.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Ints = npt.NDArray[np.int64]
_Point = tuple[int, int]


def mask_to_polygons(mask: npt.NDArray[np.bool_]) -> list[_Ints]:
    """Outline a mask, so that `polygons_to_mask` gives back the very same pixels.

    Parameters
    ----------
    mask : (H, W) bool array

    Returns
    -------
    list of (N, 2) int64 arrays
        x and y of the corners, on the edges of pixels: one pixel at row 2, column 5 has the corners (5, 2),
        (6, 2), (6, 3), (5, 3). One polygon for each region of pixels that share a side, in reading order of
        their first pixels; holes are part of it, joined by a bridge. ``polygon.ravel().tolist()`` is COCO's
        form. An empty mask has no polygons.

    Raises
    ------
    ValueError
        If the mask is not boolean or not two-dimensional.

    Examples
    --------
    >>> mask = np.array([[0, 1, 1], [0, 1, 0]], bool)
    >>> mask_to_polygons(mask)[0].tolist()
    [[1, 0], [3, 0], [3, 1], [2, 1], [2, 2], [1, 2]]

    A ring. The bridge from (1, 1) up to (1, 0) is walked down and up again:

    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
    >>> mask_to_polygons(ring)[0].tolist()
    [[0, 0], [1, 0], [1, 1], [1, 2], [2, 2], [2, 1], [1, 1], [1, 0], [3, 0], [3, 3], [0, 3]]
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise ValueError(f"mask: expected shape (H, W) and dtype bool, got {mask.shape} and {mask.dtype}")
    row, column, other_end = _corners(mask)
    rows, columns = row.tolist(), column.tolist()
    polygons: list[list[_Point]] = []
    guests: dict[int, list[tuple[int, list[_Point]]]] = {}  # for each horizontal edge the holes that hang on it
    # From the bottom up: when an outline is written, the holes that hang on it are complete.
    for ring, solid in reversed(_rings(mask, rows, columns, other_end)):
        points: list[_Point] = []
        for k, corner in enumerate(ring):
            points.append((columns[corner], rows[corner]))
            if (k % 2 == 0) == solid:  # a horizontal edge follows
                rightward = corner % 2 == 0
                for x, path in sorted(guests.pop(corner // 2, ()), reverse=not rightward):
                    points += [(x, rows[corner]), *path, (x, rows[corner])]
        if solid:
            polygons.append(points)
        else:
            host = _edge_above(mask, row, column, ring[0])
            guests.setdefault(host, []).append((columns[ring[0]], [*points, points[0]]))
    return [_without_repeats(np.array(points, np.int64)) for points in reversed(polygons)]


def _corners(mask: npt.NDArray[np.bool_]) -> tuple[_Ints, _Ints, _Ints]:
    """Where outlines turn: row, column, and the corner at the other end of the vertical edge.

    Corners are numbered in reading order, so that 2k and 2k + 1 are the left and right end of horizontal edge
    k. Where two pixels touch at a corner only, there are two corners: each pixel keeps its own.
    """
    padded = np.pad(mask, 1)
    a, b, c, d = padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]  # around each grid point
    one = a ^ b ^ c ^ d
    two = (a == d) & (b == c) & (a != b)
    row_one, column_one = np.nonzero(one)
    row_two, column_two = np.nonzero(two)
    falling = a[two]  # the two pixels are up left and down right
    row = np.concatenate([row_one, row_two, row_two])
    column = np.concatenate([column_one, column_two, column_two])
    rightward = np.concatenate([(b != d)[one], np.zeros(len(row_two), bool), np.ones(len(row_two), bool)])
    downward = np.concatenate([(c != d)[one], ~falling, falling])

    reading = np.lexsort((rightward, column, row))
    row, column, downward = row[reading], column[reading], downward[reading]
    vertical = np.lexsort((downward, row, column))
    other_end = np.empty_like(vertical)
    other_end[vertical[0::2]], other_end[vertical[1::2]] = vertical[1::2], vertical[0::2]
    return row, column, other_end


def _rings(
    mask: npt.NDArray[np.bool_], rows: list[int], columns: list[int], other_end: _Ints
) -> list[tuple[list[int], bool]]:
    """Corners of each closed outline, in reading order of its first corner, and whether it is no hole.

    Regions are walked clockwise, so they start with a horizontal edge; holes the other way round.
    """
    vertical, rings, seen = other_end.tolist(), [], bytearray(len(rows))
    for first in range(len(rows)):
        if seen[first]:
            continue
        solid = bool(mask[rows[first], columns[first]])
        ring, corner, horizontal = [], first, solid
        while not seen[corner]:
            seen[corner] = True
            ring.append(corner)
            corner = corner ^ 1 if horizontal else vertical[corner]
            horizontal = not horizontal
        rings.append((ring, solid))
    return rings


def _edge_above(mask: npt.NDArray[np.bool_], row: _Ints, column: _Ints, corner: int) -> int:
    """Number of the horizontal edge straight above the first corner of a hole, across the region around it."""
    empty = np.flatnonzero(~mask[: row[corner], column[corner]])
    top = empty[-1] + 1 if empty.size else 0
    first, last = np.searchsorted(row[0::2], [top, top + 1])
    return int(first + np.searchsorted(column[0::2][first:last], column[corner], side="right") - 1)


def _without_repeats(points: _Ints) -> _Ints:
    """Leave out a point that equals the one before it: bridges may start at a corner."""
    return points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
