"""The stage: canvas, camera, light and plan together, and the pen that draws one object on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segedu.synthetic.camera import Camera
from segedu.synthetic.canvas import Canvas, Fill, Limb, Part, Point
from segedu.synthetic.draws import Draws, Floats
from segedu.synthetic.layout import Lot, Street
from segedu.synthetic.light import Color, Light, mix, tinted

ROAD, PAVEMENT, BUILDING, VEGETATION, SKY = range(5)


@dataclass(frozen=True)
class Stage:
    """Everything that a drawing function needs to know."""

    canvas: Canvas
    camera: Camera
    light: Light
    street: Street
    draws: Draws

    def haze(self, z: float) -> float:
        """Share of haze in the colour of something at depth `z`: a half at `light.haze_depth`."""
        return z / (z + self.light.haze_depth)

    def sunlit(self, share: float) -> Color:
        """Tint of a surface that turns a share of itself to the sun."""
        return mix(self.light.shade, self.light.sun, share)

    def tone(self, color: Color, z: float, tint: Color) -> Color:
        """A colour under a tint, seen from `z` metres away."""
        return mix(tinted(color, tint), self.light.haze, self.haze(z))

    def heights(self, lots: tuple[Lot, ...], z: Floats) -> Floats:
        """How tall the lot at each depth is, metres."""
        starts = np.array([lot.near for lot in lots], np.float32)
        tall = np.array([lot.height for lot in lots], np.float32)
        return tall[np.maximum(np.searchsorted(starts, z, side="right") - 1, 0)]

    def lamp_light(self, z: Floats) -> Floats:
        """Light of the street lamps, 0 to 1; they hang over the kerbs, out of view, one every 18 metres."""
        t = z * (1 / 18.0) + 0.3
        near = abs(2.0 * (t - np.floor(t)) - 1.0)
        return 0.25 + 0.75 * near * near


class Pen:
    """Draws one object in its own metres: x to the right, y up from the ground, dz further away.

    Only shapes drawn with ``body=True`` carry the label; the others mark what is already drawn. Marks of less
    than 0.8 pixels and bodies of less than 0.3 are left out. Polygons wait in `parts` until `flush`, so that
    they are drawn together.
    """

    def __init__(
        self, stage: Stage, x: float, z: float, segment: int, *, lit: float = 0.6, facing: int = 1
    ) -> None:
        self.stage, self.canvas, self.segment = stage, stage.canvas, segment
        self.z, self.x, self.facing = z, x, facing
        self.scale = stage.camera.focal / z  # pixels to the metre
        self.column, self.row = stage.camera.project(x, 0, z)
        self.haze = stage.haze(z)
        self.tint = stage.sunlit(lit)
        if stage.light.lamps == 1:
            self.tint = mix(self.tint, (0.85, 0.7, 0.52), 0.35)
        self.parts: list[Part] = []

    def color(self, color: Color, tint: Color | None = None, shine: float = 0.0) -> Fill:
        """A colour as it looks from here; `shine` 1 for what gives light itself."""
        (r, g, b), (tr, tg, tb), haze = color, tint or self.tint, self.stage.light.haze
        k = self.haze * (1 - 0.7 * shine)
        j, own = 1 - k, 1 - shine
        mixed = (
            r * (tr * own + shine) * j + haze[0] * k,
            g * (tg * own + shine) * j + haze[1] * k,
            b * (tb * own + shine) * j + haze[2] * k,
        )
        return np.array(mixed, np.float32).reshape(3, 1, 1)

    def at(self, x: float, y: float, dz: float = 0.0) -> Point:
        """Pixel of a point of the object."""
        if dz:
            return self.stage.camera.project(self.x + x * self.facing, y, self.z + dz)
        return self.column + x * self.facing * self.scale, self.row - y * self.scale

    def polygon(self, points: Sequence[Point], fill: Fill, *, body: bool = False) -> None:
        """A convex polygon in pixels, from `at`; it waits for `flush`."""
        if self.scale < 30:
            least = 0.3 if body else 0.8
            columns, rows = [p[0] for p in points], [p[1] for p in points]
            if max(rows) - min(rows) < least or max(columns) - min(columns) < least:
                return
        self.parts.append((points, fill, body))

    def flush(self) -> None:
        """Draw the polygons that wait."""
        if self.parts:
            self.canvas.polygons(self.parts, self.segment)
            self.parts = []

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Fill, *, corner: float = 0.0,
            pair: bool = False, body: bool = False, fade: Fill | None = None) -> None:  # fmt: skip
        """An upright box in the near plane; with `pair`, its twin on the other side too."""
        s = self.scale
        if not body and ((x1 - x0) * s < 0.8 or (y1 - y0) * s < 0.6):
            return
        a, b = self.column + x0 * s * self.facing, self.column + x1 * s * self.facing
        if a > b:
            a, b = b, a
        top, bottom = self.row - y1 * s, self.row - y0 * s
        if s < 16:  # too small for round corners
            self.parts.append((((a, top), (b, top), (b, bottom), (a, bottom)), fill, body))
            if pair:
                a, b = 2 * self.column - b, 2 * self.column - a
                self.parts.append((((a, top), (b, top), (b, bottom), (a, bottom)), fill, body))
            return
        self.flush()
        if pair and b < self.column:
            a, b = 2 * self.column - b, 2 * self.column - a
        self.canvas.box(
            a, top, b, bottom, fill, self.segment if body else None,
            corner=corner * s, mirror=self.column if pair else None, fade=fade,
        )  # fmt: skip

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Fill, *, body: bool = False,
                ring: float = 0.0) -> None:  # fmt: skip
        """An ellipse; with `ring` its outline, that many metres wide but at least a pixel."""
        s = self.scale
        if not body and min(rx, ry) * s < 0.5:
            return
        self.flush()
        column, row = self.at(x, y)
        self.canvas.ellipse(
            column,
            row,
            rx * s,
            ry * s,
            fill,
            self.segment if body else None,
            max(ring * s, 1.0) if ring else 0.0,
        )

    def limbs(self, limbs: Sequence[Limb], fills: Sequence[Fill] | dict[int, Fill], *, thinnest: float = 0.5,
              body: bool = True) -> None:  # fmt: skip
        """Rounded strokes, at least twice `thinnest` pixels thick."""
        self.flush()
        s, c, r, f = self.scale, self.column, self.row, self.scale * self.facing
        self.canvas.limbs(
            [
                (
                    c + x0 * f,
                    r - y0 * s,
                    c + x1 * f,
                    r - y1 * s,
                    max(r0 * s, thinnest),
                    max(r1 * s, thinnest),
                    k,
                )
                for x0, y0, x1, y1, r0, r1, k in limbs
            ],
            fills,
            self.segment if body else None,
        )
