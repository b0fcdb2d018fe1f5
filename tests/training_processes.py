"""Training in processes of its own: killed at a given moment, or two that share the work.

``python tests/training_processes.py killed FOLDER`` forks a fresh Python for each moment, so that no threads of
the tests are in the way; ``torchrun --nproc_per_node 2 tests/training_processes.py shared FOLDER``.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch

from detection_cases import small_detector, some_squares
from segedu.models import PanopticFPN
from segedu.training import (
    Recipe,
    SceneDataset,
    __main__,
    default_accelerator,
    evaluate,
    evaluate_instances,
    evaluate_panoptic,
    fit,
    fit_instances,
)
from training_cases import recipe, small_network, some_halves

TINY = Recipe(size=(32, 32), epochs=3, batch_size=2, learning_rate=0.01, base_channels=1)

# What is about to be done for the n-th time when the process is killed. An epoch reads 4 training images, and
# every checkpoint is brought to the disk (fsync: file, then folder) and put in place (replace).
MOMENTS = [
    ("read", 2),
    ("read", 13),
    ("fsync", 1),
    ("replace", 1),
    ("replace", 2),
    ("fsync", 5),
    ("replace", 4),
]


def arguments(camvid, out):
    return ["--model=unet", "--data=camvid", f"--root={camvid}", "--recipe=tiny", f"--out={out}"]


def kill_at(what, count):
    """Let this process kill itself when something is about to happen for the `count`-th time."""
    owner, name = {
        "read": (SceneDataset, "__getitem__"),
        "fsync": (os, "fsync"),
        "replace": (os, "replace"),
    }[what]
    real, seen = getattr(owner, name), iter(range(1, 10_000))

    def deadly(*args):
        if next(seen) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args)

    setattr(owner, name, deadly)


def killed(folder):
    __main__.RECIPES["tiny"] = TINY
    for what, count in MOMENTS:
        child = os.fork()
        if not child:
            kill_at(what, count)
            __main__.main(arguments(folder / "camvid", folder / f"{what}-{count}"))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL, (what, count, status)


def train_and_evaluate():
    """What one process and two have to agree on: losses, weights, and counts of 7 scenes (an odd number)."""
    model = small_network()
    setting = recipe(batch_size=4, loss="cross_entropy_and_dice")
    history = fit(model, some_halves(8), some_halves(3, 50), setting)
    confmat = evaluate(model, some_halves(7, 80), 2)
    weights = torch.cat([p.detach().ravel() for p in model.parameters()]).numpy()
    return {"loss": history.loss, "mean_iou": history.mean_iou, "weights": weights, "counts": confmat.counts}


def find_objects():
    """What one process and two have to agree on: all tables of 7 scenes, for the same weights."""
    found = evaluate_instances(small_detector(), some_squares(7))
    return {
        "precision": found.mask.precision,
        "recall": found.box.recall,
        "count_error": np.array(found.count_error),
    }


def label_everything():
    """What one process and two have to agree on: the counts of all segments of 7 scenes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = PanopticFPN(small_detector(), 3, channels=16)
    found = evaluate_panoptic(model, some_squares(7), min_stuff_area=5, min_score=0.3)
    return {name: getattr(found, name) for name in ("iou_sum", "tp", "fp", "fn")}


def learn_objects():
    """Weights after a run of a detector. Two processes draw other boxes than one, but have to agree."""
    model = small_detector()
    fit_instances(model, some_squares(4), some_squares(3, 5), recipe(size=(32, 32), epochs=1, batch_size=4))
    return {"detector": torch.cat([p.detach().ravel() for p in model.parameters()]).numpy()}


def shared(folder):
    accelerator = default_accelerator()
    assert accelerator.num_processes == torch.distributed.get_world_size() == 2
    np.savez(
        folder / f"{accelerator.process_index}.npz",
        **train_and_evaluate(),
        **find_objects(),
        **label_everything(),
        **learn_objects(),
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"killed": killed, "shared": shared}[sys.argv[1]](Path(sys.argv[2]))
