"""The sky with its clouds, and the city where the street ends."""

from __future__ import annotations

import numpy as np

from segedu.synthetic.canvas import HALF, ONE, blend, cover, flat, positive, unit
from segedu.synthetic.draws import Floats, Row
from segedu.synthetic.layout import END
from segedu.synthetic.light import Color, mix
from segedu.synthetic.stage import BUILDING, SKY, VEGETATION, Stage

TOWERS: tuple[Color, ...] = ((150, 150, 158), (160, 152, 150), (138, 146, 160))
HOUSES: tuple[Color, ...] = ((220, 188, 156), (196, 194, 188), (204, 154, 126), (190, 176, 150))


def draw_sky(stage: Stage) -> None:
    """Fill everything above the horizon: a gradient, the glow of the sun or moon, stars, clouds."""
    canvas, camera, light, draws = stage.canvas, stage.camera, stage.light, stage.draws
    row = draws.row("sky", 1)
    rows = min(int(camera.horizon) + 2, canvas.size[0])
    y = canvas.y[:rows] * (1 / camera.horizon)
    low = unit(y * 2 - ONE)[:, None]
    high = positive(ONE - y * 2)[:, None]
    zenith, middle, horizon = flat(light.zenith), flat(light.middle), flat(light.horizon)
    image = canvas.image[:, :rows]
    image[:] = (middle + low * (horizon - middle)) + high * (zenith - middle)
    canvas.segment[:rows] = SKY

    pixel = 1 / camera.focal  # the sky is painted in units of the focal length: it grows with the image
    x = (canvas.x - camera.column) * pixel
    height = (camera.horizon - canvas.y[:rows]) * pixel
    sun_x, sun_y = stage.street.sun_side * row.between(0.08, 0.3), row.between(0.06, 0.26)
    clouds_x, clouds_y, more = row.between(0.0, 40.0), row.between(0.0, 40.0), row.between(-0.12, 0.12)
    if any(light.glow):
        near = (x - sun_x) * (x - sun_x) + ((height - sun_y) * (height - sun_y))[:, None]
        image += 0.09 / (0.09 + near) * flat(light.glow)
        if light.lamps:
            color = (255, 250, 224) if light.lamps < 1 else (230, 232, 222)
            column, disc = camera.column + sun_x / pixel, 0.03 / pixel
            canvas.ellipse(column, camera.horizon - sun_y / pixel, disc, disc, flat(color))
    if light.lamps == 1:
        _stars(stage, rows)

    up = positive(height)
    depth = 1.5 / (up + 0.12) - 3.0 * up + clouds_y  # clouds lie flat: they crowd at the horizon
    cloud = draws.noise(depth, x * 2.2 + clouds_x)
    if rows < 90:
        cloud += 0.25
    else:
        cloud += 0.5 * draws.noise(depth * 2.3 + 9.0, x * 5.2 + clouds_x)
        cloud += 0.25 * (draws.noise(depth * 4.9 + 5.0, x * 11.0 + clouds_x) - HALF)
    thin = 1.2 - 0.9 * (light.overcast + more * (1 - light.overcast))
    density = unit((cloud - thin) * 2.6)
    density *= (unit(height * 9.0) * 0.85)[:, None]
    dark, bright = flat(light.cloud_shade), flat(light.cloud)
    blend(image, density, dark + (1.15 - 0.95 * density) * (bright - dark))


def _stars(stage: Stage, rows: int) -> None:
    canvas, row = stage.canvas, stage.draws.row("sky", 2)
    size = max(canvas.size[0] / 800, 0.6)
    for k in range(36 if rows > 90 else 12):
        x = row.unit() if k < 24 else (k * 0.37 + 0.11) % 1.0
        y = (k * 0.61803 + 0.05) % 1.0
        shine = 150 + 24 * (k % 5)
        canvas.ellipse(x * canvas.size[1], y * y * rows * 0.7, size, size, flat((shine, shine, shine + 8)))


