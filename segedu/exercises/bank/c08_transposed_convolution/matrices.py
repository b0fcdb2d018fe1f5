"""8.5 and 8.6: the matrix of a convolution, and kernels whose transpose is the inverse."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception, SearchExercise
from segedu.upsampling import conv2d, conv_transpose2d, convolution_matrix

Map = npt.NDArray[Any]
KERNEL = np.arange(1, 10).reshape(3, 3)


def _matrix(kernel: Map, size: tuple[int, int], stride: int) -> Map:
    return convolution_matrix(kernel, size, stride=stride).toarray()


def _side_by_side(kernel: Map, size: tuple[int, int], stride: int) -> Map:
    """The kernel's entries without the gaps between its rows."""
    right = _matrix(kernel, size, stride)
    wrong = np.zeros_like(right)
    for row, true in zip(wrong, right, strict=True):
        first = int(np.flatnonzero(true)[0])
        row[first : first + kernel.size] = kernel.ravel()
    return wrong


def _random_kernel(rng: np.random.Generator) -> tuple[Any, ...]:
    kernel = rng.integers(1, 10, rng.integers(2, 4, 2))
    height, width = rng.integers(3, 7, 2)
    return kernel, (int(height), int(width)), int(rng.integers(1, 4))


MATRIX = FunctionExercise(
    id="08.5",
    title="The matrix of a layer with a stride",
    reference=_matrix,
    cases=(
        Case((np.array([[1, 2]]), (1, 4), 1), "one row: easy to write down"),
        Case((np.array([[1, 2]]), (1, 4), 2), "every second window"),
        Case((KERNEL, (4, 4), 1), "the chapter's matrix"),
        Case((KERNEL, (5, 6), 2), "the last column is seen by nobody"),
        Case((KERNEL, (3, 3), 2), "one window"),
    ),
    random=_random_kernel,
    hint="One row for each output. Print the row of the second output as a map: where does the kernel lie?",
    misconceptions=(
        Misconception(
            "the stride is forgotten",
            lambda kernel, size, stride: _matrix(kernel, size, 1),
            "There is a row for each window. With a stride, only every s-th window in each direction has an output.",
        ),
        Misconception(
            "this is the transposed matrix",
            lambda kernel, size, stride: _matrix(kernel, size, stride).T,
            "This is the transpose: it takes outputs back to inputs. Rows are outputs, columns are inputs.",
        ),
        Misconception(
            "the kernel is turned",
            lambda kernel, size, stride: _matrix(kernel[::-1, ::-1], size, stride),
            "You turned the kernel, as mathematics does. What networks call a convolution does not turn it.",
        ),
        Misconception(
            "the kernel without gaps",
            _side_by_side,
            "The kernel's rows follow each other without a gap. The next row of the map begins a whole width later.",
        ),
    ),
)


def _returned(kernels: Any) -> tuple[Map, Map]:
    """Sixteen maps with a single 1, (16, 1, 4, 4), and what comes back of them."""
    stack = np.asarray(kernels, float).reshape(4, 1, 2, 2)
    maps = np.eye(16).reshape(16, 1, 4, 4)
    back = [conv_transpose2d(conv2d(x, stack, stride=2), stack, stride=2) for x in maps]
    return maps, np.array(back)


def _inverse(kernels: Any) -> str | None:
    """None if four kernels of 2×2 with stride 2 bring every map back."""
    shape = np.asarray(kernels).shape
    if shape not in ((4, 2, 2), (4, 1, 2, 2)):
        return f"its shape is {shape} instead of (4, 2, 2)"
    maps, back = _returned(kernels)
    if np.allclose(maps, back):
        return None
    k = int(np.abs(maps - back).reshape(16, -1).max(axis=1).argmax())
    return (
        f"a single 1 in row {k // 4}, column {k % 4} comes back as {back[k, 0, :2, :2].round(3).tolist()} there"
    )


def _only_right_angles(kernels: Any) -> str | None:
    rows = np.asarray(kernels, float).reshape(4, 4)
    products = rows @ rows.T
    off = products - np.diag(np.diag(products))
    return None if np.allclose(off, 0) and np.linalg.matrix_rank(rows) == 4 else "not at right angles"


def _only_length_one(kernels: Any) -> str | None:
    rows = np.asarray(kernels, float).reshape(4, 4)
    return None if np.allclose((rows**2).sum(axis=1), 1) else "not of length 1"


def _only_rank(kernels: Any) -> str | None:
    rows = np.asarray(kernels, float).reshape(4, 4)
    return None if np.linalg.matrix_rank(rows) == 4 else "numbers are lost"


INVERSE = SearchExercise(
    id="08.6",
    title="When is the transpose the inverse?",
    accept=_inverse,
    hint="Four pixels of a block become four numbers: that is a matrix of 4 by 4. When is its transpose its inverse?",
    misconceptions=(
        Misconception(
            "right angles are enough",
            _only_right_angles,
            "Your kernels are at right angles, but not all of length 1: the squares of each must add up to 1.",
            example=np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]).reshape(4, 2, 2),
        ),
        Misconception(
            "length one is enough",
            _only_length_one,
            "Each kernel has length 1, but they are not all at right angles: multiply two, entry by entry, and add.",
            example=np.full((4, 2, 2), 0.5),
        ),
        Misconception(
            "nothing lost is enough",
            _only_rank,
            "Your kernels lose nothing, so there is an inverse. But it is another matrix than the transpose.",
            example=np.tri(4).reshape(4, 2, 2),
        ),
    ),
)
