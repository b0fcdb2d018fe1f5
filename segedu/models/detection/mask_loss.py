"""What the mask head learns from: for each box, the truth cut out of it, and only the true class's mask."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from segedu.models.detection.checks import check_boxes, check_length
from segedu.models.detection.roi_align import roi_align


def mask_targets(masks: Tensor, boxes: Tensor, matched: Tensor, *, size: int) -> Tensor:
    """Cut the true mask of each box's object out of that box, at the size of the mask head.

    Parameters
    ----------
    masks : (G, H, W) bool or float tensor
        True masks of the image's objects.
    boxes : (R, 4) float tensor
        xyxy, the proposals; they need not fit their objects.
    matched : (R,) int64 tensor
        Which object each proposal belongs to.
    size : int
        Rows and columns of the head's masks: 28 in Mask R-CNN.

    Returns
    -------
    (R, size, size) float tensor
        From 0 to 1: how much of each cell the mask covers, as RoIAlign reads it (``aligned=False``, which is
        torchvision's choice).

    Raises
    ------
    ValueError
        If shapes do not fit, a box is no xyxy, or an object is asked for that does not exist.

    Examples
    --------
    The object covers the right half of the proposal. The left cell reads at 0.5, 1.5, 2.5 and 3.5, and the last
    of these lies between a pixel outside and one inside: ½ of ¼ is ⅛.

    >>> mask = torch.zeros(1, 8, 8, dtype=torch.bool)
    >>> mask[:, :, 4:] = True
    >>> mask_targets(mask, torch.tensor([[0.0, 0.0, 8.0, 8.0]]), torch.tensor([0]), size=2)
    tensor([[[0.1250, 1.0000],
             [0.1250, 1.0000]]])
    """
    check_boxes(boxes, "boxes")
    check_length(matched, len(boxes), "matched")
    if masks.ndim != 3:
        raise ValueError(f"masks: expected shape (G, H, W), got {tuple(masks.shape)}")
    if len(matched) and (matched.min() < 0 or matched.max() >= len(masks)):
        raise ValueError(
            f"matched: expected positions 0 to {len(masks) - 1}, got {matched.min()} to {matched.max()}"
        )
    cut = [boxes.new_zeros(0, size, size)]
    for box, mask in zip(boxes, masks[matched], strict=True):
        cut.append(roi_align(mask[None].to(boxes), box[None], output_size=(size, size), aligned=False)[0])
    return torch.cat(cut)


def mask_loss(logits: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """Mean binary cross-entropy between the true class's mask and its target.

    The head draws one mask for each class, each with its own sigmoid. Only the mask of the true class is asked;
    the others get no gradient, so classes do not compete for pixels: the box head has chosen the class.

    Parameters
    ----------
    logits : (R, K, M, M) float tensor
        One mask for each proposal and class.
    targets : (R, M, M) float tensor
        From `mask_targets`.
    labels : (R,) int64 tensor
        The true class of each proposal.

    Returns
    -------
    scalar tensor
        0, with a gradient of 0, for an image without proposals.

    Raises
    ------
    ValueError
        If shapes do not fit, or a label is no class.

    Notes
    -----
    Source: He et al. 2017, *Mask R-CNN*, arXiv:1703.06870, §3. Equal to torchvision's ``maskrcnn_loss``.

    Examples
    --------
    Class 1 is sure of the right answer; what class 0 says does not count. log(1 + exp(−4)) = 0.0181.

    >>> logits = torch.stack([torch.full((1, 1), -99.0), torch.full((1, 1), 4.0)])[None]  # (1, 2, 1, 1)
    >>> mask_loss(logits, torch.ones(1, 1, 1), torch.tensor([1]))
    tensor(0.0181)
    """
    if logits.ndim != 4 or targets.shape != (logits.shape[0], *logits.shape[2:]):
        raise ValueError(
            "logits and targets: expected shapes (R, K, M, M) and (R, M, M), "
            f"got {tuple(logits.shape)} and {tuple(targets.shape)}"
        )
    check_length(labels, len(logits), "labels")
    if len(labels) == 0:
        return logits.sum() * 0  # a mean of nothing would be NaN
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(
            f"labels: expected classes 0 to {logits.shape[1] - 1}, got {labels.min()} to {labels.max()}"
        )
    true_class = logits[torch.arange(len(labels), device=logits.device), labels]  # (R, M, M)
    return binary_cross_entropy_with_logits(true_class, targets)
