"""What `UpsamplingLab` shows in each of its states: the picture, its error in numbers and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segedu.metrics import confusion_matrix, mean_iou
from segedu.scene import VOID, Scene
from segedu.widgets.sentences import percent, score
from segedu.widgets.upsampling_methods import kernel_size, multiply_adds, upsample

CONTENTS = ("picture", "labels", "ones")
ONE = 128
"""Grey level of the number 1 in the map of ones: 0 is black, 2 is white."""

FULL = 64
"""Difference in grey levels that has its full colour in the picture of errors."""

DARK, BRIGHT, WRONG = (0, 114, 178), (230, 159, 0), (213, 94, 0)
"""Too dark, too bright, and a wrong class, in the picture of errors: colours of Okabe and Ito."""

_Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """One content after one method: its pixels, how far they are off, and the sentence that says so.

    Attributes
    ----------
    pixels : (H, W, 3) uint8, or (H, W) uint8 for labels (class indices) and ones (grey levels)
    error : float
        What the methods are compared by, smaller is better: grey levels, wrong pixels, or per cent.
    said : str
    """

    pixels: _Bytes
    error: float
    said: str


def original(scene: Scene, content: str) -> _Bytes:
    """The pixels that all methods try to reach."""
    if content == "picture":
        return scene.image
    return scene.semantic if content == "labels" else np.full(scene.size, ONE, np.uint8)


def shown(
    scene: Scene, content: str, method: str, factor: int, kernel: npt.NDArray[np.floating] | None = None
) -> Shown:
    """Shrink a content of a scene by a factor, grow it again, and measure.

    Labels are grown as scores, one map a class, and the largest score decides. Before, they were the share of
    each class in each block: the best that any network could know at that size.
    """
    truth = original(scene, content)
    if content == "picture":
        grown = upsample(method, np.moveaxis(truth, 2, 0), factor, kernel=kernel)
        pixels = _bytes(np.moveaxis(grown, 0, 2))
        error = math.sqrt(np.mean((pixels.astype(np.float64) - truth) ** 2))
        return Shown(pixels, error, f"{error:.1f} grey levels off")
    if content == "labels":
        classes = np.arange(len(scene.categories))
        scores = upsample(method, truth == classes[:, None, None], factor, kernel=kernel)
        labels = scores.round(9).argmax(axis=0).astype(np.uint8)  # rounded: the first of equal scores wins
        known = truth != VOID
        wrong = int(np.count_nonzero(labels[known] != truth[known]))
        miou = mean_iou(confusion_matrix(labels, truth, len(classes)))
        return Shown(labels, wrong, f"{percent(wrong, int(known.sum()))} wrong, mIoU {score(miou)}")
    grown = upsample(method, np.ones((1, *truth.shape)), factor, kernel=kernel)[0].round(9)
    rim = 3 * factor  # the widest stamp does not reach further
    inside = grown[rim:-rim, rim:-rim]
    low, high = f"{inside.min():.2f}", f"{inside.max():.2f}"
    said = f"{low} inside" if low == high else f"{low} to {high} inside"
    return Shown(
        _bytes(grown * ONE), 100 * float(np.abs(grown - 1).max()), f"{said}, {_rim(grown, rim)} at the rim"
    )


def about(method: str, factor: int) -> str:
    """What a method does, and what it costs."""
    kind, *rest = method.split()
    k = kernel_size(method, factor)
    if method == "original":
        return "What all the others try to reach."
    if kind == "nearest":
        does = f"Each pixel of the small map becomes a block of {factor} × {factor}."
    elif kind == "bilinear":
        ends = "centres of the outermost pixels" if rest else "outer borders of both maps"
        does = f"A weighted mean of four pixels. The {ends} coincide."
    elif kind == "unpool":
        after = f", then a convolution of {k} × {k}" if rest else ", zeros everywhere else"
        does = f"The maximum of each block returns to its place{after}."
    elif kind == "transposed":
        how = "uniformly" if k % factor == 0 else "unevenly"
        does = f"Stamps of {k} × {k}, {factor} apart: they overlap {how}."
        does = does.replace("overlap uniformly", "lie side by side") if k == factor else does
    else:
        does = f"Blocks of {factor} × {factor}, then a convolution of {k} × {k}."
    weights = f"{k * k} weights" if k else "no weights"
    return f"{does} {weights[0].upper()}{weights[1:]}, {multiply_adds(method, factor):g} multiply-adds a pixel."


def error_picture(scene: Scene, content: str, pixels: _Bytes) -> _Bytes:
    """Where the pixels are off, (H, W, 3) uint8, as the page paints it.

    White is right, blue too dark, orange too bright. For labels, red is a wrong class; the rest is the
    picture, pale.
    """
    if content == "labels":
        pale = (scene.image.astype(int).sum(axis=2) // 12 + 176).astype(np.uint8)
        wrong = (pixels != scene.semantic) & (scene.semantic != VOID)
        return np.where(wrong[..., None], np.array(WRONG, np.uint8), pale[..., None])
    off = pixels.astype(int) - original(scene, content)
    off = off.sum(axis=2) if off.ndim == 3 else 3 * off
    share = np.minimum(np.abs(off) / (3 * FULL), 1)[..., None]
    color = np.where(off[..., None] < 0, DARK, BRIGHT)
    return np.floor(255 + share * (color - 255) + 0.5).astype(np.uint8)


def _bytes(values: npt.NDArray[np.floating]) -> _Bytes:
    return np.clip(np.rint(values.round(6)), 0, 255).astype(np.uint8)


def _rim(grown: npt.NDArray[np.floating], rim: int) -> str:
    """The number of the rim that is farthest from 1."""
    edge = grown.copy()
    edge[rim:-rim, rim:-rim] = 1
    return f"{edge.flat[np.abs(edge - 1).argmax()]:.2f}"
