"""Four kinds of light: what the sky, the sun, the haze and the lamps do to a street."""

from __future__ import annotations

from dataclasses import dataclass

Color = tuple[float, float, float]
"""Red, green and blue, 0 to 255; or three factors, where a tint is meant."""


@dataclass(frozen=True)
class Light:
    """The palette of an hour of the day.

    Parameters
    ----------
    zenith, middle, horizon : Color
        The sky from top to bottom.
    cloud, cloud_shade : Color
        Clouds where they are bright, and where they are not.
    overcast : float
        How much of the sky is clouded, 0 to 1.
    sun, shade : Color
        Tints of what the sun reaches, and of what it does not. Equal where there is no sun.
    haze : Color
        What far things fade into.
    haze_depth : float
        Metres after which half of a colour is haze.
    glass : tuple of Color
        Window panes from bottom to top.
    glow : Color
        The sun or moon, as far as it lights the sky around itself.
    lamps : float
        How much lamps matter, 0 to 1: lit windows, headlights.
    shadow : float
        How dark cast shadows are, 0 to 1.
    slope : float
        Metres of shadow across the street for each metre of height; 0 without sun.
    grain : float
        Noise of the sensor in grey levels.
    """

    zenith: Color
    middle: Color
    horizon: Color
    cloud: Color
    cloud_shade: Color
    overcast: float
    sun: Color
    shade: Color
    haze: Color
    haze_depth: float
    glass: tuple[Color, Color]
    glow: Color
    lamps: float
    shadow: float
    slope: float
    grain: float


LIGHTS = {
    "day": Light(
        zenith=(62, 132, 206),
        middle=(120, 182, 230),
        horizon=(212, 232, 240),
        cloud=(255, 255, 253),
        cloud_shade=(206, 220, 236),
        overcast=0.45,
        sun=(1.06, 1.02, 0.95),
        shade=(0.66, 0.72, 0.86),
        haze=(204, 224, 236),
        haze_depth=210,
        glass=((54, 74, 96), (134, 172, 204)),
        glow=(60, 50, 30),
        lamps=0,
        shadow=0.5,
        slope=0.62,
        grain=2.0,
    ),
    "dusk": Light(
        zenith=(70, 84, 150),
        middle=(226, 144, 138),
        horizon=(255, 214, 148),
        cloud=(255, 196, 150),
        cloud_shade=(150, 112, 158),
        overcast=0.5,
        sun=(1.12, 0.9, 0.66),
        shade=(0.6, 0.54, 0.7),
        haze=(250, 192, 146),
        haze_depth=110,
        glass=((70, 58, 92), (240, 170, 130)),
        glow=(120, 70, 20),
        lamps=0.45,
        shadow=0.46,
        slope=1.6,
        grain=2.5,
    ),
    "overcast": Light(
        zenith=(158, 170, 184),
        middle=(190, 200, 208),
        horizon=(222, 226, 226),
        cloud=(232, 235, 236),
        cloud_shade=(164, 174, 186),
        overcast=0.95,
        sun=(0.8, 0.84, 0.88),
        shade=(0.8, 0.84, 0.88),
        haze=(208, 214, 218),
        haze_depth=95,
        glass=((66, 78, 90), (160, 174, 186)),
        glow=(0, 0, 0),
        lamps=0.2,
        shadow=0.24,
        slope=0,
        grain=2.5,
    ),
    "night": Light(
        zenith=(10, 14, 38),
        middle=(26, 34, 74),
        horizon=(74, 70, 110),
        cloud=(58, 60, 98),
        cloud_shade=(24, 28, 60),
        overcast=0.3,
        sun=(0.3, 0.33, 0.5),
        shade=(0.3, 0.33, 0.5),
        haze=(56, 56, 94),
        haze_depth=120,
        glass=((16, 20, 40), (34, 44, 80)),
        glow=(24, 26, 34),
        lamps=1,
        shadow=0.3,
        slope=0,
        grain=3.0,
    ),
}
"""The lights that `street_scene` knows, by name."""


def mix(a: Color, b: Color, share: float) -> Color:
    """`share` of the way from colour `a` to colour `b`."""
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share


def tinted(color: Color, tint: Color) -> Color:
    """A colour under a tint."""
    return color[0] * tint[0], color[1] * tint[1], color[2] * tint[2]
