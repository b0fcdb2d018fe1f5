"""Watch a network learn: what it predicts after each epoch of a recorded run, beside its curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure

from segedu import plot
from segedu.scene import VOID, Scene
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.runs import encode_runs
from segedu.widgets.scene_widget import MAX_WIDTH, SMALL, picture_uri
from segedu.widgets.sentences import check_pixel, percent, plural, score

VIEWS = ("image", "prediction", "errors", "truth")
ERROR, RIGHT = (255, 180, 84), (18, 22, 30)
"""Colours of the view ``errors``: bright where the prediction is wrong, dark where it is right."""


class Recorded(Protocol):
    """What `TrainingPlayer` plays: a `segedu.training.Recording`, or anything with the same three parts."""

    scenes: tuple[Scene, ...]
    preds: tuple[npt.NDArray[np.uint8], ...]
    history: Any


class TrainingPlayer(PageWidget):
    """Go through the epochs of a training run, by hand or like a film.

    Parameters
    ----------
    recording : segedu.training.Recording
        Of one or two scenes.
    frame : int, optional
        Where to start: 0 is before any training, k after k epochs. Left out: the end.
    view : {"prediction", "errors", "truth", "image"}
        What the pictures show.
    caption : str
        A line under the figure.

    Attributes
    ----------
    selected : int or None
        A class whose curve is marked and whose pixels alone are shown: orange where it is predicted (or wrong,
        or true, by `view`), with a white line around where it is true.
    pixel : [scene, row, column] or None
        Where the reader points.

    Raises
    ------
    ValueError
        If the recording has no epoch, more than two scenes, or predictions that do not fit them.

    Notes
    -----
    All of these are traits: in Jupyter, setting one changes the page, and what the reader does in the page sets
    them. Whoever asked their system for less motion gets a button for the next epoch instead of a film.

    Examples
    --------
    One pixel of sky and one of void, and a network that got the sky right after its only epoch:

    >>> from types import SimpleNamespace
    >>> from segedu import Category
    >>> classes = (Category(0, "road", False, (128, 64, 128)), Category(1, "sky", False, (70, 130, 180)))
    >>> scene = Scene(np.zeros((1, 2, 3), np.uint8), [[1, 255]], [[0, 0]], classes)
    >>> epoch = SimpleNamespace(loss=0.5, learning_rate=0.01, mean_iou=1.0, iou_per_class=(math.nan, 1.0))
    >>> preds = np.array([[[0, 0]], [[1, 0]]], np.uint8)
    >>> history = SimpleNamespace(epochs=[epoch])
    >>> player = TrainingPlayer(SimpleNamespace(scenes=(scene,), preds=(preds,), history=history))
    >>> player
    TrainingPlayer(1 scene, 1 epoch, caption='', frame=1, pixel=None, selected=None, view='prediction')
    >>> player.sentence(0)
    'Before training. Right: 0.0 % of the pixels of the picture.'
    >>> player.describe(0, 0, 0, frame=1)
    'Row 0, column 0: sky. Predicted: sky.'
    """

    _esm = module("training_curves", "training_player")
    _css = stylesheet("chips", "training_player")

    data = traitlets.Dict().tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    view = traitlets.Enum(VIEWS, default_value="prediction").tag(sync=True)
    selected = traitlets.Int(default_value=None, allow_none=True).tag(sync=True)
    pixel = traitlets.List(traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        recording: Recorded,
        *,
        frame: int | None = None,
        view: str = "prediction",
        caption: str = "",
        **state: Any,
    ) -> None:
        self.recording = _checked(recording)
        self.epochs = list(recording.history.epochs)
        self.categories = recording.scenes[0].categories
        self._right = [
            [int(((p == scene.semantic) & (scene.semantic != VOID)).sum()) for p in preds]
            for scene, preds in zip(recording.scenes, recording.preds, strict=True)
        ]
        self._known = [int((scene.semantic != VOID).sum()) for scene in recording.scenes]
        data = {
            "categories": [
                {"name": c.name, "color": "#{:02x}{:02x}{:02x}".format(*c.color)} for c in self.categories
            ],
            "scenes": [
                _scene(scene, list(preds))
                for scene, preds in zip(recording.scenes, recording.preds, strict=True)
            ],
            "curves": {
                "loss": [_rounded(epoch.loss) for epoch in self.epochs],
                "rate": [_rounded(epoch.learning_rate) for epoch in self.epochs],
                "mean_iou": [_rounded(epoch.mean_iou) for epoch in self.epochs],
                "classes": [
                    [_rounded(epoch.iou_per_class[k]) for epoch in self.epochs]
                    for k in range(len(self.categories))
                ],
            },
            "losses": [f"{epoch.loss:.3f}" for epoch in self.epochs],
            "rates": [f"{epoch.learning_rate:.2g}" for epoch in self.epochs],
            "sentences": [self.sentence(k) for k in range(len(self.epochs) + 1)],
        }
        start = len(self.epochs) if frame is None else frame
        super().__init__(data=data, frame=start, view=view, caption=caption, **state)

    @traitlets.validate("frame")
    def _a_frame(self, proposal: dict[str, Any]) -> int:
        if not 0 <= proposal["value"] <= len(self.epochs):
            raise traitlets.TraitError(f"frame: expected 0 to {len(self.epochs)}, got {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("selected")
    def _a_class(self, proposal: dict[str, Any]) -> int | None:
        last = len(self.categories) - 1
        if proposal["value"] is not None and not 0 <= proposal["value"] <= last:
            raise traitlets.TraitError(
                f"selected: expected a class 0 to {last} or None, got {proposal['value']}"
            )
        return proposal["value"]

    @traitlets.validate("pixel")
    def _inside(self, proposal: dict[str, Any]) -> list[int] | None:
        pixel = proposal["value"]
        if pixel is None:
            return None
        if len(pixel) != 3 or not 0 <= pixel[0] < len(self.recording.scenes):
            raise traitlets.TraitError(f"pixel: expected [scene, row, column] or None, got {pixel!r}")
        try:
            check_pixel(self.recording.scenes[pixel[0]], *pixel[1:])
        except IndexError as error:
            raise traitlets.TraitError(str(error)) from None
        return pixel

    def sentence(self, frame: int) -> str:
        """What the page says about a frame."""
        shares = [percent(right[frame], known) for right, known in zip(self._right, self._known, strict=True)]
        pictures = "the picture" if len(shares) == 1 else "the pictures"
        right = f"Right: {' and '.join(shares)} of the pixels of {pictures}."
        if frame == 0:
            return f"Before training. {right}"
        epoch = self.epochs[frame - 1]
        parts = [
            f"After epoch {frame} of {len(self.epochs)}: training loss {epoch.loss:.3f}, "
            f"validation mIoU {score(epoch.mean_iou)}."
        ]
        known = [
            (iou, c.name) for iou, c in zip(epoch.iou_per_class, self.categories, strict=True) if iou == iou
        ]
        if known:
            (best, best_name), (worst, worst_name) = max(known), min(known)
            parts.append(f"Best class: {best_name}, {score(best)}; worst: {worst_name}, {score(worst)}.")
        return " ".join([*parts, right])

    def describe(self, scene: int, row: int, col: int, *, frame: int | None = None) -> str:
        """What a pixel is, and what the network took it for, word for word what the page says."""
        check_pixel(self.recording.scenes[scene], row, col)
        truth = int(self.recording.scenes[scene].semantic[row, col])
        said = int(self.recording.preds[scene][self.frame if frame is None else frame, row, col])
        name = "void, which does not count" if truth == VOID else self.categories[truth].name
        return f"Row {row}, column {col}: {name}. Predicted: {self.categories[said].name}."

    def __repr__(self) -> str:
        state = {name: value for name, value in self.state().items() if name != "data"}
        length = f"{plural(len(self.recording.scenes), 'scene')}, {plural(len(self.epochs), 'epoch')}"
        return f"TrainingPlayer({length}, {', '.join(f'{k}={v!r}' for k, v in state.items())})"

    def alt(self) -> str:
        return (
            f"What a network predicts while it is trained for {plural(len(self.epochs), 'epoch')}, and its "
            f"curves. {self.sentence(self.frame)}"
        )

    def picture(self, scene: int) -> npt.NDArray[np.uint8]:
        """A scene as the page shows it now, (H, W, 3) uint8."""
        shown = self.recording.scenes[scene]
        if self.view == "image":
            return shown.image
        preds = self.recording.preds[scene][self.frame]
        palette = np.full((VOID + 1, 3), 144, np.uint8)  # grey where void
        palette[: len(self.categories)] = [category.color for category in self.categories]
        if self.view == "errors":
            picture = np.where(
                (preds != shown.semantic)[..., None], np.array(ERROR, np.uint8), np.array(RIGHT, np.uint8)
            )
            return np.where((shown.semantic == VOID)[..., None], palette[VOID], picture)
        return palette[preds if self.view == "prediction" else shown.semantic]

    def still(self) -> str:
        height = max(scene.size[0] for scene in self.recording.scenes)
        gap = np.full((height, 4, 3), 255, np.uint8)
        parts: list[npt.NDArray[np.uint8]] = []
        for k, scene in enumerate(self.recording.scenes):
            below = np.full((height - scene.size[0], scene.size[1], 3), 255, np.uint8)
            parts += [gap, np.concatenate([self.picture(k), below])]
        return picture_uri(np.concatenate(parts[1:], axis=1), width=640, quality=85)

    def static(self) -> bytes:
        scenes, now = self.recording.scenes, self.frame
        figure = Figure(figsize=(7, 5.4), layout="constrained")
        (above,), (below,) = figure.subfigures(2, 1, squeeze=False, height_ratios=(3, 2))
        for k, axis in enumerate(np.atleast_1d(above.subplots(1, len(scenes)))):
            axis.imshow(self.picture(k), interpolation="nearest")
            axis.set_axis_off()
        above.suptitle("before training" if now == 0 else f"after epoch {now} of {len(self.epochs)}")
        steps = np.arange(1, len(self.epochs) + 1)
        left, right = below.subplots(1, 2)
        left.plot(steps, [epoch.loss for epoch in self.epochs], color="#0072b2")
        left.set(title="training loss", xlabel="epoch", ylim=(0, None))
        for k, category in enumerate(self.categories):
            values = [epoch.iou_per_class[k] for epoch in self.epochs]
            right.plot(steps, values, color=np.array(category.color) / 255, label=category.name)
        right.plot(steps, [epoch.mean_iou for epoch in self.epochs], color="black", lw=2, label="mean")
        right.set(title="validation IoU", xlabel="epoch", ylim=(0, 1))
        right.legend(fontsize=6, ncols=2)
        for axis in (left, right):
            axis.axvline(now, color="#8a93a0", lw=1)
        return png(figure)


def _checked(recording: Recorded) -> Recorded:
    scenes, preds, epochs = recording.scenes, recording.preds, recording.history.epochs
    if not 1 <= len(scenes) <= 2:
        raise ValueError(
            f"recording: expected one or two scenes, got {len(scenes)}; record fewer, or leave some out"
        )
    if not epochs:
        raise ValueError("recording: expected at least one epoch, got none")
    categories = scenes[0].categories
    for scene, said in zip(scenes, preds, strict=True):
        if scene.categories != categories:
            raise ValueError("recording: expected scenes of the same categories, got different ones")
        expected = (len(epochs) + 1, *scene.size)
        if said.shape != expected or said.max() >= len(categories):
            raise ValueError(
                f"recording: expected predictions of shape {expected}, classes 0 to {len(categories) - 1}, "
                f"got shape {said.shape}, highest class {said.max()}"
            )
    return recording


def _scene(scene: Scene, preds: Sequence[npt.NDArray[np.uint8]]) -> dict[str, Any]:
    """A scene as the page reads it; in the label maps 0 is void and k + 1 is class k."""
    truth = np.where(scene.semantic == VOID, 0, scene.semantic.astype(np.int32) + 1)
    return {
        "size": list(scene.size),
        "image": picture_uri(scene.image, width=MAX_WIDTH, quality=88),
        "smooth": scene.semantic.size > SMALL,
        "alt": plot.alt_text(scene),
        "truth": encode_runs(truth),
        "preds": [encode_runs(p.astype(np.int32) + 1) for p in preds],
    }


def _rounded(value: float) -> float | None:
    """JSON has no NaN; five digits are more than a screen shows."""
    return None if math.isnan(value) else float(f"{value:.5g}")
