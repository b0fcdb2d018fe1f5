"""Nuclei: both layouts are one data set, ids need 16 bits, and groups stay together."""

import json
from importlib import resources

import numpy as np
import pytest

from segedu.datasets import Nuclei, Overlap, nuclei_sample
from segedu.datasets.images import read_label_map, write_png

SPLIT = resources.files("segedu.datasets").joinpath("nuclei_split.json")
TRAIN, NEW = (
    "00071198" + "d" * 56,
    "f" * 64,
)  # a name that begins like one of the data set, and one that does not
NUMBERS = np.zeros((4, 5), np.uint16)
NUMBERS[0, :2], NUMBERS[2:, 3] = 1, 2


@pytest.fixture
def compact(tmp_path):
    for name in (TRAIN, NEW):
        write_png(np.full((4, 5), 30, np.uint8), tmp_path / "compact/images" / f"{name}.png")
        write_png(NUMBERS, tmp_path / "compact/masks" / f"{name}.png")
    return tmp_path / "compact"


@pytest.fixture
def official(tmp_path):
    for name in (TRAIN, NEW):
        folder = tmp_path / "official/stage1_train" / name
        write_png(np.full((4, 5, 4), (30, 30, 30, 255), np.uint8), folder / "images" / f"{name}.png")
        for number, stem in ((1, "0a"), (2, "9b")):  # in the order of the names
            write_png(((number == NUMBERS) * 255).astype(np.uint8), folder / "masks" / f"{stem}.png")
    return tmp_path / "official"


def test_both_layouts_give_the_same_scenes(compact, official):
    one, other = Nuclei(compact), Nuclei(official)
    assert one.ids == other.ids == (TRAIN, NEW)
    assert list(one) == list(other)
    assert [c.name for c in one.categories] == ["background", "nucleus"]
    np.testing.assert_array_equal(one[0].instance, NUMBERS)
    np.testing.assert_array_equal(one[0].semantic, NUMBERS > 0)


def test_the_split_keeps_groups_together_and_knows_the_names(compact, official):
    groups = json.loads(SPLIT.read_text("utf-8"))
    everything = [digits for found in groups.values() for group in found for digits in group]
    assert len(everything) == len(set(everything)) == 664
    assert {part: sum(map(len, found)) for part, found in groups.items()} == {"train": 534, "val": 130}
    for root in (compact, official):
        assert Nuclei(root, "train").ids == (TRAIN,)
        with pytest.raises(ValueError, match="expected images of 'val', got none"):
            Nuclei(root, "val")
        with pytest.raises(ValueError, match="expected a split of train, val, got 'test'"):
            Nuclei(root, "test")
    assert Nuclei(compact).groups == ("00071198", "ffffffff")


def test_ids_beyond_eight_bits_are_kept(compact):
    numbers = np.arange(375, dtype=np.uint16).reshape(15, 25)
    for folder, array in (("images", np.zeros((15, 25), np.uint8)), ("masks", numbers)):
        path = compact / folder / f"{NEW}.png"
        path.unlink()
        write_png(array, path)
    scene = Nuclei(compact)[1]
    np.testing.assert_array_equal(scene.instance, numbers)
    assert len(scene.masks()[1]) == 374


def test_where_masks_overlap_the_first_name_is_in_front(official):
    folder = official / "stage1_train" / NEW / "masks"
    mask = np.zeros((4, 5), np.uint8)
    mask[0, 1:4] = 255  # three pixels, of which mask 0a has the first
    write_png(mask, folder / "5c.png")
    data = Nuclei(official)
    assert data[1].instance[0].tolist() == [1, 1, 2, 2, 0]
    assert data[1].instance[3, 3] == 3
    assert data.overlaps(1) == (Overlap("5c", 1, area=3, lost=1),)
    assert data.overlaps(0) == ()
    assert [path.name for what, path in data.files(1).items() if what != "image"] == [
        "0a.png",
        "5c.png",
        "9b.png",
    ]


def test_the_compact_layout_lists_its_overlaps(compact):
    assert Nuclei(compact).overlaps(0) == ()
    (compact / "overlaps.json").write_text(
        json.dumps([[NEW, 0, 1, 1, 2], [NEW, 0, 0, 1, 2], [TRAIN, 2, 3, 2, 1]])
    )
    data = Nuclei(compact)
    assert data.overlaps(1) == (Overlap(2, 1, area=2 + 2, lost=2),)
    assert data.overlaps(0) == (Overlap(1, 1, area=2 + 1, lost=1),)
    (compact / "overlaps.json").write_text("[[1, 2]]")
    with pytest.raises(ValueError, match=r"overlaps\.json: \[0\]: expected image, row, column and two numbers"):
        data.overlaps(0)


def test_broken_masks_are_named(official):
    folder = official / "stage1_train" / TRAIN / "masks"
    write_png(np.full((4, 5), 128, np.uint8), folder / "zz.png")
    with pytest.raises(ValueError, match=r"zz\.png: expected 0 and 255 only, got 128"):
        Nuclei(official)[0]
    (folder / "zz.png").unlink()
    write_png(np.zeros((5, 4), np.uint8), folder / "zz.png")
    with pytest.raises(
        ValueError, match=r"zz\.png: expected the size of the other masks, \(4, 5\), got \(5, 4\)"
    ):
        Nuclei(official)[0]
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="masks: expected a PNG for each nucleus, got none"):
        Nuclei(official)[0]


def test_what_is_missing_is_named(compact, official, tmp_path):
    with pytest.raises(FileNotFoundError, match="expected stage1_train, or images and masks, got neither"):
        Nuclei(tmp_path)
    (official / "stage1_train" / TRAIN / "images" / f"{TRAIN}.png").unlink()
    with pytest.raises(FileNotFoundError, match=rf"{TRAIN}\.png"):
        Nuclei(official)[0]
    path = compact / "masks" / f"{TRAIN}.png"
    numbers = read_label_map(path, modes=("I;16", "I"))
    path.unlink()
    with pytest.raises(FileNotFoundError, match=rf"masks.{TRAIN}\.png"):
        Nuclei(compact)[0]
    write_png(numbers.astype(np.uint8), path)
    with pytest.raises(ValueError, match=r"expected mode I;16 \(16-bit grey\).*got L"):
        Nuclei(compact)[0]


def test_the_images_that_come_with_the_package_are_small_held_out_and_say_whose_they_are():
    sample = nuclei_sample()
    val = {digits for group in json.loads(SPLIT.read_text("utf-8"))["val"] for digits in group}
    assert len(sample) == 2
    assert all(name[:8] in val for name in sample.ids)
    files = [path for path in sample.root.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60_000
    terms = (sample.root / "README.md").read_text("utf-8")
    assert "BBBC038v1, available from the Broad Bioimage Benchmark Collection" in terms
    assert "CC0 public domain" in terms
