"""How fast the maps between sizes are, beside torch and the usual ways: ``python benchmarks/upsampling.py``.

Prints a table and writes ``benchmarks/results/upsampling.json``. Before anything is timed, all methods must
give the same numbers. torch comes from ``pip install "segedu[torch]"``.

NumPy and torch each keep threads of their own, one for each core, which stay awake for a while after the work:
every turn begins with a rest. ``OPENBLAS_NUM_THREADS=1`` leaves NumPy a single one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from scipy import sparse
from timing import Row, as_dicts, machine, side_by_side, table
from torch.nn import functional

from segedu.upsampling import (
    col2im_matrix,
    conv2d,
    conv_transpose2d,
    convolution_matrix,
    max_pool2d,
    resize_bilinear,
    resize_nearest,
)

RESULTS = Path(__file__).parent / "results" / "upsampling.json"
GEOMETRY = {"stride": 2, "padding": 1}  # with kernels of 4×4: twice as large
THREADS = torch.get_num_threads()

Methods = Mapping[str, Callable[[], object]]


def compare(task: str, data: str, methods: Methods, *, tolerance: float, seconds: float) -> list[Row]:
    """All methods on one task; they have to agree first, up to a share of the largest value."""
    expected = _numbers(methods["segedu"]())
    for name, method in methods.items():
        np.testing.assert_allclose(
            _numbers(method()), expected, rtol=0, atol=tolerance * np.abs(expected).max(), err_msg=name
        )
    return side_by_side(task, data, methods, seconds=seconds, turn=10, rest=0.1 if seconds else 0)


def _numbers(result: object) -> np.ndarray:
    """What a method gave, as one vector. Of pooling the values and the switches, of a matrix its entries."""
    if isinstance(result, tuple):
        return np.concatenate([_numbers(part) for part in result])
    if sparse.issparse(result):
        return np.concatenate([result.indptr, result.indices, result.data])
    return np.asarray(result, np.float64).ravel()


def on_threads(function: Callable[[], torch.Tensor]) -> dict[str, Callable[[], object]]:
    """torch's way, on one thread and on all."""

    def method(threads: int) -> Callable[[], object]:
        def run() -> object:
            torch.set_num_threads(threads)
            with torch.no_grad():
                return function()

        return run

    return {f"torch, threads: {threads}": method(threads) for threads in sorted({1, THREADS})}


def by_coordinates(kernel: np.ndarray, input_shape: tuple[int, int, int]) -> sparse.csr_array:
    """The convolution matrix as one writes it first: row, column and weight of every entry, then sorted."""
    outputs, inputs, kh, kw = kernel.shape
    _, height, width = input_shape
    s, p = GEOMETRY["stride"], GEOMETRY["padding"]
    size = (height + 2 * p - kh) // s + 1, (width + 2 * p - kw) // s + 1
    o, i, u, v, y, x = np.indices((*kernel.shape, *size), sparse=True)
    row, column = s * y + u - p, s * x + v - p
    inside = np.broadcast_to(
        (row >= 0) & (row < height) & (column >= 0) & (column < width), (*kernel.shape, *size)
    )
    entries = (kernel[..., None, None], (o * size[0] + y) * size[1] + x, (i * height + row) * width + column)
    values, rows, columns = (np.broadcast_to(part, inside.shape)[inside] for part in entries)
    shape = outputs * size[0] * size[1], inputs * height * width
    return sparse.coo_array((values, (rows, columns)), shape=shape).tocsr()


def building(size: int, *, seconds: float) -> list[Row]:
    """The matrix of a small layer, 16×size×size -> 8 × twice as much."""
    kernel = np.random.default_rng(0).standard_normal((16, 8, 4, 4))
    shape = (8, 2 * size, 2 * size)
    methods = {
        "segedu": lambda: convolution_matrix(kernel, shape, **GEOMETRY),
        "coo_array of all entries": lambda: by_coordinates(kernel, shape),
    }
    data = f"16×{size}×{size} -> 8×{2 * size}×{2 * size}, kernel 4×4, float64"
    return compare("building the matrix", data, methods, tolerance=0, seconds=seconds)


