"""Figures for print: what a widget shows where nothing can be operated."""

from __future__ import annotations

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from segedu.plot.style import MAX_BYTES


def png(figure: Figure, *, dpi: int = 110, max_bytes: int = MAX_BYTES) -> bytes:
    """Draw a figure as a PNG file of at most `max_bytes`.

    Photographs do not compress well as PNG, so colours are reduced to a palette: 256, then fewer; at the end
    the picture is made smaller.

    Raises
    ------
    ValueError
        If no palette and no size are small enough.
    """
    canvas = FigureCanvasAgg(figure)
    for scale in (1.0, 0.8, 0.65, 0.5):
        stream = io.BytesIO()
        canvas.print_figure(stream, format="png", dpi=scale * dpi, facecolor="white")
        picture = Image.open(stream).convert("RGB")
        for colors in (256, 128, 64, 48):
            small = io.BytesIO()
            palette = picture.quantize(colors, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            palette.save(small, "PNG", optimize=True)
            if small.tell() <= max_bytes:
                return small.getvalue()
    raise ValueError(f"figure: expected at most {max_bytes:,} bytes, got {small.tell():,} at the smallest")
