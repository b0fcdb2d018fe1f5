"""What `SkipSurgery` shows in each state: the prediction, its errors, and what can no longer be found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.metrics import confusion_matrix, iou_per_class, mean_iou
from segedu.scene import NO_INSTANCE, VOID, Scene
from segedu.widgets.sentences import plural, score

FILLS = ("mean", "zero")
"""What a cut skip carries: each channel's mean over the image, or 0."""

SUBSETS = tuple(tuple(level for level in (1, 2, 3, 4) if k >> (level - 1) & 1) for k in range(16))
"""All ways to cut four skips. Bit k − 1 of a way's number says whether skip k is cut."""

OLD, NEW = (0, 114, 178), (213, 94, 0)
"""Pixels that the whole network has wrong as well, and those that only the cut one has: Okabe and Ito's."""

_Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Outcome:
    """What one network, whole or cut, makes of one scene.

    Attributes
    ----------
    preds : (H, W) uint8
    iou : (C,) float64
        NaN where a class is in neither the prediction nor the truth.
    mean_iou : float
    found : tuple of int
        Objects of which at least half of the pixels got the right class, by their place in
        ``scene.segments()``, from 1.
    """

    preds: _Labels
    iou: npt.NDArray[np.float64]
    mean_iou: float
    found: tuple[int, ...]


def outcome(preds: _Labels, scene: Scene) -> Outcome:
    """Compare a prediction with the truth."""
    confmat = confusion_matrix(preds, scene.semantic, len(scene.categories))
    ids = scene.segment_ids()
    right = np.bincount(ids[preds == scene.semantic], minlength=len(scene.segments()) + 1)
    found = [
        k
        for k, segment in enumerate(scene.segments(), start=1)
        if segment.instance != NO_INSTANCE and 2 * right[k] >= segment.area
    ]
    return Outcome(preds, iou_per_class(confmat), mean_iou(confmat), tuple(found))


def predictions(model: Any, scenes: Sequence[Scene], levels: Sequence[int], fill: str) -> list[_Labels]:
    """The class of each pixel of each scene, (H, W) uint8, by a `UNet` some of whose skips are cut."""
    import torch

    from segedu.models import cut_skips
    from segedu.training import SceneDataset

    found = []
    with torch.no_grad(), cut_skips(model, levels, to_zero=fill == "zero"):
        device, was_training = model.score.weight.device, model.training
        model.eval()
        for scene, (image, _) in zip(scenes, SceneDataset(scenes), strict=True):
            logits = model(image[None].to(device))[0]  # (C, H, W)
            expected = (len(scene.categories), *scene.size)
            if tuple(logits.shape) != expected:
                raise ValueError(
                    f"model: expected logits of shape {expected} for the scenes, got {tuple(logits.shape)}; "
                    "take a UNet with as many classes as they have categories, and valid=False"
                )
            found.append(logits.argmax(dim=0).cpu().numpy().astype(np.uint8))
        model.train(was_training)
    return found


def said(cut: Sequence[int], now: Outcome, whole: Outcome, scene: Scene) -> str:
    """One sentence or two about a state: how good it is, and which objects are gone."""
    objects = sum(segment.instance != NO_INSTANCE for segment in scene.segments())
    finds = f"finds {len(now.found)} of {plural(objects, 'object')}"
    if not cut:
        return f"The whole network: mIoU {score(now.mean_iou)}; it {finds}."
    names = ", ".join(map(str, cut[:-1])) + (" and " if cut[1:] else "") + str(cut[-1])
    who = f"Without skip{'s' if cut[1:] else ''} {names}: mIoU {score(now.mean_iou)}"
    gone = [scene.segments()[k - 1] for k in whole.found if k not in now.found]
    lost: dict[str, list[str]] = {}
    for segment in gone:
        lost.setdefault(scene.categories[segment.label].name, []).append(str(segment.instance))
    listed = "; ".join(f"{name} {', '.join(numbers)}" for name, numbers in lost.items())
    after = f"Gone: {listed}." if gone else "None is gone."
    return f"{who} instead of {score(whole.mean_iou)}; it {finds}. {after}"


def error_picture(scene: Scene, preds: _Labels, whole: _Labels) -> npt.NDArray[np.uint8]:
    """Where a prediction is wrong, (H, W, 3) uint8: blue if the whole network errs there too, else orange.

    The rest is the photograph, pale. Void is never wrong.
    """
    picture = (scene.image // 4 + 191).astype(np.uint8)
    known = scene.semantic != VOID
    wrong = known & (preds != scene.semantic)
    picture[wrong & (whole == scene.semantic)] = NEW
    picture[wrong & (whole != scene.semantic)] = OLD
    return picture
