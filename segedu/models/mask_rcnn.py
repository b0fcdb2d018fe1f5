"""Mask R-CNN: detect, then segment. torchvision's, assembled in sizes from a CPU's to a GPU's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torchvision.models import detection
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNConvFCHead, FastRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import MultiScaleRoIAlign

from segedu.models.blocks import check_counts
from segedu.models.detection import clip_boxes, paste_masks
from segedu.models.small_fpn import SmallFPN, group_norm

TINY_ANCHORS = (6, 12, 24, 48)
"""Sides of the anchors of the small network, in pixels, one for each stride 2, 4, 8 and 16."""

RESNET_ANCHORS = (32, 64, 128, 256, 512)
"""torchvision's, one for each stride 4, 8, 16, 32 and 64."""

NAMES = ("tiny", "resnet50_fpn", "resnet50_fpn_v2")


HALF = 0.5
"""Between two ways to measure: by the edges of pixels, where the first one reaches from 0 to 1, and by their
centres, where it lies at 0."""


class AsItIs(GeneralizedRCNNTransform):
    """Takes images as they are: normalised already, and of the size that they shall have.

    It pads those of different sizes to one batch, and sees to it that no half pixel is lost. Boxes here are
    measured by edges. torchvision's RoIAlign, which reads features and the masks to learn, takes them as
    measured by centres. So boxes are moved by half a pixel on their way in and on their way out, and masks are
    pasted exactly. torchvision does neither, and cuts boxes to whole pixels before it pastes. That harms nobody
    at a hundred pixels, but a thing of three pixels could not be learned: even a perfect mask came out too
    wide.
    """

    def __init__(self, *, size_divisible: int) -> None:
        super().__init__(0, 0, [0.0] * 3, [1.0] * 3, size_divisible=size_divisible)

    def forward(self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None) -> Any:
        if targets is not None:
            targets = [target | {"boxes": target["boxes"] - HALF} for target in targets]
        return super().forward(images, targets)

    def normalize(self, image: Tensor) -> Tensor:
        return image

    def resize(self, image: Tensor, target: Any = None) -> tuple[Tensor, Any]:
        return image, target

    def postprocess(
        self,
        result: list[dict[str, Tensor]],
        image_shapes: list[tuple[int, int]],
        original_image_sizes: list[tuple[int, int]],
    ) -> list[dict[str, Tensor]]:
        for output, size in zip(result, original_image_sizes, strict=not self.training):
            boxes = clip_boxes(output["boxes"] + HALF, size)
            masks = paste_masks(output["masks"][:, 0], boxes, size)[:, None]  # (N, 1, H, W)
            output.update(boxes=boxes, masks=masks)
        return result


def mask_rcnn(
    name: str,
    num_classes: int,
    *,
    base_channels: int = 16,
    anchors: Sequence[float] | None = None,
    max_detections: int = 100,
    sampling_ratio: int = 2,
    weights: Any = None,
    weights_backbone: Any = None,
) -> nn.Module:
    """Make a Mask R-CNN: a backbone with a feature pyramid, proposals, and for each proposal a class, a box and
    a mask.

    In ``train`` mode the model takes images ``(N, 3, H, W)`` and a list of N targets (`instance_targets`), and
    returns five losses in a dictionary. In ``eval`` mode it takes images alone, a batch or a list of images of
    any sizes, and returns N dictionaries of ``boxes``, ``labels``, ``scores`` and ``masks``; `to_instances`
    reads them. Images are normalised, as for all networks of this package, and never resized. Boxes are xyxy by
    edges: right and bottom are one past the last pixel.

    Parameters
    ----------
    name : {"tiny", "resnet50_fpn", "resnet50_fpn_v2"}
        ``tiny`` is a small network for a CPU, whose finest map has stride 2: things of 4 to 40 pixels.
        The others are torchvision's; version 2 is the later one with batch norm and deeper heads.
    num_classes : int
        Number of categories, stuff included: class indices are positions among them. "Nothing here", which
        torchvision counts as a class, is added.
    base_channels : int
        Width of ``tiny``, a multiple of 4. The others have one width and ignore it.
    anchors : sequence of float, optional
        Sides of the anchors in pixels, one for each map of the pyramid, finest first: 4 for ``tiny``, else 5.
        None takes those for street scenes (``tiny``) or torchvision's. Nuclei want smaller ones than
        torchvision's 32 to 512.
    max_detections : int
        So many objects of an image are answered at most. In training, ``tiny`` draws from as many proposals,
        but from 100 at least and from 200 at most; the others draw from torchvision's 2000.
    sampling_ratio : int
        RoIAlign reads each bin at so many points down and so many across. torchvision takes 2; 1 is faster, and
        enough where a bin is no larger than a place of the map.
    weights : str or torchvision's enumeration, optional
        For the two ResNets: None starts from random weights and downloads nothing; ``"DEFAULT"`` downloads
        what torchvision trained on COCO (178 MB and 186 MB). Where `num_classes` is not theirs, the last layers
        are new.
    weights_backbone : str or torchvision's enumeration, optional
        For the two ResNets: as `weights`, for the ResNet alone, trained on ImageNet.

    Returns
    -------
    torchvision.models.detection.MaskRCNN

    Raises
    ------
    ValueError
        If a name or number is out of its range, or if there are no such weights.

    Notes
    -----
    Source: He et al., ICCV 2017, arXiv:1703.06870. The parts are ``backbone``, ``rpn`` and ``roi_heads`` of the
    model, and torchvision's own but for `AsItIs`, its transform: small things need every half pixel. With
    weights, torchvision freezes batch norm and the first layers of the ResNet; without, everything learns.

    Examples
    --------
    >>> import torch
    >>> model = mask_rcnn("tiny", num_classes=9, base_channels=4).eval()
    >>> output = model(torch.zeros(1, 3, 32, 45))[0]
    >>> sorted(output), output["masks"].shape[1:]
    (['boxes', 'labels', 'masks', 'scores'], torch.Size([1, 32, 45]))
    """
    check_counts(
        num_classes=num_classes,
        base_channels=base_channels,
        max_detections=max_detections,
        sampling_ratio=sampling_ratio,
    )
    if name not in NAMES:
        raise ValueError(f"name: expected one of {', '.join(NAMES)}, got {name!r}")
    default = TINY_ANCHORS if name == "tiny" else RESNET_ANCHORS
    anchors = default if anchors is None else tuple(anchors)
    if len(anchors) != len(default) or not min(anchors) > 0:
        raise ValueError(f"anchors: expected {len(default)} sides above 0 for {name!r}, got {anchors}")
    if name == "tiny":
        if weights is not None or weights_backbone is not None:
            raise ValueError("weights: expected None for 'tiny', of which there are no trained weights")
        return _tiny(num_classes, base_channels, anchors, max_detections, sampling_ratio)
    return _resnet(name, num_classes, anchors, max_detections, sampling_ratio, weights, weights_backbone)


