"""Grids of numbers as still pictures: side by side, a title above each, frames around some cells."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from segedu.widgets.printing import png

INK, LINE, HIT = "#1d2530", "#c9d0d9", "#c43c00"
GAP, HEAD = 1.0, 0.8  # cells between two grids, and above them for the title

Frame = tuple[int, int, int, int]
"""Top, left, height, width, in cells."""


@dataclass(frozen=True)
class Grid:
    """Texts and fills of (rows × columns) cells, under a title."""

    title: str
    texts: Sequence[Sequence[str]]
    fills: Sequence[Sequence[str]]
    frames: Sequence[Frame] = ()
    inks: Sequence[Sequence[str]] = field(default=())
    """Colours of the texts; one dark ink where left out."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.texts), len(self.texts[0])

    def cells(self) -> list[tuple[int, int, str, str, str]]:
        """Row, column, text, fill and ink of every cell."""
        rows, cols = self.shape
        return [
            (row, col, self.texts[row][col], self.fills[row][col], self.inks[row][col] if self.inks else INK)
            for row in range(rows)
            for col in range(cols)
        ]


def placed(grids: Sequence[Grid]) -> tuple[list[tuple[float, float]], float, float]:
    """Left and top of each grid, centred in their row, and width and height of the whole."""
    height = max(grid.shape[0] for grid in grids)
    corners, left = [], 0.0
    for grid in grids:
        corners.append((left, HEAD + (height - grid.shape[0]) / 2))
        left += max(grid.shape[1], 0.26 * len(grid.title)) + GAP  # so wide are the letters of a title
    return corners, left - GAP, HEAD + height


def grids_svg(grids: Sequence[Grid]) -> str:
    """The grids as a ``data:`` URI of an SVG image.

    Examples
    --------
    >>> grids_svg([Grid("One cell", [["7"]], [["#fff"]])])[:26]
    'data:image/svg+xml;base64,'
    """
    corners, width, height = placed(grids)
    parts = []
    for grid, (left, top) in zip(grids, corners, strict=True):
        parts.append(
            f'<text x="{left:g}" y="{top - 0.3:g}" font-size=".42" fill="#566170" text-anchor="start">'
            f"{html.escape(grid.title)}</text>"
        )
        for row, col, text, fill, ink in grid.cells():
            x, y = left + col, top + row
            parts.append(f'<path fill="{fill}" stroke="{LINE}" d="M{x:g} {y:g}h1v1h-1z"/>')
            if text:
                parts.append(
                    f'<text x="{x + 0.5:g}" y="{y + 0.65:g}" font-size="{_size(text):g}" fill="{ink}">'
                    f"{html.escape(text)}</text>"
                )
        parts += [
            f'<path fill="none" stroke="{HIT}" stroke-width=".09" d="M{left + x:g} {top + y:g}h{w}v{h}h-{w}z"/>'
            for y, x, h, w in grid.frames
        ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-.3 -.1 {width + 0.6:g} {height + 0.4:g}" '
        f'width="{36 * (width + 0.6):g}" height="{36 * (height + 0.4):g}" stroke-width=".03" '
        f'font-family="sans-serif" text-anchor="middle">'
        f'<path fill="#fff" d="M-1 -1h{width + 2:g}v{height + 2:g}h-{width + 2:g}z"/>{"".join(parts)}</svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"


def grids_png(grids: Sequence[Grid], title: str) -> bytes:
    """The grids as a PNG figure for print, with a line of text above."""
    corners, width, height = placed(grids)
    inches = min(7.0, 0.45 * width)
    figure = Figure(figsize=(inches, inches * height / width + 0.5), layout="constrained")
    axes = figure.subplots()
    axes.set(xlim=(-0.1, width + 0.1), ylim=(height + 0.1, 0), aspect="equal", xticks=[], yticks=[])
    axes.set_axis_off()
    axes.set_title(title, loc="left", fontsize=10)
    points = 72 * inches / width  # one cell
    for grid, (left, top) in zip(grids, corners, strict=True):
        axes.text(left, top - 0.25, grid.title, fontsize=min(9, 0.42 * points), color="#566170")
        for row, col, text, fill, ink in grid.cells():
            axes.add_patch(Rectangle((left + col, top + row), 1, 1, facecolor=fill, edgecolor=LINE, lw=0.6))
            axes.text(
                left + col + 0.5, top + row + 0.53, text, color=ink, ha="center", va="center",
                fontsize=min(12, 0.9 * _size(text) * points),
            )  # fmt: skip
        for y, x, h, w in grid.frames:
            axes.add_patch(Rectangle((left + x, top + y), w, h, fill=False, edgecolor=HIT, lw=2))
    return png(figure)


def blend(color: str, share: float) -> str:
    """A colour, mixed with white.

    Examples
    --------
    >>> blend("#000000", 0.5), blend("#2aa87f", 0), blend("#2aa87f", 1)
    ('#808080', '#ffffff', '#2aa87f')
    """
    channels = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{round(255 - share * (255 - c)):02x}" for c in channels)


def _size(text: str) -> float:
    """Of a text in a cell, in parts of the cell: long numbers are smaller."""
    return {0: 0.5, 1: 0.5, 2: 0.46, 3: 0.38}.get(len(text), 0.3)
