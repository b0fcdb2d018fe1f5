"""Run-length encoding as COCO defines it: a mask in a few hundred bytes.

A mask is read column by column (top to bottom, then left to right) and cut into runs of equal pixels. The
lengths of the runs are the *counts*. The first run is always of zeros, so it has length 0 where the first
pixel is set. Ground truth stores counts as a list; results store them *compressed*, as text: from the fourth
count on the difference to the count two places earlier, as a signed number in groups of five bits, the lowest
group first. A character holds one group plus 32 if another follows, moved up by 48 into printable ASCII.

Source: ``maskApi.c`` of the COCO API, of which this is an independent implementation.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

MAX_PIXELS = 2**26
"""Largest mask, in pixels, that is encoded, decoded or read from a file: 8192 × 8192. A few bytes of RLE or
PNG can claim any size; this limit refuses such a claim before memory is taken."""


class RLE(TypedDict):
    """A run-length encoded mask, in COCO's own form: it goes into a JSON file as it is (``bytes`` decoded)."""

    size: list[int]
    counts: list[int] | bytes | str


def rle_encode(mask: npt.NDArray[np.bool_], *, compressed: bool = False) -> RLE:
    """Run-length encode one mask.

    Parameters
    ----------
    mask : (H, W) bool array
    compressed : bool
        False for counts as a list, as in ground truth; True for counts as ASCII bytes, as in results.

    Returns
    -------
    RLE
        ``{"size": [H, W], "counts": ...}``, the same as ``pycocotools.mask.encode`` returns.

    Raises
    ------
    ValueError
        If the mask is not boolean, not two-dimensional, empty, or larger than ``MAX_PIXELS``.

    Examples
    --------
    Read the columns from top to bottom: two zeros, three ones, one zero.

    >>> mask = np.array([[0, 1, 1], [0, 1, 0]], bool)
    >>> rle_encode(mask)
    {'size': [2, 3], 'counts': [2, 3, 1]}
    >>> rle_encode(mask, compressed=True)
    {'size': [2, 3], 'counts': b'231'}
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise ValueError(f"mask: expected shape (H, W) and dtype bool, got {mask.shape} and {mask.dtype}")
    height, width = checked_size(mask.shape, "mask.shape")
    counts = np.append(_changes(mask), mask.size)  # where the runs end
    counts[1:] -= counts[:-1].copy()
    if mask[0, 0]:
        counts = np.append(0, counts)
    return {"size": [height, width], "counts": _compress(counts) if compressed else counts.tolist()}


def rle_decode(rle: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    """Decode one run-length encoded mask.

    Parameters
    ----------
    rle : mapping
        ``{"size": [H, W], "counts": ...}`` with counts as a list of integers, or compressed as bytes or str.

    Returns
    -------
    (H, W) bool array
        In column order (``mask.T`` is C-contiguous), as the format has it.

    Raises
    ------
    ValueError
        If the size is no pair of positive integers or is larger than ``MAX_PIXELS``, if compressed counts
        hold a wrong character or end in the middle of a number, or if counts are negative or do not add up
        to H·W.

    Examples
    --------
    >>> rle_decode({"size": [2, 3], "counts": [2, 3, 1]}).astype(int)
    array([[0, 1, 1],
           [0, 1, 0]])
    >>> rle_decode({"size": [2, 3], "counts": "231"}).astype(int)
    array([[0, 1, 1],
           [0, 1, 0]])
    """
    height, width, counts = _read(rle)
    return runs_to_mask(counts, height, width)


def rle_area(rle: Mapping[str, Any]) -> int:
    """Count the pixels of a run-length encoded mask without decoding it.

    Raises
    ------
    ValueError
        As `rle_decode`.

    Examples
    --------
    >>> rle_area({"size": [2, 3], "counts": [2, 3, 1]})
    3
    """
    return int(_read(rle)[2][1::2].sum())


def checked_size(size: Any, name: str) -> tuple[int, int]:
    """Height and width as ints, or a ValueError that says why they cannot be the size of a mask."""
    try:
        height, width = (operator.index(side) for side in size if not isinstance(side, bool))
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1:
        raise ValueError(f"{name}: expected height and width as positive integers, got {size!r}")
    if height * width > MAX_PIXELS:
        raise ValueError(f"{name}: expected at most {MAX_PIXELS} pixels, got {height}×{width}")
    return height, width


def runs_to_mask(counts: npt.NDArray[np.int64], height: int, width: int) -> npt.NDArray[np.bool_]:
    """A mask from the lengths of its runs in column order, zeros first. They add up to height × width."""
    values = np.zeros(len(counts), bool)
    values[1::2] = True
    return np.repeat(values, counts).reshape(width, height).T


def _changes(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Positions in column order where a pixel differs from the one before it, ascending."""
    height, width = mask.shape
    if mask.flags.f_contiguous:
        flat = mask.T.reshape(-1)
        return np.flatnonzero(flat[1:] != flat[:-1]) + 1
    # In a C-ordered mask comparing rows and sorting a few changes is faster than turning the mask over.
    differs = mask[1:] != mask[:-1]
    if np.count_nonzero(differs) > mask.size // 64:
        return _changes(np.asfortranarray(mask))
    places = np.flatnonzero(differs)
    rows = places // width
    columns = places - rows * width
    next_column = np.flatnonzero(mask[0, 1:] != mask[-1, :-1]) + 1
    return np.sort(np.concatenate([columns * height + rows + 1, next_column * height]))


