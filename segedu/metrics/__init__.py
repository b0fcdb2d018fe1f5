"""How good a prediction is: the measures of semantic, instance and panoptic segmentation.

Count first, divide last: counts add up over images and machines, ratios are taken once.
"""

from segedu.metrics.curve import PrecisionRecallCurve, precision_recall_curve
from segedu.metrics.encoded import EncodedInstances
from segedu.metrics.instance import AveragePrecision, average_precision
from segedu.metrics.matching import NO_MATCH, Matches, match_instances

__all__ = [
    "NO_MATCH",
    "AveragePrecision",
    "EncodedInstances",
    "Matches",
    "PrecisionRecallCurve",
    "average_precision",
    "match_instances",
    "precision_recall_curve",
]
