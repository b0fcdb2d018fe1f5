"""CamVid: two kinds of photographs, 11 is void, and every frame has its counterpart."""

import numpy as np
import pytest
from PIL import Image

from segedu import VOID
from segedu.datasets import CamVid
from segedu.datasets.images import write_png

LABELS = np.array([[0, 1, 2, 3], [8, 9, 10, 11]], np.uint8)


@pytest.fixture
def tree(tmp_path):
    for name in ("0001TP_006690", "0001TP_006720"):
        write_png(np.full((2, 4, 3), 100, np.uint8), tmp_path / "train" / f"{name}.png")
        write_png(LABELS, tmp_path / "trainannot" / f"{name}.png")
    return tmp_path


def test_eleven_classes_in_segnets_order_and_eleven_is_void(tree):
    data = CamVid(tree, "train")
    assert data.ids == ("0001TP_006690", "0001TP_006720")
    assert [c.name for c in data.categories] == [
        "sky", "building", "pole", "road", "pavement", "tree", "sign symbol", "fence", "car", "pedestrian",
        "bicyclist",
    ]  # fmt: skip
    np.testing.assert_array_equal(data[1].semantic, [[0, 1, 2, 3], [8, 9, 10, VOID]])
    assert data[1].masks()[0].shape == (0, 2, 4)  # nothing is counted


def test_photographs_may_be_jpeg(tree):
    path = tree / "train" / "0001TP_006690.png"
    Image.open(path).save(path.with_suffix(".jpg"))
    with pytest.raises(ValueError, match=r"expected one file named 0001TP_006690, got"):
        CamVid(tree, "train")
    path.unlink()
    assert CamVid(tree, "train").files(0)["image"].suffix == ".jpg"
    assert CamVid(tree, "train")[0].image.mean() == pytest.approx(100, abs=2)


@pytest.mark.parametrize("label", [12, 255])
def test_a_label_above_eleven_is_refused(label, tree):
    path = tree / "trainannot" / "0001TP_006720.png"
    path.unlink()
    write_png(np.full((2, 4), label, np.uint8), path)
    with pytest.raises(
        ValueError, match=rf"0001TP_006720\.png: expected labels 0 to 11, got {label} \(8 pixels"
    ):
        CamVid(tree, "train")[1]


def test_a_frame_without_its_counterpart_is_named(tree):
    (tree / "trainannot" / "0001TP_006720.png").unlink()
    with pytest.raises(
        ValueError, match=r"train.0001TP_006720\.png: expected its counterpart in .*trainannot, got none"
    ):
        CamVid(tree, "train")
    (tree / "train" / "0001TP_006720.png").unlink()
    (tree / "train" / "0001TP_006690.png").unlink()
    with pytest.raises(
        ValueError, match=r"trainannot.0001TP_006690\.png: expected its counterpart in .*train, got"
    ):
        CamVid(tree, "train")


def test_a_missing_split_and_an_empty_folder_are_named(tree):
    with pytest.raises(ValueError, match="expected a split of train, val, test, got 'trainval'"):
        CamVid(tree, "trainval")
    with pytest.raises(FileNotFoundError, match="test: expected a folder of"):
        CamVid(tree, "test")
    (tree / "val").mkdir()
    (tree / "valannot").mkdir()
    with pytest.raises(ValueError, match="val: expected photographs, got an empty folder"):
        CamVid(tree, "val")


def test_labels_of_another_size_are_refused(tree):
    path = tree / "trainannot" / "0001TP_006690.png"
    path.unlink()
    write_png(LABELS.T, path)
    with pytest.raises(
        ValueError, match=r"0001TP_006690\.png: expected labels of 2×4 like the image .*, got 4×2"
    ):
        CamVid(tree, "train")[0]
