"""Boundary IoU: by hand, by the published rule (3 × 3 erosions), and how it treats thick and thin objects."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from segedu.metrics import (
    boundary_counts,
    boundary_iou,
    boundary_iou_per_class,
    boundary_width,
    inner_boundary,
    iou_per_class,
)
from segedu.metrics import confusion_matrix as count


def square(size, top, left, side):
    mask = np.zeros(size, bool)
    mask[top : top + side, left : left + side] = True
    return mask


def by_erosion(mask, width):
    """The published rule: pad with one ring of zeros, erode so many times with a 3 × 3 square, subtract."""
    padded = np.pad(mask, 1)
    for _ in range(width):
        padded = ndimage.binary_erosion(padded, np.ones((3, 3)), border_value=1)
    return mask & ~padded[1:-1, 1:-1]


def iou(preds, target):
    return (preds & target).sum() / (preds | target).sum()


@st.composite
def masks(draw):
    """Rectangles on rectangles, with some noise."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    mask = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(0, 4))):
        (top, bottom), (left, right) = (
            np.sort(rng.integers(0, height + 1, 2)),
            np.sort(rng.integers(0, width + 1, 2)),
        )
        mask[top:bottom, left:right] ^= True
    return mask ^ (rng.random(mask.shape) < draw(st.sampled_from([0, 0.02])))


@st.composite
def label_maps(draw):
    mask = draw(masks())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    num_classes = draw(st.sampled_from([1, 2, 3, 255]))
    corners = rng.integers(0, num_classes, (3, 3)).repeat(14, axis=0).repeat(14, axis=1)
    target = np.where(mask, num_classes - 1, corners[: mask.shape[0], : mask.shape[1]])
    preds = np.roll(target, draw(st.integers(-2, 2)), axis=draw(st.integers(0, 1)))
    target[rng.random(mask.shape) < draw(st.sampled_from([0, 0.01, 0.3, 1]))] = 255
    return preds, target, num_classes


@pytest.mark.parametrize(
    ("size", "ratio", "width"),
    [
        ((360, 480), 0.02, 12),  # diagonal 600
        ((480, 640), 0.02, 16),  # diagonal 800
        ((1024, 2048), 0.005, 11),  # diagonal 2289.7: 11.4
        ((30, 40), 0.02, 1),  # diagonal 50
        ((3, 4), 0.02, 1),  # a tenth of a pixel is one at least
        ((3, 4), 0.5, 2),  # exactly 2.5: to the even neighbour, as Python and NumPy round
        ((6, 8), 0.35, 4),  # exactly 3.5
    ],
)
def test_the_width_is_a_share_of_the_diagonal(size, ratio, width):
    assert boundary_width(size, ratio) == width


def test_the_boundary_of_a_square_by_hand():
    # 4 × 4 pixels: the outer ring of 12; two rings are all 16.
    mask = square((6, 6), 1, 1, 4)
    assert inner_boundary(mask, 1).sum() == 12
    assert not inner_boundary(mask, 1)[2:4, 2:4].any()
    np.testing.assert_array_equal(inner_boundary(mask, 2), mask)


def test_the_border_of_the_image_is_a_boundary():
    # A mask that fills 5 × 5 pixels: all but the inner 3 × 3.
    assert inner_boundary(np.ones((5, 5), bool), 1).sum() == 25 - 9


def test_a_diagonal_neighbour_is_one_pixel_away():
    # One hole in the middle takes its eight neighbours along, and the border the rest of 5 × 5.
    mask = np.ones((7, 7), bool)
    mask[3, 3] = False
    inside = inner_boundary(mask, 1)[1:-1, 1:-1]
    assert inside.sum() == 8
    assert inside[1, 1]
    assert not inside[0].any()


@settings(deadline=None)
@given(masks(), st.integers(1, 60))
def test_the_boundary_equals_the_published_rule(mask, width):
    np.testing.assert_array_equal(inner_boundary(mask, width), by_erosion(mask, width))


