"""Masks measured by the edges of their runs: by hand, and against the decoded masks and pycocotools."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from segedu.masks import rle_encode
from segedu.masks.runs import edges_area, edges_intersection, edges_xywh, rle_edges


@st.composite
def stacks(draw, most=4):
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    return draw(hnp.arrays(bool, (draw(st.integers(0, most)), height, width)))


def edges_of(masks):
    return [rle_edges(rle_encode(mask))[1] for mask in masks]


def test_edges_by_hand():
    # Column order: 0 0 1 1 | 1 0 1 1. Runs of ones: 2 to 5, and 6 to the end.
    mask = np.array([[0, 1], [0, 0], [1, 1], [1, 1]], bool)
    size, edges = rle_edges(rle_encode(mask))
    assert size == (4, 2)
    assert edges.tolist() == [2, 5, 6, 8]
    assert edges_area(edges) == 5
    # The first run goes on into the second column, so the box touches top and bottom.
    assert edges_xywh(edges, size).tolist() == [0, 0, 2, 4]


def test_runs_of_no_length_change_nothing():
    # Some writers leave zeros in the counts: 1 zero, 2 ones, 0 zeros, 1 one, 2 zeros, 0 ones.
    size, edges = rle_edges({"size": [3, 2], "counts": [1, 2, 0, 1, 2, 0]})
    whole = rle_edges({"size": [3, 2], "counts": [1, 3, 2]})[1]
    assert edges_area(edges) == 3
    assert edges_intersection([edges], [whole]).tolist() == [[3]]
    assert edges_intersection([whole], [edges]).tolist() == [[3]]
    np.testing.assert_array_equal(edges_xywh(edges, size), edges_xywh(whole, size))


@settings(deadline=None)
@given(stacks(), st.randoms(use_true_random=False))
def test_intersections_are_those_of_the_masks(masks, random):
    others = masks[:, :, ::-1] if random.random() < 0.5 else masks[::-1, ::-1]
    expected = [[(a & b).sum() for b in others] for a in masks]
    shared = edges_intersection(edges_of(masks), edges_of(others))
    assert shared.shape == (len(masks), len(others))
    np.testing.assert_array_equal(shared, np.array(expected, int).reshape(shared.shape))


@settings(deadline=None)
@given(stacks())
def test_areas_and_boxes_are_those_of_pycocotools(masks):
    for mask, edges in zip(masks, edges_of(masks), strict=True):
        theirs = coco.encode(np.asfortranarray(mask, np.uint8))
        assert edges_area(edges) == coco.area(theirs)
        np.testing.assert_array_equal(edges_xywh(edges, mask.shape), coco.toBbox(theirs))
