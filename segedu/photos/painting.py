"""A label map painted from back to front, with outlines that the photograph corrects."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.color import rgb2lab

from segedu.masks import polygons_to_mask
from segedu.photos import outlines
from segedu.photos.snap import snap

SPECK = 12
"""Patches with fewer pixels than this are slips of rasterisation; they go to what surrounds them."""


class Painting:
    """A label map in the making: 0 is void, k the k-th segment."""

    def __init__(self, image: npt.NDArray[np.uint8]) -> None:
        self.gray = image.mean(axis=2)
        self.lab = rgb2lab(image)
        self.map: npt.NDArray[np.int32] = np.zeros(image.shape[:2], np.int32)
        self.segments: list[str] = []  # category of segment k + 1

    def segment(self, category: str) -> int:
        """A new segment, still without pixels."""
        self.segments.append(category)
        return len(self.segments)

    def fill(self, segment: int) -> None:
        """Give every pixel that is still void to a segment."""
        self.map[self.map == 0] = segment

    def paint(self, segment: int, outline: str, *, reach: float, **options: Any) -> None:
        """Paint what lies inside an outline over what is there already; 0 paints void."""
        self.map[self.inside(outlines.points(outline, reach), **options)] = segment

    def inside(self, points: list[tuple[float, float, float]], **options: Any) -> npt.NDArray[np.bool_]:
        """The pixels inside an outline once it is snapped to the photograph."""
        return polygons_to_mask([snap(self.lab, points, **options)], self.map.shape)

    def tidy(self) -> None:
        """Give every speck to the segment that most of the pixels around it belong to."""
        for value in np.unique(self.map):
            patches, count = ndimage.label(self.map == value)
            sizes = np.bincount(patches.ravel(), minlength=count + 1)
            for patch in 1 + np.flatnonzero(sizes[1:] < SPECK):
                speck = patches == patch
                around = ndimage.binary_dilation(speck) & ~speck
                self.map[speck] = np.bincount(self.map[around]).argmax()
