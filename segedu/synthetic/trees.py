"""Trees: a trunk under a crown of round clumps of leaves."""

from __future__ import annotations

import numpy as np

from segedu.synthetic.canvas import HALF, ZERO, unit
from segedu.synthetic.draws import Row
from segedu.synthetic.light import Color, mix
from segedu.synthetic.stage import VEGETATION, Pen, Stage

GREENS: tuple[Color, ...] = ((84, 132, 58), (66, 118, 62), (108, 144, 60), (60, 110, 76))
AUTUMN: tuple[Color, ...] = ((206, 128, 44), (186, 84, 44), (214, 164, 62), (150, 130, 60))
CLUMPS = ((0, 0.1, 0.78), (-0.52, -0.3, 0.5), (0.55, -0.26, 0.5), (-0.42, 0.36, 0.46), (0.4, 0.42, 0.46),
          (0.02, 0.72, 0.4), (-0.05, -0.48, 0.5))  # fmt: skip
"""Middle and radius of each clump, in a crown that is 2 wide and 2 high."""


def draw_tree(stage: Stage, x: float, z: float, look: Row) -> None:
    """A tree at (x, z). Trunk and leaves are vegetation."""
    pen = Pen(stage, x, z, VEGETATION, lit=0.55)
    s = pen.scale
    height, slim = look.between(5.2, 8.2), look.between(0.8, 1.1)
    if look.chance(0.14):
        slim = 0.45  # a poplar
    green = mix(look.choice(GREENS), look.choice(AUTUMN), stage.street.autumn)
    stem, lean, wobble = look.between(1.9, 2.6), look.between(-0.15, 0.15), look.between(-0.12, 0.12)
    middle, rx, ry = (stem + height) / 2 + 0.3, (height - stem) * 0.5 * slim, (height - stem) * 0.5
    round_ = (rx + ry) / 2
    reach = max(rx * 0.67 + round_ * 0.56, round_ * 0.9) + 0.3
    if pen.column + reach * s < 0 or pen.column - reach * s > stage.canvas.size[1]:
        return
    bark = pen.color((92, 72, 58), stage.sunlit(0.4))
    if s < 12:
        stage.canvas.box(
            pen.column - 0.15 * s, pen.row - (stem + 1.4) * s, pen.column + 0.15 * s, pen.row, bark, VEGETATION
        )
    else:
        fork_height = stem + 1.4
        trunk = [
            pen.at(-0.2, 0),
            pen.at(0.2, 0),
            pen.at(lean + 0.11, fork_height),
            pen.at(lean - 0.11, fork_height),
        ]
        pen.polygon(trunk, bark, body=True)
        pen.flush()
    if s > 12:
        fork = [(lean * 0.8, stem + 0.2, -0.7 * slim, stem + 1.6, 0.09, 0.05, 0),
                (lean * 0.8, stem + 0.2, 0.75 * slim, stem + 1.5, 0.09, 0.05, 0)]  # fmt: skip
        pen.limbs(fork, [bark])
    if s > 24:
        side = 0.09 * stage.street.sun_side
        sunny = [pen.color((140, 112, 88), stage.sunlit(0.9))]
        pen.limbs([(side, 0.1, lean + side * 0.7, stem + 1.0, 0.05, 0.03, 0)], sunny, body=False)
    region = stage.canvas.region(
        pen.column - reach * s,
        pen.row - (middle + 0.72 * ry + 0.5 * round_ + 0.3) * s,
        pen.column + reach * s,
        pen.row - (middle - 0.55 * ry - 0.5 * round_ - 0.3) * s,
    )
    if region is None:
        return
    clumps = [
        (lean + (px + wobble * (k % 3 - 1)) * rx, middle + (py + wobble * (k % 2)) * ry, r * round_)
        for k, (px, py, r) in enumerate(CLUMPS)
    ]
    cx, cy, radius = np.array(clumps, np.float32).T[:, :, None, None]  # (K, 1, 1)
    px = (stage.canvas.x[region[1]] - pen.column) * (1 / s)  # metres
    py = (pen.row - stage.canvas.y[region[0]]) * (1 / s)
    dx, dy = px - cx, py[:, None] - cy  # (K, 1, w), (K, h, 1)
    near = radius - np.sqrt(dx * dx + dy * dy)  # (K, h, w)
    leaves = stage.draws.noise(py * 2.4 + x, px * 2.4 + z) - HALF if s > 6 else ZERO
    if s > 14:
        leaves += 0.7 * (stage.draws.noise(py * 6.1 + z, px * 6.1 + x) - HALF)
    if s > 36:
        leaves += 0.5 * (stage.draws.noise(py * 13.0 + x, px * 13.0 + z) - HALF)
    inside = (near.max(axis=0) + 0.34 * leaves) * s
    # Each clump is round, and bright on the sun's side.
    toward = 0.42 * stage.street.sun_side if stage.light.slope else 0.1
    puffs = (near + dx * toward) + dy * 0.5
    shade = (puffs / radius).max(axis=0) * 1.35 + (0.4 * leaves + ((py - middle) * (0.25 / ry) - 0.22)[:, None])
    shade_color = mix((30, 54, 56), (96, 44, 44), stage.street.autumn)
    dark = pen.color(mix(green, shade_color, 0.5), stage.sunlit(0.0))
    bright = pen.color(mix(green, (236, 224, 116), 0.3), stage.sunlit(0.95))
    shade = unit(shade)
    stage.canvas.paint(region, inside, dark + shade * (bright - dark), VEGETATION)
