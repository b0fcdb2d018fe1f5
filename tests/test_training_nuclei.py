"""Nuclei from the command line: parts that share no group, and results of detectors and of the watershed."""

import json
from importlib import resources

import numpy as np
import pytest
import torch
from PIL import Image

from dataset_scenes import real
from detection_cases import squares
from segedu.training import Recipe
from segedu.training import __main__ as command
from segedu.training.instance_scores import encoded_scene
from segedu.training.jobs import JOBS, painted
from segedu.training.sources import nuclei, nuclei_at_random

torch.set_num_threads(1)
SPLIT = json.loads(resources.files("segedu.datasets").joinpath("nuclei_split.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A few tiny images with names of real groups: bright squares on black."""
    folder = tmp_path_factory.mktemp("nuclei")
    (folder / "images").mkdir()
    (folder / "masks").mkdir()
    train = [name for group in SPLIT["train"][:24] for name in group]
    val = [name for group in SPLIT["val"][:3] for name in group]
    rng = np.random.default_rng(0)
    for name in (*train, *val):
        numbers = np.zeros((24, 24), np.uint16)
        for k in range(3):
            top, left = rng.integers(0, 18, 2)
            numbers[top : top + 5, left : left + 5] = k + 1
        numbers = np.searchsorted(np.unique(numbers), numbers).astype(np.uint16)
        image = np.repeat((40 + 200 * (numbers > 0)).astype(np.uint8)[..., None], 3, axis=2)
        Image.fromarray(image).save(folder / "images" / f"{name}.png")
        Image.fromarray(numbers).save(folder / "masks" / f"{name}.png")
    return folder


@pytest.fixture
def tiny(monkeypatch):
    recipe = Recipe(
        size=(16, 16),
        epochs=1,
        batch_size=4,
        learning_rate=1e-3,
        base_channels=4,
        fit=False,
        min_area=6,
        max_detections=50,
        anchors=(4, 8, 16, 32, 64),
    )
    monkeypatch.setitem(command.RECIPES, "tiny", recipe)


def shared_groups(splits):
    parts = [set(part.groups) for part in (splits.train, splits.val, splits.test)]
    return parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]


def test_by_groups_no_group_is_in_two_parts(root):
    splits = nuclei(root)
    assert shared_groups(splits) == set()
    assert len(splits.val.ids) > 0
    assert {name[:8] for name in splits.test.ids} == {name for g in SPLIT["val"][:3] for name in g}


def test_at_random_parts_have_the_same_sizes_and_no_image_twice(root):
    by_group, at_random = nuclei(root), nuclei_at_random(root)
    for part in ("train", "val", "test"):
        assert len(getattr(at_random, part)) == len(getattr(by_group, part))
    names = [name for part in (at_random.train, at_random.val, at_random.test) for name in part.ids]
    assert len(set(names)) == len(names)


def test_a_part_reads_the_scenes_that_it_names(root):
    part = nuclei(root).val
    scene = part[len(part) - 1]
    image = np.asarray(Image.open(root / "images" / f"{part.ids[-1]}.png"))
    np.testing.assert_array_equal(scene.image, image)
    assert part[:1][0] == part[0]


def test_real_nuclei_leak_at_random_and_not_by_groups():
    (folder,) = real("dsb2018")
    assert shared_groups(nuclei(folder)) == set()
    splits = nuclei_at_random(folder)
    known = set(splits.train.groups)
    leaked = np.mean([group in known for group in splits.test.groups])
    assert leaked > 0.5  # most images to test have a neighbour to learn from


@pytest.mark.parametrize("model", ["mask_rcnn", "unet_watershed"])
def test_a_run_on_nuclei_writes_ap_and_count_errors_in_two_places(root, tiny, tmp_path, model):
    place = tmp_path / "results" / "nuclei.json"
    asked = [f"--model={model}", "--data=nuclei", f"--root={root}", "--recipe=tiny"]
    assert command.main([*asked, f"--out={tmp_path / 'out'}", f"--result={place}"]) == 0
    results = json.loads(place.read_text("utf-8"))
    assert results == json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    assert results["min_area"] == 6
    assert results["all_objects"]["min_area"] == 1
    assert results["max_detections"] == 50
    assert set(results["mask_ap_per_class"]) == {"background", "nucleus"}
    assert results["mask_ap_per_class"]["nucleus"] == pytest.approx(results["mask_ap"])
    assert results["count_error"] >= 0
    assert results["images"]["test"] == len(nuclei(root).test)
    assert len(list((tmp_path / "out").glob("prediction_*.png"))) == 3


def test_the_watershed_wants_one_kind_of_things(tmp_path, capsys):
    asked = ["--model=unet_watershed", "--data=street", "--recipe=street_minute", f"--out={tmp_path}"]
    assert command.main(asked) == 1
    assert "unet_watershed: expected data with a background and one thing" in capsys.readouterr().err


def test_pretrained_pixels_are_refused(root, tiny, tmp_path, capsys):
    asked = ["--model=unet", "--data=nuclei", f"--root={root}", "--recipe=tiny", f"--out={tmp_path}"]
    assert command.main([*asked, "--pretrained=coco"]) == 1
    assert "--pretrained: expected none with unet" in capsys.readouterr().err


def test_every_job_has_the_name_it_is_called_by():
    assert [job.name for job in JOBS.values()] == list(JOBS)


def test_a_picture_of_objects_shows_the_sure_ones():
    scene = squares([(0, 0, 4, 1), (10, 10, 4, 2)])
    labels = painted(encoded_scene(scene), scene.categories, scene.size)
    assert (labels[scene.semantic > 0] == scene.semantic[scene.semantic > 0]).all()
    assert (labels[scene.semantic == 0] == 255).all()
