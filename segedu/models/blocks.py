"""Parts that several networks share: the 3×3 convolution, how weights start, and what an input must be."""

from __future__ import annotations

import math
from numbers import Integral

import torch
from torch import Tensor, nn


def conv3x3(in_channels: int, out_channels: int, *, padding: int = 1, batch_norm: bool = True) -> nn.Sequential:
    """A 3×3 convolution, batch norm (or none) and ReLU.

    Batch norm subtracts the mean, and a bias with it, so the convolution has a bias only where there is no
    batch norm. The ReLU does not work in place: who looks at the map before it (a hook, a figure) should see
    that map, and the backward pass would keep no less, for it needs the ReLU's output and batch norm's input.
    """
    layers: list[nn.Module] = [
        nn.Conv2d(in_channels, out_channels, 3, padding=padding, bias=not batch_norm)  # (N, out, H, W)
    ]
    if batch_norm:
        layers.append(nn.BatchNorm2d(out_channels))
    return nn.Sequential(*layers, nn.ReLU())


def crop_like(x: Tensor, reference: Tensor) -> Tensor:
    """The upper left part of `x` that is as high and as wide as `reference`.

    Pooling rounds an odd size up, and doubling gives one row or column too many. It lies at the bottom or on
    the right, so cutting there leaves every pixel in its place.
    """
    return x[..., : reference.shape[-2], : reference.shape[-1]]


def he_normal_(network: nn.Module) -> None:
    """Draw all weights of convolutions from a normal distribution of variance 2 / N, and set biases to 0.

    N is how many numbers are summed for one output. ReLU sets about half of them to 0, and the 2 makes up for
    it: signals neither fade nor grow from layer to layer, so that even a deep network without batch norm can
    start to learn. PyTorch's own start (a variance of 1 / 3N) lets them fade. He et al., ICCV 2015,
    arXiv:1502.01852; the U-Net and SegNet papers use it.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            incoming = layer.in_channels // layer.groups * math.prod(layer.kernel_size)
            if isinstance(layer, nn.ConvTranspose2d):
                incoming //= math.prod(layer.stride)  # of k×k weights, only (k / stride)² meet in one output
            nn.init.normal_(layer.weight, std=math.sqrt(2 / incoming))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def check_images(x: Tensor, in_channels: int) -> None:
    """Raise a ValueError unless `x` is a batch of images: floats of shape (N, in_channels, H, W)."""
    if x.ndim != 4 or x.shape[1] != in_channels or 0 in x.shape:
        raise ValueError(
            f"x: expected images of shape (N, {in_channels}, H, W), got {tuple(x.shape)}; "
            "one image (H, W, 3) becomes a batch by image.permute(2, 0, 1)[None]"
        )
    if not torch.is_floating_point(x):
        raise ValueError(f"x: expected floats, got {x.dtype}; bytes become floats by x.float() / 255")


def check_counts(**counts: int) -> None:
    """Raise a ValueError unless every number of channels, classes or layers is an integer from 1 on."""
    for name, count in counts.items():
        if not isinstance(count, Integral) or count < 1:
            raise ValueError(f"{name}: expected an integer of at least 1, got {count!r}")
