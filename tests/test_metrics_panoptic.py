"""Panoptic quality: each clause by hand, random scenes against the rule written out, every error."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import panoptic_rule
from segedu import VOID, Category, Scene
from segedu.metrics import (
    NO_SEGMENT,
    PanopticQuality,
    match_id_maps,
    match_segments,
    panoptic_quality,
)

ROAD, SKY, CAR, BUS = range(4)
CATEGORIES = (
    Category(7, "road", False, (128, 64, 128)),
    Category(23, "sky", False, (70, 130, 180)),
    Category(26, "car", True, (0, 0, 142)),
    Category(28, "bus", True, (0, 60, 100)),
)
CODES = {".": (VOID, 0), "r": (ROAD, 0), "s": (SKY, 0), "C": (CAR, 0), "B": (BUS, 0)}
CODES |= {str(n): (CAR, n) for n in range(1, 10)}
CODES |= {letter: (BUS, 10 + n) for n, letter in enumerate("abcd")}


def scene(text, categories=CATEGORIES):
    """One row of pixels: r road, s sky, 1 to 9 cars, a to d buses, C and B crowds of them, . void."""
    semantic, instance = np.array([CODES[letter] for letter in text]).T
    return Scene(np.zeros((1, len(text), 3), np.uint8), semantic[None], instance[None], categories)


def quality(pred, target):
    return panoptic_quality([scene(pred)], [scene(target)])


def counts(pred, target, label):
    """Sum of IoUs, TP, FP and FN of one class."""
    result = quality(pred, target)
    return tuple(getattr(result, name)[label].item() for name in ("iou_sum", "tp", "fp", "fn"))


# The rule, clause by clause


def test_truth_against_itself_is_one():
    result = quality("rr1122aaCC..ss", "rr1122aaCC..ss")
    assert (result.pq, result.sq, result.rq) == (1, 1, 1)
    assert result.things == (1, 1, 1, 2)
    assert result.stuff == (1, 1, 1, 2)


def test_a_match_needs_more_than_one_half():
    # Car: 2 pixels of 4: IoU exactly 1/2. Not a match here, though average precision takes it.
    assert counts("11rr", "1111", CAR) == (0, 0, 1, 1)
    # 3 pixels of 5.
    assert counts("111rr", "11111", CAR) == (3 / 5, 1, 0, 0)


def test_a_match_needs_the_same_class():
    result = quality("aaaa", "1111")
    assert (result.fp[BUS], result.fn[CAR], result.tp.sum()) == (1, 1, 0)


def test_instance_ids_may_be_any_numbers():
    assert counts("2211", "1122", CAR) == (2, 2, 0, 0)


def test_true_void_is_left_out_of_the_union():
    # Predicted 4, true 3, shared 3; the fourth pixel is void: 3 / (4 + 3 - 3 - 1).
    assert counts("1111", "111.", CAR) == (1, 1, 0, 0)


def test_predicted_void_is_not_left_out_of_the_union():
    # Predicted 3, true 4, shared 3: 3 / 4.
    assert counts("111.", "1111", CAR) == (3 / 4, 1, 0, 0)
    # 2 / 4 is no match, and the car is missed: what was not labelled is not forgiven.
    assert counts("11..", "1111", CAR) == (0, 0, 1, 1)


def test_predicted_void_is_no_segment():
    result = quality("....", "1122")
    assert (result.tp.sum(), result.fp.sum(), result.fn.sum()) == (0, 0, 2)


def test_a_prediction_on_void_is_no_error_if_more_than_half_lies_there():
    assert counts("1111", "...r", CAR) == (0, 0, 0, 0)
    # Two of four pixels are not more than half.
    assert counts("1111", "..rr", CAR) == (0, 0, 1, 0)


def test_a_crowd_need_not_be_found_and_is_not_matched():
    assert counts("rrrr", "CCCC", CAR) == (0, 0, 0, 0)
    assert counts("1111", "CCCC", CAR) == (0, 0, 0, 0)


def test_a_prediction_on_a_crowd_of_its_class_is_no_error_if_more_than_half_lies_there():
    assert counts("1111", "CCCr", CAR) == (0, 0, 0, 0)
    assert counts("1111", "CCrr", CAR) == (0, 0, 1, 0)


def test_a_crowd_of_another_class_forgives_nothing():
    assert counts("aaaa", "CCCC", BUS) == (0, 0, 1, 0)


def test_void_and_crowd_forgive_together():
    # One pixel of void and two of the crowd: 3 / 4.
    assert counts("1111", ".CCr", CAR) == (0, 0, 0, 0)


def test_a_crowd_stays_in_the_union_of_a_match():
    # Predicted 4, true 3, shared 3, and one pixel on the crowd: 3 / 4. Only void is left out.
    assert counts("1111", "111C", CAR) == (3 / 4, 1, 0, 0)


def test_a_predicted_thing_without_instances_is_a_segment_like_others():
    assert counts("CCCC", "1111", CAR) == (1, 1, 0, 0)


def test_stuff_is_one_segment_wherever_it_lies():
    # Road in two places: predicted 3, true 4, shared 3.
    assert counts("rrs1r", "rrrsr", ROAD) == (3 / 4, 1, 0, 0)


# Qualities


def test_qualities_of_a_class_by_hand():
    # Car 1 is exact. Car 2: predicted 3, true 4, shared 3. Car 4 lies on road. Car 3 is missed.
    result = quality("11222r44rr", "112222rr33")
    assert counts("11222r44rr", "112222rr33", CAR) == (1 + 3 / 4, 2, 1, 1)
    pq, sq, rq = (values[CAR] for values in result.per_class)
    assert pq == pytest.approx((1 + 3 / 4) / (2 + 1 / 2 + 1 / 2))
    assert sq == pytest.approx((1 + 3 / 4) / 2)
    assert rq == pytest.approx(2 / (2 + 1 / 2 + 1 / 2))
    assert pq == pytest.approx(sq * rq)


def test_classes_that_do_not_occur_are_undefined_and_left_out_of_the_means():
    result = quality("rrr1", "rrr1")
    np.testing.assert_array_equal(result.per_class.pq, [1, np.nan, 1, np.nan])
    assert result.things.num_classes == result.stuff.num_classes == 1
    only_stuff = quality("rr", "rr")
    assert np.isnan(only_stuff.things[:3]).all()
    assert only_stuff.things.num_classes == 0
    assert only_stuff.pq == 1


def test_a_class_only_predicted_counts_as_wrong():
    # Sky is in the prediction only: PQ 0, and it is averaged.
    result = quality("rrrs", "rrrr")
    assert result.per_class.pq[SKY] == 0
    assert result.pq == pytest.approx((3 / 4 + 0) / 2)


def test_a_class_without_a_match_has_sq_zero_as_in_the_reference():
    result = quality("rrrr", "rrr1")
    assert (result.per_class.pq[CAR], result.per_class.sq[CAR], result.per_class.rq[CAR]) == (0, 0, 0)


def test_the_mean_pq_is_not_the_mean_sq_times_the_mean_rq():
    # Road: predicted 4, true 3, shared 3: SQ = PQ = 3/4, RQ 1. Cars: one exact, one missed: SQ 1, RQ = PQ = 2/3
    result = quality("rrrr11", "rrr211")
    assert result.pq == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert (result.sq, result.rq) == pytest.approx(((3 / 4 + 1) / 2, (1 + 2 / 3) / 2))
    assert result.sq * result.rq - result.pq == pytest.approx(7 / 8 * 5 / 6 - 17 / 24)  # 1/48, not 0


def test_nothing_but_void_has_no_quality():
    result = quality("11", "..")
    assert np.isnan([result.pq, result.sq, result.rq]).all()
    assert repr(result) == "PanopticQuality(pq=nan, sq=nan, rq=nan, tp=0, fp=0, fn=0)"


def test_counts_add_up_over_images():
    preds = [scene("11rrr"), scene("2.sss"), scene("CCaar")]
    targets = [scene("112rr"), scene("22sss"), scene("CCaaa")]
    whole = panoptic_quality(preds, targets)
    parts = panoptic_quality(preds[:1], targets[:1]) + panoptic_quality(preds[1:], targets[1:])
    for field in ("iou_sum", "tp", "fp", "fn"):
        np.testing.assert_array_equal(getattr(parts, field), getattr(whole, field))
    means = [panoptic_quality([p], [t]).pq for p, t in zip(preds, targets, strict=True)]
    assert whole.pq != pytest.approx(np.mean(means))  # ratios do not


# Matches


def test_matches_name_the_segments_by_their_ids_in_the_scenes():
    pred, target = scene("rr11aa.."), scene("rr11CCrr")
    matches = match_segments(pred, target)
    # Predicted: 1 road, 2 car, 3 bus. True: 1 road, 2 crowd of cars, 3 car: crowds come first, instance 0.
    assert matches.pred_ids.tolist() == [segment.id for segment in pred.segments()]
    assert matches.target_ids.tolist() == [segment.id for segment in target.segments()]
    assert matches.pred_labels.tolist() == [ROAD, CAR, BUS]
    assert matches.target_labels.tolist() == [ROAD, CAR, CAR]
    assert matches.target_crowd.tolist() == [False, True, False]
    # Road: 2 of 4 is no match.
    assert matches.target.tolist() == [NO_SEGMENT, 3, NO_SEGMENT]
    np.testing.assert_array_equal(matches.iou, [np.nan, 1, np.nan])
    assert matches.true_positives.tolist() == [False, True, False]
    assert matches.false_positives.tolist() == [True, False, True]
    assert matches.false_negatives.tolist() == [True, False, False]


def test_ignored_segments_are_neither_right_nor_wrong():
    matches = match_segments(scene("11112222"), scene("CCCr...s"))
    assert matches.ignored.tolist() == [True, True]
    assert not matches.true_positives.any()
    assert not matches.false_positives.any()


# Random scenes against the rule written out

LABELS = st.sampled_from([VOID, ROAD, SKY, CAR, CAR, BUS])


@st.composite
def scenes(draw, size):
    """A few rectangles of random class, thing or crowd, over a random ground: small, so that all cases meet."""
    semantic = np.full(size, draw(st.sampled_from([VOID, ROAD, SKY])))
    instance = np.zeros(size, int)
    for number in range(1, draw(st.integers(0, 7)) + 1):
        label = draw(LABELS)
        top, left = draw(st.integers(0, size[0] - 1)), draw(st.integers(0, size[1] - 1))
        bottom, right = draw(st.integers(top + 1, size[0])), draw(st.integers(left + 1, size[1]))
        semantic[top:bottom, left:right] = label
        single = label in (CAR, BUS) and draw(st.integers(0, 4)) > 0
        instance[top:bottom, left:right] = number if single else 0
    return Scene(np.zeros((*size, 3), np.uint8), semantic, instance, CATEGORIES)


@st.composite
def pairs(draw):
    """Truth and prediction: independent, or the truth with parts of another scene."""
    size = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    target, pred = draw(scenes(size)), draw(scenes(size))
    if draw(st.booleans()):
        keep = draw(hnp.arrays(bool, size))
        far = draw(st.sampled_from([100, 2**31 - 100]))  # the largest ids there are
        semantic = np.where(keep, pred.semantic, target.semantic)
        instance = np.where(keep, pred.instance.astype(np.int64) + far * (pred.instance > 0), target.instance)
        pred = dataclasses.replace(pred, semantic=semantic, instance=instance)
    return pred, target


def assert_follows_the_rule(result, preds, targets):
    expected = panoptic_rule.count_scenes(preds, targets)
    for name in ("tp", "fp", "fn"):
        assert getattr(result, name).tolist() == [getattr(count, name) for count in expected]
    np.testing.assert_allclose(result.iou_sum, [count.iou for count in expected], rtol=0, atol=1e-12)
    isthing = [category.isthing for category in targets[0].categories]
    for means, chosen in (
        ((result.pq, result.sq, result.rq), [True] * len(isthing)),
        (result.things, isthing),
        (result.stuff, [not thing for thing in isthing]),
    ):
        np.testing.assert_allclose(
            means, panoptic_rule.averages(expected, chosen)[: len(means)], rtol=0, atol=1e-12
        )


@settings(deadline=None, max_examples=300)
@given(st.lists(pairs(), min_size=1, max_size=3))
def test_random_scenes_follow_the_rule_written_out(images):
    preds, targets = zip(*images, strict=True)
    assert_follows_the_rule(panoptic_quality(preds, targets), preds, targets)


@settings(deadline=None, max_examples=100)
@given(pairs())
def test_a_segment_has_one_partner_at_most(pair):
    matches = match_segments(*pair)
    partners = matches.target[matches.true_positives]
    assert len(set(partners.tolist())) == len(partners)


@settings(deadline=None, max_examples=100)
@given(scenes((6, 7)))
def test_any_truth_against_itself_is_one_or_undefined(target):
    result = panoptic_quality([target], [target])
    assert (result.fp.sum(), result.fn.sum()) == (0, 0)
    assert result.pq == 1 or np.isnan(result.pq)


def test_every_pixel_its_own_segment_needs_no_table_of_all_pairs():
    # 65,536 segments on either side: a table of all pairs would have four thousand million places.
    size = (256, 256)
    ids = np.arange(1, 256 * 256 + 1).reshape(size)
    target = Scene(np.zeros((*size, 3), np.uint8), np.full(size, CAR), ids, CATEGORIES)
    pred = dataclasses.replace(target, instance=ids[::-1, ::-1])
    assert panoptic_quality([pred], [target]).tp.tolist() == [0, 0, 256 * 256, 0]


# Maps of segment ids


def id_map(target, offset, color):
    """A scene as COCO's files have it: ids spread over three bytes, as numbers or as colours."""
    ids = target.segment_ids().astype(np.int64)
    ids = np.where(ids > 0, ids * offset, 0)
    labels = {segment.id * offset: segment.label for segment in target.segments()}
    crowd = [segment.id * offset for segment in target.segments() if segment.iscrowd]
    if color:
        ids = np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=2).astype(np.uint8)
    return ids, labels, crowd


