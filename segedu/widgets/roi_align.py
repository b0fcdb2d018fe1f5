"""Drag a box over a feature map, and see what RoIAlign reads there, and what RoIPool takes instead."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.scene_widget import picture_uri
from segedu.widgets.sentences import plural

MAX_PLACES = 40
"""The largest height and width of a map: cells of more could not be told apart on a phone."""

MAX_BINS = 7
RATIOS = (1, 2, 4)
"""Points for each axis of a bin that a reader can choose; None takes as many as a bin is long."""

LOW, HIGH, ORANGE = "#f2f6fb", "#0b4f86", "#d55e00"
_Floats = npt.NDArray[np.float64]


class RoIAlign(PageWidget):
    """A feature map with a box on it: bins, sampling points and results of RoIAlign, and RoIPool's beside them.

    The box can be moved and resized by mouse, finger and arrow keys, in pixels of the image. The page shows
    which places of the map RoIPool rounds it to, and for the bin that the reader points at, what is read there.

    Parameters
    ----------
    features : (h, w) array
        One channel of a feature map; from 2×2 to 40×40. Stored with three decimals.
    stride : int
        Pixels of the image between two places of the map.
    box : (int, int, int, int), optional
        xyxy, in pixels of the image. Left out: one that covers the middle, off the grid.
    bins : int
        Rows and columns of the result, 1 to 7.
    sampling_ratio : {None, 1, 2, 4}
        As in `segedu.models.detection.roi_align`.
    aligned : bool
        As there.
    image : (h · stride, w · stride, 3) uint8 array, optional
        What the map was made of; the reader can look at it behind the box.
    caption : str
        A line under the figure.

    Attributes
    ----------
    cell : (int, int) or None
        Row and column of the bin that is looked at.
    shown : {"map", "image"}
        What lies behind the box.

    Raises
    ------
    ValueError
        If sizes do not fit.

    Notes
    -----
    All of these are traits: in Jupyter, setting one changes the page, and what the reader does in the page sets
    them. `by_align` and `by_pool` are the results, by `segedu.models.detection`, which needs PyTorch; the page
    computes the same numbers by itself.

    Examples
    --------
    >>> widget = RoIAlign(np.arange(24).reshape(4, 6), stride=8, box=(8, 8, 24, 24))
    >>> widget
    RoIAlign(4×6 places of stride 8, box=[8, 8, 24, 24], bins=2, sampling_ratio=None, aligned=True,
             cell=None, shown='map', caption='')
    >>> widget.by_align  # the box covers columns 1 and 2 of rows 1 and 2, one place a bin
    array([[ 7.,  8.],
           [13., 14.]])
    >>> widget.by_pool  # its last row and column belong to the next places
    array([[14., 15.],
           [20., 21.]])
    """

    _esm = module("grids", "roi_align")
    _css = stylesheet("grids", "roi_align")

    data = traitlets.Dict().tag(sync=True)
    box = traitlets.List(traitlets.Int()).tag(sync=True)
    bins = traitlets.Int(2, min=1, max=MAX_BINS).tag(sync=True)
    sampling_ratio = traitlets.Enum(RATIOS, default_value=None, allow_none=True).tag(sync=True)
    aligned = traitlets.Bool(True).tag(sync=True)
    cell = traitlets.List(traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)
    shown = traitlets.Enum(("map", "image"), default_value="map").tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        features: npt.ArrayLike,
        *,
        stride: int = 16,
        box: Sequence[int] | None = None,
        image: npt.NDArray[np.uint8] | None = None,
        **state: Any,
    ) -> None:
        values = np.asarray(features, np.float64).round(3)
        if values.ndim != 2 or not all(2 <= side <= MAX_PLACES for side in values.shape):
            raise ValueError(
                f"features: expected one channel (h, w) of 2×2 to {MAX_PLACES}×{MAX_PLACES} places, got shape "
                f"{values.shape}; take the channel k of (C, h, w) by features[k]"
            )
        if not np.isfinite(values).all():
            raise ValueError("features: expected finite numbers, got NaN or infinity")
        if int(stride) != stride or stride < 1:
            raise ValueError(f"stride: expected an integer of at least 1, got {stride!r}")
        self.features, self.stride = values, int(stride)
        self.size = (values.shape[0] * self.stride, values.shape[1] * self.stride)
        if image is not None and image.shape != (*self.size, 3):
            raise ValueError(f"image: expected shape {(*self.size, 3)}, map times stride, got {image.shape}")
        height, width = self.size
        middle = [width // 3 - stride // 4, height // 4 + stride // 3, 3 * width // 4, 4 * height // 5]
        super().__init__(
            data={
                "features": values.tolist(),
                "stride": self.stride,
                "image": None if image is None else picture_uri(image, width=1024, quality=85),
            },
            box=[int(edge) for edge in (middle if box is None else box)],
            **state,
        )

    @traitlets.validate("box")
    def _inside(self, proposal: dict[str, Any]) -> list[int]:
        box, (height, width) = proposal["value"], self.size
        if len(box) != 4 or not (0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height):
            raise traitlets.TraitError(
                f"box: expected left < right in 0 to {width} and top < bottom in 0 to {height}, got {box}"
            )
        return box

    @traitlets.validate("cell")
    def _a_bin(self, proposal: dict[str, Any]) -> list[int] | None:
        cell = proposal["value"]
        if cell is not None and (len(cell) != 2 or not all(0 <= k < self.bins for k in cell)):
            raise traitlets.TraitError(f"cell: expected [row, column] below {self.bins} or None, got {cell}")
        return cell

    @traitlets.validate("shown")
    def _there(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] == "image" and self.data["image"] is None:
            raise traitlets.TraitError("shown: expected 'map', for there is no image; give one as image=…")
        return proposal["value"]

    @traitlets.observe("bins")
    def _forget_cell(self, change: dict[str, Any]) -> None:
        if self.cell is not None and max(self.cell) >= change["new"]:
            self.set_trait("cell", None)

    @property
    def by_align(self) -> _Floats:
        """What RoIAlign makes of the box, (bins, bins)."""
        import torch

        from segedu.models.detection import roi_align

        return roi_align(
            torch.from_numpy(self.features)[None],
            torch.tensor([self.box], dtype=torch.float64) / self.stride,
            output_size=(self.bins, self.bins),
            sampling_ratio=self.sampling_ratio,
            aligned=self.aligned,
        )[0, 0].numpy()

    @property
    def by_pool(self) -> _Floats:
        """What RoIPool makes of the box, (bins, bins)."""
        import torch

        from segedu.models.detection import roi_pool

        return roi_pool(
            torch.from_numpy(self.features)[None],
            torch.tensor([self.box], dtype=torch.float64) / self.stride,
            output_size=(self.bins, self.bins),
        )[0, 0].numpy()

    def __repr__(self) -> str:
        rows, cols = self.features.shape
        names = ("box", "bins", "sampling_ratio", "aligned", "cell", "shown", "caption")
        state = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"RoIAlign({rows}×{cols} places of stride {self.stride}, {state})"

    def alt(self) -> str:
        rows, cols = self.features.shape
        said = box_sentence(self.box, self.stride, self.bins, self.sampling_ratio, self.aligned)
        results = "; ".join(
            f"{name} gives {', '.join(f'{value:.2f}' for value in values.ravel())}"
            for name, values in (("RoIAlign", self.by_align), ("RoIPool", self.by_pool))
        )
        return f"A feature map of {rows} × {cols} places with a box on it. {said} Row by row, {results}."

    def still(self) -> str:
        return f"data:image/png;base64,{base64.b64encode(self.static()).decode('ascii')}"

    def static(self) -> bytes:
        ramp = LinearSegmentedColormap.from_list("ramp", [LOW, HIGH])
        low, high = self.features.min(), self.features.max()
        figure = Figure(figsize=(7, 3.4), layout="constrained")
        spots = figure.subplot_mosaic([["map", "align"], ["map", "pool"]], width_ratios=(2.4, 1))
        rows, cols = self.features.shape
        spots["map"].imshow(self.features, cmap=ramp, extent=(0, cols, rows, 0), vmin=low, vmax=high)
        left, top, right, bottom = (edge / self.stride for edge in self.box)
        first_col, first_row, last_col, last_row = rounded(self.box, self.stride)
        for x, y, width, height, color, dash in (
            (first_col, first_row, last_col + 1 - first_col, last_row + 1 - first_row, ORANGE, "--"),
            (left, top, right - left, bottom - top, "black", "-"),
        ):
            frame = Rectangle((x, y), width, height, fill=False, edgecolor=color, linestyle=dash, lw=2)
            spots["map"].add_patch(frame)
        spots["map"].set_title(
            f"Box (line), and what RoIPool rounds it to (dashes), stride {self.stride}", fontsize=9
        )
        for name, title, values in (("align", "RoIAlign", self.by_align), ("pool", "RoIPool", self.by_pool)):
            spots[name].imshow(values, cmap=ramp, vmin=low, vmax=high)
            spots[name].set_title(title, fontsize=9)
            for (row, col), value in np.ndenumerate(values):
                ink = "white" if 2 * value > low + high else "black"
                spots[name].text(col, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=ink)
        for spot in spots.values():
            spot.set(xticks=[], yticks=[])
        return png(figure)


def rounded(box: Sequence[int], stride: int) -> tuple[int, int, int, int]:
    """The places that RoIPool takes for a box of whole pixels: first column, first row, last column, last row.

    Halves are rounded up.

    Examples
    --------
    >>> rounded((7, 8, 24, 27), 16)
    (0, 1, 2, 2)
    """
    left, top, right, bottom = ((2 * edge + stride) // (2 * stride) for edge in box)
    return left, top, right, bottom


def box_sentence(box: Sequence[int], stride: int, bins: int, sampling_ratio: int | None, aligned: bool) -> str:
    """The box in places of the map, the points, and what RoIPool does to its edges.

    Examples
    --------
    >>> print(box_sentence((7, 8, 24, 27), 16, 2, None, True))
    The box is 17 × 19 pixels: 1.06 × 1.19 places of the map. RoIAlign reads each bin at 1 × 1 point. RoIPool
    takes columns 0 to 2 and rows 1 to 2: its edges lie up to 24 pixels from those of the box.
    """
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    extents = [side if aligned else max(side, stride) for side in (width, height)]
    across, down = (sampling_ratio or -(-side // (bins * stride)) for side in extents)
    first_col, first_row, last_col, last_row = rounded(box, stride)
    moved = max(
        abs(stride * first_col - left),
        abs(stride * first_row - top),
        abs(stride * (last_col + 1) - right),
        abs(stride * (last_row + 1) - bottom),
    )
    return (
        f"The box is {width} × {height} pixels: {places(width, stride)} × {places(height, stride)} places of "
        f"the map. RoIAlign reads each bin at {across} × {plural(down, 'point')}"
        f"{'' if aligned else ', all half a place too far to the right and down'}. "
        f"RoIPool takes columns {first_col} to {last_col} and rows {first_row} to {last_row}: "
        f"its edges lie up to {plural(moved, 'pixel')} from those of the box."
    )


def places(pixels: int, stride: int) -> str:
    """A length in places of the map, with two decimals at most, rounded half up.

    Examples
    --------
    >>> places(40, 16), places(48, 16), places(1, 3)
    ('2.5', '3', '0.33')
    """
    hundredths = math.floor((200 * pixels + stride) / (2 * stride))
    return f"{hundredths / 100:g}"
