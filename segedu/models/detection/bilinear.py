"""Reading a map between its pixels, one axis at a time, as a matrix of weights."""

from __future__ import annotations

import torch
from torch import Tensor


def tents(points: Tensor, length: int) -> Tensor:
    """Weights of bilinear interpolation on one axis: how much each of `length` pixels counts for each point.

    The weight falls from 1 at the pixel to 0 at its neighbours: a tent. Points beyond the first or the last
    pixel's centre are read at that centre. Pixel j has its centre at j.

    Parameters
    ----------
    points : (...) float tensor
    length : int

    Returns
    -------
    (..., length) tensor
        Rows add up to 1.

    Examples
    --------
    >>> tents(torch.tensor([0.0, 1.25, 9.0]), 3)
    tensor([[1.0000, 0.0000, 0.0000],
            [0.0000, 0.7500, 0.2500],
            [0.0000, 0.0000, 1.0000]])
    """
    pixels = torch.arange(length, device=points.device)
    return (1 - (points.clamp(0, length - 1)[..., None] - pixels).abs()).clamp(min=0)
