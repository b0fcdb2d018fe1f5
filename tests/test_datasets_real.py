"""The readers on real data sets: every pack reads, with the numbers that other tools find in its files."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco
from pycocotools.coco import COCO

from dataset_scenes import real
from segedu import VOID, Instances
from segedu.datasets import (
    VOC,
    CamVid,
    Cityscapes,
    CocoInstances,
    CocoPanoptic,
    LabelMe,
    Nuclei,
    encode_cityscapes,
    encode_coco_panoptic,
    summary,
)
from segedu.datasets.layers import flatten
from segedu.masks import rle_area, rle_decode
from segedu.metrics import average_precision

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools


@pytest.mark.parametrize(("split", "frames"), [("train", 367), ("val", 101), ("test", 233)])
def test_camvid_has_the_pixels_of_its_own_files(split, frames):
    (pack,) = real("camvid-full")
    data = CamVid(pack, split)
    counts = np.zeros(256, int)
    for path in (pack / f"{split}annot").glob("*.png"):
        counts += np.bincount(np.asarray(Image.open(path)).ravel(), minlength=256)
    found = summary(data)
    assert found.images == len(data) == frames
    assert found.pixels.tolist() == counts[:11].tolist()
    assert found.void == counts[11]
    assert not counts[12:].any()
    assert found.sizes == {(360, 480): frames}
    assert data[-1].size == (360, 480)


def test_a_camvid_of_road_alone_scores_what_the_literature_says():
    (pack,) = real("camvid-full")
    # "Everything is road" on the test set has the IoU of road's share and 0 for ten classes: 2.4 % in the mean.
    assert 100 * summary(CamVid(pack, "test")).shares[3] / 11 == pytest.approx(2.4, abs=0.05)


def test_the_nuclei_are_those_of_the_index():
    (pack,) = real("dsb2018")
    index = {image["id"]: image for image in json.loads((pack / "index.json").read_text())["images"]}
    data = Nuclei(pack)
    found = summary(data)
    assert set(data.ids) == set(index)
    assert found.instances.tolist() == [0, 28_986]
    assert found.instances_per_image.tolist() == [index[id]["n"] for id in data.ids]
    assert (found.instances_per_image.min(), found.instances_per_image.max()) == (1, 375)
    assert found.void == 0
    areas = [np.bincount(data.read_labels(k)[1].ravel())[1:].min() for k in range(len(data))]
    assert min(areas) == 21


def test_the_split_of_the_nuclei_is_that_of_the_index_and_shares_no_group():
    (pack,) = real("dsb2018")
    index = {image["id"]: image for image in json.loads((pack / "index.json").read_text())["images"]}
    for split, images in (("train", 534), ("val", 130)):
        data = Nuclei(pack, split)
        assert data.ids == tuple(id for id in Nuclei(pack).ids if index[id]["split"] == split)
        assert len(data) == images
    groups = dict(zip(Nuclei(pack).ids, Nuclei(pack).groups, strict=True))
    theirs = {
        frozenset(i for i in index if index[i]["group"] == g) for g in {v["group"] for v in index.values()}
    }
    ours = {frozenset(i for i in groups if groups[i] == g) for g in set(groups.values())}
    assert ours == theirs
    assert not set(Nuclei(pack, "train").groups) & set(Nuclei(pack, "val").groups)


def test_the_nuclei_overlap_in_nine_pixels():
    (pack,) = real("dsb2018")
    data = Nuclei(pack)
    assert sum(overlap.lost for k in range(len(data)) for overlap in data.overlaps(k)) == 9


def test_a_real_cityscapes_frame_has_the_ids_of_its_files(tmp_path):
    (pack,) = real("cityscapes_mini")
    for folder in ("leftImg8bit", "gtFine"):
        shutil.copytree(pack / folder, tmp_path / folder / "val" / "frankfurt")
    scene = Cityscapes(tmp_path, "val")[0]
    ids = np.asarray(Image.open(next((pack / "gtFine").glob("*_labelIds.png"))))
    numbers = np.asarray(Image.open(next((pack / "gtFine").glob("*_instanceIds.png"))))
    maps = encode_cityscapes(scene)
    scored = np.isin(ids, [category.id for category in scene.categories])
    np.testing.assert_array_equal(scene.semantic != VOID, scored)
    np.testing.assert_array_equal(maps.label_ids, np.where(scored, ids, 0))
    np.testing.assert_array_equal(maps.instance_ids, np.where(scored, numbers, 0))
    # 24000 to 24003 and 26000 to 26002.
    assert len(scene.masks()[1]) == 7


@pytest.fixture(scope="module")
def val2014():
    (pack,) = real("coco_val2014_100")
    return pack


@pytest.fixture(scope="module")
def val2014_by_pycocotools(val2014):
    return COCO(str(val2014 / "instances_val2014_100.json"))


def test_all_839_masks_of_coco_are_those_of_pycocotools(val2014, val2014_by_pycocotools):
    theirs, ours = val2014_by_pycocotools, CocoInstances(None, val2014 / "instances_val2014_100.json")
    assert ours.ids == tuple(sorted(theirs.imgs))
    assert len(ours.categories) == 80
    assert max(category.id for category in ours.categories) == 90
    masks = crowds = 0
    for k, id in enumerate(ours.ids):
        annotations = theirs.loadAnns(theirs.getAnnIds(imgIds=id))
        instances = ours.instances(k)
        for mask, label, crowd, annotation in zip(
            instances.masks, instances.labels, instances.crowd, annotations, strict=True
        ):
            rle = theirs.annToRLE(annotation)
            np.testing.assert_array_equal(mask, coco.decode(rle).astype(bool))
            assert rle_area(rle) == coco.area(rle) == mask.sum()
            assert ours.categories[label].id == annotation["category_id"]
            assert crowd == annotation["iscrowd"]
            masks, crowds = masks + 1, crowds + crowd
    assert (masks, crowds) == (839, 9)


def test_all_734_results_of_coco_have_the_areas_of_pycocotools(val2014):
    results = json.loads((val2014 / "instances_val2014_fakesegm100_results.json").read_text())
    rles = [result["segmentation"] for result in results]
    assert len(rles) == 734
    assert [rle_area(rle) for rle in rles] == [coco.area(rle) for rle in rles]


def test_what_overlaps_cost_is_what_is_missing_in_the_scene(val2014):
    data = CocoInstances(None, val2014 / "instances_val2014_100.json")
    whole = lost = 0
    for k, scene in enumerate(data):
        instances = data.instances(k)
        claimed = int(instances.masks.sum())
        missing = claimed - int(np.count_nonzero(scene.semantic != VOID))
        assert missing == sum(overlap.lost for overlap in data.overlaps(k))
        np.testing.assert_array_equal(scene.semantic != VOID, instances.masks.any(axis=0))
        whole, lost = whole + claimed, lost + missing
    assert 0.03 < lost / whole < 0.05


def test_whole_masks_give_cocos_published_ap(val2014):
    data = CocoInstances(None, val2014 / "instances_val2014_100.json")
    index = {category.id: label for label, category in enumerate(data.categories)}
    results: dict[int, list] = {id: [] for id in data.ids}
    for result in json.loads((val2014 / "instances_val2014_fakesegm100_results.json").read_text()):
        results[result["image_id"]].append(result)
    targets = [data.instances(k) for k in range(len(data))]
    preds = []
    for found, target in zip(results.values(), targets, strict=True):
        masks = [rle_decode(r["segmentation"]) for r in found]
        labels, scores = [index[r["category_id"]] for r in found], [r["score"] for r in found]
        preds.append(Instances(np.array(masks, bool).reshape(-1, *target.masks.shape[1:]), labels, scores))
    assert average_precision(preds, targets).ap == pytest.approx(0.3195452758576433, abs=1e-12)


@pytest.fixture
def val2017_image(tmp_path):
    """One image in both forms; the pack holds lists of annotations only."""
    pack, categories = real("coco_39769", "panoptic_coco_categories.json")
    classes = json.loads(categories.read_text())
    image = {"id": 39769, "file_name": "000000039769.png", "height": 480, "width": 640}
    outlines = json.loads((pack / "coco_annotations.txt").read_text())
    segments = json.loads((pack / "coco_panoptic_annotations.txt").read_text())
    panoptic = {"image_id": 39769, "file_name": "000000039769.png", "segments_info": segments}
    for name, annotations in (("instances", outlines), ("panoptic", [panoptic])):
        content = {"images": [image], "categories": classes, "annotations": annotations}
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    return (
        CocoInstances(pack, tmp_path / "instances.json"),
        CocoPanoptic(pack, tmp_path / "panoptic.json", pack / "coco_panoptic"),
        segments,
    )


def areas(scene, segments):
    """What each segment of the JSON has in the scene, in the order of the JSON."""
    index = {category.id: label for label, category in enumerate(scene.categories)}
    found, objects = [], 0
    for segment in segments:
        label = index[segment["category_id"]]
        single = scene.categories[label].isthing and not segment["iscrowd"]
        objects += single
        instance = objects if single else 0
        found.append(int(np.count_nonzero((scene.semantic == label) & (scene.instance == instance))))
    return found


def test_panoptic_areas_are_exactly_those_of_the_json(val2017_image):
    (pack,) = real("sample_data")
    described = json.loads((pack / "panoptic_examples.json").read_text())
    data = CocoPanoptic(pack / "input_images", pack / "panoptic_examples.json", pack / "panoptic_examples")
    assert len(data.categories) == 133
    assert data.ids == (142238, 439180)
    infos = {a["image_id"]: a["segments_info"] for a in described["annotations"]}
    assert sum(map(len, infos.values())) == 50
    for id, scene in zip(data.ids, data, strict=True):
        assert areas(scene, infos[id]) == [segment["area"] for segment in infos[id]]
        assert scene.image.any()
        written = encode_coco_panoptic(scene)[1]
        assert sorted(s["area"] for s in written) == sorted(s["area"] for s in infos[id])
        boxes = {(s["area"], *s["bbox"]) for s in written}
        assert boxes == {(s["area"], *s["bbox"]) for s in infos[id]}
    assert sum(s.iscrowd for scene in data for s in scene.segments()) == 3
    _, panoptic, segments = val2017_image
    assert areas(panoptic[0], segments) == [segment["area"] for segment in segments]


def test_the_smaller_mask_in_front_agrees_best_with_what_people_decided(val2017_image):
    # The same image in both forms: outlines that overlap, and a panoptic truth in which somebody chose.
    instances, panoptic, _ = val2017_image
    truth = panoptic[0].semantic
    layers = list(instances._layers(0))

    def agreement(order):
        semantic, _, _ = flatten(order, (480, 640))
        return np.mean((semantic == truth)[semantic != VOID])

    smaller = np.mean((instances[0].semantic == truth)[instances[0].semantic != VOID])
    others = [layers, layers[::-1], sorted(layers, key=lambda layer: layer.area)]
    assert smaller > 0.95
    assert max(map(agreement, others)) < 0.65
    # The couch lies behind two cats, two remotes and another couch.
    assert max(instances.overlaps(0), key=lambda overlap: overlap.lost).lost == 291_840


@pytest.fixture
def labelme_in_three_forms(tmp_path):
    (pack,) = real("voc_labelme")
    names = (pack / "data_dataset_voc" / "class_names.txt").read_text().split("\n")
    labelme = LabelMe(pack / "data_annotated", labels=[n for n in names if n], background="_background_")
    shutil.copytree(pack / "data_dataset_voc", tmp_path / "voc")
    listed = tmp_path / "voc" / "ImageSets" / "Segmentation" / "default.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("\n".join(labelme.ids))
    voc = VOC(tmp_path / "voc", "default", None, categories=labelme.categories)
    folder = pack / "data_dataset_coco"
    coco_form = CocoInstances(folder, folder / "annotations.json", background="_background_")
    by_name = {coco_form.files(k)["image"].stem: k for k in range(3)}
    return labelme, voc, coco_form, [by_name[id] for id in labelme.ids]


def test_labelme_and_coco_are_one_but_for_overlaps_and_ignored_regions(labelme_in_three_forms):
    labelme, _, coco_form, order = labelme_in_three_forms
    assert [c.name for c in labelme.categories] == [c.name for c in coco_form.categories]
    for k, scene in enumerate(labelme):
        other = coco_form[order[k]]
        # COCO's form does not know what was ignored, and another mask may be in front where masks overlap.
        shared = coco_form.instances(order[k]).masks.sum(axis=0) > 1
        same = (scene.semantic != VOID) & ~shared
        np.testing.assert_array_equal(scene.semantic[same], other.semantic[same])
        np.testing.assert_array_equal(scene.instance[same], other.instance[same])
        assert same.mean() > 0.94


def test_labelme_and_voc_differ_by_a_pixel_along_outlines_only(labelme_in_three_forms):
    # LabelMe's export draws with Pillow, which puts the outline itself inside.
    labelme, voc, _, _ = labelme_in_three_forms
    for scene, other in zip(labelme, voc, strict=True):
        ids = np.pad(scene.segment_ids(), 1, constant_values=-1)
        middle = ids[1:-1, 1:-1]
        near = np.zeros(scene.size, bool)  # a neighbour, or the border of the image, is another segment
        for row in range(3):
            for column in range(3):
                near |= ids[row : row + scene.size[0], column : column + scene.size[1]] != middle
        grown = np.pad(near, 1)
        near = np.any(
            [grown[r : r + near.shape[0], c : c + near.shape[1]] for r in range(3) for c in range(3)], axis=0
        )
        assert not (scene.semantic != other.semantic)[~near].any()
        assert (scene.semantic == other.semantic).mean() > 0.99
        assert len(scene.masks()[1]) == len(other.masks()[1])


def test_the_void_of_the_export_is_in_its_class_files_only(labelme_in_three_forms):
    _, voc, _, _ = labelme_in_three_forms
    files = voc.files(0)
    classes, objects = (np.asarray(Image.open(files[kind])) for kind in ("class", "object"))
    assert (classes == VOID).any()
    assert not (objects == VOID).any()
    assert (voc[0].semantic == VOID).sum() == (classes == VOID).sum()
