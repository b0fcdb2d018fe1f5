"""RoIAlign: read a feature map inside a box, without rounding the box to whole pixels of the map."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from segedu.models.detection.bilinear import tents
from segedu.models.detection.checks import check_boxes, check_size


def roi_align(
    features: Tensor,
    boxes: Tensor,
    *,
    output_size: tuple[int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int | None = None,
    aligned: bool = True,
) -> Tensor:
    """Divide each box into bins, read the map at some points of each bin, and take their mean.

    Nothing is rounded: neither the box, nor the bins, nor the points, which are read by bilinear interpolation.

    Parameters
    ----------
    features : (C, H, W) float tensor
        The feature map of one image.
    boxes : (N, 4) float tensor
        xyxy, in pixels of the image.
    output_size : (int, int)
        Rows and columns of bins: (7, 7) for the box head of Mask R-CNN, (14, 14) for its mask head.
    spatial_scale : float
        Places of the map for each pixel of the image: 1/16 for a stride of 16.
    sampling_ratio : int, optional
        Points for each axis of a bin. ``None`` takes as many as the bin is long, rounded up: so each place of
        the map under a large box is seen.
    aligned : bool
        True: a pixel's value stands in its middle, half a pixel from its corner, so box coordinates are shifted
        by −½. False: the rule of the first implementations, half a pixel off, where boxes narrower than one
        place of the map are made one place wide. torchvision's Mask R-CNN still has False.

    Returns
    -------
    (N, C, rows, columns) tensor
        Points more than a pixel outside of the map read 0; those nearer, its border. With ``aligned=True`` and
        adaptive sampling, a box without area has no points and gives 0.

    Raises
    ------
    ValueError
        If shapes do not fit, a box is no xyxy, or `sampling_ratio` is below 1.

    Notes
    -----
    Source: He et al. 2017, *Mask R-CNN*, arXiv:1703.06870, §3. Values and gradients are equal to those of
    ``torchvision.ops.roi_align``. A mean of bilinear readings on a grid is a product of matrices: weights
    (rows, H) times the map (H, W) times weights (W, columns). So the output is linear in the map, and its
    gradient is the transpose.

    Examples
    --------
    A map that grows by 1 from column to column, and a box from 1.0 to 3.0 with two bins, whose middles are 1.5
    and 2.5. Column j has its middle at j + ½, so the values there are 1 and 2.

    >>> features = torch.arange(6.0).expand(1, 4, 6)
    >>> roi_align(features, torch.tensor([[1.0, 0.0, 3.0, 4.0]]), output_size=(1, 2))
    tensor([[[[1., 2.]]]])

    Without the half pixel, everything is read half a pixel too far:

    >>> roi_align(features, torch.tensor([[1.0, 0.0, 3.0, 4.0]]), output_size=(1, 2), aligned=False)
    tensor([[[[1.5000, 2.5000]]]])
    """
    check_features(features)
    check_boxes(boxes, "boxes")
    check_size(output_size, "output_size")
    if sampling_ratio is not None and sampling_ratio < 1:
        raise ValueError(f"sampling_ratio: expected None or an integer of at least 1, got {sampling_ratio}")
    height, width = features.shape[1:]
    pooled = [features.new_zeros(0, features.shape[0], *output_size)]
    for left, top, right, bottom in boxes.to(features) * spatial_scale - 0.5 * aligned:
        box_height, box_width = bottom - top, right - left
        if not aligned:
            box_height, box_width = box_height.clamp(min=1), box_width.clamp(min=1)
        rows = bin_weights(top, box_height, output_size[0], height, sampling_ratio)  # (rows, H)
        columns = bin_weights(left, box_width, output_size[1], width, sampling_ratio)  # (columns, W)
        pooled.append((rows @ features @ columns.T)[None])  # (1, C, rows, columns)
    return torch.cat(pooled)


def bin_weights(start: Tensor, extent: Tensor, bins: int, length: int, sampling_ratio: int | None) -> Tensor:
    """How much each of `length` places of a map counts for each bin of a box, on one axis. (bins, length).

    Examples
    --------
    One bin from 0.5 to 2.5, two places long, read at 1.0 and at 2.0:

    >>> bin_weights(torch.tensor(0.5), torch.tensor(2.0), 1, 4, None)
    tensor([[0.0000, 0.5000, 0.5000, 0.0000]])
    """
    points = sample_points(start, extent, bins, sampling_ratio)
    if points.shape[1] == 0:
        return points.new_zeros(bins, length)
    inside = (points >= -1) & (points <= length)
    return (tents(points, length) * inside[..., None]).mean(dim=1)  # (bins, samples, length) → (bins, length)


def sample_points(start: Tensor, extent: Tensor, bins: int, sampling_ratio: int | None) -> Tensor:
    """Where each bin of a box reads the map, on one axis, in places of the map. (bins, samples).

    Examples
    --------
    Two bins of length 1.5, so two points each:

    >>> sample_points(torch.tensor(0.0), torch.tensor(3.0), 2, None)
    tensor([[0.3750, 1.1250],
            [1.8750, 2.6250]])
    """
    size = extent / bins
    samples = math.ceil(size) if sampling_ratio is None else sampling_ratio
    starts = start + torch.arange(bins).to(size) * size  # (bins,)
    return starts[:, None] + (torch.arange(samples).to(size) + 0.5) * size / max(samples, 1)


def check_features(features: Tensor) -> None:
    """Raise a ValueError unless `features` is the map of one image: floats of shape (C, H, W)."""
    if features.ndim != 3 or 0 in features.shape or not features.is_floating_point():
        raise ValueError(
            f"features: expected floats of shape (C, H, W), one image, got {features.dtype} of "
            f"{tuple(features.shape)}; take the image k of a batch by features[k]"
        )
