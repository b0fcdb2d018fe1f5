"""Change the thresholds of panoptic fusion: segments appear, vanish, and move panoptic quality."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure

from segedu import plot
from segedu.fusion import panoptic_fusion
from segedu.instances import Instances
from segedu.metrics import PanopticQuality, panoptic_quality
from segedu.scene import VOID, Scene
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.runs import encode_runs
from segedu.widgets.scene_widget import MAX_WIDTH, SMALL, picture_uri
from segedu.widgets.sentences import plural, score

MAX_ANSWERS = 60
"""The most objects that a page can list."""


class PanopticFusion(PageWidget):
    """A semantic and an instance answer become one; the reader sets the thresholds, and PQ follows.

    The page lists every object with its score and how much of it was taken already, says which went and why,
    shows the fused labelling beside the truth, and computes PQ of each class.

    Parameters
    ----------
    target : Scene
        The truth, with the image.
    semantic : (H, W) integer array
        The semantic answer: class indices, or ``VOID``. Logits become one by ``logits.argmax(axis=0)``.
    instances : Instances
        The instance answer, at most 60 objects. Scores are stored with two decimals.
    min_score, max_overlap, min_stuff_area
        As in `segedu.fusion.panoptic_fusion`.
    caption : str
        A line under the figure.

    Attributes
    ----------
    selected : int or None
        Position of the object that is outlined.

    Raises
    ------
    ValueError
        If the answers do not fit the truth or each other, or objects are too many.

    Notes
    -----
    All of these are traits: in Jupyter, setting one changes the page, and what the reader does in the page sets
    them. `fused` is the labelling on show, by `segedu.fusion`, and `quality` its panoptic quality; the page
    computes the same by itself.

    Examples
    --------
    >>> from segedu import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> image, instance = np.zeros((1, 6, 3), np.uint8), np.array([[1, 1, 1, 0, 0, 0]])
    >>> target = Scene(image, instance, instance, (road, car))
    >>> masks = np.array([[[1, 1, 1, 0, 0, 0]], [[0, 0, 1, 1, 0, 0]]], bool)
    >>> widget = PanopticFusion(target, instance, Instances(masks, [1, 1], [0.9, 0.4]))
    >>> widget
    PanopticFusion(Scene(1×6 pixels, 2 categories, 1 instances, 0.0 % void), 2 objects, min_score=0.5,
                   max_overlap=0.5, min_stuff_area=0, selected=None, caption='')
    >>> widget.quality
    PanopticQuality(pq=1.000, sq=1.000, rq=1.000, tp=2, fp=0, fn=0)
    >>> widget.min_score = 0.3  # the second object comes in: a false positive that takes a pixel of road
    >>> widget.quality
    PanopticQuality(pq=0.667, sq=0.833, rq=0.833, tp=2, fp=1, fn=0)
    """

    _esm = module("panoptic_rule", "panoptic_fusion")
    _css = stylesheet("chips", "panoptic_fusion")

    data = traitlets.Dict().tag(sync=True)
    min_score = traitlets.Float(0.5, min=0.0, max=1.0).tag(sync=True)
    max_overlap = traitlets.Float(0.5, min=0.0, max=1.0).tag(sync=True)
    min_stuff_area = traitlets.Int(0, min=0).tag(sync=True)
    selected = traitlets.Int(default_value=None, allow_none=True).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(self, target: Scene, semantic: npt.ArrayLike, instances: Instances, **state: Any) -> None:
        if not isinstance(target, Scene):
            raise TypeError(f"PanopticFusion: expected a segedu.Scene, got {type(target).__name__}")
        labels = np.asarray(semantic)
        if labels.shape != target.size:
            raise ValueError(
                f"semantic: expected class indices of shape {target.size}, got {labels.shape}; "
                "logits become one by logits.argmax(axis=0)"
            )
        if isinstance(instances, Instances):
            if len(instances) > MAX_ANSWERS:
                raise ValueError(
                    f"instances: expected at most {MAX_ANSWERS} objects for a page, got {len(instances)}; "
                    "leave out those of the lowest scores"
                )
            instances = replace(instances, scores=np.asarray(instances.scores, np.float64).round(2))
        self.scene, self.semantic, self.instances = target, labels, instances
        self._fuse(0.5, 0.5, 0)  # checks that the answers fit
        super().__init__(data=_data(target, labels, instances), **state)

    def _fuse(self, min_score: float, max_overlap: float, min_stuff_area: int) -> Scene:
        return panoptic_fusion(
            self.semantic,
            self.instances,
            image=self.scene.image,
            categories=self.scene.categories,
            min_score=min_score,
            max_overlap=max_overlap,
            min_stuff_area=min_stuff_area,
        )

    @traitlets.validate("selected")
    def _known(self, proposal: dict[str, Any]) -> int | None:
        selected = proposal["value"]
        if selected is not None and not 0 <= selected < len(self.instances):
            raise traitlets.TraitError(
                f"selected: expected 0 to {len(self.instances) - 1} or None, got {selected}"
            )
        return selected

    @property
    def fused(self) -> Scene:
        """The panoptic labelling on show."""
        return self._fuse(self.min_score, self.max_overlap, self.min_stuff_area)

    @property
    def quality(self) -> PanopticQuality:
        """Panoptic quality of the labelling on show."""
        return panoptic_quality([self.fused], [self.scene])

    def __repr__(self) -> str:
        names = ("min_score", "max_overlap", "min_stuff_area", "selected", "caption")
        state = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"PanopticFusion({self.scene!r}, {plural(len(self.instances), 'object')}, {state})"

    def alt(self) -> str:
        kept, quality = int(self.fused.instance.max()), self.quality
        return (
            f"{plot.alt_text(self.scene, subject='The truth')} Beside it a panoptic answer, fused from a map "
            f"and {plural(len(self.instances), 'object')}, of which {kept} stay. Least score "
            f"{self.min_score:g}, most overlap {self.max_overlap:g}, least stuff area "
            f"{plural(self.min_stuff_area, 'pixel')}: panoptic quality {score(quality.pq)}."
        )

    def still(self) -> str:
        return f"data:image/png;base64,{base64.b64encode(self.static()).decode('ascii')}"

    def static(self) -> bytes:
        figure = Figure(figsize=(7, 2.6), layout="constrained")
        for axes, scene, title in zip(
            figure.subplots(1, 2),
            (self.scene, self.fused),
            ("Truth", f"Fused: PQ {score(self.quality.pq)}"),
            strict=True,
        ):
            axes.imshow(plot.panoptic_image(scene), interpolation="nearest")
            axes.set_title(title, fontsize=10)
            axes.set_axis_off()
        return png(figure)


def _data(target: Scene, semantic: npt.NDArray, instances: Instances) -> dict[str, Any]:
    """What does not change: image, truth and both answers, as the page reads them."""
    scores = np.ones(len(instances)) if instances.scores is None else instances.scores
    return {
        "size": list(target.size),
        "image": picture_uri(target.image, width=MAX_WIDTH, quality=85),
        "smooth": target.semantic.size > SMALL,
        "runs": encode_runs(target.segment_ids()),
        "segments": [{"label": s.label, "crowd": s.iscrowd} for s in target.segments()],
        "colors": [_hex(color) for color in plot.segment_colors(target).tolist()],
        "categories": [
            {"name": c.name, "isthing": c.isthing, "color": _hex(c.color)} for c in target.categories
        ],
        "semantic": encode_runs(np.where(semantic == VOID, 0, semantic + 1).astype(np.int32)),
        "objects": [
            {
                "label": int(label),
                "score": float(value),
                "color": color,
                "runs": encode_runs(mask.astype(np.int32)),
            }
            for mask, label, value, color in zip(
                instances.masks, instances.labels, scores, _shades(target, instances), strict=True
            )
        ],
    }


def _shades(target: Scene, instances: Instances) -> list[str]:
    """A colour for each object, near that of its class, as if they all stood in one scene."""
    n = len(instances)
    if n == 0:
        return []
    strip = replace(
        target,
        image=np.zeros((1, n, 3), np.uint8),
        semantic=instances.labels[None].astype(np.uint8),
        instance=np.arange(1, n + 1, dtype=np.int32)[None],
    )
    colors = plot.segment_colors(strip)
    return [_hex(colors[k].tolist()) for k in strip.segment_ids()[0] - 1]


def _hex(color: Any) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
