"""Pull an outline drawn by hand onto the edge of the photograph that it means.

A person draws to within a pixel or two; the photograph knows the rest. A narrow band around the drawn line is
unrolled into a rectangle, one column for each position along the line and one row for each distance from it,
and the cheapest path through the rectangle is found by dynamic programming: strong edges are cheap, bends
and long ways from the drawing are dear. That is the active contour of Amini, Weymouth and Jain (1990).

Coordinates are ``(x, y)`` in pixels with corners at whole numbers: the centre of the pixel in row r and
column c lies at ``(c + 0.5, r + 0.5)``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

Points = Sequence[tuple[float, ...]] | npt.NDArray[np.float64]

STEP = 0.25
"""Distance between two rows of the unrolled band, in pixels."""


def curve(points: Points, *, spacing: float = 0.5) -> npt.NDArray[np.float64]:
    """A smooth closed line through hand-drawn points; a point given twice in a row is a corner.

    Centripetal Catmull-Rom splines, which neither overshoot nor loop between two points.

    Parameters
    ----------
    points : (N, 2) or (N, 3) array, or a sequence of such rows
        ``(x, y)`` along the outline, at least three different ones; the last joins the first. A third number
        is carried along as it is: `snap` uses it for the reach.
    spacing : float
        Distance between two points of the answer, in pixels.

    Returns
    -------
    (M, 2) or (M, 3) float64 array

    Examples
    --------
    Four corners stay a square; its outline is 40 pixels long:

    >>> corners = [(0, 0), (0, 0), (10, 0), (10, 0), (10, 10), (10, 10), (0, 10), (0, 10)]
    >>> line = curve(corners)
    >>> line.shape, line.min(), line.max()
    ((80, 2), np.float64(0.0), np.float64(10.0))
    """
    drawn = np.asarray(points, np.float64)
    if drawn.ndim != 2 or drawn.shape[1] not in (2, 3) or len(np.unique(drawn[:, :2], axis=0)) < 3:
        raise ValueError(f"curve: expected at least three different (x, y) points, got shape {drawn.shape}")
    n = len(drawn)
    pieces = [
        _catmull_rom(*(drawn[(k + i) % n] for i in (-1, 0, 1, 2)))
        for k in range(n)
        if not np.array_equal(drawn[k, :2], drawn[(k + 1) % n, :2])
    ]
    line = np.concatenate(pieces)
    ring = np.vstack([line, line[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(ring[:, :2], axis=0).T))])
    m = max(8, round(along[-1] / spacing))
    at = np.arange(m) * along[-1] / m
    return np.stack([np.interp(at, along, column) for column in ring.T], axis=1)


def _catmull_rom(before: npt.NDArray, start: npt.NDArray, end: npt.NDArray, after: npt.NDArray) -> npt.NDArray:
    """Eight points a pixel from start to end; a neighbour that repeats one makes a corner there."""
    p0, p1, p2, p3 = before[:2], start[:2], end[:2], after[:2]
    p0 = 2 * p1 - p2 if np.array_equal(p0, p1) else p0
    p3 = 2 * p2 - p1 if np.array_equal(p3, p2) else p3
    gaps = [float(np.hypot(*(b - a))) ** 0.5 for a, b in ((p0, p1), (p1, p2), (p2, p3))]
    t0, t1 = 0.0, gaps[0]
    t2, t3 = t1 + gaps[1], t1 + gaps[1] + gaps[2]
    count = max(2, int(8 * np.hypot(*(p2 - p1))))
    t = np.linspace(t1, t2, count, endpoint=False)[:, None]
    a1 = (t1 - t) / (t1 - t0) * p0 + (t - t0) / (t1 - t0) * p1
    a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
    a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
    b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
    b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
    xy = (t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2
    share = (t - t1) / (t2 - t1)
    return np.hstack([xy, (1 - share) * start[2:] + share * end[2:]])


def snap(
    lab: npt.NDArray[np.float64],
    points: Points,
    *,
    reach: float = 2.5,
    side: str = "any",
    stiffness: float = 4.0,
    trust: float = 0.02,
    sigma: float = 0.7,
) -> npt.NDArray[np.float64]:
    """The outline, moved by at most `reach` pixels onto the edge beside it.

    Parameters
    ----------
    lab : (H, W, 3) float array
        The photograph in CIELAB, so that a step of 10 looks the same in every colour.
    points : sequence of (x, y) or (x, y, reach)
        The outline as drawn; see `curve`.
    reach : float
        How far the drawing may be off, in pixels, at the points that do not say it themselves. 0 leaves the
        smooth line as drawn.
    side : {"any", "bright", "dark"}
        Which side of the edge lies inside the outline. "any" takes steps of colour too.
    stiffness : float
        What a change of distance between neighbouring positions costs.
    trust : float
        What a distance of one pixel from the drawing costs, growing with its square: how much the drawing
        is believed where the photograph shows nothing.
    sigma : float
        Width of the Gaussian that takes the grain out before edges are measured, in pixels.

    Returns
    -------
    (M, 2) float64 array
        Points of the closed outline, half a pixel apart before the move.

    Examples
    --------
    A bright disk of radius 20 around (32, 32); drawn as a rough square, found to a fifth of a pixel:

    >>> y, x = np.mgrid[:64, :64] + 0.5
    >>> lab = np.zeros((64, 64, 3))
    >>> lab[..., 0] = 80 * (np.hypot(x - 32, y - 32) < 20)
    >>> rough = [(32 + 22 * np.cos(a), 32 + 22 * np.sin(a)) for a in np.arange(8) * np.pi / 4]
    >>> radius = np.hypot(*(snap(lab, rough, reach=4) - 32).T)
    >>> bool(abs(radius - 20).max() < 0.6), bool(abs(radius.mean() - 20) < 0.2)
    (True, True)
    """
    signs = {"any": 0, "bright": 1, "dark": -1}
    if side not in signs:
        raise ValueError(f"snap: expected side to be one of {sorted(signs)}, got {side!r}")
    drawn = curve([(*point, reach)[:3] for point in points])
    line, reaches = drawn[:, :2], drawn[:, 2]
    outward = _normals(line)
    rows = int(reaches.max() / STEP)
    distances = STEP * np.arange(-rows, rows + 1)
    soft = np.stack([gaussian_filter(lab[..., c], sigma) for c in range(3)])

    def sample(offset: float) -> npt.NDArray[np.float64]:  # (3, D, M)
        where = line[None] + (distances + offset)[:, None, None] * outward[None]
        return np.stack([map_coordinates(channel, [where[..., 1] - 0.5, where[..., 0] - 0.5], order=1,
                                         mode="nearest") for channel in soft])  # fmt: skip

    step = sample(-0.5) - sample(0.5)  # inside minus outside, in CIELAB units a pixel
    edge = np.sqrt((step**2).sum(axis=0)) if signs[side] == 0 else np.maximum(0, signs[side] * step[0])
    # An edge twice as strong is not twice as sure: one glint must not outbid a whole rim.
    cost = trust * distances[:, None] ** 2 - np.sqrt(edge / 25.0)
    cost[np.abs(distances)[:, None] > reaches + 1e-9] = np.inf
    return line + distances[_cheapest_ring(cost, stiffness)][:, None] * outward


def _normals(line: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Unit vectors across a closed line, pointing out of it, from tangents over about five pixels."""
    tangent = np.roll(line, -5, axis=0) - np.roll(line, 5, axis=0)
    tangent /= np.maximum(1e-9, np.hypot(*tangent.T))[:, None]
    x, y = line.T
    area = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    return np.stack([tangent[:, 1], -tangent[:, 0]], axis=1) * np.sign(area)


def _cheapest_ring(cost: npt.NDArray[np.float64], stiffness: float) -> npt.NDArray[np.intp]:
    """Row of the cheapest closed path through the columns of `cost` (D, M): the middle one of three laps."""
    rows, columns = cost.shape
    bend = stiffness * STEP**2
    best = cost[:, 0].copy()
    back = np.zeros((3 * columns, rows), np.intp)
    for k in range(1, 3 * columns):
        ways = np.stack([
            np.concatenate([[np.inf], best[:-1] + bend]),
            best,
            np.concatenate([best[1:] + bend, [np.inf]]),
        ])  # fmt: skip
        way = np.argmin(ways, axis=0)
        back[k] = way - 1
        best = ways[way, np.arange(rows)] + cost[:, k % columns]
    path = np.empty(3 * columns, np.intp)
    path[-1] = int(np.argmin(best))
    for k in range(3 * columns - 1, 0, -1):
        path[k - 1] = path[k] + back[k, path[k]]
    return path[columns : 2 * columns]
