"""Matching, curve and average precision by hand: one fact of COCO's rules a test, and every error."""

import dataclasses

import numpy as np
import pytest

from segedu import Category, Instances, Scene
from segedu.metrics import (
    NO_MATCH,
    EncodedInstances,
    Matches,
    average_precision,
    match_instances,
    precision_recall_curve,
)

CATEGORIES = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))


def strip(*runs, length=12):
    """Masks of one row, (N, 1, length), each from a (start, stop)."""
    masks = np.zeros((len(runs), 1, length), bool)
    for mask, (start, stop) in zip(masks, runs, strict=True):
        mask[0, start:stop] = True
    return masks


def answer(*runs, scores=None, labels=None):
    falling = np.linspace(0.9, 0.1, len(runs))
    return Instances(
        strip(*runs), np.zeros(len(runs), int) if labels is None else labels, scores=scores or falling
    )


def truth(*runs, labels=None, crowd=None):
    return Instances(strip(*runs), np.zeros(len(runs), int) if labels is None else labels, crowd=crowd)


# Matching


def test_one_half_is_enough():
    # (0, 4) and (0, 8) share 4 of 8.
    matches = match_instances(answer((0, 4)), truth((0, 8)))
    assert matches.target.tolist() == [0]
    assert matches.iou.tolist() == [0.5]
    assert match_instances(answer((0, 4)), truth((0, 8)), threshold=0.51).target.tolist() == [NO_MATCH]


def test_a_perfect_overlap_reaches_the_threshold_one():
    assert match_instances(answer((2, 7)), truth((2, 7)), threshold=1).true_positives.tolist() == [True]


def test_the_surest_prediction_chooses_first_and_the_second_of_an_object_is_wrong():
    # Both overlap the object; the worse outline is surer. Scores decide, not the order in which they come.
    matches = match_instances(answer((0, 4), (0, 3), scores=[0.3, 0.8]), truth((0, 4)))
    assert matches.target.tolist() == [NO_MATCH, 0]
    assert matches.true_positives.tolist() == [False, True]
    assert matches.false_positives.tolist() == [True, False]
    assert matches.false_negatives.tolist() == [False]
    np.testing.assert_array_equal(matches.iou, [np.nan, 3 / 4])


def test_equal_scores_go_in_the_order_in_which_they_came():
    matches = match_instances(answer((0, 3), (0, 4), scores=[0.5, 0.5]), truth((0, 4)))
    assert matches.target.tolist() == [0, NO_MATCH]


def test_a_prediction_takes_the_object_that_it_overlaps_most():
    # (0, 6) shares 4 of 6 with (0, 4) and 6 of 8 with (0, 8).
    assert match_instances(answer((0, 6)), truth((0, 8), (0, 4))).target.tolist() == [0]


def test_of_two_objects_overlapped_alike_the_later_is_taken():
    # (3, 6) shares 2 of 4 with (2, 5) and with (4, 7).
    assert match_instances(answer((3, 6)), truth((2, 5), (4, 7))).target.tolist() == [1]


def test_a_prediction_whose_object_is_taken_takes_the_next_best():
    # Both predict (0, 6); the objects are (0, 6) with IoU 1 and (0, 4) with 4/6.
    matches = match_instances(answer((0, 6), (0, 6)), truth((0, 4), (0, 6)))
    assert matches.target.tolist() == [1, 0]


def test_classes_do_not_see_each_other():
    matches = match_instances(answer((0, 4), (0, 4), labels=[1, 2]), truth((0, 4), (0, 4), labels=[2, 3]))
    assert matches.target.tolist() == [NO_MATCH, 0]
    assert matches.false_negatives.tolist() == [False, True]


def test_a_crowd_swallows_many_predictions_and_none_of_them_counts():
    # 4 of 4 and 2 of 4 pixels lie on the crowd: overlap with a crowd is divided by the prediction alone.
    matches = match_instances(answer((0, 4), (6, 10), (9, 12)), truth((0, 8), crowd=[True]))
    assert matches.target.tolist() == [0, 0, NO_MATCH]
    np.testing.assert_array_equal(matches.iou, [1, 0.5, np.nan])
    assert matches.ignored.tolist() == [True, True, False]
    assert matches.false_positives.tolist() == [False, False, True]
    assert matches.false_negatives.tolist() == [False]


def test_an_object_goes_before_a_crowd_that_overlaps_more():
    # (0, 4) lies on the crowd wholly, and shares 4 of 6 with the object.
    matches = match_instances(answer((0, 4)), truth((0, 12), (0, 6), crowd=[True, False]))
    assert matches.target.tolist() == [1]
    assert matches.true_positives.tolist() == [True]


