"""What holds for every reader: it is a sequence, it can be pickled, it reads late, and any scene comes back."""

import pickle
import tempfile

import numpy as np
import pytest
import torch.utils.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dataset_scenes import STREET_LABELS, a_scene, renumbered, streets, without_stuff
from segedu import VOID, Category
from segedu.datasets import (
    VOC,
    CamVid,
    Cityscapes,
    CityscapesLabel,
    CocoInstances,
    CocoPanoptic,
    LabelMe,
    Nuclei,
    check,
    summary,
    write_cityscapes,
    write_coco_instances,
    write_coco_panoptic,
    write_voc,
)
from segedu.datasets.images import write_png
from segedu.synthetic import STREET
from test_datasets_labelme import annotated, shape


def a_voc(root):
    write_voc(streets(), root, "train")
    return VOC(root, "train", categories=STREET)


def a_cityscapes(root):
    write_cityscapes(streets(), root, "train", labels=STREET_LABELS)
    return Cityscapes(root, "train", labels=STREET_LABELS)


def a_coco(root):
    write_coco_instances(streets(), root / "images", root / "i.json")
    return CocoInstances(root / "images", root / "i.json")


def a_panoptic(root):
    write_coco_panoptic(streets(), root / "images", root / "p.json", root / "png")
    return CocoPanoptic(root / "images", root / "p.json", root / "png")


def a_camvid(root):
    for k in range(3):
        write_png(np.full((4, 4, 3), k, np.uint8), root / "train" / f"{k}.png")
        write_png(np.full((4, 4), k, np.uint8), root / "trainannot" / f"{k}.png")
    return CamVid(root, "train")


def some_nuclei(root):
    for k in range(3):
        write_png(np.full((4, 4), k, np.uint8), root / "images" / f"{k}.png")
        write_png(np.full((4, 4), k, np.uint16), root / "masks" / f"{k}.png")
    return Nuclei(root)


def a_labelme(root):
    for k in range(3):
        annotated(root, shape(), name=f"photo{k}")
    return LabelMe(root)


READERS = [a_voc, a_cityscapes, a_coco, a_panoptic, a_camvid, some_nuclei, a_labelme]


@pytest.fixture(params=READERS, ids=lambda make: make.__name__)
def data(request, tmp_path):
    return request.param(tmp_path)


def test_a_reader_is_a_sequence(data):
    assert len(data) == len(data.ids) == 3
    assert data[-1] == data[2] == list(data)[2] == data[np.int64(2)]
    assert data[-3] == data[0]
    assert all(scene.categories == data.categories for scene in data)
    for outside in (3, -4):
        with pytest.raises(IndexError, match=rf"expected -3 to 2, got {outside}"):
            data[outside]
    for wrong in (slice(2), "0", 1.0, None):
        with pytest.raises(TypeError, match=r"expected a whole number, got .* write \[dataset\[k\]"):
            data[wrong]


def test_its_repr_says_what_it_is_and_names_no_folder_or_address(data, tmp_path):
    assert repr(data).startswith(type(data).__name__ + "(")
    assert repr(data).endswith(f"3 images, {len(data.categories)} categories)")
    assert " at 0x" not in repr(data)
    assert str(tmp_path) not in repr(data)


def test_it_can_be_pickled(data):
    copy = pickle.loads(pickle.dumps(data))
    assert list(copy) == list(data)
    assert copy.ids == data.ids


def test_two_workers_of_a_dataloader_read_it(data):
    loader = torch.utils.data.DataLoader(data, batch_size=None, num_workers=2, collate_fn=lambda scene: scene)
    assert list(loader) == list(data)


def test_its_parts_are_those_of_the_scene_and_its_files_exist(data):
    for k, scene in enumerate(data):
        np.testing.assert_array_equal(data.read_image(k), scene.image)
        semantic, instance = data.read_labels(k)
        np.testing.assert_array_equal(semantic, scene.semantic)
        np.testing.assert_array_equal(instance, scene.instance)
        files = data.files(k)
        assert "image" in files
        assert all(path.is_file() for path in files.values())
        assert data.overlaps(k) == ()


def test_a_scene_is_read_when_it_is_asked_for(data):
    path = data.files(1)["image"]
    path.write_bytes(path.read_bytes()[:30])
    data[0], data[2]
    with pytest.raises(ValueError, match=path.name):
        data[1]
    assert [finding.id for finding in check(data) if finding.kind == "unreadable"] == [data.ids[1]]


def test_it_can_be_summed_up(data):
    assert summary(data).pixels.tolist() == summary(list(data)).pixels.tolist()


@st.composite
def scenes(draw):
    """Up to three scenes of one set of categories: void, crowds, instance numbers with gaps, any colours."""
    isthing = draw(st.lists(st.booleans(), min_size=1, max_size=4))
    channel = st.integers(0, 255)
    colors = draw(st.lists(st.tuples(channel, channel, channel), min_size=4, max_size=4))
    categories = [Category(10 * k, f"class {k}", t, colors[k]) for k, t in enumerate(isthing)]
    found = []
    for _ in range(draw(st.integers(1, 3))):
        size = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=6))
        labels = draw(hnp.arrays(int, size, elements=st.sampled_from([*range(len(isthing)), VOID])))
        numbers = draw(hnp.arrays(int, size, elements=st.integers(0, 3)))
        counted = np.array([*isthing, *[False] * (256 - len(isthing))])[labels] & (numbers > 0)
        image = draw(hnp.arrays(np.uint8, (*size, 3), fill=st.just(0)))
        # One class for each number: 4 · number - label is unique for labels 0 to 3.
        found.append(a_scene(categories, labels, np.where(counted, 4 * numbers - labels % 4, 0), image))
    return found


@settings(deadline=None, max_examples=40)
@given(scenes())
def test_any_scene_comes_back_from_every_format(written):
    labels = [
        CityscapesLabel(c.name, k + 1, k, "x", 0, c.isthing, False, c.color)
        for k, c in enumerate(written[0].categories)
    ]
    with tempfile.TemporaryDirectory() as root:
        write_voc(written, f"{root}/voc", "train", image_suffix=".png")
        assert list(VOC(f"{root}/voc", "train", categories=written[0].categories)) == written
        write_coco_panoptic(written, f"{root}/images", f"{root}/p.json", f"{root}/png")
        assert list(CocoPanoptic(f"{root}/images", f"{root}/p.json", f"{root}/png")) == [
            *map(renumbered, written)
        ]
        write_coco_instances(written, f"{root}/again", f"{root}/i.json")
        back = list(CocoInstances(f"{root}/again", f"{root}/i.json"))
        assert back == [renumbered(without_stuff(scene)) for scene in written]
        write_cityscapes(written, f"{root}/city", "train", labels=labels)
        for scene, found in zip(written, Cityscapes(f"{root}/city", "train", labels=labels), strict=True):
            np.testing.assert_array_equal(found.semantic, scene.semantic)
            np.testing.assert_array_equal(found.instance, renumbered(scene).instance)
            np.testing.assert_array_equal(found.image, scene.image)
