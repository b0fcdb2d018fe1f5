"""Labels as pictures: arrays in, arrays out, nothing drawn yet.

Void is a hatched grey, since it is no class and must not look like one. Crowds are hatched in their category's
colour. The instance picture veils what is no thing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu.plot.colors import VEIL_COLOR, VOID_COLOR, segment_colors
from segedu.scene import VOID, Scene

_Picture = npt.NDArray[np.uint8]


def semantic_image(scene: Scene) -> _Picture:
    """Each pixel in the colour of its class.

    Returns
    -------
    (H, W, 3) uint8 array

    Examples
    --------
    >>> from segedu.scene import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> scene = Scene(np.zeros((1, 2, 3), np.uint8), np.array([[0, 1]]), np.array([[0, 5]]), (road, car))
    >>> semantic_image(scene)[0]
    array([[128,  64, 128],
           [  0,   0, 142]], dtype=uint8)
    """
    table = np.full((VOID + 1, 3), VOID_COLOR, np.uint8)
    table[: len(scene.categories)] = [category.color for category in scene.categories]
    return _hatched(table[scene.semantic], scene.semantic == VOID)


def instance_image(scene: Scene) -> _Picture:
    """Each object in its own colour, the background veiled.

    Returns
    -------
    (H, W, 3) uint8 array
        Objects as in `segment_colors`, crowds hatched, everything else in ``VEIL_COLOR``.
    """
    segments = scene.segments()
    table = np.array([VEIL_COLOR, *segment_colors(scene)], np.uint8)
    isthing = np.array([False, *(segment.isthing for segment in segments)])
    table[~isthing] = VEIL_COLOR
    iscrowd = np.array([False, *(segment.iscrowd for segment in segments)])
    ids = scene.segment_ids()
    return _hatched(table[ids], iscrowd[ids])


def panoptic_image(scene: Scene) -> _Picture:
    """Each segment in its own colour: stuff in the colour of its class, things in a shade of it.

    Returns
    -------
    (H, W, 3) uint8 array
        As in `segment_colors`; void grey; void and crowds hatched.
    """
    table = np.array([VOID_COLOR, *segment_colors(scene)], np.uint8)
    hatched = np.array([True, *(segment.iscrowd for segment in scene.segments())])
    ids = scene.segment_ids()
    return _hatched(table[ids], hatched[ids])


def overlay(
    image: _Picture,
    colors: _Picture,
    *,
    opacity: float = 0.6,
    where: npt.NDArray[np.bool_] | None = None,
) -> _Picture:
    """Lay colours over an image.

    Parameters
    ----------
    image, colors : (H, W, 3) uint8 arrays
    opacity : float
        0 shows the image, 1 the colours.
    where : (H, W) bool array, optional
        Leave the image as it is elsewhere.

    Returns
    -------
    (H, W, 3) uint8 array

    Raises
    ------
    ValueError
        If shapes or types do not fit, or opacity is not within 0 and 1.

    Examples
    --------
    >>> image, colors = np.full((1, 2, 3), 100, np.uint8), np.full((1, 2, 3), 200, np.uint8)
    >>> overlay(image, colors, opacity=0.25, where=np.array([[True, False]]))[0]
    array([[125, 125, 125],
           [100, 100, 100]], dtype=uint8)
    """
    for name, array in (("image", image), ("colors", colors)):
        if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
            raise ValueError(
                f"{name}: expected shape (H, W, 3) and dtype uint8, got {array.shape}, {array.dtype}"
            )
    if image.shape != colors.shape:
        raise ValueError(f"colors: expected shape {image.shape} like the image, got {colors.shape}")
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity: expected 0 to 1, got {opacity}")
    mixed = np.round(image * (1 - opacity) + colors * opacity).astype(np.uint8)
    if where is None:
        return mixed
    if where.shape != image.shape[:2] or where.dtype != np.bool_:
        raise ValueError(
            f"where: expected shape {image.shape[:2]} and dtype bool, got {where.shape} and {where.dtype}"
        )
    return np.where(where[..., None], mixed, image)


def borders(ids: npt.NDArray) -> npt.NDArray[np.bool_]:
    """Pixels whose right or lower neighbour has another label: lines one pixel thin.

    Parameters
    ----------
    ids : (H, W) array
        ``scene.semantic`` for borders between classes, ``scene.segment_ids()`` for those between segments.

    Returns
    -------
    (H, W) bool array

    Examples
    --------
    >>> borders(np.array([[1, 1, 2], [1, 1, 2]])).astype(int)
    array([[0, 1, 0],
           [0, 1, 0]])
    """
    edges = np.zeros(ids.shape, bool)
    edges[:, :-1] |= ids[:, :-1] != ids[:, 1:]
    edges[:-1] |= ids[:-1] != ids[1:]
    return edges


def _hatched(picture: _Picture, where: npt.NDArray[np.bool_]) -> _Picture:
    """Darken every other diagonal stripe; stripes grow with the picture and stay as fine to the eye."""
    height, width = where.shape
    stripe = max(1, (width + 64) // 128)
    rows, columns = np.ogrid[:height, :width]
    dark = where & ((rows + columns) // stripe % 2 == 1)
    picture[dark] = picture[dark].astype(np.uint16) * 3 // 5
    return picture