def test_the_size_asked_for_includes_its_ends_and_hides_the_rest():
    # Objects of 2, 3 and 5 pixels; asked for: 3 to 4. The second prediction of 5 pixels finds nothing.
    target = truth((0, 2), (3, 6), (7, 12))
    preds = answer((0, 2), (3, 6), (7, 12), (2, 7))
    matches = match_instances(preds, target, area_range=(3, 4))
    assert matches.target_ignored.tolist() == [True, False, True]
    assert matches.target.tolist() == [0, 1, 2, NO_MATCH]
    # Found, but of another size: ignored. Found nothing, and of another size: ignored as well.
    assert matches.ignored.tolist() == [True, False, True, True]


def test_a_prediction_of_the_size_asked_for_that_finds_nothing_is_wrong():
    assert match_instances(answer((0, 3)), truth((6, 9)), area_range=(3, 4)).false_positives.tolist() == [True]


def test_areas_of_the_data_set_replace_the_pixels():
    matches = match_instances(answer((0, 4)), truth((0, 4)), area_range=(0, 4), areas=[4.5])
    assert matches.target_ignored.tolist() == [True]
    assert matches.ignored.tolist() == [True]


def test_too_many_predictions_of_a_class_are_ignored_from_the_least_sure():
    preds = answer((0, 4), (6, 8), (0, 4), (6, 8), scores=[0.2, 0.4, 0.6, 0.8], labels=[0, 0, 0, 5])
    matches = match_instances(preds, truth((0, 4)), max_detections=2)
    # Of class 0 the scores .6 and .4 remain; class 5 has one prediction of its own.
    assert matches.ignored.tolist() == [True, False, False, False]
    assert matches.target.tolist() == [NO_MATCH, NO_MATCH, 0, NO_MATCH]


def test_boxes_overlap_where_masks_do_not():
    # Two diagonals of a 2×2 square: no pixel in common, the same box.
    main, other = np.eye(2, dtype=bool)[None], np.eye(2, dtype=bool)[None, ::-1]
    pred, target = Instances(main, [0], [1.0]), Instances(other, [0])
    assert match_instances(pred, target).target.tolist() == [NO_MATCH]
    assert match_instances(pred, target, kind="box").iou.tolist() == [1]


def test_a_scene_gives_its_objects_and_its_crowd():
    semantic = np.array([[1, 1, 0, 1, 1, 1]])
    instance = np.array([[1, 1, 0, 0, 0, 0]])
    scene = Scene(np.zeros((1, 6, 3), np.uint8), semantic, instance, CATEGORIES)
    preds = Instances(strip((0, 2), (3, 5), length=6), [1, 1], [0.9, 0.8])
    matches = match_instances(preds, scene)
    assert matches.target_ignored.tolist() == [False, True]
    assert matches.true_positives.tolist() == [True, False]
    assert matches.ignored.tolist() == [False, True]


def test_no_predictions_and_no_targets_give_empty_matches():
    matches = match_instances(answer(), truth((0, 4)))
    assert len(matches.target) == 0
    assert matches.false_negatives.tolist() == [True]
    matches = match_instances(answer((0, 4)), truth())
    assert matches.false_positives.tolist() == [True]


# Curve


def matches_of(right, scores, num_targets):
    """Matches of one class: which predictions are right."""
    right = np.array(right, bool)
    return Matches(
        labels=np.zeros(len(right), np.int64),
        scores=np.array(scores, float),
        target=np.where(right, np.cumsum(right) - 1, NO_MATCH),
        iou=np.where(right, 0.8, np.nan),
        ignored=np.zeros(len(right), bool),
        target_labels=np.zeros(num_targets, np.int64),
        target_ignored=np.zeros(num_targets, bool),
    )


def test_precision_and_recall_after_each_prediction():
    curve = precision_recall_curve([matches_of([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.6], 4)])
    np.testing.assert_allclose(curve.precision, [1, 1 / 2, 2 / 3, 2 / 4], rtol=1e-15)
    assert curve.recall.tolist() == [0.25, 0.25, 0.5, 0.5]
    # Levels 0 to .25 (26 of them) see 1, levels .26 to .50 (25) see 2/3, and .51 to 1 (50) are never reached.
    assert curve.ap == pytest.approx((26 * 1 + 25 * 2 / 3) / 101, abs=1e-15)


