"""Networks that segment, each written as its paper draws it: parts, then their assembly.

Every network is made from ``in_channels``, ``num_classes`` and ``base_channels``, which sets how wide all
layers are: 64 in the papers, 8 for a CPU. It takes float images ``(N, in_channels, H, W)`` and
returns logits ``(N, num_classes, H, W)``, scores before softmax. ``logits.argmax(dim=1)`` is the predicted
label map.

`mask_rcnn` finds objects instead: `instance_targets` and `to_instances` stand between it and scenes.

Weights are drawn from PyTorch's global generator: call ``torch.manual_seed`` first for the same network again.
"""

from segedu.fusion import panoptic_fusion
from segedu.models.deconvnet import DeconvNet, SegNet
from segedu.models.detections import instance_targets, to_instances
from segedu.models.fcn import FCN8s, FCN16s, FCN32s
from segedu.models.mask_rcnn import mask_rcnn
from segedu.models.panoptic_fpn import PanopticFPN, panoptic_fpn
from segedu.models.skips import cut_skips
from segedu.models.small_fpn import SmallFPN
from segedu.models.street import street_mask_rcnn, street_unet
from segedu.models.torchvision_fcn import fcn_resnet50
from segedu.models.unet import UNet
from segedu.models.vgg import load_vgg16
from segedu.models.watershed import watershed_instances

__all__ = [
    "DeconvNet",
    "FCN8s",
    "FCN16s",
    "FCN32s",
    "PanopticFPN",
    "SegNet",
    "SmallFPN",
    "UNet",
    "cut_skips",
    "fcn_resnet50",
    "instance_targets",
    "load_vgg16",
    "mask_rcnn",
    "panoptic_fpn",
    "panoptic_fusion",
    "street_mask_rcnn",
    "street_unet",
    "to_instances",
    "watershed_instances",
]
