"""Overlapping masks laid on one another: what is in front, and what was lost."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segedu.datasets import Overlap
from segedu.datasets.layers import Layer, flatten

SIZE = (4, 5)


@st.composite
def piles(draw):
    masks = draw(st.lists(hnp.arrays(bool, SIZE), max_size=5))
    return [Layer(f"a{k}", k, 10 + k, mask) for k, mask in enumerate(masks)]


@given(piles())
def test_the_last_one_is_in_front_and_lost_pixels_are_counted(pile):
    semantic, instance, overlaps = flatten(pile, SIZE)
    lost = {overlap.annotation: (overlap.area, overlap.lost) for overlap in overlaps}
    covered = np.zeros(SIZE, bool)
    for layer in reversed(pile):
        visible = layer.mask & ~covered
        assert (semantic[visible] == layer.label).all()
        assert (instance[visible] == layer.instance).all()
        hidden = int((layer.mask & covered).sum())
        assert lost.get(layer.annotation, (layer.area, 0)) == (layer.area, hidden)
        assert (layer.annotation in lost) == (hidden > 0 or layer.area == 0)
        covered |= layer.mask
    assert (semantic[~covered] == 255).all()
    assert (instance[~covered] == 0).all()


@given(piles())
def test_cropping_changes_nothing(pile):
    whole, cut = flatten(pile, SIZE), flatten([layer.cropped() for layer in pile], SIZE)
    for a, b in zip(whole, cut, strict=True):
        np.testing.assert_array_equal(a, b)


def test_parts_of_one_object_lose_nothing_to_each_other():
    # Three pixels in a row: the first two and the last two are parts of one object, the middle one is shared.
    left, right = np.array([[True, True, False]]), np.array([[False, True, True]])
    cup = Layer("cup", 1, 2, np.array([[False, False, True]]))
    semantic, instance, overlaps = flatten([Layer("pot", 0, 1, left), Layer("pot", 0, 1, right), cup], (1, 3))
    assert semantic.tolist() == [[0, 0, 1]]
    assert instance.tolist() == [[1, 1, 2]]
    assert overlaps == (Overlap("pot", 0, area=3, lost=1),)


def test_an_empty_mask_is_reported_although_it_lost_nothing():
    assert flatten([Layer(7, 0, 1, np.zeros((1, 2), bool))], (1, 2))[2] == (Overlap(7, 0, area=0, lost=0),)
