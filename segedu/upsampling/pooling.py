"""Pooling, and what can be put back of it: the switches remember where each maximum came from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from segedu.upsampling.feature_maps import floats
from segedu.upsampling.sizes import IntOrPair, conv_output_shape, pair, shape_pair, tap_slices

_Switches = npt.NDArray[np.int64]


def max_pool2d(
    x: npt.ArrayLike,
    size: IntOrPair,
    *,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> tuple[npt.NDArray, _Switches]:
    """The largest value of each window, and where it stood.

    Parameters
    ----------
    x : (..., H, W) array
        Any real dtype; it is kept.
    size : int or (int, int)
        Of the windows.
    stride : int or (int, int), optional
        The distance between two windows. ``None`` means `size`: windows side by side.
    padding : int or (int, int)
        Positions without a value, on each side. At most half of the window, so that each window has a value.
    dilation : int or (int, int)

    Returns
    -------
    values : (..., OH, OW) array
        Of the dtype of `x`. The size is that of `conv_output_shape`.
    switches : (..., OH, OW) int64 array
        The position of each value in its map, counted row by row: ``row * W + column``.

    Raises
    ------
    ValueError
        If shapes, dtypes or numbers do not fit.

    Notes
    -----
    Of equal values the first counts, row by row. A NaN counts as larger than all; of several the last counts.
    Both are PyTorch's rules.

    Examples
    --------
    >>> x = np.array([[1, 2, 0, 0],
    ...               [5, 3, 0, 4]])
    >>> values, switches = max_pool2d(x, 2)
    >>> values
    array([[5, 4]])
    >>> switches  # 5 stands at row 1, column 0, and 4 at row 1, column 3; W is 4
    array([[4, 7]])
    """
    maps = _maps(x, "x")
    k, s, p, d = _window(size, stride, padding, dilation)
    shape = conv_output_shape(maps.shape[-2:], k, stride=s, padding=p, dilation=d)
    values = np.zeros((*maps.shape[:-2], *shape), maps.dtype)
    switches = np.full(values.shape, -1, np.int64)
    positions = np.arange(maps.shape[-2] * maps.shape[-1]).reshape(maps.shape[-2:])
    for seen, at in _taps(maps.shape[-2:], shape, k, s, p, d):
        new, old = maps[..., *seen], values[..., *at]
        better = (new > old) | (switches[..., *at] < 0)
        if maps.dtype.kind == "f":
            better |= np.isnan(new)
        np.copyto(old, new, where=better)
        np.copyto(switches[..., *at], positions[seen], where=better)
    return values, switches


def max_unpool2d(values: npt.ArrayLike, switches: npt.ArrayLike, output_shape: tuple[int, int]) -> npt.NDArray:
    """Put each pooled value back where it came from; all other positions are 0.

    Parameters
    ----------
    values : (..., OH, OW) array
        Any real dtype; it is kept. They need not be those that were pooled: a decoder has values of its own.
    switches : (..., OH, OW) integer array
        From `max_pool2d`.
    output_shape : (int, int)
        Height and width of the maps that were pooled. Switches do not tell it, as several sizes pool to one.

    Returns
    -------
    (..., H, W) array
        Of the dtype of `values`. Where windows overlap and two switches name one position, the last value
        counts. They are equal if they came from pooling.

    Raises
    ------
    ValueError
        If shapes or dtypes do not fit, or a switch names a position outside of the output.

    Notes
    -----
    Source: Zeiler and Fergus 2014, arXiv:1311.2901; in segmentation Noh et al. 2015, arXiv:1505.04366.

    Examples
    --------
    The map of `max_pool2d`'s example. Only the maxima return:

    >>> max_unpool2d([[5, 4]], [[4, 7]], output_shape=(2, 4))
    array([[0, 0, 0, 0],
           [5, 0, 0, 4]])
    """
    maps, where = _maps(values, "values"), _maps(switches, "switches")
    height, width = shape_pair(output_shape, "output_shape")
    if where.dtype.kind not in "iu":
        raise ValueError(f"switches: expected integer positions, as of max_pool2d, got {where.dtype}")
    if where.shape != maps.shape:
        raise ValueError(f"values and switches: expected one shape, got {maps.shape} and {where.shape}")
    low, high = int(where.min()), int(where.max())
    if low < 0 or high >= height * width:
        raise ValueError(
            f"switches: expected positions 0 to {height * width - 1} of a map of {height}×{width}, got {low} "
            f"to {high}; output_shape is the shape before pooling"
        )
    flat = where.reshape(-1, maps.shape[-2] * maps.shape[-1]).astype(np.intp)
    full = np.zeros((len(flat), height * width), maps.dtype)
    full[np.arange(len(flat))[:, None], flat] = maps.reshape(flat.shape)
    return full.reshape(*maps.shape[:-2], height, width)


def average_pool2d(
    x: npt.ArrayLike,
    size: IntOrPair,
    *,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    count_include_pad: bool = True,
) -> npt.NDArray[np.floating]:
    """The mean of each window.

    Parameters
    ----------
    x : (..., H, W) array
        float32 or float64. Integers and booleans become float64: the mean of a mask is the share of its pixels.
    size, stride, padding
        As of `max_pool2d`.
    count_include_pad : bool
        Whether the padding counts as zeros, or is left out of sum and count.

    Returns
    -------
    (..., OH, OW) array

    Raises
    ------
    ValueError
        If shapes, dtypes or numbers do not fit.

    Examples
    --------
    >>> average_pool2d([[1, 3, 0, 0], [1, 3, 0, 8]], 2)
    array([[2., 2.]])
    """
    maps = _maps(floats(x, "x"), "x")
    k, s, p, d = _window(size, stride, padding, 1)
    shape = conv_output_shape(maps.shape[-2:], k, stride=s, padding=p)
    total = np.zeros((*maps.shape[:-2], *shape), maps.dtype)
    count = np.zeros(shape, maps.dtype)
    for seen, at in _taps(maps.shape[-2:], shape, k, s, p, d):
        total[..., *at] += maps[..., *seen]
        count[at] += 1
    total /= k[0] * k[1] if count_include_pad else count
    return total


def _maps(x: npt.ArrayLike, name: str) -> npt.NDArray:
    try:
        maps = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name}: expected an array, got rows of different lengths") from error
    if maps.dtype.kind not in "biuf":
        raise ValueError(f"{name}: expected real numbers, got {maps.dtype}")
    if maps.ndim < 2 or not maps.size:
        raise ValueError(f"{name}: expected shape (..., H, W), got {maps.shape}")
    return maps


def _window(
    size: IntOrPair, stride: IntOrPair | None, padding: IntOrPair, dilation: IntOrPair
) -> tuple[tuple[int, int], ...]:
    k, p = pair(size, "size", least=1), pair(padding, "padding", least=0)
    d = pair(dilation, "dilation", least=1)
    half = tuple((d[a] * (k[a] - 1) + 1) // 2 for a in (0, 1))
    if p[0] > half[0] or p[1] > half[1]:
        raise ValueError(f"padding: expected at most half of the window, {half}, got {p}")
    return k, k if stride is None else pair(stride, "stride", least=1), p, d


def _taps(
    input_shape: tuple[int, ...],
    output_shape: tuple[int, int],
    k: tuple[int, int],
    s: tuple[int, int],
    p: tuple[int, int],
    d: tuple[int, int],
) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """For each place in a window, row by row: what all windows see there, and which windows these are."""
    for u in range(k[0]):
        rows, at_rows = tap_slices(input_shape[0], output_shape[0], d[0] * u - p[0], s[0])
        for v in range(k[1]):
            columns, at_columns = tap_slices(input_shape[1], output_shape[1], d[1] * v - p[1], s[1])
            yield (rows, columns), (at_rows, at_columns)
