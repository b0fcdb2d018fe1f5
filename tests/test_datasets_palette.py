"""VOC's palette, there and back, against the bit loop of its own devkit."""

import numpy as np
import pytest

from segedu.datasets import colors_to_labels, labels_to_colors, voc_palette


def devkit_color(number):
    """VOClabelcolormap.m of the VOC devkit: three bits of the number go to the channels, eight times."""
    color = [0, 0, 0]
    for j in range(8):
        for channel in range(3):
            color[channel] |= ((number >> channel) & 1) << (7 - j)
        number >>= 3
    return color


def test_the_palette_is_that_of_the_devkit():
    assert voc_palette().tolist() == [devkit_color(number) for number in range(256)]


def test_colours_and_numbers_go_both_ways():
    numbers = np.arange(256).reshape(16, 16)
    np.testing.assert_array_equal(colors_to_labels(labels_to_colors(numbers)), numbers)
    assert labels_to_colors(255).tolist() == [224, 224, 192]


def test_a_colour_between_two_of_the_palette_is_refused():
    with pytest.raises(ValueError, match=r"expected colours of VOC's palette, got \(127, 0, 0\)"):
        colors_to_labels([[0, 0, 0], [127, 0, 0]])


@pytest.mark.parametrize("labels", [[-1], [256], [0.5]])
def test_a_number_outside_the_palette_is_refused(labels):
    with pytest.raises(ValueError, match="expected integers from 0 to 255"):
        labels_to_colors(labels)


def test_colours_need_three_channels():
    with pytest.raises(ValueError, match=r"expected shape \(\.\.\., 3\), got \(2, 4\)"):
        colors_to_labels(np.zeros((2, 4), int))
