"""A whole training run: epochs, validation, checkpoints, and going on where it stopped."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from tqdm.auto import tqdm

from segedu.datasets import summary
from segedu.metrics import ConfusionMatrix
from segedu.training.checkpoint import load_checkpoint, load_weights, save_checkpoint
from segedu.training.data import EpochBatches, SceneDataset, Scenes, seed_of, training_loader
from segedu.training.history import Epoch, History
from segedu.training.loop import (
    Look,
    bar_hidden,
    default_accelerator,
    evaluate,
    logits_of,
    train_one_epoch,
)
from segedu.training.losses import median_frequency_weights
from segedu.training.recipes import Recipe

LAST, BEST = "last.pt", "best.pt"
"""Names of the checkpoints in a run's folder."""


@dataclass(frozen=True)
class Task:
    """What a run has of its own, depending on what the network shall learn; all else is the same for all.

    ``dataset`` is what is learned from. ``loss`` compares with its targets what ``look`` gets out of the
    network. ``validate`` measures the network on the validation scenes (or on none); it gives the fields that
    ``epoch``, a class of `segedu.training.history`, has beyond the first four.
    """

    num_classes: int
    dataset: SceneDataset
    loss: Callable[[Any, Any], Tensor]
    validate: Callable[[Scenes], Mapping[str, Any]]
    epoch: type = Epoch
    look: Look = logits_of


def fit(
    model: nn.Module,
    train: Scenes,
    val: Scenes,
    recipe: Recipe,
    *,
    weights: Tensor | None = None,
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    accelerator: Accelerator | None = None,
    progress: bool | None = False,
    after_epoch: Callable[[Epoch], None] | None = None,
) -> History:
    """Train a network.

    Parameters
    ----------
    model : torch.nn.Module
        Images (N, 3, H, W) to logits (N, C, H, W), C as many as the scenes have categories. It is trained in
        place, and holds the weights of the last epoch in the end.
    train : sequence of Scene
    val : sequence of Scene
        Evaluated after every epoch; empty for none.
    recipe : Recipe
    weights : (C,) tensor, optional
        Class weights, where the recipe wants them. None counts the pixels of `train` first, in one pass, and
        takes `median_frequency_weights`.
    folder : path, optional
        Where ``last.pt`` is written after every epoch, and ``best.pt`` after the best one on `val`. None writes
        nothing.
    resume : bool
        Go on from ``last.pt`` in `folder`; start from the beginning if there is none.
    accelerator : accelerate.Accelerator, optional
        None makes one, as `default_accelerator` does.
    progress : bool, optional
        Whether to show progress bars. None shows them where there is a terminal.
    after_epoch : callable, optional
        Called with each `Epoch` once it is over and its checkpoint written, in every process. It may look at
        the model, and an exception of it ends the run, which can then be resumed. `Recorder` is made for this.

    Returns
    -------
    History

    Raises
    ------
    NonFiniteLossError
        If a loss is NaN or infinite; it names epoch, batch and images. The last checkpoint is good.
    OSError
        If a checkpoint cannot be written; the one before it is good. Or as the reader of the scenes.
    ValueError
        If the checkpoint belongs to another model, recipe or other data; it names what differs.

    Notes
    -----
    On a CPU the same arguments give the same losses, bit for bit, whether the run was interrupted or not, and
    whatever the number of workers. PyTorch's global generators are left as they were.
    """
    accelerator = accelerator or default_accelerator()
    if recipe.class_weights and weights is None:
        weights = median_frequency_weights(summary(train, progress=False).pixels)
    num_classes = len(train[0].categories)

    def validate(scenes: Scenes) -> Mapping[str, Any]:
        confmat = ConfusionMatrix(num_classes)
        if len(scenes):
            confmat = evaluate(
                model,
                scenes,
                num_classes,
                size=recipe.evaluation_size,
                accelerator=accelerator,
                workers=recipe.workers,
                progress=progress,
            )
        return {"mean_iou": confmat.mean_iou, "iou_per_class": tuple(confmat.iou_per_class.tolist())}

    task = Task(
        num_classes,
        SceneDataset(train, augment=recipe.make_augmentation(), seed=recipe.seed),
        recipe.make_loss(weights),
        validate,
    )
    return run_epochs(
        model,
        task,
        val,
        recipe,
        folder=folder,
        resume=resume,
        accelerator=accelerator,
        progress=progress,
        after_epoch=after_epoch,
    )


