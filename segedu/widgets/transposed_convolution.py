"""A transposed convolution step by step: stamps that add up, or a turned kernel that slides over zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from segedu.upsampling import (
    conv_transpose2d,
    conv_transpose_output_shape,
    zero_insertion,
)
from segedu.widgets.grids import Grid, blend, grids_png, grids_svg
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.sentences import plural

VIEWS = ("stamp", "slide")
INPUTS = {2: [[2, 1], [1, 3]], 3: [[2, 1, 3], [1, 3, 2], [3, 2, 1]]}
KERNELS = {k: np.arange(1, k * k + 1).reshape(k, k).tolist() for k in (2, 3, 4)}
"""Kernels whose entries count from 1, so that each of them is known again in the output."""

FILL = (0, 0.18, 0.46, 0.6, 0.72, 0.79, 0.85, 0.9, 0.95, 1)
"""How strongly a cell is filled on which so many stamps lie; the page has the same."""

_X, _W, _Y = "#cfe5f6", "#fbdcb8", "#2aa87f"
_Ints = npt.NDArray[np.int64]


class TransposedConvolution(PageWidget):
    """Step through a transposed convolution, in either of the two ways to see it.

    In the view *stamp*, each cell of the input stamps kernel × value into the output, and where stamps overlap
    they add up. In the view *slide*, zeros are inserted into the input, and the kernel, turned by 180°, slides
    over it. The numbers are the same.

    Parameters
    ----------
    size : {2, 3}
        Rows and columns of the input.
    kernel_size : {2, 3, 4}
    stride : {1, 2, 3}
    padding : {0, 1}
        How many rows and columns are cut off on each side.
    output_padding : int
        From 0 to stride - 1.
    view : {"stamp", "slide"}
    step : int
        How many stamps lie there, or how many cells the window has computed. Left out: all.
    caption : str
        A line under the figure.

    Raises
    ------
    TraitError
        If a number is none of those, or `output_padding` reaches the stride.

    Notes
    -----
    All of them are traits: in Jupyter, setting one changes the page, and what the reader does sets them. A
    smaller stride takes `output_padding` down with it, and a smaller map `step`. The page computes by itself;
    tests hold it to `segedu.upsampling` in all its states.

    Examples
    --------
    >>> widget = TransposedConvolution(step=2)
    >>> widget
    TransposedConvolution(size=2, kernel_size=3, stride=1, padding=0, output_padding=0, view='stamp',
                         step=2, caption='')
    >>> widget.output  # two stamps of four
    array([[ 2,  5,  8,  3],
           [ 8, 14, 17,  6],
           [14, 23, 26,  9],
           [ 0,  0,  0,  0]])
    """

    _esm = module("grids", "transposed_convolution")
    _css = stylesheet("chips", "grids", "transposed_convolution")

    data = traitlets.Dict().tag(sync=True)
    size = traitlets.Enum(tuple(INPUTS), default_value=2).tag(sync=True)
    kernel_size = traitlets.Enum(tuple(KERNELS), default_value=3).tag(sync=True)
    stride = traitlets.Enum((1, 2, 3), default_value=1).tag(sync=True)
    padding = traitlets.Enum((0, 1), default_value=0).tag(sync=True)
    output_padding = traitlets.Enum((0, 1, 2), default_value=0).tag(sync=True)
    view = traitlets.Enum(VIEWS, default_value="stamp").tag(sync=True)
    step = traitlets.Int().tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(self, *, step: int | None = None, **state: Any) -> None:
        super().__init__(data={"inputs": INPUTS, "kernels": KERNELS}, **state)
        self.step = self.steps if step is None else step

    @traitlets.validate("output_padding")
    def _less_than_the_stride(self, proposal: dict[str, Any]) -> int:
        if proposal["value"] >= self.stride:
            raise traitlets.TraitError(
                f"output_padding: expected less than the stride {self.stride}, got {proposal['value']}"
            )
        return proposal["value"]

    @traitlets.validate("step")
    def _there(self, proposal: dict[str, Any]) -> int:
        if not 0 <= proposal["value"] <= self.steps:
            raise traitlets.TraitError(f"step: expected 0 to {self.steps}, got {proposal['value']}")
        return proposal["value"]

    @traitlets.observe("size", "kernel_size", "stride", "padding", "output_padding", "view")
    def _keep_within(self, _: dict[str, Any]) -> None:
        self.output_padding = min(self.output_padding, self.stride - 1)
        self.step = min(self.step, self.steps)

    @property
    def x(self) -> _Ints:
        """The input, (size, size)."""
        return np.array(INPUTS[self.size])

    @property
    def kernel(self) -> _Ints:
        """The kernel, (kernel_size, kernel_size)."""
        return np.array(KERNELS[self.kernel_size])

    @property
    def geometry(self) -> dict[str, int]:
        """Stride, padding and output padding, as `segedu.upsampling.conv_transpose2d` takes them."""
        return {"stride": self.stride, "padding": self.padding, "output_padding": self.output_padding}

    @property
    def output_shape(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        return conv_transpose_output_shape((self.size, self.size), self.kernel_size, **self.geometry)

    @property
    def steps(self) -> int:
        """How many steps there are: the cells of the input, or of the output."""
        return self.size**2 if self.view == "stamp" else self.output_shape[0] ** 2

    @property
    def output(self) -> _Ints:
        """What has been computed up to this step; the rest is 0."""
        first = np.arange(self.size**2).reshape(self.x.shape) < self.step
        seen = self.x * first if self.view == "stamp" else self.x
        y = np.rint(conv_transpose2d(seen, self.kernel, **self.geometry)).astype(np.int64)
        return y if self.view == "stamp" else y * (np.arange(y.size).reshape(y.shape) < self.step)

    def __repr__(self) -> str:
        names = ("size", "kernel_size", "stride", "padding", "output_padding", "view", "step", "caption")
        return f"TransposedConvolution({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def alt(self) -> str:
        out, k = self.output_shape[0], self.kernel_size
        how = {
            "stamp": f"Each cell of the input stamps kernel × value into the output, and overlaps add up; "
            f"{plural(self.step, 'stamp')} of {self.steps} shown.",
            "slide": f"Zeros are inserted into the input, and the kernel, turned by 180°, slides over it; "
            f"{plural(self.step, 'cell')} of {self.steps} shown.",
        }[self.view]
        return (
            f"A transposed convolution with a kernel of {k}×{k} and stride {self.stride} takes "
            f"{self.size}×{self.size} to {out}×{out}. {how}"
        )

    def still(self) -> str:
        return grids_svg(self._grids())

    def static(self) -> bytes:
        i, k, s, p, q = self.size, self.kernel_size, *self.geometry.values()
        title = f"o = s(i − 1) + k − 2p + q = {s}·({i} − 1) + {k} − 2·{p} + {q} = {self.output_shape[0]}"
        return grids_png(self._grids(), title)

    def _grids(self) -> list[Grid]:
        step = self.step - 1
        x = _grid(f"Input {self.size}×{self.size}", self.x, _X)
        k = self.kernel_size
        if self.view == "stamp":
            laid = (np.arange(self.size**2) < self.step).reshape(self.x.shape)
            counts = conv_transpose2d(laid, np.ones((k, k)), **self.geometry).astype(int)
            fills = [[blend(_Y, FILL[n]) for n in row] for row in counts.tolist()]
            here = [] if step < 0 else [(step // self.size, step % self.size, 1, 1)]
            middle = _grid(f"Kernel {k}×{k}", self.kernel, _W)
            x = Grid(x.title, x.texts, x.fills, here)
        else:
            stuffed, flipped = zero_insertion(self.x, self.kernel, **self.geometry)
            fills = [[blend(_Y, FILL[1])] * self.output_shape[1]] * self.output_shape[0]
            here = [] if step < 0 else [(step // self.output_shape[1], step % self.output_shape[1], k, k)]
            x = _grid("Input with zeros", stuffed.astype(int), "#ffffff")
            x = Grid(x.title, x.texts, [[_X if n else "#fff" for n in row] for row in stuffed.tolist()], here)
            middle = _grid("Turned kernel", flipped.astype(int), _W)
        y = self.output
        return [x, middle, Grid(f"Output {y.shape[0]}×{y.shape[1]}", _texts(y), fills)]


def _grid(title: str, numbers: _Ints, fill: str) -> Grid:
    return Grid(title, _texts(numbers), [[fill] * numbers.shape[1]] * numbers.shape[0])


def _texts(numbers: _Ints) -> list[list[str]]:
    return [[str(n) for n in row] for row in numbers.tolist()]
