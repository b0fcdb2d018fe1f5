"""The weights that the package ships: small, in the open, and as good as their result file says."""

import json
from pathlib import Path

import pytest
import torch

from segedu.models import street_unet
from segedu.models.street import WEIGHTS
from segedu.training import evaluate
from segedu.training.sources import Streets

RESULTS = Path(__file__).parents[1] / "results" / "street_unet_shipped.json"


def test_the_file_is_small_and_in_16_bits():
    file = WEIGHTS / "street_unet.pt"
    assert file.stat().st_size <= 2_000_000
    tensors = torch.load(file, weights_only=True).values()
    assert all(tensor.dtype in (torch.float16, torch.int64) for tensor in tensors)


def test_it_computes_in_32_bits_and_is_ready_to_predict():
    model = street_unet()
    assert not model.training
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())


def test_it_is_as_good_on_the_test_streets_as_its_result_file_says():
    stored = json.loads(RESULTS.read_text("utf-8"))
    found = evaluate(street_unet(), Streets(range(20_000, 20_100), (128, 128)), 9)
    # Rounding differs between processors: a few of 1.6 million pixels may lie on the other side of a border.
    assert found.mean_iou == pytest.approx(stored["mean_iou"], abs=2e-3)
    assert found.mean_iou > 0.8
