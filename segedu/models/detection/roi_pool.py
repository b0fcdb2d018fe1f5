"""RoIPool: what came before RoIAlign. It rounds boxes and bins to whole places of the map."""

from __future__ import annotations

import torch
from torch import Tensor

from segedu.models.detection.checks import check_boxes, check_size
from segedu.models.detection.roi_align import check_features


def roi_pool(
    features: Tensor, boxes: Tensor, *, output_size: tuple[int, int], spatial_scale: float = 1.0
) -> Tensor:
    """Round each box to whole places of the map, divide them among bins, and take the largest value of each.

    On a map of stride 16, rounding moves an edge by up to 8 pixels of the image. A class does not care; a mask
    that has to be drawn there does.

    Parameters
    ----------
    features : (C, H, W) float tensor
        The feature map of one image.
    boxes : (N, 4) float tensor
        xyxy, in pixels of the image.
    output_size : (int, int)
        Rows and columns of bins.
    spatial_scale : float
        Places of the map for each pixel of the image.

    Returns
    -------
    (N, C, rows, columns) tensor
        0 for a bin that lies outside of the map.

    Raises
    ------
    ValueError
        If shapes do not fit, or a box is no xyxy.

    Notes
    -----
    Source: Girshick 2015, *Fast R-CNN*, arXiv:1504.08083; equal to ``torchvision.ops.roi_pool``. The last place
    belongs to the box as well: a box from 1 to 3 covers places 1, 2 and 3. Neighbouring bins may share a place.

    Examples
    --------
    The same box as in `roi_align`, from 1.0 to 3.0, and one that is moved by 0.4: it gives the same.

    >>> features = torch.arange(6.0).expand(1, 4, 6)
    >>> boxes = torch.tensor([[1.0, 0.0, 3.0, 3.0], [1.4, 0.0, 3.4, 3.0]])
    >>> roi_pool(features, boxes, output_size=(1, 2))
    tensor([[[[2., 3.]]],
            [[[2., 3.]]]])
    """
    check_features(features)
    check_boxes(boxes, "boxes")
    check_size(output_size, "output_size")
    pooled = features.new_zeros(len(boxes), features.shape[0], *output_size)
    for k, (left, top, right, bottom) in enumerate(
        round_half_away(boxes.to(features) * spatial_scale).tolist()
    ):
        for row, (y0, y1) in enumerate(whole_bins(top, bottom, output_size[0], features.shape[1])):
            for column, (x0, x1) in enumerate(whole_bins(left, right, output_size[1], features.shape[2])):
                if y0 < y1 and x0 < x1:
                    pooled[k, :, row, column] = features[:, y0:y1, x0:x1].amax(dim=(1, 2))
    return pooled


def whole_bins(first: int, last: int, bins: int, length: int) -> list[tuple[int, int]]:
    """First place and end of each bin of the places `first` to `last`, on one axis, cut at the map's edges.

    Examples
    --------
    Three places in two bins: both have the middle one.

    >>> whole_bins(1, 3, 2, 10)
    [(1, 3), (2, 4)]
    """
    places = max(last - first + 1, 1)

    def cut(place: int) -> int:
        return min(max(place, 0), length)

    # ⌊k · places / bins⌋ and ⌈(k + 1) · places / bins⌉, in whole numbers.
    return [(cut(first + k * places // bins), cut(first - (-(k + 1) * places // bins))) for k in range(bins)]


def round_half_away(x: Tensor) -> Tensor:
    """Round to whole numbers as C does, halves away from zero; torch.round takes halves to the even number."""
    return (x.abs() + 0.5).floor().mul(x.sign()).to(torch.int64)
