"""Pedestrians: head, hair, torso, arms, legs and shoes, in clothes of many colours."""

from __future__ import annotations

from segedu.synthetic.canvas import Limb
from segedu.synthetic.layout import Item
from segedu.synthetic.light import Color, mix
from segedu.synthetic.stage import Pen, Stage

SKIN: tuple[Color, ...] = ((244, 208, 178), (226, 178, 140), (188, 132, 96), (140, 92, 66), (98, 64, 48))
HAIR: tuple[Color, ...] = (
    (44, 34, 32),
    (92, 60, 38),
    (188, 142, 78),
    (122, 70, 42),
    (176, 172, 168),
    (28, 26, 30),
)
TOPS: tuple[Color, ...] = (
    (208, 62, 56), (44, 92, 150), (240, 236, 224), (236, 180, 62), (52, 120, 100), (120, 72, 130),
    (226, 126, 98), (58, 62, 74), (150, 184, 206), (206, 196, 172), (214, 92, 130), (70, 110, 70),
)  # fmt: skip
TROUSERS: tuple[Color, ...] = (
    (46, 56, 84),
    (60, 58, 62),
    (120, 104, 84),
    (34, 36, 44),
    (86, 104, 136),
    (154, 142, 122),
)
BAGS: tuple[Color, ...] = ((150, 100, 60), (60, 60, 70), (200, 150, 60), (60, 90, 110), (150, 60, 60))
SHOES: tuple[Color, ...] = ((40, 36, 38), (232, 230, 224), (110, 70, 50), (180, 60, 56))

# Positions in the list of fills.
FAR_LEG, LEG, FAR_TOP, TOP, SKIN_, HAIR_, SHOE, BAG, HAT = range(9)


def draw_pedestrian(stage: Stage, item: Item, segment: int) -> None:
    """Someone who walks; drawn in heights, so children need no other plan."""
    look = item.look
    height = look.between(1.6, 1.88)
    if look.chance(0.12):
        height = look.between(1.1, 1.35)
    pen = Pen(stage, item.x, item.z, segment, lit=0.7, facing=item.facing)
    skin, hair, top, legs = look.choice(SKIN), look.choice(HAIR), look.choice(TOPS), look.choice(TROUSERS)
    stride, view, style = look.between(0.07, 0.17), look.unit(), look.unit()
    dress, bag, coat = style < 0.22, look.chance(0.35), style > 0.68
    long_hair, hat = look.chance(0.4), look.chance(0.16)
    shoes, bag_color, hat_color = look.choice(SHOES), look.choice(BAGS), look.choice(TOPS)
    across = abs(item.x) < stage.street.road  # on the crosswalk
    if height * pen.scale < 24:
        limbs = _small(stride, dress)
    elif across or view < 0.4:
        limbs = _sideways(stride, dress, coat, bag, long_hair, hat)
    else:
        limbs = _along(stride, dress, coat, bag, long_hair, hat, toward_us=view < 0.7)
    below = skin if dress else legs
    colors = (below, below, mix(top, (30, 20, 44), 0.18), top, skin, hair, shoes, bag_color, hat_color)
    shade = stage.sunlit(0.25)
    used = {limb[6] for limb in limbs}
    fills = {k: pen.color(colors[k], shade if k in (FAR_LEG, FAR_TOP) else None) for k in used}
    pen.limbs([(x0 * height, y0 * height, x1 * height, y1 * height, r0 * height, r1 * height, k)
               for x0, y0, x1, y1, r0, r1, k in limbs], fills)  # fmt: skip
    if stage.light.overcast > 0.9 and look.chance(0.3) and height > 1.5:
        _umbrella(pen, height, look.choice(TOPS))


def _sideways(stride: float, dress: bool, coat: bool, bag: bool, long_hair: bool, hat: bool) -> list[Limb]:
    """Limbs from back to front for someone who walks to the right."""
    behind, ahead = -stride * 1.05, stride
    limbs: list[Limb] = [
        (0.0, 0.78, stride * 0.35, 0.63, 0.035, 0.03, FAR_TOP),
        (stride * 0.35, 0.63, stride * 0.35 + 0.06, 0.51, 0.03, 0.025, FAR_TOP),
        (0.0, 0.5, behind * 0.35, 0.27, 0.058, 0.042, FAR_LEG),
        (behind * 0.35, 0.27, behind, 0.055, 0.042, 0.03, FAR_LEG),
        (behind - 0.005, 0.035, behind + 0.065, 0.022, 0.028, 0.022, SHOE),
        (0.0, 0.5, ahead * 0.7, 0.28, 0.062, 0.044, LEG),
        (ahead * 0.7, 0.28, ahead, 0.05, 0.044, 0.03, LEG),
        (ahead - 0.01, 0.03, ahead + 0.075, 0.026, 0.028, 0.022, SHOE),
    ]
    if long_hair:
        limbs.append((-0.03, 0.93, -0.045, 0.81, 0.052, 0.03, HAIR_))
    limbs.append((0.005, 0.86, 0.01, 0.8, 0.03, 0.035, SKIN_))
    if bag:
        limbs.append((-0.085, 0.74, -0.095, 0.62, 0.05, 0.056, BAG))
    if dress or coat:
        limbs.append((0.0, 0.56, -0.01, 0.4, 0.078, 0.125 if dress else 0.1, TOP))
    limbs += [
        (-0.005, 0.77, 0.0, 0.54, 0.08, 0.075, TOP),
        (0.0, 0.79, -stride * 0.4, 0.63, 0.036, 0.031, FAR_TOP),
        (-stride * 0.4, 0.63, -stride * 0.45 + 0.035, 0.505, 0.031, 0.026, FAR_TOP),
        (-stride * 0.45 + 0.04, 0.485, -stride * 0.45 + 0.045, 0.475, 0.025, 0.025, SKIN_),
        (0.005, 0.942, -0.008, 0.925, 0.06, 0.055, HAIR_),
        (0.022, 0.92, 0.022, 0.9, 0.047, 0.04, SKIN_),
        (-0.02, 0.962, 0.035, 0.966, 0.034, 0.026, HAT if hat else HAIR_),
    ]
    if hat:
        limbs.append((-0.04, 0.95, 0.09, 0.95, 0.014, 0.012, HAT))
    return limbs


