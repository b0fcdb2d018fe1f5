"""A street as one sees it from a car, with exact labels: the running example of the book."""

from __future__ import annotations

import operator
from typing import Literal

import numpy as np
import numpy.typing as npt

from segedu.scene import NO_INSTANCE, VOID, Category, Scene
from segedu.synthetic.bicycles import draw_bicycle
from segedu.synthetic.camera import Camera
from segedu.synthetic.canvas import ZERO, Canvas
from segedu.synthetic.cars import draw_bonnet, draw_car
from segedu.synthetic.draws import Draws
from segedu.synthetic.ground import draw_ground
from segedu.synthetic.houses import draw_houses
from segedu.synthetic.layout import LIMITS, plan
from segedu.synthetic.light import LIGHTS
from segedu.synthetic.people import draw_pedestrian
from segedu.synthetic.shadows import draw_shadows
from segedu.synthetic.signs import draw_sign
from segedu.synthetic.sky import draw_end, draw_sky
from segedu.synthetic.stage import BUILDING, PAVEMENT, ROAD, SKY, VEGETATION, Stage
from segedu.synthetic.trees import draw_tree

STREET: tuple[Category, ...] = (
    Category(ROAD, "road", False, (138, 69, 153)),
    Category(PAVEMENT, "pavement", False, (255, 193, 231)),
    Category(BUILDING, "building", False, (84, 84, 88)),
    Category(VEGETATION, "vegetation", False, (147, 184, 88)),
    Category(SKY, "sky", False, (84, 159, 255)),
    Category(5, "car", True, (0, 0, 119)),
    Category(6, "pedestrian", True, (212, 2, 45)),
    Category(7, "bicycle", True, (93, 0, 23)),
    Category(8, "traffic sign", True, (255, 245, 22)),
)
"""The classes of a street: five of stuff, four of things.

The colours are close to those of Cityscapes, moved apart so that readers with any kind of colour blindness can
tell each from each: at least 17 CIEDE2000 units under simulated protanopia, deuteranopia and tritanopia.
"""

SMALLEST = 16
_THINGS = {"car": (5, draw_car), "pedestrian": (6, draw_pedestrian), "crowd": (6, draw_pedestrian),
           "bicycle": (7, draw_bicycle), "sign": (8, draw_sign)}  # fmt: skip
_OFTEN = ("day", "day", "dusk", "overcast", "night")
_WHITE = np.array(255, np.float32)


def street_scene(
    seed: int,
    size: tuple[int, int] = (256, 512),
    *,
    light: Literal["day", "dusk", "overcast", "night"] | None = None,
    cars: int | None = None,
    pedestrians: int | None = None,
    bicycles: int | None = None,
    signs: int | None = None,
    trees: int | None = None,
    crowd: bool = False,
    bonnet: bool = False,
    void_border: int = 0,
) -> Scene:
    """Draw a street and its labels.

    The same arguments give the same pixels on every platform and with every NumPy from 2.0 on
    (`segedu.synthetic.draws` says how). A larger size of the same shape shows the same street with more pixels.

    Parameters
    ----------
    seed : int
        Which street, 0 or more.
    size : tuple of int
        Height and width in pixels, at least 16 each. Landscape, square and portrait all work.
    light : {"day", "dusk", "overcast", "night"}, optional
        None leaves it to the seed.
    cars, pedestrians, bicycles, signs, trees : int, optional
        How many of each stand in the street: 0 to 18, 40, 16, 12 and 20. None leaves it to the seed: 3 to 5,
        2 to 5, 0 to 2, 1 or 2, and 2 to 5. A street with one car more is the same street with one car more.
        Trees in gardens are not counted.
    crowd : bool
        Add a group of people far away whom nobody labelled one by one: pedestrian in ``semantic``,
        ``NO_INSTANCE`` in ``instance``.
    bonnet : bool
        Show the bonnet of our own car at the lower edge. Nobody labels it: it is ``VOID``, as in Cityscapes.
    void_border : int
        Make void all pixels closer than this to an outline of a thing (chessboard distance, both sides of
        the outline), as the ribbons of Pascal VOC are; 0 for none.

    Returns
    -------
    Scene
        With the categories `STREET`. A pixel's label is what covers its centre. Things are numbered from near
        to far. One that is hidden by others or out of view has no number, so there can be fewer than were
        asked for; what is left of one that is almost hidden counts, be it a single pixel, or several parts that
        do not touch. A traffic sign includes its pole. Bicycles are seen through: spokes and the open frame
        show what is behind them. Lines thinner than a pixel (bicycles, poles) are drawn one pixel wide.

    Raises
    ------
    ValueError
        If an argument is out of its range. The message names it, what was expected and what came.

    Examples
    --------
    >>> scene = street_scene(7, (128, 256))
    >>> scene.size
    (128, 256)
    >>> [category.name for category in scene.categories if category.isthing]
    ['car', 'pedestrian', 'bicycle', 'traffic sign']

    The same street without cars, and with a traffic jam:

    >>> count = lambda scene: sum(scene.categories[s.label].name == "car" for s in scene.segments())
    >>> count(street_scene(7, (128, 256), cars=0))
    0
    >>> count(street_scene(7, (128, 256), cars=18)) > count(scene)
    True
    """
    height, width = _checked_size(size)
    counts = {"car": cars, "pedestrian": pedestrians, "bicycle": bicycles, "sign": signs, "tree": trees}
    counts = {kind: _checked_count(kind, count) for kind, count in counts.items()}
    void_border = _checked("void_border", void_border, 0, max(height, width))
    if light is not None and light not in LIGHTS:
        raise ValueError(f"light: expected one of {', '.join(map(repr, LIGHTS))}, or None, got {light!r}")

    draws = Draws(_checked("seed", seed, 0, None))
    camera = _camera(draws, height, width)
    street = plan(draws, camera, counts, crowd)
    by_seed = draws.row("sky", 0).choice(_OFTEN)
    stage = Stage(Canvas(height, width), camera, LIGHTS[light or by_seed], street, draws)
    draw_sky(stage)
    draw_ground(stage)
    draw_end(stage)
    draw_houses(stage)
    draw_shadows(stage)
    labels = [ROAD, PAVEMENT, BUILDING, VEGETATION, SKY]  # class of each segment of the canvas
    crowds = set()
    for item in reversed(street.items):  # far to near
        if item.kind == "tree":
            draw_tree(stage, item.x, item.z, item.look)
            continue
        label, draw = _THINGS[item.kind]
        draw(stage, item, len(labels))
        if item.kind == "crowd":
            crowds.add(len(labels))
        labels.append(label)
    if bonnet:
        draw_bonnet(stage, len(labels))
        labels.append(VOID)
    if void_border:
        _add_void_border(stage.canvas.segment, void_border, len(labels))
        labels.append(VOID)
    semantic, instance = _number(stage.canvas.segment, labels, crowds)
    return Scene(_develop(stage), semantic, instance, STREET)


