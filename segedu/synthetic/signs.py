"""Traffic signs on poles. Plate and pole are one thing: the pole is thin, and belongs to its sign."""

from __future__ import annotations

from itertools import pairwise

from segedu.synthetic.canvas import Limb
from segedu.synthetic.layout import Item
from segedu.synthetic.light import Color
from segedu.synthetic.stage import Pen, Stage

RED: Color = (204, 38, 40)
WHITE: Color = (246, 246, 242)
BLUE: Color = (28, 92, 172)
YELLOW: Color = (246, 196, 40)
DARK: Color = (40, 42, 48)
THREE = ((-0.5, 0.3), (-0.24, 0.3), (-0.15, 0.16), (-0.36, 0.02), (-0.14, -0.14), (-0.24, -0.3), (-0.5, -0.3))
"""The digit 3 as one line."""


def draw_sign(stage: Stage, item: Item, segment: int) -> None:
    """A sign: stop, give way, warning, speed limit, no entry, crosswalk, parking or priority road."""
    look = item.look
    top = look.between(2.5, 2.9)
    kind = look.whole(0, 7)
    pen = Pen(stage, item.x, item.z, segment, lit=0.75)
    white, dark = pen.color(WHITE, shine=0.25), pen.color(DARK)
    red, blue, yellow = (pen.color(c, shine=0.25) for c in (RED, BLUE, YELLOW))
    pole = max(0.04, 0.5 / pen.scale)  # at least a pixel
    pen.box(-pole, 0, pole, top - 0.1, pen.color((150, 152, 156)), body=True)
    y, r = top - 0.05, 0.42

    def ngon(points: tuple[tuple[float, float], ...], size: float) -> list[tuple[float, float]]:
        return [pen.at(x * size, y + v * size) for x, v in points]

    if kind == 0:  # stop
        octagon = (
            (-1, 0.414),
            (-0.414, 1),
            (0.414, 1),
            (1, 0.414),
            (1, -0.414),
            (0.414, -1),
            (-0.414, -1),
            (-1, -0.414),
        )
        pen.polygon(ngon(octagon, r), white, body=True)
        pen.polygon(ngon(octagon, r * 0.9), red)
        for k in range(4):
            x = (-0.62 + 0.35 * k) * r
            pen.box(x, y - 0.25 * r, x + 0.2 * r, y + 0.25 * r, white)
    elif kind in (1, 2):  # give way, warning
        down = 1 if kind == 1 else -1
        triangle = ((-1, 0.6 * down), (1, 0.6 * down), (0, -1.13 * down))
        pen.polygon(ngon(triangle, r * 1.05), red, body=True)
        pen.polygon(ngon(triangle, r * 0.66), white)
        if kind == 2:
            pen.box(-0.05, y - 0.06, 0.05, y + 0.2, dark, corner=0.03)
            pen.box(-0.05, y - 0.2, 0.05, y - 0.11, dark, corner=0.03)
    elif kind in (3, 4):  # speed limit, no entry
        pen.ellipse(0, y, r, r, red, body=True)
        if kind == 3:
            pen.ellipse(0, y, r * 0.74, r * 0.74, white)
            pen.ellipse(r * 0.28, y, r * 0.17, r * 0.3, dark, ring=0.06)
            if pen.scale > 14:
                at = [(x * r, y + v * r) for x, v in THREE]
                strokes: list[Limb] = [(*a, *b, 0.026, 0.026, 0) for a, b in pairwise(at)]
                pen.limbs(strokes, [dark], thinnest=0.35, body=False)
        else:
            pen.box(-r * 0.68, y - r * 0.17, r * 0.68, y + r * 0.17, white)
    elif kind == 5:  # crosswalk
        pen.box(-r, y - r, r, y + r, blue, corner=0.06, body=True)
        pen.polygon(ngon(((-0.78, -0.62), (0.78, -0.62), (0, 0.82)), r), white)
        pen.limbs([(0, y + 0.1 * r, 0, y - 0.15 * r, 0.035, 0.04, 0),
                   (0, y - 0.15 * r, -0.09, y - 0.5 * r, 0.025, 0.02, 0),
                   (0, y - 0.15 * r, 0.09, y - 0.5 * r, 0.025, 0.02, 0)], [dark], body=False)  # fmt: skip
        pen.ellipse(0, y + 0.3 * r, 0.05, 0.05, dark)
    elif kind == 6:  # parking
        pen.box(-r, y - r, r, y + r, blue, corner=0.06, body=True)
        pen.box(-r * 0.4, y - r * 0.7, -r * 0.14, y + r * 0.7, white)
        pen.ellipse(r * 0.02, y + r * 0.3, r * 0.34, r * 0.3, white, ring=0.1)
    else:  # priority road
        diamond = ((-1.2, 0), (0, 1.2), (1.2, 0), (0, -1.2))
        pen.polygon(ngon(diamond, r), white, body=True)
        pen.polygon(ngon(diamond, r * 0.72), yellow)
    pen.flush()
