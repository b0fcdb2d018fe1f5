"""`evaluate_panoptic`: what a network says about pixels and objects, fused and counted as by hand."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from detection_cases import small_detector, some_squares, squares
from segedu import Instances
from segedu.fusion import panoptic_fusion
from segedu.metrics import panoptic_quality
from segedu.models import PanopticFPN, instance_targets, to_instances
from segedu.training import SceneDataset, evaluate_panoptic
from segedu.training.jobs import JOBS
from segedu.training.loop import default_accelerator
from segedu.training.results import panoptic_measures, write_results
from training_cases import recipe

torch.set_num_threads(1)


class Knowing(nn.Module):
    """Answers the truth, at whatever size it is asked, scene after scene."""

    def __init__(self, scenes):
        super().__init__()
        self.scenes = iter(scenes)
        self.sizes = []

    def forward(self, images):
        (image,), scene = images, next(self.scenes)
        height, width = image.shape[-2:]
        self.sizes.append((height, width))
        rows, columns = scene.size[0] // height, scene.size[1] // width
        target = instance_targets(scene)
        masks = target["masks"][:, None, ::rows, ::columns].float()  # (N, 1, h, w)
        semantic = torch.from_numpy(scene.semantic[::rows, ::columns].astype(np.int64))
        logits = nn.functional.one_hot(semantic, len(scene.categories)).permute(2, 0, 1).float()
        scores = torch.ones(len(masks))
        return [target | {"masks": masks, "scores": scores, "semantic_logits": logits}]


def small_panoptic(seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PanopticFPN(small_detector(seed), 3, channels=16)


def test_the_truth_has_quality_1():
    scenes = some_squares(3)
    found = evaluate_panoptic(Knowing(scenes), scenes, min_stuff_area=0)
    assert (found.pq, found.sq, found.rq) == (1, 1, 1)
    assert found.tp.sum() == sum(len(scene.segments()) for scene in scenes)


def test_small_stuff_that_is_true_is_lost_with_the_rest():
    # One square of 24 × 24 in 32 × 32: 448 pixels of ground, a segment of its own.
    scene = squares([(4, 4, 24, 1)])
    assert evaluate_panoptic(Knowing([scene]), [scene], min_stuff_area=448).pq == 1
    without = evaluate_panoptic(Knowing([scene]), [scene], min_stuff_area=449)
    assert without.per_class.pq[:2].tolist() == [0, 1]
    assert without.fn.tolist() == [1, 0, 0]


def test_what_is_counted_is_the_fusion_of_both_answers():
    scenes, model = some_squares(4), small_panoptic().eval()
    thresholds = {"min_stuff_area": 5, "min_score": 0.3, "max_overlap": 0.7}
    fused = []
    for scene in scenes:
        with torch.no_grad():
            output = model([SceneDataset([scene])[0][0]])[0]
        objects, logits = to_instances(output), output["semantic_logits"].numpy()
        things = objects.labels > 0  # 0 is ground
        objects = Instances(objects.masks[things], objects.labels[things], objects.scores[things])
        fused.append(
            panoptic_fusion(logits, objects, image=scene.image, categories=scene.categories, **thresholds)
        )
    expected = panoptic_quality(fused, scenes)
    found = evaluate_panoptic(model, scenes, **thresholds)
    assert sum(scene.instance.max() for scene in fused) > 0
    for name in ("iou_sum", "tp", "fp", "fn"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_masks_are_cut_where_they_shall_be():
    class Doubtful(Knowing):
        def forward(self, images):
            (answer,) = super().forward(images)
            return [answer | {"masks": 0.45 * answer["masks"]}]

    scene = squares([(4, 4, 24, 1)])
    for cut, matched in ((0.5, 0), (0.4, 1)):
        found = evaluate_panoptic(Doubtful([scene]), [scene], min_stuff_area=0, mask_threshold=cut)
        assert found.tp.tolist() == [1, matched, 0]


def test_both_answers_come_back_to_the_size_of_the_image():
    # Squares with even sides and places are the same at half the size; but their border is interpolated.
    scene = squares([(4, 4, 24, 1)])
    model = Knowing([scene])
    found = evaluate_panoptic(model, [scene], min_stuff_area=0, size=(16, 16))
    assert model.sizes == [(16, 16)]
    assert found.tp.tolist() == [1, 1, 0]
    assert found.sq > 0.8


def test_an_object_of_the_class_of_stuff_is_left_out():
    class CallsItGround(Knowing):
        def forward(self, images):
            (answer,) = super().forward(images)
            return [answer | {"labels": torch.ones_like(answer["labels"])}]  # 1 is class 0, ground

    scene = squares([(4, 4, 24, 1)])
    found = evaluate_panoptic(CallsItGround([scene]), [scene], min_stuff_area=0)
    assert found.tp.tolist() == [1, 0, 0]
    assert found.fn.tolist() == [0, 1, 0]
    assert found.fp.tolist() == [0, 0, 0]


def test_the_network_goes_on_in_the_mode_it_was_in():
    model = small_panoptic().train()
    evaluate_panoptic(model, some_squares(1), min_stuff_area=0)
    assert model.training


def test_no_scene_is_refused():
    with pytest.raises(ValueError, match="scenes: expected at least one, got none"):
        evaluate_panoptic(small_panoptic(), [], min_stuff_area=0)


def test_a_result_names_the_classes_and_has_null_for_those_that_are_absent(tmp_path):
    scene = squares([(4, 4, 24, 1)])  # a ball, no box
    found = evaluate_panoptic(Knowing([scene]), [scene], min_stuff_area=0)
    write_results(panoptic_measures(found), tmp_path / "a.json")
    stored = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert stored["pq_per_class"] == {"ground": 1, "ball": 1, "box": None}
    assert stored["things"] == {"pq": 1, "sq": 1, "rq": 1, "num_classes": 1}


def test_a_panoptic_run_is_judged_by_objects_pixels_and_both_together():
    model, scenes = small_panoptic(), some_squares(3)
    setting = recipe(size=(32, 32), fit=False)
    job = JOBS["panoptic_fpn"]
    results = job.test(model, scenes, setting, default_accelerator())
    assert {"mask_ap", "mean_iou", "pq", "sq", "rq"} <= set(results)
    least = results["min_stuff_area"]
    assert least == 4  # a 256th of 32 × 32
    assert results["pq"] == evaluate_panoptic(model, scenes, min_stuff_area=least).pq
    assert f"PQ {results['pq']:.3f}" in job.sentence(results)