def _camera(draws: Draws, height: int, width: int) -> Camera:
    """Where the lens is, and where it looks."""
    row = draws.row("street", 0)
    tall = min(max(height / width - 1, 0) * 0.1, 0.12)  # a tall picture shows more sky than road
    return Camera(
        (height, width),
        x=row.between(1.2, 1.9),
        height=row.between(1.75, 2.2),
        vanishing=(row.between(0.44, 0.56), row.between(0.49, 0.54) + tall),
    )


def _number(
    segment: npt.NDArray[np.int16], labels: list[int], crowds: set[int]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Class and instance of each pixel. A canvas numbers things from far to near, a scene from near to far."""
    seen = np.bincount(segment.ravel(), minlength=len(labels)).tolist()
    number, next_number = np.full(len(labels), NO_INSTANCE, np.int32), 1
    for k in range(len(labels) - 1, -1, -1):
        if seen[k] and labels[k] != VOID and STREET[labels[k]].isthing and k not in crowds:
            number[k] = next_number
            next_number += 1
    return np.array(labels, np.uint8).take(segment), number.take(segment)


def _add_void_border(segment: npt.NDArray[np.int16], width: int, void: int) -> None:
    """Give the segment `void` to all pixels within `width` of an outline of a thing."""
    border = np.zeros(segment.shape, bool)
    for a, b, first, second in (
        (segment[1:], segment[:-1], border[1:], border[:-1]),
        (segment[:, 1:], segment[:, :-1], border[:, 1:], border[:, :-1]),
    ):
        edge = (a != b) & (np.maximum(a, b) > SKY)  # segments after the sky are things
        first |= edge
        second |= edge
    for _ in range(width - 1):
        wider = border.copy()
        wider[1:] |= border[:-1]
        wider[:-1] |= border[1:]
        border = wider.copy()
        border[:, 1:] |= wider[:, :-1]
        border[:, :-1] |= wider[:, 1:]
    segment[border] = void


def _develop(stage: Stage) -> npt.NDArray[np.uint8]:
    """The canvas as a photograph: noise of the sensor, 8 bits, (H, W, 3)."""
    image = stage.canvas.image
    step = stage.light.grain / 128
    grain = stage.draws.grain(*stage.canvas.size) * step
    image += grain + (0.5 - 127.5 * step)  # on average 0.5, so that the cast to whole numbers rounds
    planes = image.clip(ZERO, _WHITE, out=image).astype(np.uint8)
    picture = np.empty((*stage.canvas.size, 3), np.uint8)
    for k in range(3):  # much faster than one copy of the transposed array
        picture[:, :, k] = planes[k]
    return picture


def _checked(name: str, value: int, low: int, high: int | None) -> int:
    expected = f"{name}: expected a whole number, {low} or more" if high is None else (
        f"{name}: expected a whole number from {low} to {high}"
    )  # fmt: skip
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{expected}, got {value!r}") from None
    if number < low or (high is not None and number > high):
        raise ValueError(f"{expected}, got {number}")
    return number


def _checked_count(kind: str, count: int | None) -> int | None:
    return None if count is None else _checked(f"{kind}s", count, 0, LIMITS[kind])


def _checked_size(size: tuple[int, int]) -> tuple[int, int]:
    try:
        height, width = (operator.index(side) for side in size)
    except (TypeError, ValueError):
        raise ValueError(f"size: expected two whole numbers (height, width), got {size!r}") from None
    if min(height, width) < SMALLEST:
        raise ValueError(
            f"size: expected at least {SMALLEST}×{SMALLEST} pixels, got {height}×{width}; "
            "draw the street larger and shrink it"
        )
    return height, width
