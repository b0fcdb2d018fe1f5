"""How fast detectors answer and learn, side by side: ``python benchmarks/instances.py``.

Our ``mask_rcnn`` in two sizes and torchvision's own ``maskrcnn_resnet50_fpn``, all from random weights, get the
same street scenes on the same device. Of the two ResNets, ours only leaves out what torchvision does to an
image before it looks; they should be about equally fast, and a test holds their answers equal. The tiny one is
what a CPU can train. Measured: images a second, in turns, medians. Writes
``benchmarks/results/instances.json``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from timing import OURS, Row, machine, side_by_side
from torch import nn
from torchvision.models import detection

from segedu.models import mask_rcnn
from segedu.synthetic import STREET, street_scene
from segedu.training import InstanceDataset, default_accelerator
from segedu.training.results import device_name

RESULTS = Path(__file__).parent / "results" / "instances.json"


def contenders(size: tuple[int, int], classes: int) -> dict[str, nn.Module]:
    """Detectors by name. torchvision's is told the images' size, so that it keeps it."""
    torch.manual_seed(0)
    return {
        OURS: mask_rcnn("tiny", classes),
        "segedu resnet50_fpn": mask_rcnn("resnet50_fpn", classes),
        "torchvision maskrcnn_resnet50_fpn": detection.maskrcnn_resnet50_fpn(
            weights=None,
            weights_backbone=None,
            num_classes=classes + 1,
            min_size=min(size),
            max_size=max(size),
            image_mean=[0.0] * 3,  # the images are normalised already
            image_std=[1.0] * 3,
        ),
    }


def answering(model: nn.Module, images: list[torch.Tensor]) -> Callable[[], object]:
    """One look at all images, in one batch."""

    def run() -> None:
        model.eval()
        with torch.no_grad():
            model(images)
        wait(images[0].device)

    return run


def learning(
    model: nn.Module, images: list[torch.Tensor], targets: list[dict[str, torch.Tensor]]
) -> Callable[[], object]:
    """One step of training without the optimizer's: forward and backward, in one batch."""

    def run() -> None:
        model.train()
        model.zero_grad()
        sum(model(images, targets).values()).backward()
        wait(images[0].device)

    return run


def wait(device: torch.device) -> None:
    """A GPU works on after the call returns."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def compare(size: tuple[int, int], *, images: int, seconds: float) -> list[Row]:
    """Rows of both tasks, for a batch of so many street scenes."""
    device = default_accelerator().device
    dataset = InstanceDataset([street_scene(seed, size) for seed in range(images)])
    looks = [dataset[k] for k in range(images)]
    pixels = [image.to(device) for image, _ in looks]
    targets = [{name: value.to(device) for name, value in target.items()} for _, target in looks]
    models = {name: model.to(device) for name, model in contenders(size, len(STREET)).items()}
    data = f"{images} street scenes of {size[0]}×{size[1]}"
    learn = {name: learning(model, pixels, targets) for name, model in models.items()}
    answer = {name: answering(model, pixels) for name, model in models.items()}
    return [
        *side_by_side("learn", data, learn, seconds=seconds),
        *side_by_side("answer", data, answer, seconds=seconds),
    ]


def as_dicts(rows: list[Row], images: int) -> list[dict[str, Any]]:
    """The rows for the result file."""
    return [
        {
            "task": row.task,
            "data": row.data,
            "network": "segedu tiny" if row.method == OURS else row.method,
            "images_per_second": round(1000 * images / row.milliseconds, 2),
            "runs": row.runs,
        }
        for row in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Detectors side by side: images a second.")
    parser.add_argument("--size", type=int, default=128, help="height and width of the images, in pixels")
    parser.add_argument("--images", type=int, default=4, help="images in a batch")
    parser.add_argument("--seconds", type=float, default=10, help="time for each network and task")
    asked = parser.parse_args()
    rows = as_dicts(compare((asked.size, asked.size), images=asked.images, seconds=asked.seconds), asked.images)
    for row in rows:
        print(f"{row['task']:<8}{row['network']:<36}{row['images_per_second']:9.2f} images/s")
    stored = {
        "machine": machine(["torch", "torchvision"]),
        "device": device_name(default_accelerator()),
        "size": asked.size,
        "images": asked.images,
        "rows": rows,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