@settings(deadline=None)
@given(masks(), st.sampled_from([0.02, 0.1, 1.0]), st.integers(-2, 2))
def test_boundary_iou_equals_its_definition(target, ratio, shift):
    preds = np.roll(target, shift, axis=1)
    width = boundary_width(target.shape, ratio)
    p, g = by_erosion(preds, width), by_erosion(target, width)
    expected = iou(p, g) if target.any() else math.nan
    np.testing.assert_equal(boundary_iou(preds, target, dilation_ratio=ratio), expected)
    np.testing.assert_equal(boundary_iou(target, preds, dilation_ratio=ratio), expected)


def test_a_wide_boundary_is_the_mask_and_boundary_iou_is_iou():
    target, preds = square((20, 20), 4, 4, 9), square((20, 20), 5, 6, 9)
    assert boundary_iou(preds, target, dilation_ratio=0.5) == iou(preds, target)


def test_a_ragged_outline_costs_a_large_object_little_iou_and_much_boundary_iou():
    # A square of side 160 in 200 × 200 pixels: the boundary is 6 deep (diagonal 283). Of the 3 outer rows at
    # the top and at the bottom every other pixel is lost: 480 of 25,600.
    target = square((200, 200), 20, 20, 160)
    preds = target.copy()
    preds[20:23, 20:180:2] = preds[177:180, 20:180:2] = False
    assert iou(preds, target) == 1 - 480 / 25_600
    # The target's boundary has 160² - 148² = 3,696 pixels. The prediction has 2 · 3 · 148 more, three rows
    # further in below its gaps.
    assert boundary_iou(preds, target) == (3696 - 480) / (3696 + 888)  # 0.70


def test_boundary_iou_of_thick_and_thin_is_closer_than_iou():
    # Shifted by two pixels: a square of 100 pixels' side keeps 98 of 102 columns, a strip of 6 keeps 4 of 8.
    thick, thin = square((200, 200), 50, 50, 100), np.zeros((200, 200), bool)
    thin[50:150, 50:56] = True
    pairs = [(np.roll(mask, 2, axis=1), mask) for mask in (thick, thin)]
    by_iou, by_boundary = [iou(*pair) for pair in pairs], [boundary_iou(*pair) for pair in pairs]
    assert by_iou == [98 / 102, 4 / 8]
    assert abs(by_boundary[0] - by_boundary[1]) < 0.6 * (by_iou[0] - by_iou[1])


def test_two_empty_masks_are_undefined_and_one_is_0():
    empty, full = np.zeros((4, 5), bool), np.ones((4, 5), bool)
    assert math.isnan(boundary_iou(empty, empty))
    assert boundary_iou(empty, full) == 0
    assert boundary_iou(full, full) == 1


