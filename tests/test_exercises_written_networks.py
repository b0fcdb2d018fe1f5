"""What the solutions of chapters 11 and 15 say: their sentences and numbers, held against what code gives."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from chapter_cells import chapter, exercise
from segedu import training
from segedu.exercises import variant
from segedu.models import FCN8s
from segedu.training.__main__ import main
from segedu.upsampling import conv_output_shape, conv_transpose_output_shape
from written_solutions import Solution

GIVEN = variant("")


def test_11_1_a_classifier_as_convolutions() -> None:
    found, given = Solution("11.1"), GIVEN["11.1"]
    side = given["image"] // 2 ** given["stages"]
    six, seven = (
        nn.Conv2d(given["channels"], given["hidden"], side, bias=False),
        nn.Conv2d(given["hidden"], given["classes"], 1, bias=False),
    )
    found.says("the map before them is {} × {} × {}", given["channels"], side, side)
    found.says("`Conv2d({}, {}, {})` with {} · {} · {} = {} weights", six.in_channels, six.out_channels, side,
               six.in_channels, side**2, six.out_channels, six.weight.numel())  # fmt: skip
    found.says("`Conv2d({}, {}, 1)` with {}", seven.in_channels, seven.out_channels, seven.weight.numel())
    large = given["large"] // 2 ** given["stages"]
    rows, columns = conv_output_shape((large, large), side)
    found.says("gives {} × {}, and a kernel of {} fits in {} × {} places, {} pixels apart",
               large, large, side, rows, columns, 2 ** given["stages"])  # fmt: skip


def test_11_2_an_image_through_fcn32s() -> None:
    found, steps = Solution("11.2"), [GIVEN["11.2"]["image"]]
    for _ in range(5):
        steps.append(-(-steps[-1] // 2))
    found.says("{} → {} → {} → {} → {} → {}", *steps)
    grown, _ = conv_transpose_output_shape((steps[-1], steps[-1]), 64, stride=32, padding=16)
    found.says("So {} × {} scores, and {} × {} after", steps[-1], steps[-1], grown, grown)
    found.says("The last {} rows", grown - steps[0])


def test_11_5_fewer_weights_for_fc6() -> None:
    found = Solution("11.5")
    assert {*found.run()} == {chapter("11", "sees")["sees"]["fc6"]}  # it sees as far
    with torch.device("meta"):
        fcn = FCN8s(in_channels=3, num_classes=21)
    fc6 = fcn.encoder.fc6[0].weight
    out_channels, in_channels, side, _ = fc6.shape
    pairs = in_channels * out_channels / 1e6
    found.says("{} weights for each pair of channels instead of {}: {} million instead of {}",
               9, side**2, 9 * pairs, fc6.numel() / 1e6)  # fmt: skip
    assert fc6.numel() / sum(p.numel() for p in fcn.parameters()) == pytest.approx(3 / 4, abs=0.02)
    found.asks("fc6 holds three quarters of all weights")


def test_11_6_the_code_silences_skips_of_a_copy() -> None:
    found, model = Solution("11.6"), FCN8s(in_channels=3, num_classes=3, base_channels=2)
    for skip in (model.score_pool3, model.score_pool4):
        nn.init.ones_(skip.weight)
    seen = []

    def measure(labels: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        seen.append(labels)
        return np.zeros(3), np.zeros(3)

    found.run(models={"FCN-8s": model}, inputs=torch.rand(1, 3, 64, 64), measure=measure)
    assert len(seen) == 3
    assert [line.split("]")[0] for line in found.printed.splitlines()] == [
        "['score_pool3'", "['score_pool4'", "['score_pool3', 'score_pool4'"]  # fmt: skip
    assert model.score_pool3.weight.all()


def test_11_7_each_score_lies_over_the_middle_of_its_half() -> None:
    found = Solution("11.7")
    found.says(
        "the middles of its halves, at {} and {}: {} to either side of {}", 32 / 4, 3 * 32 / 4, 16 - 8, 32 / 2
    )
    rows, columns = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    drawn = []
    model = SimpleNamespace(
        eval=lambda: model,
        encoder=lambda x: (None, None, functional.avg_pool2d(x, 32)),
        score_conv7=lambda x: x,  # so a score is the place of the middle of its block
    )

    def enlarge(scores: torch.Tensor, s: int) -> torch.Tensor:
        drawn.append((scores, s))
        return scores

    found.run(
        models={"FCN-32s, longer": model},
        inputs=torch.stack([rows, columns])[None],
        C=2,
        enlarge=enlarge,
        measure=lambda labels: (np.zeros(2), np.zeros(2)),
    )
    ((scores, s),) = drawn
    middles = s * torch.arange(8) + s / 2 - 0.5
    inside = slice(1, 7)  # outside of it, blocks reach over the border
    assert torch.equal(scores[0, 0, inside, 4], middles[inside])
    assert torch.equal(scores[0, 1, 4, inside], middles[inside])


def test_15_1_cross_entropy() -> None:
    found, (p, void) = Solution("15.1"), GIVEN["15.1"].values()
    bits = -np.log2(p)
    logits = torch.tensor(np.log([p, 1 - p])).reshape(1, 2, 1, -1)
    loss = training.cross_entropy(logits, torch.zeros(1, 1, len(p), dtype=torch.int64)).item()
    found.says("{}, {} and {} bits. The mean over the {} known pixels is {} bits", *bits, len(p), bits.mean())
    found.says("or 2 · {} = {} nats", np.log(2), loss)
    found.says("the mean is {}/{} = {}", bits.sum(), len(p) + void, bits.sum() / (len(p) + void))


def test_15_2_weights_for_rare_classes() -> None:
    found, percent = Solution("15.2"), GIVEN["15.2"]["percent"]
    weights = training.median_frequency_weights(percent).tolist()
    found.says("the median is {} %", np.median(percent))
    found.says("Weights: 15/80 = {}, {} and {}", *weights)
    found.says("{} · {} = {} · {} = {} · {} = {} parts",
               *np.ravel([*zip(percent, weights, strict=True)]), percent[0] * weights[0])  # fmt: skip
    assert percent * weights == pytest.approx([15, 15, 15])


def test_15_4_a_gpu_that_has_only_void() -> None:
    names = exercise("15", "colleagues_loss", "loss_of_batch")
    parts = [np.array([5.0]), np.array([1.0])], [np.array([False]), np.array([True])]
    with pytest.warns(RuntimeWarning):
        assert np.isnan(names["colleagues_loss"](*parts))
    assert names["loss_of_batch"](*parts) == 1
    Solution("15.4").says("is NaN if one GPU has only void")


def test_15_6_the_best_threshold() -> None:
    found, names = Solution("15.6"), chapter("15", "x", "is_sign", "cuts")
    scores, is_sign = names["x"].numpy(), names["is_sign"]
    order = np.argsort(-scores)
    hits = np.cumsum(is_sign[order])
    iou = hits / (np.arange(1, len(scores) + 1) + is_sign.sum() - hits)  # of the n highest scores
    best = iou.argmax()
    found.says("the best is {}, with an IoU of {}", scores[order[best + 1]], iou[best])
    found.says("Dice, at {}, is next to it", names["cuts"]["Dice"])


def test_15_7_where_counting_stops() -> None:
    found, step = Solution("15.7"), GIVEN["15.7"]["step"]
    for name, kind, at in (("bfloat16", torch.bfloat16, "stops at 2⁸"), ("float16", torch.float16, "at 2¹¹")):
        digits = round(-np.log2(torch.finfo(kind).eps)) + 1
        top = torch.tensor(2.0**digits, dtype=kind)
        assert top + 1 == top
        assert top - 1 != top
        found.says(f"{name} {at} = {{}}", top.item())
    found.says("For the book's step of {}: {}, {} and {}", step, 10_000 * step, 2048 * step, 256 * step)


def test_15_8_two_losses_two_opinions() -> None:
    found, answers = Solution("15.8"), exercise("15", "answers")["answers"]
    target = torch.tensor([[[0] * 9 + [1]]])
    shares = torch.tensor(np.stack([1 - answers, answers], axis=1)[:, :, None])  # (2, 2, 1, 10)
    logits = shares.clamp(min=1e-12).log()
    entropy, dice = (
        [loss(one[None], target).item() for one in logits] for loss in (training.cross_entropy, training.dice)
    )
    assert entropy[0] < entropy[1]
    assert dice[1] < dice[0]
    sign = [1 - 2 * p[-1] / (p.sum() + 1) for p in answers]
    found.says("Its Dice score of the sign is only {}", 1 - sign[0])
    found.says("with nearly {} nats", -np.log(1 - answers[1, 8]))
    assert sign[1] == pytest.approx(1 / 3, abs=0.001)
    found.says("Dice with a third of one class")


def test_15_10_a_batch_of_all_processes() -> None:
    found = Solution("15.10")
    found.says("Four times 8 is a batch of {}", 4 * 8)
    found.says("`batch_size` counts all processes together")
    assert "of all processes together" in str(training.Recipe.__doc__)


def test_15_11_the_package_tests_the_last_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "(default: last)" in " ".join(capsys.readouterr().out.split())
    Solution("15.11").says("The package tests the last one")
