"""Average precision against pycocotools and faster-coco-eval, on 100 images of COCO val2014."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from timing import Row, side_by_side

from segedu import Instances
from segedu.masks import polygons_to_mask, rle_decode, rle_encode
from segedu.metrics import AveragePrecision, EncodedInstances, average_precision


class Evaluator:
    """pycocotools, or a package with the same interface."""

    def __init__(self, name: str, coco: type, evaluator: type, encode: Callable):
        self.name, self.coco, self.evaluator, self.encode = name, coco, evaluator, encode

    def run(self, truth: dict, results: list[dict], iou_type: str) -> np.ndarray:
        """The twelve numbers, from annotations whose masks are encoded already."""
        with contextlib.redirect_stdout(io.StringIO()):
            target = self.coco()
            target.dataset = truth | {"annotations": [dict(annotation) for annotation in truth["annotations"]]}
            target.createIndex()
            pred = target.loadRes([dict(result) for result in results])
            evaluation = self.evaluator(target, pred, iou_type)
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return np.asarray(evaluation.stats[:12])


def evaluators() -> list[Evaluator]:
    from pycocotools import mask
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    found = [Evaluator("pycocotools", COCO, COCOeval, mask.encode)]
    try:
        import faster_coco_eval
        from faster_coco_eval import mask as faster_mask
    except ImportError:
        print("faster-coco-eval is not installed: left out (pip install 'segedu[bench]')")
    else:
        found.append(
            Evaluator(
                "faster-coco-eval", faster_coco_eval.COCO, faster_coco_eval.COCOeval_faster, faster_mask.encode
            )
        )
    return found


def load(root: Path) -> SimpleNamespace:
    """Truth and results, with every mask run-length encoded as results files have it."""

    def read(name):
        return json.loads((root / "coco_val2014_100" / name).read_text("utf-8"))

    truth = read("instances_val2014_100.json")
    images = {image["id"]: image for image in sorted(truth["images"], key=lambda image: image["id"])}
    for annotation in truth["annotations"]:
        segmentation, image = annotation["segmentation"], images[annotation["image_id"]]
        if isinstance(segmentation, list):
            mask = polygons_to_mask(segmentation, (image["height"], image["width"]))
        else:
            mask = rle_decode(segmentation)
        annotation["segmentation"] = rle_encode(mask, compressed=True)
    return SimpleNamespace(
        truth=truth,
        ids=list(images),
        labels={c["id"]: i for i, c in enumerate(sorted(truth["categories"], key=lambda c: c["id"]))},
        masks=read("instances_val2014_fakesegm100_results.json"),
        boxes=read("instances_val2014_fakebbox100_results.json"),
    )


def by_image(annotations: list[dict], ids: list[int]) -> list[list[dict]]:
    groups: dict[int, list[dict]] = {image: [] for image in ids}
    for annotation in annotations:
        if annotation["image_id"] in groups:
            groups[annotation["image_id"]].append(annotation)
    return list(groups.values())


def ours(truth: list[dict], results: list[dict], ids: list[int], labels: dict, kind: str) -> AveragePrecision:
    """Average precision from annotations, our objects made on the way."""

    def objects(annotations, scored):
        return [
            EncodedInstances(
                np.array([labels[a["category_id"]] for a in found], np.int64),
                scores=[a["score"] for a in found] if scored else None,
                crowd=None if scored else np.array([a["iscrowd"] == 1 for a in found], bool),
                rles=[a["segmentation"] for a in found] if kind == "mask" else None,
                xywh=[a["bbox"] for a in found] if kind == "box" else None,
            )
            for found in by_image(annotations, ids)
        ]

    areas = [[a["area"] for a in found] for found in by_image(truth, ids)]
    return average_precision(objects(results, True), objects(truth, False), kind=kind, areas=areas)


def twelve(result: AveragePrecision) -> list[float]:
    names = "ap ap_50 ap_75 ap_small ap_medium ap_large ar_1 ar_10 ar_100 ar_small ar_medium ar_large"
    return [getattr(result, name) for name in names.split()]


def from_annotations(data: SimpleNamespace, kind: str, results: list[dict], name: str) -> list[Row]:
    iou_type = {"mask": "segm", "box": "bbox"}[kind]
    annotations = data.truth["annotations"]

    def segedu():
        return ours(annotations, results, data.ids, data.labels, kind)

    methods: dict[str, Callable[[], object]] = {"segedu": segedu}
    for evaluator in evaluators():
        expected = evaluator.run(data.truth, results, iou_type)
        np.testing.assert_allclose(
            twelve(segedu()), np.where(expected == -1, np.nan, expected), rtol=0, atol=1e-10
        )
        methods[evaluator.name] = lambda evaluator=evaluator: evaluator.run(data.truth, results, iou_type)
    task = {"mask": "average precision from RLE", "box": "average precision of boxes"}[kind]
    return side_by_side(task, name, methods)


def from_masks(data: SimpleNamespace, num_images: int) -> list[Row]:
    """From boolean stacks (N, H, W), as a network gives them: encoding is part of the work of the others."""
    ids = data.ids[:num_images]
    truth, results = by_image(data.truth["annotations"], ids), by_image(data.masks, ids)

    def stack(annotations):
        return np.array([rle_decode(a["segmentation"]) for a in annotations], bool)

    kept = [i for i in range(num_images) if truth[i] and results[i]]
    target_masks, pred_masks = [stack(truth[i]) for i in kept], [stack(results[i]) for i in kept]
    labels = data.labels

    def segedu():
        targets = [
            Instances(
                masks,
                [labels[a["category_id"]] for a in truth[i]],
                crowd=np.array([a["iscrowd"] == 1 for a in truth[i]]),
            )
            for i, masks in zip(kept, target_masks, strict=True)
        ]
        preds = [
            Instances(masks, [labels[a["category_id"]] for a in results[i]], [a["score"] for a in results[i]])
            for i, masks in zip(kept, pred_masks, strict=True)
        ]
        return average_precision(preds, targets, areas=[[a["area"] for a in truth[i]] for i in kept])

    def encoded(evaluator, groups, stacks):
        return [
            annotation | {"segmentation": evaluator.encode(np.asfortranarray(mask, np.uint8))}
            for i, masks in zip(kept, stacks, strict=True)
            for annotation, mask in zip(groups[i], masks, strict=True)
        ]

    def other(evaluator):
        images = [image for image in data.truth["images"] if image["id"] in {ids[i] for i in kept}]
        annotations = encoded(evaluator, truth, target_masks)
        return evaluator.run(
            data.truth | {"images": images, "annotations": annotations},
            encoded(evaluator, results, pred_masks),
            "segm",
        )

    methods: dict[str, Callable[[], object]] = {"segedu": segedu}
    for evaluator in evaluators():
        expected = other(evaluator)
        np.testing.assert_allclose(
            twelve(segedu()), np.where(expected == -1, np.nan, expected), rtol=0, atol=1e-10
        )
        methods[evaluator.name] = lambda evaluator=evaluator: other(evaluator)
    count = sum(len(masks) for masks in target_masks + pred_masks)
    return side_by_side(
        "average precision from masks", f"COCO val2014, {len(kept)} images, {count} masks", methods
    )


def crowded(data: SimpleNamespace, per_image: int = 100) -> list[dict]:
    """So many boxes an image: the true ones shaken, with scores at random and some classes wrong."""
    rng = np.random.default_rng(0)
    categories = list(data.labels)
    results = []
    for image, found in zip(data.ids, by_image(data.truth["annotations"], data.ids), strict=True):
        for n in rng.integers(0, len(found), per_image) if found else ():
            left, top, width, height = found[n]["bbox"]
            shift, scale = rng.normal(0, 0.15, 2), np.exp(rng.normal(0, 0.15, 2))
            box = [left + shift[0] * width, top + shift[1] * height, width * scale[0], height * scale[1]]
            category = found[n]["category_id"] if rng.random() < 0.7 else int(rng.choice(categories))
            results.append(
                {"image_id": image, "category_id": category, "bbox": box, "score": float(rng.random())}
            )
    return results


def rows(root: Path) -> list[Row]:
    """Measure everything about average precision."""
    data = load(root)
    name = "COCO val2014, 100 images, {} results"
    many = crowded(data)
    return [
        *from_masks(data, 50),
        *from_annotations(data, "mask", data.masks, name.format(len(data.masks))),
        *from_annotations(data, "box", data.boxes, name.format(len(data.boxes))),
        *from_annotations(data, "box", many, name.format(len(many))),
    ]
