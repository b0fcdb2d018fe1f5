"""A transposed convolution as a plain convolution: zeros between the inputs, and the kernel turned around."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu.upsampling.feature_maps import with_channels
from segedu.upsampling.sizes import IntOrPair, conv_transpose_output_shape, geometry, tap_slices

_Floats = npt.NDArray[np.floating]


def zero_insertion(
    x: npt.ArrayLike,
    kernel: npt.ArrayLike,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> tuple[_Floats, _Floats]:
    """The input and the kernel with which a plain convolution does what a transposed one does.

    Three things happen to the input: ``stride - 1`` zeros between neighbours, ``dilation * (k - 1) - padding``
    zeros around it (where this is negative, it is cut), and ``output_padding`` zeros more at the bottom and at
    the right. One thing happens to the kernel, and tutorials forget it: it is turned by 180°. Then::

        stuffed, flipped = zero_insertion(x, kernel, stride=..., dilation=..., ...)
        conv2d(stuffed, flipped, dilation=..., groups=...) == conv_transpose2d(x, kernel, ...)

    Parameters
    ----------
    x, kernel, stride, padding, output_padding, dilation, groups
        As of `conv_transpose2d`.

    Returns
    -------
    stuffed : (H', W') array, or (in_channels, H', W')
    flipped : (kh, kw) array, or (out_channels, in_channels / groups, kh, kw)
        The kernel for `conv2d`: turned by 180°, and its channels in the order of a convolution.

    Raises
    ------
    ValueError
        As of `conv_transpose2d`.

    Notes
    -----
    Nobody computes it so: with stride 2, three of four multiplications are by zero.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285, chapter 4.

    Examples
    --------
    The two stamps of `conv_transpose2d`'s example:

    >>> stuffed, flipped = zero_insertion([[1, 10]], [[1, 2, 3]], stride=2)
    >>> stuffed
    array([[ 0.,  0.,  1.,  0., 10.,  0.,  0.]])
    >>> flipped
    array([[3., 2., 1.]])
    """
    values, weights, bare = with_channels(x, kernel, groups, transposed=True)
    sizes, kernel_size = values.shape[1:], weights.shape[2:]
    shape = conv_transpose_output_shape(
        sizes,
        kernel_size,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
    )
    s, p, d = geometry(stride, padding, dilation)
    spans = [d[a] * (kernel_size[a] - 1) for a in (0, 1)]
    stuffed = np.zeros((len(values), shape[0] + spans[0], shape[1] + spans[1]), values.dtype)
    (rows, from_rows), (columns, from_columns) = (
        tap_slices(stuffed.shape[1 + a], sizes[a], spans[a] - p[a], s[a]) for a in (0, 1)
    )
    stuffed[:, rows, columns] = values[:, from_rows, from_columns]

    by_group = weights.reshape(groups, -1, *weights.shape[1:]).swapaxes(1, 2)  # (groups, out, in, kh, kw)
    flipped = by_group.reshape(-1, *by_group.shape[2:])[:, :, ::-1, ::-1].copy()
    return (stuffed[0], flipped[0, 0]) if bare else (stuffed, flipped)
