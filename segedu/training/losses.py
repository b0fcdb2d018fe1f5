"""What training makes small: how wrong the logits are, as one number of the whole batch, void left out.

Where several processes share a batch, all of them compute the loss of the *whole* batch: sums go over all
processes before anything is divided. The mean of the processes' means would be another number as soon as one of
them has more void than the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, distributed
from torch.nn import functional

from segedu.scene import VOID

Loss = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor, target: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """The mean over known pixels of −log p, where p is the probability that the true class got.

    Parameters
    ----------
    logits : (N, C, H, W) float tensor
        Scores before softmax.
    target : (N, H, W) int64 tensor
        Class indices; 255 is void and left out.
    weights : (C,) float tensor, optional
        What a pixel of each class counts. The mean is weighted: it is divided by the sum of the weights.

    Returns
    -------
    scalar tensor
        Of all processes' images together. 0 if no pixel is known: then there is nothing to learn.

    Raises
    ------
    ValueError
        If the shapes do not fit. So do all losses here.

    Notes
    -----
    As ``torch.nn.functional.cross_entropy(logits, target, weights, ignore_index=255)``, which gives NaN if no
    pixel is known.

    Examples
    --------
    One pixel, two classes, nothing known yet: p = 1/2.

    >>> logits, target = torch.zeros(1, 2, 1, 1), torch.tensor([[[1]]])
    >>> float(cross_entropy(logits, target)) == float(torch.log(torch.tensor(2.0)))
    True
    """
    _check(logits, target)
    if weights is not None:
        weights = weights.to(logits.device)
    wrong = functional.cross_entropy(logits.float(), target, weights, ignore_index=VOID, reduction="none")
    known = target != VOID
    counted = known.float() if weights is None else torch.where(known, weights[target.where(known, 0)], 0.0)
    return _mean(wrong.sum(), counted.sum())  # wrong is 0 where void


def focal(logits: Tensor, target: Tensor, *, gamma: float = 2.0) -> Tensor:
    """Cross-entropy that cares less for what is almost right: the mean over known pixels of −(1 − p)^γ log p.

    Parameters
    ----------
    logits, target : tensors
        As for `cross_entropy`.
    gamma : float
        0 gives `cross_entropy`. With the paper's 2, a pixel with p = .9 counts a hundredth of what it did.

    Returns
    -------
    scalar tensor

    Notes
    -----
    Source: Lin et al., ICCV 2017, arXiv:1708.02002, there for detection and with sigmoids.
    """
    _check(logits, target)
    log_p = -functional.cross_entropy(logits.float(), target, ignore_index=VOID, reduction="none")  # (N, H, W)
    wrong = -((1 - log_p.exp()) ** gamma) * log_p  # void has log p = 0 and so adds nothing
    return _mean(wrong.sum(), (target != VOID).float().sum())


def dice(logits: Tensor, target: Tensor) -> Tensor:
    """One less the mean over classes of the Dice coefficient, with probabilities for labels.

    ::

        1 − mean over c of  2 Σ p t / (Σ p + Σ t)

    p is a pixel's probability of class c, t is 1 where c is true and 0 elsewhere; sums go over all known pixels
    of the batch. Every class counts the same, however few pixels it has.

    Parameters
    ----------
    logits, target : tensors
        As for `cross_entropy`.

    Returns
    -------
    scalar tensor
        From 0 to 1, over the classes that the batch's target has; 0 if it has none.

    Notes
    -----
    Source: Milletari, Navab and Ahmadi, 3DV 2016, arXiv:1606.04797, who square the terms of the denominator.
    """
    _check(logits, target)
    classes = logits.shape[1]
    known = (target != VOID)[:, None]  # (N, 1, H, W)
    p = logits.float().softmax(dim=1) * known  # (N, C, H, W)
    t = functional.one_hot(target.where(known[:, 0], 0), classes).movedim(-1, 1) * known
    both, preds, truth = over_processes(
        torch.stack([(p * t).sum((0, 2, 3)), p.sum((0, 2, 3)), t.sum((0, 2, 3))])
    )
    present = (truth > 0).float()
    return _ratio((present * (1 - 2 * both / (preds + truth).clamp(min=1e-12))).sum(), present.sum())


def cross_entropy_and_dice(logits: Tensor, target: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """Their sum: cross-entropy learns steadily from the first step on, Dice minds the small classes."""
    return cross_entropy(logits, target, weights=weights) + dice(logits, target)


LOSSES: dict[str, Callable[..., Tensor]] = {
    "cross_entropy": cross_entropy,
    "cross_entropy_and_dice": cross_entropy_and_dice,
    "dice": dice,
    "focal": focal,
}
"""The losses that a recipe can name."""


def median_frequency_weights(pixels: npt.ArrayLike, present: npt.ArrayLike | None = None) -> Tensor:
    """Weights that let rare classes count more: the median of all frequencies, by the class's own.

    Parameters
    ----------
    pixels : (C,) array of counts
        Pixels of each class in the training images, as in `segedu.datasets.summary`.
    present : (C,) array of counts, optional
        All pixels, with a class or without, of the images that have the class: the paper's frequencies are
        shares of those. None takes shares of all labelled pixels.

    Returns
    -------
    (C,) float32 tensor
        1 for a class of median frequency; 0 for one without pixels, which no loss will meet.

    Raises
    ------
    ValueError
        If no class has a pixel, or if counts are negative.

    Notes
    -----
    Source: Eigen and Fergus, ICCV 2015, arXiv:1411.4734, section 6.3.2.

    Examples
    --------
    Shares of .8, .15 and .05; their median is .15:

    >>> median_frequency_weights([80, 15, 5])
    tensor([0.1875, 1.0000, 3.0000])
    """
    counts = np.asarray(pixels, np.float64)
    whole = np.full(counts.shape, counts.sum()) if present is None else np.asarray(present, np.float64)
    if counts.ndim != 1 or counts.shape != whole.shape or (counts < 0).any() or not counts.any():
        raise ValueError(
            f"pixels: expected one count for each class, not all 0, got {np.asarray(pixels).tolist()}"
            + ("" if present is None else f" with present={np.asarray(present).tolist()}")
        )
    seen = counts > 0
    frequencies = counts[seen] / whole[seen]
    weights = np.zeros(counts.shape)
    weights[seen] = np.median(frequencies) / frequencies
    return torch.tensor(weights, dtype=torch.float32)


class _SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        distributed.all_reduce(total)
        return total


def over_processes(values: Tensor) -> Tensor:
    """The sum of a tensor over all processes of a training run; the tensor itself if there is one process.

    Gradients go through it. Each process then has the loss of the whole batch, its gradient comes out once for
    each of w processes, and the mean that DistributedDataParallel takes of them is that of a single process.
    """
    if distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1:
        return _SumOverProcesses.apply(values)
    return values


def _mean(total: Tensor, count: Tensor) -> Tensor:
    return _ratio(*over_processes(torch.stack([total, count])))


def _ratio(total: Tensor, count: Tensor) -> Tensor:
    """0 / 0 is 0, with gradient 0: the total of nothing."""
    return total / count.where(count > 0, 1.0)


def _check(logits: Tensor, target: Tensor) -> None:
    if logits.ndim != 4 or target.ndim != 3 or (logits.shape[0], *logits.shape[2:]) != tuple(target.shape):
        raise ValueError(
            "logits and target: expected shapes (N, C, H, W) and (N, H, W), "
            f"got {tuple(logits.shape)} and {tuple(target.shape)}"
        )
