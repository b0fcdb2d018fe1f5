"""Overlap counts: where checkerboards come from."""

import numpy as np
import pytest
from hypothesis import given, settings

from segedu.upsampling import conv_transpose2d, overlap_count
from upsampling_cases import cases


def test_kernel_3_stride_2_goes_up_and_down():
    assert overlap_count((1, 4), (1, 3), stride=2).tolist() == [[1, 1, 2, 1, 2, 1, 2, 1, 1]]


def test_both_axes_multiply():
    # Along an axis 1 1 2 1 1: in the middle four stamps meet.
    assert overlap_count((2, 2), 3, stride=2).tolist() == np.outer([1, 1, 2, 1, 1], [1, 1, 2, 1, 1]).tolist()


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 6, 7, 8])
def test_inside_it_is_even_exactly_if_the_stride_divides_the_kernel(kernel, stride):
    counts = overlap_count((1, 12), (1, kernel), stride=stride)[0]
    inside = counts[kernel:-kernel]
    assert (len(set(inside)) == 1) == (kernel % stride == 0)


@settings(deadline=None, max_examples=100)
@given(cases())
def test_counts_are_a_transposed_convolution_of_ones_with_ones(case):
    size, kernel_size = case.small.shape[1:], case.kernel.shape[2:]
    options = {**case.window, "output_padding": case.output_padding}
    counts = overlap_count(size, kernel_size, **options)
    assert counts.dtype == np.int64
    np.testing.assert_array_equal(counts, conv_transpose2d(np.ones(size), np.ones(kernel_size), **options))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (((2, 2, 2), 3), {}, "input_shape"),
        (((2, 2), 0), {}, "kernel_size"),
        (((2, 2), 3), {"stride": 2, "output_padding": 2}, "output_padding"),
        (((2, 2), 1), {"padding": 1}, "which leaves 0×0"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        overlap_count(*arguments, **options)
