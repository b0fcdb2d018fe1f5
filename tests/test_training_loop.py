"""`segedu.training`: the loop, whole runs, and what stops them."""

import dataclasses
import inspect
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from segedu.datasets import summary
from segedu.metrics import confusion_matrix
from segedu.training import (
    Epoch,
    EpochBatches,
    History,
    NonFiniteLossError,
    Recipe,
    default_accelerator,
    evaluate,
    fit,
    load_checkpoint,
    median_frequency_weights,
    predict_logits,
    train_one_epoch,
)
from segedu.training.recipes import RECIPES
from training_cases import halves, recipe, small_network, some_halves

torch.set_num_threads(1)


class Light(nn.Module):
    """Calls everything light that is lighter than the mean: right on all `halves`."""

    def forward(self, x):
        return torch.stack([-x[:, 0], x[:, 0]], dim=1)


class Breaks(nn.Module):
    """A network whose logits are NaN at the n-th batch that it learns from."""

    def __init__(self, batch):
        super().__init__()
        self.network, self.batch, self.seen = small_network(), batch, 0

    def forward(self, x):
        if self.training:
            self.seen += 1
        return self.network(x) * (math.nan if self.seen > self.batch else 1)


def test_a_network_learns():
    model = small_network()
    history = fit(model, some_halves(8), some_halves(4, 50), recipe(epochs=6))
    assert len(history) == 6
    assert history.loss[-1] < history.loss[0] / 2
    assert history.mean_iou[-1] > 0.9 > history.mean_iou[0] - 0.5
    assert evaluate(model, some_halves(4, 50), 2).mean_iou == history.mean_iou[-1]


def test_the_same_arguments_give_the_same_run():
    def run(seed):
        model = small_network(dropout=0.5)
        torch.manual_seed(
            np.random.default_rng().integers(1000).item()
        )  # what was drawn before does not matter
        return fit(model, some_halves(4), [], recipe(seed=seed)).loss.tolist()

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_run_leaves_the_global_generator_as_it_was():
    torch.manual_seed(9)
    expected = torch.rand(2)
    torch.manual_seed(9)
    fit(small_network(dropout=0.5), some_halves(2), [], recipe(epochs=1))
    assert torch.equal(torch.rand(2), expected)


def test_workers_change_no_loss():
    alone = fit(small_network(), some_halves(4), [], recipe(epochs=2))
    helped = fit(small_network(), some_halves(4), [], recipe(epochs=2, workers=1))
    assert alone.loss.tolist() == helped.loss.tolist()


def test_a_trained_model_is_a_plain_module_again():
    model = small_network()
    forward = model.forward
    fit(model, some_halves(2), [], recipe(epochs=1))
    assert type(model) is nn.Sequential
    assert model.forward == forward


def test_one_step_of_one_epoch_is_one_step_of_torch():
    scene, setting = halves(3), recipe(batch_size=1, epochs=1, warmup=0, scale=(1, 1), flip=0, color=0)
    model, expected = small_network(), small_network()
    history = fit(model, [scene], [], setting)
    image = (
        torch.tensor(scene.image).permute(2, 0, 1) / 255 - torch.tensor((0.485, 0.456, 0.406)).view(3, 1, 1)
    ) / (torch.tensor((0.229, 0.224, 0.225)).view(3, 1, 1))
    optimizer = torch.optim.AdamW(expected.parameters(), lr=0.02, weight_decay=0.0)
    decayed = [p for p in expected.parameters() if p.ndim > 1]
    target = torch.tensor(scene.semantic).long()[None]
    loss = nn.functional.cross_entropy(expected(image[None]), target, ignore_index=255)
    loss.backward()
    with torch.no_grad():
        for p in decayed:
            p.mul_(1 - 0.02 * 0.01)  # AdamW's decay, before the step, on weights alone
    optimizer.step()
    assert history.loss[0] == pytest.approx(loss.item(), rel=1e-6)
    for p, q in zip(model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(p, q)


def test_evaluation_pools_the_counts_of_all_images():
    model, scenes = small_network(seed=4), some_halves(5)
    expected = np.zeros((2, 2), np.int64)
    for scene in scenes:
        image = torch.tensor(scene.image).permute(2, 0, 1).float()
        mean = torch.tensor((0.485, 0.456, 0.406)).view(3, 1, 1)
        std = torch.tensor((0.229, 0.224, 0.225)).view(3, 1, 1)
        preds = model(((image / 255 - mean) / std)[None]).argmax(dim=1)[0]
        expected += confusion_matrix(preds.numpy(), scene.semantic, 2)
    np.testing.assert_array_equal(evaluate(model, scenes, 2).counts, expected)


def test_images_of_different_sizes_are_evaluated_at_their_own():
    scenes = [halves(0, (16, 16)), halves(1, (9, 31))]
    counts = evaluate(Light(), scenes, 2).counts
    assert counts.sum() == sum((scene.semantic != 255).sum() for scene in scenes)
    assert evaluate(Light(), scenes, 2).mean_iou == 1


def test_a_smaller_size_is_predicted_small_and_counted_at_full_size():
    sizes = []

    class Sees(Light):
        def forward(self, x):
            sizes.append(tuple(x.shape))
            return super().forward(x)

    confmat = evaluate(Sees(), [halves(0, (32, 48))], 2, size=(16, 24))
    assert sizes == [(1, 3, 16, 24)]
    assert confmat.counts.sum() == (halves(0, (32, 48)).semantic != 255).sum()
    assert confmat.mean_iou > 0.9


def test_evaluation_leaves_the_mode_and_the_batch_statistics_as_they_were():
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 2, 1)).train()
    before = model[0].running_mean.clone()
    evaluate(model, some_halves(2), 2)
    assert model.training
    assert torch.equal(model[0].running_mean, before)


