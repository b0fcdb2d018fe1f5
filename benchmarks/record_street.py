"""The recording that chapter 15 plays: ``python benchmarks/record_street.py``.

The recipe ``street_minute`` goes seven times through 400 streets. Here it goes 28 times through 100 of them: as
many steps, but four times as many looks at the network on the way. What it says about two validation streets,
before training and after every epoch, goes to ``segedu/training/street_recording.npz``.
"""

from __future__ import annotations

import argparse
import dataclasses

import torch

from segedu.models import UNet
from segedu.synthetic import STREET, street_scene
from segedu.training import RECIPES, Recorder, fit
from segedu.training.recording import SEEDS, STREETS
from segedu.training.sources import Streets, streets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=28)
    parser.add_argument("--scenes", type=int, default=100, help="seeds 0 to this, less one")
    asked = parser.parse_args()
    recipe = dataclasses.replace(RECIPES["street_minute"], epochs=asked.epochs)
    train, val = Streets(range(asked.scenes), recipe.size), streets(recipe.size).val
    torch.manual_seed(recipe.seed)
    model = UNet(3, len(STREET), base_channels=recipe.base_channels)
    recorder = Recorder(model, [street_scene(seed, recipe.size) for seed in SEEDS])
    history = fit(model, train, val, recipe, after_epoch=recorder)
    recorder.recording.save(STREETS)
    print(history, f"{history.seconds:.0f} s of training, {STREETS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
