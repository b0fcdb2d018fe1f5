"""Muon against singular value decompositions, torch.optim.Muon and torch.optim.AdamW."""

import pytest
import torch
from torch import nn

from segedu.training.muon import Muon, orthogonalize


def generator(seed):
    return torch.Generator().manual_seed(seed)


def test_orthogonalize_keeps_singular_vectors_and_brings_the_values_near_1():
    for seed, shape in enumerate([(8, 27), (27, 8), (16, 16), (1, 5), (5, 1)]):
        x = torch.randn(shape, generator=generator(seed))
        u, _, vt = torch.linalg.svd(x, full_matrices=False)
        found = u.T @ orthogonalize(x) @ vt.T  # diagonal, if the vectors are the same
        values = found.diagonal()
        torch.testing.assert_close(found, torch.diag(values), atol=1e-4, rtol=0)
        # The smallest of a square random matrix may start below 1/100, where five steps do not suffice.
        assert values.max() < 1.25
        assert (values > 0).all()
        if shape != (16, 16):
            assert values.min() > 0.65


def test_orthogonalize_is_the_polynomial_of_each_singular_value():
    # sigma / norm, then five times a s + b s^3 + c s^5; the norm of diag(3, 4) is 5.
    expected = []
    for s in (3 / 5, 4 / 5):
        for _ in range(5):
            s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
        expected.append(s)
    found = orthogonalize(torch.diag(torch.tensor([3.0, 4.0])))
    torch.testing.assert_close(found, torch.diag(torch.tensor(expected)), atol=1e-5, rtol=1e-5)


def test_orthogonalize_of_nothing_is_nothing():
    assert not orthogonalize(torch.zeros(3, 4)).any()


def trained(make_optimizer, module, steps=4):
    optimizer = make_optimizer(module.parameters())
    for step in range(steps):
        for p in module.parameters():
            p.grad = torch.randn(p.shape, generator=generator(step))
        optimizer.step()
    return [p.detach() for p in module.parameters()]


def matrix():
    layer = nn.Linear(12, 7, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(7, 12, generator=generator(9)))
    return layer


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch.optim.Muon needs PyTorch 2.9")
def test_matrices_move_as_with_torchs_muon():
    found = trained(lambda p: Muon(p, lr=0.02, weight_decay=0.1), matrix())
    expected = trained(lambda p: torch.optim.Muon(p, lr=0.02, weight_decay=0.1), matrix())
    start = matrix().weight.detach()
    assert (expected[0] - start).abs().max() > 0.01
    torch.testing.assert_close(found[0], expected[0], atol=2e-3, rtol=0)  # torch's polynomial has 8 bits


def test_vectors_move_as_with_torchs_adamw():
    def vector():
        return nn.LayerNorm(6)

    ours = trained(lambda p: Muon(p, lr=0.02, vector_lr=0.5, betas=(0.8, 0.9)), vector())
    adam = trained(lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.9), weight_decay=0), vector())
    torch.testing.assert_close(ours, adam)


def test_a_kernel_moves_as_the_matrix_of_its_rows():
    kernel = nn.Conv2d(3, 7, 2, bias=False)
    with torch.no_grad():
        kernel.weight.copy_(matrix().weight.view(7, 3, 2, 2))

    def step(module, gradient):
        optimizer = Muon(module.parameters(), lr=0.1)
        module.weight.grad = gradient
        optimizer.step()
        return module.weight.detach().flatten(1)

    gradient = torch.randn(7, 12, generator=generator(1))
    found = step(kernel.to(memory_format=torch.channels_last), gradient.view(7, 3, 2, 2))
    torch.testing.assert_close(found, step(matrix(), gradient))


def test_a_tall_matrix_takes_longer_steps():
    # 8 rows, 2 columns: sqrt(8 / 2) = 2 times the orthogonal matrix.
    layer = nn.Linear(2, 8, bias=False)
    before, gradient = layer.weight.detach().clone(), torch.randn(8, 2, generator=generator(3))
    layer.weight.grad = gradient
    Muon(layer.parameters(), lr=1.0).step()
    torch.testing.assert_close(
        before - layer.weight.detach(), 2 * orthogonalize(gradient), atol=1e-5, rtol=1e-4
    )


def test_what_has_no_gradient_stays():
    layer = nn.Linear(2, 2)
    before = [p.detach().clone() for p in layer.parameters()]
    Muon(layer.parameters(), lr=1.0, weight_decay=0.5).step()
    torch.testing.assert_close([p.detach() for p in layer.parameters()], before)


def test_a_stopped_optimizer_goes_on_with_the_same_steps():
    def gradients(module, step):
        for p in module.parameters():
            p.grad = torch.randn(p.shape, generator=generator(step))

    straight, resumed = nn.Conv2d(2, 4, 3), nn.Conv2d(2, 4, 3)
    resumed.load_state_dict(straight.state_dict())
    first = Muon(straight.parameters(), lr=0.1)
    second = Muon(resumed.parameters(), lr=0.1)
    for step in range(4):
        if step == 2:
            state = second.state_dict()
            second = Muon(resumed.parameters(), lr=0.1)
            second.load_state_dict(state)
        for module, optimizer in ((straight, first), (resumed, second)):
            gradients(module, step)
            optimizer.step()
    assert all((a == b).all() for a, b in zip(straight.parameters(), resumed.parameters(), strict=True))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lr": -1}, "lr: expected 0 or more, got -1"),
        ({"lr": 1, "momentum": 1}, "momentum: expected 0 to below 1, got 1"),
        ({"lr": 1, "betas": (0.9, 1.0)}, r"betas\[1\]: expected 0 to below 1, got 1.0"),
    ],
)
def test_numbers_out_of_their_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Muon(nn.Linear(1, 1).parameters(), **wrong)
