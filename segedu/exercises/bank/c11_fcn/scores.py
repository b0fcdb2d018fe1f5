"""11.3, 11.4 and 11.7: scores of a layer that slides, their sum, and their interlacing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception

Floats = npt.NDArray[Any]


def slide(features: Floats, weight: Floats, bias: Floats, h: int, w: int) -> Floats:
    """Reference of 11.3: PyTorch's convolution."""
    import torch
    from torch.nn.functional import conv2d

    kernels = torch.from_numpy(weight.reshape(len(weight), len(features), h, w).copy())
    return conv2d(torch.from_numpy(features.copy())[None], kernels, torch.from_numpy(bias.copy()))[0].numpy()


def _kernels(weight: Floats, channels: int, h: int, w: int) -> Floats:
    return weight.reshape(len(weight), channels, h, w)


def _flipped(features: Floats, weight: Floats, bias: Floats, h: int, w: int) -> Floats:
    turned = _kernels(weight, len(features), h, w)[..., ::-1, ::-1].reshape(weight.shape)
    return slide(features, turned, bias, h, w)


def _channels_last(features: Floats, weight: Floats, bias: Floats, h: int, w: int) -> Floats:
    read = weight.reshape(len(weight), h, w, len(features)).transpose(0, 3, 1, 2).reshape(weight.shape)
    return slide(features, read, bias, h, w)


def _side_by_side(features: Floats, weight: Floats, bias: Floats, h: int, w: int) -> Floats:
    return slide(features, weight, bias, h, w)[:, ::h, ::w]


def _one_short(features: Floats, weight: Floats, bias: Floats, h: int, w: int) -> Floats:
    return slide(features, weight, bias, h, w)[:, :-1, :-1]


def _layer(
    rng: np.random.Generator, k: int, c: int, h: int, w: int, height: int, width: int
) -> tuple[Any, ...]:
    return (
        rng.integers(-3, 4, (c, height, width)).astype(float),
        rng.integers(-3, 4, (k, c * h * w)).astype(float),
        rng.integers(-3, 4, k).astype(float),
        h,
        w,
    )


def _random_layer(rng: np.random.Generator) -> tuple[Any, ...]:
    k, c, h, w = (int(n) for n in rng.integers(1, 4, 4))
    return _layer(rng, k, c, h, w, h + int(rng.integers(0, 4)), w + int(rng.integers(0, 4)))


_RNG = np.random.default_rng(11)
SLIDE = FunctionExercise(
    id="11.3",
    title="A fully connected layer slides",
    reference=slide,
    cases=(
        Case(
            (np.arange(6.0).reshape(1, 2, 3), np.array([[1.0, 0, 0, 0]]), np.zeros(1), 2, 2),
            "copies the first pixel",
        ),
        Case((np.arange(4.0).reshape(1, 2, 2), np.array([[1.0, 2, 3, 4]]), np.ones(1), 2, 2), "one place only"),
        Case(_layer(_RNG, 2, 3, 1, 1, 2, 3), "a kernel of 1 × 1"),
        Case(_layer(_RNG, 3, 2, 2, 2, 4, 5), "three outputs of two channels"),
        Case(_layer(_RNG, 2, 2, 1, 3, 3, 5), "a window that is no square"),
    ),
    random=_random_layer,
    hint="Which numbers does the layer see at one place, in which order, and in how many places does it fit?",
    misconceptions=(
        Misconception(
            "the kernel is turned",
            _flipped,
            "The kernel is turned by 180°. The layer multiplies its first weight with the first number of the window.",
        ),
        Misconception(
            "channels last",
            _channels_last,
            "The weights are read in another order. The map was flattened channel by channel, each row by row.",
        ),
        Misconception(
            "the bias is forgotten",
            lambda features, weight, bias, h, w: slide(features, weight, 0 * bias, h, w),
            "The bias is missing. It belongs to every place.",
        ),
        Misconception(
            "windows side by side",
            _side_by_side,
            "Your windows do not overlap. A layer that slides moves on by one.",
        ),
        Misconception(
            "the last place is left out",
            _one_short,
            "One row and one column are missing: the last window ends where the map ends.",
        ),
    ),
)


def join(coarse: Floats, fine: Floats) -> Floats:
    """Reference of 11.4: a Kronecker product, cut, and a sum."""
    return np.kron(coarse, np.ones((1, 2, 2)))[:, : fine.shape[1], : fine.shape[2]] + fine


