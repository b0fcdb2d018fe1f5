"""The weights that the package ships: small, in the open, and as good as their result files say."""

import json
from pathlib import Path

import pytest
import torch

from segedu.models import street_mask_rcnn, street_unet
from segedu.models.street import WEIGHTS
from segedu.training import RECIPES, evaluate, evaluate_instances
from segedu.training.sources import Streets

RESULTS = Path(__file__).parents[1] / "results"
TEST = Streets(range(20_000, 20_100), (128, 128))


@pytest.mark.parametrize("name", ["street_unet", "street_mask_rcnn"])
def test_the_file_is_small_and_in_16_bits(name):
    file = WEIGHTS / f"{name}.pt"
    assert file.stat().st_size <= 2_000_000
    tensors = torch.load(file, weights_only=True).values()
    assert all(tensor.dtype in (torch.float16, torch.int64) for tensor in tensors)


@pytest.mark.parametrize("make", [street_unet, street_mask_rcnn])
def test_it_computes_in_32_bits_and_is_ready_to_predict(make):
    model = make()
    assert not model.training
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())


def test_the_unet_is_as_good_on_the_test_streets_as_its_result_file_says():
    stored = json.loads((RESULTS / "street_unet_shipped.json").read_text("utf-8"))
    found = evaluate(street_unet(), TEST, 9)
    # Rounding differs between processors: a few of 1.6 million pixels may lie on the other side of a border.
    assert found.mean_iou == pytest.approx(stored["mean_iou"], abs=2e-3)
    assert found.mean_iou > 0.8


def test_the_detector_is_as_good_on_the_test_streets_as_its_result_file_says():
    stored = json.loads((RESULTS / "street_mask_rcnn_shipped.json").read_text("utf-8"))["all_objects"]
    found = evaluate_instances(
        street_mask_rcnn(), TEST, mask_threshold=RECIPES["street_instances"].mask_threshold
    )
    # An object at the threshold of one of the ten IoUs may fall on the other side of it.
    assert found.mask.ap == pytest.approx(stored["mask_ap"], abs=5e-3)
    assert found.mask.ap_50 == pytest.approx(stored["mask_ap_50"], abs=1e-2)
    assert found.mask.ap_50 > 0.6


def test_what_the_recipe_reaches_was_measured_with_the_recipe_as_it_is():
    stored = json.loads((RESULTS / "street_mask_rcnn.json").read_text("utf-8"))
    assert stored["recipe"] == {"name": "street_instances", **RECIPES["street_instances"].as_dict()}
    assert stored["images"] == {"train": 400, "val": 50, "test": 100}
    assert stored["all_objects"]["min_area"] == 1
    # What chapter 13 says: all objects, after less than a minute and a half on two cores.
    assert stored["all_objects"]["mask_ap_50"] >= 0.6
    assert stored["seconds"] <= 90


def test_the_cut_of_masks_is_the_best_for_ap_on_streets_kept_for_choices():
    kept, chosen = Streets(range(10_000, 10_050), (128, 128)), RECIPES["street_instances"].mask_threshold
    ap = {
        cut: evaluate_instances(street_mask_rcnn(), kept, mask_threshold=cut).mask.ap for cut in (0.3, 0.4, 0.5)
    }
    assert max(ap, key=ap.get) == chosen
