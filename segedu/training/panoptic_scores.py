"""How well a network tells everything: its two answers fused, and panoptic quality of all images together."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional

from segedu.fusion import panoptic_fusion
from segedu.instances import Instances
from segedu.metrics import PanopticQuality, match_segments
from segedu.models import to_instances
from segedu.scene import Scene
from segedu.training.data import SceneDataset, Scenes, normalise
from segedu.training.instance_scores import predict_output
from segedu.training.loop import default_accelerator, of_all_processes, share_of_looks


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
    mask_threshold: float = 0.5,
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
    mask_threshold : float
        As of `segedu.models.to_instances`: where soft masks are cut.
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
    thresholds = {"min_stuff_area": min_stuff_area, "min_score": min_score, "max_overlap": max_overlap}
    counted = []
    looks = share_of_looks(model, WholeDataset(scenes), accelerator, workers=workers, progress=progress)
    for k, image, scene in looks:
        with accelerator.autocast():
            output = predict_output(model, image, size=size)
        fused = fuse(output, scene, mask_threshold=mask_threshold, **thresholds)
        matches = match_segments(fused, scene)
        counted.append((k, PanopticQuality.from_matches(matches, scene.categories)))
    first, *others = of_all_processes(counted, accelerator)
    return sum(others, start=first)


def fuse(output: dict[str, Tensor], scene: Scene, *, mask_threshold: float = 0.5, **thresholds: Any) -> Scene:
    """One panoptic answer from the two of a network to a scene's image; arguments as of `evaluate_panoptic`.

    Logits of an image that was made smaller are interpolated back. Objects that have the class of stuff, as
    untrained detectors find them, are left out.
    """
    objects = to_instances(output, mask_threshold=mask_threshold)
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
