"""Figures that a reader can operate: live in Jupyter, in a page without a kernel, and still in print."""

from segedu.widgets.classify_detect_segment import ClassifyDetectSegment, answer_sizes, answers_at
from segedu.widgets.confusion_matrix import ConfusionMatrix
from segedu.widgets.encodings import encodings_at
from segedu.widgets.format_explorer import FormatExplorer
from segedu.widgets.iou_painter import IoUPainter
from segedu.widgets.network_shapes import NetworkShapes
from segedu.widgets.network_trace import Link, Step, skip_links, trace_network
from segedu.widgets.overlap import overlap, overlap_scores
from segedu.widgets.panoptic_fusion import PanopticFusion
from segedu.widgets.panoptic_matcher import PanopticMatcher
from segedu.widgets.proposals import Proposals
from segedu.widgets.receptive_field import ReceptiveField
from segedu.widgets.roi_align import RoIAlign
from segedu.widgets.scene_viewer import SceneViewer
from segedu.widgets.sentences import describe
from segedu.widgets.skip_surgery import SkipSurgery
from segedu.widgets.sparse_matrix import SparseMatrix
from segedu.widgets.thing_stuff import ThingStuff, tally, with_things
from segedu.widgets.training_player import TrainingPlayer
from segedu.widgets.transposed_convolution import TransposedConvolution
from segedu.widgets.upsampling_lab import UpsamplingLab
from segedu.widgets.upsampling_methods import fitted_kernel, upsample

__all__ = [
    "ClassifyDetectSegment",
    "ConfusionMatrix",
    "FormatExplorer",
    "IoUPainter",
    "Link",
    "NetworkShapes",
    "PanopticFusion",
    "PanopticMatcher",
    "Proposals",
    "ReceptiveField",
    "RoIAlign",
    "SceneViewer",
    "SkipSurgery",
    "SparseMatrix",
    "Step",
    "ThingStuff",
    "TrainingPlayer",
    "TransposedConvolution",
    "UpsamplingLab",
    "answer_sizes",
    "answers_at",
    "describe",
    "encodings_at",
    "fitted_kernel",
    "overlap",
    "overlap_scores",
    "skip_links",
    "tally",
    "trace_network",
    "upsample",
    "with_things",
]
