"""A convolution as a matrix to point into: which inputs, which outputs, which entry of the kernel."""

from __future__ import annotations

from itertools import product
from typing import Any

import matplotlib as mpl
import numpy as np
import traitlets
from matplotlib.colors import to_hex
from scipy import sparse

from segedu.upsampling import convolution_matrix
from segedu.widgets.grids import Grid, grids_png, grids_svg
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.sentences import plural

SIZES, KERNEL_SIZES, STRIDES, PADDINGS = (4, 5), (2, 3, 4), (1, 2), (0, 1)
KERNELS = {k: np.arange(1, k * k + 1).reshape(k, k).tolist() for k in KERNEL_SIZES}
"""Kernels whose entries count from 1, so that each of them is known again in the matrix."""


class SparseMatrix(PageWidget):
    """The matrix of a convolution as a picture in which each entry of the kernel has a colour.

    Point at a cell of the output, and its row lights up, with the inputs and the entries of the kernel that it
    is made of. Point at a cell of the input, and its column does. A button or the key T transposes the matrix:
    then it maps the other way, and what it does is the transposed convolution.

    Parameters
    ----------
    size : {4, 5}
        Rows and columns of the convolution's input.
    kernel_size : {2, 3, 4}
    stride : {1, 2}
    padding : {0, 1}
    transposed : bool
    row, column : int or None
        Row and column of C that are lit, whether C is transposed or not.
    caption : str
        A line under the figure.

    Raises
    ------
    TraitError
        If a number is none of those, or C has no such row or column.

    Notes
    -----
    All of them are traits: in Jupyter, setting one changes the page, and what the reader does sets them. If
    another geometry leaves C without the row or the column, it becomes None. The page makes the matrix by
    itself; tests hold it to `segedu.upsampling.convolution_matrix` in all its states.

    Examples
    --------
    >>> widget = SparseMatrix(row=0)
    >>> widget
    SparseMatrix(size=4, kernel_size=3, stride=1, padding=0, transposed=False, row=0, column=None,
                 caption='')
    >>> widget.matrix.toarray()[0]
    array([1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0])
    """

    _esm = module("grids", "sparse_matrix")
    _css = stylesheet("chips", "grids", "sparse_matrix")

    data = traitlets.Dict().tag(sync=True)
    size = traitlets.Enum(SIZES, default_value=4).tag(sync=True)
    kernel_size = traitlets.Enum(KERNEL_SIZES, default_value=3).tag(sync=True)
    stride = traitlets.Enum(STRIDES, default_value=1).tag(sync=True)
    padding = traitlets.Enum(PADDINGS, default_value=0).tag(sync=True)
    transposed = traitlets.Bool(False).tag(sync=True)
    row = traitlets.Int(default_value=None, allow_none=True).tag(sync=True)
    column = traitlets.Int(default_value=None, allow_none=True).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **state: Any) -> None:
        looks = {k: [_look(n, k * k) for n in range(k * k)] for k in KERNEL_SIZES}
        super().__init__(data={"kernels": KERNELS, "looks": looks, "ranks": _ranks()}, **state)

    @traitlets.validate("row", "column")
    def _there(self, proposal: dict[str, Any]) -> int | None:
        name, value = proposal["trait"].name, proposal["value"]
        count = self.matrix.shape[name == "column"]
        if value is not None and not 0 <= value < count:
            raise traitlets.TraitError(f"{name}: expected 0 to {count - 1} or None, got {value}")
        return value

    @traitlets.observe("size", "kernel_size", "stride", "padding")
    def _let_go(self, _: dict[str, Any]) -> None:
        rows, columns = self.matrix.shape
        if self.row is not None and self.row >= rows:
            self.row = None
        if self.column is not None and self.column >= columns:
            self.column = None

    @property
    def matrix(self) -> sparse.csr_array:
        """C itself, whatever `transposed` says."""
        return _matrix(self.size, self.kernel_size, self.stride, self.padding)

    def __repr__(self) -> str:
        names = ("size", "kernel_size", "stride", "padding", "transposed", "row", "column", "caption")
        return f"SparseMatrix({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def alt(self) -> str:
        C = self.matrix
        rows, columns = C.shape[::-1] if self.transposed else C.shape
        lit = [f"row {self.row}"] * (self.row is not None) + [f"column {self.column}"] * (
            self.column is not None
        )
        return (
            f"The matrix of a convolution of {self.size}×{self.size} with a kernel of "
            f"{self.kernel_size}×{self.kernel_size}, stride {self.stride} and padding {self.padding}"
            f"{', transposed' if self.transposed else ''}: {plural(rows, 'row')}, {plural(columns, 'column')}, "
            f"{plural(C.nnz, 'entry', 'entries')} of the kernel in diagonal bands, zeros elsewhere."
            f"{f' Lit in C: {chr(32).join(lit)}.' if lit else ''}"
        )

    def still(self) -> str:
        return grids_svg(self._grids())

    def static(self) -> bytes:
        return grids_png(self._grids(), "The transposed convolution" if self.transposed else "The convolution")

    def _grids(self) -> list[Grid]:
        k = self.kernel_size
        C = self.matrix.toarray()
        M = C.T if self.transposed else C
        lit = [self.column, self.row] if self.transposed else [self.row, self.column]
        frames = []
        if lit[0] is not None:
            frames.append((lit[0], 0, 1, M.shape[1]))
        if lit[1] is not None:
            frames.append((0, lit[1], M.shape[0], 1))
        title = f"{'Cᵀ' if self.transposed else 'C'}, {M.shape[0]} × {M.shape[1]}"
        return [_colored(f"Kernel {k}×{k}", np.array(KERNELS[k]), k), _colored(title, M, k, frames)]


def _matrix(size: int, k: int, stride: int, padding: int) -> sparse.csr_array:
    weights = np.array(KERNELS[k])
    return convolution_matrix(weights, (size, size), stride=stride, padding=padding).astype(np.int64)


def _ranks() -> dict[str, int]:
    """Rank of each matrix, as the page asks for it: "4 3 1 0" is size, kernel, stride, padding."""
    return {
        " ".join(map(str, geometry)): int(np.linalg.matrix_rank(_matrix(*geometry).toarray()))
        for geometry in product(SIZES, KERNEL_SIZES, STRIDES, PADDINGS)
    }


def _look(entry: int, entries: int) -> list[str]:
    """Colour of one entry of the kernel, from dark to light, and of the digits on it."""
    color = mpl.colormaps["viridis"](0.12 + 0.88 * entry / (entries - 1))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3])
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179  # black and white contrast alike there
    return [to_hex(color), "#000000" if light else "#ffffff"]


def _colored(
    title: str, numbers: np.ndarray, k: int, frames: list[tuple[int, int, int, int]] | None = None
) -> Grid:
    looks = [["#ffffff", "#000000"], *(_look(n, k * k) for n in range(k * k))]
    return Grid(
        title,
        [[str(n or "") for n in row] for row in numbers.tolist()],
        [[looks[n][0] for n in row] for row in numbers.tolist()],
        frames or (),
        [[looks[n][1] for n in row] for row in numbers.tolist()],
    )
