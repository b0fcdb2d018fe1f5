"""Which feature map to read for a box: small boxes on fine maps, large ones on coarse maps."""

from __future__ import annotations

import torch
from torch import Tensor

from segedu.models.detection.checks import check_boxes


def assign_levels(
    boxes: Tensor,
    *,
    min_level: int = 2,
    max_level: int = 5,
    canonical_size: float = 224.0,
    canonical_level: int = 4,
) -> Tensor:
    """The level of a feature pyramid for each box: level k has a stride of 2^k pixels.

    A box of 224×224 pixels, which is the size of an ImageNet picture, goes to level 4. Half its side: one level
    finer. So every box covers about 14 places of its map, or up to 28.

    Parameters
    ----------
    boxes : (N, 4) float tensor
        xyxy, in pixels of the image.
    min_level, max_level : int
        The finest and the coarsest map there is.
    canonical_size : float
        Side of a square box that goes to `canonical_level`.
    canonical_level : int

    Returns
    -------
    (N,) int64 tensor
        From `min_level` to `max_level`.

    Raises
    ------
    ValueError
        If a box is no xyxy, or the levels are in the wrong order.

    Notes
    -----
    Source: Lin et al. 2017, *Feature Pyramid Networks*, arXiv:1612.03144, eq. 1: k = ⌊k₀ + log₂(√(wh) / 224)⌋.
    A millionth is added, as in torchvision's ``LevelMapper``, so that a side of exactly 112 is not rounded down
    to the level below.

    Examples
    --------
    >>> side = torch.tensor([10.0, 111.0, 112.0, 224.0, 900.0])
    >>> assign_levels(torch.stack([0 * side, 0 * side, side, side], dim=1))
    tensor([2, 2, 3, 4, 5])
    """
    check_boxes(boxes, "boxes")
    if min_level > max_level:
        raise ValueError(f"min_level: expected at most max_level, {max_level}, got {min_level}")
    side = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1).sqrt()  # √(wh)
    level = (canonical_level + (side / canonical_size).log2() + 1e-6).floor()  # −∞ for a box without area
    return level.clamp(min_level, max_level).to(torch.int64)
