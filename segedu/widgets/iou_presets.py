"""Pairs of masks that each show one thing about IoU, for any grid that has room for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segedu.widgets.overlap import overlap_scores
from segedu.widgets.sentences import score

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Preset:
    """A truth and a prediction with a name, the group it stands in, and what it shows."""

    group: str
    name: str
    preds: _Mask
    target: _Mask
    note: str


def presets(size: tuple[int, int]) -> list[Preset]:
    """All pairs that fit a grid, those that belong together in one group.

    Parameters
    ----------
    size : (int, int)
        Rows and columns of the grid. What does not fit with a rim of one cell is left out.

    Examples
    --------
    >>> [preset.name for preset in presets((16, 24))][:4]
    ['3 × 3', '7 × 7', '13 × 13', 'pole']
    >>> [preset.name for preset in presets((4, 5))]
    ['3 × 3', 'all background', 'all object', 'empty']
    """
    nothing = np.zeros(size, bool)
    found = [*_shifted(size), *_shapes(size)]
    blob = _square(size, min(5, size[0] - 1, size[1] - 1))
    found += [
        _preset("Nothing or all", "all background", nothing, blob,
                "A model that never finds the object: {accuracy} of the cells are right, and IoU is {iou}."),
        _preset("Nothing or all", "all object", ~nothing, blob,
                "Nothing is missed: recall {recall}. Precision, {precision}, shows the price, as IoU does."),
        _preset("Nothing or all", "empty", nothing, nothing,
                "Neither has a cell of this class. IoU is {iou}: a mean over classes leaves it out."),
    ]  # fmt: skip
    return found


def _shifted(size: tuple[int, int]) -> list[Preset]:
    """Objects of several sizes, each predicted one column too far to the right."""
    group, found = "One cell to the side", []
    for side in (3, 7, 13):
        if side <= size[0] - 1 and side + 1 <= size[1] - 1:
            square = _square(size, side)
            note = (
                f"A prediction of the right shape, one cell too far: IoU of a {side} × {side} square falls to "
                "{iou}. The smaller the object, the more the same slip costs."
            )
            found.append(_preset(group, f"{side} × {side}", _right(square), square, note))
    if size[0] >= 8 and size[1] >= 4:
        pole = np.zeros(size, bool)
        pole[2:-2, size[1] // 2 - 1] = True
        note = "One cell wide, one cell too far: nothing is shared. This is why poles and signs score so low."
        found.append(_preset(group, "pole", _right(pole), pole, note))
    return found


def _shapes(size: tuple[int, int]) -> list[Preset]:
    """Typical mistakes of shape: a hole, and a box where a mask is asked for."""
    side = min(11, size[0] - 3, size[1] - 3)
    if side < 5:
        return []
    side -= 1 - side % 2  # odd, so that there is a middle
    square = _square(size, side)
    rows, cols = np.nonzero(square)
    inner = np.zeros(size, bool)
    inner[rows.min() + 1 : rows.max(), cols.min() + 1 : cols.max()] = True
    radius = side / 2
    y, x = np.mgrid[: size[0], : size[1]]
    disc = square & ((y - rows.mean()) ** 2 + (x - cols.mean()) ** 2 <= radius**2)
    return [
        _preset("Wrong shape", "hollow", square & ~inner, square,
                "The outline is perfect, the inside is missing: precision {precision}, but IoU {iou}."),
        _preset("Wrong shape", "box for a disc", square, disc,
                "A bounding box in place of a mask finds all of the disc, recall {recall}. Its corners cost "
                "IoU: {iou}."),
    ]  # fmt: skip


def _square(size: tuple[int, int], side: int) -> _Mask:
    """A square in the middle of the grid, half a cell to the left and above where it cannot be exact."""
    mask = np.zeros(size, bool)
    top, left = (size[0] - side) // 2, (size[1] - side) // 2
    mask[top : top + side, left : left + side] = True
    return mask


def _right(mask: _Mask) -> _Mask:
    return np.concatenate([np.zeros_like(mask[:, :1]), mask[:, :-1]], axis=1)


def _preset(group: str, name: str, preds: _Mask, target: _Mask, note: str) -> Preset:
    value = overlap_scores(preds, target)
    numbers = {key: score(value[key]) for key in ("iou", "precision", "recall")}
    return Preset(group, name, preds, target, note.format(accuracy=score(value["pixel_accuracy"]), **numbers))
