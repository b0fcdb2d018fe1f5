"""pycocotools as the judge: our instances in its files' form, its twelve numbers and its tables."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from segedu import Instances
from segedu.metrics import AveragePrecision, EncodedInstances

TWELVE = [
    *("ap", "ap_50", "ap_75", "ap_small", "ap_medium", "ap_large"),
    *("ar_1", "ar_10", "ar_100", "ar_small", "ar_medium", "ar_large"),
]
KINDS = {"mask": "segm", "box": "bbox"}


def encode(mask):
    return coco_mask.encode(np.asfortranarray(mask, np.uint8))


def boxes_of(objects: Instances | EncodedInstances) -> list[list[float]]:
    if isinstance(objects, EncodedInstances):
        return objects.boxes.tolist()
    return [coco_mask.toBbox(encode(mask)).tolist() for mask in objects.masks]


def annotations(images: Sequence[Instances | EncodedInstances], areas=None) -> list[dict]:
    """Every object of every image, with what COCO's truth files say of it. Categories count from 1."""
    found = []
    for i, objects in enumerate(images):
        boxes = boxes_of(objects)
        for n in range(len(objects)):
            found.append(
                {
                    "id": len(found) + 1,
                    "image_id": i,
                    "category_id": int(objects.labels[n]) + 1,
                    "bbox": boxes[n],
                    "iscrowd": int(objects.crowd[n]),
                    "score": float(objects.scores[n]),
                }
            )
            if isinstance(objects, Instances):
                found[-1]["segmentation"] = encode(objects.masks[n])
                found[-1]["area"] = int(objects.masks[n].sum())
            else:
                found[-1]["area"] = boxes[n][2] * boxes[n][3]
            if areas is not None:
                found[-1]["area"] = float(areas[i][n])
    return found


def evaluate(
    preds, targets, kind: str, num_classes: int, areas=None, max_detections=(1, 10, 100), min_area=0
) -> COCOeval:
    """Run COCOeval on our instances, silently."""
    truth = COCO()
    truth.dataset = {
        "images": [{"id": i} for i in range(len(targets))],
        "categories": [{"id": c + 1} for c in range(num_classes)],
        "annotations": annotations(targets, areas),
    }
    keep = {"mask": "segmentation", "box": "bbox"}[kind]
    results = [
        {key: found[key] for key in ("image_id", "category_id", "score", keep)} for found in annotations(preds)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        if results:
            answered = truth.loadRes(results)
        else:  # loadRes looks at the first result
            answered = COCO()
            answered.dataset = {**truth.dataset, "annotations": []}
            answered.createIndex()
        evaluator = COCOeval(truth, answered, KINDS[kind])
        if kind == "mask":
            # They are encoded already; annToRLE would ask for the size of the image.
            truth.annToRLE = answered.annToRLE = lambda annotation: annotation["segmentation"]
        evaluator.params.maxDets = list(max_detections)
        evaluator.params.areaRng = [[max(low, min_area), high] for low, high in evaluator.params.areaRng]
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator


def assert_equal(ours: AveragePrecision, theirs: COCOeval) -> None:
    """All twelve numbers and both tables agree. Their -1 is our NaN; our last classes may be missing."""
    numbers = [getattr(ours, name) for name in TWELVE]
    np.testing.assert_allclose(numbers, undefined(theirs.stats), rtol=0, atol=1e-10)
    assert_equal_tables(ours, theirs)


def assert_equal_tables(ours: AveragePrecision, theirs: COCOeval) -> None:
    """Precision and recall of every threshold, class, area range and limit agree."""
    precision, recall = undefined(theirs.eval["precision"][..., -1]), undefined(theirs.eval["recall"])
    classes = ours.precision.shape[2]
    np.testing.assert_allclose(ours.precision, precision[:, :, :classes], rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.recall, recall[:, :classes], rtol=0, atol=1e-12)
    assert np.isnan(precision[:, :, classes:]).all()


def undefined(values) -> np.ndarray:
    return np.where(np.asarray(values) == -1, np.nan, values)
