"""Draws the picture of the first page: one street that turns from image into labels, by the package itself."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from segedu import plot, synthetic

SEED, SIZE = 7, (448, 1152)
CUTS = 0.36, 0.68  # where image turns into semantic, and semantic into panoptic, as shares of the width
SLANT = 0.35  # how far a cut leans to the left on its way down, as a share of the height


def hero_picture() -> Image.Image:
    """Image, semantic and panoptic labels of one street side by side, with slanted cuts between them."""
    street = synthetic.street_scene(SEED, SIZE)
    height, width = street.size
    rows, columns = np.mgrid[:height, :width]
    across = columns + SLANT * (rows - height / 2)
    views = (
        street.image,
        plot.overlay(street.image, plot.semantic_image(street), opacity=0.75),
        plot.overlay(street.image, plot.panoptic_image(street), opacity=0.75),
    )
    picture = np.select([(across < cut * width)[..., None] for cut in (*CUTS, 2)], views)
    for cut in CUTS:
        picture[np.abs(across - cut * width) < 2.5] = 255
    return Image.fromarray(picture.astype(np.uint8))


def _write(app: Any) -> None:
    buffer = BytesIO()
    hero_picture().save(buffer, "WEBP", quality=88)
    path = Path(app.srcdir) / "book" / "_static" / "hero.webp"
    if not path.exists() or path.read_bytes() != buffer.getvalue():
        path.write_bytes(buffer.getvalue())


def setup(app: Any) -> dict[str, bool]:
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True}
