"""Run-length encoding against pycocotools, one mask a call, on the masks of COCO and on noise.

A network gives boolean masks whose rows lie one after the other. pycocotools takes bytes whose columns do, so
that turning a mask over is a part of its work; what it needs for masks that lie ready is given too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pycocotools import mask as pycocotools
from timing import Row, side_by_side

from segedu.masks import RLE, polygons_to_mask, rle_decode, rle_encode


def coco_masks(root: Path) -> list[np.ndarray]:
    """Every annotated object of 100 images, (H, W) bool each."""
    truth = json.loads((root / "coco_val2014_100" / "instances_val2014_100.json").read_text("utf-8"))
    sizes = {image["id"]: (image["height"], image["width"]) for image in truth["images"]}
    masks = []
    for annotation in truth["annotations"]:
        segmentation = annotation["segmentation"]
        if isinstance(segmentation, list):
            mask = polygons_to_mask(segmentation, sizes[annotation["image_id"]])
        else:
            mask = rle_decode(segmentation)
        masks.append(np.ascontiguousarray(mask))
    return masks


def decoding(name: str, masks: Sequence[np.ndarray]) -> list[Row]:
    """From compressed counts, as results files have them, to masks."""
    rles: list[RLE] = [rle_encode(mask, compressed=True) for mask in masks]
    for rle, mask in zip(rles, masks, strict=True):
        np.testing.assert_array_equal(rle_decode(rle), mask)
        np.testing.assert_array_equal(pycocotools.decode(rle), mask)
    methods = {
        "segedu": each(rle_decode, rles),
        "pycocotools": each(pycocotools.decode, rles),
    }
    return side_by_side("RLE decoding, one mask a call", name, methods)


def encoding(name: str, masks: Sequence[np.ndarray]) -> list[Row]:
    """From masks to compressed counts."""
    ready = [np.asfortranarray(mask, np.uint8) for mask in masks]
    for mask, turned in zip(masks, ready, strict=True):
        assert rle_encode(mask, compressed=True) == pycocotools.encode(turned)
    methods = {
        "segedu": each(lambda mask: rle_encode(mask, compressed=True), masks),
        "segedu, masks turned before": each(
            lambda mask: rle_encode(mask, compressed=True), [mask.view(np.bool_) for mask in ready]
        ),
        "pycocotools": each(lambda mask: pycocotools.encode(np.asfortranarray(mask, np.uint8)), masks),
        "pycocotools, masks turned before": each(pycocotools.encode, ready),
    }
    return side_by_side("RLE encoding, one mask a call", name, methods)


def each(call: Callable, items: Sequence) -> Callable[[], None]:
    """One call for each item; no result is kept, so that the memory of one serves the next."""

    def run() -> None:
        for item in items:
            call(item)

    return run


def rows(root: Path) -> list[Row]:
    """Measure decoding and encoding."""
    rng = np.random.default_rng(0)
    cases = {
        "COCO val2014, {} objects": coco_masks(root),
        "noise, {} masks of 480×640": [rng.random((480, 640)) < 0.5 for _ in range(10)],
    }
    found = []
    for name, masks in cases.items():
        found += decoding(name.format(len(masks)), masks) + encoding(name.format(len(masks)), masks)
    return found