def _tiny(
    num_classes: int,
    base_channels: int,
    anchors: Sequence[float],
    max_detections: int,
    sampling_ratio: int,
) -> nn.Module:
    backbone = SmallFPN(3, base_channels=base_channels)
    maps = [str(k) for k in range(len(anchors))]
    # A box of the side of a map's anchors is read from that map, as boxes of 224 pixels are from stride 16.
    levels = {"canonical_scale": 2 * anchors[-1], "canonical_level": 5}
    channels, hidden = backbone.out_channels, 8 * base_channels
    proposals = max(200, 2 * max_detections)
    drawn_from = min(max(100, max_detections), 200)  # more would only take time
    model = detection.MaskRCNN(
        backbone,
        # Proposals: three shapes of anchors at each place of each map.
        rpn_anchor_generator=AnchorGenerator(tuple((a,) for a in anchors), ((0.4, 1.0, 2.5),) * len(anchors)),
        rpn_fg_iou_thresh=0.5,  # few anchors overlap a small box by torchvision's 0.7
        rpn_batch_size_per_image=64,
        rpn_pre_nms_top_n_train=drawn_from,
        rpn_pre_nms_top_n_test=proposals,
        rpn_post_nms_top_n_train=drawn_from,
        rpn_post_nms_top_n_test=proposals,
        # A class and a better box for each proposal.
        box_roi_pool=MultiScaleRoIAlign(maps, output_size=7, sampling_ratio=sampling_ratio, **levels),
        box_head=FastRCNNConvFCHead((channels, 7, 7), [channels], [hidden], norm_layer=group_norm),
        box_predictor=FastRCNNPredictor(hidden, num_classes + 1),
        box_batch_size_per_image=64,
        box_detections_per_img=max_detections,
        # A mask of 28×28 for each class.
        mask_roi_pool=MultiScaleRoIAlign(["fine"], output_size=14, sampling_ratio=sampling_ratio),
        mask_head=MaskRCNNHeads(base_channels, (channels, channels), dilation=1, norm_layer=group_norm),
        mask_predictor=MaskRCNNPredictor(channels, channels, num_classes + 1),
    )
    model.rpn.register_forward_pre_hook(_without_fine)
    model.transform = AsItIs(size_divisible=16)
    return model


def _without_fine(rpn: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Proposals come from the maps of the pyramid; the map for masks has no anchors."""
    images, maps, *targets = inputs
    return images, {name: x for name, x in maps.items() if name != "fine"}, *targets


def _resnet(
    name: str,
    num_classes: int,
    anchors: Sequence[float],
    max_detections: int,
    sampling_ratio: int,
    weights: Any,
    weights_backbone: Any,
) -> nn.Module:
    make = getattr(detection, f"maskrcnn_{name}")
    settings = {
        "box_detections_per_img": max_detections,
        "rpn_post_nms_top_n_test": max(1000, 2 * max_detections),
    }
    try:
        if weights is None:
            model = make(
                weights=None, weights_backbone=weights_backbone, num_classes=num_classes + 1, **settings
            )
        else:
            model = make(weights=weights, weights_backbone=None, **settings)
    except KeyError:
        raise ValueError(
            f"weights: expected None, 'DEFAULT' or a name of torchvision's, got {weights or weights_backbone!r}"
        ) from None
    heads = model.roi_heads
    if heads.box_predictor.cls_score.out_features != num_classes + 1:
        heads.box_predictor = FastRCNNPredictor(heads.box_predictor.cls_score.in_features, num_classes + 1)
        last = heads.mask_predictor.conv5_mask
        heads.mask_predictor = MaskRCNNPredictor(last.in_channels, last.out_channels, num_classes + 1)
    heads.box_roi_pool.sampling_ratio = heads.mask_roi_pool.sampling_ratio = sampling_ratio
    model.rpn.anchor_generator = AnchorGenerator(
        tuple((a,) for a in anchors), ((0.5, 1.0, 2.0),) * len(anchors)
    )
    model.transform = AsItIs(size_divisible=32)
    return model
