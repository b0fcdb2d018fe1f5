"""The fast convolutions: equal to torch's, in what memory, and what they do with what is not a float."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch.nn import functional

from segedu.upsampling import conv2d, conv_transpose2d, convolution, convolution_matrix
from upsampling_cases import assert_equal, cases, make

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize("kernel", range(1, 8))
def test_equal_to_torch_over_the_grid(kernel):
    for s, p, d in product((1, 2, 3, 4), (0, 1, 2, 3), (1, 2, 3)):
        for q in {0, s - 1}:
            least = max(1, 1 - (d * (kernel - 1) + q - 2 * p) // s)
            case = make(
                (least, least + 2), *((n, n) for n in (kernel, s, p, d)), (q, q), inputs=2, outputs=3, seed=s
            )
            assert_equal(conv2d(case.large, case.kernel, **case.options), case.torch_conv2d())
            transposed = conv_transpose2d(case.small, case.kernel, output_padding=q, **case.options)
            assert_equal(transposed, case.torch_conv_transpose2d())


@settings(deadline=None, max_examples=200)
@given(cases())
def test_equal_to_torch_in_any_geometry(case):
    assert_equal(conv2d(case.large, case.kernel, **case.options), case.torch_conv2d())
    transposed = conv_transpose2d(case.small, case.kernel, output_padding=case.output_padding, **case.options)
    assert_equal(transposed, case.torch_conv_transpose2d())


@settings(deadline=None, max_examples=50)
@given(cases())
def test_doing_it_in_parts_changes_nothing(case):
    options = {**case.options, "output_padding": case.output_padding}
    whole, transposed = (
        conv2d(case.large, case.kernel, **case.options),
        conv_transpose2d(case.small, case.kernel, **options),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolution, "_BAND", 1)  # one row of windows, one row of the kernel at a time
        assert_equal(conv2d(case.large, case.kernel, **case.options), whole)
        assert_equal(conv_transpose2d(case.small, case.kernel, **options), transposed)


def test_without_channels():
    x, kernel = np.arange(12.0).reshape(3, 4), np.array([[1.0, 0.0], [0.0, -1.0]])
    # Each pixel minus the one below to its right: 1 - 6 and so on, always -5.
    assert conv2d(x, kernel).tolist() == [[-5, -5, -5], [-5, -5, -5]]
    # One stamp.
    assert conv_transpose2d([[2]], kernel).tolist() == [[2, 0], [0, -2]]


def test_the_stamps_of_a_transposed_convolution_by_hand():
    # Two rows of two stamps of ones, 2 × 2 large and 1 apart: corners get one, the middle all four.
    assert conv_transpose2d([[1, 2], [3, 4]], np.ones((2, 2))).tolist() == [[1, 3, 2], [4, 10, 6], [3, 7, 4]]


def test_padding_of_a_transposed_convolution_cuts_off():
    x, kernel = np.arange(6).reshape(2, 3), np.arange(9).reshape(3, 3)
    whole = conv_transpose2d(x, kernel, stride=2)
    np.testing.assert_array_equal(conv_transpose2d(x, kernel, stride=2, padding=1), whole[1:-1, 1:-1])


def test_output_padding_adds_rows_and_columns_that_the_padding_had_cut():
    # They are no zeros: where stamps reach beyond the cut, they show.
    x, kernel = np.arange(1, 7).reshape(2, 3), np.ones((3, 3))
    whole = conv_transpose2d(x, kernel, stride=2)
    larger = conv_transpose2d(x, kernel, stride=2, padding=1, output_padding=1)
    np.testing.assert_array_equal(larger, whole[1:, 1:])
    assert larger[-1, -1] == 6


def test_float32_is_kept_and_close_to_torch():
    case = make((9, 8), (4, 4), (2, 2), (1, 1), (1, 1), (0, 0), inputs=16, outputs=24, dtype=np.float32)
    assert_equal(conv2d(case.large, case.kernel, **case.options), case.torch_conv2d(), 1e-5)
    assert_equal(conv_transpose2d(case.small, case.kernel, **case.options), case.torch_conv_transpose2d(), 1e-5)


def test_two_dtypes_give_the_wider_one():
    x, kernel = np.ones((3, 3), np.float32), np.ones((2, 2), np.float64)
    assert conv2d(x, kernel).dtype == np.float64
    assert conv2d(x, kernel.astype(np.float32)).dtype == np.float32
    assert conv_transpose2d(x, kernel.astype(np.int64)).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.dtype(">i4")])
def test_integers_become_float64_and_do_not_wrap_around(dtype):
    # Sums up to 4 · 100 · 100, far beyond a byte.
    x, kernel = np.full((4, 4), 100, dtype), np.full((2, 2), 100, dtype)
    exact = functional.conv2d(*(torch.from_numpy(a.astype(np.int64))[None, None] for a in (x, kernel)))[
        0, 0
    ].numpy()
    y = conv2d(x, kernel)
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, exact)
    np.testing.assert_array_equal(
        conv_transpose2d(y, kernel), exact[0, 0] * 100 * np.outer(*[[1, 2, 2, 1]] * 2)
    )


def test_a_mask_is_counted():
    mask = np.array([[True, True, False], [True, False, False]])
    assert conv2d(mask, np.ones((2, 2), bool)).tolist() == [[3, 1]]


def test_byte_order_and_strides_of_the_input_do_not_matter():
    rng = np.random.default_rng(0)
    x, kernel = rng.standard_normal((3, 6, 8)), rng.standard_normal((2, 3, 3, 3))
    expected, transposed = conv2d(x, kernel), conv_transpose2d(x[:2], kernel, stride=2)
    for view in (np.asfortranarray, lambda a: a.astype(">f8"), lambda a: np.repeat(a, 2, axis=-1)[..., ::2]):
        assert_equal(conv2d(view(x), view(kernel)), expected)
        assert_equal(conv_transpose2d(view(x[:2]), view(kernel), stride=2), transposed)


def test_inputs_are_only_read():
    x, kernel = np.ones((2, 4, 4)), np.ones((2, 2, 3, 3))
    x.flags.writeable = kernel.flags.writeable = False
    conv2d(x, kernel)
    conv_transpose2d(x, kernel, stride=2)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # NumPy's, for inf - inf and 0 · inf
@pytest.mark.parametrize("value", [NAN, INF, -INF])
@pytest.mark.parametrize("where", ["x", "kernel"])
def test_what_is_not_finite_spreads_as_in_torch(value, where):
    # A kernel with a zero in it: 0 · inf is NaN.
    x, kernel = np.arange(1.0, 26).reshape(1, 5, 5), np.array([[[[1.0, 0.0, 2.0], [0.0, 3.0, 4.0]]]])
    if where == "x":
        x[0, 2, 1] = value
    else:
        kernel[0, 0, 0, 2] = value
    tensors = torch.from_numpy(x)[None], torch.from_numpy(kernel)
    for options in ({}, {"padding": 1}, {"stride": 2, "padding": 1}, {"stride": (1, 3), "dilation": (2, 1)}):
        np.testing.assert_array_equal(
            conv2d(x, kernel, **options), functional.conv2d(*tensors, **options)[0].numpy()
        )
        np.testing.assert_array_equal(
            conv_transpose2d(x, kernel, **options), functional.conv_transpose2d(*tensors, **options)[0].numpy()
        )


def peak(function):
    """Bytes that were held at once while the function ran, its result included."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_real_layer_needs_a_few_times_its_output():
    # 64×56×56 -> 32×112×112: 1.6 MB come out. All stamps are 16 / 4 times as much; the matrix would be 1.2 GB.
    x, kernel = np.ones((64, 56, 56), np.float32), np.ones((64, 32, 4, 4), np.float32)
    assert peak(lambda: conv_transpose2d(x, kernel, stride=2, padding=1)) < 12e6


