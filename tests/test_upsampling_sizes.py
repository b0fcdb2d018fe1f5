"""Sizes: the two formulas, the ambiguity between them, and geometry that cannot be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segedu.upsampling import conv_input_sizes, conv_output_shape, conv_transpose_output_shape
from upsampling_cases import cases


def test_the_articles_example():
    # 4×4 under 3×3: the kernel fits at 2 × 2 places. Back: 2 - 1 + 3 = 4.
    assert conv_output_shape((4, 4), 3) == (2, 2)
    assert conv_transpose_output_shape((2, 2), 3) == (4, 4)


def test_rows_and_columns_have_numbers_of_their_own():
    # Rows: (9 + 2·1 - 2·(3 - 1) - 1) / 2 = 3, and one more. Columns: (8 - 1) / 3, rounded down, and one more.
    shape = conv_output_shape((9, 8), (3, 2), stride=(2, 3), padding=(1, 0), dilation=(2, 1))
    assert shape == (4, 3)


def test_two_sizes_become_one_and_output_padding_tells_them_apart():
    options = {"stride": 2, "padding": 1}
    assert conv_output_shape((5, 6), 3, **options) == (3, 3)
    assert conv_transpose_output_shape((3, 3), 3, **options) == (5, 5)
    assert conv_transpose_output_shape((3, 3), 3, **options, output_padding=(0, 1)) == (5, 6)


@settings(deadline=None, max_examples=100)
@given(cases())
def test_shapes_are_those_of_torch(case):
    kernel_size = case.kernel.shape[2:]
    assert conv_output_shape(case.large.shape[1:], kernel_size, **case.window) == case.torch_conv2d().shape[1:]
    transposed = conv_transpose_output_shape(
        case.small.shape[1:], kernel_size, **case.window, output_padding=case.output_padding
    )
    assert transposed == case.torch_conv_transpose2d().shape[1:]


@settings(deadline=None, max_examples=100)
@given(
    st.integers(1, 12), st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3), st.data()
)
def test_input_sizes_are_all_sizes_with_that_output_and_no_other(o, k, s, p, d, data):
    options = {"stride": s, "padding": p, "dilation": d}

    def gives(i):
        return i + 2 * p >= d * (k - 1) + 1 and conv_output_shape((i, i), k, **options) == (o, o)

    heights, widths = conv_input_sizes((o, o), k, **options)
    assert heights == widths
    assert list(heights) == [i for i in range(1, 80) if gives(i)]
    if len(heights) == s:  # output_padding goes through them
        sizes = [conv_transpose_output_shape((o, o), k, **options, output_padding=q)[0] for q in range(s)]
        assert sizes == list(heights)


def test_no_input_has_an_output_smaller_than_the_padding_alone_makes():
    # One pixel and 2 of padding on both sides, under a kernel of 1: five positions at least.
    assert [list(sizes) for sizes in conv_input_sizes((4, 5), 1, padding=2)] == [[], [1]]


def test_a_kernel_that_does_not_fit_is_refused():
    with pytest.raises(
        ValueError, match=r"fits into the padded input of 4×6, got one that spans 5×5; .*smaller kernel"
    ):
        conv_output_shape((4, 4), 3, padding=(0, 1), dilation=2)
    assert conv_output_shape((4, 4), 3, padding=1, dilation=2) == (2, 2)


@pytest.mark.parametrize(("stride", "output_padding"), [(1, 1), (2, 2), ((2, 3), (1, 3)), ((3, 2), 2)])
def test_output_padding_is_less_than_the_stride(stride, output_padding):
    with pytest.raises(ValueError, match="output_padding: expected less than the stride"):
        conv_transpose_output_shape((3, 3), 3, stride=stride, output_padding=output_padding)


def test_padding_that_cuts_everything_off_is_refused():
    # 2·(2 - 1) + 3 - 2·3 = -1 rows.
    with pytest.raises(ValueError, match=r"padding: .*got \(3, 0\), which leaves -1×5"):
        conv_transpose_output_shape((2, 2), 3, stride=2, padding=(3, 0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride": 0}, "stride: expected an integer from 1, or a pair of them .*, got 0"),
        ({"stride": (1, -1)}, "stride"),
        ({"padding": -1}, "padding: expected an integer from 0"),
        ({"padding": "same"}, "padding"),
        ({"padding": 1.0}, "padding"),
        ({"dilation": 0}, "dilation: expected an integer from 1"),
        ({"dilation": (1, 1, 1)}, "dilation"),
        ({"stride": True}, "stride"),
        ({"stride": (2, True)}, "stride"),
        ({"stride": None}, "stride"),
    ],
)
def test_numbers_that_are_none_are_refused(options, message):
    for function in (conv_output_shape, conv_transpose_output_shape, conv_input_sizes):
        with pytest.raises(ValueError, match=message):
            function((8, 8), 3, **options)


@pytest.mark.parametrize("shape", [(3, 8, 8), (8,), 8, None, (0, 8), (8, -1), (8.0, 8), "88"])
def test_a_shape_is_a_height_and_a_width_from_1(shape):
    for function in (conv_output_shape, conv_transpose_output_shape, conv_input_sizes):
        with pytest.raises(ValueError, match=r"put_shape: expected (an integer from 1|\(height, width\))"):
            function(shape, 3)


@pytest.mark.parametrize("kernel_size", [0, (3, 0), (3, 3, 3), 2.5])
def test_a_kernel_has_positive_sizes(kernel_size):
    for function in (conv_output_shape, conv_transpose_output_shape, conv_input_sizes):
        with pytest.raises(ValueError, match="kernel_size: expected an integer from 1"):
            function((8, 8), kernel_size)
