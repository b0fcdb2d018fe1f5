"""The training loop: look, compare, correct. And its counterpart, which only looks and counts.

The engine is Hugging Face's accelerate. It finds the device, shares the work among processes and machines
(``accelerate launch``), computes in 16 bits where the hardware gains by it, and leaves the loop to us: the two
functions below are what runs on one CPU and on eight GPUs. Lightning Fabric does the same; with
accelerate, one program reads its set-up from ``accelerate config`` on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from accelerate.state import is_initialized
from accelerate.utils import broadcast, gather_object, send_to_device
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from segedu.metrics import ConfusionMatrix
from segedu.training.data import SceneDataset, Scenes, fitted
from segedu.training.losses import Loss

T = TypeVar("T")

Look = Callable[[nn.Module, Tensor, Any], Any]
"""From a network, its images and their targets to what a loss compares with the targets."""


class NonFiniteLossError(ArithmeticError):
    """A loss became NaN or infinite: what the weights are then is of no use."""


def logits_of(model: nn.Module, images: Tensor, target: Tensor) -> Tensor:
    """A network that labels pixels sees the images alone: (N, 3, H, W) become logits (N, C, H, W)."""
    return model(images)


def train_one_epoch(
    model: nn.Module,
    loader: DataLoader,
    optimizer: Optimizer,
    schedule: LRScheduler,
    loss: Loss,
    accelerator: Accelerator,
    *,
    look: Look = logits_of,
    progress: bool | None = False,
) -> float:
    """Learn once from every image; returns the mean loss of the batches."""
    model.train()
    losses: list[Tensor] = []
    for images, target in tqdm(loader, leave=False, unit="batch", disable=bar_hidden(progress, accelerator)):
        images, target = send_to_device((images, target), accelerator.device, non_blocking=True)
        with accelerator.autocast():
            answers = look(model, images, target)  # logits (N, C, H, W) of images (N, 3, H, W)
        value = loss(answers, target)
        optimizer.zero_grad()
        accelerator.backward(value)
        optimizer.step()
        schedule.step()
        losses.append(value.detach())
        check_finite(losses[:-1], loader)  # one step late: a GPU need not wait for the answer
    check_finite(losses, loader)
    return torch.stack(losses).mean().item()


@torch.no_grad()
def evaluate(
    model: nn.Module,
    scenes: Scenes,
    num_classes: int,
    *,
    size: tuple[int, int] | None = None,
    accelerator: Accelerator | None = None,
    workers: int = 0,
    progress: bool | None = False,
) -> ConfusionMatrix:
    """Count what a network predicts on every pixel of every scene, in one confusion matrix.

    Parameters
    ----------
    model : torch.nn.Module
        Images (N, 3, H, W) to logits (N, C, H, W). It is moved to the accelerator's device, and evaluated in
        ``eval`` mode.
    scenes : sequence of Scene
        Several processes take every w-th each, none twice; their counts are added up, and all return the sum.
    num_classes : int
        C.
    size : tuple of int, optional
        Images are made to fit into this height and width before the network sees them; logits are interpolated
        back, so that what counts is always the labels' own pixels. None keeps the images' size.
    accelerator : accelerate.Accelerator, optional
        None makes one, as `default_accelerator` does.
    workers : int
        Processes that read ahead.
    progress : bool, optional
        Whether to show a progress bar. None shows it where there is a terminal.

    Returns
    -------
    ConfusionMatrix

    Raises
    ------
    ValueError
        If the network's logits do not have the size of its input, or as the reader of the scenes.
    """
    accelerator = accelerator or default_accelerator()
    model = accelerator.unwrap_model(model).to(accelerator.device)
    confmat = ConfusionMatrix(num_classes)
    looks = share_of_looks(model, SceneDataset(scenes), accelerator, workers=workers, progress=progress)
    for _, image, target in looks:
        with accelerator.autocast():
            logits = predict_logits(model, image, size=size)  # (C, H, W)
        confmat.update(logits.argmax(dim=0).cpu().numpy(), target.numpy())
    counts = accelerator.reduce(torch.from_numpy(confmat.counts).to(accelerator.device), "sum")
    return ConfusionMatrix(num_classes, counts=counts.cpu().numpy())


def share_of_looks(
    model: nn.Module,
    dataset: SceneDataset,
    accelerator: Accelerator,
    *,
    workers: int,
    progress: bool | None,
) -> Iterator[tuple[int, Tensor, Any]]:
    """What this process has to evaluate: the number of each image, the image on its device, and what goes with
    it.

    Several processes take every w-th image each, none twice, with the same weights. Meanwhile the model is in
    ``eval`` mode.
    """
    share_weights(model, accelerator)
    mine = range(accelerator.process_index, len(dataset), accelerator.num_processes)
    loader = DataLoader(dataset, batch_size=None, sampler=mine, num_workers=workers)
    bar = tqdm(loader, leave=False, unit="image", disable=bar_hidden(progress, accelerator))
    with evaluating(model):
        for k, (image, target) in zip(mine, bar, strict=True):
            yield k, image.to(accelerator.device), target


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model into ``eval`` mode, and back into its own in the end."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def of_all_processes(found: list[tuple[int, T]], accelerator: Accelerator) -> list[T]:
    """What all processes found, each with the number of its image, in the order of the images: that of one
    process, so that equal scores and rounded sums do not depend on their number."""
    if accelerator.num_processes > 1:
        found = gather_object(found)
    return [one for _, one in sorted(found, key=lambda numbered: numbered[0])]


def predict_logits(model: nn.Module, image: Tensor, *, size: tuple[int, int] | None = None) -> Tensor:
    """Logits (C, H, W) of one normalised image (3, H, W), seen by the network at the size that fits into
    `size`."""
    height, width = image.shape[-2:]
    images = image[None]
    if size is not None and fitted(image, size) != (height, width):
        images = functional.interpolate(images, fitted(image, size), mode="bilinear", antialias=True)
    logits = model(images)
    if logits.shape[-2:] != images.shape[-2:]:
        raise ValueError(
            f"model: expected logits of the image's size {tuple(images.shape[-2:])}, "
            f"got {tuple(logits.shape[-2:])}; take a network that keeps the size"
        )
    if logits.shape[-2:] != (height, width):
        logits = functional.interpolate(logits.float(), (height, width), mode="bilinear")
    return logits[0]


def default_accelerator() -> Accelerator:
    """The accelerator of this process: the one device and precision for all that it computes.

    Precision is 16 bits with the range of 32 (bf16) on GPUs that have it, fp16 with scaled losses on older
    ones, and 32 bits on a CPU. ``accelerate launch --mixed_precision …`` or an accelerator that you made
    yourself decide otherwise.
    """
    if is_initialized():
        return Accelerator()
    if torch.cuda.is_available():
        has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        return Accelerator(mixed_precision="bf16" if has_bf16 else "fp16")
    # Unless accelerate is told so, it takes each of several processes without a GPU for a run of its own.
    return Accelerator(cpu=not torch.accelerator.is_available())


def share_weights(model: nn.Module, accelerator: Accelerator) -> None:
    """Give all processes the weights and the batch statistics of the first: they have to predict alike."""
    if accelerator.num_processes > 1:
        for tensor in [*model.parameters(), *model.buffers()]:
            tensor.copy_(broadcast(tensor.detach()))


def check_finite(losses: list[Tensor], loader: DataLoader) -> None:
    """Raise NonFiniteLossError if the last of the losses is NaN or infinite; it names the epoch and the
    images."""
    if not losses or torch.isfinite(losses[-1]):
        return
    batches = list(loader.batch_sampler or ())
    dataset, epoch = loader.dataset, getattr(loader.batch_sampler, "epoch", 0)
    name = dataset.name if isinstance(dataset, SceneDataset) else str
    raise NonFiniteLossError(
        f"epoch {epoch}, batch {len(losses) - 1}: the loss is {losses[-1].item()}; "
        f"this process learned from the images {', '.join(map(name, batches[len(losses) - 1]))}. "
        "Try a lower learning rate or a longer warm-up; if the batch stays the same, look at these images. "
        "The last checkpoint is from before."
    )


def bar_hidden(progress: bool | None, accelerator: Accelerator) -> bool | None:
    """tqdm's `disable`: only the first process shows a bar, and None leaves it to the terminal."""
    if not accelerator.is_main_process:
        return True
    return None if progress is None else not progress
