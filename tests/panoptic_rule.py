"""panopticapi's published rule, pixel by pixel and pair by pair: slow, and free of everything clever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from segedu import NO_INSTANCE, VOID, Scene

VOID_KEY = None


@dataclass
class Count:
    """Sum of IoUs, and numbers of true positives, false positives and false negatives of one class."""

    iou: float = 0.0
    tp: int = 0
    fp: int = 0
    fn: int = 0


def count_image(
    pred: Sequence[Hashable],
    target: Sequence[Hashable],
    pred_class: Mapping[Hashable, int],
    target_class: Mapping[Hashable, int],
    crowds: set[Hashable],
    total: dict[int, Count],
) -> None:
    """Add one image. `pred` and `target` name the segment of each pixel, None is void."""
    shared = Counter(zip(pred, target, strict=True))
    pred_area, target_area = Counter(pred), Counter(target)

    matched_preds, matched_targets = set(), set()
    for p in pred_class:
        for t in target_class:
            if t in crowds or pred_class[p] != target_class[t]:
                continue
            inter = shared[p, t]
            union = pred_area[p] + target_area[t] - inter - shared[p, VOID_KEY]
            if inter / union > 0.5:
                matched_preds.add(p)
                matched_targets.add(t)
                total[pred_class[p]].tp += 1
                total[pred_class[p]].iou += inter / union
    for t in target_class:
        if t not in matched_targets and t not in crowds:
            total[target_class[t]].fn += 1
    for p in pred_class:
        if p in matched_preds:
            continue
        forgiven = shared[p, VOID_KEY]
        for t in crowds:
            if target_class[t] == pred_class[p]:
                forgiven += shared[p, t]
        if forgiven / pred_area[p] <= 0.5:
            total[pred_class[p]].fp += 1


def count_scenes(preds: Sequence[Scene], targets: Sequence[Scene]) -> list[Count]:
    """Counts of each class over pairs of scenes."""
    categories = targets[0].categories
    total = {c: Count() for c in range(len(categories))}
    for pred, target in zip(preds, targets, strict=True):
        pred_keys, target_keys = keys(pred), keys(target)
        crowds = {key for key in target_keys if key and categories[key[0]].isthing and key[1] == NO_INSTANCE}
        count_image(pred_keys, target_keys, classes(pred_keys), classes(target_keys), crowds, total)
    return list(total.values())


def keys(scene: Scene) -> list[tuple[int, int] | None]:
    """(class, instance) of each pixel."""
    pairs = zip(scene.semantic.ravel().tolist(), scene.instance.ravel().tolist(), strict=True)
    return [VOID_KEY if label == VOID else (label, instance) for label, instance in pairs]


def classes(found: list[tuple[int, int] | None]) -> dict[Hashable, int]:
    return {key: key[0] for key in found if key is not None}


def averages(counts: list[Count], chosen: list[bool]) -> tuple[float, float, float, int]:
    """Mean PQ, SQ and RQ over the chosen classes that occur, and how many they are."""
    pqs, sqs, rqs = [], [], []
    for count, choose in zip(counts, chosen, strict=True):
        if not choose or count.tp + count.fp + count.fn == 0:
            continue
        weight = count.tp + 0.5 * count.fp + 0.5 * count.fn
        pqs.append(count.iou / weight)
        sqs.append(count.iou / count.tp if count.tp else 0)
        rqs.append(count.tp / weight)
    n = len(pqs)
    return (sum(pqs) / n, sum(sqs) / n, sum(rqs) / n, n) if n else (float("nan"),) * 3 + (0,)
