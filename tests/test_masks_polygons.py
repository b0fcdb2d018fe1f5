"""Polygons to pixels by COCO's rule, and outlines that lead back to the very same pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco
from scipy import ndimage

from segedu.masks import mask_to_polygons, polygons_to_mask

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools

SIDES = st.integers(1, 40)
MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=16))


def coco_mask(polygons, height, width):
    """The pixels that pycocotools makes of flat polygons."""
    return coco.decode(coco.merge(coco.frPyObjects(polygons, height, width))).astype(bool)


def flat_polygons(coordinate, max_points=12):
    pair = st.tuples(coordinate, coordinate)
    one = st.lists(pair, min_size=3, max_size=max_points).map(
        lambda points: [float(x) for p in points for x in p]
    )
    return st.lists(one, min_size=1, max_size=3)


@pytest.mark.parametrize(
    "coordinate",
    [
        st.floats(-20, 60),  # beyond the image, crossing itself
        st.integers(-3, 43),  # corners of pixels
        st.integers(-30, 430).map(lambda x: x / 10),  # halves of fifths: where rounding decides
        st.floats(10, 12),  # tiny
        st.sampled_from([0.0, 0.5, 1.0, 5.5, 7.0]),  # degenerate: points repeat, edges have no length
        st.floats(-3000, 3000),  # far beyond
    ],
    ids=["any", "integers", "tenths", "tiny", "degenerate", "huge"],
)
def test_polygons_become_the_pixels_of_pycocotools(coordinate):
    @settings(deadline=None, max_examples=150)
    @given(flat_polygons(coordinate), SIDES, SIDES)
    def check(polygons, height, width):
        ours = polygons_to_mask(polygons, (height, width))
        np.testing.assert_array_equal(ours, coco_mask(polygons, height, width))

    check()


def test_thin_steep_edges_follow_the_rounding_of_the_reference():
    # A line over 4000 rows leans by a few columns: the row where it passes a column's middle depends on the
    # rounding of 64-bit floats.
    rng = np.random.default_rng(0)
    for _ in range(20):
        polygon = (rng.uniform(0, 6, 8) * np.tile([1, 700], 4)).tolist()
        np.testing.assert_array_equal(polygons_to_mask([polygon], (4000, 6)), coco_mask([polygon], 4000, 6))


def test_a_pixel_is_filled_from_edge_to_edge():
    # Column 1 reaches from x = 1 to 2, row 2 from y = 2 to 3.
    expected = np.zeros((4, 3), bool)
    expected[2, 1] = True
    np.testing.assert_array_equal(polygons_to_mask([[1, 2, 2, 2, 2, 3, 1, 3]], (4, 3)), expected)


def test_flat_lists_and_arrays_of_points_mean_the_same():
    flat = [0.5, 0, 4, 1, 2, 5]
    as_array = np.array(flat).reshape(-1, 2)
    as_pairs = [(0.5, 0), (4, 1), (2, 5)]
    expected = polygons_to_mask([flat], (6, 6))
    assert expected.any()
    for polygon in (as_array, as_pairs, np.array(flat)):
        np.testing.assert_array_equal(polygons_to_mask([polygon], (6, 6)), expected)


def test_polygons_are_united_and_a_polygon_that_crosses_itself_counts_even_and_odd():
    square, inner = [0, 0, 4, 0, 4, 4, 0, 4], [1, 1, 3, 1, 3, 3, 1, 3]
    # Two polygons: the inner one adds nothing. 4 × 4 pixels.
    assert polygons_to_mask([square, inner], (4, 4)).sum() == 16
    # One polygon that runs around both: the inner square is inside twice, so it is a hole. 16 - 4 pixels.
    both = [*square, 0, 0, *inner, 1, 1]
    assert polygons_to_mask([both], (4, 4)).sum() == 12


def test_no_polygons_make_an_empty_mask():
    np.testing.assert_array_equal(polygons_to_mask([], (2, 3)), np.zeros((2, 3), bool))


@pytest.mark.parametrize(
    ("polygons", "message"),
    [
        ([[0, 0, 1, 1]], r"polygons\[0\]: expected at least 3 points, got 2"),
        ([[0, 0, 1, 0, 1, 1], []], r"polygons\[1\]: expected at least 3 points, got 0"),
        ([[0, 0, 1, 0, 1]], r"polygons\[0\]: expected pairs of x and y, got shape \(5,\)"),
        ([np.zeros((4, 3))], r"polygons\[0\]: expected pairs of x and y, got shape \(4, 3\)"),
        (
            [0, 0, 1, 0, 1, 1],
            r"polygons\[0\]: expected a polygon, got the number 0; put a single polygon into a list",
        ),
        (np.zeros((4, 2)), "expected at least 3 points, got 1; put a single polygon into a list"),
        ([[0, 0, 1, 0, 1, np.nan]], r"polygons\[0\]: expected finite numbers up to 1e\+08, got nan"),
        ([[0, 0, 1, 0, np.inf, 1]], "got inf"),
        ([[0, 0, 1, 0, 1, -1e9]], "got -1000000000"),
        ([["a", "b", "c", "d", "e", "f"]], r"polygons\[0\]: expected numbers"),
        ([[[0, 0], [1]]], r"polygons\[0\]: expected numbers"),
        ("0 0 1 0 1 1", "polygons: expected a list of polygons, got str"),
        (None, "polygons: expected a list of polygons, got NoneType"),
    ],
)
def test_what_is_no_polygon_is_refused(polygons, message):
    with pytest.raises(ValueError, match=message):
        polygons_to_mask(polygons, (4, 4))


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((0, 4), "size: expected height and width as positive integers"),
        ((4,), "size: expected height and width"),
        ((4.0, 4), "size: expected height and width"),
        ((100_000, 100_000), "size: expected at most 67108864 pixels"),
    ],
)
def test_what_is_no_size_is_refused(size, message):
    with pytest.raises(ValueError, match=message):
        polygons_to_mask([[0, 0, 1, 0, 1, 1]], size)


@settings(deadline=None, max_examples=200)
@given(MASKS)
def test_outlines_give_back_the_very_same_pixels(mask):
    polygons = mask_to_polygons(mask)
    np.testing.assert_array_equal(polygons_to_mask(polygons, mask.shape), mask)


@settings(deadline=None, max_examples=100)
@given(MASKS.filter(np.any))
def test_pycocotools_gets_the_same_pixels_from_our_outlines(mask):
    flat = [polygon.ravel().tolist() for polygon in mask_to_polygons(mask)]
    np.testing.assert_array_equal(coco_mask(flat, *mask.shape), mask)


@settings(deadline=None, max_examples=100)
@given(MASKS)
def test_there_is_one_polygon_for_each_region_and_their_areas_add_up_to_the_pixels(mask):
    polygons = mask_to_polygons(mask)
    assert len(polygons) == ndimage.label(mask)[1]
    # The shoelace formula: bridges cancel, holes are walked the other way round and are subtracted.
    area = sum(
        0.5 * float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
        for x, y in (polygon.T for polygon in polygons)
    )
    assert area == mask.sum()


@settings(deadline=None, max_examples=100)
@given(MASKS)
def test_outlines_run_along_the_edges_of_pixels_without_standing_still(mask):
    for polygon in mask_to_polygons(mask):
        steps = np.roll(polygon, -1, axis=0) - polygon
        assert ((steps == 0).sum(axis=1) == 1).all()  # each step goes along x or along y


@pytest.mark.parametrize(
    "picture",
    [
        ["#####", "#...#", "#.#.#", "#...#", "#####"],  # an island in a hole
        ["#######", "#.#.#.#", "#######", "#.#.#.#", "#######"],  # holes above holes
        ["#.#", ".#.", "#.#"],  # corners only
        ["####", "#.##", "##.#", "####"],  # a hole of two pixels that touch at a corner
        ["#####", "#..##", "##..#", "#.#.#", "#####"],  # a winding hole
        [".#.", "###", ".#."],
        ["#"],
    ],
    ids=["island", "chain of holes", "chessboard", "diagonal hole", "winding hole", "cross", "pixel"],
)
def test_holes_islands_and_corners_survive(picture):
    mask = np.array([[cell == "#" for cell in row] for row in picture])
    np.testing.assert_array_equal(polygons_to_mask(mask_to_polygons(mask), mask.shape), mask)


def test_a_rectangle_has_four_corners_and_a_hole_one_bridge():
    mask = np.zeros((5, 6), bool)
    mask[1:4, 2:6] = True
    # Clockwise from the top left; x first.
    assert mask_to_polygons(mask)[0].tolist() == [[2, 1], [6, 1], [6, 4], [2, 4]]
    mask[2, 3] = False
    # The bridge leaves the upper edge at (3, 1) and reaches the hole at (3, 2). 4 corners outside, 4 of the
    # hole, the foot of the bridge twice and the hole's first corner once more.
    hole = [[3, 2], [3, 3], [4, 3], [4, 2], [3, 2]]
    expected = [[2, 1], [3, 1], *hole, [3, 1], [6, 1], [6, 4], [2, 4]]
    assert mask_to_polygons(mask)[0].tolist() == expected


def test_an_empty_mask_has_no_polygons():
    assert mask_to_polygons(np.zeros((3, 3), bool)) == []


@pytest.mark.parametrize("mask", [np.zeros((2, 2), int), np.zeros((1, 2, 2), bool)])
def test_only_boolean_masks_are_outlined(mask):
    with pytest.raises(ValueError, match=r"mask: expected shape \(H, W\) and dtype bool"):
        mask_to_polygons(mask)