def test_many_stamps_are_made_in_parts():
    # All stamps together: 16² · 8 · 150² · 4 bytes = 184 MB. The output: 8 · 1200² · 4 = 46 MB, and so have the
    # boards it is put together from.
    x, kernel = np.ones((1, 150, 150), np.float32), np.ones((1, 8, 16, 16), np.float32)
    assert peak(lambda: conv_transpose2d(x, kernel, stride=8, padding=4)) < 130e6


def test_windows_are_laid_out_in_bands():
    # All windows together: 16 · 7² · 250² · 4 bytes = 196 MB. A band has 4 million entries, 17 MB.
    x, kernel = np.ones((16, 256, 256), np.float32), np.ones((4, 16, 7, 7), np.float32)
    assert peak(lambda: conv2d(x, kernel)) < 30e6


def test_a_kernel_much_larger_than_its_stride_and_one_much_smaller():
    for k, s in ((16, 8), (2, 9)):
        case = make((3, 4), (k, k), (s, s), (1, 0), (1, 1), (0, s - 1), inputs=2, outputs=2)
        transposed = conv_transpose2d(
            case.small, case.kernel, **case.options, output_padding=case.output_padding
        )
        assert_equal(transposed, case.torch_conv_transpose2d())


def test_the_fast_functions_are_the_matrix():
    # The geometry of the layer whose matrix can be built: 16×28×28 -> 8×56×56.
    case = make((28, 28), (4, 4), (2, 2), (1, 1), (1, 1), (0, 0), inputs=8, outputs=16)
    C = convolution_matrix(case.kernel, case.large.shape, **case.options)
    assert_equal(conv2d(case.large, case.kernel, **case.options).ravel(), C @ case.large.ravel())
    assert_equal(conv_transpose2d(case.small, case.kernel, **case.options).ravel(), C.T @ case.small.ravel())


