"""Houses on both sides, seen at a slant, and the gardens between them.

The side of a street is one upright plane. Each column of the image meets it at one depth, so what depends on
the depth (which house, how tall, how many pixels to the metre) is worked out once for each column.
"""

from __future__ import annotations

import numpy as np

from segedu.synthetic.canvas import HALF, ONE, ZERO, cover, flat, positive, unit
from segedu.synthetic.draws import Floats
from segedu.synthetic.facades import (
    GROUND,
    STOREY,
    Fronts,
    House,
    glaze_shops,
    glaze_windows,
    paint_frames,
    paint_ground_floor,
    paint_walls,
)
from segedu.synthetic.layout import Lot
from segedu.synthetic.light import mix
from segedu.synthetic.stage import BUILDING, VEGETATION, Stage
from segedu.synthetic.trees import draw_tree


def draw_houses(stage: Stage) -> None:
    """Draw both sides.

    What stands off the street (walls that look at us, gardens) comes first, far to near. The fronts need no
    order: each lot has its columns for itself.
    """
    for side, lots in zip((-1, 1), stage.street.lots, strict=True):
        wall = stage.street.right if side > 0 else stage.street.left
        houses = [None if lot.garden else House.plan(lot) for lot in lots]
        for k in range(len(lots) - 1, -1, -1):
            lot, house, nearer = lots[k], houses[k], houses[k - 1] if k else None
            edge, end = (stage.camera.project(wall, 0, z)[0] for z in (lot.near, lot.far))
            seen = 0 < edge < stage.canvas.size[1]  # the nearer corner is in the image
            if house is None:
                if seen or 0 < end < stage.canvas.size[1]:
                    _draw_garden(stage, side, wall, lot, None if nearer is None else edge)
            elif seen:
                above = house.height + house.rise - (nearer.end_height if nearer is not None else 0)
                if above * stage.camera.focal > 0.7 * lot.near:  # more than a pixel looks over the neighbour
                    _draw_end_wall(stage, side, wall, lot, house)
        _draw_fronts(stage, side, wall, lots, houses)
        for lot in lots:
            if lot.garden:
                _draw_hedge(stage, wall, lot)


def _columns(stage: Stage, wall: float, near: float, far: float) -> tuple[slice, Floats] | None:
    """The columns in which the plane of the wall lies at a depth from `near` to `far`, and this depth, (w,)."""
    camera = stage.camera
    span = camera.focal * (wall - camera.x)
    ends = camera.column + span / near, camera.column + span / far
    first = max(int(min(ends) + 0.5), 0)
    last = min(int(max(ends) + 0.5), stage.canvas.size[1])
    if first >= last:
        return None
    return slice(first, last), span / (stage.canvas.x[first:last] - camera.column)


def _draw_end_wall(stage: Stage, side: int, wall: float, lot: Lot, house: House) -> None:
    """The wall that looks at us over a lower neighbour or a garden, and what we see of the roof."""
    project, z, outer = stage.camera.project, lot.near, wall + side * 11.0
    eaves = lot.height + (house.rise if house.outline == "flat" else 0)
    color = mix(house.base, (150, 138, 126), 0.2)
    upper, lower = flat(stage.tone(color, z, stage.sunlit(0.45))), flat(stage.tone(color, z, stage.sunlit(0.1)))
    x0, top = project(wall, eaves, z)
    x1, base = project(outer, 0, z)
    scale = stage.camera.focal / z
    if house.outline != "flat" and scale > 3.5:  # the roof leans back from us
        back, ridge = z + (house.gable / 2 if house.outline == "gable" else 1.2), lot.height + house.rise
        slope = [(x0, top), (x1, top), project(outer, ridge, back), project(wall, ridge, back)]
        roof = flat(stage.tone(house.roof, z, stage.sunlit(0.45)))
        stage.canvas.polygons([(slope, roof, True)], BUILDING)
    if scale < 12:
        fade = lower if scale > 5 else None
        stage.canvas.box(min(x0, x1), top, max(x0, x1), base, upper, BUILDING, fade=fade)
        return
    region = stage.canvas.region(min(x0, x1), top, max(x0, x1), base)
    if region is None:
        return
    up = (base - stage.canvas.y[region[0]]) * (1 / scale)  # metres above the ground
    out = abs(stage.canvas.x[region[1]] - x0) * (1 / scale)  # metres from the street
    plain = lower + unit(up * (1 / eaves))[:, None] * (upper - lower)
    fill = _end_windows(stage, house, z, plain, up, out)
    stage.canvas.box(min(x0, x1), top, max(x0, x1), base, fill, BUILDING)
    if house.outline == "flat":
        trim = flat(stage.tone(house.trim, z, stage.sunlit(0.5)))
        stage.canvas.box(min(x0, x1), top, max(x0, x1), top + 0.3 * scale, trim)


