"""Networks that are trained already, on street scenes only, for chapters that look into one."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from segedu.models.mask_rcnn import mask_rcnn
from segedu.models.unet import UNet

WEIGHTS = Path(__file__).parent / "weights"
STREET_CHANNELS = 8
DETECTOR_CHANNELS = 16


def street_unet() -> UNet:
    """The U-Net with 8 base channels, trained on `segedu.synthetic.street_scene` at 128×128.

    Returns
    -------
    UNet
        In ``eval`` mode. Images (N, 3, H, W), normalised as `segedu.training.normalise` does, to logits
        (N, 9, H, W) in the order of `segedu.synthetic.STREET`.

    Notes
    -----
    ``benchmarks/street_weights.py`` made the weights, from seeds 0 to 999; ``results/street_unet_shipped.json``
    says how good they are on seeds from 20,000 on. They are stored in 16 bits and computed with in 32. It knows
    nothing of real photographs.

    Examples
    --------
    >>> street_unet()(torch.zeros(1, 3, 96, 128)).shape
    torch.Size([1, 9, 96, 128])
    """
    model = UNet(3, 9, base_channels=STREET_CHANNELS)
    model.load_state_dict(torch.load(WEIGHTS / "street_unet.pt", map_location="cpu", weights_only=True))
    return model.eval()


def street_mask_rcnn() -> nn.Module:
    """The Mask R-CNN ``tiny`` with 16 base channels, trained on `segedu.synthetic.street_scene` at 128×128.

    Returns
    -------
    torchvision.models.detection.MaskRCNN
        In ``eval`` mode. Images, normalised as `segedu.training.normalise` does, to what `to_instances` reads,
        with the class indices of `segedu.synthetic.STREET`.

    Notes
    -----
    ``benchmarks/street_weights.py`` made the weights, from seeds 0 to 999;
    ``results/street_mask_rcnn_shipped.json`` says how good they are on seeds from 20,000 on. Objects of fewer
    than 8 pixels were left out of the training. The weights are stored in 16 bits and computed with in 32.
    They know nothing of real photographs.

    Examples
    --------
    >>> sorted(street_mask_rcnn()([torch.zeros(3, 96, 128)])[0])
    ['boxes', 'labels', 'masks', 'scores']
    """
    model = mask_rcnn("tiny", 9, base_channels=DETECTOR_CHANNELS, sampling_ratio=1)
    state = torch.load(WEIGHTS / "street_mask_rcnn.pt", map_location="cpu", weights_only=True)
    model.load_state_dict(state)
    return model.eval()
