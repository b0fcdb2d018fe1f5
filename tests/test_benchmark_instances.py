"""The benchmark of detectors, on tiny scenes."""

import json
import sys
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)
BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    for name in ("timing", "instances"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import instances

    return instances


def test_every_detector_learns_and_answers(benchmark, monkeypatch):
    from segedu.models import mask_rcnn

    small = {"segedu": mask_rcnn("tiny", 9, base_channels=8), "a peer": mask_rcnn("tiny", 9, base_channels=8)}
    monkeypatch.setattr(benchmark, "contenders", lambda size, classes: small)
    rows = benchmark.as_dicts(benchmark.compare((32, 48), images=2, seconds=0.01), 2)
    assert [(row["task"], row["network"]) for row in rows] == [
        (task, name) for task in ("learn", "answer") for name in ("segedu tiny", "a peer")
    ]
    assert all(row["images_per_second"] > 0 and row["runs"] >= 3 for row in rows)
    json.dumps(rows, allow_nan=False)


def test_images_per_second_are_images_by_seconds(benchmark):
    # 4 images in 500 ms.
    row = benchmark.Row("learn", "x", "segedu", 500.0, 1.0, 3)
    assert benchmark.as_dicts([row], 4)[0]["images_per_second"] == 8


def test_torchvisions_sees_the_size_that_ours_sees(benchmark):
    models, seen = benchmark.contenders((48, 64), 3), []
    for model in models.values():
        model.backbone.register_forward_pre_hook(lambda _, x: seen.append(tuple(x[0].shape)))
        model.eval()([torch.zeros(3, 48, 64)])
    # Padded to multiples of 16 for the tiny one, of 32 for the two ResNets.
    assert seen == [(1, 3, 48, 64), (1, 3, 64, 64), (1, 3, 64, 64)]
