"""COCO's panoptic files: ids in colours, there and back, and what is in one file only."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dataset_scenes import a_scene, renumbered, streets
from segedu import VOID, Category
from segedu.datasets import (
    CocoPanoptic,
    colors_to_ids,
    encode_coco_panoptic,
    ids_to_colors,
    write_coco_panoptic,
)
from segedu.datasets.images import write_png

GRASS, PERSON = {"id": 193, "name": "grass", "isthing": 0}, {"id": 1, "name": "person", "isthing": 1}
IDS = np.array([[0, 0, 263, 263], [5, 5, 70_000, 9]])  # 263 = 7 + 256, 70,000 = 112 + 17 · 256 + 65,536
INFOS = [
    {"id": 70_000, "category_id": 1, "iscrowd": 0},
    {"id": 263, "category_id": 1, "iscrowd": 0},
    {"id": 5, "category_id": 193, "iscrowd": 0},
    {"id": 9, "category_id": 1, "iscrowd": 1},
]


def written(tmp_path, ids=IDS, infos=INFOS, **changes):
    name = "000000000007"
    content = {
        "images": [{"id": 7, "file_name": f"{name}.png", "height": 2, "width": 4}],
        "categories": [GRASS, PERSON],
        "annotations": [{"image_id": 7, "file_name": f"{name}.png", "segments_info": infos}],
    } | changes
    (tmp_path / "panoptic.json").write_text(json.dumps(content))
    for folder, array in (("images", np.full((2, 4, 3), 9, np.uint8)), ("png", ids_to_colors(np.asarray(ids)))):
        (tmp_path / folder / f"{name}.png").unlink(missing_ok=True)
        write_png(array, tmp_path / folder / f"{name}.png")
    return CocoPanoptic(tmp_path / "images", tmp_path / "panoptic.json", tmp_path / "png")


def test_colours_are_ids_in_three_bytes_and_zero_is_void(tmp_path):
    scene = written(tmp_path)[0]
    assert scene.semantic.tolist() == [[VOID, VOID, 1, 1], [0, 0, 1, 1]]
    assert scene.instance.tolist() == [
        [0, 0, 2, 2],
        [0, 0, 1, 0],
    ]  # in the order of segments_info; 9 is a crowd
    assert [c.id for c in scene.categories] == [193, 1]


@given(hnp.arrays(np.int64, (3, 2), elements=st.integers(0, 2**24 - 1)))
def test_ids_and_colours_go_both_ways(ids):
    colors = ids_to_colors(ids)
    np.testing.assert_array_equal(colors_to_ids(colors), ids)
    np.testing.assert_array_equal(colors.astype(int) @ [1, 256, 256**2], ids)


@pytest.mark.parametrize("ids", [[[-1]], [[2**24]]])
def test_an_id_of_more_than_three_bytes_has_no_colour(ids):
    with pytest.raises(ValueError, match="expected 0 to 16777215"):
        ids_to_colors(np.array(ids))


def test_scenes_come_back_unchanged(tmp_path):
    scenes = streets()
    write_coco_panoptic(scenes, tmp_path / "images", tmp_path / "p.json", tmp_path / "png")
    back = CocoPanoptic(tmp_path / "images", tmp_path / "p.json", tmp_path / "png")
    assert list(back) == scenes
    assert scenes == [renumbered(scene) for scene in scenes]
    content = json.loads((tmp_path / "p.json").read_text())
    assert {key: len(content[key]) for key in ("images", "annotations")} == {"images": 3, "annotations": 3}


def test_the_png_looks_like_its_classes():
    cats = Category(17, "cat", True, (10, 0, 0)), Category(93, "blanket", False, (0, 255, 255))
    scene = a_scene(cats, [[0, 0, 0, 1, VOID]], [[1, 2, 0, 0, 0]])
    colors, infos = encode_coco_panoptic(scene)
    assert colors[0].tolist() == [[10, 0, 0], [11, 0, 0], [12, 0, 0], [0, 255, 255], [0, 0, 0]]
    assert [(s["id"], s["category_id"], s["iscrowd"], s["area"], s["bbox"]) for s in infos] == [
        (10, 17, 0, 1, [0, 0, 1, 1]),
        (11, 17, 0, 1, [1, 0, 1, 1]),
        (12, 17, 1, 1, [2, 0, 1, 1]),
        (255 * 256 + 255 * 65536, 93, 0, 1, [3, 0, 1, 1]),
    ]


def test_more_segments_than_one_byte_holds_get_different_ids():
    black = Category(1, "nucleus", True, (0, 0, 0))  # the colour of void itself is never an id
    scene = a_scene([black], np.zeros((1, 300), int), np.arange(1, 301)[None])
    colors, infos = encode_coco_panoptic(scene)
    assert colors_to_ids(colors)[0].tolist() == list(range(1, 301)) == [s["id"] for s in infos]


def test_ids_go_round_at_the_end_of_three_bytes():
    white = Category(1, "sheep", True, (255, 255, 255))
    infos = encode_coco_panoptic(a_scene([white], [[0, 0]], [[1, 2]]))[1]
    assert [s["id"] for s in infos] == [2**24 - 1, 1]


def test_an_id_in_the_png_only_is_refused(tmp_path):
    data = written(tmp_path, infos=INFOS[1:])
    with pytest.raises(
        ValueError, match=r"000000000007\.png: expected the ids of segments_info in .*, got 70000 too"
    ):
        data[0]


def test_an_id_in_the_json_only_is_refused(tmp_path):
    data = written(tmp_path, infos=[*INFOS, {"id": 10, "category_id": 1, "iscrowd": 0}])
    with pytest.raises(
        ValueError, match=r"000000000007\.png: expected all segments of .*, but no pixel has 10"
    ):
        data[0]


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ({"id": 0, "category_id": 1, "iscrowd": 0}, "expected an id from 1 to 16777215, got 0"),
        ({"id": 2**24, "category_id": 1, "iscrowd": 0}, "expected an id from 1 to 16777215"),
        (
            {"id": 10, "category_id": 2, "iscrowd": 0},
            "expected the id of a category in the file, got category_id 2",
        ),
        ({"id": 5, "category_id": 1, "iscrowd": 0}, "expected each segment id once"),
        ({"category_id": 1}, r"segments_info\[4\]: expected 'id'"),
    ],
)
def test_a_broken_segment_is_refused_when_the_file_is_opened(info, message, tmp_path):
    with pytest.raises(ValueError, match=rf"panoptic\.json: the annotation of image 7.*{message}"):
        written(tmp_path, infos=[*INFOS, info])


def annotation(**changes):
    return {"image_id": 7, "file_name": "000000000007.png", "segments_info": INFOS} | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": []}, "expected an annotation for each image, got none for 7"),
        ({"annotations": [annotation(), annotation()]}, "the annotation of image 7: expected one, got two"),
        ({"annotations": [annotation(image_id=8)]}, "image 8: expected the id of an image in the file"),
        ({"annotations": [annotation(file_name="../x.png")]}, "expected a file name inside the folder of PNGs"),
        ({"categories": [{"id": 1, "name": "person"}, GRASS]}, r"categories\[0\]: expected 'isthing'"),
    ],
)
def test_a_broken_file_is_refused_when_it_is_opened(changes, message, tmp_path):
    with pytest.raises(ValueError, match=rf"panoptic\.json: (.*){message}"):
        written(tmp_path, **changes)


def test_a_png_of_another_mode_or_size_or_none_is_named(tmp_path):
    data = written(tmp_path)
    path = tmp_path / "png" / "000000000007.png"
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"png.000000000007\.png: expected a PNG file"):
        data[0]
    write_png(np.zeros((2, 4), np.uint8), path)
    with pytest.raises(ValueError, match=r"000000000007\.png: expected mode RGB, got L"):
        data[0]
    data = written(tmp_path, ids=IDS.T)
    with pytest.raises(ValueError, match=r"000000000007\.png: expected \(2, 4\) as .*says, got \(4, 2\)"):
        data[0]
    with pytest.raises(FileNotFoundError, match="nowhere: expected a folder of panoptic PNGs"):
        CocoPanoptic(tmp_path / "images", tmp_path / "panoptic.json", png_folder=tmp_path / "nowhere")


def test_without_photographs_the_images_are_black(tmp_path):
    whole = written(tmp_path)[0]
    scene = CocoPanoptic(None, tmp_path / "panoptic.json", tmp_path / "png")[0]
    assert whole.image.any()
    assert not scene.image.any()
    np.testing.assert_array_equal(scene.semantic, whole.semantic)
