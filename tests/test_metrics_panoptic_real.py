"""Panoptic quality on COCO's annotations: the truth is perfect, and what is spoilt costs what the rule says."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import panoptic_rule
from segedu import VOID, Category, Scene
from segedu.metrics import PanopticQuality, match_id_maps, panoptic_quality


@dataclasses.dataclass
class Annotated:
    """One image: colours and segments as in COCO's files, and the same as a scene."""

    colors: np.ndarray
    segments: list[dict]
    scene: Scene

    def labels(self):
        index = {category.id: i for i, category in enumerate(self.scene.categories)}
        return {segment["id"]: index[segment["category_id"]] for segment in self.segments}

    def crowd(self):
        return [segment["id"] for segment in self.segments if segment["iscrowd"]]


@pytest.fixture(scope="module")
def images():
    folder = os.environ.get("SEGEDU_DATA")
    if not folder:
        pytest.skip("SEGEDU_DATA is not set: it names the folder that holds sample_data/ and coco_39769/")
    root = Path(folder)
    sample, single = root / "sample_data", root / "coco_39769"
    for pack in (sample, single):
        if not pack.is_dir():
            pytest.skip(f"no {pack.name}/ in SEGEDU_DATA={folder}")
    described = json.loads((sample / "panoptic_examples.json").read_text("utf-8"))
    categories = tuple(
        Category(c["id"], c["name"], bool(c["isthing"]), tuple(c["color"])) for c in described["categories"]
    )
    found = [
        (sample / "panoptic_examples" / annotation["file_name"], annotation["segments_info"])
        for annotation in described["annotations"]
    ]
    segments = json.loads((single / "coco_panoptic_annotations.txt").read_text("utf-8"))
    found.append((single / "coco_panoptic" / "000000039769.png", segments))
    return [annotated(path, segments, categories) for path, segments in found]


def annotated(path, segments, categories):
    colors = np.array(Image.open(path).convert("RGB"))
    ids = colors.astype(np.int64) @ [1, 256, 256**2]
    index = {category.id: i for i, category in enumerate(categories)}
    semantic, instance = np.full(ids.shape, VOID), np.zeros(ids.shape, int)
    for number, segment in enumerate(segments, start=1):
        label = index[segment["category_id"]]
        semantic[ids == segment["id"]] = label
        if categories[label].isthing and not segment["iscrowd"]:
            instance[ids == segment["id"]] = number
    return Annotated(colors, segments, Scene(np.zeros_like(colors), semantic, instance, categories))


def relabelled(scene, mask, label, instance):
    """The scene with the pixels of a mask given to another class and instance."""
    return dataclasses.replace(
        scene,
        semantic=np.where(mask, label, scene.semantic),
        instance=np.where(mask, instance, scene.instance),
    )


def largest(scene, name, nth=0):
    """The mask, class index and instance id of the nth largest single object of a class."""
    (label,) = (i for i, category in enumerate(scene.categories) if category.name == name)
    objects = [s for s in scene.segments() if s.label == label and not s.iscrowd]
    chosen = sorted(objects, key=lambda segment: -segment.area)[nth]
    return scene.segment_ids() == chosen.id, label, chosen.instance


def changes(pred, target):
    """How TP, FP and FN of each class differ from those of a perfect prediction, where they do."""
    result, perfect = panoptic_quality([pred], [target]), panoptic_quality([target], [target])
    names = [category.name for category in target.categories]
    found = {}
    for name in ("tp", "fp", "fn"):
        difference = getattr(result, name) - getattr(perfect, name)
        found |= {(names[c], name): difference[c].item() for c in np.flatnonzero(difference)}
    return found


def assert_rule_and_other_forms_agree(pred, image):
    """The rule written out, and maps of ids, give what the scenes give."""
    result = panoptic_quality([pred], [image.scene])
    expected = panoptic_rule.count_scenes([pred], [image.scene])
    for name in ("tp", "fp", "fn"):
        assert getattr(result, name).tolist() == [getattr(count, name) for count in expected]
    np.testing.assert_allclose(result.iou_sum, [count.iou for count in expected], rtol=0, atol=1e-12)
    matches = match_id_maps(
        pred.segment_ids(),
        image.colors,
        pred_labels={segment.id: segment.label for segment in pred.segments()},
        target_labels=image.labels(),
        target_crowd=image.crowd(),
    )
    by_ids = PanopticQuality.from_matches(matches, image.scene.categories)
    np.testing.assert_allclose(
        [by_ids.pq, by_ids.sq, by_ids.rq], [result.pq, result.sq, result.rq], rtol=0, atol=1e-12
    )


def test_truth_against_itself_is_perfect(images):
    scenes = [image.scene for image in images]
    result = panoptic_quality(scenes, scenes)
    assert (result.pq, result.sq, result.rq) == (1, 1, 1)
    # 18 + 32 + 6 segments, of which 1 + 2 are crowds.
    assert (result.tp.sum(), result.fp.sum(), result.fn.sum()) == (17 + 30 + 6, 0, 0)
    # person, sports ball, truck, horse, cat, couch, remote; tree, sky, grass, gravel, blanket.
    assert (result.things.num_classes, result.stuff.num_classes) == (7, 5)


def test_areas_of_the_segments_are_those_of_the_files(images):
    for image in images:
        assert sorted(s.area for s in image.scene.segments()) == sorted(s["area"] for s in image.segments)


