"""torchvision's FCN on a ResNet-50, made to answer as the networks of this package do."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from segedu.models.blocks import check_counts, check_images


class PlainLogits(nn.Module):
    """A network of ``torchvision.models.segmentation`` that returns logits, not a dictionary with them."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        check_images(x, 3)
        return self.network(x)["out"]  # (N, num_classes, H, W)


def fcn_resnet50(num_classes: int, *, weights: Any = None) -> nn.Module:
    """torchvision's ``fcn_resnet50``: the idea of FCN on a later encoder, with trained weights to be had.

    Images ``(N, 3, H, W)`` give logits ``(N, num_classes, H, W)``, for any H and W from 1 on. The encoder's
    last two stages are dilated instead of strided, so that scores come one for each 8×8 pixels, without skips,
    and are interpolated to the size of the image.

    Parameters
    ----------
    num_classes : int
    weights : str or FCN_ResNet50_Weights, optional
        None starts from random weights and downloads nothing. torchvision's ``"DEFAULT"`` downloads weights
        for VOC's 21 classes (135 MB); with another `num_classes`, the last layer is new and has to be trained.
        They expect images as `load_vgg16` describes.

    Returns
    -------
    torch.nn.Module
        Without torchvision's auxiliary head, which helps only in training.

    Raises
    ------
    ValueError
        If `num_classes` is below 1, or torchvision knows no such weights; when called, if the input is no batch
        of float images with 3 channels.

    Examples
    --------
    >>> import torch
    >>> model = fcn_resnet50(num_classes=9).eval()
    >>> model(torch.zeros(1, 3, 45, 70)).shape
    torch.Size([1, 9, 45, 70])
    """
    from torchvision.models import segmentation  # not at the top: the other networks need no torchvision

    check_counts(num_classes=num_classes)
    if weights is None:
        return PlainLogits(
            segmentation.fcn_resnet50(
                weights=None, weights_backbone=None, num_classes=num_classes, aux_loss=False
            )
        )
    known = segmentation.FCN_ResNet50_Weights.__members__
    if isinstance(weights, str) and weights not in known:
        raise ValueError(f"weights: expected one of {sorted(known)} or None, got {weights!r}")
    network = segmentation.fcn_resnet50(weights=weights, weights_backbone=None)
    network.aux_classifier = None
    last = network.classifier[-1]
    if last.out_channels != num_classes:
        network.classifier[-1] = nn.Conv2d(last.in_channels, num_classes, 1)
    return PlainLogits(network)
