"""A summary counts by hand, once, without opening photographs, and notices when files have changed."""

import json
import os

import numpy as np
import pytest

from dataset_scenes import a_scene, streets
from segedu import VOID, Category
from segedu.datasets import VOC, CocoInstances, Summary, summary, write_coco_instances, write_voc
from segedu.datasets.images import write_png

ROAD, CAR, PERSON = (
    Category(7, "road", False, (128, 64, 128)),
    Category(26, "car", True, (0, 0, 142)),
    Category(24, "person", True, (220, 20, 60)),
)
SCENES = [
    # road 2, car 3 in two objects, a crowd of 1 person, void 2
    a_scene((ROAD, CAR, PERSON), [[0, 0, 1, 1], [VOID, VOID, 1, 2]], [[0, 0, 1, 1], [0, 0, 2, 0]]),
    # road 1, person 1
    a_scene((ROAD, CAR, PERSON), [[0, 2]], [[0, 1]]),
]


@pytest.fixture
def data(tmp_path):
    write_voc(SCENES, tmp_path, "train")
    return VOC(tmp_path, "train", categories=(ROAD, CAR, PERSON))


def assert_counted(found):
    assert found.images == 2
    assert found.pixels.tolist() == [3, 3, 2]
    assert found.void == 2
    assert found.instances.tolist() == [0, 2, 1]
    assert found.crowds.tolist() == [0, 0, 1]
    assert found.present.tolist() == [2, 1, 2]
    assert found.instances_per_image.tolist() == [2, 1]
    assert found.sizes == {(2, 4): 1, (1, 2): 1}
    np.testing.assert_allclose(found.shares, [3 / 8, 3 / 8, 2 / 8])
    assert found.void_share == 2 / 10
    assert repr(found) == "Summary(2 images, 3 categories, 3 instances, 20.0 % void)"


def test_scenes_and_data_sets_are_counted_by_hand(data):
    assert_counted(summary(SCENES))
    assert_counted(summary(data))


def test_photographs_stay_closed(data):
    for k in range(2):
        data.files(k)["image"].unlink()
    assert_counted(summary(data))


def test_a_data_set_is_counted_once(data):
    first = summary(data)
    data.files(0)["class"].unlink()
    assert summary(data) is first


def test_counts_are_kept_in_a_file_until_a_file_of_the_data_set_changes(data, tmp_path):
    cache = tmp_path / "cache" / "voc.json"
    first = summary(data, cache=cache)
    assert_counted(first)

    def again():
        return summary(VOC(tmp_path, "train", categories=(ROAD, CAR, PERSON)), cache=cache)

    content = json.loads(cache.read_text())
    cache.write_text(json.dumps(content | {"void": 1000}))
    assert again().void == 1000  # it comes from the file
    other = summary(
        VOC(tmp_path, "train", categories=(ROAD, CAR, Category(1, "x", True, (0, 0, 0)))), cache=cache
    )
    assert other.void == 2  # other categories, counted anew
    cache.write_text(json.dumps(content | {"void": 1000}))
    path = data.files(1)["class"]
    path.unlink()
    write_png(np.array([[0, 0]], np.uint8), path)
    os.utime(path, ns=(1, 1))
    path = data.files(1)["object"]
    path.unlink()
    write_png(np.array([[0, 0]], np.uint8), path)
    assert again().pixels.tolist() == [4, 3, 1]
    for text in ("", "{", "[]", "{}"):
        cache.write_text(text)
        assert again().void == 2


def test_the_options_of_a_reader_belong_to_the_file(tmp_path):
    write_coco_instances(streets()[:1], tmp_path / "images", tmp_path / "i.json")
    counts = [
        summary(CocoInstances(None, tmp_path / "i.json", background=name), cache=tmp_path / "c").void
        for name in (None, "road", None)
    ]
    assert counts[0] == counts[2] > counts[1] == 0


def test_shares_of_no_pixels_are_undefined():
    found = summary([a_scene((ROAD, CAR), [[VOID]])])
    assert np.isnan(found.shares).all()
    assert found.void_share == 1


def test_nothing_and_mixed_categories_are_refused():
    with pytest.raises(ValueError, match="expected at least one scene"):
        summary([])
    with pytest.raises(ValueError, match="expected the same categories in all scenes"):
        summary([SCENES[0], a_scene((ROAD,), [[0]])])


def test_the_bar_is_shown_only_if_it_is_wanted(capsys):
    assert isinstance(summary(SCENES, progress=True), Summary)
    assert "2/2" in capsys.readouterr().err
    summary(SCENES, progress=False)
    summary(SCENES)  # no terminal here
    assert capsys.readouterr().err == ""
