"""The ways to grow a map among which `UpsamplingLab` lets a reader choose, made of `segedu.upsampling`."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from segedu.upsampling import (
    average_pool2d,
    bilinear_kernel,
    conv2d,
    conv_transpose2d,
    max_pool2d,
    max_unpool2d,
    resize_bilinear,
    resize_nearest,
)

FACTORS = (2, 4, 8)
WIDTHS = (1, 1.5, 2, 2.5)
"""Widths of a transposed convolution's kernel, in strides: whole ones overlap uniformly, the others do not."""

METHODS = (
    "original",
    "nearest",
    "bilinear",
    "bilinear aligned",
    "unpool",
    "unpool fitted",
    *(f"transposed {width:g} {weights}" for width in WIDTHS for weights in ("constant", "fitted")),
    "transposed 2 random",
    "transposed 2 bilinear",
    *(f"resize {weights}" for weights in ("constant", "random", "fitted")),
)
"""All choices. `upsample` says what they mean."""

_Maps = npt.NDArray[np.floating]


def upsample(method: str, maps: npt.ArrayLike, factor: int, *, kernel: npt.ArrayLike | None = None) -> _Maps:
    """Shrink maps by a factor, and grow them again.

    Parameters
    ----------
    method : str
        One of `METHODS`. All but two grow the mean of each block of ``factor × factor`` pixels.

        - ``"original"``: nothing is shrunk.
        - ``"nearest"``, ``"bilinear"``, ``"bilinear aligned"``: interpolation, the last with ``align_corners``.
        - ``"unpool"``: the *maximum* of each block returns to its place. ``"unpool fitted"``: a convolution
          follows.
        - ``"transposed 1.5 constant"``, ...: a transposed convolution. Its stride is the factor, its kernel 1,
          1.5, 2 or 2.5 strides wide, with weights ``"constant"`` or ``"fitted"``, and for two strides also
          ``"random"`` or ``"bilinear"``.
        - ``"resize constant"``, ...: nearest, then a convolution of 3 × 3.
    maps : (C, H, W) array
        Sides divisible by the factor.
    factor : int
    kernel : (k, k) array, optional
        The weights; for ``"... fitted"`` they have to be given, see `fitted_kernel`.

    Returns
    -------
    (C, H, W) float64 array
        All channels are treated alike, with the same weights.

    Raises
    ------
    ValueError
        If there is no such method, if the sides cannot be divided, or if fitted weights are not given.

    Examples
    --------
    >>> stripes = [[[0, 2, 4, 6, 4, 2], [0, 2, 4, 6, 4, 2]]]
    >>> upsample("nearest", stripes, 2)[0, 0]
    array([1., 1., 5., 5., 3., 3.])
    >>> upsample("unpool", stripes, 2)[0, 0]
    array([0., 2., 0., 6., 4., 0.])
    >>> upsample("transposed 1.5 constant", np.ones((1, 6, 6)), 2)[0].round(2)[2:4, 2:4]
    array([[0.44, 0.89],
           [0.89, 1.78]])
    """
    full = np.asarray(maps, np.float64)
    if method not in METHODS:
        raise ValueError(f"method: expected one of {METHODS}, got {method!r}")
    if full.ndim != 3 or full.shape[1] % factor or full.shape[2] % factor:
        raise ValueError(f"maps: expected (C, H, W) with sides divisible by {factor}, got {full.shape}")
    if method == "original":
        return full
    kind, *_ = method.split()
    low, size = average_pool2d(full, factor), full.shape[1:]
    if kind == "nearest":
        return resize_nearest(low, size)
    if kind == "bilinear":
        return resize_bilinear(low, size, align_corners=method == "bilinear aligned")
    if method == "unpool":
        return _before(method, full, factor)
    weights = starting_kernel(method, factor) if kernel is None else np.asarray(kernel, np.float64)
    k, groups = len(weights), len(full)
    each = np.broadcast_to(weights, (groups, 1, k, k))
    if kind == "transposed":
        padding, extra = _margins(k, factor)
        return conv_transpose2d(low, each, stride=factor, padding=padding, output_padding=extra, groups=groups)
    return conv2d(_before(method, full, factor), each, padding=k // 2, groups=groups)


def kernel_size(method: str, factor: int) -> int:
    """How wide the kernel of a method is; 0 if it has none.

    Examples
    --------
    >>> kernel_size("transposed 1.5 constant", 2), kernel_size("resize fitted", 2), kernel_size("nearest", 2)
    (3, 3, 0)
    """
    kind, *rest = method.split()
    if kind == "transposed":
        return round(float(rest[0]) * factor)
    if kind == "resize":
        return 3
    return 2 * factor - 1 if method == "unpool fitted" else 0


def multiply_adds(method: str, factor: int) -> float:
    """How many multiplications with an addition a method needs for each pixel it makes, of one channel.

    Examples
    --------
    >>> multiply_adds("transposed 2 fitted", 4), multiply_adds("resize fitted", 4), multiply_adds("bilinear", 4)
    (4.0, 9.0, 4.0)
    """
    kind, *_ = method.split()
    k = kernel_size(method, factor)
    return 4.0 if kind == "bilinear" else k**2 / factor**2 if kind == "transposed" else float(k**2)


def starting_kernel(method: str, factor: int) -> _Maps:
    """The weights of a kernel that has learnt nothing: all equal, random, or those of bilinear interpolation.

    They are scaled such that a map of ones keeps the mean 1 inside.

    Raises
    ------
    ValueError
        If the method has no kernel, or one that must be fitted first.
    """
    kind, *_, weights = method.split()
    k = kernel_size(method, factor)
    if weights == "bilinear" and k:
        return bilinear_kernel(factor)
    if weights not in ("constant", "random"):
        raise ValueError(f"method: expected one with constant, random or bilinear weights, got {method!r}")
    kernel = np.ones((k, k)) if weights == "constant" else np.random.default_rng(k).random((k, k))
    return kernel * (factor**2 if kind == "transposed" else 1) / kernel.sum()


def fitted_kernel(method: str, factor: int, train: npt.ArrayLike) -> _Maps:
    """The weights that grow a shrunk map best: least squares.

    The output is linear in the weights, so no training loop is needed. The method is tried with a single 1 in
    each place of the kernel, and the mixture of the outputs that comes closest to the map is found at once.

    Parameters
    ----------
    method : str
        One that ends in ``"fitted"``.
    factor : int
    train : (H, W) array
        The map to learn from.

    Returns
    -------
    (k, k) float64 array
        Rounded to five decimals, so that every machine finds the same.

    Raises
    ------
    ValueError
        If the method is not fitted.

    Examples
    --------
    Where every block of the map is even, copying it is best, and the kernel learns to:

    >>> blocks = np.kron(np.arange(6.0).reshape(2, 3), np.ones((2, 2)))
    >>> fitted_kernel("transposed 1 fitted", 2, blocks)
    array([[1., 1.],
           [1., 1.]])
    """
    target = np.asarray(train, np.float64)
    k = kernel_size(method, factor)
    if not method.endswith("fitted"):
        raise ValueError(f"method: expected one that ends in 'fitted', got {method!r}")
    if method.startswith("transposed"):
        return np.round(_fitted_stamp(average_pool2d(target, factor), target, k, factor), 5)
    taps = np.eye(k * k).reshape(k * k, 1, k, k)  # a single 1 in each place
    tried = conv2d(_before(method, target[None], factor), taps, padding=k // 2).reshape(k * k, -1)
    weights, *_ = np.linalg.lstsq(tried @ tried.T, tried @ target.ravel(), rcond=1e-10)
    return np.round(np.reshape(weights, (k, k)), 5)


def _fitted_stamp(low: _Maps, target: _Maps, k: int, factor: int) -> _Maps:
    """The stamp of a transposed convolution. Entries u, u + factor, ... share their pixels with no others."""
    padding, _ = _margins(k, factor)
    far = k // factor + 1  # no stamp reaches further, in pixels of the small map
    around, (height, width) = np.pad(low, far), low.shape
    stamp = np.zeros((k, k))
    for r, c in np.ndindex(factor, factor):
        rows, columns = range((r + padding) % factor, k, factor), range((c + padding) % factor, k, factor)
        tried = [
            around[far - down :, far - right :][:height, :width].ravel()
            for down in ((u - padding - r) // factor for u in rows)
            for right in ((v - padding - c) // factor for v in columns)
        ]
        seen = target[r::factor, c::factor].ravel()
        weights, *_ = np.linalg.lstsq(np.stack(tried, axis=1), seen, rcond=None)
        stamp[np.ix_(rows, columns)] = weights.reshape(len(rows), len(columns))
    return stamp


def _margins(k: int, factor: int) -> tuple[int, int]:
    """Padding and output padding with which the output is exactly `factor` times as large as the input."""
    padding = math.ceil((k - factor) / 2)
    return padding, factor + 2 * padding - k


def _before(method: str, full: _Maps, factor: int) -> _Maps:
    """What the convolution gets that comes after unpooling or resizing, (C, H, W)."""
    if method.startswith("unpool"):
        return max_unpool2d(*max_pool2d(full, factor), full.shape[1:])
    return resize_nearest(average_pool2d(full, factor), full.shape[1:])
