"""Non-maximum suppression: of boxes that lie on top of each other, only the surest stays."""

from __future__ import annotations

import torch
from torch import Tensor

from segedu.models.detection.checks import check_boxes, check_length


def nms(boxes: Tensor, scores: Tensor, *, iou_threshold: float) -> Tensor:
    """Take the surest box, strike out all that overlap it too much, and go on with the rest.

    Parameters
    ----------
    boxes : (N, 4) float tensor
        xyxy.
    scores : (N,) float tensor
    iou_threshold : float
        A box goes if its IoU with a kept one is *larger* than this. 0.7 is usual for proposals and 0.5 for
        objects. A low one also strikes out the second of two objects that hide each other.

    Returns
    -------
    (K,) int64 tensor
        Positions of the boxes that stay, surest first. Of equal scores the earlier box comes first.

    Raises
    ------
    ValueError
        If shapes do not fit, a box is no xyxy, or the threshold lies outside 0 to 1.

    Notes
    -----
    Equal to ``torchvision.ops.nms``. Two boxes without area have no IoU (0 / 0), and do not strike each other
    out. The IoU is computed in the precision of `boxes`: in float32, 3/10 is a little more than 0.3.

    Examples
    --------
    The second box shares 2 of 6 pixels with the first (IoU 1/3), the third none:

    >>> boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0], [3.0, 0.0, 5.0, 2.0]])
    >>> scores = torch.tensor([0.9, 0.8, 0.7])
    >>> nms(boxes, scores, iou_threshold=0.5), nms(boxes, scores, iou_threshold=0.3)
    (tensor([0, 1, 2]), tensor([0, 2]))
    """
    check_boxes(boxes, "boxes")
    check_length(scores, len(boxes), "scores")
    if not 0 <= iou_threshold <= 1:
        raise ValueError(f"iou_threshold: expected 0 to 1, got {iou_threshold}")
    waiting = scores.argsort(descending=True, stable=True)
    kept = []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        overlap = _iou(boxes[best], boxes[waiting]).double()  # torchvision compares in double precision too
        waiting = waiting[~(overlap > iou_threshold)]  # not "≤": an undefined IoU (NaN) strikes out nothing
    return torch.stack(kept) if kept else waiting


def batched_nms(boxes: Tensor, scores: Tensor, groups: Tensor, *, iou_threshold: float) -> Tensor:
    """Non-maximum suppression within each group: a car never strikes out the person in front of it.

    Parameters
    ----------
    boxes : (N, 4) float tensor
        xyxy.
    scores : (N,) float tensor
    groups : (N,) integer tensor
        Classes, or the levels of a feature pyramid.
    iou_threshold : float
        As in `nms`.

    Returns
    -------
    (K,) int64 tensor
        Positions of the boxes that stay, surest first, whatever their group.

    Raises
    ------
    ValueError
        As in `nms`, and if `groups` has another length.

    Notes
    -----
    ``torchvision.ops.batched_nms`` shifts each group far away and calls NMS once, which rounds coordinates when
    groups are many. Its other branch, for many boxes, does what is done here.

    Examples
    --------
    >>> boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0]])
    >>> scores, classes = torch.tensor([0.7, 0.8, 0.9]), torch.tensor([1, 2, 1])
    >>> batched_nms(boxes, scores, classes, iou_threshold=0.5)
    tensor([2, 1])
    """
    check_length(groups, len(boxes), "groups")
    stays = torch.zeros(len(boxes), dtype=torch.bool, device=boxes.device)
    for group in groups.unique():
        members = (groups == group).nonzero()[:, 0]
        stays[members[nms(boxes[members], scores[members], iou_threshold=iou_threshold)]] = True
    order = scores.argsort(descending=True, stable=True)
    return order[stays[order]]


def _iou(box: Tensor, others: Tensor) -> Tensor:
    """IoU of one box (4,) with others (N, 4), computed in torchvision's order, so that even roundings agree."""
    corner = torch.maximum(box[:2], others[:, :2])
    opposite = torch.minimum(box[2:], others[:, 2:])
    shared = (opposite - corner).clamp(min=0).prod(dim=1)
    area, areas = (box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(dim=1)
    return shared / (area + areas - shared)
