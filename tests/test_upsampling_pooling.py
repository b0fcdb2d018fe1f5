"""Pooling and unpooling: equal to torch's with ties, NaN and padding; what returns and what does not."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from segedu.upsampling import average_pool2d, max_pool2d, max_unpool2d

NAN, INF = np.nan, np.inf
DTYPES = [np.uint8, np.int8, np.int64, np.uint64, np.float16, np.float32, np.float64]


@st.composite
def windows(draw, dilations=3):
    """A stack of maps with many ties, and a window with stride, padding and dilation."""
    k = draw(st.tuples(*[st.integers(1, 5)] * 2))
    s = draw(st.tuples(*[st.integers(1, 4)] * 2))
    d = draw(st.tuples(*[st.integers(1, dilations)] * 2))
    p = draw(st.tuples(*(st.integers(0, k[a] // 2) for a in (0, 1))))
    # Large enough for a window, and for a window with dilation not to jump over it.
    least = [max(d[a], d[a] * (k[a] - 1) + 1 - 2 * p[a]) for a in (0, 1)]
    size = [least[a] + draw(st.integers(0, 6)) for a in (0, 1)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = rng.integers(-3, 3, (2, 3, *size)).astype(float)
    x[rng.random(x.shape) < draw(st.sampled_from([0, 0, 0.1, 0.7]))] = draw(st.sampled_from([NAN, INF, -INF]))
    return x, k, {"stride": s, "padding": p, "dilation": d}


def test_four_windows_by_hand():
    x = np.array([[1, 2, 0, 7], [4, 3, 0, 0], [0, 0, 9, 9], [0, 5, 9, 9]])
    values, switches = max_pool2d(x, 2)
    assert values.tolist() == [[4, 7], [5, 9]]
    # 4 at row 1, column 0: 1 · 4 + 0. 7 at 0 · 4 + 3. 5 at 3 · 4 + 1. Of four nines the first, 2 · 4 + 2.
    assert switches.tolist() == [[4, 3], [13, 10]]
    assert switches.dtype == np.int64


@settings(deadline=None, max_examples=150)
@given(windows())
def test_values_and_switches_are_those_of_torch(case):
    x, k, options = case
    values, switches = max_pool2d(x, k, **options)
    theirs, indices = functional.max_pool2d(torch.from_numpy(x), k, **options, return_indices=True)
    np.testing.assert_array_equal(values, theirs.numpy())
    np.testing.assert_array_equal(switches, indices.numpy())


@pytest.mark.parametrize(
    ("window", "value", "switch"),
    [
        ([3, 3, 1, 3], 3, 0),  # of equal values the first
        ([-INF] * 4, -INF, 0),
        ([1, NAN, 2, 3], NAN, 1),  # a NaN counts as larger than all
        ([NAN, 1, NAN, INF], NAN, 2),  # of several NaN the last
    ],
)
def test_ties_and_nan(window, value, switch):
    values, switches = max_pool2d(np.reshape(window, (2, 2)), 2)
    assert switches.item() == switch
    np.testing.assert_equal(values.item(), value)
    theirs, index = functional.max_pool2d(
        torch.tensor(window).double().reshape(1, 2, 2), 2, return_indices=True
    )
    np.testing.assert_equal((theirs.item(), index.item()), (value, switch))


def test_padding_is_less_than_every_value():
    values, switches = max_pool2d([[-5]], 3, padding=1)
    assert values.tolist() == [[-5]]
    assert switches.tolist() == [[0]]


def test_a_window_without_a_value_is_refused():
    # One row, padding 1, and a window whose two rows lie above and below it.
    with pytest.raises(ValueError, match=r"padding: expected each window to meet a value, got \(1, 0\)"):
        max_pool2d(np.ones((1, 4)), (2, 1), padding=(1, 0), dilation=(2, 1))


@pytest.mark.parametrize("dtype", [*DTYPES, bool])
def test_max_pooling_keeps_the_dtype(dtype):
    x = np.array([[0, 1], [1, 0]], dtype)
    values, switches = max_pool2d(x, 2)
    assert (values.dtype, values.item(), switches.item()) == (dtype, 1, 1)
    assert max_unpool2d(values, switches, (2, 2)).dtype == dtype


def test_large_integers_are_not_rounded():
    # As float64 both would be 2⁶².
    values, switches = max_pool2d(np.array([[2**62, 2**62 + 1]]), (1, 2))
    assert (values.item(), switches.item()) == (2**62 + 1, 1)


@settings(deadline=None, max_examples=100)
@given(windows())
def test_unpooling_is_torchs(case):
    x, k, options = case
    values, switches = max_pool2d(np.nan_to_num(x, posinf=9, neginf=-9), k, **options)
    unpooled = max_unpool2d(values, switches, x.shape[-2:])
    # torch's max_unpool2d checks sizes by a formula without dilation; its own function below it takes any.
    tensors = torch.from_numpy(values), torch.from_numpy(switches)
    theirs = torch._C._nn.max_unpool2d(*tensors, list(x.shape[-2:]))
    np.testing.assert_array_equal(unpooled, theirs.numpy())


def test_only_maxima_return():
    x = np.arange(1.0, 17).reshape(4, 4)
    unpooled = max_unpool2d(*max_pool2d(x, 2), output_shape=(4, 4))
    assert unpooled.tolist() == [[0, 0, 0, 0], [0, 6, 0, 8], [0, 0, 0, 0], [0, 14, 0, 16]]


def test_pooling_what_was_unpooled_changes_nothing():
    x = np.random.default_rng(0).random((5, 8, 6))  # positive: a zero never wins
    values, switches = max_pool2d(x, 2)
    again, same = max_pool2d(max_unpool2d(values, switches, (8, 6)), 2)
    np.testing.assert_array_equal(again, values)
    np.testing.assert_array_equal(same, switches)


def test_an_odd_size_returns_as_it_was():
    # 5 × 5 and 4 × 4 both pool to 2 × 2: the switches count in rows of 5.
    values, switches = max_pool2d(np.arange(25).reshape(5, 5), 2)
    assert switches.tolist() == [[6, 8], [16, 18]]
    assert np.argwhere(max_unpool2d(values, switches, (5, 5))).tolist() == [[1, 1], [1, 3], [3, 1], [3, 3]]


def test_of_two_values_for_one_position_the_last_counts():
    assert max_unpool2d([[1, 2, 3]], [[0, 1, 1]], (1, 2)).tolist() == [[1, 3]]


def test_the_mean_of_four():
    assert average_pool2d([[1, 2, 3, 4], [5, 6, 7, 10]], 2).tolist() == [[3.5, 6]]


@settings(deadline=None, max_examples=100)
@given(windows(dilations=1), st.booleans())
def test_means_are_those_of_torch(case, count_include_pad):
    x, k, options = case
    x, options = np.nan_to_num(x, posinf=9, neginf=-9), {**options, "count_include_pad": count_include_pad}
    del options["dilation"]
    theirs = functional.avg_pool2d(torch.from_numpy(x), k, **options).numpy()
    np.testing.assert_allclose(average_pool2d(x, k, **options), theirs, rtol=0, atol=1e-12 * 9)


def test_padding_counts_as_zeros_or_not_at_all():
    # The window at the top left of ones sees four of them and five of the padding.
    ones = np.ones((3, 3))
    assert average_pool2d(ones, 3, padding=1)[0, 0] == pytest.approx(4 / 9)
    assert average_pool2d(ones, 3, padding=1, count_include_pad=False).tolist() == [[1]]


def test_the_mean_of_a_mask_is_a_share():
    assert average_pool2d([[True, False], [True, True]], 2).tolist() == [[0.75]]
    assert average_pool2d(np.full((2, 2), 200, np.uint8), 2).tolist() == [[200]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_means_keep_float32_and_float64(dtype):
    assert average_pool2d(np.ones((4, 4), dtype), 2).dtype == dtype


def test_a_nan_spreads_to_the_means_that_see_it_only():
    x = np.array([[NAN, 1, 1, 1]])
    np.testing.assert_array_equal(average_pool2d(x, (1, 2)), [[NAN, 1]])


@pytest.mark.parametrize("shape", [(4, 6), (3, 4, 6), (2, 3, 4, 6)])
def test_any_number_of_maps_at_once(shape):
    x = np.random.default_rng(1).standard_normal(shape)
    values, switches = max_pool2d(x, 2)
    assert values.shape == switches.shape == average_pool2d(x, 2).shape == (*shape[:-2], 2, 3)
    assert max_unpool2d(values, switches, (4, 6)).shape == shape


@pytest.mark.parametrize(
    ("x", "size", "options", "message"),
    [
        (np.ones(4), 2, {}, r"x: expected shape \(..., H, W\), got \(4,\)"),
        (np.ones((0, 4)), 2, {}, "x: expected shape"),
        (np.ones((4, 4), complex), 2, {}, "x: expected (real numbers|float32 or float64)"),
        (np.full((4, 4), "a"), 2, {}, "x: expected (real numbers|float32 or float64)"),
        ([[1], [2, 3]], 2, {}, "x: expected an array, got rows of different lengths"),
        (np.ones((4, 4)), 0, {}, "size: expected an integer from 1"),
        (np.ones((4, 4)), 2, {"stride": 0}, "stride: expected an integer from 1"),
        (
            np.ones((4, 4)),
            3,
            {"padding": 2},
            r"padding: expected at most half of the window, \(1, 1\), got \(2, 2\)",
        ),
        (np.ones((4, 4)), 5, {}, "expected a kernel that fits into the padded input of 4×4"),
    ],
)
def test_what_cannot_be_pooled_is_refused(x, size, options, message):
    for function in (max_pool2d, average_pool2d):
        with pytest.raises(ValueError, match=message):
            function(x, size, **options)


@pytest.mark.parametrize(
    ("values", "switches", "shape", "message"),
    [
        (
            [[1, 2]],
            [[0, 4]],
            (2, 2),
            "positions 0 to 3 of a map of 2×2, got 0 to 4; output_shape is the shape before",
        ),
        ([[1, 2]], [[-1, 3]], (2, 2), "got -1 to 3"),
        ([[1, 2]], [[0], [1]], (2, 2), r"values and switches: expected one shape, got \(1, 2\) and \(2, 1\)"),
        ([[1, 2]], [[0.0, 1.0]], (2, 2), "switches: expected integer positions, as of max_pool2d, got float64"),
        ([[1, 2]], [[True, False]], (2, 2), "switches: expected integer positions"),
        ([[1, 2]], [[0, 1]], (2, 2, 2), "output_shape"),
        ([1, 2], [0, 1], (2, 2), "values: expected shape"),
        ([[1j, 2]], [[0, 1]], (2, 2), "values: expected real numbers"),
    ],
)
def test_what_cannot_be_unpooled_is_refused(values, switches, shape, message):
    with pytest.raises(ValueError, match=message):
        max_unpool2d(values, switches, shape)
