"""Choose or paint two predictions; see their confusion matrices and every measure that follows from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure

from segedu import metrics, plot
from segedu.scene import NO_INSTANCE, VOID, Scene
from segedu.widgets.confusion_words import answers_about, cell_sentence, measures, ranking, share_of_row
from segedu.widgets.page import module, stylesheet
from segedu.widgets.prediction_edits import EditStep, PredictionEdit, opposite_pair, prediction_edits
from segedu.widgets.printing import png
from segedu.widgets.runs import decode_runs, encode_runs
from segedu.widgets.scene_widget import SceneWidget, composite, picture_uri
from segedu.widgets.sentences import score

SLOTS = ("a", "b")
VIEWS = ("preds", "errors", "truth")
BRUSH_SIZES = (1, 7, 21)
NO_BRUSH, TRUTH = "no brush", "the truth"
"""What `brush` can be, beside the name of a category."""

_PLAIN = ("shifted", "in blocks", "shrunk", "grown", "rare missed")  # edits that networks make, too
_HAND = "edited by hand"
_Labels = npt.NDArray[np.uint8]


class ConfusionMatrix(SceneWidget):
    """Two predictions of one scene: choose or paint them, read their matrices, see which one a measure prefers.

    Both start from typical mistakes (`prediction_edits`): shifted, in blocks, objects shrunk or grown, classes
    swapped or missed. The page counts the matrix of the prediction on show, rows = truth, and computes PA, MPA,
    mIoU, FWIoU and the scores of each class for both. A cell of the matrix lights up its pixels in the picture.
    With a brush, any class, or the truth, can be painted onto a prediction.

    Parameters
    ----------
    scene : Scene
        The truth.
    a, b : (H, W) integer array or Scene, optional
        The predictions to begin with: class indices, no void. Left out: the two of the typical mistakes that
        pixel accuracy and mean IoU rank in opposite order most clearly.
    shown : {"a", "b"}
        The prediction whose picture and matrix are on show.
    view : {"preds", "errors", "truth"}
        What the picture shows: the prediction, where it errs, or the true labels.
    cell : list of two int, or None
        True and predicted class of the chosen cell.
    brush : str
        ``"no brush"``, ``"the truth"`` or the name of a category: what is painted.
    brush_size : {1, 7, 21}
        Width of the square brush, in pixels.
    opacity : float
        How much of the labels covers the image, 0 to 1.
    caption : str
        A line under the figure.

    Raises
    ------
    ValueError
        If a prediction has another shape than the scene, or labels that are no class.

    Notes
    -----
    In Jupyter, setting any of these changes the page, and what the reader does in the page sets them. The page
    computes the same numbers by itself.

    Examples
    --------
    >>> from segedu import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> scene = Scene(np.zeros((1, 6, 3), np.uint8), [[1, 1, 0, 0, 0, 0]], [[1, 1, 0, 0, 0, 0]], (road, car))
    >>> widget = ConfusionMatrix(scene, a=[[1, 1, 1, 0, 0, 0]], b=[[0, 0, 0, 0, 0, 0]])
    >>> widget.names["a"]
    'shifted, 1 pixel'
    >>> widget.confmats["a"]
    array([[3, 1],
           [0, 2]])
    >>> print(widget.ranking)
    PA, MPA, mIoU and FWIoU prefer A.
    """

    _esm = module("strokes", "confusion_counts", "confusion_matrix")
    _css = stylesheet("chips", "confusion_matrix")

    a_runs = traitlets.Unicode().tag(sync=True)
    b_runs = traitlets.Unicode().tag(sync=True)
    shown = traitlets.Enum(SLOTS, default_value="a").tag(sync=True)
    view = traitlets.Enum(VIEWS, default_value="preds").tag(sync=True)
    cell = traitlets.List(traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)
    brush = traitlets.Unicode(NO_BRUSH).tag(sync=True)
    brush_size = traitlets.Enum(BRUSH_SIZES, default_value=7).tag(sync=True)

    def __init__(
        self,
        scene: Scene,
        a: npt.ArrayLike | Scene | None = None,
        b: npt.ArrayLike | Scene | None = None,
        *,
        caption: str = "",
        **state: Any,
    ) -> None:
        if not isinstance(scene, Scene):
            raise TypeError(f"ConfusionMatrix: expected a segedu.Scene, got {type(scene).__name__}")
        edits = prediction_edits(scene)
        plain = [step.preds for edit in edits if edit.name in _PLAIN for step in edit.steps]
        found = opposite_pair(scene, plain)
        pair = [plain[k] for k in found] if found else [edits[0].steps[0].preds] * 2
        start = [
            default if given is None else _labels(given, scene, slot)
            for slot, given, default in zip(SLOTS, (a, b), pair, strict=True)
        ]
        if opposite_pair(scene, start) is not None:
            pair = start
        self._edits = edits + _given(start, edits)
        self._opposite = (
            None if opposite_pair(scene, pair) is None else [encode_runs(labels) for labels in pair]
        )
        a_runs, b_runs = (encode_runs(labels) for labels in start)
        first = {"a_runs": a_runs, "b_runs": b_runs, "opacity": 0.75}
        super().__init__(scene, caption=caption, **{**first, **state})

    def _page_data(self, scene: Scene) -> dict[str, Any]:
        edits = [
            {
                "name": edit.name,
                "start": edit.start,
                "steps": [
                    {
                        "name": edit.step_name(k),
                        "label": step.label,
                        "runs": encode_runs(step.preds),
                        "note": step.note,
                    }
                    for k, step in enumerate(edit.steps)
                ],
            }
            for edit in self._edits
        ]
        return {**super()._page_data(scene), "edits": edits, "opposite": self._opposite}

    @traitlets.validate("a_runs", "b_runs")
    def _fits(self, proposal: dict[str, Any]) -> str:
        try:
            labels = decode_runs(proposal["value"], self.scene.size)
            _labels(labels, self.scene, proposal["trait"].name)
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None
        return proposal["value"]

    @traitlets.validate("cell")
    def _in_the_matrix(self, proposal: dict[str, Any]) -> list[int] | None:
        cell, classes = proposal["value"], len(self.scene.categories)
        if cell is not None and (len(cell) != 2 or not all(0 <= k < classes for k in cell)):
            raise traitlets.TraitError(
                f"cell: expected two classes from 0 to {classes - 1} or None, got {cell}"
            )
        return cell

    @traitlets.validate("brush")
    def _known(self, proposal: dict[str, Any]) -> str:
        known = [NO_BRUSH, TRUTH, *(category.name for category in self.scene.categories)]
        if proposal["value"] not in known:
            raise traitlets.TraitError(f"brush: expected one of {', '.join(known)}; got {proposal['value']!r}")
        return proposal["value"]

    @property
    def a(self) -> _Labels:
        """Prediction A, (H, W) uint8. Set it to a label map or a Scene."""
        return decode_runs(self.a_runs, self.scene.size).astype(np.uint8)

    @a.setter
    def a(self, labels: npt.ArrayLike | Scene) -> None:
        self.a_runs = encode_runs(_labels(labels, self.scene, "a"))

    @property
    def b(self) -> _Labels:
        """Prediction B, (H, W) uint8. Set it to a label map or a Scene."""
        return decode_runs(self.b_runs, self.scene.size).astype(np.uint8)

    @b.setter
    def b(self, labels: npt.ArrayLike | Scene) -> None:
        self.b_runs = encode_runs(_labels(labels, self.scene, "b"))

    @property
    def names(self) -> dict[str, str]:
        """What each prediction is: the edit and its strength, or ``"edited by hand"``."""
        known = {step["runs"]: step["name"] for edit in self.data["edits"] for step in edit["steps"]}
        return {"a": known.get(self.a_runs, _HAND), "b": known.get(self.b_runs, _HAND)}

    @property
    def confmats(self) -> dict[str, npt.NDArray[np.int64]]:
        """The confusion matrices of ``"a"`` and ``"b"``, (C, C) int64 each."""
        classes = len(self.scene.categories)
        return {
            slot: metrics.confusion_matrix(labels, self.scene.semantic, classes)
            for slot, labels in (("a", self.a), ("b", self.b))
        }

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """PA, MPA, mIoU and FWIoU of ``"a"`` and ``"b"``."""
        return {slot: measures(confmat) for slot, confmat in self.confmats.items()}

    @property
    def ranking(self) -> str:
        """Which prediction each measure prefers, word for word what the page says."""
        return ranking(**self.scores)

    def describe(self, row: int, col: int) -> dict[str, str]:
        """What the truth and both predictions call a pixel, word for word what the page reads out."""
        return answers_about(self.scene, self.a, self.b, row, col)

    def __repr__(self) -> str:
        names = {"a": self.names["a"], "b": self.names["b"]}
        rest = ("shown", "view", "cell", "brush", "brush_size", "opacity", "pixel", "caption")
        state = {**names, **{name: getattr(self, name) for name in rest}}
        return f"ConfusionMatrix({self.scene!r}, {', '.join(f'{k}={v!r}' for k, v in state.items())})"

    def alt(self) -> str:
        names, scores = self.names, self.scores
        said = " ".join(
            f"Prediction {slot.upper()}, {names[slot]}: "
            f"PA {score(scores[slot]['PA'])}, mIoU {score(scores[slot]['mIoU'])}."
            for slot in SLOTS
        )
        chosen = ""
        if self.cell is not None:
            classes = [category.name for category in self.scene.categories]
            chosen = f" {cell_sentence(self.confmats[self.shown], classes, *self.cell)}"
        return f"{plot.alt_text(self.scene, subject='The truth')} {said} {self.ranking}{chosen}"

    def still(self) -> str:
        return picture_uri(
            composite(self._predicted(self.shown), "semantic", self.opacity), width=640, quality=75
        )

    def static(self) -> bytes:
        classes = [category.name for category in self.scene.categories]
        figure = Figure(figsize=(8.5, 7.2), layout="constrained")
        axes = figure.subplots(2, 2, height_ratios=(1, 2), sharey="row")
        for k, slot in enumerate(SLOTS):
            confmat, found = self.confmats[slot], self.scores[slot]
            plot.show_semantic(self._predicted(slot), ax=axes[0, k], opacity=self.opacity)
            axes[0, k].set_title(f"{slot.upper()}: {self.names[slot]}", fontsize=10)
            totals = confmat.sum(axis=1, keepdims=True)
            axes[1, k].imshow(confmat / np.maximum(totals, 1), cmap="Blues", vmin=0, vmax=1)
            for i, j in np.argwhere(confmat).tolist():
                color = "white" if confmat[i, j] > totals[i, 0] / 2 else "black"
                share = share_of_row(int(confmat[i, j]), int(totals[i, 0]))
                axes[1, k].text(j, i, share, ha="center", va="center", color=color, fontsize=7)
            axes[1, k].set_xticks(range(len(classes)), classes, rotation=45, ha="right", fontsize=8)
            axes[1, k].set_title(f"PA {score(found['PA'])}, mIoU {score(found['mIoU'])}", fontsize=10)
        axes[1, 0].set_yticks(range(len(classes)), classes, fontsize=8)
        axes[1, 0].set_ylabel("truth; numbers are % of the row", fontsize=8)
        figure.supxlabel("prediction", fontsize=8)
        return png(figure)

    def _predicted(self, slot: str) -> Scene:
        labels = self.a if slot == "a" else self.b
        return replace(self.scene, semantic=labels, instance=np.full(self.scene.size, NO_INSTANCE, np.int32))


def _labels(given: npt.ArrayLike | Scene, scene: Scene, name: str) -> _Labels:
    """A prediction as the widget keeps it; `segedu.metrics` says what a label map may hold."""
    array = given.semantic if isinstance(given, Scene) else np.asarray(given)
    if array.shape != scene.size:
        raise ValueError(f"{name}: expected shape {scene.size} like the scene, got {array.shape}")
    classes = len(scene.categories)
    if not np.issubdtype(array.dtype, np.integer) or (array < 0).any() or (array >= classes).any():
        wrong = f"dtype {array.dtype}, labels {array.min()} to {array.max()}"
        void = " A prediction has no void." if (array == VOID).any() else ""
        raise ValueError(f"{name}: expected class indices from 0 to {classes - 1}, got {wrong}.{void}")
    return array.astype(np.uint8)


def _given(start: list[_Labels], edits: list[PredictionEdit]) -> list[PredictionEdit]:
    """The reader's own predictions, if they are none of the edits, so that the page can come back to them."""
    known = [step.preds for edit in edits for step in edit.steps]
    return [
        PredictionEdit(
            f"{slot.upper()} as given", (EditStep("", labels, "The prediction that the figure was given."),)
        )
        for slot, labels in zip(SLOTS, start, strict=True)
        if not any(np.array_equal(labels, other) for other in known)
    ]
