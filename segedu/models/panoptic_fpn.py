"""Panoptic FPN: one backbone and one pyramid, a branch that labels pixels beside those that find objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from segedu.models.blocks import check_counts
from segedu.models.mask_rcnn import mask_rcnn
from segedu.scene import VOID


class SemanticBranch(nn.Module):
    """From all maps of a pyramid to logits of pixels: bring each to the finest size, add them, score.

    A map of twice the stride of the finest is doubled once, the next one twice, each time after a 3×3
    convolution, so that every map has been looked at on its way. Group norm, as in the paper.

    Parameters
    ----------
    in_channels : int
        Of the maps.
    num_classes, maps : int
        Number of categories, and of maps.
    channels : int
        Within the branch; a multiple of 8.
    """

    def __init__(self, in_channels: int, num_classes: int, *, maps: int, channels: int) -> None:
        check_counts(in_channels=in_channels, num_classes=num_classes, maps=maps, channels=channels)
        super().__init__()
        self.up = nn.ModuleList()
        for k in range(maps):
            looks: list[nn.Module] = []
            for step in range(max(k, 1)):
                looks += [
                    nn.Conv2d(channels if step else in_channels, channels, 3, padding=1, bias=False),
                    nn.GroupNorm(8, channels),
                    nn.ReLU(),
                ]
                if k:
                    looks.append(nn.Upsample(scale_factor=2, mode="bilinear"))
            self.up.append(nn.Sequential(*looks))
        self.score = nn.Conv2d(channels, num_classes, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        grown = [up(x) for up, x in zip(self.up, maps, strict=True)]  # (N, channels, H/s, W/s) each
        return self.score(torch.stack(grown).sum(dim=0))  # (N, num_classes, H/s, W/s)


class PanopticFPN(nn.Module):
    """A Mask R-CNN whose feature pyramid also labels every pixel.

    In ``train`` mode, images ``(N, 3, H, W)`` and N targets become the five losses of Mask R-CNN and
    ``loss_semantic``; a target has ``semantic`` (H, W), class indices with 255 for void, beside what
    `instance_targets` makes. In ``eval`` mode, N dictionaries are returned as by `mask_rcnn`, each with
    ``semantic_logits`` (num_classes, H, W) in addition. The branches share what the backbone sees; they do not
    agree by themselves, which is what fusion is for.

    Parameters
    ----------
    detector : torchvision.models.detection.MaskRCNN
        As `mask_rcnn` makes them.
    num_classes : int
        Number of categories: things and stuff.
    channels : int
        Of the semantic branch; a multiple of 8.
    semantic_weight : float
        What ``loss_semantic`` is multiplied with before it is returned.

    Notes
    -----
    Source: Kirillov et al., CVPR 2019, arXiv:1901.02446. There the branch has one class "other" for all things;
    here it has all classes, so that its answer is a semantic segmentation in its own right.
    """

    def __init__(
        self, detector: nn.Module, num_classes: int, *, channels: int = 32, semantic_weight: float = 1.0
    ) -> None:
        super().__init__()
        self.detector = detector
        self.semantic_weight = semantic_weight
        backbone: Any = detector.backbone
        self.maps = 4  # the finest four; torchvision's fifth is a subsampled fourth
        self.semantic = SemanticBranch(backbone.out_channels, num_classes, maps=self.maps, channels=channels)

    def forward(
        self, images: Tensor | list[Tensor], targets: list[dict[str, Tensor]] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        detector: Any = self.detector
        sizes = [tuple(image.shape[-2:]) for image in images]
        batch, seen = detector.transform(images, targets)  # padded to one size
        maps = detector.backbone(batch.tensors)
        proposals, proposal_losses = detector.rpn(batch, maps, seen)
        found, head_losses = detector.roi_heads(maps, proposals, batch.image_sizes, seen)
        scores = self.semantic(list(maps.values())[: self.maps])
        logits = functional.interpolate(scores.float(), batch.tensors.shape[-2:], mode="bilinear")
        if self.training:
            assert targets is not None
            target = torch.full_like(logits[:, 0], VOID, dtype=torch.int64)  # the padding is void
            for k, (height, width) in enumerate(sizes):
                target[k, :height, :width] = targets[k]["semantic"]
            return {**proposal_losses, **head_losses, "loss_semantic": self.semantic_loss(logits, target)}
        found = detector.transform.postprocess(found, batch.image_sizes, sizes)
        return [
            output | {"semantic_logits": logits[k, :, : sizes[k][0], : sizes[k][1]]}
            for k, output in enumerate(found)
        ]

    def semantic_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy over all pixels that are not void, weighted; 0 where all are."""
        known = (target != VOID).sum().clamp(min=1)
        summed = functional.cross_entropy(logits, target, ignore_index=VOID, reduction="sum")
        return self.semantic_weight * summed / known


def panoptic_fpn(
    name: str,
    num_classes: int,
    *,
    base_channels: int = 16,
    semantic_weight: float = 1.0,
    **settings: Any,
) -> PanopticFPN:
    """Make a Panoptic FPN on the backbone and the heads of a `mask_rcnn`.

    Parameters
    ----------
    name, num_classes, base_channels
        As of `mask_rcnn`.
    semantic_weight : float
        As of `PanopticFPN`.
    **settings
        The other arguments of `mask_rcnn`.

    Raises
    ------
    ValueError
        As `mask_rcnn`.

    Examples
    --------
    >>> model = panoptic_fpn("tiny", num_classes=9, base_channels=4).eval()
    >>> output = model(torch.zeros(1, 3, 32, 45))[0]
    >>> output["semantic_logits"].shape, output["masks"].shape[1:]
    (torch.Size([9, 32, 45]), torch.Size([1, 32, 45]))
    """
    detector = mask_rcnn(name, num_classes, base_channels=base_channels, **settings)
    channels = 8 * max(base_channels // 4, 1) if name == "tiny" else 128
    return PanopticFPN(detector, num_classes, channels=channels, semantic_weight=semantic_weight)
