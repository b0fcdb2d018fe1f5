"""What a number of any map of a network sees of the picture: fields through growing layers and skips, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from segedu.upsampling import Layer, receptive_field

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, half-open."""


@dataclass(frozen=True)
class Grown:
    """A transposed convolution, or unpooling: number i of a map lands on `kernel_size` numbers of a larger one.

    Rows first, as in `segedu.upsampling.Layer`. No stride is larger than its kernel, else some numbers would
    see nothing.
    """

    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    _: KW_ONLY
    padding: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Cut:
    """A part of a map that begins `top` rows and `left` columns further in."""

    top: int
    left: int


Window = Layer | Grown | Cut


@dataclass(frozen=True)
class Read:
    """That a map is made from the map of an earlier step, through some windows, the nearest one first."""

    step: int
    windows: tuple[Window, ...] = ()
    _: KW_ONLY
    switches: bool = False
    """Whether only the places of its maxima are taken."""


def read_box(window: Window, box: Box) -> Box:
    """Which numbers of the map before are read for a box of numbers.

    Examples
    --------
    A 3 × 3 convolution reads one more on each side. Unpooling by 2 reads half as many:

    >>> read_box(Layer(3, padding=1), (4, 4, 6, 6))
    (3, 3, 7, 7)
    >>> read_box(Grown((2, 2), (2, 2)), (3, 4, 7, 8))
    (1, 2, 4, 4)
    """
    left, top, right, bottom = box
    if isinstance(window, Layer):
        (field,) = receptive_field([window])
        return *field.box(top, left)[:2], *field.box(bottom - 1, right - 1)[2:]
    if isinstance(window, Cut):
        return left + window.left, top + window.top, right + window.left, bottom + window.top
    (rows, columns) = (
        # Input i lands on s i - p, …, s i - p + k - 1, so output o has its numbers from (o + p - k + 1) / s,
        # rounded up, to (o + p) / s, rounded down.
        (-((k - 1 - p - first) // s), (last - 1 + p) // s + 1)
        for k, s, p, first, last in zip(
            window.kernel_size, window.stride, window.padding, (top, left), (bottom, right), strict=True
        )
    )
    return columns[0], rows[0], columns[1], rows[1]


def seen_box(reads: Sequence[Sequence[Read]], step: int, number: tuple[int, int]) -> Box:
    """The box of the picture that number (row, column) of the map of a step depends on.

    Parameters
    ----------
    reads : sequence of sequences of Read
        What each step is made from; step 0 is the picture, and is made from nothing.
    step : int
    number : (int, int)

    Returns
    -------
    (int, int, int, int)
        Left, top, right, bottom, half-open. It may reach beyond the picture, into what layers pad with.

    Examples
    --------
    A convolution and a sum of its map with the picture: the wider of the two counts.

    >>> seen_box([[], [Read(0, (Layer(3, padding=1),))], [Read(0), Read(1)]], 2, (5, 5))
    (4, 4, 7, 7)
    """
    row, column = number
    needed = {step: (column, row, column + 1, row + 1)}
    for at in range(step, 0, -1):
        if at not in needed:
            continue
        for read in reads[at]:
            box = needed[at]
            for window in read.windows:
                box = read_box(window, box)
            needed[read.step] = _around(needed.get(read.step, box), box)
    return needed[0]


def _around(one: Box, other: Box) -> Box:
    """The smallest box around two."""
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )
