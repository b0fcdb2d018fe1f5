"""COCO's instances: every way to write a mask, overlaps, there and back, pycocotools and torchvision."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco
from pycocotools.coco import COCO
from torchvision.datasets import CocoDetection

from dataset_scenes import a_scene, streets, without_stuff
from segedu import VOID, Category
from segedu.datasets import CocoInstances, Overlap, encode_coco_instances, write_coco_instances
from segedu.datasets.images import write_png
from segedu.masks import rle_encode
from segedu.synthetic import STREET

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools

SIZE = (4, 6)
# Columns 1 and 2 of rows 1 and 2.
SQUARE = [[1, 1, 3, 1, 3, 3, 1, 3]]
FILE = {
    "images": [
        {"id": 42, "file_name": "b.png", "height": 4, "width": 6},
        {"id": 7, "file_name": "sub/a.png", "height": 4, "width": 6},
    ],
    "categories": [{"id": 90, "name": "toothbrush"}, {"id": 1, "name": "person"}],
    "annotations": [
        {"id": 5, "image_id": 42, "category_id": 1, "iscrowd": 0, "segmentation": SQUARE},
    ],
}


def mask_of(rows, columns):
    mask = np.zeros(SIZE, bool)
    mask[rows, columns] = True
    return mask


@pytest.fixture
def folder(tmp_path):
    for k, name in enumerate(["b.png", "sub/a.png"]):
        write_png(np.full((*SIZE, 3), 50 + k, np.uint8), tmp_path / name)
    return tmp_path


def written(folder, *annotations, **changes):
    """A data set of the file above with other annotations, or other fields."""
    content = copy.deepcopy(FILE) | changes
    if annotations:
        content["annotations"] = [
            {"id": 100 + k, "image_id": 42, "category_id": 1, "iscrowd": 0} | annotation
            for k, annotation in enumerate(annotations)
        ]
    (folder / "instances.json").write_text(json.dumps(content))
    return CocoInstances(folder, folder / "instances.json")


def test_images_come_by_their_ids_and_those_without_annotations_are_kept(folder):
    data = written(folder)
    assert data.ids == (7, 42)
    assert data[0].image[0, 0, 0] == 51
    assert (data[0].semantic == VOID).all()
    assert data[1].masks()[1].tolist() == [1]


def test_category_ids_with_gaps_become_positions_in_the_file(folder):
    data = written(folder)
    assert [(c.id, c.name, c.isthing) for c in data.categories] == [
        (90, "toothbrush", True),
        (1, "person", True),
    ]
    assert np.unique(data[1].semantic).tolist() == [1, VOID]


@pytest.mark.parametrize(
    "segmentation",
    [
        SQUARE,
        [[1, 1, 2, 1, 2, 3, 1, 3], [2, 1, 3, 1, 3, 3, 2, 3]],  # in two parts
        {"size": [4, 6], "counts": [5, 2, 2, 2, 13]},  # column 0, then row 0: 5 zeros
        {"size": [4, 6], "counts": "522" + "0;"},  # 2 - 2 = 0, 13 - 2 = 11
    ],
    ids=["polygon", "two polygons", "counts", "compressed"],
)
def test_the_four_ways_to_write_a_mask_are_one(segmentation, folder):
    scene = written(folder, {"segmentation": segmentation})[1]
    np.testing.assert_array_equal(scene.instance == 1, mask_of(slice(1, 3), slice(1, 3)))


def test_a_crowd_is_a_thing_without_a_number(folder):
    crowd = {"segmentation": rle_encode(mask_of(0, slice(0, 6))), "iscrowd": 1}
    scene = written(folder, crowd, {"segmentation": SQUARE})[1]
    assert [(s.instance, s.iscrowd, s.area) for s in scene.segments()] == [(0, True, 6), (1, False, 4)]


def test_the_smaller_of_two_is_in_front_and_the_crowd_behind_both(folder):
    large = {"segmentation": [[0, 0, 4, 0, 4, 4, 0, 4]]}  # 16 pixels
    small = {"segmentation": SQUARE}  # 4 of them
    crowd = {"segmentation": rle_encode(mask_of(1, slice(1, 2))), "iscrowd": 1}  # 1 of those
    data = written(folder, small, large, crowd)
    scene = data[1]
    assert np.count_nonzero(scene.instance == 1) == 4
    assert np.count_nonzero(scene.instance == 2) == 12
    assert set(data.overlaps(1)) == {Overlap(101, 1, area=16, lost=4), Overlap(102, 1, area=1, lost=1)}
    assert data.overlaps(0) == ()
    # Nothing is lost where objects may overlap.
    instances = data.instances(1)
    assert instances.masks.sum(axis=(1, 2)).tolist() == [4, 16, 1]
    assert instances.crowd.tolist() == [False, False, True]
    assert instances.labels.tolist() == [1, 1, 1]


def test_of_two_equal_masks_the_later_is_in_front(folder):
    data = written(folder, {"segmentation": SQUARE}, {"segmentation": SQUARE, "category_id": 90})
    assert np.unique(data[1].instance).tolist() == [0, 2]
    assert data.overlaps(1) == (Overlap(100, 1, area=4, lost=4),)


def test_stuff_lies_behind_things(folder):
    data = written(
        folder,
        {"segmentation": SQUARE, "category_id": 1},
        {"segmentation": rle_encode(mask_of(1, slice(1, 2))), "category_id": 90},
        categories=[{"id": 90, "name": "grass", "isthing": 0}, {"id": 1, "name": "person", "isthing": 1}],
    )
    assert np.count_nonzero(data[1].semantic == 1) == 4
    assert data.overlaps(1) == (Overlap(101, 0, area=1, lost=1),)
    assert len(data.instances(1)) == 1


def test_background_is_a_class_only_if_it_is_asked_for(folder):
    written(folder)
    data = CocoInstances(folder, folder / "instances.json", background="background")
    assert [(c.id, c.name, c.isthing) for c in data.categories] == [
        (0, "background", False), (90, "toothbrush", True), (1, "person", True)
    ]  # fmt: skip
    assert np.unique(data[1].semantic).tolist() == [0, 2]
    # A category of that name in the file is taken as it is, but it is no thing.
    named = CocoInstances(folder, folder / "instances.json", background="toothbrush")
    assert [c.isthing for c in named.categories] == [False, True]
    assert np.unique(named[0].semantic).tolist() == [0]
    written(folder, categories=[{"id": 0, "name": "zero"}, {"id": 1, "name": "person"}])
    with pytest.raises(ValueError, match=r"instances\.json: expected id 0 to be free for 'background'"):
        CocoInstances(folder, folder / "instances.json", background="background")


def test_without_photographs_the_images_are_black(folder):
    written(folder)
    scene = CocoInstances(None, folder / "instances.json")[1]
    assert scene.image.shape == (4, 6, 3)
    assert not scene.image.any()


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        ([[0, 0, 1, 1]], r"polygons\[0\]: expected at least 3 points, got 2"),
        ([[0, 0, 1, 1, 2]], "expected pairs of x and y"),
        ([[0, 0, 1, 1, 2, "x"]], "expected numbers"),
        ([[0, 0, 1, 1, 2, float("nan")]], "expected finite numbers"),
        (
            [SQUARE[0], [7, 0, 9, 0, 9, 3]],
            r"polygons\[1\]: expected points in the image of 4×6, got x from 7 to 9",
        ),
        ([[0, -9, 2, -9, 2, -1]], "got x from 0 to 2 and y from -9 to -1"),
        ([], "expected polygons or an RLE, got \\[\\]; a box alone is no mask"),
        (None, "expected polygons or an RLE, got None"),
        ("522", "expected polygons or an RLE, got '522'"),
        ([1, 1, 3, 1, 3, 3], "put a single polygon into a list"),
        ({"size": [4, 6], "counts": [5, 2]}, "expected a sum of 4×6 = 24 pixels, got 7"),
        ({"size": [4, 6], "counts": [25]}, "expected 0 to 24"),
        (
            {"size": [6, 4], "counts": [24]},
            r"rle\['size'\]: expected that of the image, \[4, 6\], got \[6, 4\]",
        ),
        ({"size": [100_000, 100_000], "counts": [10**10]}, r"expected that of the image"),
        ({"size": [4, 6]}, "expected a mapping with 'size' and 'counts'"),
        ({"size": [4, 6], "counts": "5P"}, "expected a complete number at the end"),
    ],
)
def test_a_broken_mask_names_the_file_the_annotation_and_the_image(segmentation, message, folder):
    data = written(folder, {"segmentation": SQUARE}, {"segmentation": segmentation})
    with pytest.raises(
        ValueError, match=rf"instances\.json: annotation 101 of image 42 \(b\.png\): .*{message}"
    ):
        data[1]
    data[0]  # the other image can still be read


def record(**changes):
    base = {"id": 5, "image_id": 42, "category_id": 1, "iscrowd": 0, "segmentation": SQUARE} | changes
    return {key: value for key, value in base.items() if value != "left out"}


def image(**changes):
    base = {"id": 42, "file_name": "b.png", "height": 4, "width": 6} | changes
    return {key: value for key, value in base.items() if value != "left out"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": [record(image_id=43)]}, "annotation 5: expected .*, got image_id 43"),
        ({"annotations": [record(category_id=2)]}, "annotation 5: expected .*, got category_id 2"),
        ({"annotations": [record(), record()]}, "expected each annotation id once, got 5 more than once"),
        ({"annotations": [record(segmentation="left out")]}, "annotation 5: expected 'segmentation', but"),
        ({"annotations": [record(id="5")]}, r"annotations\[0\]: expected a whole number in 'id', got '5'"),
        ({"annotations": [record(id=True)]}, r"expected a whole number in 'id', got True"),
        ({"annotations": [record(iscrowd=2)]}, "annotation 5: expected 0 or 1 in 'iscrowd', got 2"),
        ({"annotations": [record(iscrowd="0")]}, "expected a whole number in 'iscrowd', got '0'"),
        ({"annotations": [[]]}, r"annotations\[0\]: expected an object with 'id', got \[\]"),
        ({"annotations": {}}, "expected a list in 'annotations'"),
        ({"images": []}, "expected at least one image, got none"),
        ({"images": [image(), image()]}, "expected each image id once, got 42"),
        ({"images": [image(height="left out")]}, r"images\[0\]: expected 'height', but it is not there"),
        ({"images": [image(height=0)]}, r"\(b\.png\): height and width: expected .*, got \(0, 6\)"),
        ({"images": [image(height=10**5, width=10**5)]}, "expected at most 67108864 pixels, got 100000×100000"),
        ({"images": [image(file_name=3)]}, "expected text in 'file_name', got 3"),
        ({"categories": []}, "expected at least one category"),
        ({"categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}, "expected each category id once"),
        ({"categories": [{"id": 1, "name": "a", "color": [1, 2]}]}, r"category 1: .*color is \[1, 2\]"),
        ({"categories": [{"id": k, "name": "a"} for k in range(256)]}, "expected at most 255 categories"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_when_it_is_opened(changes, message, folder):
    with pytest.raises(ValueError, match=rf"instances\.json: (.*){message}"):
        written(folder, **changes)


@pytest.mark.parametrize("text", ["", "{", "{'images': []}", "[" * 100_000, '{"images": "\ud800'])
def test_what_is_no_json_is_refused(text, folder):
    path = folder / "instances.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ValueError, match=r"instances\.json: expected JSON, got something else"):
        CocoInstances(folder, path)


@pytest.mark.parametrize("text", ["[]", "3", "null", '{"images": 3}'])
def test_json_of_another_form_is_refused(text, folder):
    path = folder / "instances.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"instances\.json: expected (an object|a list)"):
        CocoInstances(folder, path)


def test_what_is_missing_is_named(folder):
    with pytest.raises(FileNotFoundError, match=r"none\.json: expected a JSON file, but there is none"):
        CocoInstances(folder, folder / "none.json")
    written(folder)
    with pytest.raises(FileNotFoundError, match="nowhere: expected a folder of photographs"):
        CocoInstances(folder / "nowhere", folder / "instances.json")
    (folder / "b.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"b\.png"):
        CocoInstances(folder, folder / "instances.json")[1]


@pytest.mark.parametrize("name", ["../b.png", "/etc/passwd", "sub/../../b.png"])
def test_a_file_name_that_leaves_the_folder_is_refused(name, folder):
    data = written(folder, images=[image(file_name=name)])
    with pytest.raises(ValueError, match=r"instances\.json: expected a file name inside the folder of images"):
        data[0]


def test_a_photograph_of_another_size_is_refused(folder):
    data = written(folder, images=[image(height=6, width=4)], annotations=[])
    with pytest.raises(
        ValueError, match=r"instances\.json: expected labels of 4×6 like the image .*b\.png, got 6×4"
    ):
        data[0]


def test_things_come_back_unchanged(tmp_path):
    scenes = streets()
    write_coco_instances(scenes, tmp_path / "images", tmp_path / "annotations" / "instances.json")
    back = CocoInstances(tmp_path / "images", tmp_path / "annotations" / "instances.json")
    assert back.ids == (1, 2, 3)
    assert back.categories == STREET
    assert list(back) == [without_stuff(scene) for scene in scenes]
    assert all(back.overlaps(k) == () for k in range(3))


@pytest.mark.parametrize("rle", [False, True])
def test_pycocotools_reads_the_same_masks_areas_and_boxes(rle, tmp_path):
    scenes = streets()
    annotations = []
    for k, scene in enumerate(scenes, start=1):
        annotations += encode_coco_instances(scene, image_id=k, first_id=len(annotations) + 1, rle=rle)
    images = [{"id": k, "height": s.size[0], "width": s.size[1]} for k, s in enumerate(scenes, start=1)]
    theirs = COCO()
    theirs.dataset = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": c.id} for c in STREET],
    }
    theirs.createIndex()
    for k, scene in enumerate(scenes, start=1):
        masks, labels = scene.masks()
        found = [a for a in theirs.loadAnns(theirs.getAnnIds(imgIds=k)) if not a["iscrowd"]]
        assert [a["category_id"] for a in found] == [STREET[label].id for label in labels]
        for mask, annotation in zip(masks, found, strict=True):
            encoded = theirs.annToRLE(annotation)
            np.testing.assert_array_equal(coco.decode(encoded).astype(bool), mask)
            assert annotation["area"] == coco.area(encoded) == mask.sum()
            assert annotation["bbox"] == coco.toBbox(encoded).tolist()
        crowds = [a for a in theirs.loadAnns(theirs.getAnnIds(imgIds=k)) if a["iscrowd"]]
        assert sum(coco.area(theirs.annToRLE(a)) for a in crowds) == sum(
            s.area for s in scene.segments() if s.iscrowd
        )
    assert any(a["iscrowd"] for a in annotations)


def test_torchvision_reads_the_same_files(tmp_path):
    write_coco_instances(streets(), tmp_path / "images", tmp_path / "i.json", ids=[30, 10, 20])
    theirs = CocoDetection(str(tmp_path / "images"), str(tmp_path / "i.json"))
    ours = CocoInstances(tmp_path / "images", tmp_path / "i.json")
    assert ours.ids == tuple(theirs.ids) == (10, 20, 30)
    for k, (photograph, annotations) in enumerate(theirs):
        np.testing.assert_array_equal(np.asarray(photograph), ours[k].image)
        masks = np.array([theirs.coco.annToMask(a) for a in annotations]).astype(bool)
        np.testing.assert_array_equal(masks, ours.instances(k).masks)


def test_a_file_is_written_last_and_never_over_another(tmp_path):
    scenes = [a_scene(STREET, [[5]], [[1]]), a_scene(STREET[:6], [[5]], [[1]])]
    with pytest.raises(ValueError, match="expected the same categories"):
        write_coco_instances(scenes, tmp_path / "images", tmp_path / "i.json")
    assert not (tmp_path / "i.json").exists()
    with pytest.raises(ValueError, match="expected at least one scene"):
        write_coco_instances([], tmp_path / "images", tmp_path / "i.json")
    with pytest.raises(ValueError, match=r"expected '\.jpg' or '\.png'"):
        write_coco_instances(scenes, tmp_path / "images", tmp_path / "i.json", image_suffix=".gif")
    (tmp_path / "i.json").touch()
    with pytest.raises(FileExistsError, match=r"i\.json: expected a new file"):
        write_coco_instances(scenes[:1], tmp_path / "other", tmp_path / "i.json")
    assert not Path(tmp_path / "other").exists()


def test_photographs_may_be_written_as_jpeg(tmp_path):
    write_coco_instances(streets()[:1], tmp_path / "images", tmp_path / "i.json", image_suffix=".jpg")
    back = CocoInstances(tmp_path / "images", tmp_path / "i.json")
    assert back.files(0)["image"].name == "000000000001.jpg"
    assert 0 < np.abs(back[0].image.astype(int) - streets()[0].image).mean() < 4


def test_colours_that_the_file_does_not_give_are_those_of_vocs_palette(folder):
    assert written(folder).categories[1] == Category(1, "person", True, (128, 0, 0))
