"""What a feature map and a kernel must be before they are multiplied, and the errors that say what is wrong."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt

BATCH = "one image at a time: loop over a batch (N, C, H, W)"


def floats(array: npt.ArrayLike, name: str) -> npt.NDArray[np.floating]:
    """As float32 or float64: these are kept, integers and booleans become float64; or a ValueError."""
    try:
        values = np.asarray(array)
    except ValueError as error:
        raise ValueError(f"{name}: expected an array, got rows of different lengths") from error
    if values.dtype.kind in "biu":
        return values.astype(np.float64)
    if values.dtype.kind != "f" or values.dtype.itemsize not in (4, 8):
        raise ValueError(
            f"{name}: expected float32 or float64 (integers become float64), got {values.dtype}; "
            "convert it with astype"
        )
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def with_channels(
    x: npt.ArrayLike, kernel: npt.ArrayLike, groups: int, *, transposed: bool
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating], bool]:
    """A map (C, H, W) and its kernel (·, ·, kh, kw) of one dtype, and whether they came without channels."""
    values, weights = floats(x, "x"), floats(kernel, "kernel")
    bare = weights.ndim == 2
    if weights.ndim not in (2, 4) or not weights.size:
        raise ValueError(f"kernel: expected shape (kh, kw) or {_LAYOUTS[transposed]}, got {weights.shape}")
    expected = (
        "(H, W), as the kernel has no channels" if bare else "(channels, H, W), as the kernel has channels"
    )
    if values.ndim != (2 if bare else 3) or not values.size:
        raise ValueError(f"x: expected shape {expected}, got {values.shape}; {BATCH}")
    if bare:
        values, weights = values[None], weights[None, None]
    checked_groups(weights.shape, len(values), groups, transposed=transposed)
    dtype = np.result_type(values, weights)
    return values.astype(dtype, copy=False), weights.astype(dtype, copy=False), bare


def checked_groups(kernel_shape: tuple[int, ...], channels: int, groups: Any, *, transposed: bool) -> int:
    """The number of groups as a plain integer, or a ValueError if channels, kernel and groups do not fit."""
    try:
        count = operator.index(groups)
    except TypeError:
        count = 0
    if count < 1 or isinstance(groups, bool):
        raise ValueError(f"groups: expected an integer from 1, got {groups!r}")
    first, second = kernel_shape[:2]
    if first % count:
        raise ValueError(f"groups: expected a divisor of the kernel's first axis, {first}, got {count}")
    came = first if transposed else second * count
    if came != channels:
        hint = "; conv_transpose2d's kernel has the channels of its input first" if transposed else ""
        raise ValueError(
            f"kernel: expected shape {_LAYOUTS[transposed]} for an input of {channels} channels"
            f"{f' in {count} groups' if count > 1 else ''}, got {kernel_shape}, which takes {came}{hint}"
        )
    return count


KERNEL_LAYOUT = "(out_channels, in_channels / groups, kh, kw)"
_LAYOUTS = {
    False: KERNEL_LAYOUT,
    True: "(in_channels, out_channels / groups, kh, kw)",
}
