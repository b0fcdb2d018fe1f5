"""Training networks that find objects: the same engine as for pixels, with objects as targets."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from segedu.models import instance_targets
from segedu.scene import NO_INSTANCE, VOID, Scene
from segedu.training.data import Augmentation, SceneDataset, Scenes, normalise
from segedu.training.history import History, InstanceEpoch
from segedu.training.instance_scores import evaluate_instances
from segedu.training.loop import default_accelerator
from segedu.training.recipes import Recipe
from segedu.training.run import Task, run_epochs

Target = dict[str, Tensor]


class InstanceDataset(SceneDataset):
    """Scenes as pairs of an image and its objects, for a detector.

    ``dataset[k]`` is an image as of `SceneDataset`, and the target that `segedu.models.instance_targets` makes
    of the scene, after augmentation: image, classes and instances are scaled, cut and mirrored alike. An object
    that is cut off keeps the part that is seen, and is gone with its last pixel. The target also holds
    ``semantic`` (H, W) int64, the class indices with 255 for void, for networks that learn both.

    Parameters
    ----------
    scenes, augment, seed
        As of `SceneDataset`.
    min_area : int
        As of `segedu.models.instance_targets`.

    Examples
    --------
    >>> from segedu.synthetic import street_scene
    >>> image, target = InstanceDataset([street_scene(7, (64, 96))])[0]
    >>> image.shape, target["masks"].shape[1:], len(target["labels"]) == len(target["boxes"])
    (torch.Size([3, 64, 96]), torch.Size([64, 96]), True)
    """

    def __init__(
        self, scenes: Scenes, *, augment: Augmentation | None = None, seed: int = 0, min_area: int = 1
    ) -> None:
        super().__init__(scenes, augment=augment, seed=seed)
        self.min_area = min_area

    def __getitem__(self, k: int) -> tuple[Tensor, Any]:
        scene = self.scene(k)
        image, semantic, instance = self.look(k, scene.image, scene.semantic, scene.instance)
        instance = instance.where(semantic != VOID, NO_INSTANCE)  # a frame around the image has no objects
        seen = Scene(image.permute(1, 2, 0).numpy(), semantic.numpy(), instance.numpy(), scene.categories)
        target = instance_targets(seen, min_area=self.min_area)
        return normalise(image), target | {"semantic": semantic.long()}

    @staticmethod
    def collate(looks: Sequence[tuple[Tensor, Target]]) -> tuple[Tensor, list[Target]]:
        """A batch: images (N, 3, H, W), and a list of N targets, since each has objects of its own number."""
        return torch.stack([image for image, _ in looks]), [target for _, target in looks]


def losses_of(model: nn.Module, images: Tensor, targets: list[Target]) -> dict[str, Tensor]:
    """A detector compares by itself: it draws boxes around the objects to see which to learn from."""
    return model(images, targets)


def total(losses: Mapping[str, Tensor], targets: object) -> Tensor:
    """The sum of a detector's losses, as in the paper: each has weight 1."""
    return torch.stack(list(losses.values())).sum()


def fit_instances(
    model: nn.Module,
    train: Scenes,
    val: Scenes,
    recipe: Recipe,
    *,
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    accelerator: Accelerator | None = None,
    progress: bool | None = False,
    after_epoch: Callable[[InstanceEpoch], None] | None = None,
) -> History:
    """Train a network that finds objects, as `fit` trains one that labels pixels.

    Parameters
    ----------
    model : torch.nn.Module
        A detector, as `segedu.models.mask_rcnn` makes them: in ``train`` mode images (N, 3, H, W) and N targets
        become a dictionary of losses, which are added up.
    train, val, recipe, folder, resume, accelerator, progress, after_epoch
        As of `fit`. The loss of the recipe is not used: a detector brings its own. The best epoch is that of
        the highest mask AP on `val`.

    Returns
    -------
    History
        Of `InstanceEpoch`.

    Raises
    ------
    NonFiniteLossError, OSError, ValueError
        As `fit`.

    Notes
    -----
    Detectors draw by chance which anchors and proposals they learn from, and each process draws for its own
    images. So several processes learn from the same images as one, but not from the same boxes.
    """
    accelerator = accelerator or default_accelerator()
    num_classes = len(train[0].categories)

    def validate(scenes: Scenes) -> Mapping[str, Any]:
        if not len(scenes):
            return {"ap": np.nan, "ap_50": np.nan, "ap_per_class": (np.nan,) * num_classes}
        found = evaluate_instances(
            model,
            scenes,
            size=recipe.evaluation_size,
            min_area=recipe.min_area,
            max_detections=recipe.max_detections,
            mask_threshold=recipe.mask_threshold,
            accelerator=accelerator,
            workers=recipe.workers,
            progress=progress,
        )
        ap = found.mask
        return {"ap": ap.ap, "ap_50": ap.ap_50, "ap_per_class": tuple(ap.per_class.tolist())}

    dataset = InstanceDataset(
        train, augment=recipe.make_augmentation(), seed=recipe.seed, min_area=recipe.min_area
    )
    return run_epochs(
        model,
        Task(num_classes, dataset, total, validate, InstanceEpoch, losses_of),
        val,
        recipe,
        folder=folder,
        resume=resume,
        accelerator=accelerator,
        progress=progress,
        after_epoch=after_epoch,
    )