def _end_windows(stage: Stage, house: House, z: float, fill: Floats, up: Floats, out: Floats) -> Floats:
    """Two columns of windows in a wall that looks at us: `up` (h,) and `out` (w,) in metres."""
    light, scale = stage.light, stage.camera.focal / z
    bay, storey = np.floor(out * (1 / 3.4)), np.floor((up - GROUND) * (1 / STOREY))
    columns, rows = abs(out - (bay + HALF) * 3.4), abs(up - GROUND - storey * STOREY - 1.6)
    there, high = bay < 2, (storey >= 0) & (storey < house.storeys)
    frame = (cover((0.95 - rows) * scale) * high)[:, None] * (cover((0.6 - columns) * scale) * there)
    fill = fill + frame * (flat(stage.tone(house.trim, z, stage.sunlit(0.4))) - fill)
    glass = (cover((0.85 - rows) * scale) * high)[:, None] * (cover((0.5 - columns) * scale) * there)
    pane = flat(mix(mix(light.glass[0], light.glass[1], 0.35), light.haze, stage.haze(z)))
    if light.lamps:
        lit = stage.draws.cells(*np.broadcast_arrays(storey[:, None] + house.seed, bay)) < 0.4 * light.lamps
        pane = np.where(lit, flat((250, 204, 122)), pane)
    return fill + glass * (pane - fill)


def _draw_garden(stage: Stage, side: int, wall: float, lot: Lot, hidden_beyond: float | None) -> None:
    """Grass and a tree. A house that is nearer hides what is beyond its edge."""
    canvas, camera = stage.canvas, stage.camera
    z = (lot.near + lot.far) / 2
    corners = [camera.project(wall + out, 0, depth) for out, depth in
               ((0, lot.far), (0, lot.near), (side * 40.0, lot.near), (side * 40.0, lot.far))]  # fmt: skip
    grass = flat(stage.tone((120, 152, 80), z, stage.sunlit(0.6)))
    canvas.polygons([(corners, grass, True)], VEGETATION)
    x, depth = (
        wall + side * lot.look.between(2.5, 5.0),
        lot.far - (lot.far - lot.near) * lot.look.between(0.25, 0.6),
    )
    inner = camera.project(x - side * 3.5, 0, depth)[0]
    if hidden_beyond is None or (inner - hidden_beyond) * side < 0:
        draw_tree(stage, x, depth, lot.look)


def _draw_hedge(stage: Stage, wall: float, lot: Lot) -> None:
    """A hedge between garden and pavement."""
    canvas, camera, middle = stage.canvas, stage.camera, (lot.near + lot.far) / 2
    columns = _columns(stage, wall, lot.near, lot.far)
    if columns is None:
        return
    part, z = columns
    scale, u = camera.focal / z, z - lot.near
    rough = HALF
    if scale.max() > 6:
        rough = stage.draws.noise(np.array([lot.near], np.float32), u * 1.6)[0]
    top_row = camera.horizon - scale * (lot.height - camera.height - 0.25 * (rough - HALF))
    base = camera.horizon + scale * camera.height
    rows = _rows(top_row, base, canvas.size[0])
    if rows is None:
        return
    y = canvas.y[rows, None]
    up = (base - y) / (base - top_row)
    leaves = HALF
    if scale.max() > 12:
        leaves = stage.draws.cells(np.floor(up * 9.0), np.broadcast_to(np.floor(u * 5.0), up.shape))
    green = mix((66, 102, 50), (150, 96, 48), 0.5 * stage.street.autumn)
    dark = flat(stage.tone(green, middle, stage.sunlit(0.1)))
    bright = flat(stage.tone(mix(green, (176, 196, 92), 0.45), middle, stage.sunlit(0.8)))
    share = unit(0.1 + 0.75 * up + 0.35 * (leaves - HALF))
    canvas.paint((rows, part), np.minimum(y - top_row, base - y), dark + share * (bright - dark), VEGETATION)