def draw_end(stage: Stage) -> None:
    """Close the view: towers in the haze, then houses and trees across the end of the street."""
    canvas, camera, light = stage.canvas, stage.camera, stage.light
    _silhouettes(stage, stage.draws.row("street", 2), 260.0, (9.0, 20.0), (14.0, 54.0), TOWERS)
    _silhouettes(stage, stage.draws.row("street", 3), END, (8.0, 13.0), (7.0, 14.0), HOUSES)
    # A line of trees: its outline is noise along the street that crosses there.
    z = END - 2
    scale = camera.focal / z
    part = slice(max(int(camera.column - 45 * scale), 0), int(camera.column + 45 * scale))
    x = (canvas.x[part] - camera.column) * (1 / scale)
    crown = 2.6 + 2.6 * stage.draws.noise(np.array([3.5], np.float32), x * 0.3)[0]
    if scale > 2:
        crown += 1.2 * (stage.draws.noise(np.array([7.5], np.float32), x * 0.9)[0] - HALF)
    base = camera.horizon + scale * camera.height
    first, last = max(int(base - 6 * scale) - 1, 0), min(int(base) + 2, canvas.size[0])
    if first >= last:
        return
    up = (base - canvas.y[first:last, None]) * (1 / scale)
    green = mix((84, 128, 68), (196, 138, 60), stage.street.autumn)
    dark = flat(stage.tone(mix(green, (40, 60, 60), 0.4), z, light.shade))
    bright = flat(stage.tone(mix(green, (210, 206, 110), 0.2), z, light.sun))
    share = unit(up / crown)
    canvas.paint(
        (slice(first, last), part),
        np.minimum((crown - up) * scale, up * scale),
        dark + share * (bright - dark),
        VEGETATION,
    )


def _silhouettes(stage: Stage, row: Row, z: float, widths: tuple[float, float], heights: tuple[float, float],
                 colors: tuple[Color, ...]) -> None:  # fmt: skip
    """A row of buildings that face us, all at depth `z`; windows where they are large enough."""
    canvas, camera, light = stage.canvas, stage.camera, stage.light
    starts, tops, fills, x = [], [], [], -60.0 * z / 260
    for _ in range(7):
        starts.append(x)
        x += row.between(*widths)
        tops.append(row.between(*heights))
        color = stage.tone(row.choice(colors), z, stage.sunlit(0.5))
        fills.append(mix(color, light.horizon, 0.2))
    scale = camera.focal / z
    part = slice(max(int(camera.column + starts[0] * scale), 0), int(camera.column - starts[0] * scale))
    across = (canvas.x[part] - camera.column) * (1 / scale)
    number = np.searchsorted(np.array(starts, np.float32), across, side="right") - 1
    number = np.maximum(number, 0)
    top = np.array(tops, np.float32)[number]
    fill = np.array(fills, np.float32).T[:, None, number]  # (3, 1, w)
    base = camera.horizon + scale * camera.height
    first, last = max(int(base - max(tops) * scale) - 1, 0), min(int(base) + 2, canvas.size[0])
    if first >= last:
        return
    up = (base - canvas.y[first:last, None]) * (1 / scale)  # metres above the ground
    if scale > 1.4:
        fill = _small_windows(stage, fill, across, up, top, scale, z)
    canvas.paint((slice(first, last), part), np.minimum((top - up) * scale, up * scale), fill, BUILDING)


def _small_windows(
    stage: Stage, fill: Floats, across: Floats, up: Floats, top: Floats, scale: float, z: float
) -> Floats:
    light = stage.light
    u, v = across * (1 / 2.6), up * (1 / 3.2)
    bay, storey = np.floor(u), np.floor(v)
    columns = np.minimum(cover((0.7 - abs(u - bay - HALF) * 2.6) * scale), 1.4 * scale)
    rows = np.minimum(cover((0.8 - abs(v - storey - HALF) * 3.2) * scale), 1.6 * scale)
    share = columns * rows * cover((top - up - 1.5) * scale)
    glass = flat(mix(mix(light.glass[0], light.glass[1], 0.5), light.haze, stage.haze(z)))
    if light.lamps:
        lit = stage.draws.cells(*np.broadcast_arrays(storey, bay)) < 0.45 * light.lamps
        glass = np.where(lit, flat(mix((255, 214, 136), light.haze, 0.6 * stage.haze(z))), glass)
    return fill + 0.75 * share * (glass - fill)
