"""U-Net: the paper's numbers, what crosses from encoder to decoder, and why valid convolutions can be tiled."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from networks import convolutions, images, one_thread, parameters, recorded  # noqa: F401
from segedu.models import UNet


def levels(model):
    """The blocks in the order of the U: down the left side, up the right one."""
    return [model.first, model.down1, model.down2, model.down3, model.down4,
            model.up4, model.up3, model.up2, model.up1]  # fmt: skip


@pytest.mark.parametrize("valid", [False, True])
def test_it_has_23_convolutional_layers(valid):
    # Ronneberger et al. 2015, section 2: "In total the network has 23 convolutional layers": two on each of
    # nine levels, an up-convolution between each two on the way up, and the last 1×1 one: 18 + 4 + 1.
    assert len(convolutions(UNet(3, 2, base_channels=2, valid=valid))) == 23


def test_the_paper_s_form_has_31_030_658_weights():
    # For 1 channel in and 2 classes, with a bias everywhere:
    widths = [64, 128, 256, 512, 1024]
    expected = 1 * 64 * 9 + 64 + 64 * 64 * 9 + 64
    for above, below in pairwise(widths):
        expected += above * below * 9 + below + below * below * 9 + below  # down: two 3×3
        expected += below * above * 4 + above  # up: one 2×2, halves the channels,
        expected += below * above * 9 + above + above * above * 9 + above  # then two 3×3, on skip and map
    expected += 64 * 2 + 2
    assert expected == 31_030_658
    with torch.device("meta"):
        assert parameters(UNet(1, 2, valid=True)) == expected


def test_the_paper_s_form_goes_from_572_to_388_through_the_sizes_of_its_figure():
    model = UNet(1, 2, base_channels=1, valid=True).eval()
    with torch.no_grad(), recorded(*levels(model)) as seen:
        assert model(images(1, 1, 572, 572)).shape == (1, 2, 388, 388)
    sizes = [output.shape[-1] for _, output in seen]
    assert sizes == [568, 280, 136, 64, 28, 52, 100, 196, 388]


def test_the_paper_s_form_has_the_channels_of_its_figure():
    with torch.device("meta"):
        model = UNet(1, 2, valid=True)
    widths = [convolutions(level)[-1].out_channels for level in levels(model)]
    assert widths == [64, 128, 256, 512, 1024, 512, 256, 128, 64]


def test_the_padded_form_halves_and_doubles_the_size_and_rounds_odd_ones_up():
    model = UNet(3, 2, base_channels=1).eval()
    with recorded(*levels(model)) as seen:
        model(images(1, 3, 572, 64))
    sizes = [tuple(output.shape[-2:]) for _, output in seen]
    down = [(572, 64), (286, 32), (143, 16), (72, 8), (36, 4)]
    assert sizes == down + down[-2::-1]


def test_only_the_padded_form_has_batch_norm_and_only_the_valid_one_dropout():
    padded, valid = (UNet(1, 2, base_channels=2, valid=valid) for valid in (False, True))
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in padded.modules()) == 18
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in valid.modules())
    x = images(1, 1, 188, 188)
    assert not torch.equal(valid(x), valid(x))
    assert torch.equal(valid.eval()(x), valid(x))
    assert padded.dropout.p == 0


@pytest.mark.parametrize("valid", [False, True])
def test_skips_are_concatenated(valid):
    model = UNet(1, 2, base_channels=2, valid=valid).eval()
    x = images(1, 1, 188, 188)
    with recorded(model.first, model.up1.up, model.up1.conv) as seen:
        model(x)
    skip, upsampled, together = seen[0][1], seen[1][1], seen[2][0][0]
    # Valid: 184 rows after the first two convolutions, 8 come up from below, so 88 are cut off on each side.
    assert upsampled.shape[-1] == (8 if valid else 188)
    assert torch.equal(together[:, :2], skip[..., 88:-88, 88:-88] if valid else skip)
    assert torch.equal(together[:, 2:], upsampled)


def test_an_odd_size_loses_the_row_and_column_that_rounding_up_has_added():
    model = UNet(3, 2, base_channels=2).eval()
    with recorded(model.up1.up, model.up1.conv) as seen:
        model(images(1, 3, 33, 47))
    upsampled, together = seen[0][1], seen[1][0][0]
    assert upsampled.shape[-2:] == (34, 48)
    assert torch.equal(together[:, 2:], upsampled[..., :33, :47])


def test_valid_logits_do_not_depend_on_where_the_image_was_cut_into_tiles():
    # Nothing is padded, so logits depend on 185×185 pixels around them and on nothing else. A tile that starts
    # 16 pixels later (poolings then meet the same pairs) gives the logits that start 16 later.
    model = UNet(1, 2, base_channels=2, valid=True).eval().double()
    image = images(1, 1, 204, 204).double()
    whole = model(image)  # (1, 2, 20, 20)
    torch.testing.assert_close(model(image[..., :188, :188]), whole[..., :4, :4])
    torch.testing.assert_close(model(image[..., 16:, 16:]), whole[..., 16:, 16:])


def test_padded_logits_depend_on_where_the_image_was_cut():
    model = UNet(1, 2, base_channels=2).eval()
    image = images(1, 1, 64, 64)
    assert not torch.allclose(model(image[..., :48, :48]), model(image)[..., :48, :48], rtol=1e-2)


@pytest.mark.parametrize("size", [(188, 188), (188, 204), (572, 188)])
def test_the_valid_form_takes_sizes_of_16_k_plus_12_and_answers_184_less(size):
    model = UNet(1, 2, base_channels=1, valid=True).eval()
    assert model(images(1, 1, *size)).shape[-2:] == (size[0] - 184, size[1] - 184)


@pytest.mark.parametrize("size", [(172, 188), (188, 200), (570, 572), (1, 1)])
def test_the_valid_form_refuses_other_sizes(size):
    # 172 = 16·10 + 12 has 7 rows at the bottom, 3 after two convolutions, and 16·3 − 60 < 0 would come out.
    message = rf"188, 204, 220, … \(16 k \+ 12\) .* got {size[0]} and {size[1]}; pad"
    with pytest.raises(ValueError, match=message):
        UNet(1, 2, base_channels=1, valid=True)(images(1, 1, *size))
