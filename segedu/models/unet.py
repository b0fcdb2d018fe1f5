"""U-Net: a contracting path, an expanding path, and copies of feature maps that cross from one to the other."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from segedu.models.blocks import check_counts, check_images, conv3x3, crop_like, he_normal_


class DoubleConv(nn.Sequential):
    """Two 3×3 convolutions, each with its ReLU: what every level of the U is made of.

    Padded convolutions keep the size and have batch norm. Valid ones (the paper's) lose 2 rows and columns
    each, because they stay inside the image, and have none.
    """

    def __init__(self, in_channels: int, out_channels: int, *, valid: bool = False) -> None:
        padding, batch_norm = (0, False) if valid else (1, True)
        super().__init__(
            conv3x3(in_channels, out_channels, padding=padding, batch_norm=batch_norm),
            conv3x3(out_channels, out_channels, padding=padding, batch_norm=batch_norm),
        )


class Down(nn.Sequential):
    """One level down: halve the size by 2×2 max pooling (odd sizes are rounded up), then two convolutions."""

    def __init__(self, in_channels: int, out_channels: int, *, valid: bool = False) -> None:
        super().__init__(
            nn.MaxPool2d(2, ceil_mode=True),  # (N, in, H/2, W/2)
            DoubleConv(in_channels, out_channels, valid=valid),  # (N, out, H/2, W/2)
        )


class Up(nn.Module):
    """One level up: double the size by a 2×2 up-convolution, put the skip beside it, then two convolutions."""

    def __init__(self, in_channels: int, out_channels: int, *, valid: bool = False) -> None:
        super().__init__()
        self.valid = valid
        self.up = nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
        self.conv = DoubleConv(2 * out_channels, out_channels, valid=valid)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = self.up(x)  # (N, out, 2H, 2W)
        if self.valid:
            skip = center_crop(skip, x)  # the skip has seen fewer valid convolutions: its border is left over
        else:
            x = crop_like(x, skip)  # where an odd size was rounded up, x has one row or column too many
        return self.conv(torch.cat([skip, x], dim=1))  # (N, 2 out, 2H, 2W) → (N, out, 2H, 2W)


class UNet(nn.Module):
    """The U-shaped network: each level of the decoder sees the encoder's feature map of its own size.

    Images ``(N, in_channels, H, W)`` give logits ``(N, num_classes, H, W)``, for any H and W from 1 on. Skips
    are *concatenated* with the upsampled map, and the next convolution learns how to mix the two.

    Parameters
    ----------
    in_channels : int
        3 for colour images. The paper's are grey: 1.
    num_classes : int
        The paper has 2: cell and background.
    base_channels : int
        Channels of the first level; each level down doubles them. The paper's 64 make 31 million weights;
        8 make half a million, enough for small street scenes on a CPU.
    valid : bool
        False: the form that nearly everybody uses. Convolutions are padded, so logits have the size of the
        image, and batch norm follows each of them. True: the paper's form. Convolutions are valid and without
        batch norm, skips are cropped, and dropout (0.5) ends the contracting path. It takes sizes 188, 204, …,
        572, … (16 k + 12), and answers for the inner part of the image: logits are 184 smaller, 388 for 572.

    Raises
    ------
    ValueError
        If a count is below 1; when called, if the input is no batch of float images with `in_channels`
        channels, or, in the valid form, if its size does not fit.

    Notes
    -----
    Source: Ronneberger, Fischer and Brox, MICCAI 2015, arXiv:1505.04597. Its "23 convolutional layers" are 18
    3×3 convolutions, 4 up-convolutions and the last 1×1 one, in both forms here. Weights start as in the paper,
    from a normal distribution of variance 2 / N. Training with batch norm needs more than one value for each
    channel: one image of at most 16×16 pixels is too little, two are enough.

    Examples
    --------
    >>> import torch
    >>> model = UNet(in_channels=3, num_classes=9, base_channels=4)
    >>> model(torch.zeros(1, 3, 45, 70)).shape
    torch.Size([1, 9, 45, 70])

    The paper's form:

    >>> paper = UNet(in_channels=1, num_classes=2, base_channels=4, valid=True)
    >>> paper(torch.zeros(1, 1, 572, 572)).shape
    torch.Size([1, 2, 388, 388])
    """

    def __init__(
        self, in_channels: int, num_classes: int, *, base_channels: int = 64, valid: bool = False
    ) -> None:
        check_counts(in_channels=in_channels, num_classes=num_classes, base_channels=base_channels)
        super().__init__()
        self.in_channels = in_channels
        self.valid = valid
        c = base_channels
        self.first = DoubleConv(in_channels, c, valid=valid)
        self.down1 = Down(c, 2 * c, valid=valid)
        self.down2 = Down(2 * c, 4 * c, valid=valid)
        self.down3 = Down(4 * c, 8 * c, valid=valid)
        self.down4 = Down(8 * c, 16 * c, valid=valid)
        self.dropout = nn.Dropout(0.5 if valid else 0.0)
        self.up4 = Up(16 * c, 8 * c, valid=valid)
        self.up3 = Up(8 * c, 4 * c, valid=valid)
        self.up2 = Up(4 * c, 2 * c, valid=valid)
        self.up1 = Up(2 * c, c, valid=valid)
        self.score = nn.Conv2d(c, num_classes, 1)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        check_images(x, self.in_channels)
        if self.valid:
            check_valid_size(x)
        # fmt: off
        #                                    the paper's channels     padded      valid
        x1 = self.first(x)                  # (N, 64, H, W)           572         568
        x2 = self.down1(x1)                 # (N, 128, H/2, W/2)      286         280
        x3 = self.down2(x2)                 # (N, 256, H/4, W/4)      143         136
        x4 = self.dropout(self.down3(x3))   # (N, 512, H/8, W/8)       72          64
        x5 = self.dropout(self.down4(x4))   # (N, 1024, H/16, W/16)    36          28
        y = self.up4(x5, x4)                # (N, 512, H/8, W/8)       72          52
        y = self.up3(y, x3)                 # (N, 256, H/4, W/4)      143         100
        y = self.up2(y, x2)                 # (N, 128, H/2, W/2)      286         196
        y = self.up1(y, x1)                 # (N, 64, H, W)           572         388
        return self.score(y)                # (N, num_classes, H, W)  572         388
        # fmt: on


def center_crop(x: Tensor, reference: Tensor) -> Tensor:
    """The middle of `x`, as high and as wide as `reference`."""
    height, width = reference.shape[-2:]
    top, left = (x.shape[-2] - height) // 2, (x.shape[-1] - width) // 2
    return x[..., top : top + height, left : left + width]


def check_valid_size(x: Tensor) -> None:
    """Raise a ValueError unless every pooling of the valid form halves an even size, and something is left.

    With m rows at the bottom, the input has 16 m + 60: doubled four times, and 4 lost on each of four levels
    (4 + 8 + 16 + 32 = 60). The output has 16 (m − 4) − 60 = 16 m − 124, so m is at least 8.
    """
    height, width = x.shape[-2:]
    if any(size < 188 or (size - 60) % 16 for size in (height, width)):
        raise ValueError(
            f"x: expected height and width among 188, 204, 220, … (16 k + 12) for valid convolutions, "
            f"got {height} and {width}; pad the image, or take UNet(..., valid=False)"
        )
