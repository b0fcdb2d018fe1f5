"""The objects of an image as COCO's files hold them: run-length encoded masks, and boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.masks.runs import edges_area, edges_xywh, rle_edges


@dataclass(frozen=True, eq=False, repr=False)
class EncodedInstances:
    """Objects with a class and a score each, whose masks stay run-length encoded.

    `average_precision` takes it wherever it takes `Instances`. It is for results files: the masks are never
    decoded, and boxes may be what a detector drew instead of what surrounds a mask.

    Parameters
    ----------
    labels : (N,) integer array
        Class index of each object.
    scores : (N,) float array, optional
        Confidence of each object. ``None``, as for truth, stands for ones.
    crowd : (N,) bool array, optional
        COCO's ``iscrowd``. ``None`` means that no object is a crowd.
    rles : sequence of N mappings, optional
        ``{"size": [H, W], "counts": ...}``, all of one size.
    xywh : (N, 4) float array, optional
        Left, top, width, height in pixels, COCO's own order. ``None`` means the boxes around the masks.

    Raises
    ------
    ValueError
        If there are neither masks nor boxes, or if shapes, types or values do not fit.

    Examples
    --------
    >>> rles = [{"size": [2, 3], "counts": [2, 3, 1]}]
    >>> objects = EncodedInstances(labels=[7], scores=[0.9], rles=rles)
    >>> objects
    EncodedInstances(1 of 2×3 pixels, 0 crowds)
    >>> objects.areas, objects.boxes
    (array([3.]), array([[1., 0., 2., 2.]]))
    """

    labels: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64] | None = None
    crowd: npt.NDArray[np.bool_] | None = None
    rles: Sequence[Mapping[str, Any]] | None = None
    xywh: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        n = len(labels) if labels.ndim == 1 else -1
        if n < 0 or (n and not np.issubdtype(labels.dtype, np.integer)) or (labels < 0).any():
            raise ValueError(
                "EncodedInstances.labels: expected one class index from 0 for each object, "
                f"got shape {labels.shape} and dtype {labels.dtype}"
            )
        scores = np.ones(n) if self.scores is None else np.asarray(self.scores, np.float64)
        if scores.shape != (n,) or not np.isfinite(scores).all():
            raise ValueError(f"EncodedInstances.scores: expected {n} finite numbers, got {self.scores!r}")
        crowd = np.zeros(n, bool) if self.crowd is None else np.asarray(self.crowd)
        if crowd.shape != (n,) or (n and crowd.dtype != np.bool_):
            raise ValueError(
                f"EncodedInstances.crowd: expected shape ({n},) and dtype bool, "
                f"got {crowd.shape} and {crowd.dtype}"
            )
        if self.rles is None and self.xywh is None:
            raise ValueError("EncodedInstances: expected rles, xywh or both, got neither")
        if self.rles is not None and len(self.rles) != n:
            raise ValueError(f"EncodedInstances.rles: expected {n}, one for each label, got {len(self.rles)}")
        if self.xywh is not None:
            object.__setattr__(self, "xywh", _checked_boxes(self.xywh, n))
        object.__setattr__(self, "labels", labels.astype(np.int64))
        object.__setattr__(self, "scores", scores)
        object.__setattr__(self, "crowd", crowd.astype(bool))
        sizes = {size for size, _ in self._runs}
        if len(sizes) > 1:
            raise ValueError(f"EncodedInstances.rles: expected masks of one size, got {sorted(sizes)}")

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width in pixels; None where no mask tells it."""
        return self._runs[0][0] if self._runs else None

    @property
    def edges(self) -> list[npt.NDArray[np.int64]]:
        """Start, stop, start, … of the runs of each mask, as `segedu.masks.runs.rle_edges` gives them."""
        return [edges for _, edges in self._runs]

    @cached_property
    def areas(self) -> npt.NDArray[np.float64]:
        """Pixels of each mask, (N,); of each box where there are no masks."""
        if self.rles is None:
            return self.boxes[:, 2] * self.boxes[:, 3]
        return np.array([edges_area(edges) for edges in self.edges], np.float64)

    @cached_property
    def boxes(self) -> npt.NDArray[np.float64]:
        """The boxes, (N, 4) as left, top, width, height: the given ones, or those around the masks."""
        if self.xywh is not None:
            return self.xywh
        return np.array([edges_xywh(edges, size) for size, edges in self._runs], np.float64).reshape(-1, 4)

    @cached_property
    def _runs(self) -> list[tuple[tuple[int, int], npt.NDArray[np.int64]]]:
        return [rle_edges(rle) for rle in self.rles or ()]

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        crowds = 0 if self.crowd is None else int(self.crowd.sum())
        pixels = f" of {self.size[0]}×{self.size[1]} pixels" if self.size else ""
        return f"EncodedInstances({len(self)}{pixels}, {crowds} crowds)"


def _checked_boxes(xywh: npt.ArrayLike, n: int) -> npt.NDArray[np.float64]:
    boxes = np.asarray(xywh, np.float64)
    if boxes.size == 0 and n == 0:
        return np.zeros((0, 4))
    if boxes.shape != (n, 4):
        raise ValueError(f"EncodedInstances.xywh: expected shape ({n}, 4), got {boxes.shape}")
    wrong = boxes[~(np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] >= 0).all(axis=1))]
    if len(wrong):
        raise ValueError(
            "EncodedInstances.xywh: expected finite numbers with width and height from 0, "
            f"got {wrong[0].tolist()}"
        )
    return boxes
