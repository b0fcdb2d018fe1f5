"""Box coding: a box as four small numbers that say how an anchor has to move to become it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from segedu.models.detection.checks import check_boxes, check_size

MAX_LOG_SCALE = math.log(1000 / 16)
"""The most that a decoded side may grow: from 16 to 1000 pixels. An untrained network would say exp(50)."""


def encode_boxes(
    boxes: Tensor, anchors: Tensor, *, weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
) -> Tensor:
    """Say how each anchor has to move and grow to become its box: what the network learns to predict.

    Shifts of the middle are counted in sides of the anchor, and sides by the logarithm of their ratio, so that
    a large object and a small one ask for numbers of the same size.

    Parameters
    ----------
    boxes : (N, 4) float tensor
        xyxy, the true box for each anchor.
    anchors : (N, 4) float tensor
        xyxy.
    weights : (float, float, float, float)
        Factors for x, y, width and height. The box head of Faster R-CNN has (10, 10, 5, 5), which makes its
        small corrections count more in the loss.

    Returns
    -------
    (N, 4) tensor
        tx, ty, tw, th. An anchor without area gives infinities or NaN: it can become nothing.

    Raises
    ------
    ValueError
        If shapes differ, or a box is no xyxy.

    Notes
    -----
    Source: Girshick et al. 2014, *R-CNN*, arXiv:1311.2524; Ren et al. 2015, arXiv:1506.01497, eq. 2. Equal to
    torchvision's ``BoxCoder``.

    Examples
    --------
    A box to the right of its anchor by a quarter of its width, and twice as high (log 2 = 0.6931):

    >>> anchors = torch.tensor([[0.0, 0.0, 8.0, 4.0]])
    >>> boxes = torch.tensor([[2.0, -2.0, 10.0, 6.0]])
    >>> encode_boxes(boxes, anchors)
    tensor([[0.2500, 0.0000, 0.0000, 0.6931]])
    """
    check_boxes(boxes, "boxes")
    check_boxes(anchors, "anchors")
    if boxes.shape != anchors.shape:
        raise ValueError(
            f"boxes and anchors: expected one box for each anchor, got {len(boxes)} and {len(anchors)}"
        )
    middle, side = _middle_and_side(boxes)
    anchor_middle, anchor_side = _middle_and_side(anchors)
    moved = (middle - anchor_middle) / anchor_side  # (N, 2): x, y
    grown = (side / anchor_side).log()  # (N, 2): width, height
    return torch.cat([moved, grown], dim=1) * boxes.new_tensor(weights)


def decode_boxes(
    deltas: Tensor, anchors: Tensor, *, weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
) -> Tensor:
    """Move each anchor as the network says: the inverse of `encode_boxes`.

    Parameters
    ----------
    deltas : (N, 4) or (N, K, 4) float tensor
        tx, ty, tw, th; with K in the middle, one answer for each of K classes.
    anchors : (N, 4) float tensor
        xyxy.
    weights : (float, float, float, float)
        Those of `encode_boxes`.

    Returns
    -------
    tensor of the shape of `deltas`
        xyxy. Sides grow by a factor of at most 1000 / 16 = 62.5.

    Raises
    ------
    ValueError
        If shapes do not fit, or an anchor is no xyxy.

    Examples
    --------
    >>> anchors = torch.tensor([[0.0, 0.0, 8.0, 4.0]])
    >>> decode_boxes(torch.tensor([[0.25, 0.0, 0.0, 0.0]]), anchors)
    tensor([[ 2.,  0., 10.,  4.]])
    >>> boxes = torch.tensor([[2.0, -2.0, 10.0, 6.0]])
    >>> decode_boxes(encode_boxes(boxes, anchors), anchors)
    tensor([[ 2., -2., 10.,  6.]])
    """
    check_boxes(anchors, "anchors")
    if deltas.ndim not in (2, 3) or deltas.shape[0] != len(anchors) or deltas.shape[-1] != 4:
        raise ValueError(
            f"deltas: expected shape ({len(anchors)}, 4) or ({len(anchors)}, K, 4) for {len(anchors)} anchors, "
            f"got {tuple(deltas.shape)}; a head's (N, 4·K) becomes one by deltas.unflatten(1, (-1, 4))"
        )
    anchor_middle, anchor_side = _middle_and_side(anchors.reshape(-1, *[1] * (deltas.ndim - 2), 4))
    moved, grown = (deltas / deltas.new_tensor(weights)).split(2, dim=-1)
    middle = anchor_middle + moved * anchor_side
    side = anchor_side * grown.clamp(max=MAX_LOG_SCALE).exp()
    return torch.cat([middle - side / 2, middle + side / 2], dim=-1)


def clip_boxes(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Cut off what reaches out of an image of a height and a width. (..., 4) gives (..., 4).

    A box that lies wholly outside becomes one without area, on the image's edge.

    Examples
    --------
    >>> clip_boxes(torch.tensor([[-5.0, 2.0, 7.0, 99.0]]), (10, 20))
    tensor([[ 0.,  2.,  7., 10.]])
    """
    check_size(size, "size")
    height, width = size
    return boxes.clamp(min=0).minimum(boxes.new_tensor([width, height, width, height]))


def _middle_and_side(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Middle (x, y) and sides (width, height) of boxes (..., 4), each (..., 2)."""
    corner, opposite = boxes.split(2, dim=-1)
    side = opposite - corner
    return corner + side / 2, side
