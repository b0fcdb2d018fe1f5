"""How good a prediction is: the measures of semantic, instance and panoptic segmentation.

Count first, divide last: counts add up over images and machines, ratios are taken once.
"""

from segedu.metrics.boundary import (
    boundary_counts,
    boundary_iou,
    boundary_iou_per_class,
    boundary_width,
    inner_boundary,
)
from segedu.metrics.confusion import confusion_matrix
from segedu.metrics.curve import PrecisionRecallCurve, precision_recall_curve
from segedu.metrics.encoded import EncodedInstances
from segedu.metrics.instance import AveragePrecision, average_precision
from segedu.metrics.matching import NO_MATCH, Matches, match_instances
from segedu.metrics.panoptic import ClassQualities, MeanQuality, PanopticQuality, panoptic_quality
from segedu.metrics.pooled import ConfusionMatrix
from segedu.metrics.segments import NO_SEGMENT, SegmentMatches, match_id_maps, match_segments
from segedu.metrics.semantic import (
    dice_per_class,
    frequency_weighted_iou,
    iou_per_class,
    mean_iou,
    mean_pixel_accuracy,
    pixel_accuracy,
    precision_per_class,
    recall_per_class,
)

__all__ = [
    "NO_MATCH",
    "NO_SEGMENT",
    "AveragePrecision",
    "ClassQualities",
    "ConfusionMatrix",
    "EncodedInstances",
    "Matches",
    "MeanQuality",
    "PanopticQuality",
    "PrecisionRecallCurve",
    "SegmentMatches",
    "average_precision",
    "boundary_counts",
    "boundary_iou",
    "boundary_iou_per_class",
    "boundary_width",
    "confusion_matrix",
    "dice_per_class",
    "frequency_weighted_iou",
    "inner_boundary",
    "iou_per_class",
    "match_id_maps",
    "match_instances",
    "match_segments",
    "mean_iou",
    "mean_pixel_accuracy",
    "panoptic_quality",
    "pixel_accuracy",
    "precision_per_class",
    "precision_recall_curve",
    "recall_per_class",
]
