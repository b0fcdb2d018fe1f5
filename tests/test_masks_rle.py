"""Run-length encoding: by hand, against pycocotools, and with everything that can be broken in a file."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from segedu.masks import MAX_PIXELS, rle_area, rle_decode, rle_encode

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools

ANY_MASK = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40))


@st.composite
def blobs(draw):
    """Masks of overlapping rectangles, up to 300 pixels a side: their counts need several characters."""
    height, width = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    mask = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(0, 5))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        bottom, right = draw(st.integers(top, height)), draw(st.integers(left, width))
        mask[top:bottom, left:right] ^= True
    return mask


def test_columns_are_read_before_rows():
    # Columns: (0, 0), (1, 1), (1, 0) -> zeros 2, ones 3, zeros 1.
    mask = np.array([[0, 1, 1], [0, 1, 0]], bool)
    assert rle_encode(mask) == {"size": [2, 3], "counts": [2, 3, 1]}


def test_the_first_count_is_of_zeros_even_when_there_are_none():
    # The only pixel is set: no zeros, one one.
    assert rle_encode(np.ones((1, 1), bool)) == {"size": [1, 1], "counts": [0, 1]}


def test_an_empty_mask_is_one_run():
    assert rle_encode(np.zeros((3, 4), bool)) == {"size": [3, 4], "counts": [12]}


def test_compressed_counts_by_hand():
    # Column order: 20 zeros, 3 ones, 7 zeros, 30 ones, 40 zeros.
    flat = np.repeat([False, True, False, True, False], [20, 3, 7, 30, 40])
    mask = flat.reshape(10, 10).T
    # 20 = 0b10100: its fifth bit is a sign bit, so it takes two groups: 10100 + more = 52 -> 'd', 0 -> '0'.
    # 3 -> '3', 7 -> '7'. From the fourth count on, differences: 30 - 3 = 27 = 0b11011 -> 59 -> 'k', then '0';
    # 40 - 7 = 33 = 1·32 + 1 -> 1 + more = 33 -> 'Q', then 1 -> '1'.
    assert rle_encode(mask, compressed=True) == {"size": [10, 10], "counts": b"d037k0Q1"}


def test_a_negative_difference_by_hand():
    # Counts 1, 9, 1, 1: the fourth is 1 - 9 = -8 = 0b11000 in five bits: 24 -> 'H', and the sign bit ends it.
    flat = np.repeat([False, True, False, True], [1, 9, 1, 1])
    assert rle_encode(flat.reshape(4, 3).T, compressed=True)["counts"] == b"191H"


@settings(deadline=None)
@given(st.one_of(ANY_MASK, blobs()))
def test_encoding_equals_pycocotools(mask):
    theirs = coco.encode(np.asfortranarray(mask, np.uint8))
    assert rle_encode(mask, compressed=True) == theirs
    assert rle_encode(np.asfortranarray(mask), compressed=True) == theirs


@settings(deadline=None)
@given(st.one_of(ANY_MASK, blobs()))
def test_decoding_equals_pycocotools(mask):
    theirs = coco.encode(np.asfortranarray(mask, np.uint8))
    np.testing.assert_array_equal(rle_decode(theirs), coco.decode(theirs).astype(bool))
    assert rle_area(theirs) == coco.area(theirs) == mask.sum()


@settings(deadline=None)
@given(st.one_of(ANY_MASK, blobs()))
def test_pycocotools_reads_our_uncompressed_counts(mask):
    ours = rle_encode(mask)
    theirs = coco.frPyObjects(ours, *mask.shape)
    np.testing.assert_array_equal(coco.decode(theirs).astype(bool), mask)


@settings(deadline=None)
@given(st.one_of(ANY_MASK, blobs()))
def test_decode_takes_back_what_encode_did(mask):
    compressed = rle_encode(mask, compressed=True)
    as_text = {"size": compressed["size"], "counts": compressed["counts"].decode("ascii")}
    for rle in (rle_encode(mask), compressed, as_text):
        decoded = rle_decode(rle)
        assert decoded.dtype == bool
        np.testing.assert_array_equal(decoded, mask)


@pytest.mark.parametrize(
    "mask",
    [
        np.zeros((5, 7), bool),
        np.ones((5, 7), bool),
        np.eye(5, 7, dtype=bool),
        np.zeros((1, 1), bool),
        np.ones((1, 1), bool),
        np.arange(9)[None] % 3 == 1,
        np.arange(9)[:, None] % 3 == 1,
        np.indices((6, 6)).sum(0) % 2 == 1,
        np.pad(np.ones((1, 1), bool), ((999, 0), (999, 0))),  # a count of 999 999
    ],
    ids=[
        "empty",
        "full",
        "diagonal",
        "one zero",
        "one one",
        "one row",
        "one column",
        "chessboard",
        "last of many",
    ],
)
def test_special_masks_agree_with_pycocotools_both_ways(mask):
    theirs = coco.encode(np.asfortranarray(mask, np.uint8))
    assert rle_encode(mask, compressed=True) == theirs
    np.testing.assert_array_equal(rle_decode(theirs), mask)


def test_a_view_with_strides_is_encoded_like_its_copy():
    mask = np.random.default_rng(0).random((31, 17)) > 0.5
    for view in (mask[::2, ::3], mask[::-1], mask.T, mask[:, 4:5]):
        assert rle_encode(view) == rle_encode(view.copy())


def test_runs_of_length_zero_are_allowed():
    # 2 zeros, 0 ones, 1 zero, 1 one is the same mask as 3 zeros, 1 one.
    rle = {"size": [2, 2], "counts": [2, 0, 1, 1]}
    np.testing.assert_array_equal(rle_decode(rle), [[False, False], [False, True]])
    assert rle_area(rle) == 1


def test_counts_may_come_as_an_array():
    rle = {"size": np.array([2, 2]), "counts": np.array([3, 1], np.uint32)}
    assert rle_decode(rle).sum() == 1


@pytest.mark.parametrize("read", [rle_decode, rle_area])
@pytest.mark.parametrize(
    ("rle", "message"),
    [
        ({"size": [2, 2], "counts": [3]}, "expected a sum of 2×2 = 4 pixels, got 3"),
        ({"size": [2, 2], "counts": [3, 2]}, "got 5"),
        ({"size": [2, 2], "counts": []}, "got 0"),
        ({"size": [2, 2], "counts": [5, -1]}, "expected 0 to 4 .*, got 5"),
        ({"size": [2, 2], "counts": [3, -1, 2]}, "expected 0 to 4 .*, got -1"),
        (
            {"size": [2, 2], "counts": np.array([2**63, 2**63, 4], np.uint64)},
            "expected 0 to 4 .*, got 9223372036854775808",
        ),
        ({"size": [2, 2], "counts": [2**70]}, "expected integers or compressed text"),
        ({"size": [2, 2], "counts": [3.0, 1.0]}, "expected integers or compressed text"),
        ({"size": [2, 2], "counts": [True, True]}, "expected integers or compressed text"),
        ({"size": [2, 2], "counts": [[3], [1]]}, "expected integers or compressed text"),
        ({"size": [2, 2], "counts": [[3], [1, 2]]}, "expected integers or compressed text"),
        ({"size": [2, 2], "counts": None}, "expected integers or compressed text"),
        ({"size": [2, 2], "counts": b""}, "expected a complete number at the end"),
        ({"size": [2, 2], "counts": b"4P"}, "expected a complete number at the end"),
        ({"size": [2, 2], "counts": "3 1"}, "expected characters '0' to 'o', got ' ' at position 1"),
        ({"size": [2, 2], "counts": b"3p"}, "got 'p' at position 1"),
        ({"size": [2, 2], "counts": "4é"}, "expected characters '0' to 'o', got 'é' at position 1"),
        (
            {"size": [2, 2], "counts": "PPPPPPPPPPPPPP0"},
            "expected at most 7 characters a number, got more up to position 14",
        ),
        ({"size": [2, 2], "counts": "5O"}, "expected 0 to 4 .*, got 5"),
        ({"size": [2, 2, 1], "counts": [4]}, "expected height and width as positive integers, got .2, 2, 1."),
        ({"size": 4, "counts": [4]}, "expected height and width as positive integers, got 4"),
        ({"size": None, "counts": [4]}, "expected height and width"),
        ({"size": "22", "counts": [4]}, "expected height and width"),
        ({"size": [2.0, 2.0], "counts": [4]}, "expected height and width"),
        ({"size": [True, True], "counts": [1]}, "expected height and width"),
        ({"size": [0, 4], "counts": [0]}, "expected height and width"),
        ({"size": [-2, -2], "counts": [4]}, "expected height and width"),
        (
            {"size": [100_000, 100_000], "counts": [10**10]},
            "expected at most 67108864 pixels, got 100000×100000",
        ),
        ({"size": [2**40, 2**40], "counts": [4]}, "expected at most"),
        ({"counts": [4]}, "expected a mapping with 'size' and 'counts'"),
        ({"size": [2, 2]}, "expected a mapping with 'size' and 'counts'"),
        ([4], "expected a mapping with 'size' and 'counts'"),
    ],
)
def test_a_broken_rle_is_refused(read, rle, message):
    with pytest.raises(ValueError, match=message):
        read(rle)


@settings(deadline=None)
@given(
    st.one_of(st.binary(max_size=20), st.lists(st.sampled_from(b"012O")).map(bytes)), *[st.integers(1, 3)] * 2
)
def test_any_bytes_give_a_mask_or_a_value_error(counts, height, width):
    rle = {"size": [height, width], "counts": counts}
    try:
        mask = rle_decode(rle)
    except ValueError:
        return
    assert mask.shape == (height, width)
    np.testing.assert_array_equal(mask, coco.decode(rle))


def test_a_mask_of_the_largest_size_has_an_area_and_one_more_row_is_refused():
    # Areas need no decoding, so this takes no memory.
    assert rle_area({"size": [2**13, 2**13], "counts": [0, MAX_PIXELS]}) == MAX_PIXELS
    with pytest.raises(ValueError, match="expected at most"):
        rle_area({"size": [2**13 + 1, 2**13], "counts": [0, MAX_PIXELS + 2**13]})


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((2, 2), np.uint8), r"expected shape \(H, W\) and dtype bool, got \(2, 2\) and uint8"),
        (np.zeros((1, 2, 2), bool), r"got \(1, 2, 2\) and bool"),
        (np.zeros((0, 2), bool), "expected height and width as positive integers"),
        (np.broadcast_to(False, (2**15, 2**15)), "expected at most 67108864 pixels, got 32768×32768"),
    ],
)
def test_what_is_no_mask_is_not_encoded(mask, message):
    with pytest.raises(ValueError, match=message):
        rle_encode(mask)
