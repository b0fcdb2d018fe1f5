"""Recipes: all the numbers of a training run in one place, with names for those that the book uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from segedu.training.data import Augmentation, augmentation
from segedu.training.losses import LOSSES, Loss
from segedu.training.muon import Muon

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {"adamw": AdamW, "muon": Muon}
WEIGHTED = ("cross_entropy", "cross_entropy_and_dice")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained. Together with the model and the data it decides the result.

    What depends on the machine alone is not in it: device and precision are those of the accelerator.

    Parameters
    ----------
    size : tuple of int
        Height and width of what the network sees in training. In evaluation, images are made to fit into it.
    epochs : int
        How often every image is looked at.
    batch_size : int
        Images in a step, of all processes together.
    learning_rate : float
        The highest, after the warm-up.
    optimizer : str
        ``"adamw"``, or ``"muon"``, which gets further in few steps and pays with some time for each.
    weight_decay : float
        Of the optimizer; biases and the parameters of batch norm have none.
    warmup : float
        Share of all steps in which the learning rate rises from 0, 0 to below 1.
    power : float
        After the warm-up it falls as (1 − progress) ** power: 1 is a straight line to 0.
    loss : str
        A name in `segedu.training.LOSSES`.
    class_weights : float
        Power of the median frequency weights, for the losses with cross-entropy: 1 gives those of
        `median_frequency_weights`, 0.5 their square roots, which are closer to each other, and 0 none.
    scale, flip, color, fit
        As of `augmentation`. Without `fit`, evaluation too leaves images their own size.
    min_area : int
        Objects of fewer pixels, after augmentation, are left out of what a detector learns, and ignored in the
        evaluation. 1 leaves out none.
    max_detections : int
        Objects that a detector answers for an image, and that count in its evaluation, at most.
    mask_threshold : float
        From which value on a pixel belongs to a mask that a detector answers. 0.5 gets most pixels right; IoU
        asks for less, since a pixel is worth having from IoU / (1 + IoU) on.
    anchors : tuple of float, optional
    sampling_ratio : int
        As of `segedu.models.mask_rcnn`, for the detectors that the command line makes.
    base_channels : int
        Width of the network that the command line makes.
    channels_last : bool
        Lay feature maps out pixel by pixel, which is faster on GPUs with 16 bits, and on many CPUs.
    compile : bool
        Whether `torch.compile` makes kernels for this network; on a GPU only.
    validate_every : int
        Epochs from one validation to the next; the last epoch is always validated.
    workers : int
        Processes that read images ahead, for each process that trains. They change nothing but the speed.
    seed : int
        0 or more.

    Raises
    ------
    ValueError
        If a number is out of its range. The message names it.
    """

    size: tuple[int, int]
    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str = "adamw"
    weight_decay: float = 1e-2
    warmup: float = 0.05
    power: float = 0.9
    loss: str = "cross_entropy"
    class_weights: float = 0
    scale: tuple[float, float] = (0.5, 2.0)
    flip: float = 0.5
    color: float = 0.2
    fit: bool = True
    min_area: int = 1
    max_detections: int = 100
    mask_threshold: float = 0.5
    anchors: tuple[float, ...] | None = None
    sampling_ratio: int = 2
    base_channels: int = 64
    channels_last: bool = False
    compile: bool = False
    validate_every: int = 1
    workers: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        counts = ("epochs", "batch_size", "base_channels", "min_area", "max_detections", "sampling_ratio")
        for name in (*counts, "validate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"Recipe.{name}: expected at least 1, got {getattr(self, name)}")
        for name in ("learning_rate", "power"):
            if not getattr(self, name) > 0:
                raise ValueError(f"Recipe.{name}: expected a number above 0, got {getattr(self, name)}")
        for name in ("weight_decay", "class_weights", "workers", "seed"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"Recipe.{name}: expected 0 or more, got {getattr(self, name)}")
        if not 0 <= self.mask_threshold <= 1:
            raise ValueError(f"Recipe.mask_threshold: expected 0 to 1, got {self.mask_threshold}")
        if not 0 <= self.warmup < 1:
            raise ValueError(f"Recipe.warmup: expected a share from 0 to below 1, got {self.warmup}")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(
                f"Recipe.optimizer: expected one of {', '.join(OPTIMIZERS)}, got {self.optimizer!r}"
            )
        if self.loss not in LOSSES:
            raise ValueError(f"Recipe.loss: expected one of {', '.join(LOSSES)}, got {self.loss!r}")
        if self.class_weights and self.loss not in WEIGHTED:
            raise ValueError(
                f"Recipe.class_weights: expected 0 with the loss {self.loss!r}; weights go with "
                f"{' and '.join(WEIGHTED)}"
            )

    def as_dict(self) -> dict[str, Any]:
        """All fields, in plain types that JSON knows."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }

    @property
    def evaluation_size(self) -> tuple[int, int] | None:
        """Into what images are made to fit in evaluation; None where they keep their own size."""
        return self.size if self.fit else None

    def make_augmentation(self) -> Augmentation:
        """The random changes of training images."""
        return augmentation(self.size, scale=self.scale, flip=self.flip, color=self.color, fit=self.fit)

    def make_loss(self, weights: Tensor | None = None) -> Loss:
        """The loss as a function of logits and target; `weights` (C,) are the median frequency weights."""
        loss = LOSSES[self.loss]
        if not self.class_weights:
            return loss
        if weights is None:
            raise ValueError(
                "weights: expected the weights of the classes, "
                f"since class_weights is {self.class_weights}, got None"
            )
        return partial(loss, weights=weights**self.class_weights)

    def make_optimizer(self, model: nn.Module) -> Optimizer:
        """Decay pulls weights of convolutions to 0, not biases and batch norm (their vectors)."""
        trained = [p for p in model.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in trained if p.ndim > 1], "weight_decay": self.weight_decay},
            {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
        ]
        return OPTIMIZERS[self.optimizer](groups, lr=self.learning_rate)

    def make_schedule(self, optimizer: Optimizer, steps: int) -> LambdaLR:
        """The learning rate of each of `steps` steps, as `factor` says."""
        return LambdaLR(optimizer, lambda step: self.factor(step, steps))

    def factor(self, step: int, steps: int) -> float:
        """What the highest learning rate is multiplied with in a step, 0 to ``steps - 1``.

        Examples
        --------
        Two of ten steps of warm-up, then a straight line that ends above 0, since a step of 0 is none:

        >>> recipe = Recipe(size=(64, 64), epochs=1, batch_size=1, learning_rate=1, warmup=0.2, power=1)
        >>> [recipe.factor(step, 10) for step in (0, 1, 2, 6, 9)]
        [0.5, 1.0, 1.0, 0.5, 0.125]
        """
        rising = round(self.warmup * steps)
        if step < rising:
            return (step + 1) / rising
        # LambdaLR asks for one step more than there are: 0.
        return max(1 - (step - rising) / (steps - rising), 0.0) ** self.power

    def differences(self, other: dict[str, Any]) -> list[str]:
        """The fields in which another recipe, `as_dict`, trains differently; the number of workers or
        of validations does not."""
        mine = self.as_dict()
        names = [f.name for f in fields(self) if f.name not in ("workers", "validate_every")]
        return [f"{n}: {other.get(n)!r}, now {mine[n]!r}" for n in names if other.get(n) != mine[n]]


RECIPES: dict[str, Recipe] = {
    "street_minute": Recipe(
        size=(128, 128),
        epochs=7,
        batch_size=4,
        learning_rate=5e-2,
        optimizer="muon",
        warmup=0.1,
        loss="cross_entropy_and_dice",
        class_weights=0.5,
        scale=(1.0, 1.0),
        base_channels=8,
        channels_last=True,
    ),
    "street_instances": Recipe(
        size=(128, 128),
        epochs=6,
        batch_size=4,
        learning_rate=2e-2,
        optimizer="muon",
        warmup=0.1,
        scale=(1.0, 1.0),
        min_area=8,
        mask_threshold=0.4,
        sampling_ratio=1,
        base_channels=16,
        channels_last=True,
        validate_every=3,
    ),
    "nuclei_small": Recipe(
        size=(128, 128),
        epochs=16,
        batch_size=4,
        learning_rate=2e-2,
        optimizer="muon",
        warmup=0.1,
        loss="cross_entropy_and_dice",
        scale=(0.7, 1.4),
        fit=False,
        max_detections=400,
        anchors=(8, 16, 32, 64),
        base_channels=16,
        validate_every=8,
    ),
    "nuclei_full": Recipe(
        size=(384, 384),
        epochs=120,
        batch_size=16,
        learning_rate=3e-4,
        loss="cross_entropy_and_dice",
        fit=False,
        max_detections=500,
        anchors=(8, 16, 32, 64, 128),
        base_channels=64,
        validate_every=10,
        workers=8,
    ),
    "camvid_small": Recipe(
        size=(180, 240),
        epochs=16,
        batch_size=4,
        learning_rate=5e-2,
        optimizer="muon",
        loss="cross_entropy_and_dice",
        class_weights=0.5,
        scale=(0.75, 2.0),
        base_channels=8,
        channels_last=True,
    ),
    "full": Recipe(
        size=(360, 480),
        epochs=400,
        batch_size=8,
        learning_rate=1e-3,
        loss="cross_entropy_and_dice",
        channels_last=True,
        compile=True,
        workers=8,
    ),
}
"""Recipes by name.

``street_minute`` trains a small network on street scenes, on a CPU; ``street_instances`` a small Mask R-CNN.
``camvid_small`` is CamVid at half its size, for a CPU with patience. ``full`` is CamVid at 360×480 with a
network of the paper's width, for a GPU. ``nuclei_small`` and ``nuclei_full`` find nuclei, on a CPU and a GPU,
in cut-outs of microscope images that keep their scale.
"""
