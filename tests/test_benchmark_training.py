"""The benchmark of training runs, on tiny scenes."""

import dataclasses
import json
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from segedu.training import Epoch, History
from segedu.training.sources import Splits
from training_cases import recipe, small_network, some_halves

torch.set_num_threads(1)
BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    for name in ("timing", "training"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import training

    return training


def test_every_network_is_timed_trained_and_tested(benchmark, monkeypatch):
    other = dataclasses.replace(recipe(), optimizer="muon")
    networks = {"ours": (small_network, other), "a peer": (lambda classes: nn.Conv2d(3, classes, 1), recipe())}
    monkeypatch.setattr(benchmark, "contenders", lambda recipe: networks)
    splits = Splits(some_halves(4), some_halves(2, 50), some_halves(2, 60))
    rows = benchmark.compare(splits, recipe(), seconds=0.1, reach=0.0, images=4)
    assert [row["network"] for row in rows] == ["ours", "a peer"]
    assert [row["optimizer"] for row in rows] == ["muon", "adamw"]
    assert rows[1]["parameters"] == 3 * 2 + 2
    for row in rows:
        assert row["images_per_second"] > 0
        assert row["epochs"] == len(row["validation_mean_iou"])
        assert row["seconds_to_reach"] <= row["training_seconds"] + 0.05
    json.dumps(rows, allow_nan=False)


def test_the_time_to_an_iou_counts_the_epochs_until_then(benchmark):
    epochs = [Epoch(k, 1.0, 0.1, 2.0, iou, (iou,)) for k, iou in enumerate((0.2, 0.6, 0.5))]
    assert benchmark.seconds_to(History(epochs), 0.55) == 4
    assert benchmark.seconds_to(History(epochs), 0.7) is None


def test_the_contenders_give_logits_of_one_shape(benchmark):
    networks = benchmark.contenders(recipe(base_channels=2))
    assert {"segedu UNet, base 2", "torchvision fcn_resnet50"} <= set(networks)
    for make, _ in networks.values():
        assert make(5).eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 5, 32, 32)
