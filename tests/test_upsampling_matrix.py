"""The convolution matrix and the scatter matrix: by hand, against torch, as linear maps, and where they end."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from segedu.upsampling import MAX_ENTRIES, col2im_matrix, conv2d, conv_transpose2d, convolution_matrix
from upsampling_cases import assert_equal, cases, make

KERNEL = np.arange(1, 10).reshape(3, 3)


def applied(matrix, x, shape):
    return (matrix @ x.ravel()).reshape(shape)


def test_the_articles_matrix_by_hand():
    # Four places for a kernel of 3 × 3 on 4 × 4. The first row is the kernel at the top left, row by row; one
    # place to the right shifts it by 1 column, one place down by 4.
    first = [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0]
    C = convolution_matrix(KERNEL, (4, 4))
    assert C.shape == (4, 16)
    assert C.nnz == 36
    assert C.toarray().tolist() == [np.roll(first, shift).tolist() for shift in (0, 1, 4, 5)]


def test_padding_has_no_column():
    # One pixel, padded to 3 × 3, under 3 × 3: only the middle of the kernel meets it.
    assert convolution_matrix(KERNEL, (1, 1), padding=1).toarray().tolist() == [[5]]


def test_channels_are_blocks():
    # Two inputs, one output, kernel 1 × 1 with weights 2 and 3, on two pixels.
    C = convolution_matrix([[[[2]], [[3]]]], (2, 1, 2))
    assert C.toarray().tolist() == [[2, 0, 3, 0], [0, 2, 0, 3]]


def test_groups_see_only_their_own_channels():
    C = convolution_matrix([[[[2]]], [[[3]]]], (2, 1, 2), groups=2)
    assert C.toarray().tolist() == [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 3]]


def test_zero_weights_are_stored():
    C = convolution_matrix(np.zeros((3, 3)), (4, 4))
    assert C.nnz == 36


@settings(deadline=None, max_examples=150)
@given(cases())
def test_the_matrix_is_the_convolution_and_its_transpose_the_transposed_one(case):
    C = convolution_matrix(case.kernel, case.large.shape, **case.options)
    assert_equal(applied(C, case.large, case.small.shape), case.torch_conv2d())
    assert_equal(applied(C.T, case.small, case.large.shape), case.torch_conv_transpose2d())


@settings(deadline=None, max_examples=60)
@given(cases())
def test_rows_are_in_order_without_duplicates(case):
    C = convolution_matrix(case.kernel, case.large.shape, **case.options)
    C.check_format(full_check=True)
    assert C.has_canonical_format
    assert C.indices.dtype == C.indptr.dtype == np.int32  # half the memory of int64


@settings(deadline=None, max_examples=60)
@given(cases())
def test_cx_with_y_is_x_with_transposed_cy(case):
    x, y = case.large, case.small
    C = convolution_matrix(case.kernel, x.shape, **case.options)
    forwards = np.vdot(C @ x.ravel(), y)
    assert forwards == pytest.approx(np.vdot(x, C.T @ y.ravel()), rel=0, abs=1e-12 * C.nnz)
    # The fast functions are each other's transpose too.
    options = {**case.options, "output_padding": case.output_padding}
    fast = np.vdot(conv2d(x, case.kernel, **case.options), y)
    assert fast == pytest.approx(
        np.vdot(x, conv_transpose2d(y, case.kernel, **options)), rel=0, abs=1e-12 * C.nnz
    )


@settings(deadline=None, max_examples=60)
@given(cases())
def test_the_gradient_of_a_convolution_is_the_transposed_convolution(case):
    x = torch.from_numpy(case.large)[None].requires_grad_()
    y = functional.conv2d(x, torch.from_numpy(case.kernel), **case.options)
    y.backward(torch.from_numpy(case.small)[None])
    C = convolution_matrix(case.kernel, case.large.shape, **case.options)
    assert_equal(applied(C.T, case.small, case.large.shape), x.grad[0].numpy())


def test_the_transpose_is_no_inverse():
    # 5×5, kernel 3, stride 2, padding 1: nine outputs of 25 inputs. What C loses, no matrix brings back.
    C = convolution_matrix(KERNEL, (5, 5), stride=2, padding=1)
    assert C.shape == (9, 25)
    assert np.linalg.matrix_rank(C.toarray()) == 9
    x = np.arange(25.0)
    assert not np.allclose(C.T @ (C @ x), x)


@settings(deadline=None, max_examples=100)
@given(cases())
def test_col2im_is_torchs_fold_and_its_transpose_unfold(case):
    shape, kernel_size = case.large.shape[1:], case.kernel.shape[2:]
    S = col2im_matrix(shape, kernel_size, **case.window)
    taps = np.prod(kernel_size)
    stamps = np.random.default_rng(0).standard_normal((taps, case.small[0].size))
    assert S.shape == (case.large[0].size, stamps.size)
    assert set(S.data) <= {1}
    folded = functional.fold(torch.from_numpy(stamps)[None], shape, kernel_size, **case.window)
    assert_equal(applied(S, stamps, shape), folded[0, 0].numpy())
    unfolded = functional.unfold(torch.from_numpy(case.large[:1])[None], kernel_size, **case.window)
    assert_equal(applied(S.T, case.large[0], stamps.shape), unfolded[0].numpy())


@settings(deadline=None, max_examples=100)
@given(cases().filter(lambda case: case.options["groups"] == 1))
def test_a_product_and_a_scatter_are_a_transposed_convolution(case):
    S = col2im_matrix(case.large.shape[1:], case.kernel.shape[2:], **case.window)
    inputs, outputs = case.kernel.shape[:2]
    stamps = case.kernel.reshape(inputs, -1).T @ case.small.reshape(inputs, -1)
    scattered = (stamps.reshape(outputs, -1) @ S.T).reshape(case.large.shape)
    fast = conv_transpose2d(case.small, case.kernel, **case.window, output_padding=case.output_padding)
    assert_equal(scattered, fast)


def test_the_scatter_keeps_float32():
    S = col2im_matrix((4, 4), 3)
    assert (np.ones((5, 36), np.float32) @ S.T).dtype == np.float32
    assert (S @ np.ones(36)).dtype == np.float64


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.float32, np.float32), (np.float64, np.float64), (np.int8, np.float64), (bool, np.float64)],
)
def test_float32_is_kept_and_integers_become_float64(dtype, expected):
    C = convolution_matrix(np.ones((2, 2), dtype), (3, 3))
    assert C.dtype == expected
    assert (C @ np.ones(9, dtype)).dtype == expected


def test_a_real_layer_is_refused_with_the_number_and_the_way_out():
    # 32×112×112 -> 64×56×56, kernel 4, stride 2, padding 1: along an axis 56 · 4 = 224 wires, two of them over
    # the padding. 64 · 32 · 222² = 100.9 million entries, of 8 + 4 bytes.
    kernel = np.zeros((64, 32, 4, 4), np.float32)
    with pytest.raises(
        ValueError,
        match=r"at most 20,000,000 entries, got 100,933,632 \(1.2 GB\); conv2d and conv_transpose2d apply",
    ):
        convolution_matrix(kernel, (32, 112, 112), stride=2, padding=1)
    with pytest.raises(ValueError, match=r"col2im_matrix: expected at most 20,000,000 entries, got 25,000,000"):
        col2im_matrix((5000, 5000), 1)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_entries_are_counted_as_they_are_stored(case):
    with pytest.MonkeyPatch.context() as patch:
        C = convolution_matrix(case.kernel, case.large.shape, **case.options)
        patch.setattr("segedu.upsampling.matrix.MAX_ENTRIES", C.nnz - 1)
        with pytest.raises(ValueError, match=f"got {C.nnz:,} "):
            convolution_matrix(case.kernel, case.large.shape, **case.options)
        patch.setattr("segedu.upsampling.matrix.MAX_ENTRIES", C.nnz)
        assert convolution_matrix(case.kernel, case.large.shape, **case.options).nnz == C.nnz
    assert MAX_ENTRIES == 20_000_000


@pytest.mark.parametrize(
    ("kernel", "shape", "options", "message"),
    [
        (np.ones(3), (4, 4), {}, r"kernel: expected shape \(kh, kw\) or \(out_channels, .*, got \(3,\)"),
        (np.ones((1, 3, 3)), (4, 4), {}, "kernel: expected shape"),
        (np.ones((3, 0)), (4, 4), {}, "kernel: expected shape"),
        (np.ones((3, 3)), (1, 4, 4), {}, r"input_shape: expected \(H, W\), as the kernel has no channels"),
        (np.ones((1, 1, 3, 3)), (4, 4), {}, r"input_shape: expected \(in_channels, H, W\), got \(4, 4\)"),
        (np.ones((1, 1, 3, 3)), 4, {}, "input_shape"),
        (np.ones((3, 3)), (4, 0), {}, "input_shape"),
        (
            np.ones((2, 3, 3, 3)),
            (4, 5, 5),
            {},
            r"for an input of 4 channels, got \(2, 3, 3, 3\), which takes 3",
        ),
        (np.ones((2, 3, 3, 3)), (3, 5, 5), {"groups": 2}, "which takes 6"),
        (np.ones((3, 1, 3, 3)), (2, 5, 5), {"groups": 2}, "groups: expected a divisor"),
        (np.ones((3, 3)), (2, 5), {}, "fits into the padded input of 2×5"),
        (np.ones((3, 3)), (5, 5), {"stride": 0}, "stride"),
        (np.ones((3, 3), complex), (5, 5), {}, "kernel: expected float32 or float64"),
    ],
)
def test_what_does_not_fit_is_refused(kernel, shape, options, message):
    with pytest.raises(ValueError, match=message):
        convolution_matrix(kernel, shape, **options)


@given(st.integers(1, 4), st.integers(1, 3))
@settings(deadline=None, max_examples=12)
def test_a_stride_takes_rows_of_the_matrix_without_stride(stride, dilation):
    case = make((3, 4), (3, 2), (stride, 1), (1, 0), (dilation, dilation), (0, 0))
    kernel, shape = case.kernel[0, 0], case.large.shape[1:]
    dense = convolution_matrix(kernel, shape, padding=(1, 0), dilation=dilation).toarray()
    strided = convolution_matrix(kernel, shape, stride=(stride, 1), padding=(1, 0), dilation=dilation).toarray()
    rows = np.arange(len(dense)).reshape(-1, 4)[::stride].ravel()
    np.testing.assert_array_equal(strided, dense[rows])
