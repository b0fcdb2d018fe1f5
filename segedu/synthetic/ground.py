"""The ground: road with its markings, kerbs, pavements, and the shadows that houses cast on them."""

from __future__ import annotations

import numpy as np

from segedu.synthetic.canvas import HALF, ONE, ZERO, blend, cover, flat, positive, unit
from segedu.synthetic.draws import Floats
from segedu.synthetic.layout import LANE
from segedu.synthetic.light import Color, mix
from segedu.synthetic.stage import PAVEMENT, ROAD, Stage

ASPHALT: Color = (106, 108, 116)
SLABS: Color = (198, 188, 176)
PAINT: Color = (240, 238, 230)
DIM = np.array(0.78, np.float32)  # the tint of the ground at the foot of a wall


def draw_ground(stage: Stage) -> None:
    """Fill everything below the horizon. A row knows its depth z, (h,); a pixel its place across, x (h, w)."""
    canvas, camera, light, street = stage.canvas, stage.camera, stage.light, stage.street
    first = max(int(camera.horizon) + 1, 0)
    if first >= canvas.size[0]:
        return
    rows = slice(first, canvas.size[0])
    down = canvas.y[rows] - camera.horizon
    z = camera.focal * camera.height / down
    scale = (down * (1 / camera.height))[:, None]  # pixels to the metre, across
    ahead = down / z  # pixels to the metre, along the street
    x = camera.x + (canvas.x - camera.column) / scale
    side = abs(x)

    image = canvas.image[:, rows]
    wear = stage.draws.noise(z * 0.21, (canvas.x - camera.column) * (9.0 / camera.focal)) - HALF
    close = scale[-1, 0] > 40  # pixels to the metre at the lower edge: enough for fine detail
    kerb = (side - street.road) * scale
    road = ONE + 0.1 * wear
    if close:  # the gutter, and where the wheels run
        road -= 0.14 * cover(kerb + 0.3 * scale)
        road -= 0.05 * positive(ONE - abs(abs(side - LANE / 2) - 0.75) * 1.6)
    image[:] = road * flat(ASPHALT)
    paint = _markings(stage, x, side, z, scale, ahead)
    paint *= 0.85 + 0.3 * wear if close else np.float32(0.85)
    blend(image, paint, flat(PAINT))
    stone = cover((street.road + 0.22 - side) * scale)  # the kerb itself
    slabs = ONE + 0.08 * wear + 0.14 * stone
    if close:
        slabs -= 0.13 * _joints(side - street.road, z, scale, ahead)
    blend(image, cover(kerb), slabs * flat(SLABS))
    canvas.segment[rows] = np.where(kerb >= ZERO, PAVEMENT, ROAD)

    image *= _light_on(stage, x, side, z, scale)
    haze = (z / (z + light.haze_depth))[:, None]
    image *= ONE - haze
    image += haze * flat(light.haze)


def _markings(stage: Stage, x: Floats, side: Floats, z: Floats, scale: Floats, ahead: Floats) -> Floats:
    """White paint: dashes in the middle, lines along the parked cars, crosswalk, stop line, arrow; (h, w)."""
    street = stage.street
    t = z * (1 / 6.0)
    dash = np.minimum(cover((1.5 - abs((t - np.floor(t)) * 6.0 - 3.0)) * ahead), 3.0 * ahead)
    blur = unit(1.6 - 6.0 * ahead)  # too far to see single dashes
    dash = dash + blur * (HALF - dash)
    depth = street.crossing
    clear = cover((abs(z - depth - 1.6) - 3.4) * ahead)
    shown, off = (dash * clear)[:, None], side  # of the line that is nearest, and metres from it
    if street.parking:
        lanes = street.road - street.parking
        off = np.minimum(side, abs(side - lanes))
        shown = np.where(side < lanes / 2, shown, clear[:, None])
    paint = np.minimum(cover((0.07 - off) * scale), 0.14 * scale) * shown
    near, far = np.searchsorted(-z, np.array([-depth - 3.9, -depth + 1.7], np.float32)).tolist()
    if near < far:
        part = slice(near, far)
        band = cover(np.minimum(z[part] - depth, depth + 3.2 - z[part]) * ahead[part])[:, None]
        bar = x[part] * (1 / 1.1)
        bar = cover((0.275 - abs((bar - np.floor(bar)) * 1.1 - 0.55)) * scale[part])
        inner = cover((street.road - 0.45 - side[part]) * scale[part])
        stop = cover(np.minimum(z[part] - depth + 1.5, depth - 1.1 - z[part]) * ahead[part])[:, None]
        lane = cover(np.minimum(x[part] - 0.15, LANE - x[part]) * scale[part])
        paint[part] = np.maximum(paint[part], np.maximum(band * bar * inner, stop * lane))
    if street.arrow:
        near, far = np.searchsorted(-z, np.array([-10.6, -6.2], np.float32)).tolist()
        if near < far:
            part = slice(near, far)
            tip = (10.2 - z[part]) * (0.5 / 1.5)  # half the width of the head
            half = np.where(z[part] > 8.7, tip, 0.09)
            ends = cover(np.minimum(z[part] - 6.5, 10.2 - z[part]) * ahead[part])
            arrow = cover((half[:, None] - abs(x[part] - LANE / 2)) * scale[part]) * ends[:, None]
            paint[part] = np.maximum(paint[part], arrow)
    return paint


def _joints(out: Floats, z: Floats, scale: Floats, ahead: Floats) -> Floats:
    """Joints between the slabs of the pavement, (h, w)."""
    a, b = out * (1 / 0.8), z * (1 / 0.8)
    lengthwise = np.minimum(cover((0.02 - abs(a - np.floor(a) - HALF) * 0.8) * scale), 0.04 * scale)
    crosswise = np.minimum(cover((0.02 - abs(b - np.floor(b) - HALF) * 0.8) * ahead), 0.04 * ahead)
    return np.maximum(lengthwise, crosswise[:, None])


def _light_on(stage: Stage, x: Floats, side: Floats, z: Floats, scale: Floats) -> Floats:
    """Tint of the ground, (3, h, w): shade beside the houses on the sun's side, dim along all walls."""
    street, light = stage.street, stage.light
    middle, half = (street.left + street.right) / 2, (street.right - street.left) / 2
    corner = (abs(x - middle) * -0.3 + (0.78 + 0.3 * half)).clip(DIM, ONE)
    if light.lamps == 1:
        near = positive(ONE - abs(side - street.road) * (1 / 5.0))
        return flat(light.shade) * corner + (near * near * stage.lamp_light(z)[:, None]) * flat(
            (0.62, 0.45, 0.24)
        )
    if not light.slope:
        return flat(stage.sunlit(0.7)) * corner
    right = street.sun_side > 0
    height = stage.heights(street.lots[1 if right else 0], z + np.float32(1.5))
    reach = height * min(light.slope, 0.9)
    into = (street.right - reach)[:, None] - x if right else x - (street.left + reach)[:, None]
    shade = flat(mix(stage.light.shade, light.sun, 1.0 - light.shadow * 1.6))
    return (shade + cover(into * (scale * 0.35)) * (flat(stage.sunlit(0.95)) - shade)) * corner
