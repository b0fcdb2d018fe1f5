"""Bicycles, parked: two wheels, a frame and handlebars, all of them thin."""

from __future__ import annotations

from segedu.synthetic.layout import Item
from segedu.synthetic.light import Color
from segedu.synthetic.stage import Pen, Stage

FRAMES: tuple[Color, ...] = (
    (206, 60, 52), (36, 96, 140), (236, 190, 60), (60, 130, 104), (238, 234, 222), (52, 54, 62),
    (226, 120, 150),
)  # fmt: skip


def draw_bicycle(stage: Stage, item: Item, segment: int) -> None:
    """A bicycle that stands across the pavement, turned away a little; nothing of it is thinner than a pixel.

    One sees through the wheels: what lies behind keeps its own label.
    """
    look = item.look
    frame_color, turned = look.choice(FRAMES), look.between(0.72, 1.0)
    basket = look.chance(0.35)
    pen = Pen(stage, item.x, item.z, segment, lit=0.75, facing=item.facing)
    tyre, frame = pen.color((44, 44, 50)), pen.color(frame_color)
    metal, leather = pen.color((186, 188, 192)), pen.color((84, 58, 44))
    half, radius = 0.53 * turned, 0.345

    def limb(x0: float, y0: float, x1: float, y1: float, r: float, fill: int) -> tuple:
        return x0 * turned, y0, x1 * turned, y1, r, r, fill

    for side in (-1, 1):
        pen.ellipse(side * half, radius, radius * turned, radius, tyre, body=True, ring=0.05)
        if pen.scale > 60:
            pen.ellipse(side * half, radius, (radius - 0.035) * turned, radius - 0.035, metal, ring=0.012)
    hub, fork, crank, seat, head = (-0.53, 0.345), (0.53, 0.345), (-0.08, 0.3), (-0.22, 0.78), (0.36, 0.8)
    limbs = [
        limb(*hub, *crank, 0.018, 0),
        limb(*hub, -0.2, 0.7, 0.015, 0),
        limb(*crank, *seat, 0.022, 0),
        limb(-0.19, 0.68, *head, 0.022, 0),
        limb(*crank, 0.39, 0.7, 0.024, 0),
        limb(*head, *fork, 0.02, 0),
        limb(*head, 0.33, 0.96, 0.018, 1),
        limb(0.33, 0.96, 0.45, 1.0, 0.018, 1),
        limb(0.33, 0.96, 0.24, 0.95, 0.02, 2),
        limb(*seat, -0.235, 0.88, 0.016, 1),
        limb(-0.34, 0.91, -0.14, 0.9, 0.032, 2),
        limb(*crank, -0.02, 0.16, 0.014, 1),
        limb(-0.06, 0.15, 0.04, 0.15, 0.02, 2),
    ]
    if basket:
        limbs.append(limb(0.5, 0.72, 0.5, 0.84, 0.11, 2))
    if pen.scale < 14:
        limbs = [limbs[k] for k in (0, 2, 3, 4, 5, 6, 9, 10)]
    pen.limbs(limbs, [frame, metal, leather])
    if pen.scale > 25:
        pen.ellipse(crank[0] * turned, crank[1], 0.09 * turned, 0.09, metal, ring=0.02, body=True)