@settings(deadline=None)
@given(label_maps(), st.sampled_from([0.02, 0.08]))
def test_each_class_counts_as_its_mask_where_the_truth_is_known(case, ratio):
    preds, target, num_classes = case
    width = boundary_width(target.shape, ratio)
    known = target != 255
    shared, union = boundary_counts(preds, target, num_classes, dilation_ratio=ratio)
    assert shared.shape == union.shape == (num_classes,)
    for c in {0, num_classes // 2, num_classes - 1}:
        p, g = (by_erosion((labels == c) & known, width) for labels in (preds, target))
        assert (shared[c], union[c]) == ((p & g).sum(), (p | g).sum())
    per_class = boundary_iou_per_class(preds, target, num_classes, dilation_ratio=ratio)
    np.testing.assert_array_equal(per_class, shared / np.where(union, union, np.nan))


def test_labels_of_256_classes_fit():
    labels = np.arange(256).repeat(2)[None].repeat(2, axis=0)  # stripes, 2 × 2 pixels each
    for dtype in (np.uint8, np.int64):
        shared, union = boundary_counts(labels.astype(dtype), labels, 256, ignore_index=None)
        assert (shared == 4).all()
        assert (union == 4).all()


@settings(deadline=None, max_examples=50)
@given(label_maps(), st.integers(0, 2**32))
def test_predictions_on_void_change_nothing(case, seed):
    preds, target, num_classes = case
    others = np.random.default_rng(seed).integers(0, num_classes, preds.shape)
    for changed in (np.where(target == 255, others, preds), np.where(target == 255, 255, preds)):
        np.testing.assert_array_equal(
            boundary_counts(changed, target, num_classes), boundary_counts(preds, target, num_classes)
        )


@settings(deadline=None, max_examples=50)
@given(label_maps())
def test_a_class_is_undefined_exactly_where_its_iou_is(case):
    preds, target, num_classes = case
    per_class = boundary_iou_per_class(preds, target, num_classes)
    np.testing.assert_array_equal(
        np.isnan(per_class), np.isnan(iou_per_class(count(preds, target, num_classes)))
    )


def test_the_truth_against_itself_is_1():
    target = np.random.default_rng(0).integers(0, 3, (9, 9))
    assert boundary_iou_per_class(target, target, 4).tolist()[:3] == [1, 1, 1]


def test_void_may_be_another_label():
    target = np.array([[0, 0, 1, 1], [0, 0, 7, 7]])
    shared, union = boundary_counts(np.zeros((2, 4), int), target, 2, ignore_index=7)
    # All pixels of so small an image are boundary. Class 0 has 4 true ones and 6 predicted ones.
    assert shared.tolist() == [4, 0]
    assert union.tolist() == [6, 2]


@pytest.mark.parametrize("ratio", [0, -0.02, math.nan, math.inf, "0.02", None])
def test_the_ratio_is_a_number_above_0(ratio):
    mask, labels = np.ones((3, 3), bool), np.ones((3, 3), int)
    for call in (
        lambda: boundary_width((3, 3), ratio),
        lambda: boundary_iou(mask, mask, dilation_ratio=ratio),
        lambda: boundary_iou_per_class(labels, labels, 2, dilation_ratio=ratio),
    ):
        with pytest.raises(ValueError, match="dilation_ratio: expected a number above 0"):
            call()


@pytest.mark.parametrize("width", [0, -1, 1.0, True, None])
def test_the_width_is_an_integer_from_1(width):
    with pytest.raises(ValueError, match="width: expected an integer from 1"):
        inner_boundary(np.ones((3, 3), bool), width)


@pytest.mark.parametrize(
    "mask", [np.ones((3, 3), int), np.ones((2, 3, 3), bool), np.ones((0, 3), bool), [[0.5]]]
)
def test_what_is_no_mask_is_refused(mask):
    good = np.ones((3, 3), bool)
    with pytest.raises(ValueError, match=r"preds: expected a mask of shape \(H, W\) .*boundary_iou_per_class"):
        boundary_iou(mask, good)
    with pytest.raises(ValueError, match="target: expected a mask"):
        boundary_iou(good, mask)
    with pytest.raises(ValueError, match="mask: expected a mask"):
        inner_boundary(mask, 1)


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match=r"masks of one shape, got \(2, 3\) and \(3, 2\)"):
        boundary_iou(np.ones((2, 3), bool), np.ones((3, 2), bool))


@pytest.mark.parametrize(
    ("preds", "target", "num_classes", "message"),
    [
        (
            np.zeros((2, 3, 3), int),
            np.zeros((2, 3, 3), int),
            2,
            r"expected shape \(H, W\), one image, got \(2, 3, 3\)",
        ),
        (np.zeros((0, 3), int), np.zeros((0, 3), int), 2, r"got \(0, 3\)"),
        (np.zeros((3, 3), int), np.zeros((3, 4), int), 2, "one shape"),
        (np.full((3, 3), 2), np.zeros((3, 3), int), 2, "preds: expected class indices 0 to 1, got 2"),
        (np.zeros((3, 3), int), np.full((3, 3), -1), 2, "target: expected class indices 0 to 1 or 255"),
        (np.full((3, 3), 255), np.zeros((3, 3), int), 2, "wherever the truth is known"),
        (np.ones((3, 3), bool), np.zeros((3, 3), int), 2, "got bool"),
        (np.zeros((3, 3), int), np.zeros((3, 3), int), 256, "ignore_index"),
    ],
)
def test_label_maps_are_checked_as_for_the_confusion_matrix(preds, target, num_classes, message):
    for function in (boundary_counts, boundary_iou_per_class):
        with pytest.raises(ValueError, match=message):
            function(preds, target, num_classes)
