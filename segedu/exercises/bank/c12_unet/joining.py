"""12.2 and 12.3: what comes across is cropped and laid beside, and where in the recursion it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception

Floats = npt.NDArray[np.float64]


def crop_and_concatenate(skip: Floats, below: Floats) -> Floats:
    """Reference of 12.2: the crop of `segedu.models`, and PyTorch's concatenation."""
    import torch

    from segedu.models.unet import center_crop

    cropped = center_crop(torch.from_numpy(skip.copy()), torch.from_numpy(below.copy()))
    return torch.cat([cropped, torch.from_numpy(below.copy())], dim=0).numpy()


def _leading(skip: Floats, below: Floats) -> Floats:
    return np.concatenate([skip[:, : below.shape[1], : below.shape[2]], below])


def _minus_zero(skip: Floats, below: Floats) -> Floats:
    top, left = ((skip.shape[axis] - below.shape[axis]) // 2 for axis in (1, 2))
    return np.concatenate([skip[:, top:-top, left:-left], below])


def _framed(skip: Floats, below: Floats) -> Floats:
    extra = [skip.shape[axis] - below.shape[axis] for axis in (1, 2)]
    return np.concatenate([skip, np.pad(below, [(0, 0), *((n // 2, n - n // 2) for n in extra)])])


def _resized(skip: Floats, below: Floats) -> Floats:
    rows, columns = (np.arange(below.shape[axis]) * skip.shape[axis] // below.shape[axis] for axis in (1, 2))
    return np.concatenate([skip[:, rows][:, :, columns], below])


def _added(skip: Floats, below: Floats) -> Floats:
    channels = len(skip)
    return crop_and_concatenate(skip, below)[:channels] + below


def _maps(c: int, height: int, width: int, d: int, h: int, w: int) -> tuple[Floats, Floats]:
    return np.arange(1.0, c * height * width + 1).reshape(c, height, width), -np.ones((d, h, w))


def _random_maps(rng: np.random.Generator) -> tuple[Floats, Floats]:
    c, h, w = (int(n) for n in rng.integers(1, 4, 3))
    height, width = h + 2 * int(rng.integers(1, 4)), w + int(rng.integers(0, 6))
    d = c if rng.random() < 0.7 else int(rng.integers(1, 4))
    whole = rng.integers(0, 10, (c, height, width)), rng.integers(0, 10, (d, h, w))
    return whole[0].astype(float), whole[1].astype(float)


CROP = FunctionExercise(
    id="12.2",
    title="Crop and lay beside",
    reference=crop_and_concatenate,
    cases=(
        Case(_maps(1, 4, 4, 1, 2, 2), "one row goes on each side"),
        Case(_maps(2, 2, 6, 2, 2, 2), "nothing to crop above and below"),
        Case(_maps(1, 2, 2, 1, 2, 2), "nothing to crop at all"),
        Case(_maps(1, 3, 6, 1, 2, 3), "an odd number of rows and columns to crop"),
        Case(_maps(3, 4, 3, 2, 2, 1), "not as many channels on both sides"),
    ),
    random=_random_maps,
    hint="How many rows are too many, and how many of them go at the top? Which axis holds the channels?",
    misconceptions=(
        Misconception(
            "cut at the end alone",
            _leading,
            "You cut at the bottom and on the right alone, so the skip is shifted. Valid convolutions lose rows on all sides.",
        ),
        Misconception(
            "minus zero",
            _minus_zero,
            "You count the end from behind. Where nothing is to be cropped, `0:-0` is empty, and an odd rest is cut short.",
        ),
        Misconception(
            "the map from below is framed",
            _framed,
            "You give the map from below a frame of zeros. That is a border which nobody has seen: crop the other map.",
        ),
        Misconception(
            "the skip is shrunk",
            _resized,
            "You shrink the whole skip, so its pixels no longer lie over those of the map from below. Crop it.",
        ),
        Misconception(
            "added",
            _added,
            "You add, as FCN does with scores. U-Net keeps both, and lets the next convolution decide.",
        ),
        Misconception(
            "one below the other",
            lambda skip, below: np.concatenate([crop_and_concatenate(skip, below)[: len(skip)], below], axis=1),
            "Your maps lie below each other, as one higher map. Laid beside are their channels.",
        ),
        Misconception(
            "the other order",
            lambda skip, below: np.concatenate([below, crop_and_concatenate(skip, below)[: len(skip)]]),
            "The order is exchanged. Any would do, but weights are learned for one: the skip comes first.",
        ),
    ),
)


@dataclass(frozen=True)
class Times:
    """In place of two convolutions: so small that a case can be followed by hand."""

    weight: int

    def __call__(self, x: Any) -> Any:
        return self.weight * x


@dataclass(frozen=True)
class Repeat:
    """In place of the way up: each number times the weight, in a block of 2 × 2."""

    weight: int

    def __call__(self, x: Any) -> Any:
        return self.weight * x.repeat_interleave(2, dim=-2).repeat_interleave(2, dim=-1)


@dataclass(frozen=True)
class Mix:
    """In place of the convolutions on the right: two channels become one."""

    first: int
    second: int

    def __call__(self, x: Any) -> Any:
        if x.shape[1] != 2:
            raise ValueError(f"expected two channels, one from each side, got {x.shape[1]}")
        return self.first * x[:, :1] + self.second * x[:, 1:]


def u(x: Any, levels: list[Any]) -> Floats:
    """Reference of 12.3: level after level, as the paper draws it, instead of a recursion."""
    from torch import cat
    from torch.nn import functional

    fine = [levels[0][0](x)]
    for left, _, _ in levels[1:]:
        fine.append(left(functional.max_pool2d(fine[-1], 2)))
    y = fine.pop()
    for _, up, right in reversed(levels[:-1]):
        y = right(cat([fine.pop(), up(y)], dim=1))
    scores: Floats = y.detach().numpy()
    return scores


def _recursion(x: Any, levels: list[Any], mistake: str) -> Any:
    """The seven lines with one mistake."""
    from torch import cat
    from torch.nn import functional

    (left, up, right), *below = levels
    fine = left(x)
    if not below:
        return fine
    pooled = functional.max_pool2d(x if mistake == "image down" else fine, 2)
    if mistake == "mean":
        pooled = functional.avg_pool2d(fine, 2)
    across = {
        "after": functional.interpolate(pooled, scale_factor=2),
        "before": x,
    }.get(mistake, fine)
    both = [across, up(_recursion(pooled, below, mistake))]
    return right(cat(both[::-1] if mistake == "order" else both, dim=1))


def _mistaken(mistake: str) -> Any:
    return lambda x, levels: _recursion(x, levels, mistake).detach().numpy()


def _random_network(rng: np.random.Generator) -> tuple[Any, list[Any]]:
    """An image, and layers for up to two poolings."""
    import torch

    poolings = int(rng.integers(0, 3))
    height, width = 2**poolings, int(rng.integers(1, 3)) * 2**poolings
    x = torch.from_numpy(rng.integers(1, 10, (1, 1, height, width)).astype(np.float32))

    def weight() -> int:
        return int(rng.choice([-2, -1, 2, 3]))

    levels: list[Any] = []
    for _ in range(poolings):
        first, second = (int(n) for n in rng.choice([-2, -1, 1, 2, 3], 2, replace=False))
        levels.append((Times(weight()), Repeat(weight()), Mix(first, second)))
    return x, [*levels, (Times(weight()), None, None)]


RECURSION = FunctionExercise(
    id="12.3",
    title="Find the bug: every shape fits",
    reference=u,
    rtol=1e-5,  # in 32 bits
    atol=1e-6,
    random=_random_network,  # no fixed cases: tensors need PyTorch, which is loaded only when somebody checks
    hint="Follow one pixel through the seven lines: what is laid beside what, and what goes down?",
    misconceptions=(
        Misconception(
            "the skip leaves after the pooling",
            _mistaken("after"),
            "The skip still leaves after the pooling. Enlarging it gives it the size back, and not the places.",
        ),
        Misconception(
            "the skip leaves before the convolutions",
            _mistaken("before"),
            "What comes across is what came in. It is the map after the two convolutions of the level.",
        ),
        Misconception(
            "what came in goes down",
            _mistaken("image down"),
            "The level below gets what came in, pooled. It gets what the two convolutions made of it.",
        ),
        Misconception(
            "the other order",
            _mistaken("order"),
            "Both maps are there, in the other order. The weights were learned for the fine one first.",
        ),
        Misconception(
            "pooled by the mean",
            _mistaken("mean"),
            "You pool by the mean. U-Net, as the colleague, takes the largest.",
        ),
    ),
)
