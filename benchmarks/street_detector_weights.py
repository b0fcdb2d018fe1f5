"""Make the small detector that the package ships: ``python benchmarks/street_detector_weights.py``.

The Mask R-CNN of the recipe ``street_instances``, trained longer and on more street scenes, nothing else.
Writes ``segedu/models/weights/street_mask_rcnn.pt``, in 16 bits, and ``results/street_mask_rcnn_shipped.json``:
how good the network is as it was stored.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
from pathlib import Path

import torch

from segedu.models import mask_rcnn, street_mask_rcnn
from segedu.models.street import DETECTOR_CHANNELS, WEIGHTS
from segedu.training import RECIPES, default_accelerator, fit_instances
from segedu.training.__main__ import device_name
from segedu.training.jobs import JOBS
from segedu.training.results import write_results
from segedu.training.sources import Streets, streets

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the Mask R-CNN that the package ships.")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--scenes", type=int, default=1000, help="seeds 0 to this, less one")
    parser.add_argument("--folder", help="checkpoints; the same command goes on from there")
    asked = parser.parse_args()
    recipe = dataclasses.replace(RECIPES["street_instances"], epochs=asked.epochs)
    splits = streets(recipe.size)
    train = Streets(range(asked.scenes), recipe.size)
    torch.manual_seed(recipe.seed)
    model = mask_rcnn("tiny", len(train[0].categories), base_channels=DETECTOR_CHANNELS)
    history = fit_instances(
        model, train, splits.val, recipe, folder=asked.folder, resume=asked.folder is not None, progress=None
    )
    halves = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in model.state_dict().items()
    }
    WEIGHTS.mkdir(exist_ok=True)
    torch.save(halves, WEIGHTS / "street_mask_rcnn.pt")
    accelerator, job = default_accelerator(), JOBS["mask_rcnn"]
    results = {
        "model": "mask_rcnn",
        "pretrained": None,
        "parameters": sum(p.numel() for p in model.parameters()),
        "data": "street",
        "split": "test",
        "weights": "last",
        **job.test(street_mask_rcnn(), splits.test, recipe, accelerator),
        "images": {"train": len(train), "val": len(splits.val), "test": len(splits.test)},
        "recipe": {"name": f"street_instances, {asked.epochs} epochs", **recipe.as_dict()},
        "seed": recipe.seed,
        "device": device_name(accelerator),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seconds": history.seconds,
        "history": history.as_dicts(),
    }
    write_results(results, ROOT / "results" / "street_mask_rcnn_shipped.json")
    print(f"test {job.sentence(results)} after {history.seconds:.0f} s of training")


if __name__ == "__main__":
    main()
