"""Skips that are cut: the network computes what it would with other maps beside, and is whole again after."""

from itertools import combinations

import pytest
import torch
from torch import Tensor

from networks import images, one_thread, recorded  # noqa: F401
from segedu.models import FCN8s, UNet, cut_skips
from segedu.models.unet import center_crop

SUBSETS = [levels for n in range(5) for levels in combinations((1, 2, 3, 4), n)]


def by_hand(model: UNet, x: Tensor, levels: tuple[int, ...], to_zero: bool) -> Tensor:
    """U-Net's forward pass written out, on an image whose sides are divisible by 16, with other skips."""
    skips = [model.first(x)]
    for down in (model.down1, model.down2, model.down3):
        skips.append(down(skips[-1]))
    y = model.down4(skips[-1])
    for level, up in ((4, model.up4), (3, model.up3), (2, model.up2), (1, model.up1)):
        skip = skips[level - 1]
        if level in levels:
            skip = torch.stack([torch.full_like(c, 0.0 if to_zero else c.mean().item()) for c in skip[0]])[None]
        y = up.up(y)
        skip = center_crop(skip, y) if model.valid else skip
        y = up.conv(torch.cat([skip, y], dim=1))
    return model.score(y)


@pytest.mark.parametrize("to_zero", [False, True])
@pytest.mark.parametrize("levels", SUBSETS, ids=str)
def test_a_cut_skip_is_a_constant_map_in_its_place(levels, to_zero):
    model, x = UNet(3, 4, base_channels=2).eval(), images(1, 3, 32, 48)
    with torch.no_grad(), cut_skips(model, levels, to_zero=to_zero):
        cut = model(x)
    torch.testing.assert_close(cut, by_hand(model, x, levels, to_zero))


@pytest.mark.parametrize("to_zero", [False, True])
def test_the_paper_s_form_can_be_cut(to_zero):
    model, x = UNet(1, 2, base_channels=2, valid=True).eval(), images(1, 1, 188, 188)
    with torch.no_grad(), cut_skips(model, [2, 4], to_zero=to_zero):
        cut = model(x)
    torch.testing.assert_close(cut, by_hand(model, x, (2, 4), to_zero))


@torch.no_grad()
def test_images_of_a_batch_have_means_of_their_own():
    model, x = UNet(3, 4, base_channels=2).eval(), images(2, 3, 32, 32)
    with cut_skips(model, [1, 2, 3, 4]):
        torch.testing.assert_close(model(x)[1:], model(x[1:]))


def test_with_skip_1_cut_the_last_level_knows_places_only_from_below():
    # Half the input of the last two convolutions is one number a channel: equal in all pixels.
    model, x = UNet(3, 4, base_channels=2).eval(), images(1, 3, 32, 32)
    with torch.no_grad(), recorded(model.up1.conv) as seen, cut_skips(model, [1]):
        model(x)
    together = seen[0][0][0]  # (1, 4, 32, 32): the skip first
    assert (together[:, :2].flatten(2).std(dim=2) < 1e-6).all()
    assert (together[:, 2:].flatten(2).std(dim=2) > 1e-3).any()


def test_after_the_block_the_network_is_whole_again_even_after_an_error():
    model, x = UNet(3, 4, base_channels=2).eval(), images(1, 3, 32, 32)
    whole = model(x)
    with pytest.raises(RuntimeError, match="on the table"), cut_skips(model, [3]):
        raise RuntimeError("on the table")
    assert torch.equal(model(x), whole)


def test_what_cannot_be_cut_is_refused():
    unet, fcn = UNet(3, 2, base_channels=1), FCN8s(3, 2)
    with pytest.raises(TypeError, match=r"expected a segedu\.models\.UNet, got FCN8s"), cut_skips(fcn, [1]):
        pass
    with (
        pytest.raises(ValueError, match=r"expected some of 1, 2, 3, 4, got \[0, 5\]"),
        cut_skips(unet, [5, 0]),
    ):
        pass
