"""Shadows and light that objects leave on the ground, put there before any object is drawn."""

from __future__ import annotations

from segedu.synthetic.canvas import unit
from segedu.synthetic.layout import Item
from segedu.synthetic.light import Color, mix
from segedu.synthetic.stage import Stage

FOOTPRINT = {"car": (0.92, 4.2, 1.3), "pedestrian": (0.22, 0.3, 1.7), "crowd": (0.22, 0.3, 1.7),
             "bicycle": (0.7, 0.25, 0.8), "sign": (0.08, 0.08, 2.6), "tree": (0.35, 0.35, 0.0)}  # fmt: skip


def draw_shadows(stage: Stage) -> None:
    """A dark patch where each object meets the ground, and a long one where it stops the sun."""
    for item in reversed(stage.street.items):
        _contact(stage, item)
        if stage.light.slope:
            _cast(stage, item)
    if stage.light.lamps > 0.3:
        for item in stage.street.items:
            if item.kind == "car" and abs(item.x) < 3:
                _beam(stage, item)


def _contact(stage: Stage, item: Item) -> None:
    half, deep, _ = FOOTPRINT[item.kind]
    scale = stage.camera.focal / item.z
    if half * scale < (2 if item.kind == "car" else 3):
        return
    near, far = stage.camera.project(item.x, 0, item.z - 0.15), stage.camera.project(item.x, 0, item.z + deep)
    reach = (near[1] - far[1]) / 2
    patch = stage.canvas.soft_ellipse(
        (near[0] + far[0]) / 2, near[1] - reach, half * 1.2 * scale, reach * 1.25 + 0.03 * scale
    )
    if patch is not None:
        region, share = patch
        tint = mix((1, 1, 1), (0.36, 0.36, 0.46), 1 - stage.haze(item.z))
        stage.canvas.multiply(region, unit(share * 1.8), tint)


def _cast(stage: Stage, item: Item) -> None:
    light, street, project = stage.light, stage.street, stage.camera.project
    half, deep, height = FOOTPRINT[item.kind]
    away = -street.sun_side
    reach = away * height * min(light.slope, 1.1)
    depth = height * 0.25
    if max(height, 1) * stage.camera.focal / item.z < 9:
        return
    strength: Color = mix((1, 1, 1), (0.55, 0.57, 0.68), light.shadow * 1.8 * (1 - stage.haze(item.z)))
    soft = 0.1 * stage.camera.focal / item.z
    if item.kind == "tree":
        column, row = project(item.x + away * 2.2, 0, item.z + 0.8)
        s = stage.camera.focal / item.z
        region = stage.canvas.region(column - 2.6 * s, row - 0.5 * s, column + 2.6 * s, row + 0.5 * s)
        if region is not None:
            u = (stage.canvas.x[region[1]] - column) * (1 / (2.5 * s))
            v = (stage.canvas.y[region[0], None] - row) * (1 / (2.6 * s * stage.camera.height / item.z))
            stage.canvas.multiply(region, (1.6 * (1.0 - u * u - v * v)).clip(0.0, 0.8), strength)
        return
    a, b = item.x - half * away, item.x + half * away
    points = [project(a, 0, item.z), project(b, 0, item.z), project(b + reach, 0, item.z + depth),
              project(b + reach, 0, item.z + deep + depth), project(b, 0, item.z + deep),
              project(a, 0, item.z + deep)]  # fmt: skip
    if item.kind == "car":
        del points[4]
    stage.canvas.shadow(points, strength, soft)


def _beam(stage: Stage, item: Item) -> None:
    """What headlights (towards us) or tail lamps throw on the road."""
    lamps = stage.light.lamps * (1 - stage.haze(item.z))
    s = stage.camera.focal / item.z
    if item.facing < 0:
        column, row = stage.camera.project(item.x, 0, max(item.z - 2.2, 2.5))
        stage.canvas.glow(column, row, 2.6 * s, 0.75 * s, (110 * lamps, 100 * lamps, 70 * lamps))
    else:
        column, row = stage.camera.project(item.x, 0, max(item.z - 0.5, 2.5))
        stage.canvas.glow(column, row, 1.5 * s, 0.4 * s, (90 * lamps, 14 * lamps, 12 * lamps))