def run_epochs(
    model: nn.Module,
    task: Task,
    val: Scenes,
    recipe: Recipe,
    *,
    folder: str | os.PathLike[str] | None,
    resume: bool,
    accelerator: Accelerator,
    progress: bool | None,
    after_epoch: Callable[[Any], None] | None = None,
) -> History:
    """All epochs of a run, or those that are left: train, validate, write down, save. Arguments as of `fit`."""
    if resume and folder is None:
        raise ValueError("folder: expected the folder of the run to resume, got None")
    run = _Run(model, task, recipe, accelerator)
    history = History()
    last, best = (None, None) if folder is None else (Path(folder) / LAST, Path(folder) / BEST)
    if resume and last is not None and last.exists():
        history = run.load(last)
    devices = [accelerator.device] if accelerator.device.type == "cuda" else []
    epochs = tqdm(
        range(len(history), recipe.epochs),
        initial=len(history),
        total=recipe.epochs,
        unit="epoch",
        disable=bar_hidden(progress, accelerator),
    )
    try:
        for epoch in epochs:
            start = time.perf_counter()
            with torch.random.fork_rng(devices=devices):
                torch.manual_seed(seed_of(recipe.seed, epoch, accelerator.process_index))  # dropout's
                loss = run.train_one_epoch(epoch, progress)
            seconds = time.perf_counter() - start
            due = (epoch + 1) % recipe.validate_every == 0 or epoch + 1 == recipe.epochs
            measures = task.validate(val if due else ())
            history.epochs.append(
                task.epoch(epoch=epoch, loss=loss, learning_rate=run.learning_rate, seconds=seconds, **measures)
            )
            epochs.set_postfix_str(str(history.epochs[-1]))
            if last is not None and best is not None and accelerator.is_main_process:
                # The best first: whoever is killed in between does this epoch again, with the same result.
                if history.best is history.epochs[-1]:
                    save_checkpoint(run.weights(history), best)
                save_checkpoint(run.state(history), last)
            accelerator.wait_for_everyone()
            if after_epoch is not None:
                after_epoch(history.epochs[-1])
    finally:
        run.close()
    return history


class _Run:
    """What a run consists of while it goes: network, optimizer, schedule, loss and data, on their device."""

    def __init__(self, model: nn.Module, task: Task, recipe: Recipe, accelerator: Accelerator) -> None:
        self.model, self.task, self.recipe, self.accelerator = model, task, recipe, accelerator
        self.num_classes = task.num_classes
        self.images = len(task.dataset)
        self.batches = EpochBatches(
            self.images,
            recipe.batch_size,
            seed=recipe.seed,
            process=accelerator.process_index,
            processes=accelerator.num_processes,
        )
        on_gpu = accelerator.device.type == "cuda"
        self.loader = training_loader(task.dataset, self.batches, workers=recipe.workers, pin_memory=on_gpu)
        if recipe.channels_last:
            model.to(memory_format=torch.channels_last)
        if recipe.compile and on_gpu:
            model.compile()
        self.prepared, self.optimizer = accelerator.prepare(model, recipe.make_optimizer(model))
        # The schedule is not prepared: accelerate would step it once for each process.
        self.schedule = recipe.make_schedule(self.optimizer.optimizer, recipe.epochs * len(self.batches))

    def train_one_epoch(self, epoch: int, progress: bool | None) -> float:
        self.batches.epoch = epoch
        return train_one_epoch(
            self.prepared,
            self.loader,
            self.optimizer,
            self.schedule,
            self.task.loss,
            self.accelerator,
            look=self.task.look,
            progress=progress,
        )

    @property
    def learning_rate(self) -> float:
        """That of the step just made; the schedule itself is one step ahead."""
        step = self.schedule.last_epoch - 1
        return self.recipe.learning_rate * self.recipe.factor(step, self.recipe.epochs * len(self.batches))

    def weights(self, history: History) -> dict[str, Any]:
        """What a checkpoint holds that is there to predict."""
        return {
            "model_name": type(self.model).__name__,
            "model": self.model.state_dict(),
            "num_classes": self.num_classes,
            "images": self.images,
            "recipe": self.recipe.as_dict(),
            "history": history.as_dicts(),
        }

    def state(self, history: History) -> dict[str, Any]:
        """What a checkpoint holds that is there to go on."""
        scaler = self.accelerator.scaler
        return self.weights(history) | {
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "scaler": None if scaler is None else scaler.state_dict(),
        }

    def load(self, path: Path) -> History:
        state = load_checkpoint(path)
        differs = self.recipe.differences(state["recipe"])
        for name, mine in (
            ("model", type(self.model).__name__),
            ("num_classes", self.num_classes),
            ("training images", self.images),
        ):
            theirs = state[{"model": "model_name", "training images": "images"}.get(name, name)]
            if theirs != mine:
                differs.insert(0, f"{name}: {theirs!r}, now {mine!r}")
        if differs:
            raise ValueError(
                f"{path}: expected a checkpoint of this run, got another's ({'; '.join(differs)}). "
                "Resume with what it was begun with, or name another folder."
            )
        load_weights(self.model, state["model"], where=path)
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        if state["scaler"] is not None and self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        return History.from_dicts(state["history"])

    def close(self) -> None:
        """Leave the model as it came, but for its weights: without what `prepare` wrapped around it."""
        self.accelerator.unwrap_model(self.prepared, keep_fp32_wrapper=False)
