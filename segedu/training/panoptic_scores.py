"""How well a network tells everything: its two answers fused, and panoptic quality of all images together."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from segedu.fusion import panoptic_fusion
from segedu.instances import Instances
from segedu.metrics import PanopticQuality, match_segments
from segedu.models import to_instances
from segedu.scene import Scene
from segedu.training.data import SceneDataset, Scenes, normalise
from segedu.training.instance_scores import predict_output
from segedu.training.loop import bar_hidden, default_accelerator, share_weights


class WholeDataset(SceneDataset):
    """Scenes as pairs of an image as of `SceneDataset`, and the scene itself."""

    def __getitem__(self, k: int) -> tuple[Tensor, Any]:
        scene = self.scene(k)
        (image,) = self.look(k, scene.image)
        return normalise(image), scene


@torch.no_grad()
def evaluate_panoptic(
    model: nn.Module,
    scenes: Scenes,
    *,
    min_stuff_area: int,
    min_score: float = 0.5,
    max_overlap: float = 0.5,
    size: tuple[int, int] | None = None,
    accelerator: Accelerator | None = None,
    workers: int = 0,
    progress: bool | None = False,
) -> PanopticQuality:
    """Label every scene, fuse what is said about pixels and about objects, and count all segments together.

    Parameters
    ----------
    model : torch.nn.Module
        In ``eval`` mode it answers as `segedu.models.PanopticFPN` does.
    scenes : sequence of Scene
        Several processes take every w-th each, none twice; all return the quality of all.
    min_stuff_area, min_score, max_overlap
        As of `segedu.fusion.panoptic_fusion`, in the images' own pixels.
    size, accelerator, workers, progress
        As of `evaluate`.

    Returns
    -------
    PanopticQuality

    Raises
    ------
    ValueError
        If there is no scene, or as `panoptic_fusion`.
    """
    if not len(scenes):
        raise ValueError("scenes: expected at least one, got none")
    accelerator = accelerator or default_accelerator()
    model = accelerator.unwrap_model(model).to(accelerator.device)
    share_weights(model, accelerator)
    was_training = model.training
    model.eval()
    mine = range(accelerator.process_index, len(scenes), accelerator.num_processes)
    loader = DataLoader(WholeDataset(scenes), batch_size=None, sampler=mine, num_workers=workers)
    bar = tqdm(loader, leave=False, unit="image", disable=bar_hidden(progress, accelerator))
    thresholds = {"min_stuff_area": min_stuff_area, "min_score": min_score, "max_overlap": max_overlap}
    counted = []
    for k, (image, scene) in zip(mine, bar, strict=True):
        with accelerator.autocast():
            output = predict_output(model, image.to(accelerator.device), size=size)
        fused = fuse(output, scene, **thresholds)
        counted.append((k, PanopticQuality.from_matches(match_segments(fused, scene), scene.categories)))
    model.train(was_training)
    if accelerator.num_processes > 1:
        counted = gather_object(counted)
    counted.sort(key=lambda one: one[0])  # sums of IoUs are rounded in this order: that of one process
    total = counted[0][1]
    for _, quality in counted[1:]:
        total = total + quality
    return total


def fuse(output: dict[str, Tensor], scene: Scene, **thresholds: Any) -> Scene:
    """One panoptic answer from the two of a network to a scene's image; arguments as of `panoptic_fusion`.

    Logits of an image that was made smaller are interpolated back. Objects that have the class of stuff, as
    untrained detectors find them, are left out.
    """
    objects = to_instances(output)
    things = np.array([category.isthing for category in scene.categories])[objects.labels]
    assert objects.scores is not None
    logits = output["semantic_logits"].float()[None]  # (1, C, h, w)
    if logits.shape[-2:] != scene.size:
        logits = functional.interpolate(logits, scene.size, mode="bilinear")
    return panoptic_fusion(
        logits[0].cpu().numpy(),
        Instances(objects.masks[things], objects.labels[things], objects.scores[things]),
        image=scene.image,
        categories=scene.categories,
        **thresholds,
    )
