"""Two ways to grow a small map, side by side under a divider that the reader drags."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure
from PIL import Image

from segedu import plot, synthetic
from segedu.scene import VOID, Scene
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.upsampling_methods import FACTORS, METHODS, fitted_kernel, kernel_size
from segedu.widgets.upsampling_states import CONTENTS, Shown, about, error_picture, original, shown

MAX_PIXELS = 128 * 128
"""Larger scenes would make the page heavy: it holds more than a hundred pictures."""

PAIRS = (
    ("Checkerboard", "ones", 2, "transposed 1.5 constant", "transposed 2 constant",
     "Stamps of 3 × 3, two apart, pile up unevenly. One pixel more, and the inside is uniform."),
    ("On the picture", "picture", 4, "transposed 1.5 constant", "bilinear",
     "The same stamps on the street. Nothing in the picture is to blame for the pattern."),
    ("Random weights", "ones", 4, "transposed 2 random", "resize random",
     "Uniform overlap does not save random weights. Resizing first does, up to the rim."),
    ("Dark rim", "ones", 4, "transposed 2 bilinear", "bilinear",
     "The same interpolation inside. At the rim the stamps of the neighbours outside are missing."),
    ("Corners", "labels", 8, "bilinear aligned", "bilinear",
     "One option, and everything moves. Look at the pole and at the outer borders."),
    ("Labels", "labels", 8, "nearest", "bilinear",
     "The same scores. Nearest copies the winner of each block, bilinear lets neighbours vote."),
    ("Unpooling", "picture", 2, "unpool", "original",
     "The maxima are back in their places. Three of four pixels are zero."),
    ("Learnt", "picture", 4, "transposed 2.5 fitted", "bilinear",
     "Weights fitted to another street against weights that nobody had to learn."),
)  # fmt: skip
"""Comparisons worth a look: name, content, factor, left, right, and what to look at."""


class UpsamplingLab(PageWidget):
    """A scene shrunk and grown again, by any two methods, with a divider between them and the errors below.

    Parameters
    ----------
    scene : Scene
        At most 128 × 128 pixels or as many in another shape; sides divisible by 8. Its picture, its labels and
        a map of ones are shrunk to a half, a quarter and an eighth.
    content : {"picture", "labels", "ones"}
        What is shown at first. Labels are grown as scores, one map a class. On a map of ones, every pixel that
        is not 1 is the method's own doing.
    factor : {2, 4, 8}
    left, right : str
        The methods on both sides, of `METHODS`; `upsample` says what they mean.
    show : {"result", "error"}
    divider : float
        Which share of the width belongs to the left, 0 to 1.
    train : Scene, optional
        Where fitted weights are learnt from; left out: a synthetic street.
    caption : str
        A line under the figure.

    Raises
    ------
    ValueError
        If the scene is too large, or its sides are not divisible by 8.

    Notes
    -----
    All of these but `scene` and `train` are traits: in Jupyter, setting one changes the page, and what the
    reader does in the page sets them. Everything that the page shows is computed beforehand, here: it carries
    the pixels of each state, lossless, and the sentences about them.

    Examples
    --------
    >>> from segedu import Category
    >>> sky, wall = Category(0, "sky", False, (70, 130, 180)), Category(1, "wall", False, (90, 90, 90))
    >>> labels = np.kron([[0, 1], [1, 1]], np.ones((32, 32), int))
    >>> scene = Scene(np.full((64, 64, 3), 100, np.uint8), labels, np.zeros((64, 64), int), (sky, wall))
    >>> lab = UpsamplingLab(scene, content="ones", factor=2, left="transposed 1.5 constant", right="bilinear")
    >>> lab.measured(lab.left)
    '0.44 to 1.78 inside, 1.78 at the rim'
    >>> lab.measured(lab.right)
    '1.00 inside, 1.00 at the rim'
    """

    _esm = module("upsampling_lab")
    _css = stylesheet("chips", "upsampling_lab")

    data = traitlets.Dict().tag(sync=True)
    content = traitlets.Enum(CONTENTS, default_value="picture").tag(sync=True)
    factor = traitlets.Enum(FACTORS, default_value=4).tag(sync=True)
    left = traitlets.Enum(METHODS, default_value="transposed 1.5 constant").tag(sync=True)
    right = traitlets.Enum(METHODS, default_value="bilinear").tag(sync=True)
    show = traitlets.Enum(("result", "error"), default_value="result").tag(sync=True)
    divider = traitlets.Float(0.5, min=0.0, max=1.0).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(self, scene: Scene, *, train: Scene | None = None, **state: Any) -> None:
        if not isinstance(scene, Scene):
            raise TypeError(f"UpsamplingLab: expected a segedu.Scene, got {type(scene).__name__}")
        height, width = scene.size
        if height % 8 or width % 8 or min(height, width) < 64 or height * width > MAX_PIXELS:
            raise ValueError(
                f"scene: expected sides of 64 pixels at least, divisible by 8, and at most {MAX_PIXELS:,} "
                f"pixels, got {height} × {width}; cut a part out of it"
            )
        self.scene = scene
        learnt = synthetic.street_scene(seed=3, size=(96, 192), light="day") if train is None else train
        self._states = _states(scene, learnt.image.mean(axis=2))
        super().__init__(data=_data(scene, self._states), **state)

    def measured(self, method: str) -> str:
        """How far a method is off on what is shown, word for word what the page says."""
        return self._state(method).said

    def _state(self, method: str) -> Shown:
        return self._states[self.factor, method][self.content]

    def alt(self) -> str:
        height, width = self.scene.size
        small = f"{height // self.factor} × {width // self.factor}"
        what = {
            "picture": plot.alt_text(self.scene, subject="A street"),
            "labels": "The labels of a street.",
            "ones": "A map of ones.",
        }[self.content]
        sides = "; ".join(
            f"on the {side} {title(method, self.factor)}: {self.measured(method)}"
            for side, method in (("left", self.left), ("right", self.right))
        )
        return f"{what} Shrunk to {small} and grown to {height} × {width} again, {sides}."

    def still(self) -> str:
        picture = self._split(self.show == "error")
        cell = max(1, 720 // picture.shape[1])
        return _uri(picture.repeat(cell, axis=0).repeat(cell, axis=1))

    def static(self) -> bytes:
        height, width = self.scene.size
        figure = Figure(figsize=(8, 8 * height / width + 0.6), layout="constrained")
        axes = figure.subplots(2, 2)
        for column, method in zip(axes.T, (self.left, self.right), strict=True):
            state = self._state(method)
            column[0].imshow(_colored(self.scene, self.content, state.pixels))
            column[0].set_title(title(method, self.factor))
            column[1].imshow(error_picture(self.scene, self.content, state.pixels))
            column[1].set_title(f"error: {state.said}", fontsize=10)
        for axis in axes.flat:
            axis.set_axis_off()
        return png(figure)

    def __repr__(self) -> str:
        state = {name: value for name, value in self.state().items() if name != "data"}
        return f"UpsamplingLab({self.scene!r}, {', '.join(f'{k}={v!r}' for k, v in state.items())})"

    def _split(self, error: bool) -> npt.NDArray[np.uint8]:
        """What the page paints: both sides, and a white line at the divider."""
        both = [
            error_picture(self.scene, self.content, self._state(method).pixels)
            if error
            else _colored(self.scene, self.content, self._state(method).pixels)
            for method in (self.left, self.right)
        ]
        column = round(self.divider * self.scene.size[1])
        picture = np.hstack([both[0][:, :column], both[1][:, column:]])
        picture[:, max(0, column - 1) : column + 1] = 255
        return picture


def title(method: str, factor: int) -> str:
    """The short name of a method, as it stands in the picture.

    Examples
    --------
    >>> title("transposed 1.5 constant", 2), title("bilinear aligned", 2), title("resize fitted", 2)
    ('transposed 3 × 3, equal', 'bilinear, align_corners', 'resize + 3 × 3, fitted')
    """
    kind, *rest = method.split()
    k = kernel_size(method, factor)
    if kind == "transposed" or kind == "resize":
        weights = "equal" if rest[-1] == "constant" else rest[-1]
        return f"{kind}{' +' if kind == 'resize' else ''} {k} × {k}, {weights}"
    if method == "unpool fitted":
        return f"unpool + {k} × {k}, fitted"
    return "bilinear, align_corners" if rest else kind


def _states(scene: Scene, train: npt.NDArray[np.float64]) -> dict[tuple[int, str], dict[str, Shown]]:
    states = {}
    for factor in FACTORS:
        for method in METHODS:
            kernel = fitted_kernel(method, factor, train) if method.endswith("fitted") else None
            states[factor, method] = {c: shown(scene, c, method, factor, kernel) for c in CONTENTS}
    return states


def _data(scene: Scene, states: dict[tuple[int, str], dict[str, Shown]]) -> dict[str, Any]:
    """What does not change: each picture once, and for each state which it is and what is said of it."""
    pictures: dict[str, int] = {}
    results: dict[str, dict[str, Any]] = {str(factor): {} for factor in FACTORS}
    for (factor, method), contents in states.items():
        results[str(factor)][method] = {
            "title": title(method, factor),
            "about": about(method, factor),
            "kernel": kernel_size(method, factor),
            **{
                content: {
                    "picture": pictures.setdefault(_uri(state.pixels), len(pictures)),
                    "error": round(state.error, 4),
                    "said": state.said,
                }
                for content, state in contents.items()
            },
        }
    return {
        "size": list(scene.size),
        "categories": [{"name": category.name, "color": list(category.color)} for category in scene.categories],
        "present": [label for label in np.unique(scene.semantic).tolist() if label != VOID],
        "void": VOID,
        "originals": {content: _uri(original(scene, content)) for content in CONTENTS},
        "results": results,
        "pictures": list(pictures),
        "pairs": [
            dict(zip(("name", "content", "factor", "left", "right", "note"), pair, strict=True))
            for pair in PAIRS
        ],
    }


def _colored(scene: Scene, content: str, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if content == "picture":
        return pixels
    if content == "ones":
        return np.repeat(pixels[..., None], 3, axis=2)
    colors = np.zeros((256, 3), np.uint8)
    colors[: len(scene.categories)] = [category.color for category in scene.categories]
    return colors[pixels]


def _uri(pixels: npt.NDArray[np.uint8]) -> str:
    """Pixels as a ``data:`` URI that loses nothing."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", lossless=True, quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
