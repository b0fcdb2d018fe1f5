"""What the tests of convolutions share: geometry that hypothesis draws, and what 'equal' means.

A case is one convolution, between a large map and a small one. The convolution goes from large to small, its
transpose from small to large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn import functional


@dataclass(frozen=True)
class Case:
    """Maps (channels, H, W), a kernel (channels of small, channels of large / groups, kh, kw), and the rest."""

    large: np.ndarray
    small: np.ndarray
    kernel: np.ndarray
    options: dict[str, Any]  # stride, padding, dilation, groups
    output_padding: tuple[int, int]

    @property
    def window(self) -> dict[str, Any]:
        """The options without the groups, for functions that know no channels."""
        return {name: value for name, value in self.options.items() if name != "groups"}

    def torch_conv2d(self) -> np.ndarray:
        return functional.conv2d(*self._tensors(self.large), **self.options)[0].numpy()

    def torch_conv_transpose2d(self) -> np.ndarray:
        transposed = functional.conv_transpose2d(
            *self._tensors(self.small), **self.options, output_padding=self.output_padding
        )
        return transposed[0].numpy()

    def _tensors(self, x: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(x)[None], torch.from_numpy(self.kernel)

    def __repr__(self) -> str:
        return (
            f"Case({self.large.shape} -> {self.small.shape}, kernel {self.kernel.shape}, {self.options}, "
            f"output_padding={self.output_padding})"
        )


def make(small_size, k, s, p, d, q, *, inputs=1, outputs=1, groups=1, seed=0, dtype=np.float64) -> Case:
    """A case with channels for each group, and a large map of the size that all these numbers give."""
    rng = np.random.default_rng(seed)
    large_size = [s[a] * (small_size[a] - 1) + d[a] * (k[a] - 1) + 1 - 2 * p[a] + q[a] for a in (0, 1)]
    return Case(
        rng.standard_normal((inputs * groups, *large_size)).astype(dtype),
        rng.standard_normal((outputs * groups, *small_size)).astype(dtype),
        rng.standard_normal((outputs * groups, inputs, *k)).astype(dtype),
        {"stride": s, "padding": p, "dilation": d, "groups": groups},
        q,
    )


@st.composite
def cases(draw) -> Case:
    """Kernel 1 to 7, stride 1 to 4, padding 0 to 3, dilation 1 to 3, all output paddings; 1 to 4 channels."""

    def numbers(low, high):
        return draw(st.tuples(st.integers(low, high), st.integers(low, high)))

    k, s, p, d = numbers(1, 7), numbers(1, 4), numbers(0, 3), numbers(1, 3)
    q = draw(st.tuples(*(st.integers(0, s[a] - 1) for a in (0, 1))))
    # The smallest map that the padding does not cut off, and up to four more positions.
    least = [max(1, 1 - (d[a] * (k[a] - 1) + q[a] - 2 * p[a]) // s[a]) for a in (0, 1)]
    more = numbers(0, 4)
    groups = draw(st.sampled_from([1, 1, 1, 2, 4]))
    channels = st.integers(1, 4 // groups)
    return make(
        (least[0] + more[0], least[1] + more[1]),
        k,
        s,
        p,
        d,
        q,
        inputs=draw(channels),
        outputs=draw(channels),
        groups=groups,
        seed=draw(st.integers(0, 2**32)),
    )


def assert_equal(ours, theirs, tolerance: float = 1e-12) -> None:
    """One shape, one dtype, and no difference above the tolerance times the largest value."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.abs(theirs).max())
