"""Panoptic quality against panopticapi's loop and torchmetrics.

panopticapi is on no package index. `published_loop` does what its evaluation does for one image: the same NumPy
calls on the same types, the same loops over segments.
"""

from __future__ import annotations

import dataclasses
import json
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

    name: str
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


def cases(root: Path) -> list[Case]:
    """Two images of COCO, and one of them at 1024 × 2048. Predictions: the truth, shifted by five pixels."""
    pack = root / "sample_data"
    described = json.loads((pack / "panoptic_examples.json").read_text("utf-8"))
    categories = tuple(
        Category(c["id"], c["name"], bool(c["isthing"]), tuple(c["color"])) for c in described["categories"]
    )
    found = []
    for annotation in described["annotations"]:
        image = Image.open(pack / "panoptic_examples" / annotation["file_name"]).convert("RGB")
        sizes = [(image.width, image.height)] + ([(2048, 1024)] if not found else [])
        for width, height in sizes:
            target = np.array(image.resize((width, height), Image.Resampling.NEAREST))
            segments = annotation["segments_info"]
            ids, areas = np.unique(ids_of_colors(target), return_counts=True)
            area = dict(zip(ids.tolist(), areas.tolist(), strict=True))
            segments = [segment | {"area": area[segment["id"]]} for segment in segments]
            pred = np.ascontiguousarray(np.roll(target, 5, axis=1))
            name = f"{height}×{width}, {len(segments)} segments"
            found.append(Case(name, pred, target, segments, categories))
    return found


def torchmetrics_method(case: Case):
    import torch
    from torchmetrics.functional.detection import panoptic_quality as theirs

    pred, target = (
        torch.from_numpy(np.stack([s.semantic, s.instance], axis=2).astype(np.int64))[None]
        for s in (case.pred, case.target)
    )
    things = {i for i, category in enumerate(case.categories) if category.isthing}
    stuffs = set(range(len(case.categories))) - things
    return lambda: theirs(pred, target, things, stuffs, allow_unknown_preds_category=True)


def rows(root: Path) -> list[Row]:
    """Measure everything about panoptic quality."""
    found = []
    for case in cases(root):
        case.check()
        found += side_by_side(
            "panoptic quality from id maps",
            case.name,
            {
                "segedu": lambda case=case: case.ours(case.pred_ids, case.target_ids),
                "panopticapi's loop": lambda case=case: case.published(case.pred_ids, case.target_ids),
            },
        )
        found += side_by_side(
            "panoptic quality from RGB arrays",
            case.name,
            {
                "segedu": lambda case=case: case.ours(case.pred_colors, case.target_colors),
                "panopticapi's loop": lambda case=case: case.published(
                    ids_of_colors(case.pred_colors), ids_of_colors(case.target_colors)
                ),
            },
        )
        try:
            torchmetrics = torchmetrics_method(case)
        except ImportError:
            print("torchmetrics is not installed: left out (pip install 'segedu[bench]')")
            continue
        found += side_by_side(
            "panoptic quality from scenes",
            case.name,
            {
                "segedu": lambda case=case: panoptic_quality([case.pred], [case.target]),
                "torchmetrics": torchmetrics,
            },
        )
    return found