def _rows(top: Floats, base: Floats, height: int) -> slice | None:
    """The rows between the highest top and the lowest base, as far as they are in the image."""
    first, last = max(int(top.min()) - 1, 0), min(int(base.max()) + 2, height)
    return slice(first, last) if first < last else None


def _draw_fronts(
    stage: Stage, side: int, wall: float, lots: tuple[Lot, ...], houses: list[House | None]
) -> None:
    """The fronts of all houses on one side."""
    canvas, camera = stage.canvas, stage.camera
    columns = _columns(stage, wall, lots[0].near, lots[-1].far)
    if columns is None:
        return
    part, z = columns
    starts = np.array([lot.near for lot in lots], np.float32)
    number = np.maximum(np.searchsorted(starts, z, side="right") - 1, 0)  # of the lot at each column
    built = np.array([house is not None for house in houses])
    there = built[number]
    if not there.any():
        return
    rank = np.maximum(np.cumsum(built) - 1, 0)
    scale = camera.focal / z
    along = scale * (abs(wall - camera.x) / z)
    f = Fronts(
        stage,
        [house for house in houses if house is not None],
        rank[number],
        z,
        z - starts[number],
        scale,
        along,
    )
    top = np.where(there, camera.horizon - scale * (f.crest() - camera.height), np.float32(1e6))
    base = np.where(there, camera.horizon + scale * camera.height, ZERO)
    rows = _rows(top, base, canvas.size[0])
    if rows is None:
        return
    y = canvas.y[rows, None]
    inside = np.minimum(y - top, base - y)
    v = camera.height + (camera.horizon - y) / scale  # (h, w), metres above the ground
    low = slice(max(int(camera.horizon + f.detail * (camera.height - GROUND) - rows.start) - 1, 0), None)
    fill = paint_walls(f, v)
    glass, pane = paint_frames(stage, f, v, fill)
    shops = paint_ground_floor(f, v[low], fill[:, low])
    _light_up(stage, side, f, v, fill)
    glaze_windows(stage, f, v, fill, glass, pane)
    if shops is not None:
        glaze_shops(stage, f, v[low], fill[:, low], shops)
    canvas.paint((rows, part), inside, fill, BUILDING)


def _light_up(stage: Stage, side: int, f: Fronts, v: Floats, fill: Floats) -> None:
    """Darken fronts near the ground; let in the lamps, or the sun above the shadow of the houses opposite."""
    street, light = stage.street, stage.light
    fill *= 0.8 + unit(v * 0.2) * 0.2
    shade = stage.sunlit(0.15)
    if light.lamps == 1:  # street lamps light the lower storeys
        low = positive(ONE - v * (1 / 9.0))
        more = flat((0.75 / shade[0], 0.52 / shade[1], 0.27 / shade[2]))
        fill *= ONE + (low * low * stage.lamp_light(f.z)) * more
    elif side != street.sun_side and light.slope:
        sun = stage.sunlit(0.95)
        height = stage.heights(street.lots[0 if street.sun_side < 0 else 1], f.z + np.float32(2.0))
        shadow = height - (street.right - street.left) / light.slope
        sunny = cover((v - shadow) * (f.scale * 0.4)) * (ONE - f.haze)
        fill *= ONE + sunny * flat((sun[0] / shade[0] - 1, sun[1] / shade[1] - 1, sun[2] / shade[2] - 1))
