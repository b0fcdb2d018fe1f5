"""Nearest and bilinear: by hand, equal to torch's, matrix and function alike; the bilinear kernel."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from segedu.upsampling import (
    bilinear_kernel,
    bilinear_matrix,
    conv_transpose2d,
    nearest_matrix,
    resize_bilinear,
    resize_nearest,
)
from upsampling_cases import assert_equal


def torch_resized(x, shape, mode, **options):
    maps = torch.from_numpy(x).reshape(1, -1, *x.shape[-2:])
    return (
        functional.interpolate(maps, size=tuple(shape), mode=mode, **options)
        .numpy()
        .reshape(*x.shape[:-2], *shape)
    )


sizes = st.tuples(st.integers(1, 17), st.integers(1, 17))
maps = st.builds(
    lambda lead, size, seed: np.random.default_rng(seed).standard_normal((*lead, *size)),
    st.sampled_from([(), (1,), (3,), (2, 2)]),
    sizes,
    st.integers(0, 2**32),
)


def test_two_pixels_become_four():
    assert resize_nearest([[1, 2]], (1, 4)).tolist() == [[1, 1, 2, 2]]
    # Centres at -.25, .25, .75 and 1.25 of the old pixels.
    assert resize_bilinear([[0, 4]], (1, 4)).tolist() == [[0, 1, 3, 4]]
    # Points, from the first to the last.
    assert resize_bilinear([[0, 3]], (1, 4), align_corners=True).tolist() == [[0, 1, 2, 3]]


def test_shrinking_takes_the_first_pixel_or_the_mean_of_the_middle_ones():
    # From 8 to 2: nearest takes pixels 0 and 4. Bilinear has its centres at 1.5 and 5.5.
    x = np.arange(8.0)[None] ** 2
    assert resize_nearest(x, (1, 2)).tolist() == [[0, 16]]
    assert resize_bilinear(x, (1, 2)).tolist() == [[(1 + 4) / 2, (25 + 36) / 2]]


@settings(deadline=None, max_examples=150)
@given(maps, sizes, st.booleans())
def test_bilinear_is_torchs(x, shape, align_corners):
    resized = resize_bilinear(x, shape, align_corners=align_corners)
    assert_equal(resized, torch_resized(x, shape, "bilinear", align_corners=align_corners))


@settings(deadline=None, max_examples=100)
@given(maps, sizes)
def test_nearest_is_torchs(x, shape):
    np.testing.assert_array_equal(resize_nearest(x, shape), torch_resized(x, shape, "nearest"))


@pytest.mark.parametrize("align_corners", [False, True])
def test_bilinear_is_torchs_for_every_pair_of_sizes(align_corners):
    for before in range(1, 20):
        x = np.random.default_rng(before).standard_normal((1, before))
        for after in range(1, 40):
            resized = resize_bilinear(x, (1, after), align_corners=align_corners)
            assert_equal(resized, torch_resized(x, (1, after), "bilinear", align_corners=align_corners))


def test_nearest_is_torchs_for_every_pair_of_sizes_up_to_25():
    for before in range(1, 26):
        x = np.arange(float(before))[None]
        for after in range(1, 26):
            np.testing.assert_array_equal(
                resize_nearest(x, (1, after)), torch_resized(x, (1, after), "nearest")
            )


@pytest.mark.parametrize(("before", "after", "wrong"), [(26, 22, [11]), (2, 82, [41]), (3, 123, [41, 82])])
def test_nearest_is_exact_where_torch_rounds(before, after, wrong):
    # 11 · 26/22 = 13, 41 · 2/82 = 1, 41 · 3/123 = 1, and 82 · 3/123 = 2. In float32 all are less.
    x = np.arange(before)[None].astype(float)
    ours, theirs = resize_nearest(x, (1, after))[0], torch_resized(x, (1, after), "nearest")[0]
    assert ours.tolist() == [j * before // after for j in range(after)]
    assert np.flatnonzero(ours != theirs).tolist() == wrong
    assert (ours - theirs)[wrong].tolist() == [1] * len(wrong)


def test_torchs_two_precisions_differ_so_no_rule_equals_both():
    x = np.arange(2.0)[None]
    single, double = (torch_resized(x.astype(t), (1, 164), "nearest")[0] for t in (np.float32, np.float64))
    assert not np.array_equal(single, double)
    assert np.array_equal(resize_nearest(x, (1, 164))[0], double)


@settings(deadline=None, max_examples=100)
@given(maps, sizes, st.booleans())
def test_the_matrices_are_the_functions(x, shape, align_corners):
    x = x.reshape(-1, *x.shape[-2:])
    nearest = nearest_matrix(x.shape[1:], shape)
    bilinear = bilinear_matrix(x.shape[1:], shape, align_corners=align_corners)
    for matrix, resized in (
        (nearest, resize_nearest(x, shape)),
        (bilinear, resize_bilinear(x, shape, align_corners=align_corners)),
    ):
        assert matrix.shape == (shape[0] * shape[1], x[0].size)
        matrix.check_format(full_check=True)
        assert matrix.has_canonical_format
        assert_equal((x.reshape(len(x), -1) @ matrix.T).reshape(resized.shape), resized)
        # A mean: no new pixel is brighter than all old ones.
        np.testing.assert_allclose(matrix.sum(axis=1), 1)
        assert (matrix.data > 0).all()
    assert (np.diff(nearest.indptr) == 1).all()
    assert (np.diff(bilinear.indptr) <= 4).all()


@pytest.mark.parametrize("align_corners", [False, True])
def test_one_pixel_fills_the_map(align_corners):
    assert resize_bilinear([[7]], (2, 3), align_corners=align_corners).tolist() == [[7, 7, 7], [7, 7, 7]]


def test_one_new_pixel_is_the_first_point_or_the_middle():
    x = [[1, 2, 9]]
    assert resize_bilinear(x, (1, 1), align_corners=True).item() == 1
    assert resize_bilinear(x, (1, 1)).item() == 2


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, bool, "U3", object])
def test_nearest_keeps_any_dtype(dtype):
    x = np.array([[0, 1], [1, 0]]).astype(dtype)
    resized = resize_nearest(x, (4, 2))
    assert resized.dtype == x.dtype
    np.testing.assert_array_equal(resized, x[[0, 0, 1, 1]])


def test_nearest_makes_no_new_label_and_bilinear_does():
    labels = np.array([[1, 3]], np.uint8)
    assert set(resize_nearest(labels, (1, 4)).ravel()) == {1, 3}
    assert 2.5 in resize_bilinear(labels, (1, 4))


@pytest.mark.parametrize(
    ("dtype", "expected"), [(np.float32, np.float32), (np.float64, np.float64), (np.uint8, np.float64)]
)
def test_bilinear_keeps_float32_and_makes_float64_of_integers(dtype, expected):
    x = np.arange(6).reshape(2, 3).astype(dtype)
    resized = resize_bilinear(x, (5, 7))
    assert resized.dtype == expected
    assert_equal(resized.astype(float), torch_resized(x.astype(float), (5, 7), "bilinear"), 1e-6)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("shape", [(3, 4), (3, 8), (6, 4), (5, 7), (3, 2), (1, 4)])
def test_what_is_not_finite_spreads_as_in_torch(shape, align_corners):
    x = np.ones((3, 4))
    x[1, 1] = np.nan
    theirs = torch_resized(x, shape, "bilinear", align_corners=align_corners)
    np.testing.assert_array_equal(resize_bilinear(x, shape, align_corners=align_corners), theirs)
    x[1, 1] = np.inf  # 0 · inf is NaN. Where we leave a zero weight out, torch may not; finite are the same
    theirs = torch_resized(x, shape, "bilinear", align_corners=align_corners)
    resized = resize_bilinear(x, shape, align_corners=align_corners)
    np.testing.assert_array_equal(np.isfinite(resized), np.isfinite(theirs))


def test_the_bilinear_kernels_of_factors_2_and_3():
    # Factor 2: the new pixels lie ¼ and ¾ of a pixel away. Factor 3: 0, ⅓ and ⅔.
    assert bilinear_kernel((1, 2)).tolist() == [[0.25, 0.75, 0.75, 0.25]]
    np.testing.assert_allclose(bilinear_kernel((3, 1)).ravel(), [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3])
    np.testing.assert_allclose(bilinear_kernel(2), np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16)


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5, 8, 16, 32])
def test_a_transposed_convolution_with_it_is_bilinear_inside(factor):
    x = np.random.default_rng(factor).standard_normal((5, 6))
    kernel = bilinear_kernel(factor)
    upsampled = conv_transpose2d(x, kernel, stride=factor, padding=(len(kernel) - factor) // 2)
    resized = resize_bilinear(x, (5 * factor, 6 * factor))
    assert upsampled.shape == resized.shape
    inside = slice(factor // 2, -(factor // 2) or None)
    np.testing.assert_allclose(upsampled[inside, inside], resized[inside, inside], rtol=0, atol=1e-12)


def test_at_the_border_it_darkens():
    # Of a map of ones the border gets ¾ of its weights from the map, the corners (¾)² = .5625.
    y = conv_transpose2d(np.ones((3, 3)), bilinear_kernel(2), stride=2, padding=1)
    assert y[0].tolist() == [0.5625, 0.75, 0.75, 0.75, 0.75, 0.5625]
    assert (y[1:-1, 1:-1] == 1).all()
    assert (resize_bilinear(np.ones((3, 3)), (6, 6)) == 1).all()


def test_channels_stay_apart_with_groups():
    x = np.random.default_rng(0).standard_normal((3, 4, 4))
    kernel = bilinear_kernel(2)
    y = conv_transpose2d(x, np.broadcast_to(kernel, (3, 1, 4, 4)), stride=2, padding=1, groups=3)
    for channel, upsampled in zip(x, y, strict=True):
        assert_equal(upsampled, conv_transpose2d(channel, kernel, stride=2, padding=1))


def test_huge_matrices_are_refused_with_the_number_and_the_way_out():
    with pytest.raises(
        ValueError, match=r"at most 20,000,000 entries, got 32,000,000 .*; resize_bilinear gives"
    ):
        bilinear_matrix((10, 10), (2000, 4000))
    with pytest.raises(ValueError, match=r"nearest_matrix: .*got 20,000,001 .*; resize_nearest gives the same"):
        nearest_matrix((10, 10), (1, 20_000_001))


@pytest.mark.parametrize("shape", [(4,), (3, 4, 4), (0, 4), (4, -1), 4, None, (2.0, 2)])
def test_a_shape_is_a_height_and_a_width_from_1(shape):
    for function in (resize_nearest, resize_bilinear):
        with pytest.raises(ValueError, match="output_shape"):
            function(np.ones((2, 2)), shape)
    for function in (nearest_matrix, bilinear_matrix):
        with pytest.raises(ValueError, match="output_shape"):
            function((2, 2), shape)
        with pytest.raises(ValueError, match="input_shape"):
            function(shape, (2, 2))


@pytest.mark.parametrize("x", [np.ones(3), np.ones((0, 3)), 1.0])
def test_what_is_no_map_is_refused(x):
    for function in (resize_nearest, resize_bilinear):
        with pytest.raises(ValueError, match=r"x: expected shape \(..., H, W\)"):
            function(x, (2, 2))


@pytest.mark.parametrize("factor", [0, -1, 1.5, None, (2, 0), (2, 2, 2)])
def test_a_factor_is_an_integer_from_1(factor):
    with pytest.raises(ValueError, match="stride: expected an integer from 1"):
        bilinear_kernel(factor)


def test_byte_order_and_strides_of_the_input_do_not_matter():
    x = np.random.default_rng(0).standard_normal((2, 4, 6))
    for view in (np.asfortranarray, lambda a: a.astype(">f8"), lambda a: np.repeat(a, 2, axis=-1)[..., ::2]):
        assert_equal(resize_bilinear(view(x), (7, 9)), resize_bilinear(x, (7, 9)))


def test_complex_numbers_are_not_interpolated():
    with pytest.raises(ValueError, match="x: expected float32 or float64"):
        resize_bilinear(np.ones((2, 2), complex), (4, 4))
