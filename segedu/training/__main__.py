"""``python -m segedu.training --model unet --data camvid --root … --recipe full --out …``: a run, and its
results.

The same after ``accelerate launch -m segedu.training`` trains on several GPUs or machines; after
``torchrun --nproc_per_node 2 -m segedu.training`` too, and there without GPUs as well.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from segedu.training.checkpoint import load_checkpoint, load_weights
from segedu.training.history import History
from segedu.training.jobs import JOBS, PRETRAINED
from segedu.training.loop import NonFiniteLossError, default_accelerator
from segedu.training.recipes import RECIPES, Recipe
from segedu.training.results import run_results, write_results
from segedu.training.run import BEST
from segedu.training.sources import Splits, camvid, nuclei, nuclei_at_random, streets

DATA: dict[str, Callable[[str], Splits]] = {
    "camvid": camvid,
    "nuclei": nuclei,
    "nuclei_at_random": nuclei_at_random,
}
"""Data sets in a folder, by name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        recipe = _recipe(asked)
        _run(asked, recipe)
    except (NonFiniteLossError, ValueError, OSError) as error:
        # Of an error in a process that reads ahead, the message is a traceback; its last line says what it is.
        print(str(error).strip().splitlines()[-1], file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command with --resume goes on after the last whole epoch.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m segedu.training",
        description="Train a network by a recipe; evaluate it on the test images once, in the end.",
    )
    parser.add_argument("--model", choices=list(JOBS), required=True)
    parser.add_argument("--data", choices=["street", *DATA], required=True)
    parser.add_argument("--root", help="folder of the data set (street scenes are drawn and need none)")
    parser.add_argument("--recipe", choices=list(RECIPES), required=True)
    parser.add_argument("--out", required=True, help="folder for checkpoints, results.json and pictures")
    parser.add_argument("--result", help="a second place for results.json, a file such as results/nuclei.json")
    parser.add_argument(
        "--pretrained",
        choices=list(PRETRAINED),
        help="start a ResNet detector from torchvision's weights, which are downloaded (default: random ones)",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --out, if any")
    parser.add_argument(
        "--weights",
        choices=["last", "best"],
        default="last",
        help="which are tested: of the last epoch, or of the best one on the validation images (default: last)",
    )
    for name in ("seed", "epochs", "workers", "base-channels"):
        parser.add_argument(f"--{name}", type=int, help="instead of the recipe's")
    return parser


def _recipe(asked: argparse.Namespace) -> Recipe:
    names = ("seed", "epochs", "workers", "base_channels")
    changes = {name: value for name in names if (value := getattr(asked, name)) is not None}
    return dataclasses.replace(RECIPES[asked.recipe], **changes)


def _splits(asked: argparse.Namespace, recipe: Recipe) -> Splits:
    if asked.data == "street":
        return streets(recipe.size)
    if asked.root is None:
        raise ValueError(
            f"--root: expected the folder of {asked.data}, got none; "
            f"python -m segedu.datasets download {asked.data.removesuffix('_at_random')} gets it"
        )
    return DATA[asked.data](asked.root)


def _run(asked: argparse.Namespace, recipe: Recipe) -> None:
    accelerator = default_accelerator()
    splits, out = _splits(asked, recipe), Path(asked.out)
    categories = splits.train[0].categories
    torch.manual_seed(recipe.seed)
    job = JOBS[asked.model]
    model = job.make(len(categories), recipe, asked.pretrained)
    history = job.fit(
        model,
        splits.train,
        splits.val,
        recipe,
        folder=out,
        resume=asked.resume,
        accelerator=accelerator,
        progress=None,
    )
    if asked.weights == "best":
        load_weights(model, load_checkpoint(out / BEST)["model"], where=out / BEST)
    found = job.test(model, splits.test, recipe, accelerator)
    if not accelerator.is_main_process:
        return
    results = run_results(
        found,
        model=asked.model,
        pretrained=asked.pretrained,
        parameters=sum(p.numel() for p in model.parameters()),
        data=asked.data,
        weights=asked.weights,
        splits=splits,
        recipe=recipe,
        name=asked.recipe,
        history=history,
        accelerator=accelerator,
    )
    for path in (out / "results.json", *([asked.result] if asked.result else [])):
        write_results(results, path)
    for k in range(min(3, len(splits.test))):
        picture = job.picture(model, splits.test[k], recipe, accelerator)
        picture.save(out / f"prediction_{k}.png", optimize=True)
    _say(history, job.sentence(results), out)


def _say(history: History, found: str, out: Path) -> None:
    print(history)
    print(f"test {found} after {history.seconds:.0f} s of training; see {out / 'results.json'}")


if __name__ == "__main__":
    sys.exit(main())
