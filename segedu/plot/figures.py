"""The figures of the book: a scene as an image, as each of the three tasks sees it, and all of them together.

Each function draws into the axes it is given, or into a new figure, and returns what it drew on. In a notebook
end the cell with a semicolon, so that the figure appears once and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.legend_handler import HandlerTuple
from matplotlib.patches import Patch
from scipy import ndimage

from segedu.plot.colors import VOID_COLOR, segment_colors
from segedu.plot.pictures import borders, instance_image, overlay, panoptic_image, semantic_image
from segedu.scene import VOID, Scene

_WIDTH = 7.0  # inches: 700 pixels at the book's 100 dots per inch, the width of its text
_OPACITY = 0.6


def show_image(scene: Scene, *, ax: Axes | None = None) -> Axes:
    """Show the image alone.

    Parameters
    ----------
    scene : Scene
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
    """
    return _show(scene.image, ax)


def show_semantic(
    scene: Scene, *, ax: Axes | None = None, opacity: float = _OPACITY, legend: bool = False
) -> Axes:
    """Show the class of each pixel over the image. Objects of one class that touch flow together.

    Parameters
    ----------
    scene : Scene
    ax : Axes, optional
        Where to draw; a new figure otherwise.
    opacity : float
        Of the labels: 0 shows the image, 1 the labels alone.
    legend : bool
        Name the categories beside the picture.

    Returns
    -------
    Axes
    """
    picture = overlay(scene.image, semantic_image(scene), opacity=opacity)
    ax = _show(_bordered(picture, scene.semantic), ax)
    if legend:
        _legend(scene, ax, shades=1, stuff=True)
    return ax


def show_instance(
    scene: Scene, *, ax: Axes | None = None, opacity: float = _OPACITY, legend: bool = False
) -> Axes:
    """Show each object in its own colour; the rest of the image is veiled.

    Parameters are those of `show_semantic`.

    Returns
    -------
    Axes
    """
    isthing = np.array([False, *(segment.isthing for segment in scene.segments())])
    ids = scene.segment_ids()
    picture = overlay(scene.image, instance_image(scene), opacity=opacity)
    ax = _show(_bordered(picture, np.where(isthing[ids], ids, 0)), ax)
    if legend:
        _legend(scene, ax, shades=3, stuff=False)
    return ax


def show_panoptic(
    scene: Scene, *, ax: Axes | None = None, opacity: float = _OPACITY, legend: bool = False
) -> Axes:
    """Show every segment: stuff in the colour of its class, each object in a shade of its class's hue.

    Parameters are those of `show_semantic`.

    Returns
    -------
    Axes
    """
    picture = overlay(scene.image, panoptic_image(scene), opacity=opacity)
    ax = _show(_bordered(picture, scene.segment_ids()), ax)
    if legend:
        _legend(scene, ax, shades=3, stuff=True)
    return ax


def compare(scene: Scene, *, columns: int = 2, opacity: float = _OPACITY, legend: bool = True) -> Figure:
    """Show the four views of one scene with titles: image, semantic, instance, panoptic.

    Parameters
    ----------
    scene : Scene
    columns : int
        Views side by side: 1, 2 or 4.
    opacity : float
        Of the labels, as in `show_semantic`.
    legend : bool
        Name the categories below.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the views do not fill `columns`.
    """
    if columns not in (1, 2, 4):
        raise ValueError(f"columns: expected 1, 2 or 4, got {columns}")
    rows, (height, width) = 4 // columns, scene.size
    panel = _WIDTH / columns
    names = 0.25 * np.ceil(len(_present(scene)) / 4) if legend else 0
    tall = rows * (panel * height / width + 0.3) + names
    figure, axes = plt.subplots(rows, columns, figsize=(_WIDTH, tall), layout="constrained", squeeze=False)
    image, semantic, instance, panoptic = axes.flat
    show_image(scene, ax=image).set_title("Image")
    show_semantic(scene, ax=semantic, opacity=opacity).set_title("Semantic: classes")
    show_instance(scene, ax=instance, opacity=opacity).set_title("Instance: objects")
    show_panoptic(scene, ax=panoptic, opacity=opacity).set_title("Panoptic: both")
    if legend:
        _legend(scene, figure, shades=3, stuff=True)
    return figure


def legend(scene: Scene, ax: Axes) -> Axes:
    """Name the categories of a scene beside the axes, the largest first, void last.

    Things show the colours of their three largest objects. Categories that no pixel has are left out.

    Returns
    -------
    Axes
    """
    _legend(scene, ax, shades=3, stuff=True)
    return ax


def _legend(scene: Scene, parent: Axes | Figure, *, shades: int, stuff: bool) -> Legend:
    colors = segment_colors(scene)
    segments = sorted(scene.segments(), key=lambda segment: -segment.area)
    handles: list[Any] = []  # tuples of patches, which matplotlib takes and its types do not know
    names = []
    for label in _present(scene):
        category = scene.categories[label]
        if not (stuff or category.isthing):
            continue
        own = [colors[segment.id - 1].tolist() for segment in segments if segment.label == label]
        painted = own[:shades] if shades > 1 else [category.color]
        handles.append(tuple(Patch(facecolor=_hex(color)) for color in painted))
        names.append(category.name)
    if stuff and (scene.semantic == VOID).any():
        handles.append((Patch(facecolor=_hex(VOID_COLOR), edgecolor="0.33", hatch="////", linewidth=0),))
        names.append("void")
    halves = {tuple: HandlerTuple(ndivide=None, pad=0)}
    if isinstance(parent, Figure):
        return parent.legend(
            handles, names, loc="outside lower center", ncols=4, handler_map=halves, frameon=False
        )
    return parent.legend(
        handles, names, loc="upper left", bbox_to_anchor=(1.01, 1.02), handler_map=halves, frameon=False
    )


def _hex(color: Sequence[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _present(scene: Scene) -> list[int]:
    """Class indices in the scene, the largest area first."""
    labels, areas = np.unique(scene.semantic[scene.semantic != VOID], return_counts=True)
    return labels[np.argsort(-areas, kind="stable")].tolist()


def _show(picture: npt.NDArray[np.uint8], ax: Axes | None) -> Axes:
    if ax is None:
        height, width = picture.shape[:2]
        _, ax = plt.subplots(figsize=(_WIDTH, _WIDTH * height / width), layout="constrained")
    ax.imshow(picture)
    ax.set_axis_off()
    return ax


def _bordered(picture: npt.NDArray[np.uint8], ids: npt.NDArray) -> npt.NDArray[np.uint8]:
    """White lines between labels, one pixel thin, or as thin as they may be where large pictures are shrunk."""
    thickness = max(1, round(ids.shape[1] / 700))
    lines = ndimage.binary_dilation(borders(ids), np.ones((thickness, thickness), bool))
    return np.where(lines[..., None], np.uint8(255), picture)