def transposed(channels: tuple[int, int], size: int, *, matrix: bool, seconds: float) -> list[Row]:
    """Twice as large by a transposed convolution; with the whole matrix too, where there can be one."""
    rng = np.random.default_rng(0)
    inputs, outputs = channels
    x = rng.standard_normal((inputs, size, size), np.float32)
    kernel = rng.standard_normal((inputs, outputs, 4, 4), np.float32)
    shape = (outputs, 2 * size, 2 * size)
    flat, weights = x.reshape(inputs, -1), kernel.reshape(inputs, -1)
    scatter = col2im_matrix(shape[1:], 4, **GEOMETRY).astype(np.float32)

    def strided() -> np.ndarray:
        stamps = (weights.T @ flat).reshape(outputs, 4, 4, size, size)
        board = np.zeros((outputs, 2 * size + 2, 2 * size + 2), np.float32)
        for u, v in np.ndindex(4, 4):
            board[:, u : u + 2 * size : 2, v : v + 2 * size : 2] += stamps[:, u, v]
        return board[:, 1:-1, 1:-1].copy()

    tensors = torch.from_numpy(x)[None], torch.from_numpy(kernel)
    methods: dict[str, Callable[[], object]] = {
        "segedu": lambda: conv_transpose2d(x, kernel, **GEOMETRY),
        **on_threads(lambda: functional.conv_transpose2d(*tensors, **GEOMETRY)),
        "one product, strided additions": strided,
        "one product, col2im_matrix": lambda: (weights.T @ flat).reshape(outputs, -1) @ scatter.T,
    }
    if matrix:
        whole = convolution_matrix(kernel, shape, **GEOMETRY)
        methods["the whole matrix, built before"] = lambda: whole.T @ x.ravel()
    data = f"{inputs}×{size}×{size} -> {outputs}×{2 * size}×{2 * size}, kernel 4×4, float32"
    return compare("conv_transpose2d", data, methods, tolerance=1e-5, seconds=seconds)


def convolution(channels: tuple[int, int], size: int, *, seconds: float) -> list[Row]:
    """A convolution as encoders have them."""
    rng = np.random.default_rng(0)
    inputs, outputs = channels
    x = rng.standard_normal((inputs, size, size), np.float32)
    kernel = rng.standard_normal((outputs, inputs, 3, 3), np.float32)
    tensors = torch.from_numpy(x)[None], torch.from_numpy(kernel)
    methods = {
        "segedu": lambda: conv2d(x, kernel, padding=1),
        **on_threads(lambda: functional.conv2d(*tensors, padding=1)),
    }
    data = f"{inputs}×{size}×{size} -> {outputs}×{size}×{size}, kernel 3×3, float32"
    return compare("conv2d", data, methods, tolerance=1e-5, seconds=seconds)


def resizing(channels: int, size: tuple[int, int], *, seconds: float) -> list[Row]:
    """Four times as large, by interpolation; and pooling."""
    x = np.random.default_rng(0).standard_normal((channels, *size), np.float32)
    shape = 4 * size[0], 4 * size[1]
    maps = torch.from_numpy(x)[None]

    def interpolated(mode: str) -> dict[str, Callable[[], object]]:
        return on_threads(lambda: functional.interpolate(maps, size=shape, mode=mode))

    bilinear = {"segedu": lambda: resize_bilinear(x, shape), **interpolated("bilinear")}
    nearest = {"segedu": lambda: resize_nearest(x, shape), **interpolated("nearest")}
    pooling = {
        "segedu": lambda: max_pool2d(x, 2),
        **on_threads(lambda: functional.max_pool2d(maps, 2, return_indices=True)),
    }
    data = f"{channels}×{size[0]}×{size[1]}"
    larger = f"{data} -> {channels}×{shape[0]}×{shape[1]}, float32"
    return [
        *compare("bilinear", larger, bilinear, tolerance=1e-4, seconds=seconds),
        *compare("nearest", larger, nearest, tolerance=0, seconds=seconds),
        *compare("max_pool2d, windows of 2×2", f"{data}, float32", pooling, tolerance=0, seconds=seconds),
    ]


# The most that a process ever held, less what it held before the call. What BLAS sets aside counts too.
_MEMORY = """
import numpy as np
from segedu.upsampling import conv_transpose2d

def kibibytes(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))

x, kernel = np.ones((64, 56, 56), np.float32), np.ones((64, 32, 4, 4), np.float32)
before = kibibytes("VmRSS")
conv_transpose2d(x, kernel, stride=2, padding=1)
print(kibibytes("VmHWM") - before)
"""


def memory() -> float | None:
    """Megabytes that a fresh process needs for the larger layer's `conv_transpose2d`; None outside Linux."""
    if not Path("/proc/self/status").exists():
        return None
    done = subprocess.run([sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True)
    return int(done.stdout) * 1024 / 1e6


def rows(seconds: float = 3.0) -> list[Row]:
    """Measure everything."""
    return [
        *building(28, seconds=seconds),
        *transposed((16, 8), 28, matrix=True, seconds=seconds),
        *transposed((64, 32), 56, matrix=False, seconds=seconds),
        *convolution((64, 64), 56, seconds=seconds),
        *resizing(19, (128, 256), seconds=seconds),
    ]


def main() -> None:
    found, megabytes = rows(), memory()
    print(table(found))
    if megabytes is not None:
        print(f"\nmemory for conv_transpose2d, 64×56×56 -> 32×112×112: {megabytes:.1f} MB")
    stored = {
        "machine": machine(["numpy", "scipy", "torch"]),
        "environment": {name: os.environ.get(name) for name in ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS")},
        "rows": as_dicts(found),
        "conv_transpose2d_megabytes": megabytes,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
