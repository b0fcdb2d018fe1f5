"""The two small networks together: as good as their result file says, and the parts of the script by hand."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from segedu import Instances
from segedu.synthetic import STREET, street_scene

torch.set_num_threads(1)
ROOT = Path(__file__).resolve().parents[1]
CAR, BICYCLE = 5, 7


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import street_fusion

    sys.path.remove(str(ROOT / "benchmarks"))
    return street_fusion


@pytest.fixture(scope="module")
def stored():
    return json.loads((ROOT / "results" / "street_fusion.json").read_text("utf-8"))


def answer_of(script, scene, objects):
    """The true pixels, all of them sure, and some objects."""
    logits = 10.0 * np.eye(9)[scene.semantic].transpose(2, 0, 1)
    return script.Answer(scene, logits, objects)


@pytest.fixture(scope="module")
def street():
    return street_scene(20_000, (128, 128))


def test_the_networks_are_as_good_as_the_file_says(script, stored):
    found = script.measured(script.ask(script.TEST), script.RULES["the rule"])
    # Rounding differs between processors: an object or two may lie on the other side of a threshold.
    assert found["pq"] == pytest.approx(stored["rules"][0]["pq"], abs=4e-3)


def test_the_file_is_about_the_rules_and_thresholds_of_the_script(script, stored):
    assert [rule["name"] for rule in stored["rules"]] == list(script.RULES)
    assert stored["min_stuff_area"] == script.LEAST == 64
    assert stored["rules"][0]["pq"] >= 0.5
    for rule in stored["rules"]:
        assert list(rule["pq_per_class"]) == [category.name for category in STREET]
        mean = (5 * rule["stuff"]["pq"] + 4 * rule["things"]["pq"]) / 9
        assert rule["pq"] == pytest.approx(mean, abs=1e-12)


def test_the_least_area_is_where_keeping_begins_to_pay(stored):
    # Keep a segment as long as p · IoU is above half of the PQ.
    chosen = stored["validation"]
    half = next(row["stuff"] for row in chosen["min_stuff_area"] if row["value"] == 0) / 2
    worth = {
        row["from"]: row["matched"] * (row["mean_iou_of_matched"] or 0)
        for row in chosen["stuff_by_area"]
        if row["segments"]
    }
    assert {area for area, value in worth.items() if value < half} == {
        area for area in worth if area < stored["min_stuff_area"]
    }


def test_the_truth_in_both_places_has_quality_1(script, street):
    answer = answer_of(script, street, Instances(np.zeros((0, 128, 128), bool), [], []))
    assert script.measured([answer], script.RULES["both true"])["pq"] == 1
    assert script.measured([answer], script.RULES["true pixels"])["things"]["pq"] == 0


def test_no_stuff_leaves_the_things_as_they_are(script, street):
    answer = answer_of(script, street, Instances.from_scene(street))
    found = script.measured([answer], script.RULES["void instead of stuff"])
    assert (found["stuff"]["pq"], found["things"]["pq"]) == (0, 1)


def test_objects_are_placed_in_the_order_of_the_key(script, street):
    masks = np.zeros((2, 128, 128), bool)
    masks[0, 100:110, 10:30] = True  # 200 pixels
    masks[1, 100:110, 20:60] = True  # 400, of which 100 are shared
    answer = answer_of(script, street, Instances(masks, [CAR, CAR], [0.9, 0.6]))
    first = {name: script.RULES[name](answer).instance[105, 25] for name in ("largest first", "smallest first")}
    areas = {name: np.bincount(script.RULES[name](answer).instance.ravel())[1] for name in first}
    assert first == {"largest first": 1, "smallest first": 1}
    assert areas == {"largest first": 400, "smallest first": 200}


def test_pieces_are_counted_with_diagonals_class_by_class(script, street):
    semantic = np.zeros((128, 128), np.uint8)
    semantic[[10, 11], [10, 11]] = CAR  # two pixels, corner to corner
    semantic[10, 12] = BICYCLE
    semantic[50, 50] = CAR
    scene = replace(street, semantic=semantic, instance=np.zeros_like(street.instance))
    found = script.pieces(answer_of(script, scene, Instances.from_scene(street)))
    assert found.labels.tolist() == [CAR, CAR, BICYCLE]
    assert found.masks.sum(axis=(1, 2)).tolist() == [2, 1, 1]


def test_what_is_found_gets_the_true_outline_and_what_is_not_keeps_its_own(script, street):
    masks, labels = street.masks()
    car = masks[(labels == CAR).argmax()]
    grown = car | np.roll(car, 1, axis=0)
    ghost = np.zeros_like(car)
    ghost[:3, :3] = True
    found = script.redrawn(answer_of(script, street, Instances(np.stack([grown, ghost]), [CAR, CAR])))
    np.testing.assert_array_equal(found.masks, np.stack([car, ghost]))


def test_ious_are_counted_between_neighbouring_edges(script):
    # Below 2: a match of 0.6 and a miss. From 2 on: a match of 0.8.
    rows = script.binned([(1, 0.6), (1.5, 0.0), (2, 0.8)], [1, 2, 3, 4])
    assert [row["segments"] for row in rows] == [2, 1, 0]
    assert [row["matched"] for row in rows[:2]] == [0.5, 1]
    assert [row["mean_iou_of_matched"] for row in rows[:2]] == [0.6, 0.8]
    assert np.isnan(rows[2]["matched"])
