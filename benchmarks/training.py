"""How fast networks learn, side by side: ``python benchmarks/training.py --seconds 60 --reach 0.6``.

Our U-Net, segmentation_models_pytorch's, and torchvision's ``fcn_resnet50``, all from random weights, see the
same images in the same order, through the same loop, for about the same time on the same device. The recipe's
optimizer is tuned for ours, so the peers are trained by AdamW, and the closest one by both. Each gets as
many whole epochs as fit into the budget, by its own speed, and the learning rate falls to 0 at their end.
Measured: images a second, seconds of training until validation reaches the stated mIoU, and mIoU on the test
images. Writes ``benchmarks/results/training.json``.

``pip install segmentation-models-pytorch`` adds the peer; without it, its row is left out and said to be.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timing import machine
from torch import nn

from segedu.models import UNet, fcn_resnet50
from segedu.training import RECIPES, History, Recipe, default_accelerator, evaluate, fit
from segedu.training.results import device_name
from segedu.training.sources import Splits, camvid, streets

RESULTS = Path(__file__).parent / "results" / "training.json"

Maker = Callable[[int], nn.Module]


def contenders(recipe: Recipe) -> dict[str, tuple[Maker, Recipe]]:
    """How networks are made and trained, by name; the peer is left out where it is not installed."""
    adamw = dataclasses.replace(recipe, optimizer="adamw", learning_rate=1e-3)
    width = recipe.base_channels
    made: dict[str, tuple[Maker, Recipe]] = {
        f"segedu UNet, base {width}": (lambda classes: UNet(3, classes, base_channels=width), recipe),
        "torchvision fcn_resnet50": (fcn_resnet50, adamw),
    }
    try:
        import segmentation_models_pytorch as smp
    except ImportError:
        print("segmentation_models_pytorch is not installed: left out")
    else:

        def peer(classes: int) -> nn.Module:
            return smp.Unet("resnet18", encoder_weights=None, classes=classes)

        made["smp Unet, resnet18"] = (peer, adamw)
        if recipe.optimizer != adamw.optimizer:
            made[f"smp Unet, resnet18, {recipe.optimizer}"] = (peer, recipe)
    return made


def images_per_second(make: Maker, splits: Splits, recipe: Recipe, *, images: int) -> float:
    """Training images in a second, reading and augmentation included; a first epoch does not count."""
    part = [splits.train[k] for k in range(min(images, len(splits.train)))]
    short = dataclasses.replace(recipe, epochs=2, batch_size=min(recipe.batch_size, len(part)))
    torch.manual_seed(recipe.seed)
    history = fit(make(len(part[0].categories)), part, [], short)
    return len(part) // short.batch_size * short.batch_size / history.epochs[-1].seconds


def seconds_to(history: History, mean_iou: float) -> float | None:
    """Seconds of training after which validation first reached an mIoU; None if it never did."""
    reached = np.flatnonzero(history.mean_iou >= mean_iou)
    if not reached.size:
        return None
    return float(sum(epoch.seconds for epoch in history.epochs[: reached[0] + 1]))


def compare(
    splits: Splits, recipe: Recipe, *, seconds: float, reach: float, images: int
) -> list[dict[str, Any]]:
    """One row for each network, trained by the recipe for about so many seconds."""
    rows, classes = [], len(splits.train[0].categories)
    for name, (make, its_recipe) in contenders(recipe).items():
        speed = images_per_second(make, splits, its_recipe, images=images)
        epochs = max(round(seconds * speed / len(splits.train)), 1)
        torch.manual_seed(recipe.seed)
        model = make(classes)
        start = time.perf_counter()
        history = fit(model, splits.train, splits.val, dataclasses.replace(its_recipe, epochs=epochs))
        elapsed = time.perf_counter() - start
        rows.append(
            {
                "network": name,
                "optimizer": its_recipe.optimizer,
                "parameters": sum(p.numel() for p in model.parameters()),
                "images_per_second": round(speed, 2),
                "epochs": epochs,
                "training_seconds": round(history.seconds, 1),
                "seconds_with_validation": round(elapsed, 1),
                "seconds_to_reach": seconds_to(history, reach),
                "test_mean_iou": evaluate(model, splits.test, classes, size=recipe.size).mean_iou,
                "validation_mean_iou": history.mean_iou.tolist(),
            }
        )
        print(table(rows[-1:], reach), flush=True)
    return rows


def table(rows: list[dict[str, Any]], reach: float) -> str:
    """The rows as text."""
    lines = []
    for row in rows:
        when = row["seconds_to_reach"]
        lines.append(
            f"{row['network']:<30}{row['parameters'] / 1e6:7.2f} M{row['images_per_second']:9.1f} images/s"
            f"{row['training_seconds']:9.1f} s  mIoU {row['test_mean_iou']:.3f}  "
            + (f"{reach} not reached" if when is None else f"{reach} after {when:.1f} s")
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Networks side by side: speed, and mIoU at a budget of time.")
    parser.add_argument("--data", choices=["street", "camvid"], default="street")
    parser.add_argument("--root", help="folder of CamVid")
    parser.add_argument("--recipe", choices=list(RECIPES), default="street_minute")
    parser.add_argument("--seconds", type=float, default=60, help="budget of training time for each network")
    parser.add_argument("--reach", type=float, default=0.6, help="the validation mIoU that is waited for")
    asked = parser.parse_args()
    if asked.data == "camvid" and asked.root is None:
        parser.error("--root: expected the folder of CamVid")
    recipe = RECIPES[asked.recipe]
    splits = streets(recipe.size) if asked.data == "street" else camvid(asked.root)
    for part in (splits.train, splits.val, splits.test):
        for k in range(len(part)):
            part[k]  # street scenes are drawn before anything is timed; files come into the system's cache
    rows = compare(splits, recipe, seconds=asked.seconds, reach=asked.reach, images=8 * recipe.batch_size)
    stored = {
        "machine": machine(["torch", "torchvision", "accelerate", "segmentation-models-pytorch"]),
        "device": device_name(default_accelerator()),
        "data": asked.data,
        "recipe": {"name": asked.recipe, **recipe.as_dict()},
        "seconds": asked.seconds,
        "reach": asked.reach,
        "rows": rows,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
