"""Scenes as tensors: normalised, augmented, and the same again whatever reads them and whenever it was stopped.

A training run sees every image many times. Number k stands for image ``k % n`` in its ``k // n``-th look, and
all that chance decides about a look is drawn from ``(seed, k)`` alone: not from how many workers read, in which
order, or what was drawn before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision import tv_tensors
from torchvision.transforms import v2

from segedu.datasets import Dataset as SceneReader
from segedu.scene import VOID, Scene

MEAN = (0.485, 0.456, 0.406)
"""Mean of ImageNet's red, green and blue, from 0 to 1: what pretrained networks expect to be taken off."""

STD = (0.229, 0.224, 0.225)
"""Their standard deviations."""

Scenes = Sequence[Scene] | SceneReader
"""Anything with ``len()`` and ``[i]`` that gives scenes."""

Augmentation = Callable[..., tuple[tv_tensors.TVTensor, ...]]
"""An image and one or more label maps in, the same number of them out."""


class SceneDataset(Dataset[tuple[Tensor, Tensor]]):
    """Scenes as pairs of an image and its class indices, for PyTorch.

    Parameters
    ----------
    scenes : sequence of Scene
        A list, a reader of `segedu.datasets`, or anything else with ``len()`` and ``[i]``.
    augment : callable, optional
        Takes and returns an image (3, H, W) uint8 and label maps (H, W), as torchvision's ``tv_tensors``;
        `augmentation` makes one. None changes nothing.
    seed : int
        0 or more: which random numbers `augment` sees.

    Notes
    -----
    ``dataset[k]`` is an image, (3, H, W) float32, normalised by `MEAN` and `STD`, and its target, (H, W) int64
    with 255 for void. Numbers from ``len(dataset)`` on are valid: later looks at the same images. Random
    numbers are PyTorch's on the CPU, for the time of one look; the global generator is put back afterwards.

    Examples
    --------
    >>> from segedu.synthetic import street_scene
    >>> dataset = SceneDataset([street_scene(7, (64, 96))], augment=augmentation((32, 32)))
    >>> image, target = dataset[0]
    >>> image.shape, image.dtype, target.shape, target.dtype
    (torch.Size([3, 32, 32]), torch.float32, torch.Size([32, 32]), torch.int64)
    >>> bool((dataset[1][0] == image).all()), bool((dataset[0][0] == image).all())
    (False, True)
    """

    def __init__(self, scenes: Scenes, *, augment: Augmentation | None = None, seed: int = 0) -> None:
        if not len(scenes):
            raise ValueError("scenes: expected at least one scene, got none")
        self.scenes = scenes
        self.augment = augment
        self.seed = seed

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, k: int) -> tuple[Tensor, Tensor]:
        scene = self.scene(k)
        image, labels = self.look(k, scene.image, scene.semantic)
        return normalise(image), labels.long()

    def scene(self, k: int) -> Scene:
        """The scene that number k shows."""
        if k < 0:
            raise IndexError(f"SceneDataset: expected 0 or more, got {k}")
        return self.scenes[k % len(self.scenes)]

    def look(self, k: int, image: npt.NDArray[np.uint8], *maps: npt.NDArray) -> list[Tensor]:
        """Image (3, H, W) and label maps (H, W), all augmented alike, by what chance decides about look k."""
        seen: Sequence[Tensor] = [
            tv_tensors.Image(torch.tensor(image).permute(2, 0, 1)),  # (3, H, W) uint8
            *(tv_tensors.Mask(torch.tensor(labels)) for labels in maps),  # (H, W) each
        ]
        if self.augment is not None:
            with torch.random.fork_rng(devices=[]):
                # Not torch.manual_seed: that would also reset the generators of GPUs, which nobody puts back.
                torch.default_generator.manual_seed(seed_of(self.seed, k))
                seen = self.augment(*seen)
        return [tensor.as_subclass(Tensor) for tensor in seen]

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return (self[k] for k in range(len(self)))

    def name(self, k: int) -> str:
        """What number k shows, for people: the data set's own id of the image, or its position."""
        position = k % len(self.scenes)
        ids = getattr(self.scenes, "ids", None)
        return str(position if ids is None else ids[position])


