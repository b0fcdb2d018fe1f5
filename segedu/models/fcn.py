"""FCN: a classifier read as convolutions gives coarse scores, and earlier layers add theirs on the way up.

::

    image ─ stages 1–3 ─ pool3 ─ stage 4 ─ pool4 ─ stage 5 ─ fc6 ─ fc7 ─ conv7
                           │                 │                             │
                         score             score                         score    1/32 ─ ×32 ─ FCN-32s
                           │                 │                             │
                           │                 + ────────────────────────── ×2      1/16 ─ ×16 ─ FCN-16s
                           │                 │
                           + ────────────── ×2                             1/8 ─ ×8 ─ FCN-8s
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from segedu.models.blocks import check_counts, check_images, crop_like, he_normal_
from segedu.models.vgg import VGG16


def score_layer(in_channels: int, num_classes: int) -> nn.Conv2d:
    """A 1×1 convolution: one score for each class, from the channels at one position."""
    layer = nn.Conv2d(in_channels, num_classes, 1)
    he_normal_(layer)
    return layer


def skip_score_layer(in_channels: int, num_classes: int) -> nn.Conv2d:
    """A score layer that starts with 0, so that a new skip changes nothing until it has learned something."""
    layer = nn.Conv2d(in_channels, num_classes, 1)
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def bilinear_upsampling(num_classes: int, factor: int, *, learned: bool) -> nn.ConvTranspose2d:
    """A transposed convolution that makes the scores of each class larger, at first by bilinear interpolation.

    `factor` is even. The kernel is a tent, for factor 2 the outer product of (.25, .75, .75, .25) with itself.
    """
    layer = nn.ConvTranspose2d(
        num_classes, num_classes, 2 * factor, stride=factor, padding=factor // 2, groups=num_classes, bias=False
    )
    centre = factor - 0.5
    tent = 1 - (torch.arange(2 * factor) - centre).abs() / factor  # (2 factor,)
    with torch.no_grad():
        layer.weight.copy_(tent[:, None] * tent)  # (num_classes, 1, 2 factor, 2 factor)
    layer.weight.requires_grad_(learned)
    return layer


class FCN32s(nn.Module):
    """VGG16's scores for each 32×32 pixels, made 32 times larger: good at *what*, coarse at *where*.

    Images ``(N, in_channels, H, W)`` give logits ``(N, num_classes, H, W)``, for any H and W from 1 on.

    Parameters
    ----------
    in_channels : int
        3 for colour images.
    num_classes : int
        21 in the paper: VOC's twenty classes and its background.
    base_channels : int
        Channels of the first stage. 64 is VGG16, with 134 million weights; 8 make two million, for a CPU.
    batch_norm : bool
        False as in the paper, whose VGG16 was trained before. True puts batch norm after each 3×3 convolution,
        as the authors of SegNet did to train this network from scratch.

    Raises
    ------
    ValueError
        If a count is below 1; when called, if the input is no batch of float images with `in_channels`
        channels.

    Notes
    -----
    Source: Long, Shelhamer and Darrell, CVPR 2015, arXiv:1411.4038. As there, dropout (0.5) follows the layers
    that were fully connected, and the last upsampling stays bilinear. What differs:

    - The paper pads the image by 100 pixels, so that the 7×7 layer fits even on small images, and later cuts
      the middle out. We pad that layer by 3. All maps then lie exactly over the image, and cutting is only
      needed where an odd size was rounded up. The price: within half a stride of the border, bilinear
      upsampling has fewer scores to mix, and they fade, those of all classes alike.
    - The paper's upsampling has a kernel for each pair of classes, zero between different ones at the start;
      here each class is upsampled by itself.
    - The paper starts every score layer with 0. We do so for skips only: with 0 after it, an encoder that is
      trained from scratch would learn nothing in the first step.

    Examples
    --------
    >>> import torch
    >>> model = FCN32s(in_channels=3, num_classes=21, base_channels=4)
    >>> model(torch.zeros(1, 3, 45, 70)).shape
    torch.Size([1, 21, 45, 70])
    """

    def __init__(
        self, in_channels: int, num_classes: int, *, base_channels: int = 64, batch_norm: bool = False
    ) -> None:
        check_counts(in_channels=in_channels, num_classes=num_classes, base_channels=base_channels)
        super().__init__()
        self.encoder = VGG16(in_channels, base_channels=base_channels, batch_norm=batch_norm)
        self.score_conv7 = score_layer(64 * base_channels, num_classes)
        self.up32 = bilinear_upsampling(num_classes, 32, learned=False)

    def forward(self, x: Tensor) -> Tensor:
        check_images(x, self.encoder.in_channels)
        _, _, conv7 = self.encoder(x)
        scores = self.score_conv7(conv7)  # (N, num_classes, H/32, W/32)
        return crop_like(self.up32(scores), x)  # (N, num_classes, H, W)


class FCN16s(nn.Module):
    """FCN-32s with one skip: scores of ``pool4``, one for each 16×16 pixels, are *added* on the way up.

    Shapes, parameters and errors are those of `FCN32s`.

    Notes
    -----
    The first upsampling starts bilinear and is learned, as the paper says (its released code keeps it fixed);
    the last one stays bilinear. The skip starts with 0. So ``load_state_dict(fcn32s.state_dict(),
    strict=False)`` goes on from a trained `FCN32s`, as the paper does.

    Examples
    --------
    >>> import torch
    >>> model = FCN16s(in_channels=3, num_classes=21, base_channels=4)
    >>> model(torch.zeros(1, 3, 45, 70)).shape
    torch.Size([1, 21, 45, 70])
    """

    def __init__(
        self, in_channels: int, num_classes: int, *, base_channels: int = 64, batch_norm: bool = False
    ) -> None:
        check_counts(in_channels=in_channels, num_classes=num_classes, base_channels=base_channels)
        super().__init__()
        self.encoder = VGG16(in_channels, base_channels=base_channels, batch_norm=batch_norm)
        self.score_conv7 = score_layer(64 * base_channels, num_classes)
        self.score_pool4 = skip_score_layer(8 * base_channels, num_classes)
        self.up_conv7 = bilinear_upsampling(num_classes, 2, learned=True)
        self.up16 = bilinear_upsampling(num_classes, 16, learned=False)

    def forward(self, x: Tensor) -> Tensor:
        check_images(x, self.encoder.in_channels)
        _, pool4, conv7 = self.encoder(x)
        scores = self.score_conv7(conv7)  # (N, num_classes, H/32, W/32)
        scores = crop_like(self.up_conv7(scores), pool4) + self.score_pool4(pool4)  # H/16, W/16
        return crop_like(self.up16(scores), x)  # (N, num_classes, H, W)


class FCN8s(nn.Module):
    """FCN-16s with a second skip: scores of ``pool3``, one for each 8×8 pixels, are added as well.

    Shapes, parameters and errors are those of `FCN32s`; the notes of `FCN16s` hold.

    Examples
    --------
    >>> import torch
    >>> model = FCN8s(in_channels=3, num_classes=21, base_channels=4)
    >>> model(torch.zeros(1, 3, 45, 70)).shape
    torch.Size([1, 21, 45, 70])
    """

    def __init__(
        self, in_channels: int, num_classes: int, *, base_channels: int = 64, batch_norm: bool = False
    ) -> None:
        check_counts(in_channels=in_channels, num_classes=num_classes, base_channels=base_channels)
        super().__init__()
        self.encoder = VGG16(in_channels, base_channels=base_channels, batch_norm=batch_norm)
        self.score_conv7 = score_layer(64 * base_channels, num_classes)
        self.score_pool4 = skip_score_layer(8 * base_channels, num_classes)
        self.score_pool3 = skip_score_layer(4 * base_channels, num_classes)
        self.up_conv7 = bilinear_upsampling(num_classes, 2, learned=True)
        self.up_pool4 = bilinear_upsampling(num_classes, 2, learned=True)
        self.up8 = bilinear_upsampling(num_classes, 8, learned=False)

    def forward(self, x: Tensor) -> Tensor:
        check_images(x, self.encoder.in_channels)
        pool3, pool4, conv7 = self.encoder(x)
        scores = self.score_conv7(conv7)  # (N, num_classes, H/32, W/32)
        scores = crop_like(self.up_conv7(scores), pool4) + self.score_pool4(pool4)  # H/16, W/16
        scores = crop_like(self.up_pool4(scores), pool3) + self.score_pool3(pool3)  # H/8, W/8
        return crop_like(self.up8(scores), x)  # (N, num_classes, H, W)
