"""Mask pasting: a small square mask is stretched over its box in the image. RoIAlign backwards."""

from __future__ import annotations

import torch
from torch import Tensor

from segedu.models.detection.bilinear import tents
from segedu.models.detection.checks import check_boxes, check_size


def paste_masks(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Read each small mask at the centre of every pixel of the image, without rounding the box.

    Parameters
    ----------
    masks : (N, M, M) float tensor
        Probabilities, 28×28 in Mask R-CNN.
    boxes : (N, 4) float tensor
        xyxy, in pixels of the image.
    size : (int, int)
        Height and width of the image.

    Returns
    -------
    (N, H, W) tensor
        Cut it at 0.5 for boolean masks. Outside of its box a mask fades to 0 within half a cell.

    Raises
    ------
    ValueError
        If shapes do not fit, or a box is no xyxy.

    Notes
    -----
    This is detectron2's rule, and equal to PyTorch's ``grid_sample`` with zeros around the mask. `mask_rcnn`
    of torchvision has `paste_masks_rounded`. A box without area has no place for a mask: 0 everywhere.

    Examples
    --------
    A mask whose right half is set, over a box from 1 to 5:

    >>> mask = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    >>> paste_masks(mask, torch.tensor([[1.0, 0.0, 5.0, 2.0]]), (2, 6))[0]
    tensor([[0.0000, 0.0000, 0.2500, 0.7500, 0.7500, 0.2500],
            [0.0000, 0.0000, 0.2500, 0.7500, 0.7500, 0.2500]])
    """
    _check(masks, boxes, size)
    pasted = [masks.new_zeros(0, *size)]
    for mask, (left, top, right, bottom) in zip(masks, boxes.to(masks), strict=True):
        rows = _pixel_weights(top, bottom, size[0], mask.shape[0])  # (H, M)
        columns = _pixel_weights(left, right, size[1], mask.shape[1])  # (W, M)
        pasted.append((rows @ mask @ columns.T)[None])  # (1, H, W)
    return torch.cat(pasted)


def paste_masks_rounded(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Stretch each small mask over its box after cutting the box to whole pixels: torchvision's rule.

    The mask gets a rim of zeros, one cell wide, and the box grows to match, so that the mask may fade at its
    edge. The grown box is cut to whole numbers (towards zero), and reaches one pixel further than they say.

    Parameters
    ----------
    masks : (N, M, M) float tensor
        Probabilities.
    boxes : (N, 4) float tensor
        xyxy, in pixels of the image.
    size : (int, int)
        Height and width of the image.

    Returns
    -------
    (N, H, W) tensor
        0 outside of the grown box.

    Raises
    ------
    ValueError
        If shapes do not fit, or a box is no xyxy.

    Notes
    -----
    Equal to torchvision's ``paste_masks_in_image``, and to the masks that its Mask R-CNN returns.

    Examples
    --------
    A full box of two pixels, from 2 to 4, becomes three pixels wide; without rounding it keeps its two:

    >>> mask, box = torch.ones(1, 2, 2), torch.tensor([[2.0, 2.0, 4.0, 4.0]])
    >>> paste_masks_rounded(mask, box, (7, 7))[0, 3]
    tensor([0.0000, 0.0000, 0.7000, 1.0000, 0.7000, 0.0000, 0.0000])
    >>> paste_masks(mask, box, (7, 7))[0, 3]
    tensor([0., 0., 1., 1., 0., 0., 0.])
    """
    _check(masks, boxes, size)
    cells = masks.shape[-1]
    padded = torch.nn.functional.pad(masks, (1, 1, 1, 1))  # (N, M + 2, M + 2)
    middle, half = (boxes[:, :2] + boxes[:, 2:]) * 0.5, (boxes[:, 2:] - boxes[:, :2]) * 0.5
    half = half * ((cells + 2) / cells)
    pasted = masks.new_zeros(len(masks), *size)
    corners = torch.cat([middle - half, middle + half], dim=1).to(torch.int64).tolist()
    for canvas, mask, (left, top, right, bottom) in zip(pasted, padded, corners, strict=True):
        rows = _stretch_weights(bottom + 1 - top, mask)  # (box height, M + 2)
        columns = _stretch_weights(right + 1 - left, mask)  # (box width, M + 2)
        stretched = rows @ mask @ columns.T  # (box height, box width)
        y0, y1 = max(top, 0), min(bottom + 1, size[0])
        x0, x1 = max(left, 0), min(right + 1, size[1])
        if y0 < y1 and x0 < x1:
            canvas[y0:y1, x0:x1] = stretched[y0 - top : y1 - top, x0 - left : x1 - left]
    return pasted


def _pixel_weights(start: Tensor, end: Tensor, length: int, cells: int) -> Tensor:
    """How much each cell of a mask counts for each pixel of the image, on one axis. (length, cells)."""
    if start == end:
        return start.new_zeros(length, cells)
    centres = torch.arange(length).to(start) + 0.5
    points = (centres - start) / (end - start) * cells - 0.5  # cell j has its middle at j
    # Two more cells stand for the zeros around the mask; their weights are thrown away.
    return tents(points + 1, cells + 2)[:, 1:-1]


def _stretch_weights(length: int, mask: Tensor) -> Tensor:
    """Bilinear resizing to `length` pixels on one axis, as a matrix. (length, M)."""
    cells = mask.shape[-1]
    centres = torch.arange(length).to(mask) + 0.5
    return tents(centres * (cells / length) - 0.5, cells)


def _check(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> None:
    check_boxes(boxes, "boxes")
    check_size(size, "size")
    if masks.ndim != 3 or masks.shape[1] != masks.shape[2] or not masks.is_floating_point():
        raise ValueError(
            f"masks: expected floats of shape (N, M, M), got {masks.dtype} of {tuple(masks.shape)}; "
            "torchvision's (N, 1, M, M) becomes one by masks[:, 0]"
        )
    if len(masks) != len(boxes):
        raise ValueError(f"masks and boxes: expected one box for each mask, got {len(masks)} and {len(boxes)}")
