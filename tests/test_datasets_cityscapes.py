"""Cityscapes: the golden frame of the official converters pixel for pixel, there and back, and torchvision."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torchvision.datasets
from PIL import Image

from dataset_scenes import STREET_LABELS, a_scene, renumbered, streets
from segedu import VOID
from segedu.datasets import (
    CITYSCAPES_LABELS,
    DRAWN_LABELS,
    TRAIN_LABELS,
    Cityscapes,
    cityscapes_label,
    encode_cityscapes,
    write_cityscapes,
)
from segedu.datasets.images import read_label_map, read_sixteen_bit, write_png

# A made-up frame of polygons with overlaps, groups, a licence plate and what lies outside, and what
# cityscapesScripts makes of it.
GOLDEN = Path(__file__).parent / "cityscapes_golden"
FRAME = "testcity_000000_000019"
BY_NAME = {label.name: label for label in CITYSCAPES_LABELS}


@pytest.fixture
def golden(tmp_path):
    """The golden frame with a photograph, as the archives unpack."""
    shutil.copytree(GOLDEN, tmp_path, dirs_exist_ok=True)
    image = np.random.default_rng(0).integers(0, 256, (128, 256, 3), np.uint8)
    write_png(image, tmp_path / "leftImg8bit/val/testcity" / f"{FRAME}_leftImg8bit.png")
    return tmp_path


def golden_file(root, ending):
    return root / "gtFine/val/testcity" / f"{FRAME}_gtFine_{ending}.png"


def on_disk(root, ending):
    with Image.open(golden_file(root, ending)) as file:
        return np.asarray(file)


def test_the_table_is_that_of_torchvision():
    theirs = torchvision.datasets.Cityscapes.classes
    assert [dataclasses.astuple(label) for label in CITYSCAPES_LABELS] == [tuple(label) for label in theirs]


def test_19_labels_are_scored_of_which_8_are_things():
    assert [label.train_id for label in TRAIN_LABELS] == list(range(19))
    assert sum(label.has_instances for label in TRAIN_LABELS) == 8
    assert not any(label.ignore_in_eval for label in TRAIN_LABELS)
    assert [label.id for label in DRAWN_LABELS] == list(range(1, 34))
    assert cityscapes_label("license plate").id == -1
    with pytest.raises(ValueError, match="expected a name of Cityscapes' table, got 'lorry'"):
        cityscapes_label("lorry")


def test_train_ids_come_pixel_for_pixel(golden):
    scene = Cityscapes(golden, "val")[0]
    np.testing.assert_array_equal(scene.semantic, on_disk(golden, "labelTrainIds"))
    assert [category.name for category in scene.categories] == [label.name for label in TRAIN_LABELS]


def test_label_ids_come_pixel_for_pixel(golden):
    scene = Cityscapes(golden, "val", labels=DRAWN_LABELS)[0]
    ids = np.array([c.id for c in scene.categories] + [0] * (256 - len(scene.categories)))  # void is unlabeled
    np.testing.assert_array_equal(ids[scene.semantic], on_disk(golden, "labelIds"))


def test_instances_and_groups_are_those_of_the_official_ids(golden):
    scene = Cityscapes(golden, "val", labels=DRAWN_LABELS)[0]
    ids = on_disk(golden, "instanceIds").astype(int)
    # By k first, then by label: persons and cars and a bicycle with k = 0, then the second person and car.
    for number, id in enumerate([24000, 26000, 33000, 24001, 26001], start=1):
        np.testing.assert_array_equal(scene.instance == number, ids == id)
    assert scene.instance.max() == 5
    crowds = {scene.categories[s.label].name: s.area for s in scene.segments() if s.iscrowd}
    assert crowds == {"person": np.count_nonzero(ids == 24), "car": np.count_nonzero(ids == 26)}


def test_a_written_frame_is_what_the_official_converters_made(golden, tmp_path):
    scene = Cityscapes(golden, "val", labels=DRAWN_LABELS)[0]
    write_cityscapes([scene], tmp_path / "written", "val", ids=[FRAME])
    for ending in ("labelIds", "labelTrainIds", "instanceIds", "color"):
        written, official = on_disk(tmp_path / "written", ending), on_disk(golden, ending)
        assert written.dtype == official.dtype
        np.testing.assert_array_equal(written, official)
    assert Cityscapes(tmp_path / "written", "val", labels=DRAWN_LABELS)[0] == scene


def test_the_licence_plate_is_a_polygon_and_no_pixel(golden):
    drawn = json.loads((golden / "gtFine/val/testcity" / f"{FRAME}_gtFine_polygons.json").read_text())
    (plate,) = (o["polygon"] for o in drawn["objects"] if o["label"] == "license plate")
    column, row = np.mean(plate, axis=0).astype(int)
    assert on_disk(golden, "labelIds")[row, column] == BY_NAME["car"].id
    with pytest.raises(ValueError, match=r"got 'license plate' \(-1\): no file holds it"):
        Cityscapes(golden, "val", labels=[*TRAIN_LABELS, BY_NAME["license plate"]])


def test_torchvision_reads_the_same_files(golden):
    theirs = torchvision.datasets.Cityscapes(str(golden), split="val", target_type=["semantic", "instance"])
    image, (semantic, instance) = theirs[0]
    scene = Cityscapes(golden, "val", labels=DRAWN_LABELS)[0]
    maps = encode_cityscapes(scene)
    np.testing.assert_array_equal(np.asarray(image), scene.image)
    np.testing.assert_array_equal(np.asarray(semantic), maps.label_ids)
    np.testing.assert_array_equal(np.asarray(instance), maps.instance_ids)


def test_scenes_come_back_unchanged_and_torchvision_finds_them(tmp_path):
    scenes = streets()
    write_cityscapes(scenes, tmp_path, "train", labels=STREET_LABELS)
    back = Cityscapes(tmp_path, "train", labels=STREET_LABELS)
    assert back.ids == tuple(f"synthetic_{k:06d}_000000" for k in range(3))
    for scene, found in zip(scenes, back, strict=True):
        # The categories are Cityscapes'; everything else is as it was.
        assert dataclasses.replace(found, categories=scene.categories) == renumbered(scene) == scene
    theirs = torchvision.datasets.Cityscapes(str(tmp_path), split="train", target_type="semantic")
    for path, (image, semantic) in zip(theirs.images, theirs, strict=True):
        scene = scenes[back.ids.index(Path(path).name.removesuffix("_leftImg8bit.png"))]
        np.testing.assert_array_equal(np.asarray(image), scene.image)
        ids = np.array([label.id for label in STREET_LABELS] + [0] * (256 - len(STREET_LABELS)))
        np.testing.assert_array_equal(np.asarray(semantic), ids[scene.semantic])


def test_numbers_with_gaps_come_back_in_their_order(tmp_path):
    labels = [BY_NAME["car"], BY_NAME["person"]]
    scene = a_scene([label.as_category for label in labels], [[0, 1, 0, 0]], [[40, 7, 9, 0]])
    # In order: 7 is a person (24000), 9 a car (26000), 40 a car again (26001); 0 is a group.
    assert encode_cityscapes(scene).instance_ids.tolist() == [[26001, 24000, 26000, 26]]
    write_cityscapes([scene], tmp_path, "val")
    assert Cityscapes(tmp_path, "val", labels=labels)[0].instance.tolist() == [[3, 1, 2, 0]]


def test_labels_that_were_not_chosen_are_void(golden):
    scene = Cityscapes(golden, "val", labels=[BY_NAME["car"], BY_NAME["road"]])[0]
    ids = on_disk(golden, "labelIds")
    np.testing.assert_array_equal(scene.semantic, np.where(ids == 26, 0, np.where(ids == 7, 1, VOID)))
    assert scene.instance.max() == 2


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "expected each label once, and at least one"),
        ([BY_NAME["car"]] * 2, "expected each label once"),
        ([BY_NAME["unlabeled"]], "what is unlabeled is void"),
    ],
)
def test_labels_that_no_pixel_can_have_are_refused(labels, message, golden):
    with pytest.raises(ValueError, match=message):
        Cityscapes(golden, "val", labels=labels)


def changed(root, ending, row, column, value):
    path = golden_file(root, ending)
    array = (read_sixteen_bit(path) if "instance" in ending else read_label_map(path)).copy()
    array[row, column] = value
    path.unlink()
    write_png(array, path)


@pytest.mark.parametrize(
    ("ending", "value", "message"),
    [
        ("labelIds", 34, r"labelIds\.png: expected label ids 0 to 33, got 34"),
        ("labelIds", 8, r"instanceIds\.png: expected label id 8 or 8000 to 8999, as in labelIds\.png, got "),
        (
            "instanceIds",
            26000,
            r"instanceIds\.png: expected label id 2\d? or .* got 26000 at row 2, column 100",
        ),
    ],
)
def test_files_that_contradict_each_other_are_refused(ending, value, message, golden):
    changed(golden, ending, 2, 100, value)
    with pytest.raises(ValueError, match=message):
        Cityscapes(golden, "val")[0]


def test_instances_of_stuff_are_refused(golden):
    sky = on_disk(golden, "labelIds")[2, 100]
    assert sky == BY_NAME["sky"].id
    changed(golden, "instanceIds", 2, 100, 23000)
    with pytest.raises(ValueError, match=r"instanceIds\.png: expected no instances of 'sky', got 23000"):
        Cityscapes(golden, "val")[0]


def test_sixteen_bits_cut_to_eight_are_refused(golden):
    ids = on_disk(golden, "instanceIds")
    golden_file(golden, "instanceIds").unlink()
    write_png(ids.astype(np.uint8), golden_file(golden, "instanceIds"))
    with pytest.raises(ValueError, match=r"instanceIds\.png: expected mode I;16"):
        Cityscapes(golden, "val")[0]


def test_what_is_missing_of_the_tree_is_named(golden):
    with pytest.raises(ValueError, match="expected a split of val, got 'train'"):
        Cityscapes(golden, "train")
    golden_file(golden, "instanceIds").unlink()
    with pytest.raises(FileNotFoundError, match=r"instanceIds\.png"):
        Cityscapes(golden, "val")[0]
    golden_file(golden, "labelIds").unlink()
    with pytest.raises(ValueError, match=r"_leftImg8bit\.png: expected its counterpart in gtFine, got none"):
        Cityscapes(golden, "val")
    shutil.rmtree(golden / "leftImg8bit/val/testcity")
    with pytest.raises(ValueError, match=r"val: expected CITY.\*_leftImg8bit\.png, got none"):
        Cityscapes(golden, "val")
    shutil.rmtree(golden / "gtFine")
    with pytest.raises(FileNotFoundError, match="gtFine: expected Cityscapes' gtFine"):
        Cityscapes(golden, "val")


def test_categories_that_cityscapes_does_not_know_are_refused(tmp_path):
    with pytest.raises(ValueError, match="expected names of Cityscapes' table, got pavement, pedestrian"):
        write_cityscapes(streets()[:1], tmp_path, "train")
    with pytest.raises(ValueError, match="expected one for each of 9 categories, got 8"):
        encode_cityscapes(streets()[0], labels=STREET_LABELS[:-1])
    no_signs = [*STREET_LABELS[:-1], cityscapes_label("traffic sign")]
    with pytest.raises(
        ValueError, match="expected no objects of 'traffic sign', which has no instances in Cityscapes"
    ):
        encode_cityscapes(streets()[0], labels=no_signs)


def test_more_than_a_thousand_objects_in_a_row_do_not_fit(tmp_path):
    car = BY_NAME["car"].as_category
    row = np.arange(1, 1001)[None]
    assert encode_cityscapes(a_scene([car], row * 0, row)).instance_ids.max() == 26999
    row = np.arange(1, 1002)[None]
    with pytest.raises(ValueError, match="expected at most 1000 objects in this order"):
        encode_cityscapes(a_scene([car], row * 0, row))


def test_names_of_frames_have_a_city_and_two_numbers(tmp_path):
    scene = a_scene([BY_NAME["car"].as_category], [[0]])
    with pytest.raises(ValueError, match="expected city_000000_000000, got 'my_frame'"):
        write_cityscapes([scene], tmp_path, "val", ids=["my_frame"])
    with pytest.raises(ValueError, match="expected at least one scene"):
        write_cityscapes([], tmp_path, "val")
    write_cityscapes([scene], tmp_path, "val", ids=["ulm_000000_000000"])
    with pytest.raises(FileExistsError, match=r"ulm_000000_000000_gtFine_labelIds\.png"):
        write_cityscapes([scene], tmp_path, "val", ids=["ulm_000000_000000"])
