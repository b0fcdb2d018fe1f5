"""What a run leaves to be read: its numbers as JSON, and a few predictions as pictures."""

from __future__ import annotations

import datetime
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from accelerate import Accelerator
from PIL import Image
from torch import nn

from segedu.metrics import ConfusionMatrix, PanopticQuality
from segedu.scene import VOID, Category, Scene
from segedu.training.data import SceneDataset
from segedu.training.history import History
from segedu.training.instance_scores import InstanceScores
from segedu.training.loop import evaluating, predict_logits
from segedu.training.recipes import Recipe
from segedu.training.sources import Splits

_VOID_COLOR = (255, 255, 255)


def measures(confmat: ConfusionMatrix, categories: Sequence[Category]) -> dict[str, Any]:
    """The measures of a result file. A class's IoU stands under its name.

    Examples
    --------
    >>> from segedu.synthetic import STREET
    >>> found = measures(ConfusionMatrix(9, counts=np.diag([3] * 8 + [0])), STREET)
    >>> found["mean_iou"], found["iou_per_class"]["road"], found["iou_per_class"]["traffic sign"]
    (1.0, 1.0, nan)
    """
    names = [category.name for category in categories]
    return {
        "mean_iou": confmat.mean_iou,
        "iou_per_class": dict(zip(names, confmat.iou_per_class.tolist(), strict=True)),
        "pixel_accuracy": confmat.pixel_accuracy,
    }


def instance_measures(scores: InstanceScores, categories: Sequence[Category]) -> dict[str, Any]:
    """The measures of objects in a result file. A class's AP stands under its name."""
    names = [category.name for category in categories]
    ap = np.append(scores.mask.per_class, [np.nan] * (len(names) - len(scores.mask.per_class)))
    return {
        "mask_ap": scores.mask.ap,
        "mask_ap_50": scores.mask.ap_50,
        "mask_ap_75": scores.mask.ap_75,
        "mask_ap_small": scores.mask.ap_small,
        "mask_ap_medium": scores.mask.ap_medium,
        "mask_ap_large": scores.mask.ap_large,
        "mask_ap_per_class": dict(zip(names, ap.tolist(), strict=True)),
        "box_ap": scores.box.ap,
        "box_ap_50": scores.box.ap_50,
        "max_detections": scores.mask.max_detections[-1],
        "count_error": scores.count_error,
        "relative_count_error": scores.relative_count_error,
        "score_threshold": scores.score_threshold,
        "min_area": scores.min_area,
    }


def panoptic_measures(quality: PanopticQuality) -> dict[str, Any]:
    """The measures of whole labellings in a result file. A class's qualities stand under its name."""
    names = [category.name for category in quality.categories]
    per_class = quality.per_class._asdict()
    return {
        "pq": quality.pq,
        "sq": quality.sq,
        "rq": quality.rq,
        "things": quality.things._asdict(),
        "stuff": quality.stuff._asdict(),
        **{f"{one}_per_class": dict(zip(names, x.tolist(), strict=True)) for one, x in per_class.items()},
    }


def run_results(
    measured: Mapping[str, Any],
    *,
    model: str,
    pretrained: str | None,
    parameters: int,
    data: str,
    weights: str,
    splits: Splits,
    recipe: Recipe,
    name: str,
    history: History,
    accelerator: Accelerator,
) -> dict[str, Any]:
    """What the result file of a run holds: what was measured on the test images, and how it came about."""
    return {
        "model": model,
        "pretrained": pretrained,
        "parameters": parameters,
        "data": data,
        "split": "test",
        "weights": weights,
        **measured,
        "images": {part: len(getattr(splits, part)) for part in ("train", "val", "test")},
        "recipe": {"name": name, **recipe.as_dict()},
        "seed": recipe.seed,
        "device": device_name(accelerator),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seconds": history.seconds,
        "history": history.as_dicts(),
    }


def device_name(accelerator: Accelerator) -> str:
    """What computed, for people: the device, its precision, and how many of them there were."""
    kind = accelerator.device.type
    name = torch.cuda.get_device_name(accelerator.device) if kind == "cuda" else platform.machine() or kind
    threads = f", {torch.get_num_threads()} threads" if kind == "cpu" else ""
    precision = {"no": "float32"}.get(accelerator.mixed_precision, accelerator.mixed_precision)
    count = "" if accelerator.num_processes == 1 else f"{accelerator.num_processes} × "
    return f"{count}{kind} ({name}{threads}), {precision}"


def write_results(results: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a result file, whole or not at all. NaN becomes null: JSON has no other word for what is
    undefined."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(_plain(results), indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    os.replace(part, path)


@torch.no_grad()
def predict(
    model: nn.Module, scene: Scene, *, size: tuple[int, int] | None = None, accelerator: Accelerator
) -> npt.NDArray[np.uint8]:
    """The class that a network gives to each pixel of a scene, (H, W); `size` as for `evaluate`."""
    model = accelerator.unwrap_model(model)
    image, _ = SceneDataset([scene])[0]
    with evaluating(model), accelerator.autocast():
        logits = predict_logits(model, image.to(accelerator.device), size=size)
    return logits.argmax(dim=0).cpu().numpy().astype(np.uint8)


def triptych(scene: Scene, preds: npt.NDArray[np.uint8]) -> Image.Image:
    """Image, truth and prediction side by side, in the categories' colours; void is white."""
    palette = np.full((VOID + 1, 3), _VOID_COLOR, np.uint8)
    palette[: len(scene.categories)] = [category.color for category in scene.categories]
    return Image.fromarray(np.concatenate([scene.image, palette[scene.semantic], palette[preds]], axis=1))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
