"""Paint a truth and a prediction cell by cell, and see intersection, union and every score move."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from segedu.widgets.iou_presets import presets
from segedu.widgets.overlap import equations, overlap, overlap_scores, overlap_sentence
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.sentences import score

PENS = ("target", "preds", "eraser")
SIZE = (16, 24)
MAX_CELLS = 1600
"""More cells could not be hit with a finger."""

# Told apart by hue, by lightness and by pattern: (name, colour, colour of the pattern, hatch of matplotlib).
LOOKS = {
    "fn": ("truth only: missed", "#56b4e9", "#0b4f7a", "///"),
    "tp": ("both: right", "#33286b", "#33286b", ""),
    "fp": ("prediction only: invented", "#f0a92e", "#7a4300", "..."),
}

_Mask = npt.NDArray[np.bool_]


class IoUPainter(PageWidget):
    """Paint truth and prediction on a grid; see intersection, union, IoU, Dice, pixel accuracy move.

    Parameters
    ----------
    preds, target : (H, W) bool arrays, optional
        What is painted at the start. With one of them, the other is empty. With none, a square and the same
        square one cell to the side, on a grid of `size`.
    size : (int, int)
        Rows and columns of the grid where no mask is given. At most 1,600 cells, and at least 4 × 5.
    pen : {"target", "preds", "eraser"}
        What the reader paints with at first.
    caption : str
        A line under the figure.

    Attributes
    ----------
    preds_cells, target_cells : str
        The masks as the page reads them: ``"1"`` for a painted cell and ``"0"`` for an empty one, row by row.

    Raises
    ------
    ValueError
        If the masks have different shapes, or the grid is too small or too large.

    Notes
    -----
    In Jupyter, setting `preds` or `target` changes the page, and what the reader paints changes them. In the
    rendered book they are where the figure starts.

    Examples
    --------
    Three cells in a row, of which two are true and two predicted:

    >>> painter = IoUPainter(size=(4, 5))
    >>> painter.target, painter.preds = np.zeros((4, 5), bool), np.zeros((4, 5), bool)
    >>> painter
    IoUPainter(4×5 cells, intersection 0, union 0, IoU undefined, pen='target', caption='')
    >>> cells = np.arange(20).reshape(4, 5)
    >>> painter.target, painter.preds = cells < 2, (cells == 1) | (cells == 2)
    >>> painter.equations["iou"], painter.equations["dice"]
    ('intersection 1 / union 3 = 0.333', '2 × 1 / (2 + 2) = 0.500')
    >>> painter.scores["recall"]
    0.5
    """

    _esm = module("strokes", "iou_painter")
    _css = stylesheet("chips", "iou_painter")

    size = traitlets.List(traitlets.Int(), read_only=True).tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    preds_cells = traitlets.Unicode().tag(sync=True)
    target_cells = traitlets.Unicode().tag(sync=True)
    pen = traitlets.Enum(PENS, default_value="target").tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        preds: npt.ArrayLike | None = None,
        target: npt.ArrayLike | None = None,
        *,
        size: tuple[int, int] = SIZE,
        pen: str = "target",
        caption: str = "",
        **state: Any,
    ) -> None:
        given = preds if preds is not None else target
        height, width = size if given is None else _grid_shape(given)
        if height < 4 or width < 5 or height * width > MAX_CELLS:
            raise ValueError(
                f"size: expected at least 4 × 5 and at most {MAX_CELLS:,} cells, got {height} × {width}"
            )
        examples = presets((height, width))
        if given is None:
            squares = [example for example in examples if example.name in ("7 × 7", "3 × 3")]
            preds, target = squares[-1].preds, squares[-1].target
        empty = np.zeros((height, width), bool)
        self.set_trait("size", [height, width])
        super().__init__(
            data={
                "presets": [
                    {
                        "group": example.group,
                        "name": example.name,
                        "preds": _cells(example.preds),
                        "target": _cells(example.target),
                        "note": example.note,
                    }
                    for example in examples
                ]
            },
            preds_cells=_cells(_mask(empty if preds is None else preds, (height, width), "preds")),
            target_cells=_cells(_mask(empty if target is None else target, (height, width), "target")),
            pen=pen,
            caption=caption,
            **state,
        )

    @traitlets.validate("preds_cells", "target_cells")
    def _fits(self, proposal: dict[str, Any]) -> str:
        cells, (height, width) = proposal["value"], self.size
        if len(cells) != height * width or set(cells) - {"0", "1"}:
            name = proposal["trait"].name
            raise traitlets.TraitError(
                f"{name}: expected {height * width} characters 0 or 1, got {len(cells)}: {cells[:20]!r}"
            )
        return cells

    @property
    def preds(self) -> _Mask:
        """The prediction, (H, W) bool, read-only. Set it to paint."""
        return self._read(self.preds_cells)

    @preds.setter
    def preds(self, mask: npt.ArrayLike) -> None:
        self.preds_cells = _cells(_mask(mask, self.shape, "preds"))

    @property
    def target(self) -> _Mask:
        """The truth, (H, W) bool, read-only. Set it to paint."""
        return self._read(self.target_cells)

    @target.setter
    def target(self, mask: npt.ArrayLike) -> None:
        self.target_cells = _cells(_mask(mask, self.shape, "target"))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        height, width = self.size
        return height, width

    @property
    def scores(self) -> dict[str, float]:
        """IoU, Dice, pixel accuracy, precision and recall of what is painted now; NaN where undefined."""
        return overlap_scores(self.preds, self.target)

    @property
    def equations(self) -> dict[str, str]:
        """How each score comes about, word for word what the page shows."""
        return equations(self.preds, self.target)

    def _read(self, cells: str) -> _Mask:
        mask = np.frombuffer(cells.encode("ascii"), np.uint8).reshape(self.shape) == ord("1")
        mask.flags.writeable = False
        return mask

    def __repr__(self) -> str:
        n = overlap(self.preds, self.target)
        union = n["tp"] + n["fp"] + n["fn"]
        return (
            f"IoUPainter({self.size[0]}×{self.size[1]} cells, intersection {n['tp']}, union {union}, "
            f"IoU {score(self.scores['iou'])}, pen={self.pen!r}, caption={self.caption!r})"
        )

    def alt(self) -> str:
        height, width = self.size
        return (
            f"A grid of {height} rows and {width} columns with a true and a predicted region. "
            f"{overlap_sentence(self.preds, self.target)} IoU: {self.equations['iou']}."
        )

    def still(self) -> str:
        height, width = self.size
        squares = []
        for (_, color, _, _), where in zip(LOOKS.values(), self._regions(), strict=True):
            path = "".join(f"M{col} {row}h1v1h-1z" for row, col in np.argwhere(where).tolist())
            squares.append(f'<path fill="{color}" d="{path}"/>')
        lines = "".join(f"M0 {row}H{width}" for row in range(height + 1))
        lines += "".join(f"M{col} 0V{height}" for col in range(width + 1))
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{30 * width}" '
            f'height="{30 * height}"><path fill="#fff" d="M0 0h{width}v{height}h-{width}z"/>{"".join(squares)}'
            f'<path fill="none" stroke="#c9d0d9" stroke-width=".04" d="{lines}"/></svg>'
        )
        return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"

    def static(self) -> bytes:
        height, width = self.size
        figure = Figure(figsize=(7, 7 * height / width * 0.62 + 1.1), layout="constrained")
        axes = figure.subplots()
        axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xticks=[], yticks=[])
        for (_, color, dark, hatch), where in zip(LOOKS.values(), self._regions(), strict=True):
            for row, col in np.argwhere(where).tolist():
                axes.add_patch(Rectangle((col, row), 1, 1, facecolor=color, edgecolor=dark, hatch=hatch, lw=0))
        axes.hlines(range(height + 1), 0, width, color="0.8", linewidth=0.6)
        axes.vlines(range(width + 1), 0, height, color="0.8", linewidth=0.6)
        n = overlap(self.preds, self.target)
        handles = [
            Patch(facecolor=color, edgecolor=dark, hatch=hatch, label=f"{name} {n[key]}")
            for key, (name, color, dark, hatch) in LOOKS.items()
        ]
        said = self.equations
        axes.set_title(f"IoU: {said['iou']}")
        axes.set_xlabel(f"Dice {said['dice']}     pixel accuracy {said['pixel_accuracy']}", fontsize=9)
        figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
        return png(figure)

    def _regions(self) -> tuple[_Mask, _Mask, _Mask]:
        """Cells that are true only, both, and predicted only, in the order of `LOOKS`."""
        preds, target = self.preds, self.target
        return target & ~preds, target & preds, preds & ~target


def _grid_shape(mask: npt.ArrayLike) -> tuple[int, int]:
    shape = np.shape(mask)
    if len(shape) != 2:
        raise ValueError(f"preds and target: expected masks of shape (H, W), got {shape}")
    return shape[0], shape[1]


def _mask(mask: npt.ArrayLike, shape: tuple[int, int], name: str) -> _Mask:
    array = np.asarray(mask)
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape} like the grid, got {array.shape}")
    if array.dtype != np.bool_ and not np.isin(array, (0, 1)).all():
        raise ValueError(
            f"{name}: expected a mask of False and True, or 0 and 1, got {array.dtype} with others"
        )
    return array.astype(bool)


def _cells(mask: _Mask) -> str:
    return "".join("01"[cell] for cell in mask.ravel().tolist())
