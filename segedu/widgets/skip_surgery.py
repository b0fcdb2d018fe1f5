"""A trained U-Net on the table: cut any of its four skips, and see what disappears."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure

from segedu import plot
from segedu.scene import Scene
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.runs import encode_runs
from segedu.widgets.scene_widget import picture_uri, scene_data
from segedu.widgets.skip_states import FILLS, SUBSETS, Outcome, error_picture, outcome, predictions, said

MAX_PIXELS = 128 * 256
"""Larger scenes would make the page heavy: it holds 31 predictions of each."""

MAX_SCENES = 4


class SkipSurgery(PageWidget):
    """A trained `UNet` and a few scenes: cut its skips, and see prediction, errors, and IoU of each class.

    Parameters
    ----------
    model : segedu.models.UNet
        In its padded form, trained on the scenes' categories.
    scenes : sequence of Scene
        1 to 4, all with the same categories, of at most 128 × 256 pixels each.
    scene : int
        Which of them is shown at first, from 0.
    cut : list of int
        Which skips are cut: 1 is the one of the image's size, 4 that of an eighth.
    fill : {"mean", "zero"}
        What a cut skip carries: each channel's mean over the image, or zeros. `segedu.models.cut_skips` says
        why the mean is the fairer cut.
    caption : str
        A line under the figure.

    Raises
    ------
    TypeError
        If the model is no UNet.
    ValueError
        If there is no scene or too many, if one is too large, if categories differ, or if the network has
        another number of classes.

    Notes
    -----
    `scene`, `cut`, `fill` and `caption` are traits: in Jupyter, setting one changes the page, and what the
    reader does in the page sets them. All sixteen ways to cut are computed beforehand, here: the page carries
    each prediction in runs, its IoU by `segedu.metrics`, and the sentence about it.

    Examples
    --------
    >>> from segedu.models import UNet
    >>> from segedu.synthetic import street_scene
    >>> surgery = SkipSurgery(UNet(3, 9, base_channels=1), [street_scene(7, (32, 32))], cut=[1, 2])
    >>> surgery.outcome().preds.shape
    (32, 32)
    """

    _esm = module("skip_surgery")
    _css = stylesheet("chips", "skip_surgery")

    data = traitlets.Dict().tag(sync=True)
    scene = traitlets.Int(0).tag(sync=True)
    cut = traitlets.List(traitlets.Int()).tag(sync=True)
    fill = traitlets.Enum(FILLS, default_value="mean").tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(self, model: Any, scenes: Sequence[Scene], **state: Any) -> None:
        self.scenes = _checked(scenes)
        self._outcomes = _outcomes(model, self.scenes)
        super().__init__(data=_data(model, self.scenes, self._outcomes), **state)

    @traitlets.validate("scene")
    def _one_of_them(self, proposal: dict[str, Any]) -> int:
        if not 0 <= proposal["value"] < len(self.scenes):
            raise traitlets.TraitError(f"scene: expected 0 to {len(self.scenes) - 1}, got {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("cut")
    def _skips(self, proposal: dict[str, Any]) -> list[int]:
        cut = sorted(set(proposal["value"]))
        if tuple(cut) not in SUBSETS:
            raise traitlets.TraitError(f"cut: expected some of 1, 2, 3 and 4, got {proposal['value']}")
        return cut

    def outcome(self) -> Outcome:
        """What is shown: the prediction, the IoU of each class, and which objects are found."""
        return self._outcomes[self.scene, self.fill, tuple(self.cut)]

    def whole(self) -> Outcome:
        """The same of the whole network."""
        return self._outcomes[self.scene, self.fill, ()]

    def said(self) -> str:
        """How good it is and what is gone, word for word what the page says."""
        return said(self.cut, self.outcome(), self.whole(), self.scenes[self.scene])

    def alt(self) -> str:
        street = plot.alt_text(self.scenes[self.scene], subject="A scene")
        fill = f" A cut skip carries its {self.fill}." if self.cut else ""
        return f"{street} A U-Net's prediction of it. {self.said()}{fill}"

    def still(self) -> str:
        picture = np.concatenate([pixels for _, pixels in self._pictures()], axis=1)
        cell = max(1, 960 // picture.shape[1])
        return picture_uri(picture.repeat(cell, axis=0).repeat(cell, axis=1), width=1024, quality=80)

    def static(self) -> bytes:
        height, width = self.scenes[self.scene].size
        figure = Figure(figsize=(9, 2.25 * height / width + 0.35), layout="constrained")
        for axis, (title, pixels) in zip(figure.subplots(1, 4), self._pictures(), strict=True):
            axis.imshow(pixels, interpolation="nearest")
            axis.set_title(title, fontsize=9)
            axis.set_axis_off()
        return png(figure)

    def __repr__(self) -> str:
        state = {name: value for name, value in self.state().items() if name != "data"}
        return f"SkipSurgery({len(self.scenes)} scenes, {', '.join(f'{k}={v!r}' for k, v in state.items())})"

    def _pictures(self) -> list[tuple[str, npt.NDArray[np.uint8]]]:
        """Image, truth, prediction and errors, each (H, W, 3) uint8, with their titles."""
        scene, preds = self.scenes[self.scene], self.outcome().preds
        colors = np.zeros((256, 3), np.uint8)
        colors[: len(scene.categories)] = [category.color for category in scene.categories]
        cut = f"without {', '.join(map(str, self.cut))}" if self.cut else "whole"
        return [
            ("image", scene.image),
            ("truth", colors[scene.semantic]),
            (f"prediction, {cut}", colors[preds]),
            ("errors", error_picture(scene, preds, self.whole().preds)),
        ]


def _checked(scenes: Sequence[Scene]) -> tuple[Scene, ...]:
    scenes = tuple(scenes)
    for scene in scenes:
        if not isinstance(scene, Scene):
            raise TypeError(f"scenes: expected objects of segedu.Scene, got {type(scene).__name__}")
        if scene.semantic.size > MAX_PIXELS:
            height, width = scene.size
            raise ValueError(
                f"scenes: expected at most {MAX_PIXELS:,} pixels each, got {height} × {width}; "
                "draw smaller ones, or cut a part out"
            )
    if not 1 <= len(scenes) <= MAX_SCENES:
        raise ValueError(f"scenes: expected 1 to {MAX_SCENES}, got {len(scenes)}")
    if len({scene.categories for scene in scenes}) > 1:
        raise ValueError("scenes: expected the same categories in all of them, got different ones")
    return scenes


def _outcomes(model: Any, scenes: tuple[Scene, ...]) -> dict[tuple[int, str, tuple[int, ...]], Outcome]:
    """What comes of each scene, each fill, and each set of cut skips."""
    outcomes: dict[tuple[int, str, tuple[int, ...]], Outcome] = {}
    for fill in FILLS:
        for cut in SUBSETS:
            if not cut and fill != FILLS[0]:  # nothing is cut, so nothing is filled
                outcomes |= {(k, fill, cut): outcomes[k, FILLS[0], cut] for k in range(len(scenes))}
                continue
            for k, preds in enumerate(predictions(model, scenes, cut, fill)):
                outcomes[k, fill, cut] = outcome(preds, scenes[k])
    return outcomes


def _data(
    model: Any, scenes: tuple[Scene, ...], outcomes: dict[tuple[int, str, tuple[int, ...]], Outcome]
) -> dict[str, Any]:
    """What does not change: scenes, the shapes of the skips, and what comes of every cut."""
    pages = []
    for k, scene in enumerate(scenes):
        carried = {
            fill: [_carried(outcomes[k, fill, cut], outcomes[k, fill, ()], cut, scene) for cut in SUBSETS]
            for fill in FILLS
        }
        pages.append(scene_data(scene) | {"outcomes": carried})
    ups = (model.up1, model.up2, model.up3, model.up4)
    return {
        "categories": pages[0]["categories"],
        "channels": [up.up.out_channels for up in ups] + [model.up4.up.in_channels],
        "scenes": pages,
    }


def _carried(now: Outcome, whole: Outcome, cut: tuple[int, ...], scene: Scene) -> dict[str, Any]:
    return {
        "runs": encode_runs(now.preds),
        "iou": [None if math.isnan(value) else value for value in now.iou.tolist()],
        "found": list(now.found),
        "said": said(cut, now, whole, scene),
    }
