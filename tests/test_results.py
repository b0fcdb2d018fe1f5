"""`segedu.results`: every number in a table comes from a file, and what has no file is "not run yet"."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bookfiles import ROOT
from segedu.datasets import CAMVID_CATEGORIES, CamVid
from segedu.metrics import ConfusionMatrix
from segedu.results import (
    Result,
    class_table,
    comparison_table,
    instance_table,
    instances_not_run_yet,
    not_run_yet,
    published,
    read_instance_results,
    read_results,
    runs_table,
)
from segedu.results.instances import FINDERS, PLANNED
from segedu.training import RECIPES
from segedu.training.jobs import JOBS, MODELS
from segedu.training.results import write_results


def stored(**changes: Any) -> dict[str, Any]:
    """What a run writes, with two classes."""
    return {
        "model": "unet",
        "parameters": 485_817,
        "data": "camvid",
        "split": "test",
        "weights": "last",
        "mean_iou": 0.5,
        "iou_per_class": {"road": 0.75, "sky": 0.25},
        "pixel_accuracy": 0.875,
        "recipe": {"name": "camvid_small", **RECIPES["camvid_small"].as_dict()},
        "seed": 3,
        "device": "cpu (x86_64, 2 threads), float32",
        "date": "2026-01-31",
        "seconds": 7260.0,
        "history": [],
    } | changes


def test_a_result_is_what_its_file_says(tmp_path: Path) -> None:
    write_results(stored(), tmp_path / "camvid_unet.json")
    (result,) = read_results(tmp_path, "camvid")
    assert (result.model, result.origin, result.size) == ("U-Net", "ours", (180, 240))
    assert (result.mean_iou, result.pixel_accuracy) == (0.5, 0.875)
    assert result.iou_per_class == {"road": 0.75, "sky": 0.25}
    assert (result.seed, result.seconds, result.parameters) == (3, 7260.0, 485_817)
    assert result.path == tmp_path / "camvid_unet.json"


def test_only_results_of_the_data_set_and_split_are_read_the_best_first(tmp_path: Path) -> None:
    for name, changes in {
        "a": {"mean_iou": 0.25},
        "b": {"mean_iou": 0.75, "model": "fcn8s"},
        "c": {"data": "street"},
        "d": {"split": "val"},
    }.items():
        write_results(stored(**changes), tmp_path / f"{name}.json")
    write_results({"camvid": {"splits": {}}}, tmp_path / "datasets.json")
    assert [result.model for result in read_results(tmp_path, "camvid")] == ["FCN-8s", "U-Net"]


def test_an_absent_class_is_nan_and_a_dash(tmp_path: Path) -> None:
    write_results(stored(iou_per_class={"road": 0.5, "sky": math.nan}), tmp_path / "a.json")
    (result,) = read_results(tmp_path, "camvid")
    assert math.isnan(result.iou_per_class["sky"])
    assert class_table([result]).splitlines()[-1] == "| sky | – |"


def test_no_folder_holds_no_results(tmp_path: Path) -> None:
    assert read_results(tmp_path / "nowhere", "camvid") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "a.json: expected a JSON file"),
        (json.dumps({k: v for k, v in stored().items() if k != "seed"}), "a.json: .*got one without 'seed'"),
        (json.dumps(stored(recipe=None)), "a.json: expected a result of python -m segedu.training"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=message):
        read_results(tmp_path, "camvid")


def test_what_has_no_file_is_not_run_yet(tmp_path: Path) -> None:
    write_results(stored(), tmp_path / "a.json")
    ours = read_results(tmp_path, "camvid")
    missing = not_run_yet(ours, "camvid")
    assert len(missing) == len(not_run_yet([], "camvid")) - 1
    assert ("U-Net", "camvid_small") not in {(run.model, run.recipe["name"]) for run in missing}
    table = comparison_table([*ours, *missing])
    assert table.count("not run yet") == len(missing)
    assert "| **U-Net** | **ours, recipe `camvid_small`** | **180×240** | **87.5** | **50.0** |" in table


def test_the_best_stands_first_and_what_was_not_run_last() -> None:
    rows = comparison_table(
        [Result(model="a", origin="rule", mean_iou=0.1), *not_run_yet([], "camvid"), *published("camvid")]
    ).splitlines()[2:]
    scores = [row.split("|")[5].strip() for row in rows]
    ran = [float(score) for score in scores if score != "not run yet"]
    assert ran == sorted(ran, reverse=True)
    assert scores[len(ran) :] == ["not run yet"] * len(not_run_yet([], "camvid"))


def test_planned_runs_can_be_asked_for_on_the_command_line() -> None:
    stored_plans = json.loads((ROOT / "segedu/results/comparison.json").read_text("utf-8"))
    for part in stored_plans.values():
        for model, recipe in part["planned"]:
            assert model in MODELS
            assert recipe in RECIPES


def test_every_published_number_has_a_source_and_a_link() -> None:
    for result in published("camvid"):
        assert result.source
        assert result.link.startswith("https://")
        assert 0 < result.mean_iou < result.pixel_accuracy or math.isnan(result.pixel_accuracy)


def test_a_data_set_without_published_numbers_is_named() -> None:
    with pytest.raises(ValueError, match="expected one of camvid, got 'voc'"):
        published("voc")


def test_how_ours_were_made_stands_in_a_table_of_its_own(tmp_path: Path) -> None:
    write_results(stored(), tmp_path / "a.json")
    rows = runs_table([*read_results(tmp_path, "camvid"), *published("camvid")]).splitlines()
    assert len(rows) == 3
    epochs = RECIPES["camvid_small"].epochs
    assert rows[-1] == (  # 7,260 s are 2 h and 60 s
        f"| U-Net | camvid_small, {epochs} epochs | 0.49 M | 3 | cpu (x86_64, 2 threads), float32 "
        "| 2 h 1 min | 2026-01-31 |"
    )


def test_results_about_other_classes_do_not_share_a_table() -> None:
    one = Result(model="one", origin="rule", iou_per_class={"road": 0.5})
    other = Result(model="other", origin="rule", iou_per_class={"sky": 0.5})
    with pytest.raises(ValueError, match="other: expected the classes road, got sky"):
        class_table([one, other])


def test_the_rules_in_the_repository_are_about_camvids_classes() -> None:
    rules = [result for result in read_results(ROOT / "results", "camvid") if result.origin == "rule"]
    assert [result.model for result in rules] == [
        "the truth at half size, as shares",
        "the truth at half size, copied",
        "each pixel's usual class",
        "everything road",
    ]
    for rule in rules:
        assert list(rule.iou_per_class) == [category.name for category in CAMVID_CATEGORIES]
        assert np.nanmean(list(rule.iou_per_class.values())) == pytest.approx(rule.mean_iou)


@pytest.mark.parametrize("path", sorted((ROOT / "results").glob("camvid_*.png")), ids=lambda path: path.stem)
def test_a_picture_in_the_repository_is_an_answer_and_nothing_of_camvids(path: Path) -> None:
    # CamVid may not be copied: no photograph, and not its labels beside the answer.
    with Image.open(path) as picture:
        assert picture.size == (480, 360)
        counted = picture.convert("RGB").getcolors(maxcolors=len(CAMVID_CATEGORIES))
    colors = {color for _, color in counted or []}
    assert colors
    assert colors <= {category.color for category in CAMVID_CATEGORIES}


def test_everything_road_counted_anew_gives_the_stored_number() -> None:
    folder = os.environ.get("SEGEDU_DATA")
    if folder is None:
        pytest.skip("SEGEDU_DATA is not set: it names the folder that holds camvid-full")
    test = CamVid(Path(folder) / "camvid-full", "test")
    confmat = ConfusionMatrix(11)
    for k in range(len(test)):
        truth = test.read_labels(k)[0]
        confmat.update(np.full_like(truth, 3), truth)  # 3 is road
    rule = next(r for r in read_results(ROOT / "results", "camvid") if r.model == "everything road")
    assert confmat.mean_iou == pytest.approx(rule.mean_iou, abs=1e-12)
    assert confmat.pixel_accuracy == pytest.approx(rule.pixel_accuracy, abs=1e-12)


# ---- objects


def found(**changes: Any) -> dict[str, Any]:
    """What a run that finds objects writes, as far as it is read."""
    plain = {name: value for name, value in stored().items() if name not in ("mean_iou", "iou_per_class")}
    return (
        plain
        | {"model": "mask_rcnn", "pretrained": None, "data": "nuclei"}
        | {"recipe": {"name": "nuclei_small", **RECIPES["nuclei_small"].as_dict()}}
        | {"mask_ap": 0.25, "mask_ap_50": 0.5, "box_ap": 0.375, "relative_count_error": 0.125, "min_area": 1}
        | changes
    )


def test_a_result_about_objects_is_what_its_file_says_and_no_result_about_pixels(tmp_path: Path) -> None:
    write_results(found(), tmp_path / "nuclei.json")
    (result,) = read_instance_results(tmp_path, "nuclei")
    assert (result.model, result.data, result.recipe["name"]) == ("Mask R-CNN, tiny", "nuclei", "nuclei_small")
    assert (result.mask_ap, result.mask_ap_50, result.box_ap) == (0.25, 0.5, 0.375)
    assert (result.relative_count_error, result.min_area, result.seed) == (0.125, 1, 3)
    assert result.path == tmp_path / "nuclei.json"
    assert read_results(tmp_path, "nuclei") == []


def test_a_network_that_does_both_is_read_as_both(tmp_path: Path) -> None:
    write_results(stored() | found(model="panoptic_fpn", data="street"), tmp_path / "a.json")
    assert len(read_results(tmp_path, "street")) == len(read_instance_results(tmp_path, "street")) == 1
    write_results(stored(data="voc"), tmp_path / "b.json")
    assert read_instance_results(tmp_path, "voc") == []


def test_the_best_finder_stands_first_and_one_without_objects_last(tmp_path: Path) -> None:
    for name, ap in {"a": 0.25, "b": math.nan, "c": 0.5}.items():
        write_results(found(mask_ap=ap), tmp_path / f"{name}.json")
    read = read_instance_results(tmp_path, "nuclei")
    assert [result.path.stem for result in read if result.path] == ["c", "a", "b"]


def test_a_broken_result_about_objects_is_named(tmp_path: Path) -> None:
    broken = found()
    del broken["box_ap"]
    write_results(broken, tmp_path / "a.json")
    with pytest.raises(ValueError, match=r"a\.json: .*got one without 'box_ap'"):
        read_instance_results(tmp_path, "nuclei")


def test_the_table_of_objects_has_what_ran_and_what_did_not(tmp_path: Path) -> None:
    write_results(found(), tmp_path / "a.json")
    write_results(found(data="nuclei_at_random", pretrained="coco"), tmp_path / "b.json")
    ours = [*read_instance_results(tmp_path, "nuclei"), *read_instance_results(tmp_path, "nuclei_at_random")]
    missing = instances_not_run_yet(ours, "nuclei")
    assert len(missing) == len(instances_not_run_yet([], "nuclei")) - 1
    rows = instance_table([*ours, *missing]).splitlines()[2:]
    assert rows[0] == "| Mask R-CNN, tiny | nuclei_small | by group | 25.0 | 50.0 | 12.5 |"
    assert "first trained on coco | nuclei_small | at random | 25.0" in rows[1]
    assert all("not run yet" in row for row in rows[2:])


def test_planned_finders_can_be_asked_for_on_the_command_line() -> None:
    assert set(FINDERS) <= set(JOBS)
    for runs in PLANNED.values():
        for model, recipe in runs:
            assert model in FINDERS
            assert recipe in RECIPES
