"""Zero insertion: a plain convolution that gives the same as the transposed one, if the kernel is turned."""

import numpy as np
import pytest
from hypothesis import given, settings

from segedu.upsampling import conv2d, conv_transpose2d, zero_insertion
from upsampling_cases import assert_equal, cases

X, KERNEL = np.array([[1.0, 2.0], [3.0, 4.0]]), np.arange(1.0, 10).reshape(3, 3)


@settings(deadline=None, max_examples=150)
@given(cases())
def test_a_convolution_of_the_stuffed_input_is_torchs_transposed_one(case):
    stuffed, flipped = zero_insertion(
        case.small, case.kernel, **case.options, output_padding=case.output_padding
    )
    y = conv2d(stuffed, flipped, dilation=case.options["dilation"], groups=case.options["groups"])
    assert_equal(y, case.torch_conv_transpose2d())


def test_stride_puts_zeros_between_and_the_kernel_around():
    # Stride 2: one zero between neighbours. Kernel 3, padding 1: 3 - 1 - 1 = 1 zero around.
    stuffed, flipped = zero_insertion(X, KERNEL, stride=2, padding=1)
    assert stuffed.tolist() == [
        [0, 0, 0, 0, 0],
        [0, 1, 0, 2, 0],
        [0, 0, 0, 0, 0],
        [0, 3, 0, 4, 0],
        [0, 0, 0, 0, 0],
    ]
    assert flipped.tolist() == [[9, 8, 7], [6, 5, 4], [3, 2, 1]]


def test_output_padding_adds_zeros_at_the_end():
    whole, _ = zero_insertion(X, KERNEL, stride=2, padding=1)
    longer, _ = zero_insertion(X, KERNEL, stride=2, padding=1, output_padding=(0, 1))
    assert longer.tolist() == [[*row, 0] for row in whole.tolist()]


def test_padding_beyond_the_kernel_cuts_the_input():
    # 1 - 1 - 1 = -1: with a kernel of 1 × 1, padding 1 takes away the outermost inputs.
    stuffed, _ = zero_insertion(np.arange(9).reshape(3, 3), [[1]], padding=1)
    assert stuffed.tolist() == [[4]]


def test_without_the_turn_it_is_wrong():
    stuffed, flipped = zero_insertion(X, KERNEL, stride=2)
    right = conv_transpose2d(X, KERNEL, stride=2)
    np.testing.assert_array_equal(conv2d(stuffed, flipped), right)
    assert not np.allclose(conv2d(stuffed, KERNEL), right)


def test_channels_change_places():
    _, flipped = zero_insertion(np.ones((2, 3, 3)), np.arange(6).reshape(2, 3, 1, 1))
    # 2 in, 3 out; conv2d wants the outputs first.
    assert flipped[:, :, 0, 0].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_float32_is_kept():
    stuffed, flipped = zero_insertion(X.astype(np.float32), KERNEL.astype(np.float32), stride=2)
    assert stuffed.dtype == flipped.dtype == np.float32


@pytest.mark.parametrize(
    ("x", "kernel", "options", "message"),
    [
        (X[None], np.ones((2, 1, 3, 3)), {}, "kernel has the channels of its input first"),
        (X, KERNEL, {"output_padding": 1}, "output_padding"),
        (X, KERNEL, {"padding": 2}, "which leaves 0×0"),
        (X[None], KERNEL, {}, "x: expected shape"),
    ],
)
def test_what_conv_transpose2d_refuses_is_refused(x, kernel, options, message):
    for function in (zero_insertion, conv_transpose2d):
        with pytest.raises(ValueError, match=message):
            function(x, kernel, **options)
