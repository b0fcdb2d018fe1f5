"""15.3 and 15.4: cross-entropy from logits, and one loss of a batch that several processes share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception

Numbers = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Known = npt.NDArray[np.bool_]
VOID = 255


def _each(logits: Numbers, target: Labels) -> Numbers:
    """−log p of each pixel, 0 where void, by torch."""
    import torch
    from torch.nn import functional

    pair = torch.from_numpy(np.asarray(logits, float)), torch.from_numpy(np.asarray(target, np.int64))
    return functional.cross_entropy(*pair, ignore_index=VOID, reduction="none").numpy()


def mean_loss(logits: Numbers, target: Labels) -> float:
    """Cross-entropy of pixels (P, C), 0 if none is known: the reference of 15.3."""
    known = (np.asarray(target) != VOID).sum()
    return float(_each(logits, target).sum() / known) if known else 0.0


def _softmax(logits: Numbers) -> Numbers:
    import torch

    return torch.from_numpy(np.asarray(logits, float)).softmax(dim=1).numpy()


def _undefined(logits: Numbers, target: Labels) -> float:
    return mean_loss(logits, target) if (target != VOID).any() else float("nan")


def _overflows(logits: Numbers, target: Labels) -> float:
    known = target != VOID
    if not known.any():
        return 0.0
    with np.errstate(all="ignore"):
        shares = np.exp(logits[known]) / np.exp(logits[known]).sum(axis=1, keepdims=True)
        return float(-np.log(shares[np.arange(len(shares)), target[known]]).mean())


def _random_pixels(rng: np.random.Generator) -> tuple[Numbers, Labels]:
    pixels, classes = int(rng.integers(1, 9)), int(rng.integers(2, 6))
    target = rng.integers(0, classes, pixels)
    target[rng.random(pixels) < 0.2] = VOID
    return rng.normal(0, 3, (pixels, classes)), target


CROSS_ENTROPY = FunctionExercise(
    id="15.3",
    title="Cross-entropy from logits",
    reference=mean_loss,
    cases=(
        Case((np.zeros((1, 2)), np.array([1])), "no idea: half and half"),
        Case((np.array([[3.0, 0.0], [0.0, 1.0]]), np.array([0, 0])), "one right, one wrong"),
        Case((np.array([[2.0, 0.0, 0.0], [0.0, 4.0, 0.0]]), np.array([0, VOID])), "one pixel is void"),
        Case((np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([VOID, VOID])), "no pixel is known"),
        Case((np.array([[1000.0, 0.0], [0.0, 1.0]]), np.array([1, 1])), "a network that is very sure"),
    ),
    random=_random_pixels,
    hint="For each known pixel, the logarithm of the sum of exp over the classes, less the logit of the true one.",
    misconceptions=(
        Misconception(
            "softmax first",
            lambda logits, target: mean_loss(_softmax(logits), target),
            "You take the softmax of a softmax. What comes in are logits: one softmax makes them probabilities.",
        ),
        Misconception(
            "divided by all pixels",
            lambda logits, target: float(_each(logits, target).mean()),
            "Void is left out of the sum, but you still divide by it. The mean is over the known pixels.",
        ),
        Misconception(
            "void is background",
            lambda logits, target: mean_loss(logits, np.where(target == VOID, 0, target)),
            "Void counts as class 0 here. Nobody knows what is there: such a pixel has no loss.",
        ),
        Misconception(
            "undefined without a known pixel",
            _undefined,
            "Without a known pixel you divide 0 by 0, and NaN in a loss is NaN in every weight. There is nothing to learn: 0.",
        ),
        Misconception(
            "exp overflows",
            _overflows,
            "At 1000, exp leaves what 64 bits can hold. The softmax does not change if all logits of a pixel move by as much.",
        ),
        Misconception(
            "the sum",
            lambda logits, target: float(_each(logits, target).sum()),
            "This is the sum over the pixels. The loss is a mean: else it would grow with the batch.",
        ),
        Misconception(
            "in bits",
            lambda logits, target: mean_loss(logits, target) / np.log(2),
            "This is in bits. Losses are computed with the natural logarithm.",
        ),
    ),
)


def whole_batch(losses: Sequence[Numbers], known: Sequence[Known]) -> float:
    """The mean over the known pixels of all parts, put into one: the reference of 15.4."""
    everything = np.ma.masked_array(np.concatenate(losses), ~np.concatenate(known))
    return float(everything.mean()) if everything.count() else 0.0


def _means(losses: Sequence[Numbers], known: Sequence[Known], empty: float) -> list[float]:
    return [float(part[k].mean()) if k.any() else empty for part, k in zip(losses, known, strict=True)]


def _mean_of_filled(losses: Sequence[Numbers], known: Sequence[Known]) -> float:
    means = [value for value in _means(losses, known, np.nan) if not np.isnan(value)]
    return float(np.mean(means)) if means else 0.0


def _by_size(losses: Sequence[Numbers], known: Sequence[Known]) -> float:
    return float(np.average(_means(losses, known, 0.0), weights=[part.size for part in losses]))


def _random_parts(rng: np.random.Generator) -> tuple[list[Numbers], list[Known]]:
    sizes = rng.integers(1, 7, rng.integers(1, 5))
    chance = rng.random(len(sizes))
    return [rng.random(n).round(2) * 4 for n in sizes], [
        rng.random(n) < c for n, c in zip(sizes, chance, strict=True)
    ]


def _yes(*values: int) -> Known:
    return np.array(values, bool)


PROCESSES = FunctionExercise(
    id="15.4",
    title="Find the bug: one loss for four GPUs",
    reference=whole_batch,
    cases=(
        Case(([np.array([1.0, 3.0])], [_yes(1, 1)]), "one GPU"),
        Case(([np.array([1.0, 3.0]), np.array([6.0, 9.0])], [_yes(1, 1), _yes(1, 0)]), "the second has void"),
        Case(
            ([np.array([1.0, 3.0]), np.array([6.0, 9.0])], [_yes(1, 1), _yes(0, 0)]), "the second is all void"
        ),
        Case(([np.array([1.0]), np.array([6.0, 8.0, 1.0])], [_yes(1), _yes(1, 1, 0)]), "parts of two sizes"),
        Case(([np.array([4.0]), np.array([2.0])], [_yes(0), _yes(0)]), "no pixel is known"),
    ),
    random=_random_parts,
    hint="Which two numbers does every GPU have to tell, so that one division at the end gives the mean of all?",
    misconceptions=(
        Misconception(
            "mean of means",
            lambda losses, known: float(np.mean(_means(losses, known, 0.0))),
            "This is the mean of the GPUs' means. A known pixel on a GPU with much void then counts more than others.",
        ),
        Misconception(
            "mean of the means that exist",
            _mean_of_filled,
            "You leave out the GPUs without a known pixel, and still take the mean of means of the others.",
        ),
        Misconception(
            "means weighted by all pixels",
            _by_size,
            "You weight the means by all pixels of a GPU, void included. Which pixels is its mean a mean of?",
        ),
        Misconception(
            "void is right",
            lambda losses, known: float(
                np.mean(np.concatenate(losses) * np.concatenate(known)),
            ),
            "You divide by all pixels: void counts as if it were right. Divide by the known ones.",
        ),
        Misconception(
            "void has a loss",
            lambda losses, known: float(np.concatenate(losses).mean()),
            "Void pixels are in your sum. What stands in `losses` where nothing is known means nothing.",
        ),
    ),
)
