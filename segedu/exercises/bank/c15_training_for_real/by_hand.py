"""15.1, 15.2 and 15.7: a loss, weights and sums in sixteen bits, found without a program."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise

Numbers = npt.NDArray[np.float64]


def _means(p: Numbers, void: int) -> dict[str, float]:
    """Cross-entropy of the known pixels' probabilities, by the library's loss."""
    import torch
    from torch.nn import functional

    shares = torch.from_numpy(np.stack([p, 1 - p], axis=1))  # (pixels, 2), the true class first
    nats = float(functional.nll_loss(shares.log(), torch.zeros(len(p), dtype=torch.int64)))
    bits = nats / np.log(2)
    return {"bits": bits, "nats": nats, "void as right": bits * len(p) / (len(p) + void)}


def _draw_shares(draws: Draws) -> dict[str, Any]:
    halvings = np.array(draws.shuffled([1, 2, 3, 4])[:3])
    return {"p": 0.5**halvings, "void": draws.whole(1, 3)}


BITS = ValueExercise(
    id="15.1",
    title="Cross-entropy by hand",
    reference=_means,
    given={"p": np.array([1 / 2, 1 / 4, 1 / 8]), "void": 1},
    draw=_draw_shares,
    rtol=2e-3,  # three digits are enough
    hint="How often is 1 halved until it is p? That is the loss of a pixel in bits. Then take the mean.",
    misconceptions=(
        Misconception(
            "nats for bits",
            lambda p, void: {"bits": -np.log(p).mean()},
            "This is in nats, by the natural logarithm. Bits are by the logarithm to the base 2.",
        ),
        Misconception(
            "divided by all pixels",
            lambda p, void: {
                "bits": -np.log2(p).sum() / (len(p) + void),
                "nats": -np.log(p).sum() / (len(p) + void),
            },
            "You divided by all pixels. Void is left out of the sum and of the count as well.",
        ),
        Misconception(
            "logarithm of the mean",
            lambda p, void: {"bits": -np.log2(p.mean()), "nats": -np.log(p.mean())},
            "You took the mean of the probabilities, then its logarithm. It is the other way round.",
        ),
        Misconception(
            "the sum",
            lambda p, void: {"bits": -np.log2(p).sum(), "nats": -np.log(p).sum()},
            "This is the sum over the pixels. The loss is their mean.",
        ),
        Misconception(
            "right and not counted",
            lambda p, void: {"void as right": -np.log2(p).mean()},
            "What counts as right adds nothing to the sum. But it is one pixel more to divide by.",
        ),
    ),
)


def _weighted(percent: Numbers) -> dict[str, Numbers]:
    from segedu import training

    weights = training.median_frequency_weights(percent).double().numpy()
    return {"weights": weights, "share": weights * percent / (weights * percent).sum()}


def _draw_percent(draws: Draws) -> dict[str, Any]:
    rare, middle = draws.whole(1, 8), draws.whole(10, 30)
    return {"percent": np.array(draws.shuffled([rare, middle, 100 - rare - middle]))}


WEIGHTS = ValueExercise(
    id="15.2",
    title="Weights for rare classes",
    reference=_weighted,
    given={"percent": np.array([80, 15, 5])},
    draw=_draw_percent,
    rtol=5e-3,
    hint="Which of the frequencies is the one in the middle? A class of that frequency has weight 1.",
    misconceptions=(
        Misconception(
            "by the inverse alone",
            lambda percent: {"weights": 100 / percent},
            "This is one by the frequency. It is still to be multiplied with the median of the frequencies.",
        ),
        Misconception(
            "upside down",
            lambda percent: {"weights": percent / np.median(percent)},
            "Upside down: your frequent classes weigh most, and they need it least.",
        ),
        Misconception(
            "mean for median",
            lambda percent: {"weights": percent.mean() / percent},
            "You took the mean of the frequencies. The median is the one in the middle of the sorted list.",
        ),
        Misconception(
            "a share of the weights",
            lambda percent: {"share": (1 / percent) / (1 / percent).sum()},
            "These are shares of the weights. A class has as many parts of the loss as it has pixels, times their weight.",
        ),
        Misconception(
            "a share without weights",
            lambda percent: {"share": percent / 100},
            "These are the shares without weights: those of the pixels.",
        ),
    ),
)

TIMES = 10_000


@cache
def _sum_of(step: float, name: str) -> float:
    """Add a number again and again, in a format of torch; what no longer changes is the end."""
    import torch

    total = torch.tensor(0.0, dtype=getattr(torch, name))
    for _ in range(TIMES):
        before = total
        total = total + step
        if torch.equal(before, total):
            break
    return float(total)


def _sums(step: float) -> dict[str, float]:
    return {name: _sum_of(step, name) for name in ("float32", "float16", "bfloat16")}


SIXTEEN = ValueExercise(
    id="15.7",
    title="Predict, then run: ten thousand small steps",
    reference=_sums,
    given={"step": 4.0},
    draw=lambda draws: {"step": draws.choice([0.25, 0.5, 8.0, 16.0])},
    hint="Where is the gap to the next number twice as large as a step? There the sum stops.",
    misconceptions=(
        Misconception(
            "range for digits",
            lambda step: {"bfloat16": TIMES * step, "float16": TIMES * step},
            "The whole sum is within the range of the format. But are there enough digits to add a small step to it?",
        ),
        Misconception(
            "the step makes no difference",
            lambda step: {"bfloat16": 256.0, "float16": 2048.0},
            "Steps of 1 stop there. The gap between neighbouring numbers grows with the numbers: what do other steps do?",
        ),
        Misconception(
            "formats exchanged",
            lambda step: {"bfloat16": 2048 * step, "float16": 256 * step},
            "Exchanged: bfloat16 has given digits away for range, float16 has kept them.",
        ),
        Misconception(
            "one digit too few",
            lambda step: {"bfloat16": 128 * step, "float16": 1024 * step},
            "A factor of two too low. The leading 1 of a binary number is not stored, and is a digit all the same.",
        ),
        Misconception(
            "float32 stops as well",
            lambda step: {"float32": 2048 * step},
            "In 32 bits there are 24 binary digits. Is the sum ever so large that a step is lost?",
        ),
    ),
)
