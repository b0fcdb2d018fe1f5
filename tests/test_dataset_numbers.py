"""What chapter 4 prints about real data agrees with the package, and with the data where they are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest

from bookfiles import ROOT
from segedu.datasets import CAMVID_CATEGORIES, CamVid, Nuclei, summary
from segedu.datasets.getting.sources import SOURCES

NUMBERS = json.loads((ROOT / "results" / "datasets.json").read_text("utf-8"))
CAMVID, NUCLEI = NUMBERS["camvid"], NUMBERS["nuclei"]


def data(*names: str) -> Path:
    folder = os.environ.get("SEGEDU_DATA")
    if folder is None:
        pytest.skip(f"SEGEDU_DATA is not set: it names the folder that holds {' or '.join(names)}")
    for name in names:
        if (Path(folder) / name).is_dir():
            return Path(folder) / name
    pytest.skip(f"no {' or '.join(names)} in SEGEDU_DATA={folder}")


def test_the_frames_of_camvid_are_those_that_a_download_must_have() -> None:
    must_have = {
        split: SOURCES["camvid"].contents[f"CamVid/{split}/*.png"] for split in ("train", "val", "test")
    }
    assert {split: counted["images"] for split, counted in CAMVID["splits"].items()} == must_have
    for split, clips in CAMVID["clips"].items():
        assert sum(clip["frames"] for clip in clips) == must_have[split]


def test_shares_of_classes_add_up_to_one() -> None:
    for counted in (*CAMVID["splits"].values(), *NUCLEI["splits"].values()):
        assert sum(entry["share"] for entry in counted["classes"].values()) == pytest.approx(1, abs=1e-4)
    assert list(CAMVID["splits"]["train"]["classes"]) == [category.name for category in CAMVID_CATEGORIES]


def test_the_parts_of_the_nuclei_add_up() -> None:
    train, val, every = (NUCLEI["splits"][name] for name in ("train", "val", "all"))
    for key in ("images", "instances", "groups"):  # groups add up because none is on both sides
        assert train[key] + val[key] == every[key]


def test_camvids_val_lies_in_a_gap_of_train() -> None:
    (val,) = CAMVID["clips"]["val"]
    drive = [clip for clip in CAMVID["clips"]["train"] if clip["drive"] == val["drive"]]
    before, after = drive[-2:]
    assert before["last"] < val["first"] < val["last"] < after["first"]


def test_camvid_counted_anew_gives_the_same_numbers() -> None:
    root = data("CamVid", "camvid-full")
    found, stored = summary(CamVid(root, "val")), CAMVID["splits"]["val"]
    assert found.void_share == pytest.approx(stored["void_share"], abs=1e-5)
    assert found.shares == pytest.approx([entry["share"] for entry in stored["classes"].values()], abs=1e-5)


def test_nuclei_counted_anew_give_the_same_numbers() -> None:
    dataset = Nuclei(data("dsb2018"), "val")
    found, stored = summary(dataset), NUCLEI["splits"]["val"]
    assert (len(dataset), int(found.instances.sum())) == (stored["images"], stored["instances"])
    assert len(set(dataset.groups)) == stored["groups"]


def test_no_photograph_of_a_data_set_is_stored_in_the_chapter() -> None:
    cells = nbformat.read(ROOT / "book" / "04_data_sets.ipynb", as_version=4).cells
    shown = [cell for cell in cells if "photograph" in cell.metadata.get("tags", [])]
    (cell,) = shown
    (output,) = cell.outputs  # made without the data: one text, no picture
    head, *commands = output.text.splitlines()
    assert head.startswith("Not here.")
    assert len(commands) == 6  # one for each data set
