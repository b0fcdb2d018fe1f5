"""How good a prediction is: the measures of semantic, instance and panoptic segmentation.

Count first, divide last: counts add up over images and machines, ratios are taken once.
"""

from segedu.metrics.curve import PrecisionRecallCurve, precision_recall_curve
from segedu.metrics.encoded import EncodedInstances
from segedu.metrics.instance import AveragePrecision, average_precision
from segedu.metrics.matching import NO_MATCH, Matches, match_instances
from segedu.metrics.panoptic import ClassQualities, MeanQuality, PanopticQuality, panoptic_quality
from segedu.metrics.segments import NO_SEGMENT, SegmentMatches, match_id_maps, match_segments

__all__ = [
    "NO_MATCH",
    "NO_SEGMENT",
    "AveragePrecision",
    "ClassQualities",
    "EncodedInstances",
    "Matches",
    "MeanQuality",
    "PanopticQuality",
    "PrecisionRecallCurve",
    "SegmentMatches",
    "average_precision",
    "match_id_maps",
    "match_instances",
    "match_segments",
    "panoptic_quality",
    "precision_recall_curve",
]
