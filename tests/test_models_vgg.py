"""VGG16 as convolutions: its weights, loaded, give what its own classifier gives."""

from itertools import pairwise

import pytest
import torch
import torchvision

from networks import images, one_thread  # noqa: F401
from segedu.models import FCN8s, FCN32s, UNet, load_vgg16
from segedu.models.vgg import CONVOLUTIONS, FULLY_CONNECTED


def little_vgg(base_channels=1):
    """Random weights with the names of VGG16, so that they fit an encoder of this width."""
    c = base_channels
    widths = [3, c, c, 2 * c, 2 * c, 4 * c, 4 * c, 4 * c] + [8 * c] * 6
    shapes = [(out, given, 3, 3) for given, out in pairwise(widths)]
    shapes += [(64 * c, 8 * c * 49), (64 * c, 64 * c)]
    weights = {}
    for k, (name, shape) in enumerate(zip(CONVOLUTIONS + FULLY_CONNECTED, shapes, strict=True)):
        weights[f"{name}.weight"] = images(*shape, seed=k)
        weights[f"{name}.bias"] = images(shape[0], seed=k + 100)
    return weights


def test_with_vgg16_s_weights_the_encoder_answers_as_vgg16_does():
    vgg = torchvision.models.vgg16(weights=None).eval()
    for name, bias in vgg.named_parameters():
        if name.endswith("bias"):  # they start with 0, which would hide one that was not loaded
            torch.nn.init.normal_(bias, std=0.1)
    with torch.device("meta"):
        model = FCN32s(3, 21)
    model = model.to_empty(device="cpu").eval()  # memory without values: all of them have to come from VGG
    load_vgg16(model, vgg)
    x = images(1, 3, 256, 224)
    with torch.no_grad():
        _, _, conv7 = model.encoder(x)  # (1, 4096, 8, 7)
        features = vgg.features(x)  # (1, 512, 8, 7): room for two 7×7 classifiers, one below the other
        for row in (0, 1):
            # The third linear layer names classes: up to it are linear, ReLU, dropout, linear, ReLU.
            expected = vgg.classifier[:5](features[..., row : row + 7, :].flatten(1))
            assert expected.std() > 0.01
            torch.testing.assert_close(conv7[..., row + 3, 3], expected, rtol=1e-3, atol=1e-4)


def test_torchvision_s_vgg16_names_its_layers_as_we_read_them():
    with torch.device("meta"):
        vgg = torchvision.models.vgg16(weights=None)
    layers = {name for name, layer in vgg.named_modules() if hasattr(layer, "weight")}
    assert set(CONVOLUTIONS + FULLY_CONNECTED) == layers - {"classifier.6"}


def test_a_state_dict_will_do_and_score_layers_stay():
    model, weights = FCN8s(3, 5, base_channels=1), little_vgg()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    load_vgg16(model, weights)
    after = model.state_dict()
    loaded = {name for name in before if not torch.equal(before[name], after[name])}
    assert loaded == {name for name in before if name.startswith("encoder.")}
    assert torch.equal(after["encoder.stage5.2.0.weight"], weights["features.28.weight"])
    # A row of 8·7·7 numbers is 8 channels, each 7 rows of 7: number 49 is the first one of channel 1.
    assert after["encoder.fc6.0.weight"][9, 1, 0, 0] == weights["classifier.0.weight"][9, 49]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features.28.weight": None}, "expected the weights of VGG16, got none named 'features.28.weight'"),
        ({"features.0.weight": torch.zeros(1, 1, 3, 3)}, r"of shape \(1, 3, 3, 3\), got \(1, 1, 3, 3\); build"),
        ({"classifier.3.bias": torch.zeros(65)}, r"'classifier.3.bias' of shape \(64,\), got \(65,\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused_and_change_nothing(change, message):
    model = FCN8s(3, 5, base_channels=1)
    weights = {name: value for name, value in (little_vgg() | change).items() if value is not None}
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        load_vgg16(model, weights)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_other_vggs_are_refused():
    with torch.device("meta"):
        others = [torchvision.models.vgg13(), torchvision.models.vgg19(), torchvision.models.vgg16_bn()]
        model = FCN8s(3, 5)
    for vgg in others:
        with pytest.raises(ValueError, match="expected the weights of VGG16, got none named 'features"):
            load_vgg16(model, vgg)


def test_networks_without_this_encoder_are_refused():
    with pytest.raises(ValueError, match=r"expected one with a VGG16 as encoder .* got UNet"):
        load_vgg16(UNet(3, 5, base_channels=1), little_vgg())
    with pytest.raises(ValueError, match="expected batch_norm=False"):
        load_vgg16(FCN8s(3, 5, base_channels=1, batch_norm=True), little_vgg())
