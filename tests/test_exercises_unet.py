"""What chapter 12's exercises say in words: each number is derived here, or comes from the package's U-Net."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from networks import one_thread, recorded  # noqa: F401
from segedu.exercises import exercise, variant
from segedu.models import UNet


def reference(name: str) -> Any:
    found: Any = exercise(name)
    return found.reference


def test_with_four_poolings_the_sides_by_hand_are_those_of_the_package() -> None:
    model = UNet(1, 2, base_channels=1, valid=True).eval()
    left = [model.first, model.down1, model.down2, model.down3, model.down4]
    with torch.no_grad(), recorded(*left) as seen:
        out = model(torch.zeros(1, 1, 236, 236))
    by_hand = reference("12.1")(side=236, poolings=4)
    assert [*by_hand["skips"], by_hand["bottom"]] == [after.shape[-1] for _, after in seen]
    assert by_hand["out"] == reference("12.5")(236, 4) == out.shape[-1]
    # Of the 568 rows of the paper's first skip, 392 meet those from below: 88 go at the top. The rest likewise:
    # 280 − 200, 136 − 104, 64 − 56, half of each.
    assert reference("12.1")(side=572, poolings=4)["cropped"] == [88, 40, 16, 4]


def test_the_weights_that_a_sum_saves_are_those_that_read_the_skips() -> None:
    with torch.device("meta"):
        paper = UNet(1, 2, valid=True)
    counted = reference("12.4")(channels=64, poolings=4, side=64)
    ups = (paper.up1, paper.up2, paper.up3, paper.up4)
    assert counted["beside"] == [up.conv[0][0].weight.numel() for up in ups]  # type: ignore[index, union-attr]
    assert sum(counted["beside"]) - sum(counted["on top"]) == 3_133_440


def test_three_poolings_lose_88_and_take_4_more_than_multiples_of_8() -> None:
    fits = {}
    for side in range(1, 300):
        try:
            fits[side] = reference("12.5")(side, 3)
        except ValueError:
            continue
    assert list(fits) == [side for side in range(92, 300) if side % 8 == 4]
    assert {side - out for side, out in fits.items()} == {88}
    assert 4 * (1 + 2 + 4) == 28
    assert 28 + 4 * 8 + 28 == 88


def test_the_slide_of_4000_takes_25_tiles_of_1004_and_reads_itself_1_6_times() -> None:
    # 1004 = 16 · 62 + 12, less 184 is 820; 816 = 51 · 16; four tiles in a row end at 3 · 816 + 820 = 3268.
    planned = reference("12.6")(memory=1004, image=4000)
    assert planned == {"tile": 1004, "out": 820, "step": 816, "tiles": 25}
    assert round(25 * 1004**2 / 4000**2, 1) == 1.6


def test_a_gap_of_one_pixel_has_the_weight_that_the_chapter_names() -> None:
    (weight,) = reference("12.8")(np.array([[1, 0, 2]]), 10.0, 5.0)
    assert weight.tolist() == pytest.approx([1, 1 + 10 * math.exp(-(2**2) / 50), 1])
    assert weight.max().round(1) == 10.2


def test_zeros_change_the_level_more_than_the_mean_does() -> None:
    rows = reference("12.9")(**variant("")["12.9"])
    assert {name: sum(row) for name, row in rows.items()} == {"whole": 17, "mean": 15, "zeros": 24}
