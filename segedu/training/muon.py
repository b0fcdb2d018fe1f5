"""Muon: the optimizer whose steps are equally long in every direction that a layer's weights have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""a, b, c of the polynomial a σ + b σ³ + c σ⁵. Five times in a row, it takes σ from .01 on near 1."""


class Muon(Optimizer):
    """Momentum, made orthogonal, for weights that are matrices; Adam for biases and batch norm.

    A convolution's kernels are a matrix here, one row for each output channel. Its gradient is dominated by few
    directions. Muon sets all singular values of the momentum to about 1, so that the weak directions learn as
    fast as the strong ones: small networks get further in few steps.

    Parameters
    ----------
    params : iterable of tensors or of groups
    lr : float
        Of the matrices: about the largest singular value of a step.
    vector_lr : float
        Share of `lr` with which Adam moves biases and batch norm.
    weight_decay : float
        Share of the weights that is taken off in each step, times `lr`.
    momentum : float
        Of the matrices, after Nesterov.
    betas, eps : floats
        Of Adam.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/. A matrix with more rows than
    columns takes steps longer by √(rows / columns). ``torch.optim.Muon`` (PyTorch 2.9 and newer) makes the same
    steps in 16 bits; it takes matrices only, no convolutions, and vectors need an optimizer of their own there.

    Examples
    --------
    >>> layer = torch.nn.Conv2d(3, 8, 3)
    >>> optimizer = Muon(layer.parameters(), lr=1e-2)
    >>> layer(torch.ones(1, 3, 8, 8)).sum().backward()
    >>> optimizer.step()
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        *,
        vector_lr: float = 0.3,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
    ) -> None:
        for name, value in (("lr", lr), ("vector_lr", vector_lr), ("weight_decay", weight_decay), ("eps", eps)):
            if not value >= 0:
                raise ValueError(f"{name}: expected 0 or more, got {value}")
        for name, value in (("momentum", momentum), ("betas[0]", betas[0]), ("betas[1]", betas[1])):
            if not 0 <= value < 1:
                raise ValueError(f"{name}: expected 0 to below 1, got {value}")
        defaults = {"lr": lr, "vector_lr": vector_lr, "weight_decay": weight_decay}
        super().__init__(params, defaults | {"momentum": momentum, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step along all gradients; returns what `closure` does, if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if not self.state[p]:
                    self.state[p]["average"] = torch.zeros_like(p)
                direction = self._matrix(p, p.grad, group) if p.ndim > 1 else self._adam(p, p.grad, group)
                p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(direction, alpha=group["lr"])
        return loss

    def _matrix(self, p: Tensor, grad: Tensor, group: dict[str, Any]) -> Tensor:
        average = self.state[p]["average"].lerp_(grad, 1 - group["momentum"])
        ahead = grad.lerp(average, group["momentum"]).flatten(1)  # (out, in · kh · kw); Nesterov's momentum
        rows, columns = ahead.shape
        return orthogonalize(ahead).mul_(math.sqrt(max(1.0, rows / columns))).view(p.shape)

    def _adam(self, p: Tensor, grad: Tensor, group: dict[str, Any]) -> Tensor:
        state, (beta1, beta2) = self.state[p], group["betas"]
        if "square" not in state:
            state["square"] = torch.zeros_like(p)
        average = state["average"].lerp_(grad, 1 - beta1)
        square = state["square"].lerp_(grad.square(), 1 - beta2)
        state["step"] = step = state.get("step", 0) + 1
        root = (square / (1 - beta2**step)).sqrt_().add_(group["eps"])
        return (average / (1 - beta1**step)).div_(root).mul_(group["vector_lr"])


def orthogonalize(x: Tensor, *, steps: int = 5) -> Tensor:
    """A matrix with the same singular vectors, and with singular values near 1: between about .7 and 1.2.

    Parameters
    ----------
    x : (M, N) float tensor
    steps : int
        How often the polynomial of `NEWTON_SCHULZ` is applied to the singular values.

    Returns
    -------
    (M, N) float32 tensor
        Values that started below about 1/100 of the norm of `x` are still smaller. 0 if `x` is 0.

    Notes
    -----
    A polynomial of singular values needs no singular values: with A = X Xᵀ, the step is (a + b A + c A²) X. All
    steps multiply from the left, and A stays small, so X itself is touched twice only.

    Examples
    --------
    >>> x = orthogonalize(torch.tensor([[3.0, 0.0, 0.0], [0.0, 0.1, 0.0]]))
    >>> [round(value, 1) for value in torch.linalg.svdvals(x).tolist()]
    [1.1, 0.7]
    """
    a, b, c = NEWTON_SCHULZ
    x = x.float()
    wide = x if x.shape[0] <= x.shape[1] else x.T
    wide = wide / (wide.norm() + 1e-7)
    square = wide @ wide.T  # A
    identity = torch.eye(len(square), device=x.device)
    product = None
    for step in range(steps):
        polynomial = a * identity + b * square + c * square @ square
        product = polynomial if product is None else polynomial @ product
        if step < steps - 1:
            square = square @ polynomial @ polynomial
    wide = wide if product is None else product @ wide
    return wide if x.shape[0] <= x.shape[1] else wide.T
