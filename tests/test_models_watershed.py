"""`watershed_instances`: foreground cut into objects."""

import numpy as np
import pytest

from segedu.models import watershed_instances


def disc(row, column, radius, size):
    rows, columns = np.mgrid[: size[0], : size[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


@pytest.fixture
def two_discs():
    """Radius 6, centres 11 apart: half a chord at 5.5 of the centre is √(36 − 30.25) = 2.4."""
    return disc(7, 7, 6, (15, 26)), disc(7, 18, 6, (15, 26))


def test_two_discs_that_touch_are_two_objects(two_discs):
    found = watershed_instances((two_discs[0] | two_discs[1]).astype(float))
    assert len(found) == 2
    ious = [max((mask & d).sum() / (mask | d).sum() for d in two_discs) for mask in found.masks]
    assert min(ious) > 0.9


def test_every_pixel_of_the_foreground_belongs_to_one_object(two_discs):
    foreground = two_discs[0] | two_discs[1]
    found = watershed_instances(foreground)
    np.testing.assert_array_equal(found.masks.sum(axis=0), foreground)


def test_a_dent_less_deep_than_depth_cuts_nothing(two_discs):
    foreground = two_discs[0] | two_discs[1]
    # Hilltops are between 6 and 7 pixels from the background, and the saddle is above 2: less than 5 deep.
    assert len(watershed_instances(foreground, depth=2)) == 2
    assert len(watershed_instances(foreground, depth=5)) == 1


@pytest.mark.parametrize("depth", [0.5, 1, 30])
def test_a_thin_object_is_still_an_object(depth):
    line = np.zeros((9, 9))
    line[4, 1:8] = 1
    found = watershed_instances(line, depth=depth)
    assert [int(mask.sum()) for mask in found.masks] == [7]


def test_a_score_is_the_mean_probability_of_its_pixels():
    probability = np.zeros((5, 9))
    probability[1:3, 1:3] = [[0.5, 0.7], [0.9, 0.7]]
    probability[1, 6] = 0.6
    found = watershed_instances(probability)
    np.testing.assert_allclose(np.sort(found.scores), [0.6, 0.7])  # (.5 + .7 + .9 + .7) / 4 = .7
    assert found.labels.tolist() == [1, 1]


def test_foreground_is_what_reaches_the_threshold():
    probability = np.array([[0.5, 0.49, 0.8]])
    assert watershed_instances(probability).masks.sum() == 2
    assert watershed_instances(probability, threshold=0.6).masks.sum() == 1


def test_small_objects_are_dropped():
    probability = np.zeros((8, 8))
    probability[0, 0] = probability[4:7, 4:7] = 1
    assert len(watershed_instances(probability)) == 2
    assert [int(mask.sum()) for mask in watershed_instances(probability, min_area=2).masks] == [9]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_image_of_one_kind_is_no_object_or_one(value):
    assert len(watershed_instances(np.full((6, 7), value))) == value


def test_the_class_is_the_one_asked_for():
    assert watershed_instances(np.ones((3, 3)), label=4).labels.tolist() == [4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((2, 3, 3)), {}), r"probability: expected an array \(H, W\)"),
        ((np.full((3, 3), 2.0), {}), r"numbers from 0 to 1, got shape \(3, 3\), 2.0 to 2.0"),
        ((np.full((3, 3), np.nan), {}), "numbers from 0 to 1"),
        ((np.ones((3, 3)), {"threshold": 0}), "threshold: expected"),
        ((np.ones((3, 3)), {"depth": 0}), "depth: expected"),
        ((np.ones((3, 3)), {"min_area": 0}), "min_area: expected"),
    ],
)
def test_what_is_out_of_range_is_refused(arguments, message):
    probability, settings = arguments
    with pytest.raises(ValueError, match=message):
        watershed_instances(probability, **settings)
