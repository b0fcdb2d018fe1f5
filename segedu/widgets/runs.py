"""A label map as runs, small enough to lie in a page: what Python writes and JavaScript reads."""

from __future__ import annotations

import base64
import binascii

import numpy as np
import numpy.typing as npt


def encode_runs(labels: npt.ArrayLike) -> str:
    """Write a label map as text: its runs in reading order, for the page's ``decodeRuns``.

    Each run is a pair (label, length) of LEB128 numbers, seven bits a byte, the lowest first; the bytes are in
    base64. There is no general compression in it, so the text is the same on every platform.

    Parameters
    ----------
    labels : (H, W) integer array
        From 0 on.

    Examples
    --------
    Three pixels of segment 2 are the bytes 2, 3:

    >>> encode_runs([[2, 2, 2]])
    'AgM='
    >>> decode_runs("AgM=", (1, 3))
    array([[2, 2, 2]], dtype=int32)
    """
    flat = np.asarray(labels).ravel()
    if not np.issubdtype(flat.dtype, np.integer) or (flat < 0).any():
        raise ValueError(f"labels: expected integers from 0, got dtype {flat.dtype}, lowest {flat.min()}")
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    lengths = np.diff(starts, append=len(flat))
    pairs = np.stack([flat[starts].astype(np.int64), lengths], axis=1)  # (runs, 2)
    return base64.b64encode(_leb128(pairs.ravel())).decode("ascii")


def decode_runs(text: str, size: tuple[int, int]) -> npt.NDArray[np.int32]:
    """Read what `encode_runs` wrote: the label map, (H, W) int32.

    Raises
    ------
    ValueError
        If the text is broken or holds another number of pixels.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"label runs: expected base64, got {text[:20]!r}…") from error
    numbers, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value, shift = 0, 0
    if shift or len(numbers) % 2:
        raise ValueError(f"label runs: expected pairs of numbers, got {len(data)} bytes that end in the middle")
    lengths = np.array(numbers[1::2], np.int64)
    if lengths.sum() != size[0] * size[1]:
        raise ValueError(f"label runs: expected {size[0] * size[1]} pixels, got {lengths.sum()}")
    return np.repeat(np.array(numbers[0::2], np.int32), lengths).reshape(size)


def _leb128(numbers: npt.NDArray[np.integer]) -> bytes:
    septets = (numbers[:, None] >> np.arange(0, 35, 7)) & 127  # (N, 5): up to 35 bits
    place = np.arange(5)
    last = np.where(septets != 0, place, 0).max(axis=1, keepdims=True)  # highest septet; zero has one
    return (septets | ((place < last) << 7))[place <= last].astype(np.uint8).tobytes()
