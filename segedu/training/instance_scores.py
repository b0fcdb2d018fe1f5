"""How well a network finds objects: AP of all images together, and how many objects it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional

from segedu.instances import Instances
from segedu.masks import rle_encode, xyxy_to_xywh
from segedu.metrics import AveragePrecision, EncodedInstances, average_precision
from segedu.models import to_instances
from segedu.scene import Scene
from segedu.training.data import SceneDataset, Scenes, fitted, normalise
from segedu.training.loop import default_accelerator, evaluating, of_all_processes, share_of_looks


@dataclass(frozen=True)
class InstanceScores:
    """How well objects were found: AP of masks and of boxes, and how far their number is off.

    ``count_error`` is the mean over the images of the difference between the numbers found and true, without
    its sign; ``relative_count_error`` is the sum of these differences by the number of all true objects (NaN
    where there are none). Found is what has a score of at least ``score_threshold``. Crowds and objects below
    ``min_area`` pixels are not counted, in truth and answer.
    """

    mask: AveragePrecision
    box: AveragePrecision
    count_error: float
    relative_count_error: float
    score_threshold: float
    min_area: int


class ScoredDataset(SceneDataset):
    """Scenes as pairs of an image as of `SceneDataset`, and the true objects, run-length encoded."""

    def __getitem__(self, k: int) -> tuple[Tensor, Any]:
        scene = self.scene(k)
        (image,) = self.look(k, scene.image)
        return normalise(image), encoded_scene(scene)


Found = tuple[list[EncodedInstances], list[EncodedInstances]]
"""What was found in each image, and what was there to find."""


def evaluate_instances(
    model: nn.Module,
    scenes: Scenes,
    *,
    size: tuple[int, int] | None = None,
    min_area: int = 1,
    max_detections: int = 100,
    mask_threshold: float = 0.5,
    score_threshold: float = 0.5,
    accelerator: Accelerator | None = None,
    workers: int = 0,
    progress: bool | None = False,
) -> InstanceScores:
    """Find the objects of every scene, and score them all together.

    Parameters
    ----------
    model : torch.nn.Module
        A detector, evaluated in ``eval`` mode.
    scenes : sequence of Scene
        Several processes take every w-th each, none twice; all return the scores of all.
    size, accelerator, workers, progress
        As of `evaluate`.
    min_area : int
        As of `segedu.metrics.average_precision`: objects of fewer pixels are ignored. 1 ignores none.
    max_detections : int
        Objects of an image and class that count at most. The model has its own limit.
    mask_threshold : float
        As of `segedu.models.to_instances`: where soft masks are cut.
    score_threshold : float
        From which score on an object counts in the count errors. AP knows no threshold.

    Returns
    -------
    InstanceScores
    """
    preds, targets = find_instances(
        model,
        scenes,
        size=size,
        find=partial(detect, mask_threshold=mask_threshold),
        accelerator=accelerator,
        workers=workers,
        progress=progress,
    )
    return score_instances(
        preds, targets, min_area=min_area, max_detections=max_detections, score_threshold=score_threshold
    )


@torch.no_grad()
def find_instances(
    model: nn.Module,
    scenes: Scenes,
    *,
    find: Callable[..., EncodedInstances],
    size: tuple[int, int] | None = None,
    accelerator: Accelerator | None = None,
    workers: int = 0,
    progress: bool | None = False,
) -> Found:
    """The objects that a network finds in every scene, and the true ones, run-length encoded, in their order.

    `find` takes the model, a normalised image (3, H, W) and `size`, as `detect` does. The other arguments are
    those of `evaluate_instances`. All processes return all of them.
    """
    accelerator = accelerator or default_accelerator()
    model = accelerator.unwrap_model(model).to(accelerator.device)
    found = []
    looks = share_of_looks(model, ScoredDataset(scenes), accelerator, workers=workers, progress=progress)
    for k, image, target in looks:
        with accelerator.autocast():
            found.append((k, (find(model, image, size=size), target)))
    pairs = of_all_processes(found, accelerator)
    return [preds for preds, _ in pairs], [target for _, target in pairs]


@torch.no_grad()
def find_in(
    model: nn.Module,
    scene: Scene,
    *,
    find: Callable[..., EncodedInstances],
    size: tuple[int, int] | None = None,
    accelerator: Accelerator,
) -> EncodedInstances:
    """What a network finds in one scene, in this process alone. Arguments as of `find_instances`."""
    model = accelerator.unwrap_model(model)
    image, _ = SceneDataset([scene])[0]
    with evaluating(model), accelerator.autocast():
        return find(model, image.to(accelerator.device), size=size)


def detect(
    model: nn.Module, image: Tensor, *, size: tuple[int, int] | None = None, mask_threshold: float = 0.5
) -> EncodedInstances:
    """What a detector finds, however unsure it is, with the boxes that it drew."""
    output = predict_output(model, image, size=size)
    return encoded(to_instances(output, mask_threshold=mask_threshold), output["boxes"])


def score_instances(
    preds: Sequence[EncodedInstances],
    targets: Sequence[EncodedInstances],
    *,
    min_area: int = 1,
    max_detections: int = 100,
    score_threshold: float = 0.5,
) -> InstanceScores:
    """The scores of what was found in each image, by whatever method. Arguments as of `evaluate_instances`."""
    limits = (*(limit for limit in (1, 10) if limit < max_detections), max_detections)
    settings: dict[str, Any] = {"min_area": min_area, "max_detections": limits}
    counts = np.array(
        [
            (
                np.count_nonzero((_scores(pred) >= score_threshold) & (pred.areas >= min_area)),
                np.count_nonzero((target.areas >= min_area) & ~_crowd(target)),
            )
            for pred, target in zip(preds, targets, strict=True)
        ]
    )  # (images, 2)
    off = np.abs(counts[:, 0] - counts[:, 1])
    objects = counts[:, 1].sum()
    return InstanceScores(
        mask=average_precision(preds, targets, kind="mask", **settings),
        box=average_precision(preds, targets, kind="box", **settings),
        count_error=float(off.mean()),
        relative_count_error=float(off.sum() / objects) if objects else np.nan,
        score_threshold=score_threshold,
        min_area=min_area,
    )


def predict_output(
    model: nn.Module, image: Tensor, *, size: tuple[int, int] | None = None
) -> dict[str, Tensor]:
    """A detector's answer to one normalised image (3, H, W), seen at the size that fits into `size`.

    Boxes and masks are in pixels of the image. Soft masks are interpolated, and cut afterwards.
    """
    height, width = image.shape[-2:]
    seen = (height, width) if size is None else fitted(image, size)
    if seen == (height, width):
        return model([image])[0]
    smaller = functional.interpolate(image[None], seen, mode="bilinear", antialias=True)
    output = model([smaller[0]])[0]
    scale = torch.tensor([width / seen[1], height / seen[0]] * 2, device=image.device)
    masks = functional.interpolate(output["masks"], (height, width), mode="bilinear")
    return output | {"boxes": output["boxes"] * scale, "masks": masks}


def encoded(objects: Instances, xyxy: Tensor | None = None) -> EncodedInstances:
    """Objects with their masks run-length encoded, and the boxes that a detector drew, if it drew any."""
    return EncodedInstances(
        labels=objects.labels,
        scores=objects.scores,
        crowd=objects.crowd,
        rles=[rle_encode(mask) for mask in objects.masks],
        xywh=None if xyxy is None else xyxy_to_xywh(xyxy.double().cpu().numpy()),
    )


def encoded_scene(scene: Scene) -> EncodedInstances:
    """The true objects and crowds of a scene, run-length encoded."""
    return encoded(Instances.from_scene(scene))


def _scores(objects: EncodedInstances) -> np.ndarray:
    return np.ones(len(objects)) if objects.scores is None else objects.scores


def _crowd(objects: EncodedInstances) -> np.ndarray:
    return np.zeros(len(objects), bool) if objects.crowd is None else objects.crowd
