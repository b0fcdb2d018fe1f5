"""VGG16 read as convolutions: the classifier becomes an encoder that takes images of any size."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn

from segedu.models.blocks import conv3x3, he_normal_


class VGG16(nn.Module):
    """The thirteen convolutions of VGG16, and its first two fully connected layers as convolutions.

    A fully connected layer on a 512×7×7 map is a 7×7 convolution that fits in one place. On a larger map it
    fits in many, and each gives the answer for its part of the image.

    Images ``(N, in_channels, H, W)`` give three maps, of a size that is rounded up: ``pool3`` (H/8, W/8),
    ``pool4`` (H/16, W/16) and ``conv7`` (H/32, W/32), with 4, 8 and 64 times `base_channels` channels.

    Parameters
    ----------
    in_channels : int
    base_channels : int
        64 is VGG16; the fully connected layers then have 4096 channels.
    batch_norm : bool
        Batch norm after each of the thirteen convolutions. The original has none.
    """

    def __init__(self, in_channels: int, *, base_channels: int, batch_norm: bool = False) -> None:
        super().__init__()
        self.in_channels = in_channels
        c = base_channels
        self.stage1 = conv_stage(in_channels, c, 2, batch_norm=batch_norm)
        self.stage2 = conv_stage(c, 2 * c, 2, batch_norm=batch_norm)
        self.stage3 = conv_stage(2 * c, 4 * c, 3, batch_norm=batch_norm)
        self.stage4 = conv_stage(4 * c, 8 * c, 3, batch_norm=batch_norm)
        self.stage5 = conv_stage(8 * c, 8 * c, 3, batch_norm=batch_norm)
        self.fc6 = nn.Sequential(nn.Conv2d(8 * c, 64 * c, 7, padding=3), nn.ReLU(), nn.Dropout(0.5))
        self.fc7 = nn.Sequential(nn.Conv2d(64 * c, 64 * c, 1), nn.ReLU(), nn.Dropout(0.5))
        he_normal_(self)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # fmt: off
        x = self.stage1(x)                  # (N, 64, H/2, W/2)
        x = self.stage2(x)                  # (N, 128, H/4, W/4)
        pool3 = self.stage3(x)              # (N, 256, H/8, W/8)
        pool4 = self.stage4(pool3)          # (N, 512, H/16, W/16)
        pool5 = self.stage5(pool4)          # (N, 512, H/32, W/32)
        conv7 = self.fc7(self.fc6(pool5))   # (N, 4096, H/32, W/32)
        # fmt: on
        return pool3, pool4, conv7


def conv_stage(in_channels: int, out_channels: int, layers: int, *, batch_norm: bool) -> nn.Sequential:
    """Some 3×3 convolutions, then 2×2 max pooling (odd sizes are rounded up, as Caffe does)."""
    widths = [in_channels] + [out_channels] * layers
    convolutions = [conv3x3(*pair, batch_norm=batch_norm) for pair in pairwise(widths)]
    return nn.Sequential(*convolutions, nn.MaxPool2d(2, ceil_mode=True))


CONVOLUTIONS = [f"features.{i}" for i in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)]
FULLY_CONNECTED = ["classifier.0", "classifier.3"]  # the third one names ImageNet's classes: it is left out


def load_vgg16(model: nn.Module, vgg: nn.Module | Mapping[str, Tensor]) -> None:
    """Start a network's encoder with the weights of a trained VGG16.

    The weights of a fully connected layer stay what they are. Only their shape changes: a row of 512·7·7
    numbers becomes a kernel of 512×7×7.

    Parameters
    ----------
    model : FCN32s, FCN16s or FCN8s
        Built with ``in_channels=3, base_channels=64, batch_norm=False``. Its score layers stay as they are.
    vgg : torchvision's VGG16, or its ``state_dict()``
        ``vgg16(weights="DEFAULT")`` downloads the weights (528 MB). It was trained on images from 0 to 1 from
        which (.485, .456, .406) was subtracted, and which were then divided by (.229, .224, .225): give the
        model the same.

    Raises
    ------
    ValueError
        If `model` has no such encoder, or if a weight is missing or has another shape. Then nothing is changed.
    """
    encoder = getattr(model, "encoder", None)
    if not isinstance(encoder, VGG16):
        raise ValueError(
            f"model: expected one with a VGG16 as encoder (FCN32s, FCN16s, FCN8s), got {type(model).__name__}"
        )
    theirs = vgg.state_dict() if isinstance(vgg, nn.Module) else vgg
    layers = [layer for layer in encoder.modules() if isinstance(layer, nn.Conv2d)]
    pairs = []
    for layer, name in zip(layers, CONVOLUTIONS + FULLY_CONNECTED, strict=True):
        if layer.bias is None:
            raise ValueError("model: expected batch_norm=False: VGG16 has biases and no batch norm")
        for own, key in ((layer.weight, f"{name}.weight"), (layer.bias, f"{name}.bias")):
            if key not in theirs:
                raise ValueError(f"vgg: expected the weights of VGG16, got none named {key!r}")
            shape = own.flatten(1).shape if name in FULLY_CONNECTED and own.ndim == 4 else own.shape
            if theirs[key].shape != shape:
                raise ValueError(
                    f"vgg: expected {key!r} of shape {tuple(shape)}, got {tuple(theirs[key].shape)}; "
                    "build the model with in_channels=3, base_channels=64"
                )
            pairs.append((own, theirs[key].reshape(own.shape)))
    with torch.no_grad():
        for own, new in pairs:
            own.copy_(new)
