"""What the solutions of chapters 5 and 6 say: their sentences and numbers, held against what code gives."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest

from chapter_cells import chapter, exercise
from segedu import masks, metrics
from segedu.exercises import variant
from written_solutions import Solution, numbers

GIVEN = variant("")


def test_05_1_five_measures() -> None:
    found, n = Solution("05.1"), GIVEN["05.1"]["confmat"]
    found.says("PA = {}", metrics.pixel_accuracy(n))
    found.says("The recalls are {}, {} and {}, so MPA = 1.75/3 = {}",
               *metrics.recall_per_class(n), metrics.mean_pixel_accuracy(n))  # fmt: skip
    iou = metrics.iou_per_class(n)
    found.says("The IoUs are {}, {} and {}, and mIoU", *iou)
    found.says("mIoU = ({} + {})/3 = {}", *iou[:2], metrics.mean_iou(n))
    rows = n.sum(axis=1)
    terms = [value for pair in zip(rows, iou, strict=True) for value in pair]
    found.says("FWIoU = ({} · {} + {} · {} + {} · {})/{} = {}",
               *terms, n.sum(), metrics.frequency_weighted_iou(n))  # fmt: skip


def test_05_2_void_as_one_more_class() -> None:
    names = exercise("05", "target", "preds", "directions")
    target, preds, said = names["target"], names["preds"], names["directions"]
    four = metrics.confusion_matrix(preds, np.where(target == 255, 3, target), 4, ignore_index=None)
    known = metrics.confusion_matrix(preds, target, 3)
    for name, measure in (("PA", metrics.pixel_accuracy), ("MPA", metrics.mean_pixel_accuracy),
                          ("mIoU", metrics.mean_iou)):  # fmt: skip
        assert said[name] == "falls"
        assert measure(four) < measure(known)
    assert np.array_equal(metrics.recall_per_class(four)[:3], metrics.recall_per_class(known))
    union = [n.sum(axis=0) + n.sum(axis=1) - np.diag(n) for n in (known, four)]
    assert union[1][2] == union[0][2] + 1
    # "Where void is called background and the network says background there, everything can get better."
    before, after = (np.array([[hits, 1], [1, 4]]) for hits in (4, 5))
    for measure in (metrics.pixel_accuracy, metrics.mean_pixel_accuracy, metrics.mean_iou):
        assert measure(after) > measure(before)
    Solution("05.2").says("everything can get better")


def test_05_3_a_byte_is_too_small_for_pairs() -> None:
    Solution("05.3").says("20 · {} does not fit into one", 18)
    assert np.iinfo(np.uint8).max < 20 * 18


def test_05_5_the_colleague_has_the_mean_precision() -> None:
    names = exercise("05", "small", "colleagues_mpa")
    precision = np.nan_to_num(metrics.precision_per_class(names["small"]))
    assert names["colleagues_mpa"](names["small"]) == pytest.approx(precision.mean())
    Solution("05.5").says("that is the mean precision")


def test_05_6_a_matrix_that_lies() -> None:
    found, n = Solution("05.6"), exercise("05", "confmat")["confmat"]
    found.says("of {} pixels that is never found: PA is {}", n[1].sum(), metrics.pixel_accuracy(n))
    found.says(
        "Its IoU is {}, and the mean of 0 and {} is {}", *metrics.iou_per_class(n)[::-1], metrics.mean_iou(n)
    )


def test_05_8_the_weight_of_a_tumour() -> None:
    found, names = Solution("05.8"), chapter("05", "first", "second")
    finds, misses = names["first"], names["second"]
    found.says(
        "a tumour of {} pixels in {} has a weight of {}",
        finds[1].sum(),
        finds.sum(),
        finds[1].sum() / finds.sum(),
    )
    weighted = (metrics.frequency_weighted_iou(n) for n in (misses, finds))
    found.says("({} against {})", *weighted)
    found.says("the mIoU {} against {}", *(metrics.mean_iou(n) for n in (misses, finds)))


def test_06_1_a_ranked_list() -> None:
    found, (hits, objects) = Solution("06.1"), GIVEN["06.1"].values()
    tp = np.cumsum(hits)
    found.says("precision {}, {}, {}, {}; recall {}, {}, {}, {}", *tp / np.arange(1, 5), *tp / objects)
    low = (np.linspace(0, 1, 101) <= 0.5).sum()
    found.says("which are {} of the 101 levels, and 1/2 at the other {}", low, 101 - low)
    found.says("AP = ({} + {}) / 101 = {}", low, (101 - low) / 2, (low + (101 - low) / 2) / 101)


def test_06_2_sq_rq_and_pq() -> None:
    found, (iou, true) = Solution("06.2"), GIVEN["06.2"].values()
    matched = [value for value in iou if value > 0.5]
    found.says("which makes {} finds", sum(value >= 0.5 for value in iou))
    found.says("{} segments are found, {} are too many, {} is missed",
               len(matched), len(iou) - len(matched), true - len(matched))  # fmt: skip
    sq, rq = sum(matched) / 3, 3 / (3 + 1 + 1 / 2)
    found.says("SQ = {} / {} = {}, RQ = 3 / (3 + 1 + 1/2) = {}, PQ = {}", sum(matched), 3, sq, rq, sq * rq)


def test_06_5_two_bugs() -> None:
    names = exercise("06", "ap", "colleagues_ap")
    for found in (np.array(hits) for hits in product((False, True), repeat=4)):
        if found.any():
            assert names["colleagues_ap"](found, found.sum()) <= names["ap"](found, found.sum())  # no envelope
    assert names["ap"](np.array([True]), 2) == pytest.approx(
        51 / 101
    )  # the levels that are never reached are 0
    Solution("06.5").says("They count as 0")


def test_06_7_ap_pays_for_honest_scores() -> None:
    found = Solution("06.7")
    printed = found.run()
    ap, pq = (numbers("".join(re.findall(rf"\b{name}=[\d.]+", found.printed))) for name in ("ap", "pq"))
    found.says("AP rises from {} to {}", *ap)
    found.says("PQ of the things goes from {} to {}", *pq)
    assert len(printed) > 4


def test_06_7_pasting_in_another_order_changes_only_pixels_that_several_masks_want() -> None:
    names = chapter("06", "streets", "paste", "shrink", "haunt", "Instances")
    scene = names["streets"][0]
    stack, labels = scene.masks()
    stack, labels, _ = names["haunt"](*names["shrink"](stack, labels, np.ones(len(labels))), 1.0)
    rng = np.random.default_rng(0)
    lists = [names["Instances"](stack, labels, rng.uniform(0.6, 1, len(labels))) for _ in range(2)]
    one, other = (names["paste"](preds, scene).instance for preds in lists)
    assert (one != other).any()
    assert (stack.sum(axis=0)[one != other] > 1).all()
    Solution("06.7").says("only where masks compete for pixels")


def test_06_8_one_prediction_and_two_cars() -> None:
    cars = np.kron(np.eye(2, dtype=bool), np.ones((1, 4), bool))[:, None]  # two of four pixels, side by side
    iou = masks.mask_iou(cars.any(axis=0)[None], cars)
    Solution("06.8").says("covers two equal cars has an IoU of {} with both", *np.unique(iou))


def test_06_9_a_miss_and_an_invention_cost_the_same() -> None:
    names = chapter("06", "draw", "CAR", "a", "b")
    two, one = (names["draw"](*((names["CAR"], names[car]) for car in cars)) for cars in ("ab", "a"))
    missed, invented = (
        metrics.panoptic_quality([preds], [target]) for preds, target in ((one, two), (two, one))
    )
    assert missed.per_class.pq[names["CAR"]] == invented.per_class.pq[names["CAR"]] == 1 / (1 + 1 / 2)
    Solution("06.9").says("both cost one half")
