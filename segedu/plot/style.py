"""How the book's figures look, and how large they may be in a notebook."""

from __future__ import annotations

import io
import sys
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

MAX_BYTES = 120_000
"""Largest figure that a notebook of the book stores."""


def use_book_style() -> None:
    """Set matplotlib's defaults for the book; the only function here that changes anything for good.

    Text of 11 points; 100 dots per inch, so that 7 inches fill the width of a page; a white ground, which dark
    pages show as a card; no frame without meaning; a cycle of colours that all readers can tell apart (Okabe
    and Ito 2008). ``matplotlib.rcdefaults()`` takes it back.

    In a notebook it also keeps stored figures within ``MAX_BYTES``: as PNG where that is small enough, as for
    charts, otherwise as JPEG, as for photographs, but never below quality 50: what is larger even then should
    be drawn smaller.
    """
    mpl.rcParams.update(
        {
            "figure.dpi": 100,
            "savefig.dpi": 100,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "font.size": 11,
            "axes.titlesize": 11,
            "axes.labelsize": 11,
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
            "legend.fontsize": 10,
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "0.35",
            "axes.titlelocation": "left",
            "grid.color": "0.88",
            "lines.linewidth": 2,
            "axes.prop_cycle": cycler(
                color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442"]
            ),
        }
    )
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        _store_small_figures(shell)


def _store_small_figures(shell: Any) -> None:
    plt.switch_backend(mpl.get_backend())  # loaded later, the notebook's backend would bring its formats again
    formatters = shell.display_formatter.formatters
    formatters["image/png"].for_type(Figure, _png)
    formatters["image/jpeg"].for_type(Figure, _jpeg)


def _png(figure: Figure) -> bytes | None:
    """The figure as PNG, or None where that takes too much room."""
    return _small(_printed(figure, "png"))


def _jpeg(figure: Figure) -> bytes | None:
    """The figure as JPEG where PNG takes too much room, in the best quality that fits."""
    if _png(figure) is not None:
        return None
    for quality in (92, 86, 80, 72, 64, 50):
        jpeg = _printed(figure, "jpeg", pil_kwargs={"quality": quality, "subsampling": 0, "optimize": True})
        if _small(jpeg) is not None:
            break
    return jpeg


def _printed(figure: Figure, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format=file_format, bbox_inches="tight", **options)
    return file.getvalue()


def _small(picture: bytes) -> bytes | None:
    return picture if len(picture) <= MAX_BYTES else None
