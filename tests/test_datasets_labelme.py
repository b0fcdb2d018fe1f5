"""LabelMe: every kind of shape, groups, what lies in front, and photographs in the file or beside it."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from segedu import VOID
from segedu.datasets import LabelMe, Overlap
from segedu.datasets.images import write_png

SIZE = (6, 8)
SQUARE = [[1, 1], [4, 1], [4, 4], [1, 4]]  # rows and columns 1 to 3
BOX = [[3, 3], [7, 6]]  # rows 3 to 5, columns 3 to 6: one pixel in common with the square


def shape(label="cup", points=None, kind="polygon", group=None, **more):
    return {"label": label, "points": points or SQUARE, "shape_type": kind, "group_id": group} | more


def annotated(folder, *shapes, name="photo", **changes):
    if not (folder / f"{name}.png").exists():
        write_png(np.full((*SIZE, 3), 77, np.uint8), folder / f"{name}.png")
    record = {
        "version": "5.4.1",
        "flags": {},
        "shapes": list(shapes),
        "imagePath": f"{name}.png",
        "imageData": None,
        "imageHeight": SIZE[0],
        "imageWidth": SIZE[1],
    }
    (folder / f"{name}.json").write_text(json.dumps(record | changes))
    return folder


def test_each_shape_is_an_object_and_the_later_one_is_in_front(tmp_path):
    data = LabelMe(annotated(tmp_path, shape(), shape("box", BOX, "rectangle")))
    scene = data[0]
    assert data.ids == ("photo",)
    assert [(c.id, c.name, c.isthing) for c in data.categories] == [(1, "box", True), (2, "cup", True)]
    assert np.count_nonzero(scene.instance == 1) == 9 - 1
    assert np.count_nonzero(scene.instance == 2) == 12
    assert scene.semantic[3, 3] == 0
    assert data.overlaps(0) == (Overlap(0, 1, area=9, lost=1),)
    assert scene.semantic[0, 0] == VOID


def test_shapes_of_one_group_are_one_object(tmp_path):
    data = LabelMe(
        annotated(
            tmp_path,
            shape(group=0),
            shape("box", [[5, 0], [6, 1]], "rectangle", group=0),  # another label: another object
            shape(points=[[3, 3], [7, 3], [7, 6], [3, 6]], group=0),
            shape(points=[[6, 0], [8, 0], [8, 2], [6, 2]]),
        )
    )
    assert [(s.label, s.instance, s.area) for s in data[0].segments()] == [
        (0, 2, 1),
        (1, 1, 9 + 12 - 1),
        (1, 3, 4),
    ]
    assert data.overlaps(0) == ()  # the two parts share a pixel, and nothing is lost


def test_a_turned_rectangle_is_the_polygon_of_its_corners(tmp_path):
    corners = [[4, 0], [7, 3], [4, 6], [1, 3]]
    data = LabelMe(
        annotated(tmp_path, shape("turned", corners, "oriented_rectangle"), name="a"),
    )
    annotated(tmp_path, shape("turned", corners), name="b")
    assert np.array_equal(data[0].semantic, LabelMe(tmp_path)[1].semantic)
    assert np.count_nonzero(data[0].semantic == 0) > 0


def test_a_circle_has_the_pixels_whose_middle_it_holds(tmp_path):
    # Middle (3, 3), radius 1: the middles of the four pixels around it are 0.71 away, the next ones 1.58.
    data = LabelMe(annotated(tmp_path, shape("coin", [[3, 3], [4, 3]], "circle")))
    assert np.argwhere(data[0].instance == 1).tolist() == [[2, 2], [2, 3], [3, 2], [3, 3]]


def test_a_mask_is_a_png_in_the_file(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(np.array([[255, 0], [255, 255]], np.uint8)).save(buffer, "PNG")
    text = base64.b64encode(buffer.getvalue()).decode()
    data = LabelMe(annotated(tmp_path, shape("leaf", [[5, 2], [6, 3]], "mask", mask=text)))
    assert np.argwhere(data[0].instance == 1).tolist() == [[2, 5], [3, 5], [3, 6]]
    data = LabelMe(annotated(tmp_path, shape("leaf", [[7, 5], [8, 6]], "mask", mask=text)))
    with pytest.raises(ValueError, match=r"photo\.json: shapes\[0\]: expected a mask inside the image of 6×8"):
        data[0]
    data = LabelMe(annotated(tmp_path, shape("leaf", [[5, 2], [6, 3]], "mask", mask=text[:-9])))
    with pytest.raises(ValueError, match=r"photo\.json: shapes\[0\]: expected"):
        data[0]


def test_ignored_shapes_are_void_and_the_rest_may_be_background(tmp_path):
    annotated(tmp_path, shape(), shape("__ignore__", BOX, "rectangle"))
    scene = LabelMe(tmp_path)[0]
    assert [(s.label, s.area) for s in scene.segments()] == [(0, 8)]
    data = LabelMe(tmp_path, background="table")
    assert [(c.id, c.name, c.isthing) for c in data.categories] == [(0, "table", False), (1, "cup", True)]
    assert [(s.label, s.area) for s in data[0].segments()] == [(0, 48 - 8 - 12), (1, 8)]
    assert (data[0].semantic[3:6, 3:7] == VOID).all()
    assert LabelMe(tmp_path, void="cup")[0].segments()[0].area == 12


def test_labels_can_be_named_so_that_two_folders_agree(tmp_path):
    annotated(tmp_path, shape("cup"))
    names = ["__ignore__", "_background_", "plate", "cup"]  # as in LabelMe's labels.txt
    data = LabelMe(tmp_path, labels=names, background="_background_", stuff=["plate"])
    assert [(c.name, c.isthing) for c in data.categories] == [
        ("_background_", False),
        ("plate", False),
        ("cup", True),
    ]
    assert [(s.label, s.instance) for s in data[0].segments()] == [(0, 0), (2, 1)]
    with pytest.raises(
        ValueError, match=r"expected the labels plate or __ignore__, got 'cup' in .*photo\.json"
    ):
        LabelMe(tmp_path, labels=["plate"])


def test_stuff_has_no_numbers(tmp_path):
    scene = LabelMe(annotated(tmp_path, shape("sand"), shape("sand", BOX, "rectangle")), stuff=["sand"])[0]
    assert [(s.isthing, s.instance, s.area) for s in scene.segments()] == [(False, 0, 9 + 12 - 1)]
    for wrong in (["sky"], "sand"):  # the second is four letters
        with pytest.raises(ValueError, match="stuff: expected some of sand, got "):
            LabelMe(tmp_path, stuff=wrong)


def test_the_photograph_may_be_in_the_file(tmp_path):
    pixels = np.full((*SIZE, 3), 200, np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    text = base64.b64encode(buffer.getvalue()).decode()
    annotated(tmp_path, shape(), imageData=text, imagePath="gone.png")
    data = LabelMe(tmp_path)
    np.testing.assert_array_equal(data[0].image, pixels)
    assert list(data.files(0)) == ["json"]
    annotated(tmp_path, shape(), imageData=text[:-7] + "?" * 7)
    with pytest.raises(ValueError, match=r"photo\.json: imageData: expected base64"):
        LabelMe(tmp_path)[0]
    annotated(tmp_path, shape(), imageData=text[:40])
    with pytest.raises(ValueError, match=r"photo\.json: imageData: expected a whole PNG"):
        LabelMe(tmp_path)[0]


def test_a_path_written_on_windows_is_found(tmp_path):
    (tmp_path / "photos").mkdir()
    write_png(np.full((*SIZE, 3), 8, np.uint8), tmp_path / "photos" / "p.png")
    (tmp_path / "labels").mkdir()
    annotated(tmp_path / "labels", shape(), imagePath="..\\photos\\p.png")
    assert LabelMe(tmp_path / "labels")[0].image[0, 0, 0] == 8


def test_a_photograph_is_turned_as_labelme_shows_it(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((8, 6, 3), np.uint8)).save(tmp_path / "photo.png", exif=exif)
    assert LabelMe(annotated(tmp_path, shape()))[0].size == SIZE


def test_sizes_that_the_file_leaves_out_are_those_of_the_photograph(tmp_path):
    assert LabelMe(annotated(tmp_path, shape(), imageHeight=None, imageWidth=None))[0].size == SIZE
    data = LabelMe(annotated(tmp_path, shape(), imageHeight=8, imageWidth=6))
    with pytest.raises(
        ValueError, match=r"photo\.json: expected labels of 6×8 like the image .*photo\.png, got 8×6"
    ):
        data[0]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (shape(points=[[1, 1], [2, 2]]), r"polygons\[0\]: expected at least 3 points, got 2"),
        (shape(points=[[9, 1], [12, 1], [12, 4]]), "expected points in the image of 6×8, got x from 9 to 12"),
        (
            shape(points=[[1, 1], [2, 2]], kind="line"),
            "expected a polygon, .* or mask, got 'line': it has no area",
        ),
        (shape(points=[[1, 1]], kind="point"), "got 'point'"),
        (shape(points=[[1, 1]], kind="rectangle"), "expected two points of x and y"),
        (shape(points=[[1, 1], [2, "a"]], kind="rectangle"), "could not convert"),
        (shape(points=[[1, 1], [float("inf"), 2]], kind="circle"), "expected two points of x and y"),
        (shape(points=[[20, 20], [21, 20]], kind="circle"), "expected points in the image"),
        (shape(kind="mask", points=[[0, 0], [1, 1]]), "expected 'mask', but it is not there"),
        (shape(group=1.5), "expected a number or null in 'group_id', got 1.5"),
        (shape(points={"a": 1}), "expected a list in 'points'"),
    ],
)
def test_a_broken_shape_names_the_file_and_the_shape(broken, message, tmp_path):
    data = LabelMe(annotated(tmp_path, shape(), broken))
    with pytest.raises(ValueError, match=rf"photo\.json: shapes\[1\]: .*{message}"):
        data[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON, got something else"),
        ("[]", "no LabelMe file: expected an object with 'shapes'"),
        ('{"images": []}', "no LabelMe file: expected 'shapes', but it is not there"),
        ('{"shapes": [{"points": []}]}', r"shapes\[0\]: expected 'label'"),
    ],
)
def test_what_is_no_labelme_file_is_refused_when_the_folder_is_opened(text, message, tmp_path):
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(ValueError, match=rf"other\.json: {message}"):
        LabelMe(tmp_path)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: expected a folder of LabelMe's JSON files"):
        LabelMe(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="expected LabelMe's JSON files, got none"):
        LabelMe(tmp_path)
    annotated(tmp_path)
    with pytest.raises(ValueError, match="expected at least one label"):
        LabelMe(tmp_path)
    assert LabelMe(tmp_path, labels=["cup"])[0].segments() == ()
    (tmp_path / "photo.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"photo\.png"):
        LabelMe(tmp_path, labels=["cup"])[0]
