"""What the widgets about one scene share: the scene itself, as traits that a page can read."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets
from PIL import Image

from segedu import plot
from segedu.scene import Scene
from segedu.widgets.page import PageWidget
from segedu.widgets.runs import encode_runs
from segedu.widgets.sentences import check_pixel

MAX_WIDTH = 1024
"""Width of the photograph in the page, in pixels; the labels keep their own size."""

SMALL = 64 * 64
"""Images of at most so many pixels are sent as they are and shown as squares, wider ones as JPEG."""

VIEWS = ("image", "semantic", "instance", "panoptic")


class SceneWidget(PageWidget):
    """A widget that shows one scene, which it keeps in `data` as the page reads it."""

    data = traitlets.Dict().tag(sync=True)
    opacity = traitlets.Float(0.6, min=0.0, max=1.0).tag(sync=True)
    pixel = traitlets.List(traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(self, scene: Scene, **state: Any) -> None:
        if not isinstance(scene, Scene):
            raise TypeError(f"{type(self).__name__}: expected a segedu.Scene, got {type(scene).__name__}")
        self.scene = scene
        super().__init__(data=self._page_data(scene), **state)

    def _page_data(self, scene: Scene) -> dict[str, Any]:
        return scene_data(scene)

    @traitlets.validate("pixel")
    def _inside(self, proposal: dict[str, Any]) -> list[int] | None:
        pixel = proposal["value"]
        if pixel is None:
            return None
        if len(pixel) != 2:
            raise traitlets.TraitError(f"pixel: expected [row, column] or None, got {pixel!r}")
        try:
            check_pixel(self.scene, *pixel)
        except IndexError as error:
            raise traitlets.TraitError(str(error)) from None
        return pixel

    def alt(self) -> str:
        return plot.alt_text(self.scene)

    def still(self) -> str:
        return picture_uri(composite(self.scene, "panoptic", self.opacity), width=640, quality=75)

    def __repr__(self) -> str:
        state = {name: value for name, value in self.state().items() if name != "data"}
        return f"{type(self).__name__}({self.scene!r}, {', '.join(f'{k}={v!r}' for k, v in state.items())})"


def composite(scene: Scene, view: str, opacity: float = 0.6) -> npt.NDArray[np.uint8]:
    """The picture as a page shows it, (H, W, 3) uint8: the image, the labels over it, white borders."""
    if view == "image":
        return scene.image
    ids = scene.segment_ids()
    if view == "semantic":
        colors, regions = plot.semantic_image(scene), scene.semantic.astype(np.int32)
    elif view == "instance":
        isthing = np.array([False, *(segment.isthing for segment in scene.segments())])
        colors, regions = plot.instance_image(scene), np.where(isthing[ids], ids, 0)
    else:
        colors, regions = plot.panoptic_image(scene), ids
    picture = plot.overlay(scene.image, colors, opacity=opacity)
    picture[plot.borders(regions)] = 255
    return picture


def scene_data(scene: Scene) -> dict[str, Any]:
    """A scene as the page reads it: photograph, label map in runs, tables of segments and categories.

    ``segments[k - 1]`` belongs to id ``k`` of the label map, as in ``Scene.segments``; 0 is void.
    """
    return {
        "size": list(scene.size),
        "image": picture_uri(scene.image, width=MAX_WIDTH, quality=88),
        "smooth": scene.semantic.size > SMALL,
        "alt": plot.alt_text(scene),
        "runs": encode_runs(scene.segment_ids()),
        "segments": [{"label": s.label, "instance": s.instance, "area": s.area} for s in scene.segments()],
        "colors": [_hex(color) for color in plot.segment_colors(scene).tolist()],
        "categories": [
            {"name": category.name, "isthing": category.isthing, "color": _hex(category.color)}
            for category in scene.categories
        ],
    }


def picture_uri(image: npt.NDArray[np.uint8], *, width: int, quality: int) -> str:
    """An (H, W, 3) uint8 image as a ``data:`` URI, made narrower if it is wider than `width`.

    JPEG, or for a handful of pixels BMP, which loses nothing.
    """
    picture = Image.fromarray(image)
    stream = io.BytesIO()
    if picture.width * picture.height <= SMALL:
        picture.save(stream, "BMP")
        kind = "bmp"
    else:
        if picture.width > width:
            height = max(1, round(picture.height * width / picture.width))
            picture = picture.resize((width, height), Image.Resampling.LANCZOS)
        picture.save(stream, "JPEG", quality=quality, optimize=True)
        kind = "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def _hex(color: Any) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
