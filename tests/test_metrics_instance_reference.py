"""Average precision equals pycocotools: on random sets made of everything that is awkward, and on real ones."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coco_evaluator import TWELVE, assert_equal, assert_equal_tables, evaluate
from segedu import Instances
from segedu.masks import mask_iou, polygons_to_mask, rle_decode, rle_encode
from segedu.metrics import EncodedInstances, average_precision

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools


def rectangles(rng, n, side, longest):
    """n masks of rectangles with corners on a grid of four pixels: many IoUs are 1/2, 1/3, 3/4 exactly."""
    masks = np.zeros((n, side, side), bool)
    for mask in masks:
        top, left = 4 * rng.integers(0, side // 4, 2)
        height, width = 4 * rng.integers(1, longest // 4 + 1, 2)
        mask[top : top + height, left : left + width] = True
    return masks


def shaken(rng, masks):
    """The masks, moved by up to eight pixels."""
    return np.array([np.roll(mask, 4 * rng.integers(-2, 3, 2), (0, 1)) for mask in masks], bool)


def random_images(seed, num_images=5, side=64, longest=60, most=7, num_classes=4, crowds=0.15):
    """Truth and answers: near misses, doubles, inventions, wrong classes; scores in eighths, so often equal."""
    rng = np.random.default_rng(seed)
    preds, targets = [], []
    for _ in range(num_images):
        truth = rectangles(rng, rng.integers(0, most + 1), side, longest)
        labels = rng.integers(0, num_classes, len(truth))
        crowd = rng.random(len(truth)) < crowds
        targets.append(Instances(truth, labels, crowd=crowd))
        seen = rng.integers(0, len(truth), rng.integers(0, 2 * most)) if len(truth) else np.zeros(0, int)
        invented = rectangles(rng, rng.integers(0, 4), side, longest)
        masks = np.concatenate([shaken(rng, truth[seen]).reshape(-1, side, side), invented])
        said = np.concatenate([labels[seen], rng.integers(0, num_classes + 1, len(invented))])
        wrong = rng.random(len(said)) < 0.1
        said[wrong] = rng.integers(0, num_classes, wrong.sum())
        preds.append(Instances(masks, said, scores=rng.integers(0, 9, len(said)) / 8))
    return preds, targets


def test_the_random_sets_hold_what_is_awkward():
    sets = [random_images(seed) for seed in range(12)]
    pairs = [pair for preds, targets in sets for pair in zip(preds, targets, strict=True)]
    assert any(len(pred) == 0 and len(target) > 0 for pred, target in pairs)
    assert any(len(target) == 0 and len(pred) > 0 for pred, target in pairs)
    assert sum(target.crowd.sum() for _, target in pairs) > 10
    assert sum(len(pred) - len(np.unique(pred.scores)) for pred, _ in pairs) > 50  # equal scores in an image
    ious = np.concatenate([mask_iou(pred.masks, target.masks).ravel() for pred, target in pairs])
    assert (ious == 0.5).sum() > 5
    assert np.isin(ious, [0.6, 0.75, 0.8]).sum() > 5  # exactly at other thresholds
    answered = [{int(c) for pred in preds for c in pred.labels} for preds, _ in sets]
    known = [{int(c) for target in targets for c in target.labels} for _, targets in sets]
    assert any(a - k for a, k in zip(answered, known, strict=True))  # a class that the truth has not


@pytest.mark.parametrize("kind", ["mask", "box"])
@pytest.mark.parametrize("seed", range(12))
def test_all_numbers_equal_pycocotools_on_small_objects(seed, kind):
    preds, targets = random_images(seed)
    assert_equal(average_precision(preds, targets, kind=kind), evaluate(preds, targets, kind, num_classes=5))


@pytest.mark.parametrize("kind", ["mask", "box"])
@pytest.mark.parametrize("min_area", [64, 500, 1024])
def test_objects_below_a_least_area_are_ignored_as_pycocotools_ignores_them(min_area, kind):
    preds, targets = random_images(3, num_images=8)
    ours = average_precision(preds, targets, kind=kind, min_area=min_area)
    assert_equal(ours, evaluate(preds, targets, kind, num_classes=5, min_area=min_area))
    assert ours.ap != average_precision(preds, targets, kind=kind).ap


@pytest.mark.parametrize("kind", ["mask", "box"])
@pytest.mark.parametrize("seed", range(6))
def test_all_numbers_equal_pycocotools_over_all_area_ranges(seed, kind):
    # Sides from 4 to 160 pixels: areas from 16 to 25,600, below 32² and above 96².
    preds, targets = random_images(seed, num_images=4, side=192, longest=160, num_classes=3)
    assert_equal(average_precision(preds, targets, kind=kind), evaluate(preds, targets, kind, num_classes=4))


@pytest.mark.parametrize("seed", range(4))
def test_all_numbers_equal_pycocotools_where_most_objects_are_crowds(seed):
    preds, targets = random_images(seed, num_classes=2, crowds=0.7)
    assert_equal(average_precision(preds, targets), evaluate(preds, targets, "mask", num_classes=3))


@pytest.mark.parametrize("seed", range(4))
def test_all_numbers_equal_pycocotools_with_areas_of_the_data_set(seed):
    preds, targets = random_images(seed, side=160, longest=140)
    rng = np.random.default_rng(seed)
    # COCO's areas are of polygons: fractions, a little beside the pixels, here around the borders 32² and 96².
    areas = [
        rng.choice([1023.5, 1024, 1024.5, 9215.5, 9216, 9216.5, 300.25], len(target)) for target in targets
    ]
    ours = average_precision(preds, targets, areas=areas)
    assert_equal(ours, evaluate(preds, targets, "mask", num_classes=5, areas=areas))


def test_all_numbers_equal_pycocotools_beyond_a_hundred_detections():
    rng = np.random.default_rng(0)
    target = Instances(rectangles(rng, 30, 64, 20), rng.integers(0, 2, 30))
    seen = rng.integers(0, 30, 260)
    pred = Instances(shaken(rng, target.masks[seen]), target.labels[seen], scores=rng.integers(0, 50, 260) / 49)
    assert np.bincount(pred.labels).max() > 100
    aps = []
    for limits in [(1, 10, 100), (2, 7, 50), (1, 10, 300)]:
        ours = average_precision([pred], [target], max_detections=limits)
        theirs = evaluate([pred], [target], "mask", num_classes=2, max_detections=limits)
        assert_equal_tables(ours, theirs)
        np.testing.assert_allclose(list(ours.ar.values()), theirs.stats[6:9], rtol=0, atol=1e-10)
        # Their summary looks for 100 and writes -1 where it is not among the limits; ours takes the last one.
        expected = theirs.stats[0] if limits[-1] == 100 else theirs.eval["precision"][:, :, :, 0, -1].mean()
        assert ours.ap == pytest.approx(expected, abs=1e-10)
        aps.append(ours.ap)
    assert len(set(aps)) == 3


@pytest.mark.parametrize("kind", ["mask", "box"])
def test_images_without_predictions_or_objects_equal_pycocotools(kind):
    some = Instances(np.ones((2, 4, 4), bool), [0, 2], [0.5, 0.5])
    none = Instances(np.zeros((0, 4, 4), bool), np.zeros(0, int))
    for preds, targets in [
        ([none], [some]),
        ([some], [none]),
        ([none], [none]),
        ([some, none, none], [none, some, none]),
        ([some, none], [some, some]),
    ]:
        assert_equal(
            average_precision(preds, targets, kind=kind), evaluate(preds, targets, kind, num_classes=3)
        )


@pytest.mark.parametrize("kind", ["mask", "box"])
def test_empty_masks_equal_pycocotools(kind):
    masks = np.zeros((3, 8, 8), bool)
    masks[0, 2:5, 2:5] = True
    objects = Instances(masks, [0, 0, 1], [0.9, 0.8, 0.7])
    assert_equal(
        average_precision([objects], [objects], kind=kind), evaluate([objects], [objects], kind, num_classes=2)
    )


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_boxes_of_fractions_equal_pycocotools(data):
    def objects(scored):
        n = data.draw(st.integers(0, 6))
        tenths = st.integers(0, 400).map(lambda tenths: tenths / 10)
        boxes = [[data.draw(tenths) for _ in range(4)] for _ in range(n)]
        labels = [data.draw(st.integers(0, 1)) for _ in range(n)]
        if scored:
            return EncodedInstances(
                labels, scores=[data.draw(st.integers(0, 3)) / 3 for _ in range(n)], xywh=boxes
            )
        return EncodedInstances(
            labels, crowd=np.array([data.draw(st.booleans()) for _ in range(n)], bool), xywh=boxes
        )

    preds, targets = [objects(True) for _ in range(2)], [objects(False) for _ in range(2)]
    assert_equal(average_precision(preds, targets, kind="box"), evaluate(preds, targets, "box", num_classes=2))


@pytest.mark.parametrize("kind", ["mask", "box"])
def test_encoded_masks_give_the_very_numbers_of_the_masks(kind):
    preds, targets = random_images(3, num_images=6)

    def encoded(objects, compressed):
        rles = [rle_encode(mask, compressed=compressed) for mask in objects.masks]
        return EncodedInstances(objects.labels, objects.scores, objects.crowd, rles=rles)

    expected = average_precision(preds, targets, kind=kind)
    for ours in (
        average_precision([encoded(p, True) for p in preds], [encoded(t, False) for t in targets], kind=kind),
        average_precision(preds, [encoded(t, True) for t in targets], kind=kind),
    ):
        np.testing.assert_array_equal(ours.precision, expected.precision)
        np.testing.assert_array_equal(ours.recall, expected.recall)


# Real annotations: 100 images of COCO val2014, cocoapi's made-up results, and pycocotools' table for them.


@pytest.fixture(scope="module")
def val2014():
    folder = os.environ.get("SEGEDU_DATA")
    if not folder:
        pytest.skip("SEGEDU_DATA is not set: it names the folder that holds coco_val2014_100/")
    pack = Path(folder) / "coco_val2014_100"
    if not pack.is_dir():
        pytest.skip(f"no coco_val2014_100/ in SEGEDU_DATA={folder}")
    return Val2014(pack)


class Val2014:
    """The pack in our form: truth and results by image, class indices in the order of COCO's category ids."""

    def __init__(self, pack):
        def load(name):
            return json.loads((pack / name).read_text("utf-8"))

        truth = load("instances_val2014_100.json")
        self.golden = load("pycocotools_2.0.11_golden.json")
        self.images = sorted(truth["images"], key=lambda image: image["id"])
        self.ids = sorted(category["id"] for category in truth["categories"])
        self.truth = self.by_image(truth["annotations"])
        self.results = {
            kind: self.by_image(load(f"instances_val2014_fake{name}100_results.json"))
            for kind, name in (("mask", "segm"), ("box", "bbox"))
        }
        self.areas = [[annotation["area"] for annotation in found] for found in self.truth]

    def by_image(self, annotations):
        return [[found for found in annotations if found["image_id"] == image["id"]] for image in self.images]

    def labels(self, found):
        return np.array([self.ids.index(annotation["category_id"]) for annotation in found], int)

    def rles(self, found, image):
        size = image["height"], image["width"]
        return [
            rle_encode(polygons_to_mask(annotation["segmentation"], size))
            if isinstance(annotation["segmentation"], list)
            else annotation["segmentation"]
            for annotation in found
        ]

    def encoded(self, images, kind):
        return [
            EncodedInstances(
                self.labels(found),
                scores=[annotation.get("score", 1) for annotation in found],
                crowd=np.array([annotation.get("iscrowd", 0) == 1 for annotation in found], bool),
                rles=self.rles(found, image) if kind == "mask" else None,
                xywh=[annotation["bbox"] for annotation in found] if kind == "box" else None,
            )
            for found, image in zip(images, self.images, strict=True)
        ]


