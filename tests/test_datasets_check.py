"""What `check` finds, by hand: each kind once, and nothing where nothing is wrong."""

import json

import numpy as np
import pytest

from dataset_scenes import a_scene
from segedu import VOID, Category
from segedu.datasets import VOC, CocoInstances, check, write_voc
from segedu.datasets.images import write_png

CATEGORIES = Category(0, "table", False, (0, 0, 0)), Category(1, "cup", True, (255, 0, 0))


def picture(value):
    return np.full((2, 4, 3), value, np.uint8)


@pytest.fixture
def voc(tmp_path):
    """Writes scenes as a VOC split, without loss."""

    def write(split, *scenes):
        names = [f"{split}{k}" for k in range(len(scenes))]
        write_voc(scenes, tmp_path, split, ids=names, image_suffix=".png")
        return VOC(tmp_path, split, categories=CATEGORIES)

    return write


def good(value):
    return a_scene(CATEGORIES, [[0, 0, 1, 1]] * 2, [[0, 0, 1, 1]] * 2, picture(value))


def test_nothing_is_found_where_nothing_is_wrong(voc):
    assert check(voc("train", good(1), good(2)), voc("val", good(3))) == ()


def test_void_and_single_pixels_are_found(voc):
    half = a_scene(CATEGORIES, [[VOID] * 4, [0] * 4], image=picture(1))
    more = a_scene(CATEGORIES, [[VOID] * 4, [VOID, 0, 0, 1]], [[0] * 4, [0, 0, 0, 9]], picture(2))
    empty = a_scene(CATEGORIES, [[VOID] * 4] * 2, image=picture(3))
    found = check(voc("train", half, more, empty))
    assert [(f.kind, f.id, f.message) for f in found] == [
        ("mostly void", "train1", "62.5 % of the pixels are void"),
        ("one-pixel instance", "train1", "cup 9 at row 1, column 3"),
        ("no labels", "train2", "every pixel is void"),
    ]
    assert str(found[0]) == "mostly void: train1: 62.5 % of the pixels are void"


def test_the_same_photograph_in_two_splits_is_found(voc):
    found = check(voc("train", good(1), good(2), good(2)), voc("val", good(3), good(1)))
    assert [(f.kind, f.dataset, f.id, f.message) for f in found] == [
        ("duplicate image", 0, "train2", "the same pixels as train1"),
        (
            "duplicate image",
            1,
            "val1",
            "the same pixels as train0 in data set 0, VOC(train: 3 images, 2 categories)",
        ),
    ]


def test_a_photograph_of_another_shape_is_no_duplicate(voc):
    wide = a_scene(CATEGORIES, np.zeros((2, 4), int), image=picture(0))
    tall = a_scene(CATEGORIES, np.zeros((4, 2), int), image=picture(0).reshape(4, 2, 3))
    assert check(voc("train", wide, tall)) == ()


def test_what_cannot_be_read_is_a_finding_and_the_rest_is_looked_at(voc):
    data = voc("train", good(1), good(2), good(1))
    data.files(1)["object"].unlink()
    path = data.files(0)["class"]
    path.write_bytes(path.read_bytes()[:40])
    assert [(f.kind, f.id) for f in check(data)] == [("unreadable", "train0"), ("unreadable", "train1")]
    assert "SegmentationClass" in check(data)[0].message


def test_empty_and_hidden_masks_are_found(tmp_path):
    write_png(picture(5), tmp_path / "a.png")
    annotations = [
        {"id": 1, "segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]},
        {"id": 2, "segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]},  # as large, and later: it is in front
        {"id": 3, "segmentation": [[3.1, 0, 3.2, 0, 3.2, 2]]},  # too thin to hold the middle of a pixel
        {"id": 4, "segmentation": {"size": [2, 4], "counts": [8]}},
    ]
    content = {
        "images": [{"id": 7, "file_name": "a.png", "height": 2, "width": 4}],
        "categories": [{"id": 1, "name": "cup"}],
        "annotations": [a | {"image_id": 7, "category_id": 1} for a in annotations],
    }
    (tmp_path / "i.json").write_text(json.dumps(content))
    found = check(CocoInstances(tmp_path, tmp_path / "i.json", background="table"))
    assert sorted((f.kind, f.id, f.message) for f in found) == [
        ("empty mask", 7, "annotation 3 (cup) has no pixel"),
        ("empty mask", 7, "annotation 4 (cup) has no pixel"),
        ("hidden mask", 7, "annotation 1 (cup): all 4 pixels lie behind others"),
    ]


def test_the_bar_is_shown_only_if_it_is_wanted(voc, capsys):
    data = voc("train", good(1))
    check(data, progress=True)
    assert "1/1" in capsys.readouterr().err
    check(data)
    assert capsys.readouterr().err == ""
