"""A small backbone with a feature pyramid: what a detector looks at, sized for street scenes of 128×128.

A feature pyramid network (FPN) gives maps of several strides with the same number of channels. Every one has
seen the coarsest map: from there sums run down to the finer ones (Lin et al., CVPR 2017, arXiv:1612.03144).
So a small thing is found on a fine map that nevertheless knows its surroundings.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork

from segedu.models.blocks import check_counts, conv3x3

GROUPS = 4


def group_norm(channels: int) -> nn.GroupNorm:
    """Norm over groups of channels of one image: it works for any number of images or boxes, none included."""
    return nn.GroupNorm(GROUPS, channels)


class Stage(nn.Sequential):
    """Halve the size by a strided convolution, then look once more."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        down = nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False)
        super().__init__(
            down,  # (N, out, H/2, W/2)
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            conv3x3(out_channels, out_channels),
        )


class SmallFPN(nn.Module):
    """Four stages of strides 2, 4, 8 and 16, and a feature pyramid of them.

    Images ``(N, in_channels, H, W)`` give a dictionary of maps ``(N, out_channels, H/s, W/s)`` under ``"0"`` to
    ``"3"``, the finest first, as torchvision's detectors expect. H and W are multiples of 16. ResNets begin at
    stride 4; things that are three pixels wide need 2.

    Parameters
    ----------
    in_channels : int
    base_channels : int
        Channels of the first stage; the others have 2, 3 and 4 times as many.
    out_channels : int, optional
        Channels of every map, a multiple of 4. None takes twice `base_channels`.

    Raises
    ------
    ValueError
        If a count is below 1.

    Examples
    --------
    >>> import torch
    >>> maps = SmallFPN(3, base_channels=4)(torch.zeros(1, 3, 32, 48))
    >>> [tuple(x.shape) for x in maps.values()]
    [(1, 8, 16, 24), (1, 8, 8, 12), (1, 8, 4, 6), (1, 8, 2, 3)]
    """

    def __init__(
        self, in_channels: int = 3, *, base_channels: int = 16, out_channels: int | None = None
    ) -> None:
        check_counts(in_channels=in_channels, base_channels=base_channels)
        super().__init__()
        c = base_channels
        self.out_channels = 2 * c if out_channels is None else out_channels
        self.stage1 = Stage(in_channels, c)
        self.stage2 = Stage(c, 2 * c)
        self.stage3 = Stage(2 * c, 3 * c)
        self.stage4 = Stage(3 * c, 4 * c)
        channels = [c, 2 * c, 3 * c, 4 * c]
        self.fpn = FeaturePyramidNetwork(channels, self.out_channels, norm_layer=group_norm)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        c1 = self.stage1(x)  # (N, c, H/2, W/2)
        c2 = self.stage2(c1)  # (N, 2c, H/4, W/4)
        c3 = self.stage3(c2)  # (N, 3c, H/8, W/8)
        c4 = self.stage4(c3)  # (N, 4c, H/16, W/16)
        return self.fpn(OrderedDict(zip("0123", (c1, c2, c3, c4), strict=True)))
