"""Parts that several networks share."""

import math

import torch
from torch import nn

from networks import images, one_thread  # noqa: F401
from segedu.models.blocks import conv3x3, crop_like, he_normal_


def test_cropping_keeps_the_upper_left_pixels():
    x = torch.arange(12).reshape(1, 1, 3, 4)
    assert crop_like(x, torch.zeros(1, 5, 2, 3)).tolist() == [[[[0, 1, 2], [4, 5, 6]]]]


def test_a_convolution_has_a_bias_only_without_batch_norm():
    assert conv3x3(2, 3)[0].bias is None
    assert conv3x3(2, 3, batch_norm=False)[0].bias is not None


def test_weights_start_with_variance_two_over_the_number_of_summed_inputs():
    layers = {
        nn.Conv2d(64, 128, 3): 64 * 9,
        nn.Conv2d(64, 128, 3, groups=4): 16 * 9,
        nn.ConvTranspose2d(128, 256, 3, padding=1): 128 * 9,
        # Stride 2, kernel 2: kernels do not overlap, so an output is the sum over channels alone.
        nn.ConvTranspose2d(256, 128, 2, stride=2): 256,
        # Stride 2, kernel 4: two kernels overlap along each axis.
        nn.ConvTranspose2d(128, 64, 4, stride=2): 128 * 4,
    }
    for layer, incoming in layers.items():
        he_normal_(layer)
        # The estimate from n weights is off by a share of about 1 / sqrt(2n), 0.4 % for 32,768.
        assert math.isclose(layer.weight.std().item(), math.sqrt(2 / incoming), rel_tol=0.02)
        assert not layer.bias.any()


def test_signals_neither_fade_nor_grow_through_forty_layers_without_batch_norm():
    deep = nn.Sequential(*(conv3x3(64, 64, batch_norm=False) for _ in range(40)))
    x = images(1, 64, 32, 32)
    with torch.no_grad():
        as_torch_starts = deep(x).std()
        he_normal_(deep)
        as_we_start = deep(x).std()
    # PyTorch's variance 1/(3N) loses a factor of √6 for each layer, 10⁻¹⁵ in forty (its biases keep a rest).
    assert as_torch_starts < 0.1
    assert 0.1 < as_we_start < 10
