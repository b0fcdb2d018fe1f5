"""A canvas that paints a colour and a label in one stroke, so that the two can never disagree.

Every shape is a signed distance: how many pixels a pixel's centre lies inside the outline, negative outside.
The colour is blended over the one pixel around the outline, which makes edges smooth; the label is set exactly
where the distance is not negative, which is where the shape covers the pixel's centre.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from segedu.synthetic.draws import Floats
from segedu.synthetic.light import Color

Region = tuple[slice, slice]
Point = tuple[float, float]
Fill = Floats
"""A colour, (3, 1, 1), or anything that broadcasts to (3, h, w) in the region that is painted."""
Edge = tuple[float, float, float]
Part = tuple[Sequence[Point], Fill, bool]
"""A convex polygon of three or more corners, its colour, and whether it labels what it covers."""
Limb = tuple[float, float, float, float, float, float, int]
"""A stroke from (x0, y0) to (x1, y1), of radius r0 at one end and r1 at the other; the index of its fill."""

ZERO, HALF, ONE, HUGE = (np.array(value, np.float32) for value in (0.0, 0.5, 1.0, 1e30))


def flat(color: Color) -> Fill:
    """One colour, ready to paint: (3, 1, 1)."""
    return np.array(color, np.float32).reshape(3, 1, 1)


def cover(inside: Floats) -> Floats:
    """Share of a pixel that is covered, from a distance in pixels."""
    share = inside + HALF
    return share.clip(ZERO, ONE, out=share)


def unit(x: Floats) -> Floats:
    """The number from 0 to 1 that is nearest. (``clip`` with arrays for bounds is the fastest way.)"""
    return x.clip(ZERO, ONE)


def positive(x: Floats) -> Floats:
    """The number from 0 on that is nearest."""
    return x.clip(ZERO, HUGE)


def blend(image: Floats, alpha: Floats, fill: Fill) -> None:
    """Put `fill` over an image (3, h, w) in place, as far as `alpha` (h, w) says."""
    change = fill - image
    change *= alpha
    image += change


class Canvas:
    """An image and its segment numbers, (3, H, W) float32 and (H, W) int16."""

    def __init__(self, height: int, width: int) -> None:
        self.size = height, width
        self.image = np.zeros((3, height, width), np.float32)
        self.segment = np.zeros((height, width), np.int16)
        self.x = np.arange(width, dtype=np.float32) + HALF
        self.y = np.arange(height, dtype=np.float32) + HALF

    def region(self, left: float, top: float, right: float, bottom: float) -> Region | None:
        """The pixels of a box with one pixel around it, as far as they are on the canvas."""
        height, width = self.size
        c0 = int(left) - 1 if left > 1 else 0
        r0 = int(top) - 1 if top > 1 else 0
        c1 = int(right) + 2 if right < width - 2 else width
        r1 = int(bottom) + 2 if bottom < height - 2 else height
        if c0 >= c1 or r0 >= r1 or right < 0 or bottom < 0:
            return None
        return slice(r0, r1), slice(c0, c1)

    def paint(self, region: Region, inside: Floats, fill: Fill, segment: int | None) -> None:
        """Paint where `inside` (h, w), in pixels, is positive; label where the centre is inside.

        Without a `segment`, the labels stay: a marking on a car is the car.
        """
        part = self.image[:, region[0], region[1]]
        blend(part, cover(inside), fill)
        if segment is not None:
            self.segment[region][inside >= ZERO] = segment

    def multiply(self, region: Region, share: Floats, tint: Color) -> None:
        """Shade: `share` (h, w) of the way to the tinted colour."""
        self.image[:, region[0], region[1]] *= ONE - share * flat((1 - tint[0], 1 - tint[1], 1 - tint[2]))

    def box(self, left: float, top: float, right: float, bottom: float, fill: Fill, segment: int | None = None,
            *, corner: float = 0.0, mirror: float | None = None, fade: Fill | None = None) -> None:  # fmt: skip
        """An upright rectangle with round corners.

        With `mirror`, its mirror image about that column, too; with `fade`, the colour turns to that downwards.
        """
        region = self.region(left if mirror is None else min(left, 2 * mirror - right), top, right, bottom)
        if region is None:
            return
        x, y = self.x[region[1]], self.y[region[0]]
        if mirror is not None:
            x = mirror + abs(x - mirror)
        half_x, half_y = (right - left) / 2, (bottom - top) / 2
        corner = min(max(corner, 0.5), half_x, half_y)
        qx = positive(abs(x - (left + half_x)) - (half_x - corner))
        qy = positive(abs(y - (top + half_y)) - (half_y - corner))
        if fade is not None:
            t = unit((y - top) * (1 / (bottom - top)))
            fill = fill + t[:, None] * (fade - fill)
        self.paint(region, corner - np.sqrt(qx * qx + (qy * qy)[:, None]), fill, segment)

    def polygons(self, parts: Sequence[Part], segment: int) -> None:
        """Convex polygons, painted in the order given; the points may turn either way.

        Small ones are measured together, which is faster and comes to the same.
        """
        outlines = [_Outline(points) for points, _, _ in parts]
        region = self.region(
            min(o.left for o in outlines), min(o.top for o in outlines),
            max(o.right for o in outlines), max(o.bottom for o in outlines),
        )  # fmt: skip
        if region is None:
            return
        pixels = (region[0].stop - region[0].start) * (region[1].stop - region[1].start)
        if len(parts) > 1 and pixels * len(parts) < 24000:
            inside = self._inside([o.edges for o in outlines], region)
            self._layers(region, inside, [fill for _, fill, _ in parts])
            body = [k for k, part in enumerate(parts) if part[2]]
            if body:
                self.segment[region][inside[body].max(axis=0) >= ZERO] = segment
            return
        for o, (_, fill, labels) in zip(outlines, parts, strict=True):
            region = self.region(o.left, o.top, o.right, o.bottom)
            if region is not None:
                self.paint(region, self._inside([o.edges], region)[0], fill, segment if labels else None)

    def _layers(self, region: Region, inside: Floats, fills: Sequence[Fill]) -> None:
        """Paint K layers in order, (K, h, w) and (3, 1, 1) each; on a compact copy, where this is faster."""
        part = self.image[:, region[0], region[1]]
        compact = part.reshape(3, 1, -1)
        alpha = cover(inside).reshape(len(inside), -1)
        for k, fill in enumerate(fills):
            layer = fill - compact
            layer *= alpha[k]
            compact += layer
        part[...] = compact.reshape(part.shape)

    def _inside(self, polygons: list[list[Edge]], region: Region) -> Floats:
        """Signed distance to K polygons, at most: (K, h, w)."""
        most = max(map(len, polygons))
        edges = np.array([p + [(0.0, 0.0, 1e9)] * (most - len(p)) for p in polygons], np.float32)  # (K, E, 3)
        along = edges[:, :, 0, None] * self.x[region[1]] + edges[:, :, 2, None]  # (K, E, w)
        across = edges[:, :, 1, None] * self.y[region[0]]  # (K, E, h)
        return (along[:, :, None, :] + across[:, :, :, None]).min(axis=1)

    def shadow(self, points: Sequence[Point], tint: Color, soft: float) -> None:
        """A convex patch of shadow whose edge is `soft` pixels wide."""
        outline = _Outline(points)
        region = self.region(outline.left, outline.top, outline.right, outline.bottom)
        if region is not None:
            inside = self._inside([outline.edges], region)[0]
            self.multiply(region, cover(inside * (1 / max(soft, 1.0)) - HALF), tint)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Fill, segment: int | None = None,
                ring: float = 0.0) -> None:  # fmt: skip
        """An ellipse around (x, y); with `ring` > 0 only its outline, that many pixels wide."""
        region = self.region(x - rx - ring, y - ry - ring, x + rx + ring, y + ry + ring)
        if region is None:
            return
        u, v = (self.x[region[1]] - x) * (1 / rx), (self.y[region[0]] - y) * (1 / ry)
        inside = (ONE - np.sqrt(u * u + (v * v)[:, None])) * min(rx, ry)
        self.paint(region, ring / 2 - abs(inside) if ring else inside, fill, segment)

    def soft_ellipse(self, x: float, y: float, rx: float, ry: float) -> tuple[Region, Floats] | None:
        """A patch that fades from 1 at (x, y) to 0 at the rim of an ellipse: its region and shares (h, w)."""
        region = self.region(x - rx, y - ry, x + rx, y + ry)
        if region is None:
            return None
        u, v = (self.x[region[1]] - x) * (1 / rx), (self.y[region[0]] - y) * (1 / ry)
        return region, positive((ONE - u * u) - (v * v)[:, None])

    def glow(self, x: float, y: float, rx: float, ry: float, color: Color) -> None:
        """Add light around (x, y)."""
        patch = self.soft_ellipse(x, y, rx, ry)
        if patch is not None:
            region, share = patch
            self.image[:, region[0], region[1]] += share * share * flat(color)

    def limbs(
        self, limbs: Sequence[Limb], fills: Sequence[Fill] | dict[int, Fill], segment: int | None
    ) -> None:
        """Rounded strokes, painted in the order given; neighbours of one fill are painted as one."""
        thick = max(max(limb[4], limb[5]) for limb in limbs)
        columns = [limb[0] for limb in limbs] + [limb[2] for limb in limbs]
        rows = [limb[1] for limb in limbs] + [limb[3] for limb in limbs]
        region = self.region(min(columns) - thick, min(rows) - thick, max(columns) + thick, max(rows) + thick)
        if region is None:
            return
        x0, y0, x1, y1, r0, r1 = np.array([limb[:6] for limb in limbs], np.float32).T[
            :, :, None, None
        ]  # (K, 1, 1)
        dx, dy = x1 - x0, y1 - y0
        x, y = self.x[region[1]] - x0, self.y[region[0], None] - y0  # (K, 1, w), (K, h, 1)
        scale = ONE / np.maximum(dx * dx + dy * dy, np.float32(1e-6))
        t = unit(x * (dx * scale) + y * (dy * scale))  # (K, h, w), how far along
        ex, ey = x - t * dx, y - t * dy
        inside = r0 + t * (r1 - r0) - np.sqrt(ex * ex + ey * ey)
        starts = [k for k in range(len(limbs)) if k == 0 or limbs[k][6] != limbs[k - 1][6]]
        groups = np.maximum.reduceat(inside, starts, axis=0)  # the limbs in a row that have one fill
        self._layers(region, groups, [fills[limbs[k][6]] for k in starts])
        if segment is not None:
            self.segment[region][groups.max(axis=0) >= ZERO] = segment


class _Outline:
    """A convex polygon as half-planes nx·x + ny·y + c ≥ 0 with unit normals, and its bounds."""

    def __init__(self, points: Sequence[Point]) -> None:
        # Two chords that cross tell which way the points turn.
        a, b, c, d = (points[k * len(points) // 4] for k in range(4))
        turn = 1.0 if (c[0] - a[0]) * (d[1] - b[1]) > (c[1] - a[1]) * (d[0] - b[0]) else -1.0
        self.edges: list[Edge] = []
        ax, ay = points[-1]
        self.left = self.right = ax
        self.top = self.bottom = ay
        for bx, by in points:
            dx, dy = bx - ax, by - ay
            square = dx * dx + dy * dy
            if square > 0:
                k = turn / math.sqrt(square)
                self.edges.append((-dy * k, dx * k, (ax * dy - ay * dx) * k))
            if bx < self.left:
                self.left = bx
            elif bx > self.right:
                self.right = bx
            if by < self.top:
                self.top = by
            elif by > self.bottom:
                self.bottom = by
            ax, ay = bx, by
