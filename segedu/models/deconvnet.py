"""DeconvNet and SegNet: a decoder that mirrors the encoder, and remembers where each maximum was.

Max pooling keeps one of four numbers and forgets where it stood. These networks write the places down (the
*switches*), and their decoder puts the numbers back there.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from segedu.models.blocks import check_counts, check_images, conv3x3, he_normal_


class PoolStage(nn.Module):
    """A stage of the encoder: some 3×3 convolutions, then 2×2 max pooling that keeps its switches."""

    def __init__(self, in_channels: int, out_channels: int, layers: int) -> None:
        super().__init__()
        widths = [in_channels] + [out_channels] * layers
        self.layers = nn.Sequential(*map(conv3x3, widths[:-1], widths[1:]))
        self.pool = nn.MaxPool2d(2, return_indices=True, ceil_mode=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, tuple[int, int]]:
        x = self.layers(x)  # (N, out, H, W)
        pooled, switches = self.pool(x)  # (N, out, H/2, W/2), odd sizes rounded up
        return pooled, switches, (x.shape[-2], x.shape[-1])


class UnpoolStage(nn.Module):
    """A stage of the decoder: maxima go back to their places among zeros, then 3×3 layers fill the holes."""

    def __init__(self, in_channels: int, out_channels: int, layers: int, *, deconv: bool) -> None:
        super().__init__()
        self.unpool = nn.MaxUnpool2d(2)
        widths = [in_channels] * layers + [out_channels]
        self.layers = nn.Sequential(*map(deconv3x3 if deconv else conv3x3, widths[:-1], widths[1:]))

    def forward(self, x: Tensor, switches: Tensor, size: tuple[int, int]) -> Tensor:
        x = self.unpool(x, switches, output_size=size)  # (N, in, H, W), three of four are 0
        return self.layers(x)  # (N, out, H, W)


def deconv3x3(in_channels: int, out_channels: int) -> nn.Sequential:
    """A 3×3 transposed convolution of stride 1, batch norm and ReLU."""
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


class DeconvNet(nn.Module):
    """Convolution and pooling down, unpooling and deconvolution up: 224 → 112 → 56 → 28 → 56 → 112 → 224.

    Images ``(N, in_channels, H, W)`` give logits ``(N, num_classes, H, W)``, for any H and W from 1 on. No
    feature map crosses from encoder to decoder, only the switches of each pooling.

    Parameters
    ----------
    in_channels : int
        3 for colour images.
    num_classes : int
    base_channels : int
        Channels of the first stage. Each stage doubles them, up to eight times as many. The paper has 64.
    stages : sequence of int
        How many convolutions each stage has; a pooling ends each. (2, 2, 3) are the first three stages of
        VGG16 and end at 28×28 for an image of 224×224. (2, 2, 3, 3, 3) are all of its 13 convolutions, and
        end at 7×7.

    Raises
    ------
    ValueError
        If a count is below 1; when called, if the input is no batch of float images with `in_channels`
        channels.

    Notes
    -----
    Source: Noh, Hong and Han, ICCV 2015, arXiv:1505.04366. The paper's network has five stages and, between
    encoder and decoder, two fully connected layers of 4096, so it takes 224×224 only; they hold most of
    its weights, and are left out here. As there, batch norm follows each layer but the last. Weights start from
    a normal distribution of variance 2 / N (the paper took the encoder's from VGG16).

    Examples
    --------
    >>> import torch
    >>> model = DeconvNet(in_channels=3, num_classes=9, base_channels=4)
    >>> model(torch.zeros(1, 3, 224, 224)).shape
    torch.Size([1, 9, 224, 224])
    """

    deconv = True  # layers of the decoder: transposed convolutions, or (SegNet) convolutions

    def __init__(
        self, in_channels: int, num_classes: int, *, base_channels: int = 64, stages: Sequence[int] = (2, 2, 3)
    ) -> None:
        check_counts(in_channels=in_channels, num_classes=num_classes, base_channels=base_channels)
        check_counts(stages=len(stages), **{f"stages[{i}]": layers for i, layers in enumerate(stages)})
        super().__init__()
        self.in_channels = in_channels
        widths = [base_channels * min(2**i, 8) for i in range(len(stages))]  # 64, 128, 256, …
        self.encoder = nn.ModuleList(map(PoolStage, [in_channels, *widths], widths, stages))
        self.decoder = nn.ModuleList(
            UnpoolStage(above, below, layers, deconv=self.deconv)
            for above, below, layers in zip(widths, [base_channels, *widths], stages, strict=False)
        )
        self.score = nn.Conv2d(base_channels, num_classes, 1)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        check_images(x, self.in_channels)
        remembered = []
        for pool_stage in self.encoder:
            x, switches, size = pool_stage(x)  # 224 → 112 → 56 → 28
            remembered.append((switches, size))
        for unpool_stage in reversed(self.decoder):
            x = unpool_stage(x, *remembered.pop())  # 28 → 56 → 112 → 224
        return self.score(x)  # (N, num_classes, H, W)


class SegNet(DeconvNet):
    """DeconvNet's encoder and unpooling, with convolutions in the decoder.

    Only the name of the layer changes: with stride 1, a transposed convolution *is* a convolution whose kernel
    is flipped and whose channels change places. What makes the maps larger is the unpooling, in both networks.

    Parameters
    ----------
    in_channels, num_classes, base_channels
        As of `DeconvNet`.
    stages : sequence of int
        As of `DeconvNet`. The paper's are the 13 convolutions of VGG16.

    Notes
    -----
    Source: Badrinarayanan, Kendall and Cipolla, TPAMI 2017, arXiv:1511.00561. Dropping VGG16's fully connected
    layers takes the encoder from 134 to 14.7 million weights. Our classifier is a 1×1 convolution after the 13
    layers of the decoder; the authors' code makes the last of the 13 the classifier.

    Examples
    --------
    >>> import torch
    >>> model = SegNet(in_channels=3, num_classes=11, base_channels=4)
    >>> model(torch.zeros(1, 3, 90, 120)).shape
    torch.Size([1, 11, 90, 120])
    """

    deconv = False

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        *,
        base_channels: int = 64,
        stages: Sequence[int] = (2, 2, 3, 3, 3),
    ) -> None:
        super().__init__(in_channels, num_classes, base_channels=base_channels, stages=stages)
