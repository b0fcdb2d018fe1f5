"""DeconvNet and SegNet: the article's sizes, switches, and why the two decoders are one."""

import pytest
import torch
from torch import nn

from networks import convolutions, images, one_thread, parameters, recorded  # noqa: F401
from segedu.models import DeconvNet, SegNet
from segedu.models.deconvnet import PoolStage, UnpoolStage


def bare(stage):
    """A stage without its layers: pooling or unpooling alone."""
    stage.layers = nn.Identity()
    return stage


def test_it_goes_from_224_to_28_and_back():
    model = DeconvNet(3, 5, base_channels=1).eval()
    pools = [stage.pool for stage in model.encoder]
    unpools = [stage.unpool for stage in model.decoder]
    with torch.no_grad(), recorded(*pools, *unpools) as seen:
        assert model(images(1, 3, 224, 224)).shape == (1, 5, 224, 224)
    sizes = [(output[0] if isinstance(output, tuple) else output).shape[-1] for _, output in seen]
    assert sizes == [112, 56, 28, 56, 112, 224]


def test_maxima_go_back_to_their_places_and_zeros_fill_the_rest():
    x = torch.tensor([[[[1.0, 2, 0, 0], [4, 3, 0, 5], [9, 0, 6, 0], [0, 0, 0, 7]]]])
    pooled, switches, size = bare(PoolStage(1, 1, 1))(x)
    assert pooled.tolist() == [[[[4, 5], [9, 7]]]]
    # Places are counted row by row through the whole 4×4 map: the 4 stands at 4, the 5 at 7, …
    assert switches.tolist() == [[[[4, 7], [8, 15]]]]
    unpooled = bare(UnpoolStage(1, 1, 1, deconv=True))(pooled * 10, switches, size)
    assert unpooled.tolist() == [[[[0, 0, 0, 0], [40, 0, 0, 50], [90, 0, 0, 0], [0, 0, 0, 70]]]]


@pytest.mark.parametrize("size", [(1, 1), (5, 4), (7, 9)])
def test_odd_sizes_come_back_as_well(size):
    x = images(2, 3, *size).abs() + 1  # no zeros: what is 0 afterwards was left empty
    pooled, switches, remembered = bare(PoolStage(3, 3, 1))(x)
    assert pooled.shape[-2:] == ((size[0] + 1) // 2, (size[1] + 1) // 2)
    unpooled = bare(UnpoolStage(3, 3, 1, deconv=True))(pooled, switches, remembered)
    assert unpooled.shape == x.shape
    assert (unpooled != 0).sum() == pooled.numel()
    assert torch.equal(unpooled[unpooled != 0], x[unpooled != 0])
    assert torch.equal(bare(PoolStage(3, 3, 1))(unpooled)[0], pooled)


def test_each_unpooling_gets_the_switches_of_the_pooling_on_its_own_level():
    model = DeconvNet(3, 5, base_channels=2).eval()
    with recorded(*(stage.pool for stage in model.encoder), *(stage.unpool for stage in model.decoder)) as seen:
        model(images(1, 3, 40, 40))
    written = [output[1] for _, output in seen[:3]]
    read = [inputs[1] for inputs, _ in seen[3:]]
    for one, other in zip(reversed(written), read, strict=True):
        assert torch.equal(one, other)


def test_segnet_with_flipped_kernels_is_deconvnet():
    deconvnet, segnet = (
        network(3, 5, base_channels=4, stages=(2, 3)).double() for network in (DeconvNet, SegNet)
    )
    x = images(2, 3, 24, 30).double()
    deconvnet(x)  # moves the running means of batch norm away from 0
    weights = deconvnet.state_dict()
    for name, layer in deconvnet.named_modules():
        if isinstance(layer, nn.ConvTranspose2d):
            # (in, out, 3, 3) → (out, in, 3, 3), and each kernel turned by 180°
            weights[f"{name}.weight"] = layer.weight.detach().transpose(0, 1).flip(2, 3)
    segnet.load_state_dict(weights)
    torch.testing.assert_close(segnet.eval()(x), deconvnet.eval()(x))


def test_only_the_decoder_differs_between_the_two():
    deconvnet, segnet = DeconvNet(3, 5, base_channels=2), SegNet(3, 5, base_channels=2)
    assert {type(layer) for layer in convolutions(deconvnet.decoder)} == {nn.ConvTranspose2d}
    assert {type(layer) for layer in convolutions(segnet.decoder)} == {nn.Conv2d}
    assert {type(layer) for layer in convolutions(deconvnet.encoder)} == {nn.Conv2d}


def test_deconvnet_s_stages_are_the_first_three_of_vgg16():
    with torch.device("meta"):
        model = DeconvNet(3, 5)
    shapes = [(layer.in_channels, layer.out_channels) for layer in convolutions(model.encoder)]
    assert shapes == [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256)]
    # The decoder is its mirror: it ends with as many channels as the first stage has.
    mirrored = [shape for stage in reversed(model.decoder) for shape in
                ((layer.in_channels, layer.out_channels) for layer in convolutions(stage))]  # fmt: skip
    assert mirrored == [(256, 256), (256, 256), (256, 128), (128, 128), (128, 64), (64, 64), (64, 64)]


def test_segnet_has_13_layers_on_each_side_and_14_7_million_weights_in_the_encoder():
    # Badrinarayanan et al. 2017, section 3. VGG16's convolutions: 14,710,464 kernel weights; its 4,224 channels
    # have two weights of batch norm each, in the place of biases.
    with torch.device("meta"):
        model = SegNet(3, 11)
    assert len(convolutions(model.encoder)) == len(convolutions(model.decoder)) == 13
    assert parameters(model.encoder) == 14_710_464 + 2 * 4_224
    assert round(parameters(model.encoder) / 1e6, 1) == 14.7


def test_stages_can_be_chosen():
    model = DeconvNet(3, 5, base_channels=2, stages=[1, 4]).eval()
    assert [len(convolutions(stage)) for stage in model.encoder] == [1, 4]
    assert [len(convolutions(stage)) for stage in model.decoder] == [1, 4]
    assert model(images(1, 3, 9, 9)).shape == (1, 5, 9, 9)


@pytest.mark.parametrize(
    ("stages", "message"),
    [([], "stages: expected an integer of at least 1, got 0"), ([2, 0], r"stages\[1\]: .* got 0")],
)
def test_stages_without_layers_are_refused(stages, message):
    with pytest.raises(ValueError, match=message):
        DeconvNet(3, 5, stages=stages)
