"""One confusion matrix for many images: counts that are added up before anything is divided."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.metrics import semantic
from segedu.metrics.confusion import confusion_matrix
from segedu.metrics.label_maps import checked_classes
from segedu.scene import VOID, Scene

_Floats = npt.NDArray[np.float64]


class ConfusionMatrix:
    """The counts of all images so far, and every measure that follows from them.

    A data set's mIoU is not the mean of its images' mIoU: `update` adds the counts of one image to those
    before, and the properties divide when they are asked. Two objects add up with ``+``, so each process can
    count its own share.

    Parameters
    ----------
    num_classes : int
        C, from 1 to 256.
    ignore_index : int or None
        The label of void in the targets, as in `confusion_matrix`.
    counts : (C, C) array of counts, optional
        Where to start. ``None`` means zeros.

    Raises
    ------
    ValueError
        If the parameters do not fit.

    Examples
    --------
    The first image has a pixel of class 1, and it was missed. The second one has none:

    >>> matrix = ConfusionMatrix(num_classes=2)
    >>> matrix.update(preds=np.array([[0, 0, 0]]), target=np.array([[0, 0, 1]]))
    >>> matrix.update(preds=np.array([[0, 0, 0]]), target=np.array([[0, 0, 255]]))
    >>> matrix.counts
    array([[4, 0],
           [1, 0]])
    >>> matrix
    ConfusionMatrix(2 classes, 5 pixels, mIoU 0.400)
    >>> matrix.iou_per_class
    array([0.8, 0. ])
    """

    def __init__(
        self, num_classes: int, ignore_index: int | None = VOID, *, counts: npt.ArrayLike | None = None
    ) -> None:
        self.num_classes, self.ignore_index = checked_classes(num_classes, ignore_index)
        shape = (self.num_classes, self.num_classes)
        self._counts = np.zeros(shape, np.int64) if counts is None else semantic.checked_counts(counts)
        if self._counts.shape != shape:
            raise ValueError(f"counts: expected shape {shape}, got {self._counts.shape}")

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """The matrix itself, (C, C): rows are the truth. A copy."""
        return self._counts.copy()

    def update(self, preds: npt.ArrayLike | Scene, target: npt.ArrayLike | Scene) -> None:
        """Add the pixels of an image, or of several.

        Parameters
        ----------
        preds, target : integer arrays of one shape, or Scenes
            As for `confusion_matrix`. Of a scene the semantic labels count.

        Raises
        ------
        ValueError
            As of `confusion_matrix`, and if a scene has other categories. Nothing is added then.
        """
        if isinstance(preds, Scene) and isinstance(target, Scene) and preds.categories != target.categories:
            raise ValueError("preds and target: expected scenes of the same categories, got different ones")
        counts = confusion_matrix(
            self._labels(preds, "preds"), self._labels(target, "target"), self.num_classes, self.ignore_index
        )
        self._counts = self._counts + counts  # not in place: a copy of this object has the same array

    def _labels(self, labels: npt.ArrayLike | Scene, name: str) -> npt.ArrayLike:
        if not isinstance(labels, Scene):
            return labels
        if len(labels.categories) != self.num_classes:
            raise ValueError(
                f"{name}: expected a scene of {self.num_classes} categories, got {len(labels.categories)}"
            )
        return labels.semantic

    def __add__(self, other: ConfusionMatrix) -> ConfusionMatrix:
        if not isinstance(other, ConfusionMatrix):
            return NotImplemented
        if (self.num_classes, self.ignore_index) != (other.num_classes, other.ignore_index):
            raise ValueError(
                "ConfusionMatrix: expected the same num_classes and ignore_index on both sides of +, "
                f"got {self.num_classes} and {other.num_classes}, {self.ignore_index} and {other.ignore_index}"
            )
        return ConfusionMatrix(self.num_classes, self.ignore_index, counts=self._counts + other._counts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ConfusionMatrix):
            return NotImplemented
        return self.ignore_index == other.ignore_index and np.array_equal(self._counts, other._counts)

    __hash__ = None  # type: ignore[assignment]  # it changes
    __array_ufunc__ = None  # matrix + array is an error, not an array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray:
        if copy is False:
            raise ValueError("ConfusionMatrix: expected copy=None or True, its array is always a copy")
        return self._counts.astype(dtype or np.int64)

    def __repr__(self) -> str:
        pixels = self._counts.sum()
        return f"ConfusionMatrix({self.num_classes} classes, {pixels} pixels, mIoU {self.mean_iou:.3f})"

    @property
    def pixel_accuracy(self) -> float:
        """See `segedu.metrics.pixel_accuracy`."""
        return semantic.pixel_accuracy(self._counts)

    @property
    def mean_pixel_accuracy(self) -> float:
        """See `segedu.metrics.mean_pixel_accuracy`."""
        return semantic.mean_pixel_accuracy(self._counts)

    @property
    def iou_per_class(self) -> _Floats:
        """See `segedu.metrics.iou_per_class`."""
        return semantic.iou_per_class(self._counts)

    @property
    def mean_iou(self) -> float:
        """See `segedu.metrics.mean_iou`."""
        return semantic.mean_iou(self._counts)

    @property
    def frequency_weighted_iou(self) -> float:
        """See `segedu.metrics.frequency_weighted_iou`."""
        return semantic.frequency_weighted_iou(self._counts)

    @property
    def dice_per_class(self) -> _Floats:
        """See `segedu.metrics.dice_per_class`."""
        return semantic.dice_per_class(self._counts)

    @property
    def precision_per_class(self) -> _Floats:
        """See `segedu.metrics.precision_per_class`."""
        return semantic.precision_per_class(self._counts)

    @property
    def recall_per_class(self) -> _Floats:
        """See `segedu.metrics.recall_per_class`."""
        return semantic.recall_per_class(self._counts)
