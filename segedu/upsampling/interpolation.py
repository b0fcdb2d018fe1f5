"""Nearest and bilinear interpolation: linear maps too, so each of them is a sparse matrix.

They treat height and width one after the other, so two small matrices do: one for rows, one for columns. The
matrix of both at once is their Kronecker product.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from segedu.upsampling.feature_maps import floats
from segedu.upsampling.matrix import check_entries
from segedu.upsampling.sizes import IntOrPair, pair, shape_pair


def nearest_matrix(input_shape: tuple[int, int], output_shape: tuple[int, int]) -> sparse.csr_array:
    """The matrix N of `resize_nearest`: ``N @ x.ravel()``. Each row has a single 1.

    Parameters
    ----------
    input_shape, output_shape : (int, int)
        Height and width, in pixels.

    Returns
    -------
    scipy.sparse.csr_array of shape (OH · OW, H · W), float64

    Raises
    ------
    ValueError
        If the shapes are none, or the matrix would have more than 20 million entries (`MAX_ENTRIES`).

    Examples
    --------
    Two pixels become four:

    >>> nearest_matrix((1, 2), (1, 4)).toarray().astype(int)
    array([[1, 0],
           [1, 0],
           [0, 1],
           [0, 1]])
    """
    before, after = shape_pair(input_shape, "input_shape"), shape_pair(output_shape, "output_shape")
    check_entries("nearest_matrix", after[0] * after[1], "resize_nearest gives the same result")
    rows, columns = (
        sparse.csr_array(
            (np.ones(after[a]), (np.arange(after[a]), _nearest(before[a], after[a]))),
            shape=(after[a], before[a]),
        )
        for a in (0, 1)
    )
    return sparse.csr_array(sparse.kron(rows, columns, format="csr"))


def bilinear_matrix(
    input_shape: tuple[int, int], output_shape: tuple[int, int], *, align_corners: bool = False
) -> sparse.csr_array:
    """The matrix B of `resize_bilinear`: ``B @ x.ravel()``. Each row holds up to four weights, with sum 1.

    Parameters
    ----------
    input_shape, output_shape : (int, int)
        Height and width, in pixels.
    align_corners : bool
        As of `resize_bilinear`.

    Returns
    -------
    scipy.sparse.csr_array of shape (OH · OW, H · W), float64

    Raises
    ------
    ValueError
        If the shapes are none, or the matrix would have more than 20 million entries (`MAX_ENTRIES`).

    Examples
    --------
    Two pixels become four. The new pixels' centres lie a quarter of an old pixel beside the old centres:

    >>> bilinear_matrix((1, 2), (1, 4)).toarray()
    array([[1.  , 0.  ],
           [0.75, 0.25],
           [0.25, 0.75],
           [0.  , 1.  ]])
    """
    before, after = shape_pair(input_shape, "input_shape"), shape_pair(output_shape, "output_shape")
    check_entries("bilinear_matrix", 4 * after[0] * after[1], "resize_bilinear gives the same result")
    rows, columns = (_bilinear_axis(before[a], after[a], align_corners) for a in (0, 1))
    matrix = sparse.csr_array(sparse.kron(rows, columns, format="csr"))
    matrix.eliminate_zeros()
    return matrix


def resize_nearest(x: npt.ArrayLike, output_shape: tuple[int, int]) -> npt.NDArray:
    """Give each new pixel the value of an old one. The way to resize labels: no value is new.

    New pixel j takes old pixel ``floor(j * input / output)``.

    Parameters
    ----------
    x : (..., H, W) array
        Any dtype; it is kept.
    output_shape : (int, int)
        New height and width.

    Returns
    -------
    (..., OH, OW) array

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    This is PyTorch's mode "nearest". When it shrinks, it takes the top left pixel of each block, not the
    middle. Here the rule is computed in integers. PyTorch rounds on the way, and in rare cases takes the pixel
    before: from 2 pixels to 82, new pixel 41 should get the second one, and gets the first. Its float32 and its
    float64 maps even differ from each other (from 2 to 164), so no single rule equals both. Up to 25 pixels all
    agree.

    Examples
    --------
    >>> resize_nearest([[1, 2]], (2, 4))
    array([[1, 1, 2, 2],
           [1, 1, 2, 2]])
    """
    maps, after = _maps(np.asarray(x)), shape_pair(output_shape, "output_shape")
    wide = maps.take(_nearest(maps.shape[-1], after[1]), axis=-1)
    return wide.take(_nearest(maps.shape[-2], after[0]), axis=-2)


def resize_bilinear(
    x: npt.ArrayLike, output_shape: tuple[int, int], *, align_corners: bool = False
) -> npt.NDArray[np.floating]:
    """Give each new pixel a weighted mean of the four old ones around it.

    Parameters
    ----------
    x : (..., H, W) array
        float32 or float64. Integers and booleans become float64; do not resize labels with this.
    output_shape : (int, int)
        New height and width.
    align_corners : bool
        False: a pixel is a square, and the outer borders of the two maps coincide. New pixel j has its centre
        at ``(j + 0.5) * input / output - 0.5``; beyond the outermost centres the border's value goes on.
        True: a pixel is a point, and the centres of the outermost ones coincide.

    Returns
    -------
    (..., OH, OW) array
        float32 if `x` is, else float64.

    Raises
    ------
    ValueError
        If shapes or dtypes do not fit.

    Notes
    -----
    Shrinking takes four pixels as well, and leaves out all others (PyTorch's ``antialias=False``). A NaN
    spreads to the new pixels around it, even where its weight is zero, as in PyTorch. So does an infinity, as
    itself or as NaN.

    Examples
    --------
    >>> resize_bilinear([[0, 4]], (1, 4))
    array([[0., 1., 3., 4.]])
    >>> resize_bilinear([[0, 4]], (1, 5), align_corners=True)
    array([[0., 1., 2., 3., 4.]])
    """
    maps, after = _maps(floats(x, "x")), shape_pair(output_shape, "output_shape")
    rows, columns = (
        _bilinear_axis(maps.shape[a - 2], after[a], align_corners).astype(maps.dtype) for a in (0, 1)
    )
    wide = maps.reshape(-1, maps.shape[-1]) @ columns.T  # (all rows of all maps, OW)
    each = sparse.eye_array(wide.shape[0] // maps.shape[-2], dtype=maps.dtype)
    return (sparse.kron(each, rows, format="csr") @ wide).reshape(*maps.shape[:-2], *after)


def bilinear_kernel(stride: IntOrPair) -> npt.NDArray[np.float64]:
    """The kernel with which a transposed convolution interpolates bilinearly. FCN starts from it.

    With factor s the kernel has ``k = 2s - s % 2`` entries on an axis, and ``padding=(k - s) // 2`` makes the
    output exactly s times as large::

        conv_transpose2d(x, bilinear_kernel(s), stride=s, padding=(k - s) // 2)

    Inside it is `resize_bilinear`. At the border it is darker: zeros come in from outside.

    Parameters
    ----------
    stride : int or (int, int)
        The factor s, for both axes, or one for rows and one for columns.

    Returns
    -------
    (kh, kw) float64 array
        For several channels that stay apart: ``np.broadcast_to(kernel, (channels, 1, kh, kw))`` with
        ``groups=channels``.

    Raises
    ------
    ValueError
        If the factor is no positive integer.

    Notes
    -----
    Source: Long, Shelhamer and Darrell, CVPR 2015, arXiv:1411.4038, and its published code.

    Examples
    --------
    >>> bilinear_kernel((1, 2))
    array([[0.25, 0.75, 0.75, 0.25]])
    """
    factors = pair(stride, "stride", least=1)
    rows, columns = (1 - np.abs(np.arange(2 * s - s % 2) - (s - s % 2 / 2 - 0.5)) / s for s in factors)
    return np.outer(rows, columns)


def _nearest(before: int, after: int) -> npt.NDArray[np.intp]:
    """Which old pixel each new one takes, on one axis."""
    return np.arange(after) * before // after


def _bilinear_axis(before: int, after: int, align_corners: bool) -> sparse.csr_array:
    """The matrix of one axis. A second pixel of weight zero is stored: 0 times NaN is NaN, in PyTorch too."""
    if before == after:
        return sparse.csr_array(sparse.eye_array(before))
    if align_corners:
        centers = np.arange(after) * ((before - 1) / (after - 1) if after > 1 else 0.0)
    else:
        centers = np.maximum((np.arange(after) + 0.5) * (before / after) - 0.5, 0)
    low = np.minimum(centers.astype(np.intp), before - 1)
    high, weight, rows = np.minimum(low + 1, before - 1), centers - low, np.arange(after)
    return sparse.csr_array(  # where both are the border's pixel, its weights are added
        (
            np.concatenate([1 - weight, weight]),
            (np.concatenate([rows, rows]), np.concatenate([low, high])),
        ),
        shape=(after, before),
    )


def _maps(x: npt.NDArray) -> npt.NDArray:
    if x.ndim < 2 or not x.size:
        raise ValueError(f"x: expected shape (..., H, W), got {x.shape}")
    return x
