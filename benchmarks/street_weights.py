"""Make the small weights that the package ships: ``python benchmarks/street_weights.py``.

The U-Net of the recipe ``street_minute``, trained longer and on more street scenes, nothing else. Writes
``segedu/models/weights/street_unet.pt``, in 16 bits, and ``results/street_unet_shipped.json``: how good the
network is as it was stored.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
from pathlib import Path

import torch

from segedu.models import UNet, street_unet
from segedu.models.street import STREET_CHANNELS, WEIGHTS
from segedu.training import RECIPES, default_accelerator, evaluate, fit
from segedu.training.__main__ import device_name
from segedu.training.results import measures, write_results
from segedu.training.sources import Streets, streets

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the U-Net that the package ships.")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--scenes", type=int, default=1000, help="seeds 0 to this, less one")
    parser.add_argument("--folder", help="checkpoints; the same command goes on from there")
    asked = parser.parse_args()
    recipe = dataclasses.replace(RECIPES["street_minute"], epochs=asked.epochs)
    splits = streets(recipe.size)
    train = Streets(range(asked.scenes), recipe.size)
    categories = train[0].categories
    torch.manual_seed(recipe.seed)
    model = UNet(3, len(categories), base_channels=STREET_CHANNELS)
    history = fit(
        model, train, splits.val, recipe, folder=asked.folder, resume=asked.folder is not None, progress=None
    )
    halves = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in model.state_dict().items()
    }
    WEIGHTS.mkdir(exist_ok=True)
    torch.save(halves, WEIGHTS / "street_unet.pt")
    accelerator = default_accelerator()
    confmat = evaluate(street_unet(), splits.test, len(categories), accelerator=accelerator)
    results = {
        "model": "unet",
        "parameters": sum(p.numel() for p in model.parameters()),
        "data": "street",
        "split": "test",
        "weights": "last",
        **measures(confmat, categories),
        "recipe": {"name": f"street_minute, {asked.epochs} epochs", **recipe.as_dict()},
        "seed": recipe.seed,
        "device": device_name(accelerator),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seconds": history.seconds,
        "history": history.as_dicts(),
    }
    write_results(results, ROOT / "results" / "street_unet_shipped.json")
    print(f"test mIoU {confmat.mean_iou:.3f} after {history.seconds:.0f} s of training")


if __name__ == "__main__":
    main()