@settings(deadline=None, max_examples=100)
@given(pairs(), st.booleans(), st.booleans())
def test_id_maps_and_colours_count_as_scenes_do(pair, pred_color, target_color):
    pred_ids, pred_labels, _ = id_map(pair[0], 1234567, pred_color)
    target_ids, target_labels, crowd = id_map(pair[1], 70001, target_color)
    matches = match_id_maps(
        pred_ids, target_ids, pred_labels=pred_labels, target_labels=target_labels, target_crowd=crowd
    )
    result, expected = PanopticQuality.from_matches(matches, CATEGORIES), panoptic_quality(*([s] for s in pair))
    for field in ("iou_sum", "tp", "fp", "fn"):
        np.testing.assert_allclose(getattr(result, field), getattr(expected, field), rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64])
def test_id_maps_may_have_any_integer_type_and_order(dtype):
    target = np.array([[1, 1, 2], [0, 2, 2]], dtype)
    labels = {1: CAR, 2: ROAD}
    for pred in (target, np.asfortranarray(target), np.repeat(target, 2, axis=1)[:, ::2]):
        matches = match_id_maps(pred, target, pred_labels=labels, target_labels=labels)
        assert matches.target.tolist() == [1, 2]


def test_several_crowds_of_a_class_forgive_as_one():
    # The prediction lies on two crowds of its class, two pixels each, and on one pixel of road.
    target, labels = np.array([[5, 5, 6, 6, 7]]), {5: CAR, 6: CAR, 7: ROAD}
    matches = match_id_maps(
        np.ones((1, 5), int), target, pred_labels={1: CAR}, target_labels=labels, target_crowd=[5, 6]
    )
    assert matches.ignored.tolist() == [True]


