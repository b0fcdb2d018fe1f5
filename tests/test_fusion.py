"""Panoptic fusion follows panopticapi's rule, pixel by pixel, on random and on nasty answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import segedu.models
from segedu import NO_INSTANCE, VOID, Category, Instances, Scene
from segedu.fusion import panoptic_fusion, place_instances
from segedu.metrics import panoptic_quality
from segedu.synthetic import street_scene

ROAD, SKY, CAR, PERSON = range(4)
CATEGORIES = (
    Category(7, "road", False, (128, 64, 128)),
    Category(23, "sky", False, (70, 130, 180)),
    Category(26, "car", True, (0, 0, 142)),
    Category(24, "person", True, (220, 20, 60)),
)
THING = {CAR, PERSON}


def by_the_rule(semantic, instances, min_score, max_overlap, min_stuff_area):
    """(class, object) of each pixel that gets one: sets of pixels and plain loops, as the rule is published."""
    owner = {}
    used = set()
    answers = sorted(range(len(instances)), key=lambda k: -instances.scores[k])  # sorted() is stable
    number = 0
    for k in answers:
        if instances.scores[k] < min_score:
            continue
        pixels = {tuple(p) for p in np.argwhere(instances.masks[k]).tolist()}
        if not pixels or len(pixels & used) / len(pixels) > max_overlap:
            continue
        left = pixels - used
        used |= pixels
        if left:
            number += 1
        for p in left:
            owner[p] = (int(instances.labels[k]), number)
    for label in sorted(set(np.unique(semantic).tolist()) - {VOID}):
        if label in THING:
            continue
        left = {tuple(p) for p in np.argwhere(semantic == label).tolist()} - used
        if len(left) >= min_stuff_area:
            for p in left:
                owner[p] = (label, NO_INSTANCE)
    return owner


def assert_is_the_rule(semantic, instances, *, min_score=0.5, max_overlap=0.5, min_stuff_area=4):
    thresholds = {"min_score": min_score, "max_overlap": max_overlap, "min_stuff_area": min_stuff_area}
    image = np.zeros((*semantic.shape, 3), np.uint8)
    scene = panoptic_fusion(semantic, instances, image=image, categories=CATEGORIES, **thresholds)
    owner = by_the_rule(semantic, instances, **thresholds)
    for p in np.ndindex(semantic.shape):
        assert (scene.semantic[p], scene.instance[p]) == owner.get(p, (VOID, NO_INSTANCE)), p
    return scene


def random_answers(seed, n=12, size=(14, 17)):
    rng = np.random.default_rng(seed)
    semantic = rng.choice([ROAD, SKY, CAR, PERSON, VOID], size=size, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    masks = np.zeros((n, *size), bool)
    for mask in masks:
        (top, left), (height, width) = rng.integers(0, size), rng.integers(0, 9, 2)  # some are empty
        mask[top : top + height, left : left + width] = rng.random() < 0.8
    scores = rng.choice([0.1, 0.5, 0.6, 0.6, 0.9, 1.0], n)  # ties, and the threshold itself
    return semantic, Instances(masks, rng.choice([CAR, PERSON], n), scores)


def instances(*masks, labels=None, scores=None):
    masks = np.array(masks, bool)
    return Instances(masks, [CAR] * len(masks) if labels is None else labels, scores)


def fuse(semantic, objects, **thresholds):
    semantic = np.asarray(semantic)
    image = np.zeros((*semantic.shape[-2:], 3), np.uint8)
    return panoptic_fusion(
        semantic, objects, image=image, categories=CATEGORIES, **{"min_stuff_area": 0} | thresholds
    )


# ---- the published rule


@pytest.mark.parametrize("seed", range(40))
def test_random_answers_are_fused_by_the_rule(seed):
    semantic, objects = random_answers(seed)
    rng = np.random.default_rng(1000 + seed)
    assert_is_the_rule(
        semantic,
        objects,
        min_score=rng.choice([0.0, 0.5, 0.6, 1.0]),
        max_overlap=rng.choice([0.0, 0.25, 0.5, 1.0]),
        min_stuff_area=int(rng.choice([0, 1, 20, 80])),
    )


def test_three_hundred_objects_are_fused_by_the_rule():
    semantic, objects = random_answers(0, n=300, size=(40, 50))
    scene = assert_is_the_rule(semantic, objects, max_overlap=0.9)
    assert scene.instance.max() > 20


def test_one_pixel_objects_are_fused_by_the_rule():
    masks = np.eye(12, dtype=bool).reshape(12, 3, 4)
    semantic = np.full((3, 4), ROAD)
    scene = assert_is_the_rule(semantic, instances(*masks, *masks[:3]), min_stuff_area=0)
    assert scene.instance.max() == 12


def test_an_image_without_objects_keeps_its_stuff():
    semantic = np.array([[ROAD, ROAD, SKY, CAR, VOID]])
    scene = assert_is_the_rule(semantic, Instances(np.zeros((0, 1, 5), bool), [], []), min_stuff_area=0)
    assert scene.semantic.tolist() == [[ROAD, ROAD, SKY, VOID, VOID]]


# ---- each step, by hand


def test_an_object_with_exactly_the_least_score_stays():
    one = instances([[1, 0]], scores=[0.5])
    assert fuse([[ROAD, ROAD]], one).instance.tolist() == [[1, 0]]
    assert fuse([[ROAD, ROAD]], one, min_score=0.51).instance.tolist() == [[0, 0]]


def test_an_object_of_which_exactly_half_is_taken_stays():
    two = instances([[1, 1, 0, 0]], [[0, 1, 1, 0]], scores=[0.9, 0.8])
    assert fuse([[ROAD] * 4], two).instance.tolist() == [[1, 1, 2, 0]]
    assert fuse([[ROAD] * 4], two, max_overlap=0.49).instance.tolist() == [[1, 1, 0, 0]]


def test_an_object_that_went_takes_nothing_from_those_below():
    # The second loses 2 of 3 pixels and goes, so the third finds its 2 pixels free.
    three = instances([[1, 1, 0, 0]], [[1, 1, 1, 0]], [[0, 0, 1, 1]], scores=[0.9, 0.8, 0.7])
    assert fuse([[ROAD] * 4], three).instance.tolist() == [[1, 1, 2, 2]]


def test_a_wholly_covered_object_goes_even_where_all_overlap_is_allowed():
    two = instances([[1, 1, 1]], [[0, 1, 0]], scores=[0.9, 0.8])
    scene = fuse([[ROAD] * 3], two, max_overlap=1.0)
    assert scene.instance.tolist() == [[1, 1, 1]]


def test_of_equal_scores_the_earlier_object_comes_first():
    two = instances([[1, 1, 0]], [[0, 1, 1]], labels=[PERSON, CAR])
    assert fuse([[ROAD] * 3], two).semantic.tolist() == [[PERSON, PERSON, CAR]]


def test_a_thing_without_an_object_is_void():
    assert fuse([[CAR, ROAD]], instances([[0, 1]])).semantic.tolist() == [[VOID, CAR]]


def test_stuff_counts_what_objects_leave_of_it():
    # Three pixels of road, of which an object takes one: two are left.
    one = instances([[1, 0, 0, 0]])
    assert fuse([[ROAD, ROAD, ROAD, SKY]], one, min_stuff_area=2).semantic.tolist() == [[CAR, ROAD, ROAD, VOID]]
    assert fuse([[ROAD, ROAD, ROAD, SKY]], one, min_stuff_area=3).semantic.tolist() == [[CAR, VOID, VOID, VOID]]


def test_objects_are_numbered_by_score_without_gaps():
    four = instances(
        [[1, 0, 0, 0]], [[0, 1, 0, 0]], [[0, 0, 1, 0]], [[0, 0, 1, 0]], scores=[0.6, 0.7, 0.9, 0.8]
    )
    kept, instance = place_instances(four)
    assert kept.tolist() == [2, 1, 0]
    assert instance.tolist() == [[3, 2, 1, 0]]


# ---- what comes in, and what comes out


@pytest.mark.parametrize("seed", range(5))
def test_logits_are_fused_like_their_largest(seed):
    _, objects = random_answers(seed)
    logits = np.random.default_rng(seed).normal(size=(4, 14, 17)).astype(np.float32)
    expected = fuse(logits.argmax(axis=0), objects)
    assert fuse(logits, objects) == expected
    assert fuse(torch.from_numpy(logits), objects) == expected


@pytest.mark.parametrize("seed", range(3))
def test_fusing_the_truth_gives_the_truth(seed):
    scene = street_scene(seed, size=(96, 128))
    fused = panoptic_fusion(
        scene.semantic,
        Instances.from_scene(scene),
        image=scene.image,
        categories=scene.categories,
        min_stuff_area=0,
    )
    # Objects may be numbered anew, so they are compared as segments.
    quality = panoptic_quality([fused], [scene])
    assert quality.pq == 1
    assert np.array_equal(fused.semantic, scene.semantic)


def test_what_goes_in_stays_as_it_is():
    semantic, objects = random_answers(3)
    before = semantic.copy()
    fuse(semantic, objects, min_stuff_area=50)
    assert np.array_equal(semantic, before)


def test_the_answer_is_a_scene_with_the_image_and_the_categories():
    image = np.arange(12, dtype=np.uint8).reshape(1, 4, 3)
    one = instances([[1, 0, 0, 0]])
    scene = panoptic_fusion(
        np.array([[ROAD] * 4]), one, image=image, categories=list(CATEGORIES), min_stuff_area=0
    )
    assert isinstance(scene, Scene)
    assert np.array_equal(scene.image, image)
    assert scene.categories == CATEGORIES


def test_models_have_it_under_the_name_of_the_field():
    assert segedu.models.panoptic_fusion is panoptic_fusion


# ---- errors

ONE = instances([[1, 0]])


@pytest.mark.parametrize(
    ("semantic", "objects", "thresholds", "message"),
    [
        ([[0, 4]], ONE, {}, r"semantic: expected class indices 0 to 3 or 255 \(void\), got 4"),
        ([[0, -1]], ONE, {}, "got -1"),
        (
            [[0.0, 1.0]],
            ONE,
            {},
            r"expected integers \(H, W\), or float logits \(4, H, W\), got float64 of \(1, 2\)",
        ),
        (np.zeros((1, 4, 1, 2)), ONE, {}, r"of \(1, 4, 1, 2\); take the image k of a batch by logits\[k\]"),
        (np.full((4, 1, 2), np.nan), ONE, {}, "semantic: expected finite logits"),
        ([[0, 0, 0]], ONE, {}, r"expected one height and width, got \(1, 3\) and \(1, 2\)"),
        (
            [[0, 0]],
            instances([[1, 0]], labels=[SKY]),
            {},
            "expected things, got class 1, 'sky', which is stuff",
        ),
        ([[0, 0]], instances([[1, 0]], labels=[9]), {}, "instances: expected class indices 0 to 3, got 9"),
        ([[0, 0]], ONE.masks, {}, "instances: expected segedu.Instances, got ndarray"),
        ([[0, 0]], replace(ONE, crowd=[True]), {}, "expected single objects, got 1 crowds"),
        ([[0, 0]], ONE, {"max_overlap": 50}, "max_overlap: expected a share from 0 to 1, got 50"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_do(semantic, objects, thresholds, message):
    with pytest.raises(ValueError, match=message):
        fuse(semantic, objects, **thresholds)
