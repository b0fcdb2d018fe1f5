"""Convolution and transposed convolution, one entry of the kernel at a time.

Entry (u, v) of the kernel joins each position of the small map with one position of the large map. The
convolution reads the large map there and adds to the small one. The transposed convolution reads the small map
and adds to the large one. The two functions walk along the same wires, in opposite directions: they are each
other's transpose, line by line. Neither makes the matrix, which `segedu.upsampling.convolution_matrix` does.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from segedu.upsampling.feature_maps import with_channels
from segedu.upsampling.sizes import (
    IntOrPair,
    conv_output_shape,
    conv_transpose_output_shape,
    geometry,
    tap_slices,
)

_Floats = npt.NDArray[np.floating]
_Slices = tuple[slice, slice]


def conv2d(
    x: npt.ArrayLike,
    kernel: npt.ArrayLike,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> _Floats:
    """Slide a kernel over a map; the kernel is not flipped, as in all networks.

    It is the product with the convolution matrix, without the matrix::

        conv2d(x, kernel) == (convolution_matrix(kernel, x.shape) @ x.ravel()).reshape(...)

    Parameters
    ----------
    x : (H, W) array, or (in_channels, H, W)
        float32 or float64. Integers and booleans become float64.
    kernel : (kh, kw) array, or (out_channels, in_channels / groups, kh, kw)
        Without channels if `x` has none.
    stride, padding, dilation : int or (int, int)
        One number for both axes, or one for rows and one for columns. Padding is zeros, on each side.
    groups : int
        Channels in so many groups see only each other: group g of the output is made of group g of the input.

    Returns
    -------
    (OH, OW) array, or (out_channels, OH, OW)
        float32 if both came as float32, else float64. The size is that of `conv_output_shape`.

    Raises
    ------
    ValueError
        If shapes, channels, dtypes or numbers do not fit.

    Notes
    -----
    A NaN or an infinity in `x` makes NaN of every output whose window has it under a weight of zero, as in
    PyTorch. Weights that lie over the padding add nothing, even if they are infinite.

    Examples
    --------
    >>> x = np.arange(16).reshape(4, 4)
    >>> conv2d(x, np.ones((3, 3)))  # the sum of each window of 3 × 3
    array([[45., 54.],
           [81., 90.]])
    """
    values, weights, flat = with_channels(x, kernel, groups, transposed=False)
    shape = conv_output_shape(
        values.shape[1:], weights.shape[2:], stride=stride, padding=padding, dilation=dilation
    )
    values = values.reshape(groups, -1, *values.shape[1:])  # (groups, channels of a group, H, W)
    y = np.zeros((groups, len(weights) // groups, *shape), values.dtype)
    for tap, large, small in _taps(weights, values.shape[2:], shape, stride, padding, dilation, groups):
        seen = values[:, :, *large]
        product = tap @ seen.reshape(*seen.shape[:2], -1)
        y[:, :, *small] += product.reshape(*product.shape[:2], *seen.shape[2:])
    return y[0, 0] if flat else y.reshape(-1, *shape)


def conv_transpose2d(
    x: npt.ArrayLike,
    kernel: npt.ArrayLike,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> _Floats:
    """Stamp the kernel into the output once for each input position, multiplied by the input there.

    It is the product with the transpose of a convolution's matrix, without the matrix. That convolution maps
    the shape of the output to the shape of `x`, with the same kernel array and the same numbers::

        C = convolution_matrix(kernel, output_shape, stride=..., padding=..., dilation=...)
        conv_transpose2d(x, kernel, ...) == (C.T @ x.ravel()).reshape(output_shape)

    It restores the shape, not the values: the transpose is no inverse.

    Parameters
    ----------
    x : (H, W) array, or (in_channels, H, W)
        float32 or float64. Integers and booleans become float64.
    kernel : (kh, kw) array, or (in_channels, out_channels / groups, kh, kw)
        Without channels if `x` has none. The channels of the *input* come first, as in PyTorch.
    stride, padding, dilation : int or (int, int)
        Those of the convolution that is transposed: the stride is the distance between two stamps, and padding
        is what is cut off at each side.
    output_padding : int or (int, int)
        From 0 to stride - 1: rows at the bottom and columns at the right that belong to the output too. See
        `conv_input_sizes`.
    groups : int
        Channels in so many groups see only each other.

    Returns
    -------
    (OH, OW) array, or (out_channels, OH, OW)
        float32 if both came as float32, else float64. The size is that of `conv_transpose_output_shape`.

    Raises
    ------
    ValueError
        If shapes, channels, dtypes or numbers do not fit.

    Notes
    -----
    A NaN or an infinity in `x` makes NaN of every output that a weight of zero joins it with, as in PyTorch.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285.

    Examples
    --------
    Two stamps, two columns apart. They overlap in one column, where they add up:

    >>> conv_transpose2d([[1, 10]], [[1, 2, 3]], stride=2)
    array([[ 1.,  2., 13., 20., 30.]])
    """
    values, weights, flat = with_channels(x, kernel, groups, transposed=True)
    shape = conv_transpose_output_shape(
        values.shape[1:],
        weights.shape[2:],
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
    )
    sizes = values.shape[1:]
    values = values.reshape(groups, -1, sizes[0] * sizes[1])  # (groups, channels of a group, H W)
    y = np.zeros((groups, weights.shape[1], *shape), values.dtype)
    for tap, large, small in _taps(weights, shape, sizes, stride, padding, dilation, groups):
        stamps = (tap.swapaxes(1, 2) @ values).reshape(*y.shape[:2], *sizes)
        y[:, :, *large] += stamps[:, :, *small]
    return y[0, 0] if flat else y.reshape(-1, *shape)


def _taps(
    weights: _Floats,
    large: tuple[int, ...],
    small: tuple[int, ...],
    stride: IntOrPair,
    padding: IntOrPair,
    dilation: IntOrPair,
    groups: int,
) -> Iterator[tuple[_Floats, _Slices, _Slices]]:
    """Each entry of the kernel: its weights (groups, ·, ·), and what it joins in the large and small map."""
    s, p, d = geometry(stride, padding, dilation)
    channels, others, kh, kw = weights.shape
    taps = np.ascontiguousarray(weights.transpose(2, 3, 0, 1)).reshape(
        kh, kw, groups, channels // groups, others
    )
    columns = [tap_slices(large[1], small[1], d[1] * v - p[1], s[1]) for v in range(kw)]
    for u in range(kh):
        large_rows, small_rows = tap_slices(large[0], small[0], d[0] * u - p[0], s[0])
        for v, (large_columns, small_columns) in enumerate(columns):
            yield taps[u, v], (large_rows, large_columns), (small_rows, small_columns)