def seed_of(*numbers: int) -> int:
    """One seed from several numbers. Neighbours give unrelated ones; (1, 2) and (2, 1) differ."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def normalise(image: Tensor) -> Tensor:
    """Bytes as floats around 0: (…, 3, H, W) uint8 to float32, less the mean, by the standard deviation."""
    mean, std = (torch.tensor(values, device=image.device).view(3, 1, 1) for values in (MEAN, STD))
    return image.float().div_(255).sub_(mean).div_(std)


def fitted(image: Tensor, size: tuple[int, int], *, scale: float = 1.0) -> tuple[int, int]:
    """Height and width of an image that is resized to fit into `size` without distortion, times `scale`."""
    height, width = image.shape[-2:]
    factor = min(size[0] / height, size[1] / width) * scale
    return max(round(height * factor), 1), max(round(width * factor), 1)


class RandomScale(v2.Transform):
    """Resize image and labels alike: by chance, `scale` times what fits into `size`, or times their own size.

    Images are interpolated bilinearly (and smoothed first where they shrink). A label is that of the nearest
    pixel, measured between centres (``nearest-exact``). torchvision's own resizing takes the pixel up and left
    of it, which moves labels against the image by up to half an output pixel.
    """

    def __init__(self, size: tuple[int, int] | None, scale: tuple[float, float]) -> None:
        super().__init__()
        self.size, self.scale = size, scale

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        low, high = self.scale
        scale = low + (high - low) * torch.rand(1).item()
        own = tuple(flat_inputs[0].shape[-2:])
        return {"size": fitted(flat_inputs[0], self.size or own, scale=scale)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if isinstance(inpt, tv_tensors.Mask):
            labels = inpt.as_subclass(Tensor)[None, None]
            if labels.dtype != torch.uint8:
                # There is no kernel for the integers of instance ids. In float32, which holds ids up to 2²⁴, a
                # pixel's nearest is the same as in uint8; in float64 it is now and then its neighbour.
                labels = labels.float()
            resized = functional.interpolate(labels, params["size"], mode="nearest-exact")[0, 0]
            return tv_tensors.Mask(resized.to(inpt.dtype))
        return v2.functional.resize(inpt, list(params["size"]), antialias=True)


def augmentation(
    size: tuple[int, int],
    *,
    scale: tuple[float, float] = (0.5, 2.0),
    flip: float = 0.5,
    color: float = 0.2,
    fit: bool = True,
) -> Augmentation:
    """Random changes that leave the meaning of an image: another distance, another place, mirrored, other
    light.

    Parameters
    ----------
    size : tuple of int
        Height and width of what comes out, in pixels.
    scale : tuple of float
        Lowest and highest factor. At 1 the whole image just fits into `size`; above, a random part of it is cut
        out; below, it lies somewhere in a grey frame, whose labels are void.
    fit : bool
        False: at 1 the image has its own size, whatever that is. It keeps cells of a microscope as large as
        they are in images of all sizes.
    flip : float
        Probability that left and right are exchanged, 0 to 1.
    color : float
        By what share brightness, contrast and saturation change at most, 0 to 1.

    Returns
    -------
    callable
        For `SceneDataset`.

    Raises
    ------
    ValueError
        If a number is out of its range.
    """
    if min(size) < 1:
        raise ValueError(f"size: expected height and width of at least 1 pixel, got {size}")
    if not 0 < scale[0] <= scale[1]:
        raise ValueError(f"scale: expected a lowest and a highest factor above 0, in this order, got {scale}")
    for name, share in (("flip", flip), ("color", color)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name}: expected 0 to 1, got {share}")
    grey = [round(255 * mean) for mean in MEAN]  # about 0 once it is normalised
    return v2.Compose(
        [
            RandomScale(size if fit else None, scale),
            v2.RandomCrop(size, pad_if_needed=True, fill={tv_tensors.Image: grey, tv_tensors.Mask: VOID}),
            v2.RandomHorizontalFlip(flip),
            v2.ColorJitter(brightness=color, contrast=color, saturation=color),
        ]
    )


class EpochBatches(Sampler[list[int]]):
    """Which images are learned from together: another order in every epoch, shared among processes.

    Parameters
    ----------
    images : int
        n, how many there are.
    batch_size : int
        Images in a batch, of all processes together.
    seed : int
        0 or more.
    process, processes : int
        Every process draws the same order, and takes its share of each batch.

    Attributes
    ----------
    epoch : int
        Set it before iterating; 0 at first.

    Notes
    -----
    An epoch has only whole batches. What is left over at its end differs from epoch to epoch.

    Examples
    --------
    >>> batches = EpochBatches(5, 2, seed=0)
    >>> list(batches)
    [[2, 4], [3, 0]]
    >>> batches.epoch = 1
    >>> list(batches)                       # the second look at each image: 5 to 9
    [[6, 9], [8, 5]]
    """

    def __init__(
        self, images: int, batch_size: int, *, seed: int = 0, process: int = 0, processes: int = 1
    ) -> None:
        if not 1 <= batch_size <= images:
            raise ValueError(
                f"batch_size: expected 1 to {images}, the number of training images, got {batch_size}"
            )
        if batch_size < processes:
            raise ValueError(
                f"batch_size: expected at least one image for each of {processes} processes, got {batch_size}"
            )
        self.images, self.batch_size, self.seed = images, batch_size, seed
        self.process, self.processes = process, processes
        self.epoch = 0

    def __len__(self) -> int:
        return self.images // self.batch_size

    def __iter__(self) -> Iterator[list[int]]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.images)
        order += self.epoch * self.images
        for first in range(0, len(self) * self.batch_size, self.batch_size):
            batch = order[first : first + self.batch_size]
            yield batch[self.process :: self.processes].tolist()


def training_loader(
    dataset: SceneDataset, batches: EpochBatches, *, workers: int = 0, pin_memory: bool = False
) -> DataLoader[tuple[Tensor, Any]]:
    """Batches of images (N, 3, H, W) and targets (N, H, W), read ahead by `workers` processes (0: by this
    one). A data set's ``collate`` makes the batches, where it has one."""
    return DataLoader(
        dataset,
        batch_sampler=batches,
        collate_fn=getattr(dataset, "collate", None),
        num_workers=workers,
        persistent_workers=workers > 0,  # else every epoch would start them anew
        pin_memory=pin_memory,
    )
