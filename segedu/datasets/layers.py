"""Masks that may overlap, laid on one another until each pixel belongs to one: what a `Scene` can hold.

COCO's and LabelMe's annotations are one mask an object, drawn by people who did not look at the neighbours.
Which one is in front is each format's own rule; here it is carried out, and counted what was lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segedu.scene import NO_INSTANCE, VOID


@dataclass(frozen=True)
class Overlap:
    """An annotation of which a scene does not show every pixel.

    Parameters
    ----------
    annotation : int or str
        What the data set calls it: COCO's annotation id, the number of a LabelMe shape, the name of a mask
        file.
    label : int
        Class index, or ``VOID``.
    area : int
        Pixels of the annotation.
    lost : int
        Those of them that lie behind another annotation. ``lost == area`` means that the scene shows none: it
        is hidden, or it was empty from the start (``area == 0``).
    """

    annotation: int | str
    label: int
    area: int
    lost: int


@dataclass(frozen=True)
class Layer:
    """One annotation on its way into a scene: what to write where its mask is True."""

    annotation: int | str
    label: int
    instance: int
    mask: npt.NDArray[np.bool_]  # (h, w): a part of the image, from `corner` on
    corner: tuple[int, int] = (0, 0)
    iscrowd: bool = False

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.mask))

    def of(self, image: npt.NDArray) -> npt.NDArray:
        """The part of an image, (H, W), that the mask lies on: a view."""
        (top, left), (height, width) = self.corner, self.mask.shape
        return image[top : top + height, left : left + width]

    def cropped(self) -> Layer:
        """The same with a mask as small as it gets: many layers of a large image fit into memory."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        if not rows.size:
            return Layer(self.annotation, self.label, self.instance, self.mask[:0, :0], (0, 0), self.iscrowd)
        top, left = int(rows[0]), int(columns[0])
        mask = self.mask[top : rows[-1] + 1, left : columns[-1] + 1].copy()
        corner = (self.corner[0] + top, self.corner[1] + left)
        return Layer(self.annotation, self.label, self.instance, mask, corner, self.iscrowd)


def flatten(
    layers: Iterable[Layer], size: tuple[int, int], *, ground: int = VOID
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], tuple[Overlap, ...]]:
    """Lay masks on one another, from back to front.

    Parameters
    ----------
    layers : iterable of Layer
        The last one is in front. Those with the same `annotation` are parts of one object.
    size : (int, int)
        Height and width of the image.
    ground : int
        Label of the pixels that no mask covers.

    Returns
    -------
    semantic : (H, W) uint8 array
    instance : (H, W) int32 array
    overlaps : tuple of Overlap
        The annotations that lost pixels, or had none.

    Examples
    --------
    A plate of two pixels behind a cup of two, in an image of three:

    >>> plate = Layer("plate", label=0, instance=1, mask=np.array([[True, True, False]]))
    >>> cup = Layer("cup", label=1, instance=2, mask=np.array([[False, True, True]]))
    >>> semantic, instance, overlaps = flatten([plate, cup], size=(1, 3))
    >>> semantic, instance
    (array([[0, 1, 1]], dtype=uint8), array([[1, 2, 2]], dtype=int32))
    >>> overlaps
    (Overlap(annotation='plate', label=0, area=2, lost=1),)
    """
    owner = np.zeros(size, np.int32)  # 0 is the ground, then one number for each annotation
    parts: dict[int | str, list[Layer]] = {}
    numbers: dict[int | str, int] = {}
    for layer in layers:
        number = numbers.setdefault(layer.annotation, len(numbers) + 1)
        parts.setdefault(layer.annotation, []).append(layer)
        layer.of(owner)[layer.mask] = number
    first = [found[0] for found in parts.values()]
    labels = np.array([ground, *(layer.label for layer in first)], np.uint8)
    instances = np.array([NO_INSTANCE, *(layer.instance for layer in first)], np.int32)
    shown = np.bincount(owner.ravel(), minlength=len(labels))[1:].tolist()
    overlaps = []
    for layer, found, visible in zip(first, parts.values(), shown, strict=True):
        area = _united_area(found, size)
        if visible < area or area == 0:
            overlaps.append(Overlap(layer.annotation, layer.label, area, lost=area - visible))
    return labels[owner], instances[owner], tuple(overlaps)


def _united_area(parts: list[Layer], size: tuple[int, int]) -> int:
    if len(parts) == 1:
        return parts[0].area
    united = np.zeros(size, bool)
    for part in parts:
        part.of(united)[part.mask] = True
    return int(np.count_nonzero(united))
