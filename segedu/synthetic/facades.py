"""What is on the front of a house: windows, shops, doors, and the light behind them.

One side of the street is painted in one go. Everything about the house in a column is a number for that column,
(w,), or a colour for it, (3, 1, w); `v` is the height above the ground at each pixel, (h, w), in metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segedu.synthetic.canvas import HALF, ONE, ZERO, Fill, blend, cover, flat, unit
from segedu.synthetic.draws import Floats
from segedu.synthetic.layout import Lot
from segedu.synthetic.light import Color, mix, tinted
from segedu.synthetic.stage import Stage

WALLS: tuple[Color, ...] = (
    (236, 220, 192), (228, 182, 136), (190, 106, 84), (216, 194, 160), (174, 192, 184), (150, 172, 194),
    (230, 200, 196), (212, 210, 204), (198, 150, 116), (240, 230, 212), (146, 114, 102), (210, 172, 100),
)  # fmt: skip
TRIMS: tuple[Color, ...] = ((246, 242, 232), (246, 242, 232), (84, 76, 76), (226, 214, 192))
ROOFS: tuple[Color, ...] = ((96, 96, 110), (152, 84, 66), (86, 84, 90), (130, 76, 64))
ACCENTS: tuple[Color, ...] = (
    (180, 56, 50),
    (40, 104, 96),
    (46, 80, 130),
    (208, 146, 54),
    (92, 58, 96),
    (64, 110, 66),
)
WARES: tuple[Color, ...] = ((206, 84, 66), (226, 184, 96), (96, 150, 150), (232, 222, 204), (120, 92, 130))
CURTAIN: Color = (255, 214, 140)
SHOP_LIGHT: Color = (255, 232, 186)
GROUND, STOREY = 3.9, 3.1  # height of the ground floor and of those above, metres


@dataclass
class House:
    """The look of a house."""

    length: float
    height: float  # of the wall
    storeys: int  # above the ground floor
    outline: str
    base: Color
    trim: Color
    roof: Color
    accent: Color
    bays: int
    window: tuple[float, float]  # half the width, half the height
    shutters: bool
    shop: bool
    awning: bool
    seed: int

    @classmethod
    def plan(cls, lot: Lot) -> House:
        """Read the look of a house from the numbers of its lot."""
        look, length = lot.look, lot.far - lot.near
        modern = look.chance(0.22)
        window = (look.between(0.45, 0.62), look.between(0.75, 0.95))
        spacing = look.between(2.1, 2.9)
        if modern:
            window, spacing = (look.between(1.0, 1.35), look.between(0.65, 0.85)), 3.3
        return cls(
            length=length,
            height=lot.height,
            storeys=int((lot.height - GROUND) / STOREY),
            outline="flat" if modern else look.choice(("flat", "steep", "steep", "gable")),
            base=look.choice(WALLS),
            trim=look.choice(TRIMS),
            roof=look.choice(ROOFS),
            accent=look.choice(ACCENTS),
            bays=max(1, int(length / spacing)),
            window=window,
            shutters=look.chance(0.35) and not modern,
            shop=look.chance(0.55) and lot.height > 8,
            awning=look.chance(0.6),
            seed=look.whole(0, 1000),
        )

    @property
    def gable(self) -> float:
        """Width of one gable, metres."""
        return self.length / max(1, int(self.length / 7))

    @property
    def rise(self) -> float:
        """How far the outline rises above the wall, metres: a cornice, a steep roof, or gables."""
        return {"flat": 0.4, "steep": 2.4, "gable": 3.2}[self.outline]

    @property
    def end_height(self) -> float:
        """Height of the outline where the house ends."""
        return self.height + (0 if self.outline == "gable" else self.rise)

    def numbers(self) -> list[float]:
        """What `Fronts` needs to know, in its order."""
        shop_bays = max(1, int(self.length / 3.6))
        steep = self.outline == "steep"
        return [
            self.height, self.height if steep else 99.0, self.rise, self.gable, self.outline == "gable",
            self.storeys + steep, self.length / self.bays, self.seed % self.bays, *self.window, self.shutters,
            self.shop, self.shop and self.awning, self.length / shop_bays, self.seed,
            *self.base, *self.trim, *self.roof, *self.accent,
        ]  # fmt: skip


class Fronts:
    """The houses of one side, column by column.

    `number` (w,) is the house that a column of pixels meets, `u` how far it is from the nearer end of this
    house, `scale` and `along` are pixels to the metre, upright and along the street. Colours are as one sees
    them in the shade at the depth `z`.
    """

    def __init__(self, stage: Stage, houses: list[House], number: npt.NDArray[np.intp], z: Floats, u: Floats,
                 scale: Floats, along: Floats) -> None:  # fmt: skip
        light = stage.light
        table = np.array([house.numbers() for house in houses], np.float32).T.take(number, axis=1)
        self.z, self.u, self.scale, self.along = z, u, scale, along
        self.height, self.eaves, self.rise, self.gable, self.gabled, self.storeys, self.pitch = table[:7]
        self.door, self.half_u, self.half_v, self.shutters = table[7:11]
        self.shop, self.awning, self.shop_pitch, self.seed = table[11:15]
        self.haze = z / (z + light.haze_depth)
        self.haze_color = flat(light.haze)
        self.base, self.trim, self.roof, self.accent = self.hazy(
            table[15:].reshape(4, 3, 1, -1) * flat(stage.sunlit(0.15))
        )
        self.steep = float(self.eaves.min()) < 99
        self.white = self.hazy(flat(tinted((244, 238, 226), stage.sunlit(0.15))))
        self.detail = float(scale.max())
        self.clear = unit(scale * 0.8 - 2.0)  # 0 where windows are too small to see

    def hazy(self, color: Fill) -> Fill:
        """A colour at the depth of each column, (3, 1, w)."""
        return color + self.haze * (self.haze_color - color)

    def crest(self) -> Floats:
        """Height of the outline above the ground, (w,)."""
        t = self.u / self.gable
        t = abs(2.0 * (t - np.floor(t)) - ONE)
        return self.height + self.rise * (ONE - self.gabled * t)

    def across(self, distance: Floats, half: Floats | float) -> Floats:
        """Share of a column within `half` metres of a centre; right for strips thinner than a pixel, too."""
        return np.minimum(cover((half - distance) * self.along), 2 * half * self.along)

    def upto(self, inside: Floats) -> Floats:
        """Share of a pixel that is covered, from metres upright."""
        return cover(inside * self.scale)


def paint_walls(f: Fronts, v: Floats) -> Floats:
    """Walls and roofs: (3, h, w)."""
    fill = np.empty((3, *v.shape), np.float32)
    fill[:] = f.base
    if f.steep:
        blend(fill, f.upto(v - f.eaves), f.roof)
    if f.detail > 13:
        level = f.height + 0.1 + f.gabled * (f.crest() - f.height - 0.25)
        blend(fill, f.upto(0.17 - abs(v - level)), f.trim)
    return fill


def paint_frames(stage: Stage, f: Fronts, v: Floats, fill: Floats) -> tuple[Floats, Floats]:
    """Paint frames, shutters and sills; return the panes (h, w) and a number for each of them."""
    bay = np.floor(f.u / f.pitch)
    du = abs(f.u - (bay + HALF) * f.pitch)
    storeys = v * (1 / STOREY) - GROUND / STOREY
    storey = np.floor(storeys)
    up = (storeys - storey) * STOREY - 1.6  # metres above the middle of the window
    dv = abs(up)
    # There are windows on the ground floor unless there is a shop, or in the bay of the door.
    lowest = np.where((f.shop > 0) | (bay == f.door), ZERO, -ONE)
    there = (storey >= lowest) & (storey < f.storeys)
    upright = f.upto(f.half_v - dv) * there
    across = f.across(du, f.half_u)
    if f.detail > 13:
        blend(fill, upright * (f.across(abs(du - f.half_u - 0.32), 0.26) * f.shutters), f.accent)
        frame = f.upto(f.half_v + 0.13 - dv) * there
        blend(fill, frame * (f.across(du, f.half_u + 0.13) * f.clear), f.trim)
    if f.detail > 18:
        sill = f.upto(0.07 - abs(up + (f.half_v + 0.2))) * there
        blend(fill, sill * f.across(du, f.half_u + 0.25), f.trim * np.float32(0.86))
        across = across - across * f.across(du, 0.035)
        upright = upright * (ONE - f.upto(0.035 - abs(dv - 0.25)))
    number = HALF
    if stage.light.lamps or f.detail > 13:
        number = stage.draws.cells(storey, np.broadcast_to(bay + f.seed, v.shape))
    return upright * (across * f.clear), number


def paint_ground_floor(f: Fronts, v: Floats, fill: Floats) -> Floats | None:
    """Paint shops, doors and plinths; return the panes of the shops, if any (h, w). `v`: the lower rows."""
    shop = f.shop
    front = f.accent * np.float32(0.6) + np.float32(22)
    plinth = f.base * np.float32(0.5) + np.float32(44)
    low = f.upto(np.where(shop > 0, np.float32(GROUND - 0.1), HALF) - v)
    blend(fill, low, np.where(shop > 0, front, plinth))
    if f.detail > 13:
        bay = np.floor(f.u / f.pitch)
        du = abs(f.u - (bay + HALF) * f.pitch)
        door = (bay == f.door) * (ONE - shop) * f.clear
        blend(fill, f.upto(0.12 - abs(v - (GROUND - 0.1))) * (ONE - shop), f.trim)
        blend(fill, f.upto(2.75 - v) * (f.across(du, 0.75) * door), f.trim)
        blend(fill, f.upto(2.6 - v) * (f.across(du, 0.6) * door), front)
        blend(fill, f.upto(0.3 - abs(v - 3.35)) * shop, f.accent)
        blend(fill, f.upto(0.05 - abs(v - 3.7)) * shop, f.accent * HALF + np.float32(122))
    if not shop.any():
        return None
    bay = np.floor(f.u / f.shop_pitch)
    du = abs(f.u - (bay + HALF) * f.shop_pitch)
    glass = f.upto(np.minimum(v - 0.55, 2.85 - v)) * (f.across(du, f.shop_pitch * HALF - 0.2) * shop)
    if f.detail > 18:
        glass *= ONE - f.upto(0.03 - abs(v - 2.3))
    if not f.awning.any():
        return glass
    stripe = f.u * 1.6
    stripe = (stripe - np.floor(stripe)) * 4.0
    share = unit(abs(stripe - 2.0) * 6.0 - 5.5)  # a soft edge: no jagged stripes
    drop = f.upto(0.36 - abs(v - 2.8)) * f.awning
    blend(fill, drop, f.accent + share * (f.white - f.accent))
    return glass * (ONE - drop)


def glaze_windows(stage: Stage, f: Fronts, v: Floats, fill: Floats, glass: Floats, number: Floats) -> None:
    """Put the panes into the windows: they mirror the sky, or show the lamp behind them."""
    light = stage.light
    bottom, top = f.hazy(flat(light.glass[0])), f.hazy(flat(light.glass[1]))
    pane = 0.6 * bottom + 0.4 * top
    if f.detail > 13:
        t = (v - GROUND) * (1 / STOREY)
        t = unit((t - np.floor(t)) * 0.9 + 0.5 * (number - HALF))
        pane = bottom + t * (top - bottom)
    if light.lamps:
        on = unit((light.lamps * 0.42 - number) * 40.0)
        pane = pane + on * (f.hazy(flat(CURTAIN)) * (0.72 + 0.9 * number) - pane)
    blend(fill, glass, pane)


def glaze_shops(stage: Stage, f: Fronts, v: Floats, fill: Floats, glass: Floats) -> None:
    """Put the panes into the shop windows: wares behind them, the sky in them, light in them after dark."""
    light = stage.light
    inner = mix(mix(light.glass[0], light.glass[1], 0.25), SHOP_LIGHT, 0.08 + 0.86 * light.lamps)
    pane = f.hazy(flat(inner)) * (0.62 + unit(v * 0.35) * 0.4)
    if f.detail > 16:
        place = f.u * 2.3
        number = np.floor(place)
        ware = stage.draws.cells(f.seed, number)
        edge = f.across(abs(place - number - HALF) * (1 / 2.3), 0.14) * (ware > 0.3)
        colors = np.array(WARES, np.float32).T[:, None, (ware * 97.0).astype(np.intp) % len(WARES)]
        colors = f.hazy(colors * flat(mix(stage.sunlit(0.2), (0.9, 0.9, 0.9), light.lamps)))
        pane += 0.5 * f.upto(0.8 + 0.55 * ware - v) * edge * (colors - pane)
        slant = (v * 0.7 + f.u) * 0.23
        slant = abs(slant - np.floor(slant) - HALF)
        sheen = unit((0.16 - slant) * 9.0) * (0.28 * (1 - 0.9 * light.lamps))
        pane += sheen * (f.hazy(flat(light.glass[1])) - pane)
    blend(fill, glass, pane)
