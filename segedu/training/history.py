"""What happened in training, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Epoch:
    """One epoch: its number from 0, and what was measured in it and after it.

    ``loss`` is the mean over the training batches, as they were seen (augmented, while the weights moved);
    ``learning_rate`` that of the last step; ``seconds`` the time for training, without validation.
    ``mean_iou`` and ``iou_per_class`` come from one confusion matrix of the validation images (NaN if there are
    none, or where a class is absent).
    """

    epoch: int
    loss: float
    learning_rate: float
    seconds: float
    mean_iou: float
    iou_per_class: tuple[float, ...]

    @property
    def quality(self) -> float:
        """What the best epoch has most of: ``mean_iou``."""
        return self.mean_iou

    def __str__(self) -> str:
        return f"loss {self.loss:.3f}, mIoU {self.mean_iou:.3f}"


@dataclass(frozen=True)
class InstanceEpoch:
    """One epoch of a network that finds objects.

    The first four fields are those of `Epoch`. ``ap`` and ``ap_50`` are mask AP of the validation images,
    ``ap_per_class`` the AP of each class (NaN if there are none, or where a class has no object to find).
    """

    epoch: int
    loss: float
    learning_rate: float
    seconds: float
    ap: float
    ap_50: float
    ap_per_class: tuple[float, ...]

    @property
    def quality(self) -> float:
        """What the best epoch has most of: ``ap``."""
        return self.ap

    def __str__(self) -> str:
        return f"loss {self.loss:.3f}, AP {self.ap:.3f}, AP50 {self.ap_50:.3f}"


@dataclass
class History:
    """All epochs so far: each an `Epoch`, or each an `InstanceEpoch`.

    Examples
    --------
    >>> first, second = Epoch(0, 1.5, 0.01, 2.0, 0.25, (0.5, 0.0)), Epoch(1, 0.9, 0.005, 2.0, 0.4, (0.6, 0.2))
    >>> history = History([first, second])
    >>> history.loss
    array([1.5, 0.9])
    >>> history.best.epoch
    1
    """

    epochs: list[Any] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.epochs)

    def __repr__(self) -> str:
        if not self.epochs:
            return "History(0 epochs)"
        return f"History({len(self)} epochs, {self.epochs[-1]})"

    @property
    def loss(self) -> npt.NDArray[np.float64]:
        """Mean training loss of each epoch, (epochs,)."""
        return np.array([epoch.loss for epoch in self.epochs])

    @property
    def learning_rate(self) -> npt.NDArray[np.float64]:
        """Learning rate at the end of each epoch, (epochs,)."""
        return np.array([epoch.learning_rate for epoch in self.epochs])

    @property
    def mean_iou(self) -> npt.NDArray[np.float64]:
        """mIoU on the validation images after each epoch, (epochs,)."""
        return np.array([epoch.mean_iou for epoch in self.epochs])

    @property
    def iou_per_class(self) -> npt.NDArray[np.float64]:
        """IoU of each class after each epoch, (epochs, C)."""
        return np.array([epoch.iou_per_class for epoch in self.epochs])

    @property
    def ap(self) -> npt.NDArray[np.float64]:
        """Mask AP on the validation images after each epoch, (epochs,)."""
        return np.array([epoch.ap for epoch in self.epochs])

    @property
    def ap_50(self) -> npt.NDArray[np.float64]:
        """The same at the threshold .50 alone, (epochs,)."""
        return np.array([epoch.ap_50 for epoch in self.epochs])

    @property
    def seconds(self) -> float:
        """Time spent on training, without validation."""
        return float(sum(epoch.seconds for epoch in self.epochs))

    @property
    def best(self) -> Any:
        """The first epoch with the highest validation mIoU or AP; the last epoch where none has any."""
        if not self.epochs:
            raise ValueError("History.best: expected at least one epoch, got none")
        measured = [epoch for epoch in self.epochs if not np.isnan(epoch.quality)]
        return max(measured, key=lambda epoch: epoch.quality) if measured else self.epochs[-1]

    def as_dicts(self) -> list[dict[str, Any]]:
        """One dictionary an epoch, in plain types."""
        return [
            {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(epoch).items()}
            for epoch in self.epochs
        ]

    @classmethod
    def from_dicts(cls, epochs: list[Mapping[str, Any]]) -> History:
        """The inverse of `as_dicts`."""
        kinds: list[type] = [InstanceEpoch if "ap" in epoch else Epoch for epoch in epochs]
        plain = [
            {name: tuple(value) if isinstance(value, list) else value for name, value in epoch.items()}
            for epoch in epochs
        ]
        return cls([kind(**fields) for kind, fields in zip(kinds, plain, strict=True)])
