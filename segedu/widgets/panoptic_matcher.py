"""Move, split and merge predicted segments, and see which of them find a true one: panoptic quality by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure
from scipy import ndimage

from segedu import plot
from segedu.metrics import PanopticQuality, panoptic_quality
from segedu.scene import NO_INSTANCE, VOID, Scene
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.runs import decode_runs, encode_runs
from segedu.widgets.scene_widget import picture_uri
from segedu.widgets.sentences import plural

RULES = ("> 0.5", "≥ 0.5", "> 0.4", "> 0.3")
"""When two segments of one class would match. The first is the rule of panoptic quality."""

Piece = dict[str, Any]
"""A predicted thing that can be moved: ``{"label": 2, "top": 5, "left": 3, "shape": ["##", "#."]}``."""


def pieces_of(scene: Scene) -> list[Piece]:
    """Cut the things out of a labelling, in the order of ``scene.segments()``.

    Examples
    --------
    >>> from segedu import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> scene = Scene(np.zeros((2, 4, 3), np.uint8), [[0, 1, 1, 0], [0, 0, 1, 0]], [[0, 7, 7, 0], [0, 0, 7, 0]],
    ...               (road, car))
    >>> pieces_of(scene)
    [{'label': 1, 'top': 0, 'left': 1, 'shape': ['##', '.#']}]
    """
    ids, pieces = scene.segment_ids(), []
    for segment in scene.segments():
        if segment.isthing:
            rows, cols = np.nonzero(ids == segment.id)
            top, left = int(rows.min()), int(cols.min())
            mask = np.zeros((rows.max() - top + 1, cols.max() - left + 1), bool)
            mask[rows - top, cols - left] = True
            shape = ["".join("#" if inside else "." for inside in row) for row in mask.tolist()]
            pieces.append({"label": segment.label, "top": top, "left": left, "shape": shape})
    return pieces


def ground_of(scene: Scene) -> npt.NDArray[np.uint8]:
    """The stuff of a labelling with its things taken away, (H, W) uint8: the nearest stuff fills the holes.

    Void stays void. A scene of nothing but things has void ground.
    """
    things = [label for label, category in enumerate(scene.categories) if category.isthing]
    holes = np.isin(scene.semantic, things)
    if holes.all():
        return np.full(scene.size, VOID, np.uint8)
    nearest = ndimage.distance_transform_edt(holes, return_distances=False, return_indices=True)
    return scene.semantic[tuple(nearest)]


def put_together(target: Scene, ground: npt.NDArray[np.uint8], pieces: Sequence[Piece]) -> Scene:
    """Lay pieces on the ground, the later ones over the earlier: a panoptic prediction for `target`.

    Piece number k, counted from 1, is instance k. One that others cover wholly is no segment.
    """
    semantic, instance = ground.copy(), np.full(target.size, NO_INSTANCE, np.int32)
    for number, piece in enumerate(pieces, start=1):
        mask = np.array([[letter == "#" for letter in row] for row in piece["shape"]])
        top, left, (height, width) = piece["top"], piece["left"], mask.shape
        place = np.s_[top : top + height, left : left + width]
        semantic[place][mask], instance[place][mask] = piece["label"], number
    return replace(target, semantic=semantic, instance=instance)


class PanopticMatcher(PageWidget):
    """Truth and prediction side by side; edit the predicted things and watch matches, errors and PQ follow.

    The things of the prediction can be moved (by mouse, finger or arrow keys), split, merged, deleted and given
    another class. The page shows each match as a line with its IoU, names false positives and false negatives,
    and computes SQ, RQ and PQ of each class. It also shows what would happen under a lower threshold: segments
    that fit two others.

    Parameters
    ----------
    target : Scene
        The truth. Small ones, of a few thousand pixels, are the most telling: pixels can be counted.
    pred : Scene, or mapping from str to Scene, optional
        The prediction to begin with, or several by name, among which the reader can choose; the page opens with
        the first. Left out: the truth itself.
    rule : {"> 0.5", "≥ 0.5", "> 0.4", "> 0.3"}
        The threshold to ask about. PQ itself always has the first.
    caption : str
        A line under the figure.

    Attributes
    ----------
    pieces : list of dict
        The predicted things as they lie now: class index ``label``, ``top``, ``left``, and ``shape``, rows of
        ``#`` and ``.``. Later ones lie over earlier ones.
    ground : str
        The predicted stuff below them, as label runs of class index + 1; 0 is void.
    selected : int or None
        Index of the piece that the reader works on.

    Raises
    ------
    ValueError
        If a prediction differs from the truth in size or categories.

    Notes
    -----
    All attributes are traits: in Jupyter, setting one changes the page, and what the reader does in the page
    sets them. `predicted` is the prediction on show, `quality` its panoptic quality; the page computes the same
    numbers by itself. The rules are those of `segedu.metrics.panoptic_quality`.

    Examples
    --------
    >>> from segedu import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> image = np.zeros((1, 8, 3), np.uint8)
    >>> target = Scene(image, [[0, 0, 1, 1, 1, 1, 0, 0]], [[0, 0, 1, 1, 1, 1, 0, 0]], (road, car))
    >>> widget = PanopticMatcher(target)
    >>> widget
    PanopticMatcher(Scene(1×8 pixels, 2 categories, 1 instances, 0.0 % void), caption='',
                    pieces=['car, 4 pixels at (0, 2)'], rule='> 0.5', selected=None)
    >>> widget.pieces = [{**widget.pieces[0], "left": 3}]
    >>> widget.quality
    PanopticQuality(pq=0.600, sq=0.600, rq=1.000, tp=2, fp=0, fn=0)
    """

    _esm = module("panoptic_rule", "panoptic_matcher")
    _css = stylesheet("panoptic_matcher")

    data = traitlets.Dict().tag(sync=True)
    ground = traitlets.Unicode().tag(sync=True)
    pieces = traitlets.List(traitlets.Dict()).tag(sync=True)
    selected = traitlets.Int(default_value=None, allow_none=True).tag(sync=True)
    rule = traitlets.Enum(RULES, default_value=RULES[0]).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        target: Scene,
        pred: Scene | Mapping[str, Scene] | None = None,
        rule: str = RULES[0],
        caption: str = "",
        **state: Any,
    ) -> None:
        if not isinstance(target, Scene):
            raise TypeError(f"PanopticMatcher: expected a segedu.Scene, got {type(target).__name__}")
        self.scene = target
        preds = {"The truth itself": target} if pred is None else pred
        if isinstance(preds, Scene):
            preds = {"As it was": preds}
        starts = [_start(name, scene, target) for name, scene in preds.items()]
        if not starts:
            raise ValueError("PanopticMatcher: expected at least one prediction to begin with, got none")
        first = {name: starts[0][name] for name in ("ground", "pieces")}
        super().__init__(data=_data(target, starts), rule=rule, caption=caption, **{**first, **state})

    @traitlets.validate("pieces")
    def _inside(self, proposal: dict[str, Any]) -> list[Piece]:
        return [_checked(piece, self.scene) for piece in proposal["value"]]

    @traitlets.validate("ground")
    def _stuff(self, proposal: dict[str, Any]) -> str:
        try:
            labels = decode_runs(proposal["value"], self.scene.size)
        except ValueError as error:
            raise traitlets.TraitError(f"ground: {error}") from None
        stuff = [label for label, category in enumerate(self.scene.categories) if not category.isthing]
        if not np.isin(labels - 1, [-1, *stuff]).all():
            raise traitlets.TraitError(
                f"ground: expected class index + 1 of stuff, or 0, got {np.unique(labels)}"
            )
        return proposal["value"]

    @traitlets.validate("selected")
    def _known(self, proposal: dict[str, Any]) -> int | None:
        selected = proposal["value"]
        if selected is not None and not 0 <= selected < len(self.pieces):
            raise traitlets.TraitError(
                f"selected: expected 0 to {len(self.pieces) - 1} or None, got {selected}"
            )
        return selected

    @traitlets.observe("pieces")
    def _forget_selection(self, change: dict[str, Any]) -> None:
        if self.selected is not None and self.selected >= len(change["new"]):
            self.selected = None

    @property
    def predicted(self) -> Scene:
        """The prediction on show."""
        labels = decode_runs(self.ground, self.scene.size)
        ground = np.where(labels == 0, VOID, labels - 1).astype(np.uint8)
        return put_together(self.scene, ground, self.pieces)

    @property
    def quality(self) -> PanopticQuality:
        """Panoptic quality of the prediction on show."""
        return panoptic_quality([self.predicted], [self.scene])

    def alt(self) -> str:
        quality = self.quality
        counts = [int(count.sum()) for count in (quality.tp, quality.fp, quality.fn)]
        score = "nothing to score" if np.isnan(quality.pq) else f"panoptic quality {quality.pq:.2f}"
        return (
            f"{plot.alt_text(self.scene, subject='The truth')} Beside it a prediction with "
            f"{plural(len(self.pieces), 'object')}. {plural(counts[0], 'match', 'matches')}, "
            f"{plural(counts[1], 'false positive')}, {plural(counts[2], 'false negative')}: {score}."
        )

    def still(self) -> str:
        height, width = self.scene.size
        gap = np.full((height, max(1, width // 18), 3), 255, np.uint8)
        both = [plot.panoptic_image(scene) for scene in (self.scene, self.predicted)]
        picture = np.hstack([both[0], gap, both[1]])
        cell = max(1, 640 // picture.shape[1])
        return picture_uri(picture.repeat(cell, axis=0).repeat(cell, axis=1), width=1024, quality=85)

    def static(self) -> bytes:
        height, width = self.scene.size
        figure = Figure(figsize=(7, 3.5 * height / width + 0.35), layout="constrained")
        truth, prediction = figure.subplots(1, 2)
        plot.show_panoptic(self.scene, ax=truth, opacity=1).set_title("Truth")
        plot.show_panoptic(self.predicted, ax=prediction, opacity=1)
        prediction.set_title(f"Prediction: PQ {self.quality.pq:.3f}")
        return png(figure)

    def __repr__(self) -> str:
        names = self.scene.categories
        pieces = [
            f"{names[p['label']].name}, {plural(sum(row.count('#') for row in p['shape']), 'pixel')} "
            f"at ({p['top']}, {p['left']})"
            for p in self.pieces
        ]
        return (
            f"PanopticMatcher({self.scene!r}, caption={self.caption!r}, pieces={pieces!r}, "
            f"rule={self.rule!r}, selected={self.selected!r})"
        )


def _start(name: str, scene: Scene, target: Scene) -> dict[str, Any]:
    if not isinstance(scene, Scene):
        raise TypeError(f"PanopticMatcher: expected predictions as segedu.Scene, got {type(scene).__name__}")
    if scene.size != target.size or scene.categories != target.categories:
        raise ValueError(
            f"PanopticMatcher: expected a prediction of {target.size} pixels with the categories of the truth, "
            f"got {scene.size} pixels and {len(scene.categories)} categories for {name!r}"
        )
    ground = ground_of(scene).astype(np.int32)
    runs = encode_runs(np.where(ground == VOID, 0, ground + 1))
    return {"name": name, "ground": runs, "pieces": pieces_of(scene)}


def _data(target: Scene, starts: list[dict[str, Any]]) -> dict[str, Any]:
    """What does not change: the truth, as the page reads it, and the predictions to begin with."""
    return {
        "size": list(target.size),
        "runs": encode_runs(target.segment_ids()),
        "segments": [{"label": s.label, "crowd": s.iscrowd} for s in target.segments()],
        "colors": ["#{:02x}{:02x}{:02x}".format(*color) for color in plot.segment_colors(target).tolist()],
        "categories": [
            {"name": c.name, "isthing": c.isthing, "color": "#{:02x}{:02x}{:02x}".format(*c.color)}
            for c in target.categories
        ],
        "starts": starts,
    }


def _checked(piece: Piece, scene: Scene) -> Piece:
    """A piece as it may lie in the picture; the page keeps to the same limits."""
    if piece.keys() != {"label", "top", "left", "shape"}:
        raise traitlets.TraitError(f"pieces: expected label, top, left and shape, got {', '.join(piece)}")
    label, top, left, shape = (piece[key] for key in ("label", "top", "left", "shape"))
    things = [k for k, category in enumerate(scene.categories) if category.isthing]
    if label not in things:
        raise traitlets.TraitError(f"pieces: expected a label of a thing, one of {things}, got {label!r}")
    rows = list(shape)
    if not rows or len({len(row) for row in rows}) > 1 or set("".join(rows)) not in ({"#"}, {"#", "."}):
        raise traitlets.TraitError(f"pieces: expected a shape of equally long rows of # and ., got {shape!r}")
    height, width = scene.size
    if not (0 <= top <= height - len(rows) and 0 <= left <= width - len(rows[0])):
        raise traitlets.TraitError(
            f"pieces: expected a piece of {len(rows)}×{len(rows[0])} pixels inside {height}×{width}, "
            f"got its corner at ({top}, {left})"
        )
    return {"label": int(label), "top": int(top), "left": int(left), "shape": rows}
