"""What the solutions of chapters 13 and 14 say: their sentences and numbers, held against what code gives."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from chapter_cells import chapter, exercise
from segedu import Instances, Scene, masks, metrics, synthetic, training
from segedu.exercises import variant
from segedu.fusion import panoptic_fusion, place_instances
from segedu.models import detection, to_instances
from written_solutions import Solution

GIVEN = variant("")
CAR = 5
# Of chapters 13 and 14, once for all tests: each set of names is computed only once.
TRAINED = ("CUT", "SceneDataset", "metrics", "car", "model", "shipped", "test", "to_instances", "unet")
NETWORKS = ("CUT", "unet", "mask_rcnn", "pixels", "objects", "isthing", "stuff")
FUSED = ("Instances", "base", "fused", "mean_pq", "once", "per_street", *NETWORKS)


def test_13_1_a_move() -> None:
    found, (anchor, box) = Solution("13.1"), GIVEN["13.1"].values()
    pair = (torch.tensor(box[None]).float(), torch.tensor(anchor[None]).float())
    x, y, width, height = detection.encode_boxes(*pair)[0].tolist()
    middles = [(b[0] + b[2]) / 2 for b in (anchor, box)]
    found.says("moves from {} to {} on the x axis, 6 / 8 = {}", *middles, x)
    found.says(
        "on the y axis: {}. The width doubles: log 2 = {}. The height stays: log 1 = {}", y, width, height
    )
    assert torch.allclose(detection.encode_boxes(*(10 * boxes for boxes in pair))[0, 0], torch.tensor(x))


def test_13_2_suppression() -> None:
    found, (left, length) = Solution("13.2"), GIVEN["13.2"].values()
    boxes = torch.tensor([[x, 0, x + length, 1] for x in left]).float()
    iou = masks.box_iou(boxes.numpy(), boxes.numpy())
    found.says("the IoUs are 3 / 5 = {}, 2 / 6 = {} and 1 / 7 = {}", iou[0, 1], iou[1, 2], iou[0, 2])

    def kept(scores: list[float], limit: float) -> set[int]:
        return {*detection.nms(boxes, torch.tensor(scores), iou_threshold=limit).tolist()}

    first, middle = [0.9, 0.8, 0.1], [0.8, 0.9, 0.1]
    assert kept(first, 0.5) == kept(first, 0.3) == {0, 2}
    assert kept(middle, 0.5) == {1, 2}
    assert kept(middle, 0.3) == {1}
    found.says("at {} it strikes out both others", 0.3)


def test_13_4_the_code_of_a_box_that_grows() -> None:
    moves, anchors = torch.tensor([[0, 0, np.log(2), 0]]).float(), torch.tensor([[4.0, 0, 12, 4]])
    left, _, right, _ = detection.decode_boxes(moves, anchors)[0].tolist()
    Solution("13.4").asks("wider by {} pixels on *both* sides: from {} to {}", 4 - left, left, right)


def test_13_7_anchors_of_nuclei() -> None:
    found = Solution("13.7")
    found.run()
    tissue, glow = np.reshape([int(n) for n in re.findall(r"(\d+)%", found.printed)], (2, 3))
    found.says("{} and {} % with those of streets", tissue[0], glow[0])
    found.says("{} % in both images with those of the recipe", tissue[1])
    assert tissue[1] == glow[1]
    found.says("{} and {} % with torchvision's", tissue[2], glow[2])


def test_13_8_the_price_of_suppression() -> None:
    found, kinds = Solution("13.8"), {"car": 5, "pedestrian": 6, "bicycle": 7}
    lost, number = {(name, limit): 0 for name in kinds for limit in (0.3, 0.7)}, dict.fromkeys(kinds, 0)
    for seed in range(200):
        scene = synthetic.street_scene(seed=seed, size=(128, 128), cars=9, pedestrians=12, bicycles=4)
        stack, labels = scene.masks()
        for name, kind in kinds.items():
            boxes = torch.from_numpy(masks.boxes(stack[labels == kind])).float()
            number[name] += len(boxes)
            for limit in (0.3, 0.7):
                kept = detection.nms(boxes, torch.ones(len(boxes)), iou_threshold=limit)
                lost[name, limit] += len(boxes) - len(kept)
    share = {(name, limit): lost[name, limit] / number[name] for name, limit in lost}
    found.says("at 0.3, one car in a hundred, one pedestrian in {} and one bicycle in {}",
               1 / share["pedestrian", 0.3], 1 / share["bicycle", 0.3])  # fmt: skip
    assert 1 / share["car", 0.3] == pytest.approx(100, rel=0.15)
    found.says("hardly one bicycle in a hundred, and nearly nothing else")
    assert share["bicycle", 0.7] < 0.01
    assert max(share["car", 0.7], share["pedestrian", 0.7]) < 0.002


def test_13_8_duplicates_stay_at_nine_tenths() -> None:
    found, names = Solution("13.8"), chapter("13", *TRAINED)
    heads, images = names["model"].roi_heads, [training.SceneDataset([scene])[0][0] for scene in names["test"]]

    def given_and_false(outputs: list[dict[str, torch.Tensor]]) -> tuple[int, int]:
        answers = [to_instances(output, score_threshold=0.5, mask_threshold=names["CUT"]) for output in outputs]
        pairs = zip(answers, names["test"], strict=True)
        return sum(map(len, answers)), sum(false_alarms(*pair) for pair in pairs)

    assert heads.nms_thresh == 0.5
    given, false = given_and_false(names["shipped"])
    found.says(
        "the network gives {} objects with a score of 0.5 or more, of which {} are false",
        given,
        false,
        within=5,
    )
    heads.nms_thresh = 0.9
    with torch.no_grad():
        lenient = [names["model"]([image])[0] for image in images]
    heads.nms_thresh = 0.5
    found.says("With 0.9 in the end of the network, {} are false", given_and_false(lenient)[1], within=20)


def false_alarms(objects: Instances, scene: Scene) -> int:
    """How many objects find no true object of their class, at an IoU of 0.5."""
    true, wrong = Instances.from_scene(scene), 0
    for label in np.unique(objects.labels):
        parts = ((some, some.labels == label) for some in (objects, true))
        mine, theirs = (Instances(some.masks[k], some.labels[k], some.scores[k]) for some, k in parts)
        wrong += int(metrics.match_instances(mine, theirs, threshold=0.5).false_positives.sum())
    return wrong


def test_13_9_where_to_cut_a_mask() -> None:
    found = Solution("13.9")
    cuts, ap, *per_class = np.reshape(found.run(**chapter("13", *TRAINED)), (5, -1)).T
    assert cuts.tolist() == [0.3, 0.4, 0.5, 0.6, 0.7]
    assert ap.argmax() == 1
    found.says("with a mask AP of {}, and {} at 0.5", ap[1], ap[2], within=0.005)
    found.says("so its {} may stand", ap[1], within=0.005)
    kept = [values[4] / values[1] for values in per_class]  # cars, pedestrians, bicycles, signs
    assert kept[2] == min(kept) < max(kept) == kept[0]
    found.says("at 0.7 cars keep {} of {}, bicycles {} of {}",
               *per_class[0][[4, 1]], *per_class[2][[4, 1]], within=0.02)  # fmt: skip


def test_13_9_dice_asks_for_the_same_cut() -> None:
    found, iou = Solution("13.9"), 2 / 3
    dice = 2 * iou / (1 + iou)
    assert iou / (1 + iou) == pytest.approx(dice / 2)
    found.says("At an IoU of {} both say {}", iou, dice / 2)
    # A mask of 20 and an object of 20 pixels share 16. One pixel more, with a probability of p.
    for p in (0.39, 0.41):
        more = {"iou": (16 + p) / (24 + 1 - p), "dice": (32 + 2 * p) / 41}
        assert (more["iou"] > iou) == (more["dice"] > dice) == (p > 0.4)


def counts_of_cars(seeds: range, thresholds: list[float]) -> np.ndarray:
    """True cars of 16 pixels or more, pieces, and found cars for each threshold: a row for each busy street."""
    names = chapter("13", *TRAINED)
    car, rows = names["car"], []
    for seed in seeds:
        busy = synthetic.street_scene(seed=seed, size=(128, 128), cars=9)
        picture = names["SceneDataset"]([busy])[0][0]
        with torch.no_grad():
            those = names["to_instances"](names["model"]([picture])[0], mask_threshold=names["CUT"])
            pieces = ndimage.label(names["unet"](picture[None])[0].argmax(dim=0).numpy() == car)[1]
        stack, labels = busy.masks()
        sizes = stack[labels == car].sum(axis=(1, 2))
        large = (those.labels == car) & (those.masks.sum(axis=(1, 2)) >= 16)
        rows.append([(sizes >= 16).sum(), pieces, *((those.scores[large] >= t).sum() for t in thresholds)])
    return np.array(rows)


def test_13_10_street_by_street() -> None:
    found = Solution("13.10")
    true, pieces, cars = counts_of_cars(range(20_000, 20_020), [0.5]).T
    found.says("Mask R-CNN is off by {} cars a street, the pieces by {}",
               np.abs(cars - true).mean(), np.abs(pieces - true).mean(), within=0.1)  # fmt: skip
    in_sum = abs((pieces - true).sum())
    found.says(
        "the pieces are off by {} cars in twenty streets, which looks like {}", in_sum, in_sum / 20, within=1
    )

    true, _, *cars = counts_of_cars(range(10_000, 10_020), [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]).T
    off = [np.abs(count - true).mean() for count in cars]
    assert np.ptp(off) <= 0.1 + 1e-9
    found.says("thresholds from 0.3 to 0.8 differ by a tenth of a car at most")


def test_13_11_parcels_at_an_angle() -> None:
    def iou(long: float) -> float:  # of the upright boxes of two parcels, 1 wide, side by side at 45°
        box = np.array([[0, 0, long + 1, long + 1]]) / np.sqrt(2)
        return float(masks.box_iou(box, box + 1 / np.sqrt(2))[0, 0])

    found = Solution("13.11")
    found.says(
        "two squares side by side have an IoU of {}, those of two parcels of 1 : {} have {}", iou(1), 6, iou(6)
    )
    assert iou(6) > 0.5 > iou(4)


def test_14_1_three_cars() -> None:
    found, cars = Solution("14.1"), GIVEN["14.1"]["cars"]
    stack = np.array([[[sign == "#" for sign in car]] for car in cars])
    detected = Instances(stack, labels=[0, 0, 0], scores=[0.9, 0.8, 0.7])
    _, half = place_instances(detected, max_overlap=0.5)
    a, b, c = (np.flatnonzero(half[0] == k) + 1 for k in (1, 2, 3))  # pixels are counted from 1
    found.says("A gets pixels {}–{}", a[0], a[-1])
    found.says("of four are taken: exactly half")
    assert (stack[1] & stack[0]).sum() == stack[1].sum() / 2
    found.says("B stays and gets {} and {}", *b)
    found.says("it gets {}–{}", c[0], c[-1])
    kept, nothing = place_instances(detected, max_overlap=0)
    assert kept.tolist() == [0, 2]
    found.says("C gets all of its {}", (nothing == 2).sum())


def test_14_4_keep_them_or_drop_them() -> None:
    found = Solution("14.4")
    s, tp, fp, fn, more, right, iou = GIVEN["14.4"].values()
    pq = s / (tp + fp / 2 + fn / 2)
    found.says("PQ = {} / ({} + {} + {}) = {}", s, tp, fp / 2, fn / 2, pq)
    found.says(
        "p · IoU = {} · {} = {}, and half of the PQ is {}", right / more, iou, right / more * iou, pq / 2
    )
    s, tp, fp, fn = s + right * iou, tp + right, fp + more - right, fn - right
    found.says("= {}, TP = {}, FP = {}, FN = {}, and PQ = {} / {} = {}",
               s, tp, fp, fn, s, tp + fp / 2 + fn / 2, s / (tp + fp / 2 + fn / 2))  # fmt: skip


def test_14_5_a_table_that_does_not_multiply() -> None:
    found, counts = Solution("14.5"), np.array(exercise("14", "counts")["counts"])
    s, tp, fp, fn = counts.T
    sq, rq = s / tp, tp / (tp + fp / 2 + fn / 2)
    found.says("Their PQ is {} and {}, the mean {}", *sq * rq, (sq * rq).mean())
    found.says("mean SQ is {} and mean RQ {}, and {} · {} = {}",
               sq.mean(), rq.mean(), sq.mean(), rq.mean(), sq.mean() * rq.mean())  # fmt: skip
    found.says("Where one class is better in both, the product is too low")
    better = np.sort(sq), np.sort(rq)
    assert better[0].mean() * better[1].mean() < (better[0] * better[1]).mean()


def changed(rule: Any) -> float:
    """PQ of a rule, less that of chapter 14."""
    names = chapter("14", *FUSED)
    once, pq = names["once"], names["mean_pq"]
    return float((pq(once, names["per_street"](rule)) - pq(once, names["base"]))[0])


def test_14_6_the_unet_names_them() -> None:
    found, names, rename = Solution("14.6"), chapter("14", *FUSED), exercise("14", "names")["names"]
    renamed = [
        Instances(some.masks, rename(some.masks, some.labels, pixels, names["isthing"]), some.scores)
        for some, pixels in zip(names["objects"], names["pixels"], strict=True)
    ]
    other = [(a.labels != b.labels)[a.scores >= 0.5] for a, b in zip(names["objects"], renamed, strict=True)]
    found.says(
        "{} of the {} sure objects get another name", sum(map(np.sum, other)), sum(map(len, other)), within=5
    )
    found.says(
        "PQ falls by {} thousandths", -1000 * changed(lambda k: names["fused"](k, objects=renamed)), within=1
    )


def test_14_7_trimmed_masks() -> None:
    found = Solution("14.7")
    (trimmed,) = found.run(**chapter("14", *FUSED))
    names = chapter("14", *FUSED)
    rule = names["mean_pq"](names["once"], names["base"])[0]
    found.says("we got {} instead of {}", trimmed, rule, within=0.003)
    assert trimmed < rule - 0.003


def test_14_8_nine_cars() -> None:
    found, names = Solution("14.8"), chapter("14", *FUSED)
    streets = [synthetic.street_scene(seed, (128, 128), cars=9) for seed in range(20_000, 20_040)]
    with torch.no_grad():
        images = [training.SceneDataset([street])[0][0][None] for street in streets]
        pixels = [names["unet"](image)[0].numpy().argmax(axis=0) for image in images]
        outputs = [names["mask_rcnn"](image)[0] for image in images]
        objects = [to_instances(output, mask_threshold=names["CUT"]) for output in outputs]
    pieces = [in_pieces(labels, names["isthing"]) for labels in pixels]

    def quality(objects: list[Instances], max_overlap: float = 0.5) -> metrics.PanopticQuality:
        looks = zip(streets, pixels, objects, strict=True)
        fused = [
            panoptic_fusion(labels, some, image=street.image, categories=street.categories,
                            max_overlap=max_overlap, min_stuff_area=64)
            for street, labels, some in looks
        ]  # fmt: skip
        return metrics.panoptic_quality(fused, streets)

    strict, rule, none = (quality(objects, most) for most in (0, 0.5, 1))
    found.says("we got PQ {}, {} and {}", strict.pq, rule.pq, none.pq, within=0.003)
    found.says(
        "of {} cars that matched {} are thrown away", rule.tp[CAR], rule.tp[CAR] - strict.tp[CAR], within=4
    )
    found.says("No rule at all costs less than 0.001, less than before")
    assert 0 <= rule.pq - none.pq < 0.001
    assert rule.pq - none.pq < -changed(lambda k: names["fused"](k, max_overlap=1))
    before = changed(lambda k: names["fused"](k, max_overlap=0))
    found.says(
        "costs {}, where on the streets of the chapter it costs {}", rule.pq - strict.pq, -before, within=0.002
    )
    cars = (some.per_class.pq[CAR] for some in (quality(pieces), rule))
    found.says("PQ of *car* falls to {}, from {} with the detector", *cars, within=0.02)


def in_pieces(labels: np.ndarray, isthing: np.ndarray) -> Instances:
    """Each connected piece of a thing class as an object."""
    masks, kinds = [], []
    for kind in np.flatnonzero(isthing):
        ids, count = ndimage.label(labels == kind, np.ones((3, 3)))
        masks += [ids == k + 1 for k in range(count)]
        kinds += [kind] * count
    return Instances(np.array(masks), labels=kinds)


def test_14_9_void_costs_little() -> None:
    names = chapter("14", *FUSED)
    cost = changed(lambda k: names["fused"](k, pixels=names["stuff"]))
    Solution("14.9").says("costs only {} thousandth of PQ", -1000 * cost, within=1)