@pytest.mark.parametrize(("kind", "name"), [("mask", "segm"), ("box", "bbox")])
def test_the_published_table_of_coco_comes_out(val2014, kind, name):
    preds, targets = val2014.encoded(val2014.results[kind], kind), val2014.encoded(val2014.truth, kind)
    ours = average_precision(preds, targets, kind=kind, areas=val2014.areas)
    numbers = [getattr(ours, number) for number in TWELVE]
    np.testing.assert_allclose(numbers, val2014.golden[name], rtol=0, atol=1e-10)
    per_class = {int(c): value for c, value in val2014.golden[f"{name}_per_cat"].items()}
    assert {val2014.ids[c] for c in np.flatnonzero(~np.isnan(ours.per_class))} == set(per_class)
    for category, value in per_class.items():
        assert ours.per_class[val2014.ids.index(category)] == pytest.approx(value, abs=1e-10)


def test_decoded_masks_of_real_images_give_the_numbers_of_the_encoded_ones(val2014):
    few = slice(0, 12)
    preds = val2014.encoded(val2014.results["mask"], "mask")[few]
    targets = val2014.encoded(val2014.truth, "mask")[few]

    def decoded(objects, image):
        masks = [rle_decode(rle) for rle in objects.rles]
        stack = np.array(masks, bool).reshape(-1, image["height"], image["width"])
        return Instances(stack, objects.labels, objects.scores, objects.crowd)

    images = val2014.images[few]
    full = [[decoded(o, i) for o, i in zip(side, images, strict=True)] for side in (preds, targets)]
    for kind in ("mask", "box"):
        ours, expected = average_precision(*full, kind=kind), average_precision(preds, targets, kind=kind)
        np.testing.assert_array_equal(ours.precision, expected.precision)
        np.testing.assert_array_equal(ours.recall, expected.recall)


def test_pixels_instead_of_the_annotated_areas_move_the_numbers_by_size_only(val2014):
    preds, targets = val2014.encoded(val2014.results["mask"], "mask"), val2014.encoded(val2014.truth, "mask")
    annotated = average_precision(preds, targets, areas=val2014.areas)
    pixels = average_precision(preds, targets)
    assert pixels.ap == annotated.ap
    assert pixels.ap_small != annotated.ap_small
    assert pixels.ap_small == pytest.approx(annotated.ap_small, abs=0.02)
