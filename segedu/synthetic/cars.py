"""Cars: a body and a cabin in true perspective, seen from behind or from the front."""

from __future__ import annotations

from dataclasses import dataclass

from segedu.synthetic.canvas import Point, flat, unit
from segedu.synthetic.layout import Item
from segedu.synthetic.light import Color, mix
from segedu.synthetic.stage import Pen, Stage

PAINTS: tuple[Color, ...] = (
    (196, 48, 46), (40, 90, 164), (238, 238, 234), (46, 50, 58), (166, 174, 182), (234, 180, 52),
    (44, 124, 120), (242, 242, 240), (104, 44, 60), (112, 142, 176), (72, 78, 86), (224, 114, 58),
    (206, 214, 206), (88, 120, 84),
)  # fmt: skip
TYRE: Color = (32, 33, 40)
BLACK: Color = (26, 28, 34)


@dataclass(frozen=True)
class Shape:
    """The side view of a car in metres: how far behind the front bumper its windows begin and end."""

    length: float
    width: float
    height: float
    belt: float  # height at which the windows begin
    screen: tuple[float, float]  # windscreen: foot and head
    back: tuple[float, float]  # rear window: head and foot


SHAPES = (
    Shape(4.1, 1.78, 1.5, 0.97, (0.95, 1.75), (3.5, 3.95)),  # hatchback
    Shape(4.5, 1.82, 1.45, 0.94, (1.2, 2.0), (3.2, 3.95)),  # saloon
    Shape(4.5, 1.9, 1.7, 1.1, (1.05, 1.7), (4.0, 4.36)),  # tall estate
)