def _read(rle: Mapping[str, Any]) -> tuple[int, int, npt.NDArray[np.int64]]:
    if not isinstance(rle, Mapping) or not {"size", "counts"} <= rle.keys():
        raise ValueError(f"rle: expected a mapping with 'size' and 'counts', got {_short(rle)}")
    height, width = checked_size(rle["size"], "rle['size']")
    counts = rle["counts"]
    counts = _decompress(counts) if isinstance(counts, str | bytes) else _count_list(counts)
    total = height * width
    given, counts = counts, counts.astype(np.int64, copy=False)
    # Read without its sign, a negative count is huge.
    if np.maximum.reduce(counts.view(np.uint64), initial=0) > total:
        outside = given[(given < 0) | (given > total)][0]
        raise ValueError(f"rle['counts']: expected 0 to {total} for size {[height, width]}, got {outside}")
    if np.add.reduce(counts) != total:
        raise ValueError(
            f"rle['counts']: expected a sum of {height}×{width} = {total} pixels, got {counts.sum()}"
        )
    return height, width, counts


def _count_list(counts: Any) -> npt.NDArray:
    try:
        array = np.asarray(counts)
    except ValueError:  # lists of unequal length
        array = np.empty((0, 0))
    if array.ndim != 1 or not (np.issubdtype(array.dtype, np.integer) or array.size == 0):
        raise ValueError(f"rle['counts']: expected integers or compressed text, got {_short(counts)}")
    return array


_MORE = 32  # the bit above a group of five: another character follows
_FIRST = 48  # code of the character for 0: "0"
_ALPHABET = bytes(range(_FIRST, _FIRST + 2 * _MORE))  # "0" to "o"
_LONGEST = 7  # characters in a number; 2**28 with its sign needs six

# For bytes.translate: whether a character ends its number, and its group of five as a signed byte. The last
# group of a number has the sign in its fifth bit: 31 stands for -1.
_ENDS = bytes(_FIRST <= code < _FIRST + _MORE for code in range(256))
_GROUPS = bytes((code - _FIRST ^ 16) - 16 & 255 if _ENDS[code] else code - _FIRST & 31 for code in range(256))


def _compress(counts: npt.NDArray[np.int64]) -> bytes:
    numbers = counts.copy()
    numbers[3:] -= counts[1:-2]
    # k characters hold -2**(5k-1) to 2**(5k-1) - 1: they suffice for n, or -n - 1, of 5k - 1 bits.
    magnitude = numbers ^ (numbers >> 63)
    largest = int(magnitude.max())
    longest = largest.bit_length() // 5 + 1
    narrow = np.min_scalar_type(-largest - 1)  # the fewest bytes that hold them all: less to move
    numbers, magnitude = numbers.astype(narrow), magnitude.astype(narrow)
    shifts = np.arange(0, 5 * longest, 5, dtype=narrow)[:, None]
    more = magnitude >> (shifts + narrow.type(4)) > 0  # (longest, N): another character follows
    codes = (numbers >> shifts & 31).astype(np.uint8)  # (longest, N), the lowest group first
    codes += np.uint8(_FIRST) + np.uint8(_MORE) * more.view(np.uint8)
    codes[1:] *= more[:-1]  # 0 where a number has ended before
    return codes.T.tobytes().translate(None, b"\0")


def _decompress(text: str | bytes) -> npt.NDArray[np.int64]:
    raw = text.encode() if isinstance(text, str) else text
    wrong = raw.translate(None, _ALPHABET)
    if wrong:
        place = raw.index(wrong[:1])
        found = raw[place:].decode(errors="replace")[0]
        raise ValueError(f"rle['counts']: expected characters '0' to 'o', got {found!r} at position {place}")
    groups = np.frombuffer(raw.translate(_GROUPS), np.int8)
    is_end = np.frombuffer(raw.translate(_ENDS), np.bool_)
    if not raw or not is_end[-1]:
        raise ValueError(f"rle['counts']: expected a complete number at the end, got {_short(text)}")
    ends = is_end.nonzero()[0]
    numbers = groups[ends].astype(np.int64)
    # Then from the last group of a number down to its first. Position -1 is the last one of all, which is an
    # end: so nothing goes on before the first character.
    places = ends - 1
    longer = (~is_end[places]).nonzero()[0]  # the numbers that go on to the left
    places = places[longer]
    for _ in range(_LONGEST - 1):
        if not len(longer):
            break
        numbers[longer] = numbers[longer] << 5 | groups[places]
        places -= 1
        goes_on = ~is_end[places]
        longer, places = longer[goes_on], places[goes_on]
    if len(longer):
        raise ValueError(
            f"rle['counts']: expected at most {_LONGEST} characters a number, got more up to position "
            f"{ends[longer[0]]}"
        )
    np.add.accumulate(numbers[1::2], out=numbers[1::2])
    np.add.accumulate(numbers[2::2], out=numbers[2::2])  # count 0 stands alone
    return numbers


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
