"""Binary masks: how much they overlap, and the forms in which data sets store them."""

from segedu.masks.geometry import box_iou, boxes, mask_intersection, mask_iou, xywh_to_xyxy, xyxy_to_xywh
from segedu.masks.onehot import from_one_hot, one_hot
from segedu.masks.outlines import mask_to_polygons
from segedu.masks.polygons import polygons_to_mask
from segedu.masks.rle import MAX_PIXELS, RLE, rle_area, rle_decode, rle_encode

__all__ = [
    "MAX_PIXELS",
    "RLE",
    "box_iou",
    "boxes",
    "from_one_hot",
    "mask_intersection",
    "mask_iou",
    "mask_to_polygons",
    "one_hot",
    "polygons_to_mask",
    "rle_area",
    "rle_decode",
    "rle_encode",
    "xywh_to_xyxy",
    "xyxy_to_xywh",
]
