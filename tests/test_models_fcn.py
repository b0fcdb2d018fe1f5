"""FCN: VGG16 as convolutions, sums on the way up, and upsampling that starts bilinear."""

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from networks import convolutions, images, one_thread, parameters, recorded  # noqa: F401
from segedu.models import FCN8s, FCN16s, FCN32s
from segedu.models.fcn import bilinear_upsampling


@pytest.fixture
def x():
    return images(1, 3, 128, 160)


def test_fcn_vgg16_has_16_layers_and_134_million_weights():
    # Long et al. 2015, table 1: FCN-VGG16 has 16 convolutional layers and 134M parameters.
    with torch.device("meta"):
        model = FCN32s(3, 21)
    layers = [layer for layer in convolutions(model) if isinstance(layer, nn.Conv2d)]
    assert len(layers) == 16
    # 13 convolutions of 3×3 (14,714,688 with their biases), 512·7·7 → 4096, 4096 → 4096, 4096 → 21
    expected = 14_714_688 + (512 * 7 * 7 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 21
    assert sum(parameters(layer) for layer in layers) == expected == 134_346_581
    assert round(parameters(model) / 1e6) == 134


def test_the_encoder_s_maps_are_8_16_and_32_times_smaller_than_the_image(x):
    pool3, pool4, conv7 = FCN8s(3, 5, base_channels=2).encoder(x)
    assert pool3.shape == (1, 8, 16, 20)
    assert pool4.shape == (1, 16, 8, 10)
    assert conv7.shape == (1, 128, 4, 5)


def test_the_kernel_of_factor_2_is_a_tent():
    # (.25, .75, .75, .25) times itself, in sixteenths
    expected = [[1, 3, 3, 1], [3, 9, 9, 3], [3, 9, 9, 3], [1, 3, 3, 1]]
    layer = bilinear_upsampling(3, 2, learned=True)
    assert (layer.weight * 16).tolist() == [[expected]] * 3


@pytest.mark.parametrize("factor", [2, 8, 16, 32])
def test_upsampling_starts_bilinear_inside_and_fades_at_the_border(factor):
    scores = images(1, 2, 4, 5)
    enlarged = bilinear_upsampling(2, factor, learned=True)(scores)
    expected = interpolate(scores, scale_factor=factor, mode="bilinear", align_corners=False)
    assert enlarged.shape == expected.shape
    inside = (..., slice(factor // 2, -factor // 2), slice(factor // 2, -factor // 2))
    torch.testing.assert_close(enlarged[inside], expected[inside])
    # The outermost pixel lies (factor − 1)/2 from the centre of its score, and no second score helps out.
    edge = 1 - (factor - 1) / (2 * factor)
    torch.testing.assert_close(enlarged[..., 0, 0], edge**2 * expected[..., 0, 0])


@pytest.mark.parametrize(("network", "last"), [(FCN32s, "up32"), (FCN16s, "up16"), (FCN8s, "up8")])
def test_scores_lie_over_their_own_pixels(network, last):
    # One score of 1, at row 1 and column 2: its tent is highest in the middle of its own square of pixels.
    up = getattr(network(3, 1, base_channels=1), last)
    s = up.stride[0]
    scores = torch.zeros(1, 1, 4, 4)
    scores[0, 0, 1, 2] = 1
    rows, columns = torch.where(up(scores)[0, 0] == up(scores).max())
    assert rows.float().mean() == s + (s - 1) / 2
    assert columns.float().mean() == 2 * s + (s - 1) / 2


def test_a_new_skip_changes_nothing(x):
    model = FCN8s(3, 5, base_channels=2).eval()
    with recorded(model.score_conv7) as seen:
        logits = model(x)
    scores = seen[0][1]
    assert torch.equal(logits, model.up8(model.up_pool4(model.up_conv7(scores))))


@pytest.mark.parametrize(("skip", "inner"), [("score_pool4", 24), ("score_pool3", 4)])
def test_skips_are_summed(x, skip, inner):
    # Upsampling is linear and, inside, keeps a constant: 3 more in the skip's score are 3 more in the logits.
    # It fades within half a stride of the border: 4 pixels by ×8, and 8 · ½ · 2 = 8 more by ×2 below pool4.
    model = FCN8s(3, 5, base_channels=2).eval()
    before = model(x)
    with torch.no_grad():
        getattr(model, skip).bias[1] += 3
    difference = (model(x) - before)[..., inner:-inner, inner:-inner]
    torch.testing.assert_close(difference[:, 1], torch.full_like(difference[:, 1], 3.0))
    assert not difference[:, [0, 2, 3, 4]].any()


def test_fcn16s_goes_on_from_fcn32s_and_fcn8s_from_fcn16s(x):
    coarse, middle, fine = (network(3, 5, base_channels=2).eval() for network in (FCN32s, FCN16s, FCN8s))
    missing, unexpected = middle.load_state_dict(coarse.state_dict(), strict=False)
    assert missing == ["score_pool4.weight", "score_pool4.bias", "up_conv7.weight", "up16.weight"]
    assert unexpected == ["up32.weight"]
    missing, unexpected = fine.load_state_dict(middle.state_dict(), strict=False)
    assert missing == ["score_pool3.weight", "score_pool3.bias", "up_pool4.weight", "up8.weight"]
    assert unexpected == ["up16.weight"]
    with recorded(coarse.score_conv7, middle.score_conv7, fine.score_conv7) as seen:
        for model in (coarse, middle, fine):
            model(x)
    assert torch.equal(seen[0][1], seen[1][1])
    assert torch.equal(seen[1][1], seen[2][1])
