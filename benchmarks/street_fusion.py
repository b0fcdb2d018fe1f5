"""What becomes of two networks together, and which part of fusion is worth what:
``python benchmarks/street_fusion.py``.

``street_unet`` labels the pixels of 100 test streets, ``street_mask_rcnn`` finds their objects, and both
answers are fused: by the rule, by the rule with one thing changed, and with the truth in place of one answer.
What thresholds are worth is measured on 200 other streets. Writes ``results/street_fusion.json``.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy import ndimage

from segedu import Instances, Scene
from segedu.fusion import panoptic_fusion, place_instances
from segedu.masks import mask_iou
from segedu.metrics import match_segments, panoptic_quality
from segedu.models import street_mask_rcnn, street_unet, to_instances
from segedu.scene import VOID
from segedu.synthetic import STREET, street_scene
from segedu.training import RECIPES, SceneDataset, default_accelerator
from segedu.training.jobs import SMALL_STUFF
from segedu.training.results import device_name, panoptic_measures, write_results

OUT = Path(__file__).resolve().parents[1] / "results" / "street_fusion.json"
SIZE = (128, 128)
VALIDATION, TEST = range(10_000, 10_200), range(20_000, 20_100)
CUT = RECIPES["street_instances"].mask_threshold
LEAST = round(SMALL_STUFF * SIZE[0] * SIZE[1])
ISTHING = np.array([category.isthing for category in STREET])


class Answer(NamedTuple):
    """A street, and what the two networks say about it."""

    scene: Scene
    logits: np.ndarray  # (9, H, W)
    objects: Instances

    @property
    def pixels(self) -> np.ndarray:
        """Class index of each pixel, (H, W)."""
        return self.logits.argmax(axis=0)

    @property
    def truth(self) -> Instances:
        """The true objects, all of them sure."""
        return Instances.from_scene(self.scene)


Rule = Callable[[Answer], Scene]


@torch.no_grad()
def ask(seeds: Sequence[int]) -> list[Answer]:
    """Both networks about the streets of these seeds."""
    pixels, objects = street_unet(), street_mask_rcnn()
    answers = []
    for seed in seeds:
        scene = street_scene(seed, SIZE)
        image, _ = SceneDataset([scene])[0]
        found = to_instances(objects([image])[0], mask_threshold=CUT)
        answers.append(Answer(scene, pixels(image[None])[0].numpy(), found))
    return answers


def fuse(
    answer: Answer, *, pixels: np.ndarray | None = None, objects: Instances | None = None, **changes: Any
) -> Scene:
    """The rule, with other answers or thresholds where they are given."""
    return panoptic_fusion(
        answer.pixels if pixels is None else pixels,
        answer.objects if objects is None else objects,
        image=answer.scene.image,
        categories=STREET,
        **{"min_stuff_area": LEAST, **changes},
    )


def in_order(answer: Answer, key: Callable[[np.ndarray], np.ndarray]) -> Scene:
    """Place the sure objects in another order: the highest key of their masks (N, H, W) first."""
    objects = answer.objects
    assert objects.scores is not None
    sure = objects.scores >= 0.5
    masks = objects.masks[sure]
    ordered = Instances(masks, objects.labels[sure], key(masks))
    return fuse(answer, objects=ordered, min_score=-np.inf)


def areas(masks: np.ndarray) -> np.ndarray:
    return masks.sum(axis=(1, 2)).astype(float)


def stuff_only(answer: Answer) -> np.ndarray:
    """The likeliest stuff of each pixel, (H, W), also where a thing is likelier."""
    return np.where(ISTHING[:, None, None], -np.inf, answer.logits).argmax(axis=0)


def where_pixels_agree(answer: Answer) -> Instances:
    """Objects cut to the pixels that are called a thing."""
    objects = answer.objects
    return Instances(objects.masks & ISTHING[answer.pixels], objects.labels, objects.scores)


def pieces(answer: Answer) -> Instances:
    """Connected pieces of each thing class in the label map, without a detector."""
    found = []
    for label in np.flatnonzero(ISTHING):
        pieces, count = ndimage.label(answer.pixels == label, np.ones((3, 3)))
        found += [(pieces == k, label) for k in range(1, count + 1)]
    masks = np.array([mask for mask, _ in found], bool).reshape(-1, *SIZE)
    return Instances(masks, np.array([label for _, label in found], np.int64))


def redrawn(answer: Answer) -> Instances:
    """The objects that were found, each with the mask of the true one that it overlaps by more than half."""
    objects, truth = answer.objects, answer.truth
    same = objects.labels[:, None] == truth.labels
    iou = np.where(same, mask_iou(objects.masks, truth.masks), 0)
    masks = objects.masks.copy()
    for k, best in enumerate(iou.argmax(axis=1)):
        if iou[k, best] > 0.5:
            masks[k] = truth.masks[best]
    return Instances(masks, objects.labels, objects.scores)


RULES: dict[str, Rule] = {
    "the rule": fuse,
    "no overlap rule": lambda a: fuse(a, max_overlap=1.0),
    "no overlap allowed": lambda a: fuse(a, max_overlap=0.0),
    "largest first": lambda a: in_order(a, areas),
    "smallest first": lambda a: in_order(a, lambda masks: -areas(masks)),
    "in random order": lambda a: in_order(a, lambda masks: np.random.default_rng(0).random(len(masks))),
    "no small-stuff rule": lambda a: fuse(a, min_stuff_area=0),
    "stuff of 64² pixels at least": lambda a: fuse(a, min_stuff_area=64**2),
    "stuff instead of void": lambda a: fuse(a, pixels=stuff_only(a)),
    "void instead of stuff": lambda a: fuse(a, pixels=np.full(SIZE, VOID)),
    "objects only where pixels agree": lambda a: fuse(a, objects=where_pixels_agree(a)),
    "connected pieces, no detector": lambda a: fuse(a, objects=pieces(a)),
    "true masks for what is found": lambda a: fuse(a, objects=redrawn(a)),
    "true pixels": lambda a: fuse(a, pixels=a.scene.semantic),
    "true objects": lambda a: fuse(a, objects=a.truth),
    "both true": lambda a: fuse(a, pixels=a.scene.semantic, objects=a.truth),
}
"""The rule, the rule with one thing changed, and with a true answer in place of a predicted one."""

SCORES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
OVERLAPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
STUFF_AREAS = (0, 8, 16, 32, 64, 128, 218, 512, 1024, 2048, 4096)


def measured(answers: Sequence[Answer], rule: Rule) -> dict[str, Any]:
    """The measures of a rule over all streets."""
    quality = panoptic_quality([rule(answer) for answer in answers], [answer.scene for answer in answers])
    counts = {name: int(getattr(quality, name).sum()) for name in ("tp", "fp", "fn")}
    return panoptic_measures(quality) | counts


def swept(answers: Sequence[Answer], name: str, values: Sequence[float]) -> list[dict[str, Any]]:
    """PQ for each value of one threshold."""
    rows = []
    for value in values:
        found = measured(answers, lambda answer, value=value: fuse(answer, **{name: value}))
        rows.append(
            {"value": value, "pq": found["pq"], "things": found["things"]["pq"], "stuff": found["stuff"]["pq"]}
        )
    return rows


def stuff_by_area(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """How often a predicted stuff segment of some area is right, and by which IoU: with no least area."""
    found = []  # (area, IoU, or 0 where it matches nothing)
    for answer in answers:
        fused = fuse(answer, min_stuff_area=0)
        iou = matched_iou(fused, answer.scene)
        found += [(segment.area, iou[segment.id]) for segment in fused.segments() if not segment.isthing]
    return binned(found, [1, *(area for area in STUFF_AREAS if area > 1), SIZE[0] * SIZE[1] + 1])


def objects_by_score(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The same of placed objects of some score: with no least score but the detector's own."""
    found = []
    for answer in answers:
        kept, _ = place_instances(answer.objects, min_score=0.0)
        assert answer.objects.scores is not None
        scores = answer.objects.scores[kept]
        fused = fuse(answer, min_score=0.0)
        iou = matched_iou(fused, answer.scene)
        found += [(scores[s.instance - 1], iou[s.id]) for s in fused.segments() if s.isthing]
    return binned(found, [*SCORES, 1.01])


