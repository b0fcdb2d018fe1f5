"""One scene, four views: point at a pixel and read what each of the three tasks says about it."""

from __future__ import annotations

from typing import Any

import traitlets
from matplotlib import pyplot as plt

from segedu import plot
from segedu.scene import Scene
from segedu.widgets.page import module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.scene_widget import VIEWS, SceneWidget, composite, picture_uri
from segedu.widgets.sentences import describe


class SceneViewer(SceneWidget):
    """Switch between image, semantic, instance and panoptic view; point at a pixel; pick a segment.

    Parameters
    ----------
    scene : Scene
        What to show.
    view : {"panoptic", "image", "semantic", "instance"}
        The view to open with.
    opacity : float
        How much of the labels covers the image, 0 to 1.
    caption : str
        A line under the figure.

    Attributes
    ----------
    pixel : list of two int, or None
        Row and column of the pixel that the reader points at.
    selected : int or None
        Segment that is highlighted: its number in ``scene.segment_ids()``.

    Notes
    -----
    All of these are traits: in Jupyter, setting one changes the page, and what the reader does in the page sets
    them. In the rendered book they are where the figure starts.

    Examples
    --------
    >>> import numpy as np
    >>> from segedu import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> scene = Scene(np.zeros((1, 4, 3), np.uint8), [[0, 1, 1, 1]], [[0, 4, 9, 9]], (road, car))
    >>> viewer = SceneViewer(scene, view="instance")
    >>> viewer
    SceneViewer(Scene(1×4 pixels, 2 categories, 2 instances, 0.0 % void),
                caption='', opacity=0.6, pixel=None, selected=None, view='instance')
    >>> viewer.describe(0, 1)["panoptic"]
    'car, instance 4; 1 pixel'
    """

    _esm = module("scene_viewer")
    _css = stylesheet()

    view = traitlets.Enum(VIEWS, default_value="panoptic").tag(sync=True)
    selected = traitlets.Int(default_value=None, allow_none=True).tag(sync=True)

    def __init__(
        self, scene: Scene, view: str = "panoptic", opacity: float = 0.6, caption: str = "", **state: Any
    ) -> None:
        super().__init__(scene, view=view, opacity=opacity, caption=caption, **state)

    @traitlets.validate("selected")
    def _known(self, proposal: dict[str, Any]) -> int | None:
        selected, highest = proposal["value"], len(self.scene.segments())
        if selected is not None and not 1 <= selected <= highest:
            raise traitlets.TraitError(f"selected: expected a segment 1 to {highest} or None, got {selected}")
        return selected

    def describe(self, row: int, col: int) -> dict[str, str]:
        """What the three tasks say about a pixel, word for word what the page reads out."""
        return describe(self.scene, row, col)

    def still(self) -> str:
        return picture_uri(composite(self.scene, self.view, self.opacity), width=640, quality=75)

    def static(self) -> bytes:
        figure = plot.compare(self.scene, opacity=self.opacity)
        plt.close(figure)
        return png(figure)
