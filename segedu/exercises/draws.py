"""Chance that is the same on every platform: what a student's name decides.

NumPy promises the integer stream of a bit generator, not what `Generator` makes of it. So the seed is a
SHA-256 of the name, the bits are those of PCG64, and the few lines below turn them into numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")


class Draws:
    """Numbers that a text decides, one after the other.

    Parameters
    ----------
    text : str
        Any text; spaces around it and capitals make no difference.

    Examples
    --------
    >>> Draws("Ada").whole(1, 6) == Draws(" ada ").whole(1, 6)
    True
    """

    def __init__(self, text: str) -> None:
        digest = hashlib.sha256(" ".join(text.casefold().split()).encode("utf-8")).digest()
        self._bits = np.random.PCG64(int.from_bytes(digest, "big"))

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._bits.random_raw()) % (high - low + 1)  # the bias is below 2**-40

    def choice(self, options: Sequence[T]) -> T:
        """One of `options`."""
        return options[self.whole(0, len(options) - 1)]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All of `options` in another order."""
        left, order = list(options), []
        while left:
            order.append(left.pop(self.whole(0, len(left) - 1)))
        return order

    def array(self, shape: tuple[int, ...], low: int, high: int) -> npt.NDArray[np.int64]:
        """An array of whole numbers from `low` to `high`, both included."""
        size = int(np.prod(shape))
        return np.array([self.whole(low, high) for _ in range(size)], np.int64).reshape(shape)
