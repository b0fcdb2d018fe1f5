"""Convolution and transposed convolution as libraries do them: a dense product, and a little moving around.

The convolution lays the windows of its input side by side (im2col), then multiplies them by the kernel. The
transposed convolution goes the same way backwards: it multiplies its input by the kernel, which makes stamps,
and adds them up where they land (col2im). Neither makes the matrix of `segedu.upsampling.convolution_matrix`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from segedu.upsampling.feature_maps import with_channels
from segedu.upsampling.sizes import (
    IntOrPair,
    conv_output_shape,
    conv_transpose_output_shape,
    geometry,
    tap_slices,
)

_Floats = npt.NDArray[np.floating]

# Entries of windows or stamps that are made in one go: 32 MB in float64.
_BAND = 1 << 22


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
    A NaN or an infinity in `x` makes NaN of an output whose window has it under a weight of zero. So does an
    infinite weight over the zeros of the padding. Both are as in PyTorch.

    Examples
    --------
    >>> x = np.arange(16).reshape(4, 4)
    >>> conv2d(x, np.ones((3, 3)))  # the sum of each window of 3 × 3
    array([[45., 54.],
           [81., 90.]])
    """
    values, weights, bare = with_channels(x, kernel, groups, transposed=False)
    shape = conv_output_shape(
        values.shape[1:], weights.shape[2:], stride=stride, padding=padding, dilation=dilation
    )
    s, p, d = geometry(stride, padding, dilation)
    spans = tuple(d[a] * (weights.shape[2 + a] - 1) + 1 for a in (0, 1))
    padded = np.pad(values, ((0, 0), (p[0], p[0]), (p[1], p[1])))
    padded = padded.reshape(groups, -1, *padded.shape[1:])  # (groups, channels of a group, H + 2p, W + 2p)
    windows = sliding_window_view(padded, spans, axis=(2, 3))[:, :, :: s[0], :: s[1], :: d[0], :: d[1]]
    rows = weights.reshape(groups, len(weights) // groups, -1)  # (groups, outputs of a group, channels kh kw)
    y = np.empty((*rows.shape[:2], *shape), values.dtype)
    height = max(1, _BAND // (groups * rows.shape[2] * shape[1]))
    for top in range(0, shape[0], height):
        band = windows[:, :, top : top + height].transpose(0, 1, 4, 5, 2, 3)
        sums = rows @ band.reshape(groups, rows.shape[2], -1)  # (groups, channels kh kw, height OW)
        y[:, :, top : top + height] = sums.reshape(*rows.shape[:2], -1, shape[1])
    return y[0, 0] if bare else y.reshape(-1, *shape)


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
    values, weights, bare = with_channels(x, kernel, groups, transposed=True)
    shape = conv_transpose_output_shape(
        values.shape[1:],
        weights.shape[2:],
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
    )
    s, p, d = geometry(stride, padding, dilation)
    size, (kh, kw), outputs = values.shape[1:], weights.shape[2:], weights.shape[1]
    points = values.reshape(groups, -1, size[0] * size[1])  # (groups, inputs of a group, H W)
    taps = weights.reshape(groups, -1, *weights.shape[1:]).transpose(0, 3, 4, 2, 1)
    taps = np.ascontiguousarray(taps)  # (groups, kh, kw, outputs of a group, inputs of a group)
    y = np.empty((groups, outputs, *shape), values.dtype)
    # A board for every s-th row and column: stamps lie pixel beside pixel there, and are added without jumps.
    boards = {(r, c): np.zeros_like(y[:, :, r :: s[0], c :: s[1]], order="C") for r, c in np.ndindex(*s)}
    step = max(1, _BAND // (groups * kw * outputs * size[0] * size[1]))
    for first in range(0, kh, step):
        some = taps[:, first : first + step].reshape(groups, -1, taps.shape[-1])
        stamps = (some @ points).reshape(groups, -1, kw, outputs, *size)
        for u, v in np.ndindex(stamps.shape[1], kw):
            (top, r), (left, c) = divmod(d[0] * (first + u) - p[0], s[0]), divmod(d[1] * v - p[1], s[1])
            board = boards[r, c]
            rows, from_rows = tap_slices(board.shape[2], size[0], top, 1)
            columns, from_columns = tap_slices(board.shape[3], size[1], left, 1)
            board[:, :, rows, columns] += stamps[:, u, v, :, from_rows, from_columns]
    for (r, c), board in boards.items():
        y[:, :, r :: s[0], c :: s[1]] = board
    return y[0, 0] if bare else y.reshape(-1, *shape)
