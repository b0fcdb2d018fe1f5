"""Between scenes and detectors: the one place where class indices become a detector's labels, and back.

torchvision's detectors keep label 0 for "nothing here". So class index c, a position in ``Scene.categories``,
is label c + 1 inside of them. Stuff has labels too, which no object ever carries.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from segedu.instances import Instances
from segedu.masks import boxes
from segedu.scene import Scene

_FIRST_LABEL = 1  # of class index 0


def instance_targets(scene: Scene, *, min_area: int = 1) -> dict[str, Tensor]:
    """The objects of a scene as torchvision's detectors learn from them.

    Parameters
    ----------
    scene : Scene
    min_area : int
        Objects of fewer pixels are left out: to the detector they are background.

    Returns
    -------
    dict of Tensor
        ``boxes`` (N, 4) float32, xyxy with right and bottom one past the last pixel, so that an object of one
        pixel has a box of 1×1; ``labels`` (N,) int64 from 1 on; ``masks`` (N, H, W) uint8, 0 and 1; ``area``
        (N,) float32, pixels of the masks; ``iscrowd`` (N,) int64, all 0. N may be 0.

    Raises
    ------
    ValueError
        If `min_area` is below 1.

    Notes
    -----
    Crowds are left out: torchvision's detectors have no way to say "do not learn here". In evaluation they are
    there, and nobody has to find them (`segedu.metrics.average_precision`).

    Examples
    --------
    >>> from segedu.scene import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> instance = np.array([[1, 1, 0, 0], [0, 0, 0, 2]])
    >>> semantic = (instance > 0).astype(int)
    >>> scene = Scene(np.zeros((2, 4, 3), np.uint8), semantic, instance, (road, car))
    >>> target = instance_targets(scene)
    >>> target["boxes"], target["labels"], target["area"]
    (tensor([[0., 0., 2., 1.],
            [3., 1., 4., 2.]]), tensor([2, 2]), tensor([2., 1.]))
    """
    if min_area < 1:
        raise ValueError(f"min_area: expected at least 1 pixel, got {min_area}")
    masks, labels = scene.masks()  # (N, H, W), (N,): without crowds
    areas = masks.sum(axis=(1, 2))
    kept = areas >= min_area
    masks, labels, areas = masks[kept], labels[kept], areas[kept]
    return {
        "boxes": torch.from_numpy(boxes(masks)).float(),
        "labels": torch.from_numpy(labels + _FIRST_LABEL),
        "masks": torch.from_numpy(masks.astype(np.uint8)),
        "area": torch.from_numpy(areas).float(),
        "iscrowd": torch.zeros(len(labels), dtype=torch.int64),
    }


def to_instances(
    output: Mapping[str, Tensor], *, score_threshold: float = 0.0, mask_threshold: float = 0.5
) -> Instances:
    """What a detector answers for one image, as `Instances`.

    Parameters
    ----------
    output : mapping of Tensor
        ``labels`` (N,), ``scores`` (N,) and ``masks`` (N, 1, H, W), soft, from 0 to 1, as torchvision's
        Mask R-CNN returns them in ``eval`` mode.
    score_threshold : float
        Answers below it are left out. 0 keeps all, for AP, which looks at every one; to show or to count
        objects, 0.5 is usual.
    mask_threshold : float
        A pixel belongs to an object from this value on.

    Returns
    -------
    Instances
        On the CPU, in the detector's order: the surest first. A mask may be empty, where no pixel reaches the
        threshold.

    Raises
    ------
    ValueError
        If a threshold is not in 0 to 1.

    Examples
    --------
    >>> soft = torch.tensor([[[[0.9, 0.5, 0.1]]], [[[0.0, 0.2, 0.8]]]])
    >>> output = {"masks": soft, "labels": torch.tensor([6, 6]), "scores": torch.tensor([0.75, 0.25])}
    >>> found = to_instances(output, score_threshold=0.5)
    >>> found, found.labels, found.masks[0, 0]
    (Instances(1 of 1×3 pixels, 0 crowds), array([5]), array([ True,  True, False]))
    """
    for name, threshold in (("score_threshold", score_threshold), ("mask_threshold", mask_threshold)):
        if not 0 <= threshold <= 1:
            raise ValueError(f"{name}: expected 0 to 1, got {threshold}")
    kept = output["scores"] >= score_threshold
    return Instances(
        masks=(output["masks"][kept, 0] >= mask_threshold).cpu().numpy(),
        labels=output["labels"][kept].cpu().numpy() - _FIRST_LABEL,
        scores=output["scores"][kept].float().cpu().numpy(),
    )