def test_a_later_and_better_precision_counts_for_the_levels_before_it():
    # Wrong first, then two right ones: precision 0, 1/2, 2/3. The best from any level on is 2/3.
    curve = precision_recall_curve([matches_of([0, 1, 1], [0.9, 0.8, 0.7], 2)])
    assert curve.ap == pytest.approx(2 / 3, abs=1e-15)


def test_predictions_of_all_images_are_sorted_together():
    first, second = matches_of([0], [0.4], 1), matches_of([1], [0.6], 1)
    curve = precision_recall_curve([first, second])
    assert curve.scores.tolist() == [0.6, 0.4]
    np.testing.assert_allclose(curve.precision, [1, 1 / 2], rtol=1e-15)


def test_ignored_predictions_are_not_on_the_curve():
    matches = matches_of([1, 0], [0.9, 0.8], 1)
    ignored = dataclasses.replace(matches, ignored=np.array([False, True]))
    assert precision_recall_curve([ignored]).scores.tolist() == [0.9]


def test_a_curve_without_targets_is_undefined_and_one_without_predictions_is_zero():
    assert np.isnan(precision_recall_curve([matches_of([0], [0.9], 0)]).ap)
    assert np.isnan(precision_recall_curve([matches_of([], [], 0)]).ap)
    assert precision_recall_curve([matches_of([], [], 2)]).ap == 0


def test_the_steps_lead_to_the_number():
    rng = np.random.default_rng(0)
    preds, targets = [], []
    for _ in range(6):
        masks = rng.random((4, 8, 8)) > 0.3
        targets.append(Instances(masks, [0, 1, 1, 2], crowd=[False, False, True, False]))
        noisy = masks ^ (rng.random(masks.shape) > 0.85)
        preds.append(Instances(noisy, [0, 1, 1, 1], rng.random(4)))
    result = average_precision(preds, targets)
    for t, threshold in enumerate(np.linspace(0.5, 0.95, 10)):
        matches = [match_instances(p, t, threshold=threshold) for p, t in zip(preds, targets, strict=True)]
        for label in range(3):
            curve = precision_recall_curve(matches, label=label)
            np.testing.assert_array_equal(result.precision[t, :, label, 0], curve.interpolated)
            assert result.recall[t, label, 0, -1] == (curve.recall[-1] if len(curve.recall) else 0)


# Average precision


def test_truth_against_itself_is_one_and_absent_sizes_and_classes_are_undefined():
    target = truth((0, 4), (5, 9), labels=[0, 2])
    result = average_precision([target], [target])
    assert (result.ap, result.ap_50, result.ap_75, result.ap_small) == pytest.approx((1, 1, 1, 1))
    assert (result.ar_1, result.ar_10, result.ar_100, result.ar_small) == (1, 1, 1, 1)
    assert np.isnan([result.ap_medium, result.ap_large, result.ar_medium, result.ar_large]).all()
    np.testing.assert_allclose(result.per_class, [1, np.nan, 1], rtol=1e-15)


def test_a_class_that_the_truth_has_not_costs_nothing():
    # COCO's rule: its predictions are all wrong, but there is no recall to read a precision at.
    target = truth((0, 4))
    with_it = average_precision([answer((0, 4), (0, 4), labels=[0, 3])], [target])
    assert with_it.ap == pytest.approx(1)
    assert np.isnan(with_it.per_class[3])


def test_no_predictions_score_zero():
    result = average_precision([answer()], [truth((0, 4))])
    assert (result.ap, result.ar_100) == (0, 0)


def test_recall_grows_with_the_detections_allowed():
    # Three objects and three right predictions of one class in one image: one alone finds a third.
    runs = (0, 3), (4, 7), (8, 11)
    result = average_precision([answer(*runs)], [truth(*runs)], max_detections=(1, 2, 3))
    assert result.ar == pytest.approx({1: 1 / 3, 2: 2 / 3, 3: 1})
    assert result.ar_1 == pytest.approx(1 / 3)
    assert np.isnan([result.ar_10, result.ar_100]).all()  # not among the limits


def test_an_object_of_32_squared_pixels_is_small_and_medium():
    target = Instances(np.ones((1, 32, 32), bool), [0])
    result = average_precision([target], [target])
    assert (result.ap_small, result.ap_medium) == pytest.approx((1, 1))
    assert np.isnan(result.ap_large)


def test_the_order_of_the_predictions_of_an_image_changes_nothing_while_scores_differ():
    runs, scores = [(0, 4), (5, 9), (1, 5), (9, 12)], [0.9, 0.4, 0.7, 0.2]
    target = truth((0, 4), (6, 9))
    there = average_precision([answer(*runs, scores=scores)], [target])
    back = average_precision([answer(*runs[::-1], scores=scores[::-1])], [target])
    np.testing.assert_array_equal(there.precision, back.precision)


