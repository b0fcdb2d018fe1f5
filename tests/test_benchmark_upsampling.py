"""The benchmark of upsampling runs, and its methods agree, on small maps."""

import json
import sys
from pathlib import Path

import pytest

from segedu.upsampling import conv_transpose2d

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    for name in ("timing", "upsampling"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import upsampling

    return upsampling


def test_all_methods_agree_and_are_timed(benchmark):
    rows = [
        *benchmark.building(5, seconds=0),
        *benchmark.transposed((3, 2), 5, matrix=True, seconds=0),
        *benchmark.convolution((2, 3), 6, seconds=0),
        *benchmark.resizing(2, (4, 6), seconds=0),
    ]
    assert all(row.milliseconds > 0 for row in rows)
    tasks = {(row.task, row.method) for row in rows}
    assert ("building the matrix", "coo_array of all entries") in tasks
    assert ("conv_transpose2d", "the whole matrix, built before") in tasks
    for task in ("conv_transpose2d", "conv2d", "bilinear", "nearest", "max_pool2d, windows of 2×2"):
        assert {(task, "segedu"), (task, "torch, threads: 1")} <= tasks
    json.dumps([row.__dict__ for row in rows])


def test_a_method_that_computes_otherwise_is_not_timed(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "conv_transpose2d", lambda *args, **kw: conv_transpose2d(*args, **kw) + 1e-2)
    with pytest.raises(AssertionError, match="torch, threads: 1"):
        benchmark.transposed((3, 2), 5, matrix=False, seconds=0)


def test_every_turn_rests_and_warms_up(benchmark, monkeypatch):
    calls, slept = [], []
    monkeypatch.setattr(benchmark.side_by_side.__globals__["time"], "sleep", slept.append)
    methods = {name: lambda name=name: calls.append(name) for name in ("segedu", "other")}
    rows = benchmark.side_by_side("task", "data", methods, seconds=0, least=3, turn=2, rest=0.5)
    # Once each before all; then two turns each of one run that does not count and two that do.
    assert calls == ["segedu", "other", *(["segedu"] * 3 + ["other"] * 3) * 2]
    assert slept == [0.5] * 4
    assert [row.runs for row in rows] == [4, 4]


def test_memory_is_measured_in_megabytes(benchmark):
    found = benchmark.memory()
    if found is None:
        pytest.skip("no /proc/self/status here: memory is measured on Linux only")
    # The output alone has 32 · 112² · 4 bytes = 1.6 MB.
    assert 1.6 < found < 100
