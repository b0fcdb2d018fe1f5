"""Stacks of layers that each show one thing about receptive fields, some of them from well-known networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segedu.widgets.layer_stacks import stack

_CONV = {"kind": "conv", "kernel": 3}
_POOL = {"kind": "pool", "kernel": 2}


@dataclass(frozen=True)
class StackPreset:
    """Some layers with a name, whether their maps are padded, and what they show."""

    name: str
    layers: list[dict[str, Any]]
    padded: bool
    note: str


def _vgg16(blocks: int) -> list[dict[str, Any]]:
    """VGG16 to one of its five pooling layers (Simonyan and Zisserman 2015, configuration D)."""
    return [layer for count in (2, 2, 3, 3, 3)[:blocks] for layer in [_CONV] * count + [_POOL]]


def _unet(levels: int) -> list[dict[str, Any]]:
    """The contracting path of U-Net (Ronneberger et al. 2015) with its bottom, which has no pooling."""
    return ([_CONV, _CONV, _POOL] * levels)[:-1]


STACK_PRESETS = [
    StackPreset(name, stack(layers), padded, note)
    for name, layers, padded, note in (
        (
            "2 × conv 3×3",
            [_CONV] * 2,
            True,
            "Two small kernels see as much as one of 5 × 5, with 18 weights in place of 25.",
        ),
        (
            "10 × conv 3×3",
            [_CONV] * 10,
            True,
            "Without strides, every layer adds two pixels: 21 after ten, and all ten work at full size.",
        ),
        (
            "5 × conv, pool",
            [_CONV, _POOL] * 5,
            True,
            "Ten layers again. Each pooling doubles the steps that follow: 94 pixels, on maps that shrink.",
        ),
        (
            "dilated 1-2-4-8",
            [{**_CONV, "dilation": dilation} for dilation in (1, 2, 4, 8)],
            True,
            "Dilation doubles the reach and keeps the map large: 31 pixels in four layers, and no holes.",
        ),
        (
            "dilated 2-2-2",
            [{**_CONV, "dilation": 2}] * 3,
            True,
            "All steps are even, so every other pixel is never looked at: 49 of 169. This is called gridding.",
        ),
        (
            "VGG16 to pool3",
            _vgg16(3),
            True,
            "Where FCN-8s takes its finest skip: stride 8, and 44 pixels.",
        ),
        (
            "VGG16 to pool5",
            _vgg16(5),
            True,
            "The end of the convolutions of VGG16: stride 32, and 212 pixels.",
        ),
        (
            "U-Net encoder",
            _unet(5),
            False,
            "As in the paper, without padding: 140 pixels, stride 16. Maps lose their rims on the way.",
        ),
    )
]
