"""What the three tasks say about one pixel, in words: the sentences that a page reads out."""

from __future__ import annotations

import math

from segedu.scene import NO_INSTANCE, Scene


def describe(scene: Scene, row: int, col: int) -> dict[str, str]:
    """Say in words what semantic, instance and panoptic segmentation answer for one pixel.

    Returns
    -------
    dict
        A sentence for each of ``"semantic"``, ``"instance"`` and ``"panoptic"``. Objects of a class are counted
        by their instance ids: "object 2 of 3" has the second lowest id.

    Raises
    ------
    IndexError
        If the pixel lies outside the scene.

    Examples
    --------
    >>> import numpy as np
    >>> from segedu import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> scene = Scene(np.zeros((1, 4, 3), np.uint8), [[0, 1, 1, 1]], [[0, 4, 9, 9]], (road, car))
    >>> describe(scene, 0, 3)
    {'semantic': 'car', 'instance': 'car, object 2 of 2', 'panoptic': 'car, instance 9; 2 pixels'}
    >>> describe(scene, 0, 0)["instance"]
    'nothing: road is stuff, it has no objects'
    """
    check_pixel(scene, row, col)
    number = int(scene.segment_ids()[row, col])
    if number == 0:
        nobody = "nobody labelled this pixel (void)"
        return {"semantic": nobody, "instance": f"nothing: {nobody}", "panoptic": nobody}
    segments = scene.segments()
    segment = segments[number - 1]
    name = scene.categories[segment.label].name
    pixels = plural(segment.area, "pixel")
    if segment.instance != NO_INSTANCE:
        peers = [s.instance for s in segments if s.label == segment.label and s.instance != NO_INSTANCE]
        instance = f"{name}, object {sum(peer <= segment.instance for peer in peers)} of {len(peers)}"
        panoptic = f"{name}, instance {segment.instance}; {pixels}"
    elif segment.iscrowd:
        instance = f"{name}, a crowd: nobody has told its objects apart"
        panoptic = f"{name}, crowd; {pixels}"
    else:
        instance = f"nothing: {name} is stuff, it has no objects"
        panoptic = f"{name}, stuff; {pixels}"
    return {"semantic": name, "instance": instance, "panoptic": panoptic}


def check_pixel(scene: Scene, row: int, col: int) -> None:
    """Refuse a pixel outside the scene, negative indices too."""
    height, width = scene.size
    if not (0 <= row < height and 0 <= col < width):
        raise IndexError(f"pixel: expected row 0 to {height - 1}, column 0 to {width - 1}; got ({row}, {col})")


def plural(n: int, one: str, many: str | None = None) -> str:
    """Count something in words.

    Examples
    --------
    >>> plural(1, "box", "boxes"), plural(1204, "pixel")
    ('1 box', '1,204 pixels')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def percent(part: int, whole: int) -> str:
    """Write a share in per cent with one decimal, rounded half up in whole numbers as the page does.

    Examples
    --------
    >>> percent(1, 400), percent(1, 10_000), percent(0, 7)
    ('0.3 %', '< 0.1 %', '0.0 %')
    """
    tenths = (2000 * part + whole) // (2 * whole)
    return "< 0.1 %" if part > 0 and tenths == 0 else f"{tenths // 10}.{tenths % 10} %"


def score(value: float) -> str:
    """Write a ratio from 0 to 1 with three decimals, rounded half up as the page does; NaN is "undefined".

    Only what is 0 or 1 reads so.

    Examples
    --------
    >>> score(0.75), score(float("nan")), score(0.9999), score(1.0)
    ('0.750', 'undefined', '> 0.999', '1.000')
    """
    if math.isnan(value):
        return "undefined"
    thousandths = math.floor(1000 * value + 0.5)
    if value > 0 and thousandths == 0:
        return "< 0.001"
    if value < 1 and thousandths == 1000:
        return "> 0.999"
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"
