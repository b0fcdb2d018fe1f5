"""Training and evaluating networks that find objects: the same engine, other targets."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn

from detection_cases import BALL, BOX, GROUND, ODD_SCENES, small_detector, some_squares, squares
from segedu import Instances, Scene
from segedu.metrics import average_precision
from segedu.models import instance_targets
from segedu.training import (
    EpochBatches,
    History,
    InstanceDataset,
    InstanceEpoch,
    NonFiniteLossError,
    SceneDataset,
    augmentation,
    evaluate_instances,
    fit_instances,
    load_checkpoint,
    score_instances,
    training_loader,
)
from segedu.training.instance_scores import encoded, encoded_scene, predict_output
from segedu.training.instances import total
from segedu.training.jobs import JOBS
from segedu.training.loop import default_accelerator
from training_cases import StopError, Stopping, recipe

torch.set_num_threads(1)


def setting(**changes):
    return recipe(**{"size": (32, 32), "epochs": 2, "learning_rate": 2e-3, **changes})


class Oracle(nn.Module):
    """Answers what it is told, whatever it sees: a detector whose score is known."""

    def __init__(self, scenes, *, scores=None, shift=0):
        super().__init__()
        self.scenes, self.scores, self.shift, self.seen = scenes, scores, shift, 0

    def forward(self, images):
        target = instance_targets(self.scenes[self.seen % len(self.scenes)])
        self.seen += 1
        n = len(target["labels"])
        return [
            {
                "boxes": target["boxes"],
                "labels": target["labels"],
                "scores": torch.full((n,), 0.9) if self.scores is None else torch.tensor(self.scores[:n]),
                "masks": target["masks"][:, None].float().roll(self.shift, dims=-1),
            }
        ]


# What a detector learns from


def test_the_image_is_that_of_a_pixel_network_and_the_target_that_of_the_scene():
    scene = squares([(2, 3, 6, 1), (12, 12, 9, 2)])
    image, target = InstanceDataset([scene])[0]
    assert torch.equal(image, SceneDataset([scene])[0][0])
    for name, value in instance_targets(scene).items():
        assert torch.equal(target[name], value), name
    assert torch.equal(target["semantic"], torch.tensor(scene.semantic).long())


def test_image_and_masks_are_augmented_alike():
    # Objects have the colours of their classes on grey ground: wherever a mask lies, its colour must be. Only
    # pixels beside an edge may mix.
    dataset = InstanceDataset(some_squares(4), augment=augmentation((32, 32), scale=(0.6, 1.6), color=0))
    looked = 0
    for k in range(24):
        image, target = dataset[k]
        red, blue = image[0] > image[2] + 0.5, image[2] > image[0] + 0.5
        for mask, label in zip(target["masks"].bool(), target["labels"].tolist(), strict=True):
            inner = mask & ~torch.nn.functional.max_pool2d((~mask)[None].float(), 3, 1, 1)[0].bool()
            assert (red if label == 2 else blue)[inner].all()
            looked += int(inner.sum())
    assert looked > 1000


def test_pixels_and_objects_see_the_same_look():
    scenes, augment = some_squares(3), augmentation((24, 24))
    pixels = SceneDataset(scenes, augment=augment, seed=3)
    objects = InstanceDataset(scenes, augment=augment, seed=3)
    for k in range(6):
        assert torch.equal(objects[k][0], pixels[k][0])
        assert torch.equal(objects[k][1]["semantic"], pixels[k][1])


def test_ids_above_255_survive_scaling():
    dataset = InstanceDataset([ODD_SCENES["300 objects"]], augment=augmentation((80, 96), scale=(1, 1), flip=0))
    assert len(dataset[0][1]["labels"]) == 300
    assert dataset[0][1]["area"].tolist() == [16] * 300  # 2×2 pixels, doubled


def test_a_frame_around_the_image_has_no_objects():
    scene = squares([(0, 0, 32, 2)])
    dataset = InstanceDataset([scene], augment=augmentation((32, 32), scale=(0.5, 0.5), flip=0))
    target = dataset[0][1]
    assert target["area"].tolist() == [256]
    assert (target["semantic"] == 255).sum() == 1024 - 256


def test_without_fit_an_image_keeps_its_scale():
    scene = squares([(28, 20, 8, 1)], (64, 48))
    fitted = InstanceDataset([scene], augment=augmentation((32, 32), scale=(1, 1), flip=0))
    own = InstanceDataset([scene], augment=augmentation((64, 48), scale=(1, 1), flip=0, fit=False))
    cut = InstanceDataset([scene] * 40, augment=augmentation((32, 32), scale=(1, 1), flip=0, fit=False))
    assert fitted[0][1]["area"].tolist() == [16]
    assert own[0][1]["area"].tolist() == [64]
    sizes = {area for k in range(40) for area in cut[k][1]["area"].tolist()}
    assert max(sizes) == 64
    assert cut[0][0].shape == (3, 32, 32)


def test_objects_that_augmentation_made_too_small_are_left_out():
    scene = squares([(0, 0, 4, 1), (8, 8, 16, 2)])
    half = augmentation((32, 32), scale=(0.5, 0.5), flip=0)
    assert InstanceDataset([scene], augment=half, min_area=5)[0][1]["area"].tolist() == [64]
    assert InstanceDataset([scene], augment=half, min_area=4)[0][1]["area"].tolist() == [4, 64]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_batch_is_a_stack_of_images_and_a_list_of_targets(workers):
    dataset = InstanceDataset(some_squares(4))
    loader = training_loader(dataset, EpochBatches(4, 2), workers=workers)
    images, targets = next(iter(loader))
    assert images.shape == (2, 3, 32, 32)
    assert [sorted(target) for target in targets] == [sorted(dataset[0][1])] * 2


# A run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    model = small_detector()
    history = fit_instances(model, some_squares(4), some_squares(2, 9), setting(), folder=folder)
    return model, history, folder


def test_a_history_of_objects_holds_ap(run):
    _, history, _ = run
    assert [type(epoch) for epoch in history.epochs] == [InstanceEpoch] * 2
    assert history.ap.shape == history.ap_50.shape == (2,)
    assert len(history.epochs[0].ap_per_class) == 3
    assert np.isnan(history.epochs[0].ap_per_class[0])  # ground is no thing
    assert History.from_dicts(history.as_dicts()).as_dicts()[1]["loss"] == history.loss[1]
    assert "AP50" in repr(history)


def test_the_same_arguments_give_the_same_run(run):
    _, history, _ = run
    torch.manual_seed(11)  # what was drawn before does not matter
    again = fit_instances(small_detector(), some_squares(4), [], setting())
    assert again.loss.tolist() == history.loss.tolist()


def test_a_run_of_objects_goes_on_where_it_stopped(run, tmp_path):
    model, history, _ = run
    with pytest.raises(StopError):
        fit_instances(small_detector(), Stopping(some_squares(4)), [], setting(), folder=tmp_path)
    assert len(load_checkpoint(tmp_path / "last.pt")["history"]) == 1
    resumed = small_detector(5)
    rest = fit_instances(resumed, some_squares(4), [], setting(), folder=tmp_path, resume=True)
    assert rest.loss.tolist() == history.loss.tolist()
    for name, value in model.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def test_the_best_checkpoint_is_of_the_highest_ap(run):
    _, history, folder = run
    best = load_checkpoint(folder / "best.pt")
    assert len(best["history"]) - 1 == history.best.epoch == int(np.argmax(history.ap))


def test_a_checkpoint_of_pixels_is_not_resumed_by_objects(run, tmp_path):
    with pytest.raises(ValueError, match=r"learning_rate: 0.002, now 0.5"):
        fit_instances(
            small_detector(), some_squares(4), [], setting(learning_rate=0.5), folder=run[2], resume=True
        )


def test_a_loss_of_objects_that_is_not_finite_stops_the_run():
    class Breaks(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, images, targets=None):
            return {"a": self.weight.sum(), "b": self.weight.sum() * math.nan}

    with pytest.raises(NonFiniteLossError, match="epoch 0, batch 0: the loss is nan"):
        fit_instances(Breaks(), some_squares(4), [], setting())


def test_the_loss_is_the_sum():
    assert total({"a": torch.tensor(1.5), "b": torch.tensor(2.0)}, []) == 3.5


def test_odd_scenes_stop_neither_training_nor_evaluation():
    scenes = list(ODD_SCENES.values())
    history = fit_instances(small_detector(), scenes, scenes, setting(size=(40, 48), epochs=1))
    assert np.isfinite(history.loss).all()
    assert np.isfinite(history.ap).all()


def test_validation_can_be_rare():
    history = fit_instances(
        small_detector(), some_squares(2), some_squares(1), setting(epochs=3, validate_every=2)
    )
    assert np.isnan(history.ap).tolist() == [True, False, False]  # the last epoch always


def test_one_scene_is_learned_by_heart():
    scene = squares([(4, 4, 24, 1), (30, 24, 30, 2)], (64, 64))
    model = small_detector()
    by_heart = setting(size=(64, 64), epochs=80, learning_rate=5e-3, scale=(1, 1), flip=0, color=0)
    fit_instances(model, [scene] * 2, [], by_heart)
    assert evaluate_instances(model, [scene]).mask.ap > 0.9


# Evaluation


def test_a_perfect_answer_has_ap_1_and_counts_right():
    scenes = some_squares(3)
    found = evaluate_instances(Oracle(scenes), scenes)
    assert found.mask.ap == found.box.ap == pytest.approx(1)
    assert found.count_error == found.relative_count_error == 0


def test_evaluation_pools_all_images():
    scenes = some_squares(4)
    found = evaluate_instances(Oracle(scenes, shift=1), scenes)
    preds = []
    for scene in scenes:
        masks, labels = scene.masks()
        preds.append(Instances(np.roll(masks, 1, axis=-1), labels, np.full(len(labels), 0.9)))
    expected = average_precision(preds, scenes)
    assert 0 < found.mask.ap < 1
    assert found.mask.ap == expected.ap
    assert found.box.ap == pytest.approx(1)  # the boxes it drew are right; those around its masks would not be


def test_count_errors_are_means_without_sign():
    # 2 and 1 objects; of the first pair only one is sure enough, of the second scene none: off by 1 and by 1.
    scenes = [squares([(0, 0, 6, 1), (10, 10, 6, 1)]), squares([(5, 5, 6, 2)])]
    found = evaluate_instances(Oracle([scenes[0]], scores=[0.6, 0.4]), [scenes[0]])
    assert (found.count_error, found.relative_count_error) == (1, 0.5)
    preds = [encoded(Instances(np.zeros((3, 32, 32), bool), [1, 1, 1])), encoded_scene(scenes[1])]
    found = score_instances(preds, [encoded_scene(s) for s in scenes])
    # Masks without a pixel are below 1 pixel: nothing found of 2, and 1 of 1.
    assert (found.count_error, found.relative_count_error) == (1, 2 / 3)


def test_small_objects_and_crowds_are_not_counted():
    semantic = np.zeros((16, 16), int)
    semantic[0:2, 0:2], semantic[4:8, 4:8], semantic[10:14, 10:14] = 1, 1, 1
    instance = np.zeros((16, 16), int)
    instance[0:2, 0:2], instance[4:8, 4:8] = 1, 2  # 4 and 16 pixels; the third region is a crowd
    scene = Scene(np.zeros((16, 16, 3), np.uint8), semantic, instance, (GROUND, BALL, BOX))
    masks, labels = scene.masks()
    found = score_instances([encoded(Instances(masks[1:], labels[1:]))], [encoded_scene(scene)], min_area=5)
    assert (found.count_error, found.mask.ap) == (0, pytest.approx(1))
    found = score_instances([encoded(Instances(masks[1:], labels[1:]))], [encoded_scene(scene)])
    # One of two objects found: precision 1 up to recall .5, that is at 51 of 101 levels.
    assert found.count_error == 1
    assert found.mask.ap == pytest.approx(51 / 101)


def test_images_without_objects_have_no_relative_error():
    found = evaluate_instances(Oracle([ODD_SCENES["no things"]]), [ODD_SCENES["no things"]])
    assert math.isnan(found.relative_count_error)
    assert math.isnan(found.mask.ap)


def test_a_smaller_size_is_seen_small_and_answered_at_full_size():
    scene = squares([(8, 8, 16, 1)], (64, 64))
    small = squares([(4, 4, 8, 1)], (32, 32))
    output = predict_output(Oracle([small]), SceneDataset([scene])[0][0], size=(32, 32))
    assert output["boxes"].tolist() == [[8, 8, 24, 24]]
    assert output["masks"].shape == (1, 1, 64, 64)
    assert evaluate_instances(Oracle([small]), [scene], size=(32, 32)).mask.ap_75 == pytest.approx(1)


class Unsure(Oracle):
    """Draws a square of 8×8 with .9, and as many pixels again, to its right, with .45."""

    def forward(self, images):
        (output,) = super().forward(images)
        sure, beside = output["masks"], output["masks"].roll(8, dims=-1)
        return [output | {"masks": 0.9 * sure + 0.45 * beside}]


@pytest.mark.parametrize(("cut", "iou"), [(0.5, 1), (0.45, 0.5), (0.4, 0.5), (0.91, 0)])
def test_masks_are_cut_where_they_shall_be(cut, iou):
    scene = squares([(4, 4, 8, 1)])
    found = evaluate_instances(Unsure([scene]), [scene], mask_threshold=cut).mask
    assert (found.ap_50, found.ap_75) == pytest.approx((float(iou >= 0.5), float(iou >= 0.75)))


def test_a_run_cuts_masks_where_its_recipe_says():
    scene, job = squares([(4, 4, 8, 1)]), JOBS["mask_rcnn"]
    for cut, ap in ((0.5, 1), (0.4, 0.1)):  # an IoU of .5 reaches one of ten thresholds
        rule = setting(mask_threshold=cut)
        results = job.test(Unsure([scene]), [scene], rule, default_accelerator())
        assert results["mask_ap"] == pytest.approx(ap)
        picture = np.asarray(job.picture(Unsure([scene]), scene, rule, default_accelerator()))
        drawn = (picture[:, -32:] == scene.categories[1].color).all(axis=-1)
        assert drawn.sum() == (64 if cut == 0.5 else 128)


def test_validation_cuts_masks_where_the_recipe_says():
    model, scenes = small_detector(), some_squares(4)
    fit_instances(model, scenes, [], setting(epochs=8))
    seen = {cut: evaluate_instances(model, scenes, mask_threshold=cut).mask.ap for cut in (0.3, 0.5)}
    assert seen[0.3] != seen[0.5]
    rule = setting(epochs=8, mask_threshold=0.3)
    assert fit_instances(small_detector(), scenes, scenes, rule).ap[-1] == seen[0.3]


def test_evaluation_leaves_the_mode_as_it_was():
    model = small_detector().train()
    evaluate_instances(model, some_squares(1))
    assert model.training


def test_a_recipe_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"Recipe.min_area: expected at least 1, got 0"):
        setting(min_area=0)
    with pytest.raises(ValueError, match=r"Recipe.sampling_ratio: expected at least 1, got 0"):
        setting(sampling_ratio=0)
    with pytest.raises(ValueError, match=r"Recipe.mask_threshold: expected 0 to 1, got 50"):
        setting(mask_threshold=50)
    assert dataclasses.replace(setting(), validate_every=3).differences(setting().as_dict()) == []
