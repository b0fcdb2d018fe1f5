"""One scene, four formats: point at a pixel and read what VOC, Cityscapes and COCO store there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from segedu import plot
from segedu.datasets import CityscapesLabel
from segedu.scene import Scene
from segedu.widgets.encodings import Encoded, encode_scene, look_up
from segedu.widgets.page import module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.scene_widget import SceneWidget
from segedu.widgets.sentences import check_pixel, plural

PICTURES = {
    "voc_class": "VOC: SegmentationClass",
    "voc_object": "VOC: SegmentationObject",
    "label_ids": "Cityscapes: labelIds, brightened",
    "instance_ids": "Cityscapes: instanceIds, brightened",
    "coco_annotation": "COCO: annotations, drawn",
    "panoptic": "COCO: panoptic PNG",
}


class FormatExplorer(SceneWidget):
    """One scene as the files of four formats; pointing at a pixel reads out what each of them holds there.

    Shown are Pascal VOC's two palette images, Cityscapes' ``labelIds``, ``labelTrainIds`` and ``instanceIds``,
    COCO's instances with the run of the mask that the pixel lies in, and COCO's panoptic image with its id
    worked out. The object under the pointer is outlined in all pictures.

    Parameters
    ----------
    scene : Scene
        With instance numbers up to 254, since VOC's files hold no more.
    labels : sequence of CityscapesLabel, optional
        The Cityscapes label of each category, by class index. None finds them by name.
    opacity : float
        How much of the labels covers the image, 0 to 1.
    caption : str
        A line under the figure.

    Attributes
    ----------
    pixel : list of two int, or None
        Row and column of the pixel that the reader points at.

    Raises
    ------
    ValueError
        If one of the formats cannot hold the scene.

    Notes
    -----
    All values come from `segedu.datasets.encode_voc`, `encode_cityscapes`, `encode_coco_instances` and
    `encode_coco_panoptic`; the page only looks them up. ``opacity``, ``pixel`` and ``caption`` are traits: in
    Jupyter, setting one changes the page, and what the reader does in the page sets them.

    Examples
    --------
    >>> from segedu import Category
    >>> road, car = Category(7, "road", False, (128, 64, 128)), Category(26, "car", True, (0, 0, 142))
    >>> scene = Scene(np.zeros((1, 4, 3), np.uint8), [[0, 1, 1, 1]], [[0, 4, 9, 9]], (road, car))
    >>> explorer = FormatExplorer(scene)
    >>> explorer
    FormatExplorer(Scene(1×4 pixels, 2 categories, 2 instances, 0.0 % void),
                   caption='', opacity=0.5, pixel=None)
    >>> explorer.describe(0, 2)["instance_ids"]
    '26001 = 26 · 1000 + 1'
    """

    _esm = module("format_explorer")
    _css = stylesheet("format_explorer")

    def __init__(
        self,
        scene: Scene,
        labels: Sequence[CityscapesLabel] | None = None,
        opacity: float = 0.5,
        caption: str = "",
        **state: Any,
    ) -> None:
        self._labels = labels
        super().__init__(scene, opacity=opacity, caption=caption, **state)

    def _page_data(self, scene: Scene) -> dict[str, Any]:
        self._encoded: Encoded = encode_scene(scene, self._labels)
        return {
            **super()._page_data(scene),
            "values": self._encoded.values,
            "pictures": {
                name: ["#{:02x}{:02x}{:02x}".format(*color) for color in colors]
                for name, colors in self._encoded.pictures.items()
            },
            "counts": self._encoded.counts,
            "annotations": self._encoded.annotation_of,
        }

    def describe(self, row: int, col: int) -> dict[str, str]:
        """What the files hold at a pixel, word for word what the page reads out; see `encodings_at`."""
        check_pixel(self.scene, row, col)
        return look_up(self._encoded, self.scene, row, col)

    def alt(self) -> str:
        annotations = plural(len(self._encoded.counts), "COCO annotation")
        return (
            f"{super().alt()} The same labels in four formats: Pascal VOC's class and object images, "
            f"Cityscapes' label and instance ids, {annotations}, "
            "and COCO's panoptic image."
        )

    def static(self) -> bytes:
        height, width = self.scene.size
        figure = Figure(figsize=(9, 6 * height / width + 0.9), layout="constrained")
        ids = self.scene.segment_ids()
        for ax, (name, title) in zip(figure.subplots(2, 3).flat, PICTURES.items(), strict=True):
            colors = np.array(self._encoded.pictures[name], np.uint8)
            plot.show_image(self.scene, ax=ax)
            ax.images[0].set_data(colors[ids])
            ax.set_title(title, fontsize=9)
        return png(figure)