# torchmetrics


def torchmetrics_pq(pred, target, per_class=False):
    torch, functional = pytest.importorskip("torch"), pytest.importorskip("torchmetrics.functional.detection")
    pred, target = (
        torch.from_numpy(np.stack([s.semantic.astype(np.int64), s.instance.astype(np.int64)], axis=2))[None]
        for s in (pred, target)
    )
    return functional.panoptic_quality(
        pred, target, things={CAR, BUS}, stuffs={ROAD, SKY}, allow_unknown_preds_category=True
    ).item()


@settings(deadline=None, max_examples=60)
@given(pairs())
def test_torchmetrics_agrees_where_nothing_is_predicted_void_and_there_is_no_crowd(pair):
    pred, target = pair
    pred = dataclasses.replace(
        pred,
        semantic=np.where(pred.semantic == VOID, SKY, pred.semantic),
    )
    crowd = (target.semantic >= CAR) & (target.semantic != VOID) & (target.instance == 0)
    target = dataclasses.replace(target, semantic=np.where(crowd, ROAD, target.semantic))
    ours = panoptic_quality([pred], [target]).pq
    theirs = torchmetrics_pq(pred, target)
    if np.isnan(ours):  # nothing to find: a mean over no class
        assert np.isnan(theirs)
    else:
        assert ours == pytest.approx(theirs, abs=1e-6)