def matched_iou(fused: Scene, truth: Scene) -> dict[int, float]:
    """IoU of each predicted segment with its match, by id; 0 where there is none."""
    matches = match_segments(fused, truth)
    return dict(zip(matches.pred_ids.tolist(), np.nan_to_num(matches.iou).tolist(), strict=True))


def binned(found: list[tuple[float, float]], edges: Sequence[float]) -> list[dict[str, Any]]:
    """Pairs of a value and an IoU, counted between neighbouring edges."""
    value, iou = np.array(found).T
    rows = []
    for low, high in pairwise(edges):
        inside = (value >= low) & (value < high)
        hit = iou[inside] > 0
        rows.append(
            {
                "from": low,
                "below": high,
                "segments": int(inside.sum()),
                "matched": float(hit.mean()) if inside.any() else np.nan,
                "mean_iou_of_matched": float(iou[inside][hit].mean()) if hit.any() else np.nan,
            }
        )
    return rows


def main() -> None:
    torch.manual_seed(0)
    validation, test = ask(VALIDATION), ask(TEST)
    found = [{"name": name, **measured(test, rule)} for name, rule in RULES.items()]
    results = {
        "data": "street",
        "size": SIZE,
        "pixels": "street_unet",
        "objects": "street_mask_rcnn",
        "seeds": {"validation": [VALIDATION[0], VALIDATION[-1]], "test": [TEST[0], TEST[-1]]},
        "mask_threshold": CUT,
        "min_score": 0.5,
        "max_overlap": 0.5,
        "min_stuff_area": LEAST,
        "device": device_name(default_accelerator()),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "rules": found,
        "validation": {
            "stuff_by_area": stuff_by_area(validation),
            "objects_by_score": objects_by_score(validation),
            "min_score": swept(validation, "min_score", SCORES),
            "max_overlap": swept(validation, "max_overlap", OVERLAPS),
            "min_stuff_area": swept(validation, "min_stuff_area", STUFF_AREAS),
        },
    }
    write_results(results, OUT)
    for rule in found:
        things, stuff = rule["things"]["pq"], rule["stuff"]["pq"]
        print(f"{rule['name']:32} PQ {rule['pq']:.3f}, things {things:.3f}, stuff {stuff:.3f}")


if __name__ == "__main__":
    main()