def test_scenes_tell_how_many_classes_there_are():
    scene = Scene(np.zeros((1, 4, 3), np.uint8), np.ones((1, 4), int), np.ones((1, 4), int), CATEGORIES)
    result = average_precision([Instances(np.ones((1, 1, 4), bool), [1], [0.5])], [scene])
    np.testing.assert_allclose(result.per_class, [np.nan, 1], rtol=1e-15)  # stuff has no objects
    assert repr(result) == "AveragePrecision(ap=1.000, ap_50=1.000, ap_75=1.000)"


def test_crowd_flags_of_predictions_mean_nothing():
    target = truth((0, 6), (7, 10), crowd=[True, False])
    marked = average_precision([target], [target])
    plain = average_precision([Instances(target.masks, target.labels)], [target])
    assert marked.ap == plain.ap == pytest.approx(1)


# Errors

SCENE = Scene(np.zeros((1, 12, 3), np.uint8), np.zeros((1, 12), int), np.zeros((1, 12), int), CATEGORIES)
BOX = EncodedInstances([0], xywh=[[0, 0, 4, 1]])


@pytest.mark.parametrize(
    ("preds", "targets", "options", "message"),
    [
        ([], [], {}, "got 0 and 0"),
        ([answer()], [truth(), truth()], {}, "got 1 and 2"),
        (answer(), truth(), {}, "preds: expected a sequence .*, got Instances; put a single image into a list"),
        ([SCENE], [SCENE], {}, r"preds\[0\]: expected Instances, got a Scene, which has no scores"),
        ([np.ones((1, 1, 12))], [truth()], {}, r"preds\[0\]: expected Instances or .*, got ndarray"),
        ([answer()], [None], {}, r"targets\[0\]: expected .* or Scene, got NoneType"),
        (
            [Instances(np.ones((1, 2, 6), bool), [0])],
            [truth()],
            {},
            r"targets\[0\]: .*, got \(2, 6\) and \(1, 12\)",
        ),
        ([answer()], [truth()], {"kind": "segm"}, "kind: expected 'mask' or 'box', got 'segm'"),
        ([BOX], [BOX], {}, r"preds\[0\]: expected masks \(rles\) for kind='mask', got boxes only"),
        (
            [answer()],
            [truth()],
            {"max_detections": (10, 1)},
            r"expected rising whole numbers from 1, got \(10, 1\)",
        ),
        ([answer()], [truth()], {"max_detections": ()}, "max_detections"),
        ([answer()], [truth()], {"max_detections": 100}, "expected rising whole numbers from 1, got 100"),
        ([answer()], [truth()], {"max_detections": (1.5, 2)}, "expected rising whole numbers from 1"),
        ([answer()], [truth()], {"max_detections": (0, 1)}, "max_detections"),
        ([answer()], [truth()], {"areas": []}, "areas: expected 1 arrays, one for each image, got 0"),
        ([answer()], [truth((0, 4))], {"areas": [[4, 5]]}, r"areas\[0\]: expected 1 finite numbers from 0"),
        ([answer()], [truth((0, 4))], {"areas": [[np.nan]]}, r"areas\[0\]: expected 1 finite numbers from 0"),
        ([answer((0, 4), labels=[2])], [SCENE], {}, "expected class indices 0 to 1, .*, got 2"),
        (
            [answer(), answer()],
            [SCENE, dataclasses.replace(SCENE, categories=CATEGORIES[:1])],
            {},
            r"targets\[1\]: expected the same categories",
        ),
    ],
)
def test_what_does_not_fit_is_refused(preds, targets, options, message):
    with pytest.raises(ValueError, match=message):
        average_precision(preds, targets, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0}, "threshold: expected a number above 0, at most 1, got 0"),
        ({"threshold": 1.5}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"kind": "bbox"}, "kind: expected 'mask' or 'box', got 'bbox'"),
        ({"areas": [1.0]}, "areas: expected 2 finite numbers from 0, one for each target"),
        ({"max_detections": 0}, "max_detections: expected a number from 1, got 0"),
        ({"area_range": (9, 1)}, r"area_range: expected smallest and largest area, got \(9, 1\)"),
    ],
)
def test_matching_refuses_options_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        match_instances(answer((0, 4)), truth((0, 4), (5, 9)), **options)


