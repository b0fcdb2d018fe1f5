"""Pictures of scenes: colours, label maps as images, and the figures of the book."""

from segedu.plot.colors import VEIL_COLOR, VOID_COLOR, segment_colors
from segedu.plot.figures import compare, legend, show_image, show_instance, show_panoptic, show_semantic
from segedu.plot.pictures import borders, instance_image, overlay, panoptic_image, semantic_image
from segedu.plot.style import use_book_style
from segedu.plot.words import alt_text

__all__ = [
    "VEIL_COLOR",
    "VOID_COLOR",
    "alt_text",
    "borders",
    "compare",
    "instance_image",
    "legend",
    "overlay",
    "panoptic_image",
    "segment_colors",
    "semantic_image",
    "show_image",
    "show_instance",
    "show_panoptic",
    "show_semantic",
    "use_book_style",
]