def test_torchmetrics_forgives_predicted_void_and_the_reference_does_not():
    # The car is half predicted. 2 / 4 is no match: FN and FP. torchmetrics leaves void out of the union: 2 / 2.
    pred, target = scene("11.."), scene("1111")
    assert panoptic_quality([pred], [target]).pq == 0
    assert torchmetrics_pq(pred, target) == pytest.approx(1)
    # The car is left void wholly: it is missed. torchmetrics counts no error, only the road that is right.
    pred, target = scene("....rr"), scene("1111rr")
    assert panoptic_quality([pred], [target]).pq == pytest.approx((0 + 1) / 2)
    assert torchmetrics_pq(pred, target) == pytest.approx(1)


def test_torchmetrics_knows_no_crowds():
    # Nobody has to find a crowd; torchmetrics counts it as one car that was missed.
    pred, target = scene("rrrr1r"), scene("CCrr1r")
    ours = panoptic_quality([pred], [target])
    assert (ours.fn[CAR], ours.per_class.pq[CAR]) == (0, 1)
    assert torchmetrics_pq(pred, target) == pytest.approx((3 / 5 + 1 / 1.5) / 2, abs=1e-6)


# Errors

TALL = Scene(np.zeros((4, 1, 3), np.uint8), np.zeros((4, 1), int), np.zeros((4, 1), int), CATEGORIES)


