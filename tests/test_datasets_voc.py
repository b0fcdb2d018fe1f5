"""Pascal VOC: what is written comes back, torchvision reads the same, and each trap of the format is named."""

import dataclasses

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import VOCSegmentation

from dataset_scenes import a_scene, streets
from segedu import VOID, Category
from segedu.datasets import (
    VOC,
    VOC_CATEGORIES,
    encode_voc,
    labels_to_colors,
    read_labelmap,
    voc_palette,
    write_voc,
)
from segedu.datasets.images import read_label_map, write_png
from segedu.synthetic import STREET

BACKGROUND, CAR, PERSON = VOC_CATEGORIES[0], VOC_CATEGORIES[7], VOC_CATEGORIES[15]


@pytest.fixture
def tree(tmp_path):
    """One image of VOC's classes in VOC's layout: a car (object 3), a person (object 1), void between them."""
    semantic = np.array([[0, 7, 255, 15], [0, 7, 255, 15]])
    instance = np.array([[0, 3, 0, 1], [0, 3, 0, 1]])
    image = np.full((2, 4, 3), 90, np.uint8)
    write_voc([a_scene(VOC_CATEGORIES, semantic, instance, image)], tmp_path, "val", ids=["2007_000032"])
    return tmp_path


def labels(tree, kind):
    return tree / "VOCdevkit" / "VOC2012" / f"Segmentation{kind}" / "2007_000032.png"


def replaced(path, array, palette=True):
    path.unlink()
    write_png(np.asarray(array, np.uint8), path, palette=voc_palette() if palette else None)


def test_there_are_21_classes_in_the_order_of_the_contest():
    assert len(VOC_CATEGORIES) == 21
    assert [VOC_CATEGORIES[k].name for k in (0, 1, 7, 15, 20)] == [
        "background",
        "aeroplane",
        "car",
        "person",
        "tv/monitor",
    ]
    assert [c.name for c in VOC_CATEGORIES[1:]] == sorted(c.name for c in VOC_CATEGORIES[1:])
    assert [c.isthing for c in VOC_CATEGORIES] == [False] + [True] * 20
    assert CAR.color == (128, 128, 128)  # 7 = 0b111: one bit for each channel


def test_scenes_come_back_unchanged(tmp_path):
    scenes = streets()
    write_voc(scenes, tmp_path, "train", image_suffix=".png")
    assert list(VOC(tmp_path, "train", 2012, categories=STREET)) == scenes


def test_jpeg_changes_the_photograph_a_little_and_the_labels_not_at_all(tmp_path):
    (scene,) = scenes = streets()[:1]
    write_voc(scenes, tmp_path, "train")
    back = VOC(tmp_path, "train", categories=STREET)[0]
    assert dataclasses.replace(back, image=scene.image) == scene
    assert 0 < np.abs(back.image.astype(int) - scene.image).mean() < 4


def test_torchvision_reads_the_same_files(tmp_path):
    scenes = streets()
    write_voc(scenes, tmp_path, "train")
    theirs = VOCSegmentation(str(tmp_path), year="2012", image_set="train")
    ours = VOC(tmp_path, "train", 2012, categories=STREET)
    assert len(theirs) == len(ours) == 3
    for (image, target), scene in zip(theirs, ours, strict=True):
        np.testing.assert_array_equal(np.asarray(image), scene.image)
        np.testing.assert_array_equal(np.asarray(target), scene.semantic)


def test_the_archive_of_2011_lies_one_folder_deeper(tmp_path):
    scene = a_scene(VOC_CATEGORIES, [[0, 7]])
    write_voc([scene], tmp_path / "TrainVal", "train", 2011)
    theirs = VOCSegmentation(str(tmp_path), year="2011", image_set="train")
    np.testing.assert_array_equal(np.asarray(theirs[0][1]), VOC(tmp_path, "train", 2011)[0].semantic)


def test_object_numbers_are_kept_with_their_gaps(tree):
    scene = VOC(tree, "val")[0]
    assert [(s.label, s.instance) for s in scene.segments()] == [(0, 0), (7, 3), (15, 1)]
    assert scene.categories == VOC_CATEGORIES


def test_void_in_the_class_file_wins_whatever_the_object_file_says(tree):
    replaced(labels(tree, "Object"), [[0, 3, 3, 1], [0, 3, 5, 1]])  # some tools write no 255 there
    scene = VOC(tree, "val")[0]
    np.testing.assert_array_equal(scene.instance, [[0, 3, 0, 1], [0, 3, 0, 1]])
    np.testing.assert_array_equal(scene.semantic[:, 2], VOID)


def test_a_thing_without_a_number_is_a_crowd(tree):
    replaced(labels(tree, "Object"), [[0, 3, 255, 0], [0, 3, 255, 255]])
    scene = VOC(tree, "val")[0]
    assert [(s.label, s.instance, s.iscrowd) for s in scene.segments()] == [
        (0, 0, False),
        (7, 3, False),
        (15, 0, True),
    ]


