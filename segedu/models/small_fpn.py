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
    """Four stages of strides 2, 4, 8 and 16, a feature pyramid of them, and a map of stride 1 for masks.

    Images ``(N, in_channels, H, W)`` give a dictionary of maps ``(N, out_channels, H/s, W/s)`` under ``"0"`` to
    ``"3"``, the finest first, as torchvision's detectors expect, and ``"fine"``, ``(N, base_channels, H, W)``.
    H and W are multiples of 16. ResNets begin at stride 4. But a thing of three pixels is less than one cell
    there, and 1.5 cells at stride 2: what is sampled between two cells is a mixture of them, and no mask can be
    finer than that. The map for masks adds what the pixels themselves show to what the pyramid knows.

    Parameters
    ----------
    in_channels : int
    base_channels : int
        Channels of the first stage, a multiple of 4; the others have 2, 3 and 4 times as many.
    out_channels : int, optional
        Channels of every map of the pyramid, a multiple of 4. None takes twice `base_channels`.

    Raises
    ------
    ValueError
        If a count is below 1, or no multiple of 4.

    Examples
    --------
    >>> import torch
    >>> maps = SmallFPN(3, base_channels=4)(torch.zeros(1, 3, 32, 48))
    >>> {name: tuple(x.shape) for name, x in maps.items()}
    {'0': (1, 8, 16, 24), '1': (1, 8, 8, 12), '2': (1, 8, 4, 6), '3': (1, 8, 2, 3), 'fine': (1, 4, 32, 48)}
    """

    def __init__(
        self, in_channels: int = 3, *, base_channels: int = 16, out_channels: int | None = None
    ) -> None:
        check_counts(in_channels=in_channels, base_channels=base_channels)
        c, out = base_channels, 2 * base_channels if out_channels is None else out_channels
        if c % GROUPS or out % GROUPS:
            raise ValueError(f"base_channels, out_channels: expected multiples of {GROUPS}, got {c} and {out}")
        super().__init__()
        self.out_channels = out
        self.stem = conv3x3(in_channels, c)
        self.stage1 = Stage(c, c)
        self.stage2 = Stage(c, 2 * c)
        self.stage3 = Stage(2 * c, 3 * c)
        self.stage4 = Stage(3 * c, 4 * c)
        self.fpn = FeaturePyramidNetwork([c, 2 * c, 3 * c, 4 * c], out, norm_layer=group_norm)
        self.up = nn.ConvTranspose2d(out, c, 2, stride=2)
        self.fine = nn.Sequential(group_norm(c), nn.ReLU())

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        c0 = self.stem(x)  # (N, c, H, W)
        c1 = self.stage1(c0)  # (N, c, H/2, W/2)
        c2 = self.stage2(c1)  # (N, 2c, H/4, W/4)
        c3 = self.stage3(c2)  # (N, 3c, H/8, W/8)
        c4 = self.stage4(c3)  # (N, 4c, H/16, W/16)
        maps = self.fpn(OrderedDict(zip("0123", (c1, c2, c3, c4), strict=True)))
        maps["fine"] = self.fine(c0 + self.up(maps["0"]))  # (N, c, H, W)
        return maps