MAPS = np.ones((3, 5, 5))


@pytest.mark.parametrize(
    ("x", "kernel", "options", "message"),
    [
        (MAPS, np.ones((2, 4, 3, 3)), {}, "for an input of 3 channels, got .2, 4, 3, 3., which takes 4$"),
        (
            MAPS,
            np.ones((3, 3)),
            {},
            r"x: expected shape \(H, W\), as the kernel has no channels, got \(3, 5, 5\)",
        ),
        (MAPS[0], np.ones((1, 1, 3, 3)), {}, r"x: expected shape \(channels, H, W\), .* got \(5, 5\)"),
        (MAPS[None], np.ones((1, 3, 3, 3)), {}, r"one image at a time: loop over a batch"),
        (MAPS[:, :0], np.ones((1, 3, 3, 3)), {}, "x: expected shape"),
        (MAPS, np.ones((3, 3, 3)), {}, "kernel: expected shape"),
        (MAPS, np.ones((3, 3, 3, 3)), {"groups": 0}, "groups: expected an integer from 1, got 0"),
        (MAPS, np.ones((3, 3, 3, 3)), {"groups": 1.0}, "groups: expected an integer from 1, got 1.0"),
        (MAPS, np.ones((3, 3, 3, 3)), {"groups": True}, "groups: expected an integer from 1, got True"),
        (
            MAPS,
            np.ones((2, 1, 3, 3)),
            {"groups": 3},
            "groups: expected a divisor of the kernel's first axis, 2",
        ),
        (MAPS, np.ones((3, 2, 3, 3)), {"groups": 3}, "in 3 groups, got .3, 2, 3, 3., which takes 6"),
        (MAPS, np.ones((1, 3, 6, 3)), {}, "kernel_size: expected a kernel that fits"),
        (MAPS, np.ones((1, 3, 3, 3)), {"stride": 0}, "stride"),
        (MAPS, np.ones((1, 3, 3, 3)), {"padding": -1}, "padding"),
        (MAPS.astype(complex), np.ones((1, 3, 3, 3)), {}, "x: expected float32 or float64 .*, got complex128"),
        (MAPS.astype(np.float16), np.ones((1, 3, 3, 3)), {}, "got float16; convert it with astype"),
        (MAPS.astype(object), np.ones((1, 3, 3, 3)), {}, "got object"),
        ([[1, 2], [3]], np.ones((1, 1)), {}, "x: expected an array, got rows of different lengths"),
        (MAPS[0], [[1], [2, 3]], {}, "kernel: expected an array"),
    ],
)
def test_what_does_not_fit_a_convolution_is_refused(x, kernel, options, message):
    with pytest.raises(ValueError, match=message):
        conv2d(x, kernel, **options)


@pytest.mark.parametrize(
    ("x", "kernel", "options", "message"),
    [
        (
            MAPS,
            np.ones((2, 3, 3, 3)),
            {},
            r"expected shape \(in_channels, out_channels / groups, kh, kw\) for an input of 3 channels, got "
            r"\(2, 3, 3, 3\), which takes 2; conv_transpose2d's kernel has the channels of its input first",
        ),
        (MAPS, np.ones((3, 1, 3, 3)), {"groups": 2}, "groups: expected a divisor"),
        (MAPS, np.ones((3, 1, 3, 3)), {"output_padding": 1}, "output_padding: expected less than the stride"),
        (MAPS, np.ones((3, 1, 3, 3)), {"padding": 4}, "which leaves -1×-1"),
        (MAPS[0], np.ones((3, 1, 3, 3)), {}, "x: expected shape"),
        (MAPS[0], np.ones((3, 3), np.longdouble), {}, "kernel: expected float32 or float64"),
    ],
)
def test_what_does_not_fit_a_transposed_convolution_is_refused(x, kernel, options, message):
    with pytest.raises(ValueError, match=message):
        conv_transpose2d(x, kernel, **options)