def test_an_object_on_background_is_refused(tree):
    replaced(labels(tree, "Object"), [[9, 3, 255, 1], [0, 3, 255, 1]])
    with pytest.raises(
        ValueError, match=r"2007_000032\.png: expected objects on things only, got object 9 on 'background'"
    ):
        VOC(tree, "val")[0]


def test_an_object_of_two_classes_is_refused_with_its_file(tree):
    replaced(labels(tree, "Object"), [[0, 3, 255, 3], [0, 3, 255, 3]])
    with pytest.raises(
        ValueError, match=r"2007_000032\.png: Scene\.instance: expected one class .*'car', 'person'"
    ):
        VOC(tree, "val")[0]


def test_a_label_outside_the_table_is_refused(tree):
    replaced(labels(tree, "Class"), [[21, 7, 255, 15], [21, 7, 30, 15]])
    with pytest.raises(
        ValueError, match=r"expected labels 0 to 20 or 255 \(void\), got 21, 30 \(2 pixels of 21\)"
    ):
        VOC(tree, "val")[0]


def test_grey_pngs_hold_the_same_numbers_as_palette_pngs(tree):
    before = VOC(tree, "val")[0]
    for kind in ("Class", "Object"):
        replaced(labels(tree, kind), read_label_map(labels(tree, kind)), palette=False)
    assert VOC(tree, "val")[0] == before


def test_colours_instead_of_indices_are_read_by_the_categories(tree):
    before = VOC(tree, "val")[0]
    for kind in ("Class", "Object"):
        replaced(labels(tree, kind), labels_to_colors(read_label_map(labels(tree, kind))), palette=False)
    assert VOC(tree, "val")[0] == before
    replaced(labels(tree, "Class"), np.full((2, 4, 3), (128, 128, 127)), palette=False)
    with pytest.raises(ValueError, match=r"expected the colours of the categories, got \(128, 128, 127\)"):
        VOC(tree, "val")[0]


def test_labels_of_another_size_than_the_photograph_are_refused(tree):
    for kind in ("Class", "Object"):
        replaced(labels(tree, kind), np.zeros((4, 2)))
    with pytest.raises(
        ValueError, match=r"2007_000032\.png: expected labels of 2×4 like the image .*\.jpg, got 4×2"
    ):
        VOC(tree, "val")[0]
    replaced(labels(tree, "Object"), np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"SegmentationObject.*: expected the size of"):
        VOC(tree, "val")[0]


@pytest.mark.parametrize("kind", ["Class", "Object"])
def test_a_missing_or_broken_label_file_is_named(tree, kind):
    path = labels(tree, kind)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match=rf"Segmentation{kind}.*expected a whole PNG"):
        VOC(tree, "val")[0]
    path.unlink()
    with pytest.raises(FileNotFoundError, match=rf"Segmentation{kind}.2007_000032\.png"):
        VOC(tree, "val")[0]


