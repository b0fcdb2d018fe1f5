"""The parts of Mask R-CNN, each written to be read, and each equal to torchvision's.

In the order in which an image meets them: `anchor_boxes` cover it, `decode_boxes` moves them where the network
says, `nms` keeps one of each heap, `assign_levels` picks the feature map for a box, `roi_align` reads it there,
`mask_targets` and `mask_loss` teach the mask head, and `paste_masks` carries its small masks back to the image.

Boxes are rows of *xyxy*: left, top, right, bottom, in pixels of the image, where right and bottom are edges.
Each part works on one image, so a batch is a loop in plain sight.
"""

from segedu.models.detection.anchors import anchor_boxes, cell_anchors, grid_anchors
from segedu.models.detection.boxes import clip_boxes, decode_boxes, encode_boxes
from segedu.models.detection.levels import assign_levels
from segedu.models.detection.mask_loss import mask_loss, mask_targets
from segedu.models.detection.nms import batched_nms, nms
from segedu.models.detection.paste import paste_masks, paste_masks_rounded
from segedu.models.detection.roi_align import roi_align
from segedu.models.detection.roi_pool import roi_pool

__all__ = [
    "anchor_boxes",
    "assign_levels",
    "batched_nms",
    "cell_anchors",
    "clip_boxes",
    "decode_boxes",
    "encode_boxes",
    "grid_anchors",
    "mask_loss",
    "mask_targets",
    "nms",
    "paste_masks",
    "paste_masks_rounded",
    "roi_align",
    "roi_pool",
]
