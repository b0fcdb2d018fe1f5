"""Panoptic quality against panopticapi's loop and torchmetrics.

panopticapi is on no package index. `published_loop` does what its evaluation does for one image: the same NumPy
calls on the same types, the same loops over segments.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from timing import Row, side_by_side

from segedu import VOID, Category, Scene
from segedu.metrics import PanopticQuality, match_id_maps, panoptic_quality

OFFSET = 256**3


def ids_of_colors(colors):
    """As panopticapi turns a PNG into ids."""
    wide = colors.astype(np.uint32)
    return wide[:, :, 0] + 256 * wide[:, :, 1] + 256 * 256 * wide[:, :, 2]


def published_loop(pred_ids, target_ids, pred_segments, target_segments):
    """Counts of each class in one image: class to [sum of IoU, TP, FP, FN]."""
    totals: dict[int, list[float]] = {}

    def total(label):
        return totals.setdefault(label, [0.0, 0, 0, 0])

    preds = {segment["id"]: dict(segment) for segment in pred_segments}
    targets = {segment["id"]: segment for segment in target_segments}
    ids, areas = np.unique(pred_ids, return_counts=True)
    for segment_id, area in zip(ids, areas, strict=True):
        if segment_id != 0:
            preds[segment_id]["area"] = area

    pairs = target_ids.astype(np.uint64) * OFFSET + pred_ids.astype(np.uint64)
    shared = {}
    for pair, pixels in zip(*np.unique(pairs, return_counts=True), strict=True):
        shared[pair // OFFSET, pair % OFFSET] = pixels

    found, used = set(), set()
    for (target_id, pred_id), pixels in shared.items():
        if target_id not in targets or pred_id not in preds:
            continue
        target, pred = targets[target_id], preds[pred_id]
        if target["iscrowd"] == 1 or target["category_id"] != pred["category_id"]:
            continue
        iou = pixels / (pred["area"] + target["area"] - pixels - shared.get((0, pred_id), 0))
        if iou > 0.5:
            total(target["category_id"])[0] += iou
            total(target["category_id"])[1] += 1
            found.add(target_id)
            used.add(pred_id)

    crowds = {}
    for target_id, target in targets.items():
        if target_id in found:
            continue
        if target["iscrowd"] == 1:
            crowds[target["category_id"]] = target_id
            continue
        total(target["category_id"])[3] += 1
    for pred_id, pred in preds.items():
        if pred_id in used:
            continue
        forgiven = shared.get((0, pred_id), 0)
        if pred["category_id"] in crowds:
            forgiven += shared.get((crowds[pred["category_id"]], pred_id), 0)
        if forgiven / pred["area"] <= 0.5:
            total(pred["category_id"])[2] += 1
    return totals


@dataclasses.dataclass
class Case:
    """Truth and prediction of one image as colours, ids and scenes."""

    pred_colors: np.ndarray
    target_colors: np.ndarray
    segments: list[dict]
    categories: tuple[Category, ...]

    def __post_init__(self):
        index = {category.id: i for i, category in enumerate(self.categories)}
        self.labels = {segment["id"]: index[segment["category_id"]] for segment in self.segments}
        self.crowd = [segment["id"] for segment in self.segments if segment["iscrowd"]]
        self.pred_ids, self.target_ids = ids_of_colors(self.pred_colors), ids_of_colors(self.target_colors)
        self.pred, self.target = self.scene(self.pred_ids), self.scene(self.target_ids)

    def scene(self, ids):
        semantic, instance = np.full(ids.shape, VOID), np.zeros(ids.shape, np.int32)
        for number, segment in enumerate(self.segments, start=1):
            label = self.labels[segment["id"]]
            semantic[ids == segment["id"]] = label
            if self.categories[label].isthing and not segment["iscrowd"]:
                instance[ids == segment["id"]] = number
        return Scene(np.zeros((*ids.shape, 3), np.uint8), semantic, instance, self.categories)

    def ours(self, pred, target):
        matches = match_id_maps(
            pred, target, pred_labels=self.labels, target_labels=self.labels, target_crowd=self.crowd
        )
        return PanopticQuality.from_matches(matches, self.categories)

    def published(self, pred_ids, target_ids):
        return published_loop(pred_ids, target_ids, self.segments, self.segments)

    def check(self):
        """Both count the same, to 1e-12."""
        theirs = self.published(self.pred_ids, self.target_ids)
        by_class = {category.id: i for i, category in enumerate(self.categories)}
        expected = np.zeros((len(self.categories), 4))
        for category_id, counts in theirs.items():
            expected[by_class[category_id]] = counts
        for ours in (
            self.ours(self.pred_ids, self.target_ids),
            self.ours(self.pred_colors, self.target_colors),
            panoptic_quality([self.pred], [self.target]),
        ):
            found = np.stack([ours.iou_sum, ours.tp, ours.fp, ours.fn], axis=1)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def cases(root: Path) -> dict[str, list[Case]]:
    """Pairs of images of COCO, and one of 1024 × 2048. Predictions: the truth, shifted by some pixels."""
    pack = root / "sample_data"
    described = json.loads((pack / "panoptic_examples.json").read_text("utf-8"))
    categories = tuple(
        Category(c["id"], c["name"], bool(c["isthing"]), tuple(c["color"])) for c in described["categories"]
    )
    images = [
        (Image.open(pack / "panoptic_examples" / a["file_name"]).convert("RGB"), a["segments_info"])
        for a in described["annotations"]
    ]
    sizes = " and ".join(f"{image.height}×{image.width}" for image, _ in images)
    large, segments = images[0]
    large = large.resize((2048, 1024), Image.Resampling.NEAREST)
    return {
        f"COCO, 10 pairs of {sizes}": [
            shifted(image, segments, categories, pixels)
            for image, segments in images
            for pixels in (1, 2, 3, 5, 8)
        ],
        "COCO, a pair of 1024×2048": [shifted(large, segments, categories, 5)],
    }


def shifted(image: Image.Image, segments: list[dict], categories: tuple[Category, ...], pixels: int) -> Case:
    target = np.array(image)
    ids, areas = np.unique(ids_of_colors(target), return_counts=True)
    area = dict(zip(ids.tolist(), areas.tolist(), strict=True))
    segments = [segment | {"area": area[segment["id"]]} for segment in segments]
    return Case(np.ascontiguousarray(np.roll(target, pixels, axis=1)), target, segments, categories)


def torchmetrics_method(pairs: list[Case]) -> Callable[[], object]:
    import torch
    from torchmetrics.functional.detection import panoptic_quality as theirs

    def tensor(scene):
        return torch.from_numpy(np.stack([scene.semantic, scene.instance], axis=2).astype(np.int64))[None]

    tensors = [(tensor(pair.pred), tensor(pair.target)) for pair in pairs]
    things = {i for i, category in enumerate(pairs[0].categories) if category.isthing}
    stuffs = set(range(len(pairs[0].categories))) - things
    return lambda: [theirs(p, t, things, stuffs, allow_unknown_preds_category=True) for p, t in tensors]


def rows(root: Path) -> list[Row]:
    """Measure everything about panoptic quality. A run is one pass over all pairs."""
    found = []
    for name, pairs in cases(root).items():
        for pair in pairs:
            pair.check()
        found += side_by_side(
            "panoptic quality from id maps",
            name,
            {
                "segedu": lambda pairs=pairs: [pair.ours(pair.pred_ids, pair.target_ids) for pair in pairs],
                "panopticapi's loop": lambda pairs=pairs: [
                    pair.published(pair.pred_ids, pair.target_ids) for pair in pairs
                ],
            },
        )
        found += side_by_side(
            "panoptic quality from RGB arrays",
            name,
            {
                "segedu": lambda pairs=pairs: [
                    pair.ours(pair.pred_colors, pair.target_colors) for pair in pairs
                ],
                "panopticapi's loop": lambda pairs=pairs: [
                    pair.published(ids_of_colors(pair.pred_colors), ids_of_colors(pair.target_colors))
                    for pair in pairs
                ],
            },
        )
        try:
            torchmetrics = torchmetrics_method(pairs)
        except ImportError:
            print("torchmetrics is not installed: left out (pip install 'segedu[bench]')")
            continue
        preds, targets = [pair.pred for pair in pairs], [pair.target for pair in pairs]
        found += side_by_side(
            "panoptic quality from scenes",
            name,
            {
                "segedu": lambda preds=preds, targets=targets: panoptic_quality(preds, targets),
                "torchmetrics": torchmetrics,
            },
        )
    return found
