"""Stack layers, and see how much of a picture one number sees: the receptive field, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from segedu import plot
from segedu.scene import Scene
from segedu.widgets.layer_stacks import (
    LAYER_LIMITS,
    MAX_FIELD,
    MAX_LAYERS,
    Look,
    layer_name,
    looks,
    sentences,
    stack,
)
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.scene_widget import MAX_WIDTH, SMALL, picture_uri
from segedu.widgets.sentences import check_pixel
from segedu.widgets.stack_presets import STACK_PRESETS

ORANGE = "#d55e00"


class ReceptiveField(PageWidget):
    """Stack convolutions and poolings on a picture, and see the square that one number sees grow.

    The page shows the square on the picture, the table of all layers, and a view from the side: which numbers
    of each map the last one depends on. Layers can be added, changed, moved and removed.

    Parameters
    ----------
    scene : Scene
        Its image is shown; its labels are not needed.
    layers : iterable of mappings, optional
        The stack to begin with, such as ``[{"kind": "conv", "kernel": 3}, {"kind": "pool", "kernel": 2}]``.
        ``"stride"`` and ``"dilation"`` may be added. Left out: ten convolutions of 3 × 3.
    pixel : (int, int), optional
        Row and column around which the square lies. Left out: the middle.
    padded : bool
        Whether each layer pads its input by half of what its kernel spans, so that stride 1 keeps the size.
    caption : str
        A line under the figure.

    Attributes
    ----------
    selected : int
        The layer whose square is shown, counted from 1. At first the last one.

    Raises
    ------
    ValueError
        If a number of a layer is out of its limits, or the stack sees more than 4,096 pixels.

    Notes
    -----
    All of these are traits: in Jupyter, setting one changes the page, and what the reader does in the page sets
    them. The numbers come from `segedu.upsampling.receptive_field`; the page computes the same ones by itself.

    Examples
    --------
    >>> from segedu import synthetic
    >>> street = synthetic.street_scene(seed=2, size=(64, 128))
    >>> widget = ReceptiveField(street, [{"kind": "conv", "kernel": 3}] * 2, pixel=(32, 100))
    >>> widget
    ReceptiveField(64×128 pixels, 2 layers, field 5, stride 1, pixel=[32, 100], padded=True, caption='')
    >>> widget.look.box  # left, top, right, bottom
    (98, 30, 103, 35)
    """

    _esm = module("receptive_field")
    _css = stylesheet("chips", "receptive_field")

    data = traitlets.Dict().tag(sync=True)
    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    padded = traitlets.Bool(True).tag(sync=True)
    selected = traitlets.Int(1).tag(sync=True)
    pixel = traitlets.List(traitlets.Int()).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        scene: Scene,
        layers: Iterable[Mapping[str, Any]] | None = None,
        *,
        pixel: tuple[int, int] | None = None,
        padded: bool = True,
        caption: str = "",
        **state: Any,
    ) -> None:
        if not isinstance(scene, Scene):
            raise TypeError(f"ReceptiveField: expected a segedu.Scene, got {type(scene).__name__}")
        self.scene = scene
        checked = stack(STACK_PRESETS[1].layers if layers is None else layers)
        data = {
            "size": list(scene.size),
            "image": picture_uri(scene.image, width=MAX_WIDTH, quality=88),
            "smooth": scene.semantic.size > SMALL,
            "alt": plot.alt_text(scene),
            "limits": {**LAYER_LIMITS, "layers": MAX_LAYERS, "field": MAX_FIELD},
            "presets": [
                {"name": p.name, "layers": p.layers, "padded": p.padded, "note": p.note} for p in STACK_PRESETS
            ],
        }
        height, width = scene.size
        super().__init__(
            data=data,
            layers=checked,
            pixel=[height // 2, width // 2] if pixel is None else list(pixel),
            padded=padded,
            caption=caption,
            **{"selected": len(checked), **state},
        )

    @traitlets.validate("layers")
    def _sound(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return stack(proposal["value"])
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None

    @traitlets.observe("layers")
    def _still_selected(self, change: dict[str, Any]) -> None:
        self.selected = min(self.selected, len(change["new"]))

    @traitlets.validate("selected")
    def _a_layer(self, proposal: dict[str, Any]) -> int:
        if not 1 <= proposal["value"] <= len(self.layers):
            raise traitlets.TraitError(
                f"selected: expected a layer 1 to {len(self.layers)}, got {proposal['value']}"
            )
        return proposal["value"]

    @traitlets.validate("pixel")
    def _inside(self, proposal: dict[str, Any]) -> list[int]:
        pixel = proposal["value"]
        if len(pixel) != 2:
            raise traitlets.TraitError(f"pixel: expected [row, column], got {pixel!r}")
        try:
            check_pixel(self.scene, *pixel)
        except IndexError as error:
            raise traitlets.TraitError(str(error)) from None
        return pixel

    @property
    def looks(self) -> list[Look]:
        """What one number sees after each layer, around `pixel`."""
        row, col = self.pixel
        return looks(self.layers, padded=self.padded, size=self.scene.size, pixel=(row, col))

    @property
    def look(self) -> Look:
        """What one number sees after the selected layer."""
        return self.looks[self.selected - 1]

    def __repr__(self) -> str:
        (height, width), last = self.scene.size, self.looks[-1]
        return (
            f"ReceptiveField({height}×{width} pixels, {last.number} layers, field {last.field}, "
            f"stride {last.stride}, pixel={self.pixel!r}, padded={self.padded!r}, caption={self.caption!r})"
        )

    def alt(self) -> str:
        names = ", ".join(layer_name(layer) for layer in self.layers)
        return f"{self.data['alt']} On it the square that one number sees after: {names}. " + sentences(
            self.look, self.scene.size
        )

    def still(self) -> str:
        picture, box = self.scene.image.copy(), self.look.box
        if box is not None:
            left, top, right, bottom = (max(0, edge) for edge in box)
            outside = np.ones(self.scene.size, bool)
            outside[top:bottom, left:right] = False
            picture[outside] = picture[outside] // 2
            rim = np.zeros(self.scene.size, bool)
            rim[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2] = True
            rim[top:bottom, left:right] = False
            picture[rim] = 255
        return picture_uri(picture, width=640, quality=75)

    def static(self) -> bytes:
        figure = Figure(figsize=(7, 6), layout="constrained")
        photo, side = figure.subplots(2, 1, height_ratios=(3, 2))
        photo.imshow(self.scene.image)
        photo.set_axis_off()
        for look in self.looks[: self.selected]:
            if look.box is not None:
                left, top, right, bottom = look.box
                last = look.number == self.selected
                photo.add_patch(
                    Rectangle(
                        (left - 0.5, top - 0.5), right - left, bottom - top, fill=False,
                        edgecolor=ORANGE if last else "white", linewidth=2 if last else 0.7,
                    )
                )  # fmt: skip
        height, width = self.scene.size
        photo.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
        photo.set_title(f"After {self.selected} layers one number sees {self.look.field} × {self.look.field}")
        _draw_side(side, self.looks, [layer_name(layer) for layer in self.layers])
        return png(figure)


def _draw_side(axes: Axes, seen: list[Look], names: list[str]) -> None:
    """The fields of all layers below each other, as wide as they are, around a common middle."""
    sides = [1, *(look.field for look in seen)]
    for level, side in enumerate(sides):
        axes.barh(level, side, left=-side / 2, height=0.55, color="#56b4e9")
    edge = [(-side / 2, level) for level, side in enumerate(sides)]
    axes.add_patch(Polygon(edge + [(-x, y) for x, y in reversed(edge)], color="#56b4e9", alpha=0.25))
    axes.set(ylim=(len(seen) + 0.6, -0.6), xlabel="pixels that one number sees")
    axes.set_yticks(range(len(sides)), ["pixel", *names], fontsize=8)
