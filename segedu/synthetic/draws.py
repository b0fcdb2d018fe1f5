"""Random numbers and noise that are the same on every machine.

A street must have the same pixels for the same seed on every platform and with every NumPy from 2.0 on, so
that a number printed in the book is the number that you get. Three rules in this package see to that:

1. Random bits come from ``numpy.random.PCG64(seed).random_raw()``. NumPy promises that the integer stream of
   a bit generator never changes; it promises no such thing for ``Generator.normal`` and its relatives. The
   few lines below turn the integers into the numbers that we need.
2. What decides a pixel uses only operations that IEEE 754 rounds exactly: + − × ÷, square root, floor,
   comparisons, minimum and maximum. There is no sine, exponential or power, whose last bit depends on the
   library.
3. No floating-point sum over an axis and no matrix product, whose result depends on the order of the
   additions. Sums are written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
"""Float32 wherever an image is involved: two machines then round alike."""
T = TypeVar("T")

PER_ROW = 24  # numbers that one object may use for its place and its look
LATTICE = 32  # the noise lattice repeats after so many cells
_ROWS = {"street": 4, "sky": 3, "left": 14, "right": 14, "slots": 6, "tree": 20, "crowd": 16}
_ROWS |= {"car": 18, "pedestrian": 40, "bicycle": 16, "sign": 12}
_FIRST = dict(zip(_ROWS, np.cumsum([0, *_ROWS.values()])[:-1].tolist(), strict=True))


class Row:
    """Numbers from 0 to 1, taken one after the other: all that one object leaves to chance."""

    def __init__(self, numbers: list[float]) -> None:
        self._numbers = iter(numbers)

    def unit(self) -> float:
        """The next number, 0 ≤ u < 1."""
        return next(self._numbers)

    def between(self, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        return low + (high - low) * next(self._numbers)

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int((high - low + 1) * next(self._numbers))

    def chance(self, share: float) -> bool:
        """True with probability `share`."""
        return next(self._numbers) < share

    def choice(self, options: Sequence[T]) -> T:
        """One of `options`."""
        return options[int(len(options) * next(self._numbers))]


class Draws:
    """Everything that a seed decides, laid out as a table.

    Each object has a row of its own, so a street with one car more differs from the one without by that car
    and by nothing else.
    """

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)
        rows = sum(_ROWS.values())
        raw = self._bits.random_raw(rows * PER_ROW + LATTICE * LATTICE // 4)
        table = (raw[: rows * PER_ROW] >> np.uint64(11)).astype(np.float64) * 2.0**-53
        self._table = table.reshape(rows, PER_ROW)
        sixteen = raw[rows * PER_ROW :, None] >> np.array([0, 16, 32, 48], np.uint64) & np.uint64(0xFFFF)
        self._lattice = sixteen.astype(np.float32).reshape(LATTICE, LATTICE) * np.float32(2.0**-16)

    def row(self, topic: str, index: int) -> Row:
        """The numbers of object `index` of a topic."""
        if not 0 <= index < _ROWS[topic]:
            raise IndexError(f"{topic}: expected a row from 0 to {_ROWS[topic] - 1}, got {index}")
        return Row(self._table[_FIRST[topic] + index].tolist())

    def cells(self, v: Floats, u: Floats) -> Floats:
        """One number for each cell (v, u) of whole coordinates: a different one for each window of a house."""
        return self._lattice[v.astype(np.intp) & (LATTICE - 1), u.astype(np.intp) & (LATTICE - 1)]

    def noise(self, v: Floats, u: Floats) -> Floats:
        """Smooth noise from 0 to 1 at rows `v` (h,) and columns `u` (w,), one bump for each unit: (h, w)."""
        below, above, weight = _cell(v)
        rows = self._lattice[below]
        rows += weight[:, None] * (self._lattice[above] - rows)
        below, above, weight = _cell(u)
        left = rows[:, below]
        left += weight * (rows[:, above] - left)
        return left

    def grain(self, height: int, width: int) -> Floats:
        """Noise of a sensor, one number from 0 to 255 for each pixel: (height, width)."""
        words = (height * width + 7) // 8
        octets = self._bits.random_raw(words).astype("<u8").view(np.uint8)[: height * width]
        return octets.astype(np.float32).reshape(height, width)


def _cell(t: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    low = np.floor(t)
    t = t - low
    below = low.astype(np.intp) & (LATTICE - 1)
    return below, below + 1 & (LATTICE - 1), t * t * (3.0 - 2.0 * t)
