"""Chance that is the same on every platform: what a student's name decides.

Each number is a SHA-256 of the name and of how many numbers came before it: nothing
depends on the version of a library.
"""

from __future__ import annotations

import hashlib
import unicodedata
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
        self._text = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
        self._count = 0

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        digest = hashlib.sha256(f"{self._text}\n{self._count}".encode()).digest()
        self._count += 1
        return low + int.from_bytes(digest[:8], "big") % (high - low + 1)

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
