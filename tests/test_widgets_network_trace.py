"""Tracing a network: shapes are those of hooks, fields those of gradients, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from networks import every_network, images, one_thread, parameters  # noqa: F401 (a fixture)
from segedu.models import DeconvNet, FCN8s, FCN16s, FCN32s, SegNet, UNet
from segedu.upsampling import Layer, receptive_field
from segedu.widgets import Step, skip_links, trace_network
from segedu.widgets.network_fields import Cut, Grown, Read, read_box, seen_box


def outputs_by_name(network: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The output of every module that has no parts, by its name; of pooling, its values."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(_: nn.Module, inputs: tuple, output: Tensor | tuple) -> None:
            seen[name] = output[0] if isinstance(output, tuple) else output

        return hook

    leaves = {name: module for name, module in network.named_modules() if not list(module.children())}
    hooks = [module.register_forward_hook(keep(name)) for name, module in leaves.items()]
    network(x)
    for hook in hooks:
        hook.remove()
    return seen


# ---- shapes, memory, parameters


@every_network
@pytest.mark.parametrize("size", [(64, 96), (45, 70)])
def test_a_step_has_the_shape_that_a_hook_sees(
    network: Callable[..., nn.Module], size: tuple[int, int]
) -> None:
    made = network(3, 5, base_channels=2).eval()
    x = images(1, 3, *size)
    steps, seen = trace_network(made, x), outputs_by_name(made, x)
    layers = [step for step in steps if step.module]
    # Every convolution, pooling and unpooling is a step; nothing else that has a name is one.
    works = nn.Conv2d | nn.ConvTranspose2d | nn.MaxPool2d | nn.MaxUnpool2d
    assert [step.module for step in layers] == [
        name for name in seen if isinstance(made.get_submodule(name), works)
    ]
    for step in layers:
        assert (1, *step.shape) == tuple(seen[step.module].shape)
        assert step.memory == 4 * seen[step.module].numel()
    assert steps[0].shape == (3, *size)
    assert (1, *steps[-1].shape) == tuple(made(x).shape)


@every_network
def test_the_parameters_of_all_steps_are_those_of_the_network(network: Callable[..., nn.Module]) -> None:
    made = network(3, 5, base_channels=2)
    assert sum(step.parameters for step in trace_network(made, images(1, 3, 32, 32))) == parameters(made)


def test_a_layer_that_runs_twice_has_its_parameters_once() -> None:
    conv = nn.Conv2d(3, 3, 1)
    steps = trace_network(nn.Sequential(conv, nn.ReLU(), conv), images(1, 3, 4, 4))
    assert [step.parameters for step in steps] == [0, 12, 0]


def test_the_paper_s_numbers_without_computing_anything() -> None:
    # Ronneberger et al. 2015, figure 1: 572, 570, 568; 284, 282, 280; …; 32, 30, 28, then up to 388.
    with torch.device("meta"):
        network, x = UNet(1, 2, valid=True), torch.zeros(1, 1, 572, 572)
    steps = trace_network(network, x)
    down = [572, 570, 568, 284, 282, 280, 140, 138, 136, 68, 66, 64, 32, 30, 28]
    up = [56, 56, 54, 52, 104, 104, 102, 100, 200, 200, 198, 196, 392, 392, 390, 388, 388]
    assert [step.shape[1] for step in steps] == down + up
    assert [step.shape[0] for step in steps if step.kind == "concat"] == [1024, 512, 256, 128]
    assert steps[1].memory == 4 * 64 * 570 * 570


# ---- receptive fields


class OpenPool(nn.Module):
    """Max pooling that lets all numbers of a window through: each of them is the largest for some image."""

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        mean = functional.avg_pool2d(x, self.pool.kernel_size, ceil_mode=self.pool.ceil_mode)
        return (mean, self.pool(x)[1]) if self.pool.return_indices else mean


class OpenUnpool(nn.Module):
    """Unpooling to all places of a window: each of them is the switch for some image."""

    def forward(self, x: Tensor, switches: Tensor, output_size: tuple[int, int]) -> Tensor:
        return functional.interpolate(x, output_size)


def all_paths_open(network: nn.Module) -> nn.Module:
    """Positive weights and no biases: on positive images no ReLU cuts a path off, and no two paths cancel."""
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.weight = nn.Parameter(torch.rand_like(layer.weight) + 0.5)
            nn.init.zeros_(layer.bias) if layer.bias is not None else None
        elif isinstance(layer, nn.MaxPool2d):
            network.set_submodule(name, OpenPool(layer))
        elif isinstance(layer, nn.MaxUnpool2d):
            network.set_submodule(name, OpenUnpool())
    return network.double().eval()


def seen_by_gradient(output: Tensor, x: Tensor) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the pixels that change the middle number of a map."""
    row, column = (side // 2 for side in output.shape[-2:])
    (gradient,) = torch.autograd.grad(output[:, :, row, column].sum(), x, retain_graph=True)
    rows, columns = (np.flatnonzero((gradient[0, 0] != 0).any(dim=dim).numpy()) for dim in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.parametrize(
    ("made", "size"),
    [
        (lambda: DeconvNet(1, 2, base_channels=1), (96, 128)),
        (lambda: SegNet(1, 2, base_channels=1, stages=(1, 2, 1)), (96, 80)),
        (lambda: FCN8s(1, 2, base_channels=1), (480, 96)),
        (lambda: FCN16s(1, 2, base_channels=1), (99, 70)),
        (lambda: FCN32s(1, 2, base_channels=1), (416, 64)),
        (lambda: UNet(1, 2, base_channels=1), (208, 112)),
        (lambda: UNet(1, 2, base_channels=1, valid=True), (220, 188)),
    ],
    ids=["DeconvNet", "SegNet", "FCN8s", "FCN16s", "FCN32s", "UNet", "UNet valid"],
)
def test_the_middle_number_sees_what_gradients_say(
    made: Callable[[], nn.Module], size: tuple[int, int]
) -> None:
    network = made()
    steps = trace_network(network, images(1, 1, *size))
    x = (images(1, 1, *size).double().abs() + 0.1).requires_grad_()
    seen = outputs_by_name(all_paths_open(network), x)
    height, width = size
    named = [step for step in steps if step.module and step.kind != "pool"]  # a pool is no leaf any more
    for step in named[::-3]:
        left, top, right, bottom = step.box
        inside = max(0, left), max(0, top), min(width, right), min(height, bottom)
        assert seen_by_gradient(seen[step.module], x) == inside, step.label


def test_on_a_chain_of_layers_the_field_is_that_of_upsampling() -> None:
    chain = nn.Sequential(
        nn.Conv2d(1, 1, (5, 3), stride=(1, 2), padding=1), nn.AvgPool2d(2), nn.Conv2d(1, 1, 3, dilation=2),
        nn.MaxPool2d(3, stride=2, padding=1), nn.Conv2d(1, 1, 3, padding="same"),
    )  # fmt: skip
    layers = [
        Layer((5, 3), (1, 2), padding=1), Layer(2, 2), Layer(3, dilation=2), Layer(3, 2, padding=1),
        Layer(3, padding=1),
    ]  # fmt: skip
    steps = trace_network(chain, images(1, 1, 80, 90))[1:]
    for step, field in zip(steps, receptive_field(layers), strict=True):
        assert step.box == field.box(step.shape[1] // 2, step.shape[2] // 2)
        assert step.field == field.size


@pytest.mark.parametrize(("k", "s", "p"), [(2, 2, 0), (3, 2, 1), (4, 2, 1), (3, 1, 1), (16, 8, 4), (3, 3, 0)])
def test_a_number_of_a_larger_map_reads_what_lands_on_it(k: int, s: int, p: int) -> None:
    for first in range(12):
        for last in range(first, 12):
            landed = [
                i for i in range(-20, 40) for o in range(first, last + 1) if 0 <= o + p - s * i < k
            ]  # input i lands on s i - p, …, s i - p + k - 1
            box = read_box(Grown((k, 1), (s, 1), padding=(p, 0)), (0, first, 1, last + 1))
            assert box == (0, min(landed), 1, max(landed) + 1)


def test_a_cut_map_is_seen_further_in() -> None:
    assert seen_box([[], [Read(0, (Cut(top=2, left=3),))]], 1, (5, 5)) == (8, 7, 9, 8)


# ---- skip links


def linked(network: nn.Module, size: tuple[int, int]) -> list[tuple[str, str, str]]:
    steps = trace_network(network, images(1, 3, *size))

    def name(number: int) -> str:
        return steps[number].module or steps[number].kind

    return [(name(link.source), name(link.target), link.how) for link in skip_links(steps)]


def test_deconvnet_hands_over_switches_only() -> None:
    assert linked(DeconvNet(3, 5, base_channels=2), (32, 32)) == [
        (f"encoder.{stage}.pool", f"decoder.{stage}.unpool", "switches") for stage in (2, 1, 0)
    ]


def test_unet_concatenates_the_last_map_of_each_level() -> None:
    names = ["down3.1.1.0", "down2.1.1.0", "down1.1.1.0", "first.1.0"]
    expected = [(name, "concat", "concatenated") for name in names]
    assert linked(UNet(3, 5, base_channels=2), (64, 64)) == expected
    assert linked(UNet(3, 5, base_channels=2), (45, 70)) == expected
    assert linked(UNet(3, 5, base_channels=2, valid=True), (188, 188)) == expected


def test_fcn_sums_scores_of_pool4_then_of_pool3() -> None:
    pools = [("encoder.stage4.3", "sum", "summed"), ("encoder.stage3.3", "sum", "summed")]
    for size in ((64, 64), (45, 70)):
        assert linked(FCN8s(3, 5, base_channels=2), size) == pools
        assert linked(FCN16s(3, 5, base_channels=2), size) == pools[:1]
        assert linked(FCN32s(3, 5, base_channels=2), size) == []


def test_a_link_names_what_it_passes() -> None:
    steps = trace_network(FCN16s(3, 5, base_channels=2), images(1, 3, 64, 64))
    (link,) = skip_links(steps)
    assert [steps[number].module for number in link.via] == ["score_pool4"]


class Residual(nn.Module):
    """x + f(x), written in three ways."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.first, self.inner, self.how = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1), how

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        if self.how == "in place":
            y = self.inner(x)
            y += x
            return y.relu_()
        return torch.add(x, self.inner(x)) if self.how == "function" else functional.relu(x + self.inner(x))


@pytest.mark.parametrize("how", ["operator", "function", "in place"])
def test_a_residual_is_a_summed_link(how: str) -> None:
    steps = trace_network(Residual(how), images(1, 3, 8, 8))
    assert [step.kind for step in steps] == ["image", "conv", "conv", "sum"]
    assert [(link.source, link.target, link.how) for link in skip_links(steps)] == [(1, 3, "summed")]


# ---- what belongs to a step, and what cannot be followed


def test_what_works_number_by_number_belongs_to_the_step_before() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ELU(), nn.Dropout(0.0), nn.Dropout(0.1)
    )
    step = trace_network(network, images(1, 3, 9, 9))[1]
    assert step.label == "conv 3×3 /2, batch norm, ELU, dropout"  # a dropout of nothing is not named
    assert step.parameters == 3 * 4 * 9 + 4 + 8


def test_look_sees_the_map_as_it_leaves_the_step() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2))
    x, maps = images(1, 3, 8, 8), {}
    trace_network(network, x, look=lambda number, values: maps.update({number: values.clone()}))
    torch.testing.assert_close(maps[0], x)
    torch.testing.assert_close(maps[1], network[:2](x).detach())
    torch.testing.assert_close(maps[2], network(x).detach())


class Between(nn.Module):
    """Something between two convolutions."""

    def __init__(self, between: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.last, self.between = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), between

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.between(self.first(x)))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (
            Between(lambda x: functional.interpolate(x, (4, 4))),
            "the map that enters 'last' comes from 'interpolate'",
        ),
        (Between(lambda x: x[..., ::2, :]), "comes from 'getitem'"),
        (Between(lambda x: torch.cat([x, x], dim=2)), "comes from 'cat'"),
        (nn.Sequential(nn.AdaptiveAvgPool2d(2)), "'0' is a AdaptiveAvgPool2d, which is not followed here"),
        (nn.Sequential(nn.ConvTranspose2d(3, 3, 2, stride=3)), r"kernel \(2, 2\) and stride \(3, 3\)"),
    ],
)
def test_what_cannot_be_followed_is_named(network: nn.Module, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trace_network(network, images(1, 3, 8, 8))


def test_more_than_one_image_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected one image \(1, C, H, W\), got \(2, 3, 8, 8\)"):
        trace_network(DeconvNet(3, 5, base_channels=2), images(2, 3, 8, 8))


@pytest.mark.parametrize("fails", [False, True])
def test_a_network_is_left_as_it_was(fails: bool) -> None:
    network = Between((lambda x: x[..., ::2]) if fails else (lambda x: x))
    network.train()
    network.last.eval()
    if fails:
        with pytest.raises(ValueError, match="getitem"):
            trace_network(network, images(1, 3, 8, 8))
    else:
        trace_network(network, images(1, 3, 8, 8))
    assert (network.training, network.first.training, network.last.training) == (True, True, False)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())


def test_a_step_s_numbers_follow_from_its_shape_and_its_box() -> None:
    step = Step("conv", "conv", "", (2, 3, 5), 0, (), (-1, 2, 6, 4))
    assert (step.memory, step.field) == (4 * 30, (2, 7))  # height, then width
