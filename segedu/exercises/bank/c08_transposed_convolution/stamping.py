"""8.3 and 8.4: a transposed convolution by stamps, with what is cut off, and by inserted zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception
from segedu.upsampling import conv2d, conv_transpose2d

Map = npt.NDArray[Any]
KERNEL = np.arange(1, 10).reshape(3, 3)
SMALL = np.array([[2, 1], [1, 3]])


def _cut(y: Map, kernel: Map, stride: int, padding: int, output_padding: int) -> Map:
    return conv_transpose2d(y, kernel, stride=stride, padding=padding, output_padding=output_padding)


def _erased(y: Map, kernel: Map, stride: int, padding: int, output_padding: int) -> Map:
    """Each stamp erases what lies below it."""
    whole = np.zeros_like(_cut(y, kernel, stride, 0, output_padding))
    kh, kw = kernel.shape
    for r, c in np.ndindex(y.shape):
        whole[stride * r : stride * r + kh, stride * c : stride * c + kw] = y[r, c] * kernel
    height, width = _cut(y, kernel, stride, padding, output_padding).shape
    return whole[padding : padding + height, padding : padding + width]


def _zeros_at_the_end(y: Map, kernel: Map, stride: int, padding: int, output_padding: int) -> Map:
    return np.pad(_cut(y, kernel, stride, padding, 0), (0, output_padding))


def _framed(y: Map, kernel: Map, stride: int, padding: int, output_padding: int) -> Map:
    return np.pad(_cut(y, kernel, stride, 0, output_padding), padding)


def _random_cut(rng: np.random.Generator) -> tuple[Any, ...]:
    stride, padding = int(rng.integers(1, 4)), int(rng.integers(0, 3))
    y = rng.integers(1, 6, rng.integers(4, 6, 2))
    return y, rng.integers(1, 10, rng.integers(2, 4, 2)), stride, padding, int(rng.integers(0, stride))


CUT = FunctionExercise(
    id="08.3",
    title="Stamp, then cut",
    reference=_cut,
    cases=(
        Case((SMALL, KERNEL, 1, 0, 0), "as in the chapter"),
        Case((SMALL, KERNEL, 2, 1, 0), "a frame of one cell is cut off"),
        Case((SMALL, KERNEL, 2, 1, 1), "output padding moves the cut"),
        Case((SMALL, KERNEL, 2, 0, 1), "no stamp reaches the last row"),
        Case((np.array([[5]]), KERNEL, 1, 1, 0), "one cell in, one cell out"),
        Case((SMALL, np.array([[1, 2, 3]]), 3, 0, 0), "a kernel of one row"),
    ),
    random=_random_cut,
    hint="Lay all stamps into a map that is large enough, without any padding. Then cut out the part that is kept.",
    misconceptions=(
        Misconception(
            "padding adds a frame",
            _framed,
            "You added a frame. The padding is that of the convolution there: on the way back it is cut off.",
        ),
        Misconception(
            "output padding adds zeros",
            _zeros_at_the_end,
            "You added zeros for the output padding. It pads nothing: it moves the cut, and stamps may lie there.",
        ),
        Misconception(
            "output padding is forgotten",
            lambda y, kernel, stride, padding, output_padding: _cut(y, kernel, stride, padding, 0),
            "The output padding is forgotten: your map is too small where it is not 0.",
        ),
        Misconception(
            "padding is forgotten",
            lambda y, kernel, stride, padding, output_padding: _cut(y, kernel, stride, 0, output_padding),
            "The padding is forgotten: your map is too large. Stamps reach over the edge, and that part goes.",
        ),
        Misconception(
            "stamps erase each other",
            _erased,
            "A stamp erases those below it. Where stamps overlap, they add up.",
        ),
        Misconception(
            "the kernel is turned",
            lambda y, kernel, *how: _cut(y, kernel[::-1, ::-1], *how),
            "You turned the kernel. A stamp is laid down as it is.",
        ),
    ),
)


def _zeros(y: Map, kernel: Map, stride: int) -> Map:
    return conv_transpose2d(y, kernel, stride=stride)


def _frame_as_a_map(y: Map, kernel: Map, stride: int, frame: tuple[int, int]) -> Map:
    """Zeros between and around, then the turned kernel."""
    height, width = (stride * (n - 1) + 1 for n in y.shape)
    stuffed = np.zeros((height, width), int)
    stuffed[::stride, ::stride] = y
    return conv2d(np.pad(stuffed, [(f, f) for f in frame]), kernel[::-1, ::-1])


def _random_zeros(rng: np.random.Generator) -> tuple[Any, ...]:
    kernel = rng.integers(1, 10, rng.integers(2, 4, 2))
    return rng.integers(1, 6, rng.integers(2, 5, 2)), kernel, int(rng.integers(1, 4))


ZEROS = FunctionExercise(
    id="08.4",
    title="Find the bug: zeros between",
    reference=_zeros,
    cases=(
        Case((np.array([[1]]), KERNEL, 1), "one cell: its stamp is the kernel"),
        Case((SMALL, KERNEL, 1)),
        Case((SMALL, KERNEL, 2), "zeros between the cells"),
        Case((SMALL, np.array([[1, 2], [3, 4]]), 3), "a kernel of two by two"),
        Case((SMALL, np.array([[1, 2, 3]]), 1), "a kernel of one row"),
    ),
    random=_random_zeros,
    hint="Try one cell with a 1. Its stamp must be the kernel itself. What comes out?",
    misconceptions=(
        Misconception(
            "not turned",
            lambda y, kernel, stride: _zeros(y, kernel[::-1, ::-1], stride),
            "The kernel still slides as it is. Seen from an output, a stamp lies the other way round.",
        ),
        Misconception(
            "turned upside down only",
            lambda y, kernel, stride: _zeros(y, kernel[:, ::-1], stride),
            "You turned the rows only. A turn by half a circle exchanges left and right as well.",
        ),
        Misconception(
            "left and right only",
            lambda y, kernel, stride: _zeros(y, kernel[::-1], stride),
            "You exchanged left and right only. A turn by half a circle exchanges top and bottom as well.",
        ),
        Misconception(
            "as many zeros as the stride",
            lambda y, kernel, stride: _zeros(y, kernel, stride + 1),
            "There is one zero too many between neighbours: from one cell to the next it is one stride.",
        ),
        Misconception(
            "no frame",
            lambda y, kernel, stride: _frame_as_a_map(y, kernel, stride, (0, 0)),
            "The frame of zeros is gone. Without it the kernel never lies on a corner with one entry alone.",
        ),
    ),
)
