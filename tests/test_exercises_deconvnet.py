"""The numbers that the solutions of chapter 10's exercises name are those that code gives."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from segedu.exercises import ValueExercise, exercise, variant
from segedu.models import DeconvNet
from written_solutions import Solution


def right(exercise_id: str) -> dict[str, Any]:
    asked = exercise(exercise_id)
    assert isinstance(asked, ValueExercise)
    return asked.reference(**variant("")[exercise_id])


def listed(numbers: Any) -> str:
    return " ".join(str(int(number)) for number in numbers)


def test_10_1_switches_of_the_map() -> None:
    text, answers = Solution("10.1").text, right("10.1")
    assert "the values are {} and {}".format(*map(listed, answers["values"])) in text
    above, below = (listed(row).replace(" ", ", ") for row in answers["switches"])
    assert f"{above} and {below}" in text
    assert f"the 7 and the 3: {listed(answers['last row'])}" in text


def test_10_2_sides_there_and_back() -> None:
    text, answers = Solution("10.2").text, right("10.2")
    there = [50, *answers["down"]]
    assert " → ".join(map(str, there)) in text
    assert " → ".join(map(str, there[::-1])) in text
    assert "give {}, {}, {} and {}: one too many in the first three".format(*answers["doubled"]) in text
    assert answers["wrong"] == 3


def test_10_3_the_fourth_stage() -> None:
    text, answers = Solution("10.3").text, right("10.3")
    channels, side, _ = answers["shape"]
    assert f"halves four times to {side}, and 64 doubles three times to {channels}" in text
    assert f"4 · {channels} · {side} · {side} = {answers['bytes']:,} bytes" in text
    assert f"the pooling adds 8: {answers['field']}" in text


def test_10_4_two_ways_of_a_kernel() -> None:
    text, answers = Solution("10.4").text, right("10.4")
    assert f"one to the right: {answers['deconv']}" in text
    assert f"one to the left, {answers['conv']}" in text
    assert f"its weight at {answers['twin']}" in text


def test_10_8_fewer_weights_and_more_work() -> None:
    text, answers = Solution("10.8").text, right("10.8")
    (few, many), (more, less) = answers["weights"], answers["multiply-adds"]
    assert f"9 · 256 · 128 = {few:,} and 16 · 256 · 128 = {many:,} weights" in text
    assert f"{more / 1e6:.0f} against {less / 1e6:.0f} million" in text
    assert few < many
    assert more > less


def test_10_10_unpooling_at_fixed_places_and_a_deconvolution_are_a_transposed_convolution_of_stride_2() -> None:
    maps, kernels = torch.randn(1, 3, 4, 5), torch.randn(3, 2, 3, 3)
    rows, columns = (2 * torch.arange(n) for n in (4, 5))
    first = (rows[:, None] * 10 + columns).expand(1, 3, 4, 5).contiguous()
    two = functional.conv_transpose2d(functional.max_unpool2d(maps, first, 2), kernels, padding=1)
    one = functional.conv_transpose2d(maps, kernels, stride=2, padding=1, output_padding=1)
    assert torch.allclose(two, one, atol=1e-5)
    assert "are a transposed convolution of stride 2" in Solution("10.10").text


def test_10_11_most_weights_of_the_paper_lie_in_the_middle() -> None:
    with torch.device("meta"):
        halves = DeconvNet(3, 21, stages=(2, 2, 3, 3, 3))
        layers = [nn.Conv2d(512, 4096, 7), nn.Conv2d(4096, 4096, 1), nn.ConvTranspose2d(4096, 512, 7)]
    outer = sum(p.numel() for p in halves.parameters())
    inner = sum(p.numel() for layer in layers for p in layer.parameters())
    share = round(100 * inner / (inner + outer))
    assert f"{inner / 1e6:.0f} million weights, {share} % of all" in Solution("10.11").text


def test_10_12_bytes_on_the_wire() -> None:
    text, wire = Solution("10.12").text, right("10.12")
    assert f"together {wire['features'] // 4:,} numbers, so {wire['features']:,} bytes" in text
    assert f"{4 * wire['switches']:,}: two bits each are {wire['switches']:,} bytes" in text
    assert f"64 bits each {wire['PyTorch']:,}" in text
    assert f"256 × 32 × 32: {wire['deepest']:,} bytes" in text
    assert wire["features"] == 64 * wire["switches"]
    mega = {name: count / 1e6 for name, count in wire.items()}
    assert (
        f"{mega['deepest']:.2f} MB for the deepest map and {mega['switches']:.2f} MB for the switches" in text
    )
    assert f"at {mega['PyTorch']:.1f} MB" in text
    assert f"{mega['features']:.1f} MB and even {mega['features'] / 4:.1f} MB with 8 bits" in text
    third = 256 * 64 * 64 / 1e6  # one byte a number
    assert f"The third skip alone, with 8 bits, takes {third:.2f} MB" in text
    assert f"the deepest map at 8 bits, {mega['deepest'] / 4:.2f} MB" in text
    assert mega["deepest"] + mega["switches"] < 2
    assert third + mega["deepest"] / 4 < 2
    assert f"the picture itself has {3 * 256**2 / 1e6:.2f} MB" in text
    assert f"the labels take {256**2 / 1e6:.2f} MB" in text
