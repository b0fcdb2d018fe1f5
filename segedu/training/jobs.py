"""What the command line can train: networks that label pixels, networks that find objects, one by the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from PIL import Image
from torch import Tensor, nn

from segedu import models
from segedu.masks import rle_decode
from segedu.metrics import EncodedInstances
from segedu.scene import VOID, Category, Scene
from segedu.training.data import Scenes
from segedu.training.history import History
from segedu.training.instance_scores import detect, encoded, find_in, find_instances, score_instances
from segedu.training.instances import fit_instances
from segedu.training.loop import evaluate, predict_logits
from segedu.training.panoptic_scores import evaluate_panoptic
from segedu.training.recipes import Recipe
from segedu.training.results import instance_measures, measures, panoptic_measures, predict, triptych
from segedu.training.run import fit

Maker = Callable[[int, int], nn.Module]

MODELS: dict[str, Maker] = {
    "unet": lambda classes, width: models.UNet(3, classes, base_channels=width),
    "fcn32s": lambda classes, width: models.FCN32s(3, classes, base_channels=width, batch_norm=True),
    "fcn16s": lambda classes, width: models.FCN16s(3, classes, base_channels=width, batch_norm=True),
    "fcn8s": lambda classes, width: models.FCN8s(3, classes, base_channels=width, batch_norm=True),
    "deconvnet": lambda classes, width: models.DeconvNet(3, classes, base_channels=width),
    "segnet": lambda classes, width: models.SegNet(3, classes, base_channels=width),
}
"""Networks by name: number of classes and base channels to a network. All start from random weights."""

DETECTORS = {
    "mask_rcnn": "tiny",
    "mask_rcnn_resnet50_fpn": "resnet50_fpn",
    "mask_rcnn_resnet50_fpn_v2": "resnet50_fpn_v2",
}
"""Names of detectors, and what `segedu.models.mask_rcnn` calls them."""

PANOPTIC = {"panoptic_fpn": "tiny", "panoptic_fpn_resnet50": "resnet50_fpn"}
"""The same of networks that do both."""

PRETRAINED = {"coco": "weights", "imagenet": "weights_backbone"}


@dataclass(frozen=True)
class PixelJob:
    """A network that labels every pixel, judged by mIoU."""

    name: str

    def make(self, classes: int, recipe: Recipe, pretrained: str | None) -> nn.Module:
        if pretrained is not None:
            raise ValueError(f"--pretrained: expected none with {self.name}, got {pretrained}")
        return MODELS[self.name](classes, recipe.base_channels)

    def fit(self, *args: Any, **kwargs: Any) -> History:
        return fit(*args, **kwargs)

    def test(
        self, model: nn.Module, scenes: Scenes, recipe: Recipe, accelerator: Accelerator
    ) -> dict[str, Any]:
        categories = scenes[0].categories
        confmat = evaluate(
            model,
            scenes,
            len(categories),
            size=recipe.evaluation_size,
            accelerator=accelerator,
            workers=recipe.workers,
        )
        return measures(confmat, categories)

    def picture(self, model: nn.Module, scene: Scene, recipe: Recipe, accelerator: Accelerator) -> Image.Image:
        return triptych(scene, predict(model, scene, size=recipe.evaluation_size, accelerator=accelerator))

    def sentence(self, results: dict[str, Any]) -> str:
        return f"mIoU {results['mean_iou']:.3f}"


class DetectorJob:
    """A network that finds objects, judged by AP and by how many it counts."""

    def __init__(self, name: str) -> None:
        self.name = name

    def make(self, classes: int, recipe: Recipe, pretrained: str | None) -> nn.Module:
        return models.mask_rcnn(
            DETECTORS[self.name], classes, **detector_settings(self.name, recipe, pretrained)
        )

    def fit(self, *args: Any, **kwargs: Any) -> History:
        return fit_instances(*args, **kwargs)

    def test(
        self, model: nn.Module, scenes: Scenes, recipe: Recipe, accelerator: Accelerator
    ) -> dict[str, Any]:
        preds, targets = find_instances(
            model,
            scenes,
            find=self.finder(recipe),
            size=recipe.evaluation_size,
            accelerator=accelerator,
            workers=recipe.workers,
        )
        categories = scenes[0].categories
        of, every = (
            instance_measures(
                score_instances(preds, targets, min_area=least, max_detections=recipe.max_detections),
                categories,
            )
            for least in (recipe.min_area, 1)
        )
        return of if recipe.min_area == 1 else of | {"all_objects": every}

    def finder(self, recipe: Recipe) -> Callable[..., EncodedInstances]:
        """How objects are found in an image: `detect`, or another function with its arguments."""
        return partial(detect, mask_threshold=recipe.mask_threshold)

    def picture(self, model: nn.Module, scene: Scene, recipe: Recipe, accelerator: Accelerator) -> Image.Image:
        find = self.finder(recipe)
        preds = find_in(model, scene, find=find, size=recipe.evaluation_size, accelerator=accelerator)
        return triptych(scene, painted(preds, scene.categories, scene.size))

    def sentence(self, results: dict[str, Any]) -> str:
        return f"mask AP {results['mask_ap']:.3f}, AP50 {results['mask_ap_50']:.3f}"


class WatershedJob(DetectorJob):
    """A U-Net that labels pixels, and the watershed that cuts its foreground into objects."""

    def make(self, classes: int, recipe: Recipe, pretrained: str | None) -> nn.Module:
        if classes != 2:
            raise ValueError(
                f"{self.name}: expected data with a background and one thing, got {classes} classes"
            )
        return PixelJob("unet").make(classes, recipe, pretrained)

    def fit(self, *args: Any, **kwargs: Any) -> History:
        return fit(*args, **kwargs)

    def finder(self, recipe: Recipe) -> Callable[..., EncodedInstances]:
        return cut_foreground


def cut_foreground(model: nn.Module, image: Tensor, *, size: tuple[int, int] | None = None) -> EncodedInstances:
    """The objects into which the watershed cuts what a network calls a thing."""
    logits = predict_logits(model, image, size=size)  # (2, H, W)
    probability = logits.float().softmax(dim=0)[1].clamp(0, 1)
    return encoded(models.watershed_instances(probability.cpu().numpy()))


class PixelsOf(nn.Module):
    """The semantic half of a Panoptic FPN, as a network that labels pixels."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return torch.stack([output["semantic_logits"] for output in self.model(images)])  # (N, C, H, W)