class Car:
    """A car on its way to the canvas: its shape, its colours, and where its near end stands."""

    def __init__(self, stage: Stage, item: Item, segment: int) -> None:
        look = item.look
        self.shape, self.paint = look.choice(SHAPES), look.choice(PAINTS)
        self.variant = look.whole(0, 2)
        self.stage = stage
        self.away = item.facing > 0  # drives away from us: we see its back
        self.pen = pen = Pen(stage, item.x, item.z, segment, lit=0.55)
        self.half = self.shape.width / 2
        # The side that looks to the middle of the view; x grows to the right, whichever way the car faces.
        self.toward = 1 if stage.camera.x > item.x else -1
        shine = stage.light.glass
        self.end = pen.color(mix(self.paint, (24, 22, 34), 0.08), stage.sunlit(0.5))
        self.low = pen.color(mix(self.paint, (20, 20, 30), 0.4))
        self.top = pen.color(mix(self.paint, (255, 255, 255), 0.2), stage.sunlit(1.0))
        self.glass = pen.color(mix(shine[0], BLACK, 0.5), (1, 1, 1))
        self.sky = pen.color(mix(shine[1], shine[0], 0.3), (1, 1, 1))
        self.black, self.tyre = pen.color(BLACK), pen.color(TYRE)
        shape, far = self.shape, self.shape.length
        # (foot, head) of the window at the near end and at the far end, in metres behind the near end
        if self.away:
            self.near = far - shape.back[1], far - shape.back[0]
            self.far = far - shape.screen[0], far - shape.screen[1]
        else:
            self.near, self.far = shape.screen, (shape.back[1], shape.back[0])
        self.axles = (0.95, far - 0.85) if self.away else (0.85, far - 0.95)

    def draw(self) -> None:
        """From the far end to the near one."""
        pen = self.pen
        big = pen.scale > 16
        if big:
            self._mirrors()
        if abs(self.stage.camera.x - pen.x) > self.half:
            self._side(self.toward, big)
        self._roof()
        self._cabin(big)
        self._end(big)
        pen.flush()
        self._glow()

    def _mirrors(self) -> None:
        pen, y = self.pen, self.shape.belt + 0.08
        dz = (self.far[0] - 0.35) if self.away else (self.near[0] + 0.35)
        s = self.stage.camera.focal / (pen.z + dz)
        for side in (-1, 1):
            column, row = pen.at(side * (self.half + 0.1), y, dz)
            pen.canvas.ellipse(column, row, 0.13 * s, 0.09 * s, self.low, pen.segment)

    def _side(self, toward: int, big: bool) -> None:
        pen, shape, stage = self.pen, self.shape, self.stage
        x, inset, length = toward * self.half, toward * (self.half - 0.17), self.shape.length
        lit = 0.85 if toward == stage.street.sun_side else 0.15
        body = pen.color(mix(self.paint, (24, 22, 34), 0.1), stage.sunlit(lit))
        (near_foot, near_head), (far_foot, far_head) = self.near, self.far
        if not big and pen.scale > 7:  # too small to tell the wheels from the dark between them
            pen.polygon(
                self._square(x, 0.06, 0.3, self.axles[0] - 0.3, self.axles[1] + 0.3), self.tyre, body=True
            )
        pen.polygon(self._square(x, 0.22, shape.belt - 0.02, 0, length - 0.05), body, body=True)
        pen.polygon([pen.at(x, shape.belt - 0.02, near_foot), pen.at(inset, shape.height, near_head),
                     pen.at(inset, shape.height, far_head), pen.at(x, shape.belt - 0.02, far_foot)],
                    body if pen.scale >= 8 else self.glass, body=True)  # fmt: skip
        if pen.scale < 8:
            return
        low, high = shape.belt + 0.03, shape.height - 0.09
        lean = 0.17 / (shape.height - shape.belt + 0.02)  # the windows lie in the plane of the cabin
        sill, inner = (toward * (self.half - lean * (y - shape.belt + 0.02)) for y in (low, high))
        back, front = near_foot + 0.25, far_foot - 0.25
        pen.polygon([pen.at(sill, low, back), pen.at(inner, high, near_head + 0.14),
                     pen.at(inner, high, far_head - 0.14), pen.at(sill, low, front)], self.glass)  # fmt: skip
        if not big:
            return
        shade = pen.color(mix(self.paint, (24, 22, 34), 0.42), stage.sunlit(lit))
        middle = (near_head + far_head) / 2
        pen.polygon([pen.at(sill, low, middle - 0.05), pen.at(inner, high, middle - 0.05),
                     pen.at(inner, high, middle + 0.05), pen.at(sill, low, middle + 0.05)], body)  # fmt: skip
        pen.polygon(self._square(x, 0.24, 0.36, 0.1, length - 0.1), shade)
        pen.polygon(self._square(x, shape.belt - 0.14, shape.belt - 0.11, 0.1, length - 0.1), shade)
        for dz in (middle - 0.03, near_foot + 0.35, far_foot - 0.1):
            pen.polygon(self._square(x, 0.38, shape.belt, dz, dz + 0.025), shade)
        pen.polygon(
            self._square(x, shape.belt - 0.22, shape.belt - 0.17, middle + 0.1, middle + 0.3), self.black
        )
        pen.flush()
        hub = pen.color((176, 178, 184), stage.sunlit(lit))
        for dz in self.axles:
            for radius, y, fill in (
                (0.37, 0.38, self.black),  # the arch
                (0.32, 0.32, self.tyre),
                (0.2, 0.32, hub),
                (0.06, 0.32, self.tyre),
            ):
                (left, _), (right, _) = pen.at(x, y, dz - radius), pen.at(x, y, dz + radius)
                (_, row), (_, bottom) = pen.at(x, y, dz), pen.at(x, y - radius, dz)
                if abs(right - left) > 1.2:
                    wide = abs(right - left) / 2
                    pen.canvas.ellipse((left + right) / 2, row, wide, bottom - row, fill, pen.segment)

    def _square(self, x: float, y0: float, y1: float, z0: float, z1: float) -> list[Point]:
        """A rectangle on the side of the car."""
        at = self.pen.at
        return [at(x, y0, z0), at(x, y1, z0), at(x, y1, z1), at(x, y0, z1)]

    def _roof(self) -> None:
        """Roof, and bonnet or boot lid, as far as we look down on them."""
        pen, shape, half = self.pen, self.shape, self.half
        roof = self._level(half - 0.17, shape.height, self.near[1]) + self._level(
            0.17 - half, shape.height, self.far[1]
        )
        pen.polygon(roof, self.top, body=True)
        lid = self._level(half, shape.belt - 0.14, 0) + self._level(-half, shape.belt - 0.02, self.near[0])
        pen.polygon(lid, self.top, body=True)

    def _level(self, x: float, y: float, dz: float) -> list[Point]:
        """The points at −x and at x."""
        return [self.pen.at(-x, y, dz), self.pen.at(x, y, dz)]

    def _cabin(self, big: bool) -> None:
        pen, half, low, high = self.pen, self.half, self.shape.belt - 0.02, self.shape.height
        foot, head = self.near
        cabin = self._level(half, low, foot) + self._level(0.17 - half, high, head)
        pen.polygon(cabin, self.end, body=True)
        a, d = self._level(half - 0.17, low + 0.06, foot)
        b, c = self._level(half - 0.27, high - 0.09, head)
        pen.polygon([a, b, c, d], self.glass)
        if big:  # what the window mirrors
            low_width, high_width = d[0] - a[0], c[0] - b[0]
            for start, width, share in ((0.12, 0.2, 0.55), (0.4, 0.08, 0.35)):
                pen.polygon([(a[0] + start * low_width, a[1]), (b[0] + (start + 0.14) * high_width, b[1]),
                             (b[0] + (start + 0.14 + width) * high_width, b[1]),
                             (a[0] + (start + width) * low_width, a[1])],
                            self.glass + share * (self.sky - self.glass))  # fmt: skip

    def _end(self, big: bool) -> None:
        """The end that faces us: body, lamps, bumper, plate, wheels."""
        pen, half, belt = self.pen, self.half, self.shape.belt
        lamps = self.stage.light.lamps
        if big:
            pen.box(-half + 0.06, 0, -half + 0.3, 0.5, self.tyre, corner=0.07, pair=True, body=True)
            pen.box(-half + 0.1, 0.1, half - 0.1, 0.4, self.black, corner=0.05, body=True)
            seam = [pen.at(self.toward * (half - 0.2), 0.24), pen.at(self.toward * (half - 0.2), belt - 0.1),
                    pen.at(self.toward * half, belt - 0.1), pen.at(self.toward * half, 0.24)]  # fmt: skip
            pen.polygon(seam, self.low, body=True)  # no gap between the round corner and the side
        else:
            pen.box(-half + 0.06, 0.04, half - 0.06, 0.4, self.tyre, body=True)
        pen.box(-half, 0.21, half, belt - 0.08, self.end, corner=0.16, body=True, fade=self.low)
        y = belt - 0.36
        if self.away:
            red = pen.color((204, 36, 36), shine=0.25 + 0.75 * lamps)
            width, height = ((0.36, 0.17), (0.2, 0.22), (0.46, 0.12))[self.variant]
            if big:
                pen.box(half - width - 0.05, y, half - 0.05, y + height, red, corner=0.05, pair=True)
            else:  # both lamps and, darker, what is between them
                pen.box(0.05 - half, y, half - 0.05, y + height, red)
                if pen.scale > 8:
                    pen.box(-0.5 * half, y, 0.5 * half, y + height, self.low)
            if big:
                pen.box(half - width * 0.55 - 0.05, y + 0.02, half - 0.09, y + 0.07,
                        pen.color((255, 150, 90), shine=0.3), pair=True)  # fmt: skip
                pen.box(-half + 0.14, belt - 0.115, half - 0.14, belt - 0.09, self.low)
                pen.box(-0.32, y - 0.06, 0.32, y + 0.12, self.low, corner=0.04)
        else:
            white = pen.color((252, 248, 232), shine=0.4 + 0.6 * lamps)
            if not big:
                pen.box(0.06 - half, y - 0.02, half - 0.06, y + 0.15, white)
            else:
                pen.box(half - 0.5, y - 0.02, half - 0.06, y + 0.15, self.black, corner=0.07, pair=True)
                pen.box(half - 0.45, y + 0.01, half - 0.1, y + 0.13, white, corner=0.06, pair=True)
            if self.variant or not big:
                pen.box(-0.42, y, 0.42, y + 0.13, self.black, corner=0.06)
            if big:
                pen.box(-half + 0.2, belt - 0.12, half - 0.2, belt - 0.1, self.low)
                pen.box(half - 0.36, 0.36, half - 0.18, 0.43, white, corner=0.04, pair=True)
                pen.box(-0.05, y + 0.03, 0.05, y + 0.1, pen.color((214, 216, 220)), corner=0.05)
        if big:
            pen.box(-half + 0.12, 0.23, half - 0.12, 0.32, self.black, corner=0.04)
            pen.box(-0.27, y - 0.03 if self.away else 0.38, 0.27, y + 0.09 if self.away else 0.5,
                    pen.color((240, 238, 226)), corner=0.02)  # fmt: skip

    def _glow(self) -> None:
        """The glow of lamps in the dark."""
        pen, lamps = self.pen, self.stage.light.lamps
        if lamps < 0.3 or abs(pen.x) > 3:  # parked cars are dark
            return
        k = lamps * (1 - pen.haze)
        size = (0.5 if self.away else 0.95) * pen.scale
        color: Color = (150 * k, 26 * k, 18 * k) if self.away else (190 * k, 172 * k, 128 * k)
        for side in (-1, 1):
            column, row = pen.at(side * (self.half - 0.25), self.shape.belt - 0.28)
            pen.canvas.glow(column, row, size, size, color)


