"""Why transposed convolutions draw checkerboards: some pixels get more stamps than their neighbours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu.upsampling.sizes import (
    IntOrPair,
    conv_transpose_output_shape,
    geometry,
    pair,
    shape_pair,
    tap_slices,
)


def overlap_count(
    input_shape: tuple[int, int],
    kernel_size: IntOrPair,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> npt.NDArray[np.int64]:
    """How many stamps of a transposed convolution lie on each pixel of its output.

    Inside it is the same for all pixels if the stride divides the kernel's size. If not, it goes up and down
    with the stride, and so does the output of a network that has not learnt to make up for it.

    Parameters
    ----------
    input_shape : (int, int)
        Height and width of the input.
    kernel_size, stride, padding, output_padding, dilation
        As of `conv_transpose2d`.

    Returns
    -------
    (OH, OW) int64 array
        What `conv_transpose2d` makes of ones with a kernel of ones.

    Raises
    ------
    ValueError
        As of `conv_transpose_output_shape`.

    Notes
    -----
    Source: Odena, Dumoulin and Olah 2016, https://distill.pub/2016/deconv-checkerboard.

    Examples
    --------
    Stamps 3 wide and 2 apart: 1, 2, 1, 2. Stamps 4 wide and 2 apart are uniform inside:

    >>> overlap_count((1, 4), (1, 3), stride=2)
    array([[1, 1, 2, 1, 2, 1, 2, 1, 1]])
    >>> overlap_count((1, 4), (1, 4), stride=2)
    array([[1, 1, 2, 2, 2, 2, 2, 2, 1, 1]])
    """
    sizes, k = shape_pair(input_shape, "input_shape"), pair(kernel_size, "kernel_size", least=1)
    shape = conv_transpose_output_shape(
        sizes, k, stride=stride, padding=padding, output_padding=output_padding, dilation=dilation
    )
    s, p, d = geometry(stride, padding, dilation)
    counts = [np.zeros(size, np.int64) for size in shape]
    for a in (0, 1):
        for u in range(k[a]):
            stamped, _ = tap_slices(shape[a], sizes[a], d[a] * u - p[a], s[a])
            counts[a][stamped] += 1
    return np.outer(*counts)
