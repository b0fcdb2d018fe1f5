"""Receptive fields: by hand, FCN's published one, and by force with convolution matrices."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segedu.upsampling import Layer, ReceptiveField, conv_output_shape, convolution_matrix, receptive_field

numbers = st.tuples(st.integers(1, 2), st.integers(1, 3))
layers = st.builds(
    lambda k, s, p, d: Layer(k, s, padding=p, dilation=d),
    st.tuples(st.integers(1, 4), st.integers(1, 3)),
    numbers,
    st.tuples(st.integers(0, 2), st.integers(0, 1)),
    numbers,
)


def test_two_convolutions_of_3_see_5():
    first, second = receptive_field([Layer(3), Layer(3)])
    assert first == ReceptiveField(size=(3, 3), stride=(1, 1), start=(0, 0))
    assert second == ReceptiveField(size=(5, 5), stride=(1, 1), start=(0, 0))


def test_a_stride_multiplies_all_that_follows():
    # After the pooling a step is two pixels: 3 × 3 adds 2 · 2, and its padding lies 2 pixels further out.
    _, pool, conv = receptive_field([Layer(3, padding=1), Layer(2, 2), Layer(3, padding=1)])
    assert (pool.size[0], pool.stride[0], pool.start[0]) == (4, 2, -1)
    assert (conv.size[0], conv.stride[0], conv.start[0]) == (8, 2, -3)


def test_dilation_adds_as_a_larger_kernel_does():
    assert receptive_field([Layer(3, dilation=4)])[0].size == receptive_field([Layer(9)])[0].size == (9, 9)


def test_rows_and_columns_have_numbers_of_their_own():
    (field,) = receptive_field([Layer((3, 1), (1, 2), padding=(1, 0))])
    assert field == ReceptiveField(size=(3, 1), stride=(1, 2), start=(-1, 0))
    assert field.box(row=2, column=3) == (6, 1, 7, 4)


def test_fcn_with_vgg16_sees_404_pixels_at_stride_32():
    # Long, Shelhamer and Darrell 2015, table 1: receptive field 404, max stride 32. fc6 is a 7 × 7 convolution.
    vgg16 = [layer for count in (2, 2, 3, 3, 3) for layer in [Layer(3, padding=1)] * count + [Layer(2, 2)]]
    last = receptive_field([*vgg16, Layer(7), Layer(1)])[-1]
    assert last.size == (404, 404)
    assert last.stride == (32, 32)


def test_fcn_with_alexnet_sees_355_pixels():
    # The same table.
    alexnet = [(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2), (6, 1), (1, 1), (1, 1)]
    last = receptive_field([Layer(*layer) for layer in alexnet])[-1]
    assert (last.size, last.stride) == ((355, 355), (32, 32))


@settings(deadline=None, max_examples=100)
@given(st.lists(layers, min_size=1, max_size=4), st.tuples(st.integers(0, 2), st.integers(0, 2)), st.data())
def test_the_box_holds_exactly_what_the_matrices_join(stack, more, data):
    # The product of the matrices, with ones for kernels, is above 0 where an input reaches an output. An input
    # large enough for three outputs on each axis:
    size = (3, 3)
    for layer in reversed(stack):
        size = tuple(
            max(1, layer.stride[a] * (size[a] - 1) + layer.dilation[a] * (layer.kernel_size[a] - 1) + 1)
            for a in (0, 1)
        )
    size = (size[0] + more[0], size[1] + more[1])
    matrices, shape = [], size
    for layer in stack:
        options = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}
        matrices.append(convolution_matrix(np.ones(layer.kernel_size), shape, **options))
        shape = conv_output_shape(shape, layer.kernel_size, **options)
    reach = reduce(lambda seen, matrix: matrix @ seen, matrices)
    row, column = (data.draw(st.integers(0, n - 1)) for n in shape)
    field = receptive_field(stack)[-1]
    left, top, right, bottom = field.box(row, column)
    joined = reach[[row * shape[1] + column]].toarray().reshape(size) > 0
    rows, columns = np.flatnonzero(joined.any(axis=1)), np.flatnonzero(joined.any(axis=0))
    inside = min(top, left) >= 0 and bottom <= size[0] and right <= size[1]
    if inside and not any(any(layer.padding) for layer in stack):
        assert (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) == (top, bottom, left, right)
    else:  # cut at the border; padding of a late layer hides pixels behind it
        assert not len(rows) or (top <= rows[0] and rows[-1] < bottom)
        assert not len(columns) or (left <= columns[0] and columns[-1] < right)


def test_no_layer_has_no_field():
    assert receptive_field([]) == []


def test_layers_are_read_once():
    assert len(receptive_field(Layer(3) for _ in range(3))) == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Layer(0), "kernel_size: expected an integer from 1"),
        (lambda: Layer(3, 0), "stride: expected an integer from 1"),
        (lambda: Layer(3, padding=-1), "padding: expected an integer from 0"),
        (lambda: Layer(3, dilation=(1, 0)), "dilation: expected an integer from 1"),
        (lambda: Layer("3"), "kernel_size"),
        (lambda: receptive_field([Layer(3), (3, 1)]), r"layers: expected Layer objects, .* got \(3, 1\)"),
    ],
)
def test_what_is_no_layer_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
