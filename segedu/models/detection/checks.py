"""What the parts of a detector ask of their inputs."""

from __future__ import annotations

from torch import Tensor


def check_boxes(boxes: Tensor, name: str) -> None:
    """Raise a ValueError unless `boxes` are floats of shape (N, 4) with left ≤ right and top ≤ bottom.

    A box with NaN is none of these.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not boxes.is_floating_point():
        raise ValueError(
            f"{name}: expected floats of shape (N, 4), got {boxes.dtype} of {tuple(boxes.shape)}; "
            "one box becomes a row by box[None], and whole numbers become floats by boxes.float()"
        )
    right_way = (boxes[:, :2] <= boxes[:, 2:]).all(dim=1)
    if not right_way.all():
        row = int((~right_way).nonzero()[0])
        raise ValueError(
            f"{name}: expected left ≤ right and top ≤ bottom, got {boxes[row].tolist()} in row {row}; "
            "boxes of left, top, width and height are turned by segedu.masks.xywh_to_xyxy"
        )


def check_size(size: tuple[int, int], name: str) -> None:
    """Raise a ValueError unless `size` is a height and a width of at least 1."""
    if len(size) != 2 or not all(int(side) == side and side >= 1 for side in size):
        raise ValueError(f"{name}: expected height and width, integers of at least 1, got {tuple(size)}")


def check_length(values: Tensor, length: int, name: str) -> None:
    """Raise a ValueError unless `values` is a row of `length` numbers: one for each box."""
    if values.shape != (length,):
        raise ValueError(f"{name}: expected shape ({length},), one for each box, got {tuple(values.shape)}")
