"""The palette of Pascal VOC: a colour for each of 256 numbers, and the number back from the colour.

The bits of the number are dealt out to red, green, blue, red, green, blue, …, the highest bit of each channel
first. So neighbours in number are far apart in colour, and 255 is the pale (224, 224, 192) of VOC's borders.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_BITS = 8


def labels_to_colors(labels: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Paint numbers in the colours of VOC's palette.

    Parameters
    ----------
    labels : integer array of any shape
        0 to 255.

    Returns
    -------
    (..., 3) uint8 array

    Raises
    ------
    ValueError
        If a number is outside.

    Examples
    --------
    Background, aeroplane, person (15 is 0b1111: bits 0 and 3 go to red, bit 1 to green, bit 2 to blue), void:

    >>> labels_to_colors([0, 1, 15, 255]).tolist()
    [[0, 0, 0], [128, 0, 0], [192, 128, 128], [224, 224, 192]]
    """
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer) or (
        labels.size and not 0 <= labels.min() <= labels.max() <= 255
    ):
        raise ValueError(f"labels: expected integers from 0 to 255, got {labels.dtype} {_range(labels)}")
    return voc_palette()[labels]


def colors_to_labels(colors: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Find the numbers whose colours in VOC's palette these are: the way back from `labels_to_colors`.

    Parameters
    ----------
    colors : (..., 3) integer array
        Red, green, blue.

    Returns
    -------
    (...) uint8 array

    Raises
    ------
    ValueError
        If a colour is not one of the 256. A label map that was saved as JPEG or scaled smoothly has such ones.

    Examples
    --------
    >>> colors_to_labels([[192, 128, 128], [224, 224, 192]])
    array([ 15, 255], dtype=uint8)
    """
    colors = np.asarray(colors)
    if colors.ndim < 1 or colors.shape[-1] != 3:
        raise ValueError(f"colors: expected shape (..., 3), got {colors.shape}")
    labels = np.zeros(colors.shape[:-1], np.uint8)
    for bit in range(_BITS):
        taken = np.asarray(colors[..., bit % 3]) >> (7 - bit // 3) & 1
        labels |= (taken << bit).astype(np.uint8)
    wrong = (voc_palette()[labels] != colors).any(axis=-1)
    if wrong.any():
        raise ValueError(f"colors: expected colours of VOC's palette, got {tuple(colors[wrong][0].tolist())}")
    return labels


def voc_palette() -> npt.NDArray[np.uint8]:
    """All 256 colours, (256, 3) uint8."""
    numbers = np.arange(256)
    palette = np.zeros((256, 3), np.uint8)
    for bit in range(_BITS):
        palette[:, bit % 3] |= ((numbers >> bit & 1) << (7 - bit // 3)).astype(np.uint8)
    return palette


def voc_color(number: int) -> tuple[int, int, int]:
    """The colour of one number from 0 to 255."""
    red, green, blue = voc_palette()[number].tolist()
    return red, green, blue


def _range(labels: npt.NDArray) -> str:
    return f"from {labels.min()} to {labels.max()}" if labels.size else ""
