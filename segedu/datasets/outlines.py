"""Outlines from annotation files as masks: by COCO's rule, and refused where they miss the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.masks import polygons_to_mask


def outlines_to_mask(polygons: Sequence[Any], size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Fill polygons that an annotator drew on an image.

    What reaches beyond the image is cut off, as COCO's API does; a polygon that lies outside altogether belongs
    to another image, or to this one in another size.

    Parameters
    ----------
    polygons : sequence of polygons
        As `segedu.masks.polygons_to_mask` takes them.
    size : (int, int)
        Height and width of the image.

    Returns
    -------
    (H, W) bool array

    Raises
    ------
    ValueError
        If a polygon lies outside, and as `polygons_to_mask`.
    """
    mask = polygons_to_mask(polygons, size)
    for index, polygon in enumerate(polygons):
        x, y = np.asarray(polygon, np.float64).reshape(-1, 2).T
        try:
            check_inside(x, y, size)
        except ValueError as error:
            raise ValueError(f"polygons[{index}]: {error}") from None
    return mask


def check_inside(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], size: tuple[int, int]) -> None:
    """Refuse points that all lie outside the image.

    Raises
    ------
    ValueError
        If they do, or if one is no finite number.
    """
    height, width = size
    if not (x.max() >= 0 and y.max() >= 0 and x.min() <= width and y.min() <= height):
        raise ValueError(
            f"expected points in the image of {height}×{width}, got x from {x.min():g} to {x.max():g} "
            f"and y from {y.min():g} to {y.max():g}"
        )