@pytest.mark.parametrize(
    ("preds", "targets", "message"),
    [
        ([], [], "expected one of each for each image, got 0 and 0"),
        ([scene("rr")], [scene("rr")] * 2, "got 1 and 2"),
        (scene("rr"), scene("rr"), "preds: expected a sequence .*, got Scene; put a single scene into a list"),
        ([scene("rr")], scene("rr"), "targets: expected a sequence"),
        ([np.zeros((2, 2))], [scene("rr")], "image 0: pred: expected a Scene, got ndarray"),
        ([scene("rr"), scene("rr")], [scene("rr"), None], "image 1: target: expected a Scene, got NoneType"),
        ([scene("rrrr")], [TALL], r"image 0: .*one height and width, got \(1, 4\) and \(4, 1\)"),
        ([scene("rr", CATEGORIES[:3])], [scene("rr")], "image 0: .*the same categories, got 3 and 4"),
        (
            [scene("rr"), scene("rr", CATEGORIES[:3])],
            [scene("rr"), scene("rr", CATEGORIES[:3])],
            "image 1: .*the same categories to add up, got 4 and 3",
        ),
    ],
)
def test_what_does_not_fit_is_refused(preds, targets, message):
    with pytest.raises(ValueError, match=message):
        panoptic_quality(preds, targets)


IDS = np.array([[1, 1, 2]])
GOOD = {"pred": IDS, "target": IDS, "pred_labels": {1: CAR, 2: ROAD}, "target_labels": {1: CAR, 2: ROAD}}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pred": IDS.astype(float)}, r"pred: expected segment ids, .*, got \(1, 3\) and float64"),
        ({"target": IDS[0]}, r"target: expected segment ids, .*, got \(3,\)"),
        (
            {"pred": np.zeros((2, 3, 3), int)},
            r"pred: .*or colours, \(H, W, 3\) uint8, got \(2, 3, 3\) and int64",
        ),
        ({"pred": np.zeros((0, 3), int), "target": np.zeros((0, 3), int)}, "pred: expected segment ids"),
        ({"pred": IDS.T}, r"expected one height and width, got \(3, 1\) and \(1, 3\)"),
        ({"pred_labels": {1: CAR}}, r"pred: expected ids of pred_labels, got \[2\] without one"),
        ({"target_labels": {}}, r"target: expected ids of target_labels, got \[1, 2\] without one"),
        (
            {"pred_labels": {1: CAR, 2: ROAD, 9: CAR}},
            r"pred_labels: expected ids of the map, got \[9\], which have no pixel",
        ),
        ({"pred_labels": {0: SKY, 1: CAR, 2: ROAD}}, "ids in pred_labels: expected integers from 1"),
        ({"pred_labels": {1: CAR, 2: -1}}, "classes in pred_labels: expected integers from 0"),
        ({"pred_labels": {1: CAR, 2: 0.5}}, "classes in pred_labels: expected integers from 0"),
        ({"pred_labels": [CAR, ROAD]}, "pred_labels: expected a mapping from id to class, got list"),
        ({"target_crowd": [1, 8]}, r"target_crowd: expected ids of target_labels, got \[8\]"),
    ],
)
def test_id_maps_that_do_not_fit_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        match_id_maps(**{**GOOD, **changed})


def test_a_class_beyond_the_categories_is_refused():
    matches = match_id_maps(**{**GOOD, "pred_labels": {1: 7, 2: ROAD}})
    with pytest.raises(ValueError, match="expected class indices 0 to 3, got 7"):
        PanopticQuality.from_matches(matches, CATEGORIES)


def test_counts_are_not_added_to_other_things():
    with pytest.raises(TypeError):
        quality("rr", "rr") + 1
