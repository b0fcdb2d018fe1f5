"""How large the output of a convolution is, of its transpose, and which inputs give the same output.

Along one axis, with input i, kernel k, stride s, padding p and dilation d::

    convolution             o = floor((i + 2p - d(k - 1) - 1) / s) + 1
    transposed convolution  o = s(i - 1) + d(k - 1) + 1 - 2p + output_padding

The first line rounds down, so s sizes in a row give the same output. The second line has to choose one of them:
the smallest, plus ``output_padding``.
"""

from __future__ import annotations

import operator
from typing import Any

IntOrPair = int | tuple[int, int]


def pair(value: Any, name: str, *, least: int) -> tuple[int, int]:
    """One integer for both axes, or one for each (rows first), as two plain integers; or a ValueError."""
    values = tuple(value) if isinstance(value, tuple | list) else (value, value)
    try:
        numbers = tuple(operator.index(v) for v in values if not isinstance(v, bool))
    except TypeError:
        numbers = ()
    if len(values) != 2 or len(numbers) != 2 or min(numbers) < least:
        raise ValueError(
            f"{name}: expected an integer from {least}, or a pair of them (rows first), got {value!r}"
        )
    return numbers[0], numbers[1]


def shape_pair(value: Any, name: str) -> tuple[int, int]:
    """A height and a width, both from 1, as plain integers; or a ValueError."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(f"{name}: expected (height, width), got {value!r}")
    return pair(value, name, least=1)


def conv_output_shape(
    input_shape: tuple[int, int],
    kernel_size: IntOrPair,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> tuple[int, int]:
    """Height and width of what a convolution puts out.

    ::

        o = floor((i + 2p - d(k - 1) - 1) / s) + 1

    Pooling has the same formula.

    Parameters
    ----------
    input_shape : (int, int)
        Height and width of the input, in pixels.
    kernel_size, stride, padding, dilation : int or (int, int)
        One number for both axes, or one for rows and one for columns. Padding is on each side.

    Returns
    -------
    (int, int)

    Raises
    ------
    ValueError
        If a number does not fit, or the kernel is larger than the padded input: no output is left.

    Examples
    --------
    >>> conv_output_shape((4, 4), 3)
    (2, 2)

    Two sizes, one output. What the stride steps over at the end is lost:

    >>> conv_output_shape((5, 6), 3, stride=2, padding=1)
    (3, 3)
    """
    i, k = shape_pair(input_shape, "input_shape"), pair(kernel_size, "kernel_size", least=1)
    s, p, d = geometry(stride, padding, dilation)
    spans = [d[a] * (k[a] - 1) + 1 for a in (0, 1)]
    padded = [i[a] + 2 * p[a] for a in (0, 1)]
    if any(span > room for span, room in zip(spans, padded, strict=True)):
        raise ValueError(
            "kernel_size: expected a kernel that fits into the padded input of "
            f"{padded[0]}×{padded[1]}, got one that spans {spans[0]}×{spans[1]}; "
            "take a smaller kernel or dilation, or more padding"
        )
    return (padded[0] - spans[0]) // s[0] + 1, (padded[1] - spans[1]) // s[1] + 1


def conv_transpose_output_shape(
    input_shape: tuple[int, int],
    kernel_size: IntOrPair,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> tuple[int, int]:
    """Height and width of what a transposed convolution puts out.

    ::

        o = s(i - 1) + d(k - 1) + 1 - 2p + output_padding

    Stride and padding are those of the convolution that is transposed: here a stride enlarges, and padding cuts
    off.

    Parameters
    ----------
    input_shape : (int, int)
        Height and width of the input, in pixels.
    kernel_size, stride, padding, dilation : int or (int, int)
        As of `conv_output_shape`.
    output_padding : int or (int, int)
        From 0 to stride - 1: which of the sizes in `conv_input_sizes` is meant. It adds rows at the bottom and
        columns at the right.

    Returns
    -------
    (int, int)

    Raises
    ------
    ValueError
        If a number does not fit, or the padding cuts everything off.

    Notes
    -----
    PyTorch also lets an output_padding pass that reaches the stride but not the dilation. Its output is the
    transpose of no convolution with these numbers, and is refused here.

    Examples
    --------
    >>> conv_transpose_output_shape((2, 2), 3)
    (4, 4)
    >>> conv_transpose_output_shape((3, 3), 3, stride=2, padding=1)
    (5, 5)
    >>> conv_transpose_output_shape((3, 3), 3, stride=2, padding=1, output_padding=1)
    (6, 6)
    """
    i, k = shape_pair(input_shape, "input_shape"), pair(kernel_size, "kernel_size", least=1)
    s, p, d = geometry(stride, padding, dilation)
    q = pair(output_padding, "output_padding", least=0)
    if q[0] >= s[0] or q[1] >= s[1]:
        raise ValueError(
            f"output_padding: expected less than the stride {s}, got {q}; it chooses between the stride's "
            "sizes that a convolution maps to one, and there are no more of them"
        )
    height, width = (s[a] * (i[a] - 1) + d[a] * (k[a] - 1) + 1 - 2 * p[a] + q[a] for a in (0, 1))
    if height < 1 or width < 1:
        raise ValueError(
            f"padding: expected to leave an output of 1×1 at least, got {p}, which leaves {height}×{width}; "
            "the padding of a transposed convolution cuts off its output"
        )
    return height, width


def conv_input_sizes(
    output_shape: tuple[int, int],
    kernel_size: IntOrPair,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> tuple[range, range]:
    """All heights and all widths that a convolution maps to one output size.

    A transposed convolution has to return one of them. Without output_padding it is the first.

    Parameters
    ----------
    output_shape : (int, int)
        Height and width of the convolution's output.
    kernel_size, stride, padding, dilation : int or (int, int)
        As of `conv_output_shape`.

    Returns
    -------
    heights, widths : range
        As many as the stride, and fewer only where the smallest would be below 1; empty if no input gives such
        an output.

    Raises
    ------
    ValueError
        If a number does not fit.

    Examples
    --------
    >>> conv_input_sizes((3, 3), 3, stride=2, padding=1)
    (range(5, 7), range(5, 7))
    >>> list(conv_input_sizes((7, 7), 32, stride=32)[0])[:3]  # FCN-32s: 7×7 cells came from 224×224 … 255×255
    [224, 225, 226]
    """
    o, k = shape_pair(output_shape, "output_shape"), pair(kernel_size, "kernel_size", least=1)
    s, p, d = geometry(stride, padding, dilation)
    first = [s[a] * (o[a] - 1) + d[a] * (k[a] - 1) + 1 - 2 * p[a] for a in (0, 1)]
    heights, widths = (range(max(1, first[a]), max(1, first[a] + s[a])) for a in (0, 1))
    return heights, widths


def tap_slices(large: int, small: int, offset: int, stride: int) -> tuple[slice, slice]:
    """Which positions of the large map one entry of the kernel joins with which of the small one, on one axis.

    Position j of the small map meets ``stride * j + offset`` of the large one, where ``offset`` is
    ``dilation * u - padding`` for entry u. Positions outside of either map are left out.
    """
    start = max(0, -(offset // stride))  # the first j with stride * j + offset >= 0
    stop = max(start, min(small, (large - 1 - offset) // stride + 1))
    begin = stride * start + offset
    return slice(begin, begin + stride * (stop - start), stride), slice(start, stop)


def geometry(stride: Any, padding: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    """The three of them as pairs of plain integers; or a ValueError."""
    return (
        pair(stride, "stride", least=1),
        pair(padding, "padding", least=0),
        pair(dilation, "dilation", least=1),
    )
