"""From anchors to proposals, step by step: scored, moved, suppressed, and the best ones kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from segedu import masks, plot
from segedu.scene import Scene
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.scene_widget import MAX_WIDTH, SMALL, picture_uri
from segedu.widgets.sentences import plural

MAX_TOP = 200
"""The most anchors that a page looks at: the surest ones."""

STEPS = ("anchors", "moved", "suppressed")
ORANGE = (255, 180, 84)
FOUND = 0.5
"""An object counts as found by a proposal of at least this IoU."""

_Floats = npt.NDArray[np.float64]


class Proposals(PageWidget):
    """The surest anchors of a region proposal network on their picture, and what becomes of them.

    Step by step: the anchors as they are, the boxes that the network makes of them, and what is left when each
    kept box has struck out those that overlap it too much. The reader chooses how many anchors are looked at,
    the threshold of suppression and how many proposals are kept; the page counts the objects that are found.

    Parameters
    ----------
    scene : Scene
        The picture, and the objects to be found.
    anchors : (N, 4) array
        xyxy, in pixels, of all levels.
    scores : (N,) array
        How sure the network is of an object at each anchor, from 0 to 1: ``logits.sigmoid()``.
    deltas : (N, 4) array
        How the network moves each anchor, as `segedu.models.detection.decode_boxes` reads it.
    top : int
        How many of the surest anchors are looked at, at most 200. The others are left out of the page.
    iou_threshold : float
        A box goes if its IoU with a kept one is larger.
    keep : int
        How many proposals are kept in the end.
    step : {"anchors", "moved", "suppressed"}
        What is shown.
    caption : str
        A line under the figure.

    Attributes
    ----------
    selected : int or None
        Rank of the box, from 0, whose victims are shown.

    Raises
    ------
    ValueError
        If shapes do not fit, or there is no anchor.

    Notes
    -----
    All of these are traits: in Jupyter, setting one changes the page, and what the reader does in the page sets
    them. Anchors and deltas are stored with three decimals. `boxes` and `kept` come from
    `segedu.models.detection`, which needs PyTorch; the page computes the same by itself.

    Examples
    --------
    >>> from segedu import synthetic
    >>> street = synthetic.street_scene(seed=2, size=(64, 128))
    >>> anchors = np.array([[10, 10, 30, 30], [12, 10, 32, 30], [70, 20, 90, 60]])
    >>> widget = Proposals(street, anchors, scores=[0.9, 0.8, 0.7], deltas=np.zeros((3, 4)))
    >>> widget
    Proposals(64×128 pixels, top=3, iou_threshold=0.7, keep=20, step='anchors', selected=None, caption='')
    >>> widget.kept  # the first two have an IoU of 18 / 22 = 0.82
    array([0, 2])
    """

    _esm = module("proposals")
    _css = stylesheet("chips", "proposals")

    data = traitlets.Dict().tag(sync=True)
    top = traitlets.Int(MAX_TOP, min=1, max=MAX_TOP).tag(sync=True)
    iou_threshold = traitlets.Float(0.7, min=0.0, max=1.0).tag(sync=True)
    keep = traitlets.Int(20, min=1, max=MAX_TOP).tag(sync=True)
    step = traitlets.Enum(STEPS, default_value=STEPS[0]).tag(sync=True)
    selected = traitlets.Int(default_value=None, allow_none=True).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self, scene: Scene, anchors: npt.ArrayLike, scores: npt.ArrayLike, deltas: npt.ArrayLike, **state: Any
    ) -> None:
        if not isinstance(scene, Scene):
            raise TypeError(f"Proposals: expected a segedu.Scene, got {type(scene).__name__}")
        arrays = [np.asarray(array, np.float64) for array in (anchors, scores, deltas)]
        n = len(arrays[0])
        for name, array, shape in zip(
            ("anchors", "scores", "deltas"), arrays, ((n, 4), (n,), (n, 4)), strict=True
        ):
            if array.shape != shape or n == 0 or not np.isfinite(array).all():
                raise ValueError(
                    f"{name}: expected finite numbers of shape {shape}, at least one row, got {array.shape}"
                )
        if (arrays[0][:, 2:] < arrays[0][:, :2]).any():
            raise ValueError("anchors: expected left ≤ right and top ≤ bottom in every row, got a crossed box")
        order = np.argsort(-arrays[1], kind="stable")[:MAX_TOP]
        self.scene = scene
        self.anchors, self.scores, self.deltas = (array[order].round(3) for array in arrays)
        self.objects = masks.boxes(scene.masks()[0])
        data = {
            "size": list(scene.size),
            "image": picture_uri(scene.image, width=MAX_WIDTH, quality=88),
            "smooth": scene.semantic.size > SMALL,
            "alt": plot.alt_text(scene),
            "anchors": self.anchors.tolist(),
            "scores": self.scores.tolist(),
            "deltas": self.deltas.tolist(),
            "objects": self.objects.tolist(),
        }
        super().__init__(data=data, **{"top": len(order), **state})

    @traitlets.validate("top", "selected")
    def _there(self, proposal: dict[str, Any]) -> int | None:
        name, value = proposal["trait"].name, proposal["value"]
        highest = len(self.scores) if name == "top" else len(self.scores) - 1
        if value is not None and not 0 <= value <= highest:
            raise traitlets.TraitError(f"{name}: expected at most {highest}, got {value}")
        return value

    @property
    def boxes(self) -> _Floats:
        """What the network makes of the anchors, cut at the picture's edge. (top, 4), xyxy."""
        import torch

        from segedu.models.detection import clip_boxes, decode_boxes

        anchors, deltas = (torch.from_numpy(array[: self.top]) for array in (self.anchors, self.deltas))
        return clip_boxes(decode_boxes(deltas, anchors), self.scene.size).numpy()

    @property
    def kept(self) -> npt.NDArray[np.int64]:
        """Ranks of the proposals, from 0, surest first."""
        import torch

        from segedu.models.detection import nms

        boxes, scores = torch.from_numpy(self.boxes), torch.from_numpy(self.scores[: self.top])
        return nms(boxes, scores, iou_threshold=self.iou_threshold)[: self.keep].numpy()

    @property
    def found(self) -> int:
        """How many objects have a proposal of an IoU of at least 0.5."""
        if len(self.objects) == 0:
            return 0
        return int((masks.box_iou(self.boxes[self.kept], self.objects) >= FOUND).any(axis=0).sum())

    def __repr__(self) -> str:
        height, width = self.scene.size
        names = ("top", "iou_threshold", "keep", "step", "selected", "caption")
        state = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"Proposals({height}×{width} pixels, {state})"

    def alt(self) -> str:
        return (
            f"{self.data['alt']} On it {plural(len(self.kept), 'proposal')}, left of "
            f"{plural(self.top, 'anchor')} by suppression at an IoU of {self.iou_threshold:g}. "
            f"They find {self.found} of {plural(len(self.objects), 'object')}."
        )

    def still(self) -> str:
        picture = self.scene.image.copy()
        height, width = self.scene.size
        edges = self.boxes[self.kept].round().astype(int)
        for left, top, right, bottom in np.minimum(edges, [width - 1, height - 1] * 2):
            picture[[top, bottom], left : right + 1] = ORANGE
            picture[top : bottom + 1, [left, right]] = ORANGE
        return picture_uri(picture, width=640, quality=80)

    def static(self) -> bytes:
        figure = Figure(figsize=(7, 2.6), layout="constrained")
        shown = (
            (f"{self.top} surest anchors", self.anchors[: self.top]),
            (
                f"{len(self.kept)} proposals, {self.found} of {len(self.objects)} objects found",
                self.boxes[self.kept],
            ),
        )
        height, width = self.scene.size
        for axes, (title, boxes) in zip(figure.subplots(1, 2), shown, strict=True):
            axes.imshow(self.scene.image)
            for left, top, right, bottom in boxes.tolist():
                frame = Rectangle(
                    (left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor="#ffb454"
                )
                axes.add_patch(frame)
            axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
            axes.set_title(title, fontsize=10)
            axes.set_axis_off()
        return png(figure)
