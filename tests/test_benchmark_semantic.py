"""The benchmark of the confusion matrix runs, and its methods agree, on small maps that are drawn here."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    for name in ("timing", "metrics_semantic"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import metrics_semantic

    return metrics_semantic


def test_all_methods_agree_and_are_timed(benchmark):
    case = benchmark.drawn(0.2, (24, 32), 5, 2)
    rows = benchmark.compare(case, peers=True, seconds=0)
    methods = [row.method for row in rows]
    assert methods[:2] == ["segedu", "bincount"]
    assert {"torchmetrics, threads: 1", "torchmetrics, validate_args=False, threads: 1", "scikit-learn"} <= set(
        methods
    )
    assert all(row.milliseconds > 0 and row.runs == 3 for row in rows)
    assert rows[0].times_ours == 1
    json.dumps(benchmark.side_by_side("task", "data", {"segedu": lambda: None}, seconds=0)[0].__dict__)


def test_a_method_that_counts_otherwise_is_not_timed(benchmark, monkeypatch):
    monkeypatch.setattr(
        benchmark, "usual", lambda preds, target, num_classes: np.zeros((num_classes,) * 2, int)
    )
    with pytest.raises(AssertionError, match="segedu"):
        benchmark.compare(benchmark.drawn(0.2, (24, 32), 5, 1), peers=False, seconds=0)


@pytest.mark.parametrize("density", [0.01, 0.1, 1.0])
def test_drawn_maps_change_as_often_as_they_say(benchmark, density):
    # A new label, in one map or the other, is another one in 18 of 19 cases; the target's void changes nothing.
    case = benchmark.drawn(density, (200, 400), 19, 1)
    new = density * 18 / 19
    assert case.density == pytest.approx(0.95 * (1 - (1 - new) ** 2) + 0.05 * new, rel=0.05)
    assert case.targets[0].shape == (200, 400)
    assert (case.targets[0][:10] == 255).all()


def test_the_classifier_learns_colours_and_places(benchmark):
    # Two classes of two colours, the left and the right half; a third class nowhere.
    target = np.repeat([[0] * 20 + [1] * 20], 30, axis=0).astype(np.uint8)
    image = np.stack([target * 200, target * 0, 255 - target * 200], axis=2).astype(np.uint8)
    predict = benchmark.classifier([image], [target], 3)
    np.testing.assert_array_equal(predict(image), target)
