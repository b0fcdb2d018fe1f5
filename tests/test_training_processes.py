"""Runs that are killed and go on, and runs of two processes: both end as if nothing had been."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import training_processes
from segedu.training import __main__ as command
from segedu.training import load_checkpoint
from training_cases import some_streets
from training_processes import (
    MOMENTS,
    TINY,
    arguments,
    find_objects,
    label_everything,
    train_and_evaluate,
)

torch.set_num_threads(1)


def in_a_process(what, folder, *launcher):
    done = subprocess.run(
        [sys.executable, *launcher, training_processes.__file__, what, str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A tiny CamVid, and a folder for each run that was killed."""
    folder = tmp_path_factory.mktemp("runs")
    for split, count in (("train", 4), ("val", 2), ("test", 2)):
        (folder / "camvid" / split).mkdir(parents=True)
        (folder / "camvid" / f"{split}annot").mkdir()
        for k, scene in enumerate(some_streets(count)):
            Image.fromarray(scene.image).save(folder / "camvid" / split / f"{k}.png")
            Image.fromarray(scene.semantic).save(folder / "camvid" / f"{split}annot" / f"{k}.png")
    in_a_process("killed", folder)
    return folder


@pytest.fixture(scope="module")
def whole(runs) -> dict:
    """The last checkpoint of a run that nobody disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(command.RECIPES, "tiny", TINY)
        assert command.main(arguments(runs / "camvid", runs / "whole")) == 0
    return load_checkpoint(runs / "whole" / "last.pt")


@pytest.mark.parametrize(("what", "count"), MOMENTS)
def test_a_killed_run_goes_on_to_the_same_losses_and_weights(runs, whole, what, count, monkeypatch):
    monkeypatch.setitem(command.RECIPES, "tiny", TINY)
    out = runs / f"{what}-{count}"
    left = load_checkpoint(out / "last.pt")["history"] if (out / "last.pt").exists() else []
    assert len(left) < TINY.epochs
    assert command.main([*arguments(runs / "camvid", out), "--resume"]) == 0
    resumed = load_checkpoint(out / "last.pt")
    for epoch, expected in zip(resumed["history"], whole["history"], strict=True):
        assert repr({**epoch, "seconds": 0}) == repr({**expected, "seconds": 0})  # NaN included
    for name, weight in whole["model"].items():
        assert torch.equal(resumed["model"][name], weight), name
    for name in ("model", "history"):
        assert name in load_checkpoint(out / "best.pt")
    assert not list(out.glob("*.part"))


@pytest.fixture(scope="module")
def by_two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    in_a_process("shared", folder, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    return [dict(np.load(folder / f"{rank}.npz")) for rank in range(2)]


def test_two_processes_learn_what_one_learns(by_two):
    alone = train_and_evaluate()
    for process in by_two:
        np.testing.assert_allclose(process["weights"], alone["weights"], rtol=0, atol=1e-5)
        np.testing.assert_allclose(process["loss"], alone["loss"], rtol=0, atol=1e-5)


def test_two_processes_count_what_one_counts(by_two):
    alone = train_and_evaluate()
    for process in by_two:
        np.testing.assert_array_equal(process["counts"], alone["counts"])
        np.testing.assert_array_equal(process["mean_iou"], alone["mean_iou"])


def test_two_processes_end_with_the_same_weights(by_two):
    np.testing.assert_array_equal(by_two[0]["weights"], by_two[1]["weights"])


def test_two_processes_find_what_one_finds(by_two):
    alone = find_objects()
    assert np.isfinite(alone["precision"]).any()
    for process in by_two:
        for name, value in alone.items():
            np.testing.assert_array_equal(process[name], value)


def test_two_processes_label_everything_as_one_does(by_two):
    alone = label_everything()
    assert alone["fp"].sum() > 0
    for process in by_two:
        for name, value in alone.items():
            np.testing.assert_array_equal(process[name], value)


def test_two_processes_end_with_the_same_detector(by_two):
    np.testing.assert_array_equal(by_two[0]["detector"], by_two[1]["detector"])