SMALL_STUFF = 1 / 256
"""Share of an image below which stuff becomes void; ``benchmarks/street_fusion.py`` shows why. ``panopticapi``
takes 64² pixels of COCO's 640×480, 1 / 75."""


class PanopticJob(DetectorJob):
    """A Panoptic FPN: judged by each half, and by what becomes of them together."""

    def make(self, classes: int, recipe: Recipe, pretrained: str | None) -> nn.Module:
        return models.panoptic_fpn(
            PANOPTIC[self.name], classes, **detector_settings(self.name, recipe, pretrained)
        )

    def test(
        self, model: nn.Module, scenes: Scenes, recipe: Recipe, accelerator: Accelerator
    ) -> dict[str, Any]:
        objects = super().test(model, scenes, recipe, accelerator)
        pixels = PixelJob(self.name).test(PixelsOf(model), scenes, recipe, accelerator)
        height, width = scenes[0].size
        least = round(SMALL_STUFF * height * width)
        together = evaluate_panoptic(
            model,
            scenes,
            min_stuff_area=least,
            mask_threshold=recipe.mask_threshold,
            size=recipe.evaluation_size,
            accelerator=accelerator,
            workers=recipe.workers,
        )
        return objects | pixels | panoptic_measures(together) | {"min_stuff_area": least}

    def sentence(self, results: dict[str, Any]) -> str:
        return f"{super().sentence(results)}, mIoU {results['mean_iou']:.3f}, PQ {results['pq']:.3f}"


JOBS: dict[str, PixelJob | DetectorJob] = {
    **{name: PixelJob(name) for name in MODELS},
    **{name: DetectorJob(name) for name in DETECTORS},
    **{name: PanopticJob(name) for name in PANOPTIC},
    "unet_watershed": WatershedJob("unet_watershed"),
}


def detector_settings(name: str, recipe: Recipe, pretrained: str | None) -> dict[str, Any]:
    """What a recipe says about a detector, as arguments of `segedu.models.mask_rcnn`."""
    maps = 4 if {**DETECTORS, **PANOPTIC}[name] == "tiny" else 5
    return {
        "base_channels": recipe.base_channels,
        "anchors": None if recipe.anchors is None else recipe.anchors[:maps],
        "max_detections": recipe.max_detections,
        "sampling_ratio": recipe.sampling_ratio,
        **({} if pretrained is None else {PRETRAINED[pretrained]: "DEFAULT"}),
    }


def painted(
    preds: EncodedInstances, categories: Sequence[Category], size: tuple[int, int], *, least: float = 0.5
) -> np.ndarray:
    """Objects of at least this score as a map of classes (H, W), the surest in front, void elsewhere."""
    labels = np.full(size, VOID, np.uint8)
    scores = np.ones(len(preds)) if preds.scores is None else preds.scores
    for k in np.argsort(scores, kind="stable"):
        if scores[k] >= least and preds.rles is not None:
            labels[rle_decode(preds.rles[k])] = preds.labels[k]
    return labels
