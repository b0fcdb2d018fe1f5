"""Data sets on disk as sequences of `Scene`: benchmarks, two small ones to train on, your own photographs.

A reader takes the folder that the data set's archive unpacks to. ``dataset[i]`` reads one scene when it is
asked for; readers never guess, and an error names the file. The writers turn scenes into the same files.
`download` brings the archives: ``python -m segedu.datasets list`` tells which, how large, and on which terms.
"""

from segedu.datasets.camvid import CAMVID_CATEGORIES, CamVid
from segedu.datasets.check import Finding, check
from segedu.datasets.cityscapes import Cityscapes
from segedu.datasets.cityscapes_labels import (
    CITYSCAPES_LABELS,
    DRAWN_LABELS,
    TRAIN_LABELS,
    CityscapesLabel,
    cityscapes_label,
)
from segedu.datasets.coco_instances import CocoInstances
from segedu.datasets.coco_panoptic import CocoPanoptic, colors_to_ids, ids_to_colors
from segedu.datasets.dataset import Dataset
from segedu.datasets.getting import DownloadError, download
from segedu.datasets.labelme import LabelMe
from segedu.datasets.layers import Overlap
from segedu.datasets.nuclei import NUCLEI_CATEGORIES, Nuclei, nuclei_sample
from segedu.datasets.palette import colors_to_labels, labels_to_colors, voc_palette
from segedu.datasets.summary import Summary, summary
from segedu.datasets.voc import VOC, VOC_CATEGORIES, read_labelmap
from segedu.datasets.write_cityscapes import CityscapesMaps, encode_cityscapes, write_cityscapes
from segedu.datasets.write_coco import (
    encode_coco_instances,
    encode_coco_panoptic,
    write_coco_instances,
    write_coco_panoptic,
)
from segedu.datasets.write_voc import encode_voc, write_voc

__all__ = [
    "CAMVID_CATEGORIES",
    "CITYSCAPES_LABELS",
    "DRAWN_LABELS",
    "NUCLEI_CATEGORIES",
    "TRAIN_LABELS",
    "VOC",
    "VOC_CATEGORIES",
    "CamVid",
    "Cityscapes",
    "CityscapesLabel",
    "CityscapesMaps",
    "CocoInstances",
    "CocoPanoptic",
    "Dataset",
    "DownloadError",
    "Finding",
    "LabelMe",
    "Nuclei",
    "Overlap",
    "Summary",
    "check",
    "cityscapes_label",
    "colors_to_ids",
    "colors_to_labels",
    "download",
    "encode_cityscapes",
    "encode_coco_instances",
    "encode_coco_panoptic",
    "encode_voc",
    "ids_to_colors",
    "labels_to_colors",
    "nuclei_sample",
    "read_labelmap",
    "summary",
    "voc_palette",
    "write_cityscapes",
    "write_coco_instances",
    "write_coco_panoptic",
    "write_voc",
]