def _along(stride: float, dress: bool, coat: bool, bag: bool, long_hair: bool, hat: bool, *,
           toward_us: bool) -> list[Limb]:  # fmt: skip
    """Limbs for someone who walks along the street, towards us or away."""
    lift = 0.02 + stride * 0.25
    limbs: list[Limb] = [
        (0.04, 0.5, 0.05, 0.3, 0.055, 0.042, FAR_LEG),
        (0.05, 0.3, 0.045, 0.05 + lift, 0.042, 0.03, FAR_LEG),
        (0.047, 0.035 + lift, 0.052, 0.02 + lift, 0.032, 0.03, SHOE),
        (-0.04, 0.5, -0.048, 0.28, 0.058, 0.045, LEG),
        (-0.048, 0.28, -0.05, 0.05, 0.045, 0.032, LEG),
        (-0.05, 0.035, -0.056, 0.024, 0.034, 0.032, SHOE),
    ]
    if long_hair and toward_us:
        limbs.append((0.0, 0.92, 0.0, 0.83, 0.062, 0.06, HAIR_))
    limbs += [
        (0.1, 0.775, 0.128, 0.63, 0.036, 0.031, FAR_TOP),
        (0.128, 0.63, 0.12, 0.5, 0.031, 0.026, FAR_TOP),
        (0.12, 0.48, 0.119, 0.47, 0.025, 0.025, SKIN_),
        (-0.1, 0.775, -0.13, 0.63, 0.036, 0.031, FAR_TOP),
        (-0.13, 0.63, -0.122, 0.5, 0.031, 0.026, FAR_TOP),
        (-0.122, 0.48, -0.121, 0.47, 0.025, 0.025, SKIN_),
        (0.0, 0.86, 0.0, 0.8, 0.032, 0.036, SKIN_),
    ]
    if dress or coat:
        limbs.append((0.0, 0.56, 0.0, 0.4, 0.085, 0.13 if dress else 0.105, TOP))
    limbs += [(-0.06, 0.775, 0.06, 0.775, 0.046, 0.046, TOP), (0.0, 0.74, 0.0, 0.54, 0.098, 0.08, TOP)]
    if coat and toward_us:
        limbs.append((0.0, 0.78, 0.0, 0.45, 0.012, 0.012, FAR_TOP))
    if bag and not toward_us:
        limbs.append((0.0, 0.735, 0.0, 0.63, 0.07, 0.075, BAG))
    if toward_us:
        limbs += [(0.0, 0.945, 0.0, 0.93, 0.058, 0.056, HAIR_), (0.0, 0.918, 0.0, 0.9, 0.046, 0.04, SKIN_),
                  (-0.015, 0.966, 0.02, 0.968, 0.036, 0.034, HAT if hat else HAIR_)]  # fmt: skip
    else:
        limbs += [(0.0, 0.91, 0.0, 0.9, 0.048, 0.042, SKIN_), (0.0, 0.94, 0.0, 0.925, 0.058, 0.054, HAIR_)]
        if long_hair:
            limbs.append((0.0, 0.93, 0.0, 0.82, 0.056, 0.05, HAIR_))
        if hat:
            limbs.append((-0.012, 0.962, 0.012, 0.962, 0.048, 0.048, HAT))
    return limbs


def _small(stride: float, dress: bool) -> list[Limb]:
    """The same person far away: what is left of the limbs."""
    return [
        (0.0, 0.5, -stride * 0.8, 0.03, 0.055, 0.035, LEG),
        (0.0, 0.5, stride * 0.8, 0.03, 0.055, 0.035, LEG),
        (0.0, 0.77, 0.0, 0.42 if dress else 0.52, 0.1, 0.13 if dress else 0.09, TOP),
        (0.005, 0.92, 0.005, 0.83, 0.06, 0.05, SKIN_),
        (-0.005, 0.955, -0.01, 0.945, 0.052, 0.052, HAIR_),
    ]


def _umbrella(pen: Pen, height: float, color: Color) -> None:
    """An umbrella over the head: the pedestrian's, and so labelled."""
    y, r = height * 1.06, 0.56
    rim = (
        (-1, 0),
        (-0.93, 0.24),
        (-0.72, 0.45),
        (-0.38, 0.6),
        (0, 0.66),
        (0.38, 0.6),
        (0.72, 0.45),
        (0.93, 0.24),
        (1, 0),
    )
    pen.limbs([(0.1, height * 0.62, 0.1, y + 0.3, 0.012, 0.012, 0)], [pen.color((60, 60, 64))], thinnest=0.35)
    dome = [pen.at(0.1 + x * r, y + v * r) for x, v in rim]
    pen.polygon(dome, pen.color(color), body=True)
    pen.polygon(
        [pen.at(0.1 + x * r * 0.45, y + v * r) for x, v in rim], pen.color(mix(color, (255, 255, 255), 0.16))
    )
    pen.flush()
