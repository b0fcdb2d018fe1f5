"""Make the small weights that the package ships: ``python benchmarks/street_weights.py unet`` or ``mask_rcnn``.

The network of a recipe for street scenes, trained longer and on more of them, nothing else. Writes
``segedu/models/weights/street_unet.pt`` or ``street_mask_rcnn.pt``, in 16 bits, and a file in ``results/``: how
good the network is as it was stored.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import torch

from segedu.models import street_mask_rcnn, street_unet
from segedu.models.street import WEIGHTS
from segedu.training import RECIPES, default_accelerator
from segedu.training.jobs import JOBS
from segedu.training.results import run_results, write_results
from segedu.training.sources import Streets, streets

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = {"unet": ("street_minute", street_unet), "mask_rcnn": ("street_instances", street_mask_rcnn)}
"""What is shipped: its recipe, and what loads it, which knows the recipe's base channels and sampling ratio."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a small network that the package ships.")
    parser.add_argument("model", choices=list(SHIPPED))
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--scenes", type=int, default=1000, help="seeds 0 to this, less one")
    parser.add_argument("--folder", help="checkpoints; the same command goes on from there")
    asked = parser.parse_args()
    name, load = SHIPPED[asked.model]
    recipe = dataclasses.replace(RECIPES[name], epochs=asked.epochs)
    splits = dataclasses.replace(streets(recipe.size), train=Streets(range(asked.scenes), recipe.size))
    accelerator, job = default_accelerator(), JOBS[asked.model]
    torch.manual_seed(recipe.seed)
    model = job.make(len(splits.train[0].categories), recipe, None)
    history = job.fit(
        model,
        splits.train,
        splits.val,
        recipe,
        folder=asked.folder,
        resume=asked.folder is not None,
        accelerator=accelerator,
        progress=None,
    )
    halves = {
        key: tensor.half() if tensor.is_floating_point() else tensor
        for key, tensor in model.state_dict().items()
    }
    WEIGHTS.mkdir(exist_ok=True)
    torch.save(halves, WEIGHTS / f"street_{asked.model}.pt")
    results = run_results(
        job.test(load(), splits.test, recipe, accelerator),
        model=asked.model,
        pretrained=None,
        parameters=sum(p.numel() for p in model.parameters()),
        data="street",
        weights="last",
        splits=splits,
        recipe=recipe,
        name=f"{name}, {asked.epochs} epochs",
        history=history,
        accelerator=accelerator,
    )
    write_results(results, ROOT / "results" / f"street_{asked.model}_shipped.json")
    print(f"test {job.sentence(results)} after {history.seconds:.0f} s of training")


if __name__ == "__main__":
    main()