def test_what_is_missing_of_the_tree_is_named(tree):
    with pytest.raises(FileNotFoundError, match="expected VOC2007 in "):
        VOC(tree, "val", 2007)
    with pytest.raises(ValueError, match="expected a split of val, got 'train'"):
        VOC(tree, "train")
    base = tree / "VOCdevkit" / "VOC2012"
    (base / "JPEGImages" / "2007_000032.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"JPEGImages.2007_000032\.jpg"):
        VOC(tree, "val")[0]
    (base / "ImageSets/Segmentation/val.txt").write_text("a\nb\na\n")
    with pytest.raises(ValueError, match=r"val\.txt: expected each image once, got a"):
        VOC(tree, "val")
    (base / "ImageSets/Segmentation/val.txt").write_text("\n")
    with pytest.raises(ValueError, match=r"val\.txt: expected the name of an image on each line"):
        VOC(tree, "val")
    with pytest.raises(FileNotFoundError, match="ImageSets"):
        VOC(tree, "val", None)


def test_an_export_from_cvat_is_read_with_its_own_classes(tmp_path):
    # The layout of CVAT's "Segmentation mask 1.1": masks of three channels, colours in labelmap.txt.
    (tmp_path / "ImageSets/Segmentation").mkdir(parents=True)
    (tmp_path / "ImageSets/Segmentation/default.txt").write_text("IMG 1\n")
    (tmp_path / "labelmap.txt").write_text(
        "# label:color_rgb:parts:actions\nbackground:0,0,0::\nleaf:51,221,255::\nstone:250,50,83::\n"
    )
    image = np.full((2, 3, 3), 200, np.uint8)
    write_png(image, tmp_path / "JPEGImages/IMG 1.png")
    leaf, stone, black = (51, 221, 255), (250, 50, 83), (0, 0, 0)
    write_png(
        np.array([[leaf, leaf, black], [leaf, stone, black]], np.uint8),
        tmp_path / "SegmentationClass/IMG 1.png",
    )
    one, two, three = (128, 0, 0), (0, 128, 0), (128, 128, 0)  # VOC's palette
    write_png(
        np.array([[one, two, black], [one, three, black]], np.uint8), tmp_path / "SegmentationObject/IMG 1.png"
    )
    data = VOC(tmp_path, "default", None)
    assert data.ids == ("IMG 1",)
    assert [(c.name, c.isthing, c.color) for c in data.categories] == [
        ("background", False, black),
        ("leaf", True, leaf),
        ("stone", True, stone),
    ]
    assert data[0] == a_scene(data.categories, [[1, 1, 0], [1, 2, 0]], [[1, 2, 0], [1, 3, 0]], image)


@pytest.mark.parametrize(
    "text", ["", "# only a comment\n", "a:1,2\n", "a:1,2,300::\n", "a:x,y,z::\n", ":1,2,3::\n"]
)
def test_a_broken_labelmap_is_refused(text, tmp_path):
    (tmp_path / "labelmap.txt").write_text(text)
    with pytest.raises(ValueError, match=r"labelmap\.txt.*: expected"):
        read_labelmap(tmp_path / "labelmap.txt")


def test_a_labelmap_without_colours_has_those_of_the_palette(tmp_path):
    (tmp_path / "labelmap.txt").write_text("background\nleaf:::\n")
    assert read_labelmap(tmp_path / "labelmap.txt")[1] == Category(1, "leaf", True, (128, 0, 0))


def test_two_classes_of_one_colour_cannot_be_told_apart_in_a_picture(tree):
    twins = (*VOC_CATEGORIES[:20], Category(20, "twin", True, CAR.color))
    replaced(labels(tree, "Class"), np.zeros((2, 4, 3)), palette=False)
    with pytest.raises(ValueError, match="two classes share a colour"):
        VOC(tree, "val", categories=twins)[0]


def test_other_classes_than_vocs_are_listed_beside_the_files(tmp_path):
    write_voc(streets()[:1], tmp_path, "train")
    found = VOC(tmp_path, "train").categories
    assert [(c.name, c.color) for c in found] == [(c.name, c.color) for c in STREET]
    with Image.open(tmp_path / "VOCdevkit/VOC2012/SegmentationClass/000000.png") as file:
        assert file.mode == "P"
        assert file.getpalette()[3 * 5 : 3 * 6] == list(STREET[5].color)
        assert file.getpalette()[3 * 255 :] == [224, 224, 192]
    with pytest.raises(ValueError, match=r"labelmap\.txt: expected the classes of the splits"):
        write_voc([a_scene(STREET[:3], [[0]])], tmp_path, "val", ids=["other"])


def test_splits_share_a_root_and_nothing_is_overwritten(tree):
    scene = a_scene(VOC_CATEGORIES, [[0, 15]])
    write_voc([scene], tree, "train", ids=["2007_000033"])
    assert (VOC(tree, "train").ids, VOC(tree, "val").ids) == (("2007_000033",), ("2007_000032",))
    with pytest.raises(FileExistsError, match=r"train\.txt"):
        write_voc([scene], tree, "train", ids=["2007_000034"])
    with pytest.raises(FileExistsError, match=r"2007_000033\.png"):
        write_voc([scene], tree, "new", ids=["2007_000033"])
    with pytest.raises(ValueError, match="expected a split of train, val"):
        VOC(tree, "new")  # the list comes last


def test_what_vocs_bytes_cannot_hold_is_not_written(tmp_path):
    many = a_scene((BACKGROUND, CAR), np.ones((1, 255), int), np.arange(1, 256)[None])
    with pytest.raises(ValueError, match="expected numbers to 254 for VOC's 8 bits, got 255"):
        encode_voc(many)
    fewer = a_scene((BACKGROUND, CAR), np.ones((1, 254), int), np.arange(1, 255)[None])
    assert encode_voc(fewer)[1].max() == 254


@pytest.mark.parametrize(
    ("scenes", "options", "message"),
    [
        ([], {}, "expected at least one scene"),
        ([a_scene(STREET, [[0]]), a_scene(STREET[:2], [[0]])], {}, "expected the same categories in all"),
        ([a_scene(STREET, [[0]])] * 2, {"ids": ["a"]}, "expected one for each scene, got 1 and more scenes"),
        ([a_scene(STREET, [[0]])] * 2, {"ids": ["a", "a"]}, "expected each once, got 'a'"),
        ([a_scene(STREET, [[0]])], {"image_suffix": ".bmp"}, r"expected '\.jpg' or '\.png'"),
        ([a_scene([Category(0, "a:b", False, (0, 0, 0))], [[0]])], {}, "expected names without ':'"),
    ],
)
def test_the_writer_refuses_what_would_not_come_back(scenes, options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_voc(scenes, tmp_path, "train", **options)
    with pytest.raises((ValueError, FileNotFoundError)):
        VOC(tmp_path, "train")