def draw_car(stage: Stage, item: Item, segment: int) -> None:
    """A car with its near end at depth `item.z`; facing 1 drives away from us."""
    Car(stage, item, segment).draw()


def draw_bonnet(stage: Stage, segment: int) -> None:
    """The bonnet of our own car along the lower edge, with the sky in its paint."""
    canvas, light = stage.canvas, stage.light
    height, width = canvas.size
    middle, rx, ry = width / 2, 0.66 * width, 0.2 * height
    y = 0.9 * height + ry
    paint = mix((52, 58, 70), light.shade, 0.2)
    dark = flat((paint[0] * light.shade[0], paint[1] * light.shade[1], paint[2] * light.shade[2]))
    shine = flat(mix(light.middle, paint, 0.62))
    rows = canvas.region(0, y - ry, width, height)
    if rows is None:
        return
    fade = unit((canvas.y[rows[0]] - (y - ry)) * (8 / height))[:, None]
    canvas.ellipse(middle, y, rx, ry, shine + fade * (dark - shine), segment)
    for side in (-1, 1):  # two creases in the sheet
        x = middle + side * 0.2 * width
        crease = [(x, 0.925 * height), (x + side * 0.004 * width, 0.925 * height),
                  (x + side * 0.05 * width, height), (x + side * 0.04 * width, height)]  # fmt: skip
        canvas.polygons([(crease, 0.7 * dark, False)], segment)
