"""Label maps as stacks of masks, and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segedu.masks import from_one_hot, one_hot

LABELS = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.sampled_from([0, 1, 2, 3, 255])
)


def test_each_pixel_is_in_the_mask_of_its_class_and_ignored_ones_in_none():
    expected = [[[True, False, False]], [[False, True, False]], [[False, False, False]]]
    np.testing.assert_array_equal(one_hot(np.array([[0, 1, 255]]), 3), expected)


@settings(deadline=None)
@given(LABELS)
def test_the_way_back_gives_the_labels(labels):
    stack = one_hot(labels, 4)
    assert stack.dtype == bool
    np.testing.assert_array_equal(from_one_hot(stack), labels)
    np.testing.assert_array_equal(stack.sum(axis=0), labels != 255)


def test_the_ignored_label_can_be_chosen():
    labels = np.array([[-1, 0, 1]])
    stack = one_hot(labels, 2, ignore_index=-1)
    assert not stack[:, 0, 0].any()
    np.testing.assert_array_equal(from_one_hot(stack, ignore_index=-1), labels)


def test_an_ignored_class_has_an_empty_mask():
    # Class 0 is ignored: of (0, 1) only the second pixel is in a mask.
    np.testing.assert_array_equal(
        one_hot(np.array([[0, 1]]), 2, ignore_index=0), [[[False, False]], [[False, True]]]
    )


@pytest.mark.parametrize(
    ("labels", "num_classes", "message"),
    [
        (np.array([[0, 2]]), 2, r"labels: expected 0 to 1 or 255 \(ignored\), got \[2\]"),
        (np.array([[-1, 0]]), 2, r"got \[-1\]"),
        (np.array([[0.0, 1.0]]), 2, r"labels: expected shape \(H, W\) and integers, got \(1, 2\) and float64"),
        (np.array([0, 1]), 2, r"got \(2,\)"),
        (np.array([[0]]), 0, "num_classes: expected at least 1, got 0"),
    ],
)
def test_labels_out_of_range_are_refused(labels, num_classes, message):
    with pytest.raises(ValueError, match=message):
        one_hot(labels, num_classes)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (
            np.ones((2, 1, 1), bool),
            r"at most one class for each pixel, got classes \[0, 1\] at row 0, column 0",
        ),
        (np.ones((1, 1, 1)), "dtype bool, got .* and float64"),
        (np.ones((1, 1), bool), r"expected shape \(C, H, W\)"),
        (np.ones((0, 1, 1), bool), "with C ≥ 1"),
    ],
)
def test_what_a_label_map_cannot_say_is_refused(masks, message):
    with pytest.raises(ValueError, match=message):
        from_one_hot(masks)