def test_a_network_that_loses_rows_is_refused():
    with pytest.raises(ValueError, match=r"expected logits of the image's size \(16, 16\), got \(14, 14\)"):
        predict_logits(nn.Conv2d(3, 2, 3), torch.zeros(3, 16, 16))


def test_nothing_to_validate_on_is_nan():
    history = fit(small_network(), some_halves(2), [], recipe(epochs=1))
    assert np.isnan(history.mean_iou).all()
    assert history.iou_per_class.shape == (1, 2)


def test_a_loss_that_is_not_finite_names_epoch_batch_and_images(tmp_path):
    # 6 images in batches of 2: the fifth batch, number 4 from 0, is batch 1 of epoch 1.
    with pytest.raises(NonFiniteLossError, match=r"epoch 1, batch 1: the loss is nan") as stopped:
        fit(Breaks(4), some_halves(6), [], recipe(), folder=tmp_path)
    batches = EpochBatches(6, 2)
    batches.epoch = 1
    names = [str(k % 6) for k in list(batches)[1]]
    assert f"images {', '.join(names)}." in str(stopped.value)
    state = load_checkpoint(tmp_path / "last.pt")
    assert len(state["history"]) == 1
    assert all(torch.isfinite(weight).all() for weight in state["model"].values())


def test_a_loss_that_is_not_finite_in_the_last_batch_is_found():
    with pytest.raises(NonFiniteLossError, match="epoch 0, batch 2"):
        fit(Breaks(2), some_halves(6), [], recipe(epochs=1))


def test_the_best_checkpoint_is_of_the_epoch_with_the_highest_iou(tmp_path):
    history = fit(small_network(), some_halves(4), some_halves(4, 50), recipe(epochs=5), folder=tmp_path)
    best = load_checkpoint(tmp_path / "best.pt")
    assert len(best["history"]) - 1 == history.best.epoch == int(np.argmax(history.mean_iou))
    model = small_network(seed=3)
    model.load_state_dict(best["model"])
    assert evaluate(model, some_halves(4, 50), 2).mean_iou == history.best.mean_iou


def test_a_history_survives_its_dictionaries():
    history = History([Epoch(0, 1.0, 0.1, 2.0, 0.5, (0.5, 0.25)), Epoch(1, 0.5, 0.05, 2.5, 0.25, (0.25, 0.25))])
    assert History.from_dicts(history.as_dicts()) == history
    assert history.seconds == 4.5
    assert history.best.epoch == 0


def test_the_learning_rate_rises_and_falls():
    setting = Recipe(size=(8, 8), epochs=1, batch_size=1, learning_rate=0.5, warmup=0.2, power=0.9)
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=setting.learning_rate)
    schedule = setting.make_schedule(optimizer, 100)
    rates = []
    for _ in range(100):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates[0] == 0.5 / 20
    assert max(rates) == 0.5 == rates[19]
    assert rates[60] == pytest.approx(0.5 * (1 - 40 / 80) ** 0.9)
    assert all(a > b > 0 for a, b in pairwise(rates[20:]))


def test_the_history_holds_the_rate_of_the_last_step():
    # 6 steps without warm-up and power 1: rates 1, 5/6, …, 1/6 of 0.02.
    history = fit(small_network(), some_halves(4), [], recipe(warmup=0, power=1))
    np.testing.assert_allclose(history.learning_rate, [0.02 * 5 / 6, 0.02 * 3 / 6, 0.02 / 6])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "Recipe.epochs: expected at least 1, got 0"),
        ({"learning_rate": 0}, "Recipe.learning_rate: expected a number above 0"),
        ({"seed": -1}, "Recipe.seed: expected 0 or more"),
        ({"warmup": 1}, "Recipe.warmup"),
        ({"loss": "hinge"}, "expected one of cross_entropy, .*got 'hinge'"),
        ({"loss": "dice", "class_weights": 1}, "Recipe.class_weights: expected 0 with the loss 'dice'"),
    ],
)
def test_a_recipe_out_of_range_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        recipe(**changes)


def test_class_weights_are_those_of_the_training_images():
    scenes = some_halves(4)
    counted = median_frequency_weights(summary(scenes).pixels)
    given = fit(small_network(), scenes, [], recipe(class_weights=1), weights=counted)
    found = fit(small_network(), scenes, [], recipe(class_weights=1))
    assert found.loss.tolist() == given.loss.tolist()


def test_a_recipes_loss_with_weights_asks_for_them():
    with pytest.raises(ValueError, match="expected the weights of the classes"):
        recipe(class_weights=1).make_loss()


def test_class_weights_reach_the_loss():
    plain = fit(small_network(), some_halves(2), [], recipe(epochs=1))
    weights = torch.tensor([5.0, 0.1])
    weighted = fit(small_network(), some_halves(2), [], recipe(epochs=1, class_weights=1), weights=weights)
    assert plain.loss[0] != weighted.loss[0]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_json(name):
    import json

    restored = json.loads(json.dumps(RECIPES[name].as_dict()))
    assert RECIPES[name].differences(restored) == []
    assert len(dataclasses.replace(RECIPES[name], seed=7).differences(restored)) == 1


@pytest.mark.parametrize(("function", "lines"), [(train_one_epoch, 32), (evaluate, 60)])
def test_the_loop_can_be_printed_in_a_chapter(function, lines):
    source = inspect.getsource(function).splitlines()
    assert len(source) <= lines
    assert max(map(len, source)) <= 112


def test_the_cpu_computes_in_32_bits():
    assert default_accelerator().mixed_precision == "no" or torch.cuda.is_available()