def test_the_curve_refuses_a_mixture_of_classes_and_other_things():
    mixed = match_instances(answer((0, 4), (5, 9), labels=[0, 2]), truth((0, 4)))
    with pytest.raises(ValueError, match=r"label: expected one of the classes \[0, 2\], got none"):
        precision_recall_curve([mixed])
    assert precision_recall_curve([mixed], label=0).ap == pytest.approx(1)
    with pytest.raises(ValueError, match=r"matches\[0\]: expected Matches, got Instances"):
        precision_recall_curve([answer((0, 4))])
    with pytest.raises(ValueError, match="matches: expected those of one image at least, got none"):
        precision_recall_curve([])


RLE = {"size": [2, 3], "counts": [2, 3, 1]}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"labels": [0]}, "expected rles, xywh or both, got neither"),
        ({"labels": [[0]], "rles": [RLE]}, "labels: expected one class index from 0 for each object"),
        ({"labels": [0.5], "rles": [RLE]}, "labels: .* dtype float64"),
        ({"labels": [-1], "rles": [RLE]}, "labels"),
        ({"labels": [0], "rles": []}, "rles: expected 1, one for each label, got 0"),
        ({"labels": [0], "rles": [{"size": [2, 3], "counts": [2, 3]}]}, "expected a sum of 2×3 = 6"),
        ({"labels": [0, 0], "rles": [RLE, {"size": [3, 2], "counts": [6]}]}, "expected masks of one size"),
        ({"labels": [0], "scores": [np.inf], "rles": [RLE]}, "scores: expected 1 finite numbers"),
        ({"labels": [0], "scores": [1, 2], "rles": [RLE]}, "scores: expected 1 finite numbers"),
        ({"labels": [0], "crowd": [1], "rles": [RLE]}, "crowd: expected shape .* bool, got .* int64"),
        ({"labels": [0], "xywh": [[1, 2, 3]]}, r"xywh: expected shape \(1, 4\), got \(1, 3\)"),
        (
            {"labels": [0], "xywh": [[1, 2, -3, 4]]},
            "xywh: expected finite numbers with width and height from 0",
        ),
        ({"labels": [0], "xywh": [[np.nan, 2, 3, 4]]}, "xywh: expected finite numbers"),
    ],
)
def test_encoded_instances_refuse_what_does_not_fit(fields, message):
    with pytest.raises(ValueError, match=message):
        EncodedInstances(**fields)


def test_encoded_instances_measure_masks_and_keep_given_boxes():
    masks = EncodedInstances([0], rles=[RLE])
    # Column order 0 0 | 1 1 | 1 0: three pixels, columns 1 and 2, both rows.
    assert (masks.areas.tolist(), masks.boxes.tolist(), masks.size) == ([3], [[1, 0, 2, 2]], (2, 3))
    both = EncodedInstances([0], rles=[RLE], xywh=[[0.5, 0, 2.5, 2]])
    assert (both.areas.tolist(), both.boxes.tolist()) == ([3], [[0.5, 0, 2.5, 2]])
    boxes = EncodedInstances([0], xywh=[[0.5, 0, 2.5, 2]])
    assert (boxes.areas.tolist(), boxes.size) == ([5], None)
    assert repr(boxes) == "EncodedInstances(1, 0 crowds)"
    assert len(EncodedInstances([], xywh=[])) == 0


def test_a_least_area_forgives_who_finds_a_small_object_and_who_does_not():
    # Objects of 4 and 1 pixels. Finding the small one as well changes nothing, nor does missing it; an
    # invention of 1 pixel is as small, and does not count either.
    masks = np.zeros((3, 4, 4), bool)
    masks[0, :2, :2] = masks[1, 3, 3] = masks[2, 3, 0] = True
    target = Instances(masks[:2], labels=[0, 0])
    for found, scores in (([0], [0.5]), ([1, 0], [0.9, 0.5]), ([2, 0], [0.9, 0.5])):
        pred = Instances(masks[found], labels=[0] * len(found), scores=scores)
        assert average_precision([pred], [target], min_area=2).ap == pytest.approx(1)
    pred = Instances(masks[[2, 0]], labels=[0, 0], scores=[0.9, 0.5])
    assert average_precision([pred], [target]).ap < 0.5


@pytest.mark.parametrize("min_area", [-1, 1025])
def test_a_least_area_ends_where_small_objects_end(min_area):
    target = Instances(np.ones((1, 2, 2), bool), labels=[0])
    with pytest.raises(ValueError, match="min_area: expected 0 to 1024, where small objects end"):
        average_precision([target], [target], min_area=min_area)
