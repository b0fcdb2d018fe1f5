"""Convolution as a sparse matrix: an output is a row, an input a column, an entry a weight of the kernel.

Two matrices look alike and are not. The convolution matrix unrolls the *kernel*, and multiplies the input. The
col2im matrix holds nothing but ones: its transpose lays windows of the *input* side by side (im2col), and the
kernel comes afterwards, in a dense product. Libraries do the second, or something faster still.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from segedu.upsampling.feature_maps import KERNEL_LAYOUT, checked_groups, floats
from segedu.upsampling.sizes import IntOrPair, conv_output_shape, geometry, pair, shape_pair

MAX_ENTRIES = 20_000_000
"""What a matrix may hold: 240 MB, with weights in float64."""
_WAY_OUT = "conv2d and conv_transpose2d apply the same map without a matrix"


def convolution_matrix(
    kernel: npt.ArrayLike,
    input_shape: tuple[int, ...],
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> sparse.csr_array:
    """The matrix C of a convolution: ``C @ x.ravel()`` is ``conv2d(x, kernel).ravel()``.

    ``C.T @ y.ravel()`` is the transposed convolution of y, and the gradient of the convolution with respect to
    its input.

    Parameters
    ----------
    kernel : (kh, kw) array, or (out_channels, in_channels / groups, kh, kw)
        float32 or float64. Integers and booleans become float64.
    input_shape : (H, W), or (in_channels, H, W)
        Without channels if the kernel has none.
    stride, padding, dilation, groups
        As of `conv2d`.

    Returns
    -------
    scipy.sparse.csr_array of shape (OH · OW, H · W), or (out_channels · OH · OW, in_channels · H · W)
        Rows and columns count as `ravel` does: channel by channel, row by row. Zero weights are stored like all
        others, so the pattern shows the geometry alone. Padding has no column.

    Raises
    ------
    ValueError
        If shapes, dtypes or numbers do not fit, and if the matrix would have more than 20 million entries
        (`MAX_ENTRIES`): `conv2d` and `conv_transpose2d` apply the same map without it.

    Notes
    -----
    Source: Dumoulin and Visin 2016, arXiv:1603.07285, section 4.1.

    Examples
    --------
    Four outputs, nine inputs. Each row is the kernel, laid over the rows of the input:

    >>> C = convolution_matrix([[1, 2], [3, 4]], input_shape=(3, 3))
    >>> C.toarray().astype(int)
    array([[1, 2, 0, 3, 4, 0, 0, 0, 0],
           [0, 1, 2, 0, 3, 4, 0, 0, 0],
           [0, 0, 0, 1, 2, 0, 3, 4, 0],
           [0, 0, 0, 0, 1, 2, 0, 3, 4]])
    """
    weights = floats(kernel, "kernel")
    if weights.ndim not in (2, 4) or not weights.size:
        raise ValueError(f"kernel: expected shape (kh, kw) or {KERNEL_LAYOUT}, got {weights.shape}")
    expected = "(H, W), as the kernel has no channels" if weights.ndim == 2 else "(in_channels, H, W)"
    if not isinstance(input_shape, tuple | list) or len(input_shape) != (2 if weights.ndim == 2 else 3):
        raise ValueError(f"input_shape: expected {expected}, got {input_shape!r}")
    if weights.ndim == 2:
        weights, input_shape = weights[None, None], (1, *input_shape)
    size = shape_pair(tuple(input_shape[1:]), "input_shape")
    groups = checked_groups(weights.shape, input_shape[0], groups, transposed=False)
    outputs, inputs, *kernel_size = weights.shape  # inputs: the channels of one group
    wires = _Wires(size, tuple(kernel_size), stride, padding, dilation)
    check_entries("convolution_matrix", outputs * inputs * wires.count, _WAY_OUT)

    # The wires of one output channel, (OH OW, inputs, kh kw): the others differ in the first column only.
    positions, taps = size[0] * size[1], kernel_size[0] * kernel_size[1]
    joined = wires.joined.reshape(-1, 1, taps)
    where = np.broadcast_to(joined, (len(joined), inputs, taps))
    index = sparse.get_index_dtype(maxval=groups * inputs * positions)
    each = np.arange(inputs, dtype=index)[:, None]
    columns = (wires.seen.reshape(-1, 1, taps).astype(index) + each * positions)[where]
    entries = np.broadcast_to(each * taps + np.arange(taps), where.shape)[where]
    first = np.arange(outputs, dtype=index) // (outputs // groups) * (inputs * positions)
    lengths = np.tile(inputs * np.count_nonzero(joined, axis=(1, 2)), outputs)
    return sparse.csr_array(
        (
            weights.reshape(outputs, -1).take(entries, axis=1).ravel(),
            (first[:, None] + columns).ravel(),
            np.concatenate([[0], np.cumsum(lengths)]).astype(index),
        ),
        shape=(lengths.size, groups * inputs * positions),
    )


def col2im_matrix(
    output_shape: tuple[int, int],
    kernel_size: IntOrPair,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> sparse.csr_array:
    """The matrix that adds up stamps where they land. All channels share it, and it holds only ones.

    With it, a transposed convolution is a dense product, which makes the stamps, and a scatter, which lays them
    down::

        stamps = kernel.reshape(in_channels, -1).T @ x.reshape(in_channels, -1)
        y = stamps.reshape(out_channels, -1) @ col2im_matrix(output_shape, (kh, kw), ...).T

    Its transpose is im2col: it copies, for each entry of the kernel, what that entry meets in each window.

    Parameters
    ----------
    output_shape : (int, int)
        Height and width of the map that the stamps are laid on, which is the input of the convolution.
    kernel_size : int or (int, int)
    stride, padding, dilation
        As of `conv_transpose2d`.

    Returns
    -------
    scipy.sparse.csr_array of shape (H · W, kh · kw · OH · OW), int8
        (OH, OW) = `conv_output_shape(output_shape, kernel_size, ...)`. Column (u · kw + v) · OH · OW + j is
        entry (u, v) of stamp j.

    Raises
    ------
    ValueError
        If numbers do not fit, and if the matrix would have more than 20 million entries (`MAX_ENTRIES`).

    Examples
    --------
    A row of 2 stamps, 3 wide and 2 apart, on 5 pixels. The third pixel gets the end of the first stamp and the
    beginning of the second:

    >>> S = col2im_matrix((1, 5), (1, 3), stride=2)
    >>> S.toarray()
    array([[1, 0, 0, 0, 0, 0],
           [0, 0, 1, 0, 0, 0],
           [0, 1, 0, 0, 1, 0],
           [0, 0, 0, 1, 0, 0],
           [0, 0, 0, 0, 0, 1]], dtype=int8)
    """
    size, kernel_size = shape_pair(output_shape, "output_shape"), pair(kernel_size, "kernel_size", least=1)
    wires = _Wires(size, kernel_size, stride, padding, dilation)
    check_entries("col2im_matrix", wires.count, _WAY_OUT)
    joined, seen = (a.transpose(2, 3, 0, 1) for a in (wires.joined, wires.seen))  # (kh, kw, OH, OW)
    im2col = sparse.csr_array(
        (
            np.ones(wires.count, np.int8),
            seen[joined],
            np.concatenate([[0], np.cumsum(joined)]),
        ),
        shape=(joined.size, size[0] * size[1]),
    )
    return im2col.T.tocsr()


class _Wires:
    """Which position of a map each entry of the kernel meets from each output, all (OH, OW, kh, kw)."""

    def __init__(
        self,
        size: tuple[int, int],
        kernel_size: tuple[int, ...],
        stride: IntOrPair,
        padding: IntOrPair,
        dilation: IntOrPair,
    ) -> None:
        k = pair(kernel_size, "kernel_size", least=1)
        shape = conv_output_shape(size, k, stride=stride, padding=padding, dilation=dilation)
        s, p, d = geometry(stride, padding, dilation)
        rows, columns = (s[a] * np.arange(shape[a])[:, None] + d[a] * np.arange(k[a]) - p[a] for a in (0, 1))
        self._rows, self._columns, self._size = rows, columns, size
        self._inside = [(at >= 0) & (at < end) for at, end in zip((rows, columns), size, strict=True)]

    @property
    def count(self) -> int:
        """How many there are."""
        rows, columns = map(np.count_nonzero, self._inside)
        return int(rows) * int(columns)

    @property
    def joined(self) -> npt.NDArray[np.bool_]:
        """False where the entry lies over the padding."""
        rows, columns = self._inside
        return rows[:, None, :, None] & columns[:, None, :]

    @property
    def seen(self) -> npt.NDArray[np.intp]:
        """The position, counted row by row."""
        return self._rows[:, None, :, None] * self._size[1] + self._columns[:, None, :]


def check_entries(name: str, count: int, way_out: str) -> None:
    """A ValueError with the number and the way out, if a matrix would have more than `MAX_ENTRIES`."""
    if count > MAX_ENTRIES:
        raise ValueError(
            f"{name}: expected at most {MAX_ENTRIES:,} entries, got {count:,} ({12 * count / 1e9:.1f} GB); "
            f"{way_out}"
        )
