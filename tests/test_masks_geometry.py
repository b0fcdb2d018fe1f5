"""Overlap of masks and boxes, boxes around masks: by hand, and against pycocotools."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from segedu.masks import box_iou, boxes, mask_intersection, mask_iou, xywh_to_xyxy, xyxy_to_xywh

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools


@st.composite
def pairs_of_stacks(draw):
    height, width = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    return tuple(draw(hnp.arrays(bool, (draw(st.integers(0, 4)), height, width))) for _ in range(2))


def test_iou_of_masks_by_hand():
    preds = np.array([[[1, 1, 0], [1, 1, 0]], [[0, 0, 1], [0, 0, 1]], [[0, 0, 0], [0, 0, 0]]], bool)
    target = np.array([[[0, 1, 1], [0, 1, 1]], [[0, 0, 0], [0, 0, 0]]], bool)
    # Row 0: shares 2 pixels of 4 + 4 - 2 = 6; nothing with the empty target: 0 / 4.
    # Row 1: shares 2 of 2 + 4 - 2 = 4.  Row 2, empty: 0 / 4, and nothing with nothing is undefined.
    np.testing.assert_array_equal(mask_iou(preds, target), [[2 / 6, 0], [2 / 4, 0], [0, np.nan]])
    np.testing.assert_array_equal(mask_intersection(preds, target), [[2, 0], [2, 0], [0, 0]])


@settings(deadline=None)
@given(pairs_of_stacks())
def test_iou_of_masks_is_what_its_definition_says(stacks):
    preds, target = stacks
    iou = mask_iou(preds, target)
    assert iou.shape == (len(preds), len(target))
    assert iou.dtype == np.float64
    for p, pred in enumerate(preds):
        for t, truth in enumerate(target):
            union = (pred | truth).sum()
            expected = (pred & truth).sum() / union if union else np.nan
            np.testing.assert_equal(iou[p, t], expected)


@settings(deadline=None)
@given(pairs_of_stacks())
def test_iou_of_masks_equals_pycocotools(stacks):
    preds, target = (stack[stack.any(axis=(1, 2))] for stack in stacks)  # theirs calls empty with empty 0
    if len(preds) and len(target):
        encoded = [coco.encode(np.asfortranarray(s.transpose(1, 2, 0), np.uint8)) for s in (preds, target)]
        np.testing.assert_allclose(mask_iou(preds, target), coco.iou(*encoded, [0] * len(target)), rtol=1e-15)
        # COCO's rule for crowds: divided by the area of the prediction.
        crowds = coco.iou(*encoded, [1] * len(target))
        areas = preds.sum(axis=(1, 2))[:, None]
        np.testing.assert_allclose(mask_intersection(preds, target) / areas, crowds, rtol=1e-15)


def test_masks_in_column_order_and_views_count_the_same():
    rng = np.random.default_rng(0)
    preds, target = rng.random((3, 9, 11)) > 0.5, rng.random((2, 9, 11)) > 0.5
    expected = mask_iou(preds, target)
    np.testing.assert_array_equal(mask_iou(np.asfortranarray(preds), target.copy("F")), expected)
    np.testing.assert_array_equal(mask_iou(preds[:, ::-1], target[:, ::-1]), expected)


def test_nothing_predicted_and_nothing_there_give_tables_without_rows_or_columns():
    none, one = np.zeros((0, 2, 2), bool), np.ones((1, 2, 2), bool)
    assert mask_iou(none, one).shape == (0, 1)
    assert mask_iou(one, none).shape == (1, 0)
    assert box_iou(np.zeros((0, 4)), [[0, 0, 1, 1]]).shape == (0, 1)
    assert boxes(none).shape == (0, 4)


@pytest.mark.parametrize(
    ("preds", "target", "message"),
    [
        (np.zeros((1, 2, 3), bool), np.zeros((1, 3, 2), bool), r"got preds \(1, 2, 3\) and target \(1, 3, 2\)"),
        (np.zeros((2, 3), bool), np.zeros((1, 2, 3), bool), r"preds: expected shape \(N, H, W\).*got \(2, 3\)"),
        (np.zeros((1, 2, 3), bool), np.zeros((1, 2, 3)), "target: .*dtype bool, got .* and float64"),
        (np.zeros((1, 2, 3), np.uint8), np.zeros((1, 2, 3), bool), "preds: .*dtype bool, got .* and uint8"),
    ],
)
def test_stacks_that_do_not_fit_are_refused(preds, target, message):
    with pytest.raises(ValueError, match=message):
        mask_iou(preds, target)
    with pytest.raises(ValueError, match=message):
        mask_intersection(preds, target)


def test_a_box_ends_one_past_the_last_pixel():
    masks = np.zeros((3, 5, 7), bool)
    masks[0, 1:3, 2:6] = True  # rows 1-2, columns 2-5
    masks[1, 4, 6] = True  # the last pixel
    # An empty mask has no box.
    np.testing.assert_array_equal(boxes(masks), [[2, 1, 6, 3], [6, 4, 7, 5], [np.nan] * 4])


@settings(deadline=None)
@given(hnp.arrays(bool, st.tuples(st.integers(1, 3), st.integers(1, 20), st.integers(1, 20))))
def test_boxes_equal_pycocotools(masks):
    masks = masks[masks.any(axis=(1, 2))]
    if len(masks):
        theirs = coco.toBbox(coco.encode(np.asfortranarray(masks.transpose(1, 2, 0), np.uint8)))
        np.testing.assert_array_equal(xyxy_to_xywh(boxes(masks)), theirs)


def test_iou_of_boxes_by_hand():
    # 2×2 and 2×2 share 1×1: 1 / 7. Boxes that touch share nothing. A box in a box: 1 / 4.
    preds = [[0, 0, 2, 2]]
    target = [[1, 1, 3, 3], [2, 0, 4, 2], [0.5, 0.5, 1.5, 1.5], [0, 0, 2, 2]]
    np.testing.assert_allclose(box_iou(preds, target), [[1 / 7, 0, 1 / 4, 1]], rtol=1e-15)


def test_iou_of_boxes_without_area_or_place_is_undefined():
    point, nowhere, box = [1, 1, 1, 1], [np.nan] * 4, [0, 0, 2, 2]
    # A point in a box: 0 / 4.
    np.testing.assert_array_equal(
        box_iou([point, nowhere, box], [point, nowhere, box]),
        [[np.nan, np.nan, 0], [np.nan, np.nan, np.nan], [0, np.nan, 1]],
    )


BOXES = hnp.arrays(
    float, st.tuples(st.integers(1, 4), st.just(4)), elements=st.integers(1, 60).map(lambda x: x / 4)
)


@settings(deadline=None)
@given(BOXES, BOXES)
def test_iou_of_boxes_equals_pycocotools(preds, target):
    theirs = coco.iou(preds, target, [0] * len(target))
    np.testing.assert_allclose(box_iou(xywh_to_xyxy(preds), xywh_to_xyxy(target)), theirs, rtol=1e-12)


@settings(deadline=None)
@given(BOXES)
def test_corners_and_extents_lead_back_to_each_other(extents):
    np.testing.assert_array_equal(xyxy_to_xywh(xywh_to_xyxy(extents)), extents)


@pytest.mark.parametrize(
    ("function", "rows", "message"),
    [
        (
            xyxy_to_xywh,
            [[3, 0, 1, 2]],
            r"corners: expected left ≤ right and top ≤ bottom, got \[3.0, 0.0, 1.0, 2.0\]",
        ),
        (xyxy_to_xywh, [0, 0, 1, 2], r"corners: expected shape \(N, 4\), got \(4,\)"),
        (
            xywh_to_xyxy,
            [[0, 0, 1, 1], [3, 0, -1, 2]],
            "extents: expected widths and heights from 0, .* in row 1",
        ),
        (xywh_to_xyxy, np.zeros((2, 3)), r"extents: expected shape \(N, 4\), got \(2, 3\)"),
        (lambda rows: box_iou(rows, [[0, 0, 1, 1]]), [[3, 0, 1, 2]], "preds: expected left ≤ right"),
        (lambda rows: box_iou([[0, 0, 1, 1]], rows), [[3, 0, 1, 2]], "target: expected left ≤ right"),
        (boxes, np.zeros((2, 2), bool), r"masks: expected shape \(N, H, W\)"),
    ],
)
def test_broken_boxes_are_refused(function, rows, message):
    with pytest.raises(ValueError, match=message):
        function(rows)
