"""The recording that chapter 15 plays: ``python benchmarks/record_street.py``.

Trains the U-Net of the recipe ``street_minute`` and keeps what it says about two validation streets, before
training and after every epoch, in ``segedu/training/street_recording.npz``. On two idle cores of a laptop this
takes about a minute; on another machine, the last digits differ.
"""

from __future__ import annotations

import argparse
import dataclasses
import time

import torch

from segedu.models import UNet
from segedu.synthetic import STREET, street_scene
from segedu.training import RECIPES, Recorder, fit
from segedu.training.recording import SEEDS, STREETS
from segedu.training.sources import streets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    asked = parser.parse_args()
    recipe = RECIPES["street_minute"]
    if asked.epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=asked.epochs)
    splits = streets(recipe.size)
    torch.manual_seed(recipe.seed)
    model = UNet(3, len(STREET), base_channels=recipe.base_channels)
    recorder = Recorder(model, [street_scene(seed, recipe.size) for seed in SEEDS])
    start = time.perf_counter()
    history = fit(model, splits.train, splits.val, recipe, after_epoch=recorder)
    recorder.recording.save(STREETS)
    print(history, f"{time.perf_counter() - start:.0f} s", f"{STREETS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
