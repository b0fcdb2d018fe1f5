"""The bridge to torchvision's FCN: plain logits, and nothing is downloaded unless it is asked for."""

import pytest
import torch
from torchvision.models import segmentation

from networks import images, one_thread  # noqa: F401
from segedu.models import fcn_resnet50


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("asked for a download")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)


def test_its_logits_are_torchvision_s_for_any_size():
    model = fcn_resnet50(num_classes=9).eval()
    for size in [(1, 1), (33, 50)]:
        x = images(1, 3, *size)
        with torch.no_grad():
            logits = model(x)
            assert logits.shape == (1, 9, *size)
            assert torch.equal(logits, model.network(x)["out"])


@pytest.mark.parametrize("num_classes", [21, 9])
def test_trained_weights_are_loaded_and_the_last_layer_fits_the_classes(monkeypatch, num_classes):
    with torch.device("meta"):
        shapes = segmentation.fcn_resnet50(weights=None, weights_backbone=None, num_classes=21, aux_loss=True)
    trained = {
        name: torch.full(value.shape, 0.5, dtype=value.dtype) for name, value in shapes.state_dict().items()
    }
    monkeypatch.setattr(segmentation.FCN_ResNet50_Weights, "get_state_dict", lambda *args, **kwargs: trained)
    model = fcn_resnet50(num_classes, weights="COCO_WITH_VOC_LABELS_V1")
    loaded = model.network.state_dict()
    assert not any(name.startswith("aux_classifier") for name in loaded)
    last = {"classifier.4.weight", "classifier.4.bias"}
    assert loaded["classifier.4.weight"].shape == (num_classes, 512, 1, 1)
    new = {name for name, value in loaded.items() if not (value == 0.5).all()}
    assert new - {name for name in loaded if name.endswith("num_batches_tracked")} == (
        set() if num_classes == 21 else last
    )


def test_backward_reaches_every_parameter():
    model = fcn_resnet50(num_classes=3).train()
    model(images(2, 3, 32, 32)).square().mean().backward()
    assert all(weights.grad is not None and weights.grad.any() for weights in model.parameters())


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="num_classes: expected an integer of at least 1, got 0"):
        fcn_resnet50(0)
    with pytest.raises(ValueError, match=r"weights: expected one of .*'COCO_WITH_VOC_LABELS_V1'.* got 'best'"):
        fcn_resnet50(21, weights="best")
    with pytest.raises(ValueError, match=r"expected images of shape \(N, 3, H, W\)"):
        fcn_resnet50(3)(images(1, 1, 8, 8))
