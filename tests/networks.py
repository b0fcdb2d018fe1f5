"""What the tests of networks share: every network, one thread, and what the layers saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from segedu.models import DeconvNet, FCN8s, FCN16s, FCN32s, SegNet, UNet

NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "DeconvNet": DeconvNet,
    "SegNet": SegNet,
    "FCN32s": FCN32s,
    "FCN16s": FCN16s,
    "FCN8s": FCN8s,
    "FCN8s with batch norm": partial(FCN8s, batch_norm=True),
    "UNet": UNet,
}
every_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())


def images(*shape: int, seed: int = 0) -> Tensor:
    """Noise of a shape, always the same for a seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def parameters(network: nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


def convolutions(network: nn.Module) -> list[nn.Module]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]


@contextmanager
def recorded(*layers: nn.Module) -> Iterator[list[tuple[tuple, Tensor]]]:
    """Inputs and output of each layer, in the order in which they ran."""
    seen: list[tuple[tuple, Tensor]] = []
    hooks = [
        layer.register_forward_hook(lambda _, inputs, output: seen.append((inputs, output))) for layer in layers
    ]
    yield seen
    for hook in hooks:
        hook.remove()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """One thread and one seed: the same numbers on every machine, whatever ran before."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)
