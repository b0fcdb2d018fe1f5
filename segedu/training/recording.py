"""A film of a training run: what the network said about a few scenes, before it and after every epoch."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from segedu.scene import Scene
from segedu.synthetic import street_scene
from segedu.training.history import Epoch, History
from segedu.training.loop import default_accelerator
from segedu.training.results import predict

STREETS, SEEDS = Path(__file__).with_name("street_recording.npz"), (10_033, 10_036)


@dataclass(frozen=True)
class Recording:
    """What a `Recorder` has kept.

    Parameters
    ----------
    scenes : tuple of Scene
        S scenes.
    preds : tuple of S (E + 1, H, W) uint8 arrays
        The predicted class of each pixel: before training, then after each epoch.
    history : History
        The E epochs.
    """

    scenes: tuple[Scene, ...]
    preds: tuple[npt.NDArray[np.uint8], ...]
    history: History

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write predictions and history as a compressed ``.npz`` file, without the scenes."""
        arrays: dict[str, Any] = {f"preds_{k}": preds for k, preds in enumerate(self.preds)}
        np.savez_compressed(path, history=np.array(json.dumps(self.history.as_dicts())), **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str], scenes: Sequence[Scene]) -> Recording:
        """Read what `save` wrote, about the scenes that were recorded.

        Raises
        ------
        ValueError
            If the file holds predictions for another number of scenes, or of other sizes.
        """
        with np.load(path, allow_pickle=False) as file:
            history = History.from_dicts(json.loads(str(file["history"])))
            preds = tuple(file[name] for name in sorted(file.files) if name != "history")
        expected = [(len(history) + 1, *scene.size) for scene in scenes]
        if [p.shape for p in preds] != expected:
            raise ValueError(
                f"{path}: expected predictions of the shapes {expected}, got {[p.shape for p in preds]}; "
                "name the scenes that were recorded, in the same order"
            )
        return cls(tuple(scenes), preds, history)


class Recorder:
    """Keep a network's predictions on a few scenes while it is trained.

    Parameters
    ----------
    model : torch.nn.Module
        The network that `fit` will train. Its first predictions are kept at once, before any training.
    scenes : sequence of Scene
        At most 10. Take scenes that are not trained on.
    size : tuple of int, optional
        As for `evaluate`.

    Raises
    ------
    ValueError
        When called with an epoch that does not follow the last one: a resumed run has no beginning to show.

    Notes
    -----
    It only looks: a run with it has the same losses and weights as one without.

    Examples
    --------
    ::

        recorder = Recorder(model, [val[0], val[3]])
        fit(model, train, val, recipe, after_epoch=recorder)
        recorder.recording.preds[0].shape       # (recipe.epochs + 1, H, W)
    """

    def __init__(
        self, model: nn.Module, scenes: Sequence[Scene], *, size: tuple[int, int] | None = None
    ) -> None:
        if not 1 <= len(scenes) <= 10:
            raise ValueError(f"scenes: expected 1 to 10 scenes, got {len(scenes)}")
        self.model, self.scenes, self.size = model, tuple(scenes), size
        self._epochs: list[Epoch] = []
        self._preds: list[list[npt.NDArray[np.uint8]]] = [[] for _ in scenes]
        self._look()

    def __call__(self, epoch: Epoch) -> None:
        if epoch.epoch != len(self._epochs):
            raise ValueError(
                f"Recorder: expected epoch {len(self._epochs)}, got {epoch.epoch}; "
                "record a run from its beginning, each with a new recorder"
            )
        self._epochs.append(epoch)
        self._look()

    def _look(self) -> None:
        accelerator = default_accelerator()
        self.model.to(accelerator.device)
        for scene, preds in zip(self.scenes, self._preds, strict=True):
            preds.append(predict(self.model, scene, size=self.size, accelerator=accelerator))

    @property
    def recording(self) -> Recording:
        """What has been kept so far."""
        return Recording(self.scenes, tuple(map(np.stack, self._preds)), History(list(self._epochs)))


def street_recording() -> Recording:
    """A run of the recipe ``street_minute``, recorded on two streets that it did not learn from.

    It went 28 times through 100 streets. ``benchmarks/record_street.py`` made it, on a CPU.

    Examples
    --------
    >>> recording = street_recording()
    >>> len(recording.scenes), recording.preds[0].shape[1:]
    (2, (128, 128))
    """
    return Recording.load(STREETS, [street_scene(seed, (128, 128)) for seed in SEEDS])