def _cut_first(coarse: Floats, fine: Floats) -> Floats:
    doubled = np.kron(coarse, np.ones((1, 2, 2)))
    return doubled[:, doubled.shape[1] - fine.shape[1] :, doubled.shape[2] - fine.shape[2] :] + fine


def _random_scores(rng: np.random.Generator) -> tuple[Floats, Floats]:
    k, height, width = (int(n) for n in rng.integers(1, 6, 3))
    coarse = rng.integers(-9, 10, (k, -(-height // 2), -(-width // 2)))
    return coarse.astype(float), rng.integers(-9, 10, (k, height, width)).astype(float)


JOIN = FunctionExercise(
    id="11.4",
    title="A skip adds",
    reference=join,
    cases=(
        Case((np.array([[[1.0, 2]]]), np.zeros((1, 2, 4))), "one row doubled"),
        Case((np.array([[[1.0, 2]]]), np.array([[[10.0, 20, 30, 40], [50, 60, 70, 80]]])), "fine scores"),
        Case((np.array([[[1.0, 2]]]), np.zeros((1, 2, 3))), "a column too much"),
        Case(
            (np.array([[[1.0], [2]], [[3], [4]]]), np.ones((2, 3, 1))),
            "two classes, a row and a column too much",
        ),
    ),
    random=_random_scores,
    hint="Every coarse score is seen in a block of 2 × 2. Both maps speak of the same classes.",
    misconceptions=(
        Misconception(
            "concatenated",
            lambda coarse, fine: np.concatenate([join(coarse, 0 * fine), fine]),
            "You laid both side by side, as U-Net does with features. FCN sums scores, class by class.",
        ),
        Misconception(
            "the mean",
            lambda coarse, fine: join(coarse, fine) / 2,
            "This is the mean of both. FCN takes the sum.",
        ),
        Misconception(
            "cut at the beginning",
            _cut_first,
            "You cut at the top and on the left. Rounding up added at the other end, so the scores are shifted.",
        ),
        Misconception(
            "the whole map is tiled",
            lambda coarse, fine: np.tile(coarse, (1, 2, 2))[:, : fine.shape[1], : fine.shape[2]] + fine,
            "You repeat the whole map. Repeat each score, so that it stays over its block.",
        ),
        Misconception(
            "the skip is forgotten",
            lambda coarse, fine: join(coarse, 0 * fine),
            "The fine scores do not enter at all.",
        ),
    ),
)


def stitch(maps: Floats) -> Floats:
    """Reference of 11.7: axes exchanged, then read in one go."""
    _, _, k, h, w = maps.shape
    return maps.transpose(2, 3, 0, 4, 1).reshape(k, 2 * h, 2 * w)


def _random_maps(rng: np.random.Generator) -> tuple[Floats]:
    return (rng.integers(-9, 10, (2, 2, *rng.integers(1, 4, 3))).astype(float),)


STITCH = FunctionExercise(
    id="11.7",
    title="Shift and stitch",
    reference=stitch,
    cases=(
        Case((np.arange(4.0).reshape(2, 2, 1, 1, 1),), "four scores"),
        Case((np.arange(16.0).reshape(2, 2, 1, 2, 2),), "maps of 2 × 2"),
        Case((np.arange(24.0).reshape(2, 2, 3, 1, 2),), "three classes"),
    ),
    random=_random_maps,
    hint="Which rows and columns of the result come from `maps[0, 1]`?",
    misconceptions=(
        Misconception(
            "side by side",
            lambda maps: np.concatenate([np.concatenate(list(row), axis=2) for row in maps], axis=1),
            "You laid the four maps side by side. Each covers the whole image: they are interlaced.",
        ),
        Misconception(
            "rows for columns",
            lambda maps: stitch(maps.swapaxes(0, 1)),
            "Rows and columns of the shift are exchanged: i moves down, j to the right.",
        ),
        Misconception(
            "the mean of the four",
            lambda maps: np.kron(maps.mean(axis=(0, 1)), np.ones((1, 2, 2))),
            "You average the four maps. Then the finer places are lost again.",
        ),
        Misconception(
            "one of the four",
            lambda maps: np.kron(maps[0, 0], np.ones((1, 2, 2))),
            "Only one of the four maps enters.",
        ),
    ),
)