def test_a_shift_costs_quality_and_more_of_it_costs_more(images):
    qualities = []
    for pixels in (0, 2, 6, 20):
        preds = [
            dataclasses.replace(
                image.scene,
                semantic=np.roll(image.scene.semantic, pixels, axis=1),
                instance=np.roll(image.scene.instance, pixels, axis=1),
            )
            for image in images
        ]
        for pred, image in zip(preds, images, strict=True):
            assert_rule_and_other_forms_agree(pred, image)
        qualities.append(panoptic_quality(preds, [image.scene for image in images]).pq)
    assert qualities == sorted(qualities, reverse=True)
    assert 1 == qualities[0] > qualities[-1] > 0


def test_a_dropped_object_is_missed_and_nothing_else_changes(images):
    target = images[1].scene
    mask, _, _ = largest(target, "truck")
    pred = relabelled(target, mask, VOID, 0)
    assert changes(pred, target) == {("truck", "tp"): -1, ("truck", "fn"): 1}
    assert panoptic_quality([pred], [target]).sq == 1
    assert_rule_and_other_forms_agree(pred, images[1])


def test_a_relabelled_object_is_wrong_twice(images):
    target = images[1].scene
    mask, _, instance = largest(target, "truck")
    _, horse, _ = largest(target, "horse")
    pred = relabelled(target, mask, horse, instance)
    assert changes(pred, target) == {("truck", "tp"): -1, ("truck", "fn"): 1, ("horse", "fp"): 1}
    assert_rule_and_other_forms_agree(pred, images[1])


def test_two_objects_merged_lose_the_smaller_one(images):
    # Cats of 59,627 and 53,306 pixels. Together 112,933: the larger one fills 52.8 % of it, which is a match.
    target = images[2].scene
    _, cat, instance = largest(target, "cat")
    mask, _, _ = largest(target, "cat", nth=1)
    pred = relabelled(target, mask, cat, instance)
    assert changes(pred, target) == {("cat", "tp"): -1, ("cat", "fn"): 1}
    result = panoptic_quality([pred], [target])
    assert result.iou_sum[cat] == pytest.approx(59627 / (59627 + 53306))
    assert_rule_and_other_forms_agree(pred, images[2])


def test_an_object_split_in_halves_may_match_neither(images):
    target = images[2].scene
    mask, cat, _ = largest(target, "cat")
    order = np.cumsum(mask.ravel()).reshape(mask.shape)
    area = np.count_nonzero(mask)
    assert area % 2 == 1  # halves of 29,813 and 29,814 pixels: the second one is just above one half
    pred = relabelled(target, mask & (order <= area // 2), cat, 99)
    assert changes(pred, target) == {("cat", "fp"): 1}
    cut = relabelled(pred, mask & (order == area), VOID, 0)  # one pixel less, and it is below
    assert changes(cut, target) == {("cat", "tp"): -1, ("cat", "fp"): 2, ("cat", "fn"): 1}
    for spoilt in (pred, cut):
        assert_rule_and_other_forms_agree(spoilt, images[2])


def test_objects_invented_in_a_crowd_of_their_class_cost_nothing(images):
    target = images[0].scene  # a crowd of 24,295 pixels of people
    (crowd,) = (segment for segment in target.segments() if segment.iscrowd)
    mask = target.segment_ids() == crowd.id
    assert changes(relabelled(target, mask, crowd.label, 99), target) == {}
    _, ball, _ = largest(target, "sports ball")
    assert changes(relabelled(target, mask, ball, 99), target) == {("sports ball", "fp"): 1}


def test_what_is_predicted_on_void_costs_nothing(images):
    for image in images:
        void = image.scene.semantic == VOID
        assert void.any()
        _, label, _ = largest(image.scene, "cat" if image is images[2] else "person")
        pred = relabelled(image.scene, void, label, 99)
        assert changes(pred, image.scene) == {}
        assert panoptic_quality([pred], [image.scene]).pq == 1
        assert_rule_and_other_forms_agree(pred, image)


def test_a_prediction_filled_with_void_misses_everything(images):
    for image in images:
        pred = relabelled(image.scene, np.ones(image.scene.size, bool), VOID, 0)
        result = panoptic_quality([pred], [image.scene])
        singles = sum(not segment["iscrowd"] for segment in image.segments)
        assert (result.tp.sum(), result.fp.sum(), result.fn.sum()) == (0, 0, singles)
        assert (result.pq, result.sq, result.rq) == (0, 0, 0)
        assert_rule_and_other_forms_agree(pred, image)


def test_an_object_half_filled_with_void_is_lost_at_one_half(images):
    target = images[2].scene
    mask, cat, _ = largest(target, "cat", nth=1)
    order = np.cumsum(mask.ravel()).reshape(mask.shape)
    # 53,306 pixels. One more than half is a match, half is none: a miss, and a false positive.
    kept = relabelled(target, mask & (order > 26654), VOID, 0)
    assert changes(kept, target) == {}
    assert panoptic_quality([kept], [target]).iou_sum[cat] == pytest.approx(1 + 26654 / 53306)
    lost = relabelled(target, mask & (order > 26653), VOID, 0)
    assert changes(lost, target) == {("cat", "tp"): -1, ("cat", "fp"): 1, ("cat", "fn"): 1}
    for spoilt in (kept, lost):
        assert_rule_and_other_forms_agree(spoilt, images[2])
