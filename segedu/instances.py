"""Objects that may overlap and carry scores: what an instance segmentation network answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segedu.scene import Scene


@dataclass(frozen=True, eq=False, repr=False)
class Instances:
    """Masks with a class and a score each.

    Unlike the objects of a `Scene`, they may overlap, and pixels may belong to none. The arrays are copied
    and made read-only.

    Parameters
    ----------
    masks : (N, H, W) bool array
        One mask for each object; N may be 0.
    labels : (N,) integer array
        Class index of each object. Stored as int64.
    scores : (N,) float array, optional
        Confidence of each object, higher is surer; any finite number. Truth has none: ``None`` stands for
        ones. Stored as float64.
    crowd : (N,) bool array, optional
        True where a mask covers several objects that nobody could tell apart (COCO's ``iscrowd``).
        ``None`` means that no mask does.

    Raises
    ------
    ValueError
        If shapes, types or values do not fit. The message names the field, what was expected and what came.

    Examples
    --------
    >>> Instances(masks=np.ones((2, 4, 6), bool), labels=[0, 3], scores=[0.9, 0.2])
    Instances(2 of 4×6 pixels, 0 crowds)
    """

    masks: npt.NDArray[np.bool_]
    labels: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64] | None = None
    crowd: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        masks = np.asarray(self.masks)
        if masks.ndim != 3:
            raise ValueError(f"Instances.masks: expected shape (N, H, W), got {masks.shape}")
        if masks.dtype != np.bool_:
            raise ValueError(
                f"Instances.masks: expected dtype bool, got {masks.dtype}; "
                "cut soft masks first, for instance with masks > 0.5"
            )
        n = len(masks)
        labels = _column(self.labels, "labels", n)
        if n and not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(f"Instances.labels: expected an integer dtype, got {labels.dtype}")
        if n and not (labels.min() >= 0 and labels.max() <= np.iinfo(np.int64).max):
            outside = labels.min() if labels.min() < 0 else labels.max()
            raise ValueError(f"Instances.labels: expected class indices from 0, got {outside}")
        scores = np.ones(n) if self.scores is None else _column(self.scores, "scores", n)
        if not (np.issubdtype(scores.dtype, np.floating) or np.issubdtype(scores.dtype, np.integer)):
            raise ValueError(f"Instances.scores: expected numbers, got dtype {scores.dtype}")
        if not np.isfinite(scores).all():
            odd = scores[~np.isfinite(scores)][0]
            raise ValueError(f"Instances.scores: expected finite numbers, got {odd}")
        crowd = np.zeros(n, bool) if self.crowd is None else _column(self.crowd, "crowd", n)
        if n and crowd.dtype != np.bool_:
            raise ValueError(f"Instances.crowd: expected dtype bool, got {crowd.dtype}")
        for field, array, dtype in (
            ("masks", masks, np.bool_),
            ("labels", labels, np.int64),
            ("scores", scores, np.float64),
            ("crowd", crowd, np.bool_),
        ):
            copy = np.array(array, dtype=dtype, order="C")
            copy.flags.writeable = False
            object.__setattr__(self, field, copy)

    @classmethod
    def from_scene(cls, scene: Scene) -> Instances:
        """The objects of a scene, in the order of their ids, then one crowd mask for each class that has one.

        Examples
        --------
        >>> from segedu.scene import Category
        >>> car = Category(1, "car", True, (0, 0, 142))
        >>> semantic, instance = np.zeros((1, 4), int), np.array([[1, 0, 0, 2]])
        >>> Instances.from_scene(Scene(np.zeros((1, 4, 3), np.uint8), semantic, instance, (car,)))
        Instances(3 of 1×4 pixels, 1 crowds)
        """
        masks, labels = scene.masks()
        crowds = [segment for segment in scene.segments() if segment.iscrowd]
        crowd_ids = np.array([segment.id for segment in crowds], np.int32)
        crowd_labels = np.array([segment.label for segment in crowds], np.int64)
        return cls(
            masks=np.concatenate([masks, scene.segment_ids()[None] == crowd_ids[:, None, None]]),
            labels=np.concatenate([labels, crowd_labels]),
            crowd=np.arange(len(labels) + len(crowds)) >= len(labels),
        )

    def __reduce__(self) -> tuple:
        # Made anew when unpickled or copied: NumPy would give the arrays back writable.
        return Instances, (self.masks, self.labels, self.scores, self.crowd)

    def __len__(self) -> int:
        return len(self.masks)

    def __repr__(self) -> str:
        n, height, width = self.masks.shape
        crowds = 0 if self.crowd is None else int(self.crowd.sum())
        return f"Instances({n} of {height}×{width} pixels, {crowds} crowds)"


def _column(values: npt.ArrayLike, field: str, length: int) -> npt.NDArray:
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"Instances.{field}: expected numbers in a row, got rows of different lengths"
        ) from None
    if array.shape != (length,):
        raise ValueError(f"Instances.{field}: expected shape ({length},), one for each mask, got {array.shape}")
    return array
