"""One scene, three answers — labels, boxes, a label map: how much each says, and what it cannot say."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from segedu import plot
from segedu.masks import boxes
from segedu.scene import VOID, Scene
from segedu.widgets.page import module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.scene_widget import SceneWidget, composite, picture_uri
from segedu.widgets.sentences import check_pixel, plural

ANSWERS = ("labels", "boxes", "label_map")


def answer_sizes(scene: Scene) -> dict[str, int]:
    """Count the numbers of each answer to one scene.

    Returns
    -------
    dict
        ``"labels"``: one yes or no a category. ``"boxes"``: a class and four coordinates an object.
        ``"label_map"``: one class index a pixel. ``"runs"``: the same map, in reading order, as pairs of a
        class and how often it repeats.

    Examples
    --------
    >>> from segedu import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> scene = Scene(np.zeros((1, 6, 3), np.uint8), [[0, 0, 1, 1, 1, 0]], [[0, 0, 1, 1, 2, 0]], (road, car))
    >>> answer_sizes(scene)
    {'labels': 2, 'boxes': 10, 'label_map': 6, 'runs': 6}
    """
    flat = scene.semantic.ravel()
    return {
        "labels": len(scene.categories),
        "boxes": 5 * len(scene.masks()[1]),
        "label_map": flat.size,
        "runs": 2 * (1 + int(np.count_nonzero(flat[1:] != flat[:-1]))),
    }


def _facts(scene: Scene) -> dict[str, dict[str, Any]]:
    """For each answer: how many numbers, how they come about, and what they cannot say."""
    sizes, (height, width) = answer_sizes(scene), scene.size
    stuff = [scene.categories[s.label].name for s in scene.segments() if not s.isthing][:2]
    boxless = f"; {' and '.join(stuff)} get{'s' if len(stuff) == 1 else ''} no box" if stuff else ""
    return {
        "labels": {
            "numbers": sizes["labels"],
            "formula": f"a yes or no for each of {plural(sizes['labels'], 'class', 'classes')}",
            "cannot": "Cannot say where anything is, nor how many there are.",
        },
        "boxes": {
            "numbers": sizes["boxes"],
            "formula": f"{plural(sizes['boxes'] // 5, 'object')} × (class + 4 coordinates)",
            "cannot": f"Cannot say which pixels of a box are the object{boxless}.",
        },
        "label_map": {
            "numbers": sizes["label_map"],
            "formula": f"{height} × {width} pixels × 1 class; as runs {sizes['runs']:,}",
            "cannot": "Cannot say where one object ends and the next of its class begins.",
        },
    }


def answers_at(scene: Scene, row: int, col: int) -> dict[str, str]:
    """Say in words what image labels, boxes and a label map tell about one pixel.

    Returns
    -------
    dict
        A sentence for each of ``"labels"``, ``"boxes"`` and ``"label_map"``. Boxes come in the order of
        the instance ids.

    Raises
    ------
    IndexError
        If the pixel lies outside the scene.
    """
    check_pixel(scene, row, col)
    names = [category.name for category in scene.categories]
    present = [names[label] for label in np.unique(scene.semantic).tolist() if label != VOID]
    masks, labels = scene.masks()
    left, top, right, bottom = boxes(masks).T
    hit = (left <= col) & (col < right) & (top <= row) & (row < bottom)
    inside = [names[label] for label in labels[hit].tolist()]
    boxed = f"{plural(len(inside), 'box', 'boxes')}: {', '.join(inside)}" if inside else "no box"
    label = int(scene.semantic[row, col])
    return {
        "labels": f"somewhere in the image: {', '.join(present) or 'nothing that has a label'}",
        "boxes": f"inside {boxed}",
        "label_map": "nobody labelled this pixel (void)" if label == VOID else f"this pixel is {names[label]}",
    }


class ClassifyDetectSegment(SceneWidget):
    """Three answers to one scene, side by side: classification, detection, segmentation.

    Parameters
    ----------
    scene : Scene
    view : {"labels", "boxes", "label_map"}
        The answer that the picture shows at first.
    opacity : float
        How much of the label map covers the image, 0 to 1.
    caption : str
        A line under the figure.

    Attributes
    ----------
    pixel : list of two int, or None
        Row and column of the pixel that the reader points at.

    Notes
    -----
    All of these are traits: in Jupyter, setting one changes the page, and what the reader does in the page sets
    them. Boxes are drawn around single objects: stuff has no box, and a crowd none either.

    Examples
    --------
    >>> from segedu import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> scene = Scene(np.zeros((1, 4, 3), np.uint8), [[0, 1, 1, 0]], [[0, 1, 2, 0]], (road, car))
    >>> widget = ClassifyDetectSegment(scene, view="boxes")
    >>> widget.describe(0, 1)
    {'labels': 'somewhere in the image: road, car', 'boxes': 'inside 1 box: car',
     'label_map': 'this pixel is car'}
    """

    _esm = module("classify_detect_segment")
    _css = stylesheet("classify_detect_segment")

    view = traitlets.Enum(ANSWERS, default_value="label_map").tag(sync=True)

    def __init__(
        self, scene: Scene, view: str = "label_map", opacity: float = 0.6, caption: str = "", **state: Any
    ) -> None:
        super().__init__(scene, view=view, opacity=opacity, caption=caption, **state)

    def _page_data(self, scene: Scene) -> dict[str, Any]:
        return {**super()._page_data(scene), "boxes": _boxes(scene), "answers": _facts(scene)}

    def describe(self, row: int, col: int) -> dict[str, str]:
        """What the three answers say about a pixel, word for word what the page reads out."""
        return answers_at(self.scene, row, col)

    def alt(self) -> str:
        sizes = answer_sizes(self.scene)
        return (
            f"{super().alt()} Three answers: {plural(sizes['labels'], 'number')} for the image's labels, "
            f"{sizes['boxes']:,} for boxes, {sizes['label_map']:,} for a label map."
        )

    def still(self) -> str:
        return picture_uri(composite(self.scene, "semantic", self.opacity), width=640, quality=75)

    def static(self) -> bytes:
        scene, facts = self.scene, self.data["answers"]
        height, width = scene.size
        figure = Figure(figsize=(9, 3 * height / width + 0.55), layout="constrained")
        labels, boxes, label_map = figure.subplots(1, 3)
        plot.show_image(scene, ax=labels)
        plot.show_image(scene, ax=boxes)
        plot.show_semantic(scene, ax=label_map, opacity=self.opacity)
        for box in self.data["boxes"]:
            left, top, right, bottom = box["xyxy"]
            color = self.data["colors"][box["segment"] - 1]
            corner = (left - 0.5, top - 0.5)  # a pixel's centre has whole coordinates
            boxes.add_patch(
                Rectangle(corner, right - left, bottom - top, fill=False, color=color, linewidth=1.5)
            )
        for axes, answer in ((labels, "labels"), (boxes, "boxes"), (label_map, "label_map")):
            title = answer.replace("_", " ").capitalize()
            axes.set_title(f"{title}: {plural(facts[answer]['numbers'], 'number')}")
        present = sorted({segment.label for segment in scene.segments()})
        figure.supxlabel("Labels: " + ", ".join(scene.categories[label].name for label in present), fontsize=10)
        return png(figure)


def _boxes(scene: Scene) -> list[dict[str, Any]]:
    """A box for each object, in the order of the instance ids; ``segment`` is its number in the label map."""
    masks, labels = scene.masks()
    ids = [segment.id for segment in sorted(scene.segments(), key=lambda s: s.instance) if segment.instance]
    return [
        {"label": label, "segment": number, "xyxy": [int(edge) for edge in xyxy]}
        for label, number, xyxy in zip(labels.tolist(), ids, boxes(masks).tolist(), strict=True)
    ]
