"""Anchors: boxes laid over the image before anybody has looked at it, for the network to move and to judge."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from segedu.models.detection.checks import check_size


def cell_anchors(sizes: Sequence[float], aspect_ratios: Sequence[float]) -> Tensor:
    """The anchors of one place, around the origin.

    Each has the area of a square of side `size`, and its height is `aspect_ratio` times its width.

    Parameters
    ----------
    sizes : sequence of float
        In pixels of the image.
    aspect_ratios : sequence of float
        Height / width: 2 is a standing person, 0.5 a car.

    Returns
    -------
    (R · S, 4) float32 tensor
        xyxy; for each ratio all sizes. Corners are rounded to whole pixels (half to even), as torchvision does,
        so areas are not quite equal.

    Raises
    ------
    ValueError
        If there is no size or no ratio, or one is not positive.

    Examples
    --------
    A square of side 32, and twice as high as wide: sides 32/√2 = 22.6 and 32·√2 = 45.3.

    >>> cell_anchors([32], [1.0, 2.0])
    tensor([[-16., -16.,  16.,  16.],
            [-11., -23.,  11.,  23.]])
    """
    for name, values in (("sizes", sizes), ("aspect_ratios", aspect_ratios)):
        if not len(values) or not all(value > 0 for value in values):
            raise ValueError(f"{name}: expected positive numbers, at least one, got {tuple(values)}")
    stretch = torch.tensor(aspect_ratios, dtype=torch.float32).sqrt()  # (R,)
    side = torch.tensor(sizes, dtype=torch.float32)  # (S,)
    heights = (stretch[:, None] * side).flatten()  # (R·S,)
    widths = (1 / stretch[:, None] * side).flatten()
    return (torch.stack([-widths, -heights, widths, heights], dim=1) / 2).round()


def grid_anchors(cell: Tensor, feature_size: tuple[int, int], *, stride: tuple[int, int]) -> Tensor:
    """The same anchors at every place of a feature map.

    Parameters
    ----------
    cell : (A, 4) tensor
        Anchors around the origin, from `cell_anchors`.
    feature_size : (int, int)
        Height and width of the feature map.
    stride : (int, int)
        How many rows and columns of the image lie between two neighbours in the map.

    Returns
    -------
    (h · w · A, 4) tensor
        Place by place, row by row, all A of a place together: the order in which a head of shape (A, h, w) is
        read after ``permute(1, 2, 0)``.

    Notes
    -----
    The place (0, 0) has its anchors around the *corner* of the image, not around the middle of its first
    ``stride × stride`` pixels. torchvision and detectron2's default have it so; box regression does not mind.

    Examples
    --------
    >>> grid_anchors(torch.tensor([[-2.0, -1.0, 2.0, 1.0]]), (1, 3), stride=(8, 8))
    tensor([[-2., -1.,  2.,  1.],
            [ 6., -1., 10.,  1.],
            [14., -1., 18.,  1.]])
    """
    check_size(feature_size, "feature_size")
    y, x = torch.meshgrid(
        *(torch.arange(n) * s for n, s in zip(feature_size, stride, strict=True)), indexing="ij"
    )
    shifts = torch.stack([x, y, x, y], dim=-1)  # (h, w, 4)
    return (shifts[:, :, None] + cell).flatten(end_dim=2)  # (h, w, A, 4) → (h·w·A, 4)


def anchor_boxes(
    image_size: tuple[int, int],
    feature_sizes: Sequence[tuple[int, int]],
    *,
    sizes: Sequence[Sequence[float]],
    aspect_ratios: Sequence[float] = (0.5, 1.0, 2.0),
) -> list[Tensor]:
    """All anchors of an image, level by level of a feature pyramid.

    Parameters
    ----------
    image_size : (int, int)
        Height and width that the network sees.
    feature_sizes : sequence of (int, int)
        Height and width of each feature map, fine ones first.
    sizes : sequence of sequences of float
        For each map the sizes of its anchors, in pixels. Mask R-CNN has one for each level:
        ``[[32], [64], [128], [256], [512]]`` for strides 4 to 64.
    aspect_ratios : sequence of float
        Height / width, the same at every level.

    Returns
    -------
    list of (h · w · A, 4) float32 tensors
        One for each level. ``torch.cat`` makes one list of them. Some reach out of the image.

    Raises
    ------
    ValueError
        If sizes and feature maps are not equally many, or a map is larger than the image.

    Notes
    -----
    Sources: Ren et al. 2015, *Faster R-CNN*, arXiv:1506.01497 (anchors); Lin et al. 2017, *Feature Pyramid
    Networks*, arXiv:1612.03144 (one size a level). Equal to torchvision's ``AnchorGenerator``. The stride is
    ``image_size // feature_size``.

    Examples
    --------
    >>> fine, coarse = anchor_boxes((128, 128), [(32, 32), (16, 16)], sizes=[[16], [32]])
    >>> fine.shape, coarse.shape  # 32 · 32 · 3, and 16 · 16 · 3
    (torch.Size([3072, 4]), torch.Size([768, 4]))
    """
    check_size(image_size, "image_size")
    if len(sizes) != len(feature_sizes):
        raise ValueError(
            f"sizes: expected one sequence for each of {len(feature_sizes)} feature maps, got {len(sizes)}"
        )
    levels = []
    for feature_size, level_sizes in zip(feature_sizes, sizes, strict=True):
        check_size(feature_size, "feature_sizes")
        stride = (image_size[0] // feature_size[0], image_size[1] // feature_size[1])
        if 0 in stride:
            raise ValueError(
                f"feature_sizes: expected at most {tuple(image_size)}, the image's size, got {feature_size}"
            )
        levels.append(grid_anchors(cell_anchors(level_sizes, aspect_ratios), feature_size, stride=stride))
    return levels
