"""Surgery on a trained U-Net: cut some of its skips, and see what it could not know without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from torch import Tensor, nn

from segedu.models.unet import UNet

LEVELS = (1, 2, 3, 4)
"""The four skips of a U-Net: 1 has the size of the image, each further one half the size of the one before."""


@contextmanager
def cut_skips(model: UNet, levels: Iterable[int], *, to_zero: bool = False) -> Iterator[UNet]:
    """Cut some skips of a U-Net for the time of a ``with`` block; afterwards they are whole again.

    Nothing is trained again, and no weight changes. A cut skip still arrives, so that shapes fit, but says
    nothing about *where*: each of its channels is the same number everywhere.

    Parameters
    ----------
    model : UNet
    levels : iterable of int
        Which skips, 1 to 4. Skip 1 is the map of the image's size, skip 4 that of an eighth.
    to_zero : bool
        False replaces each channel by its mean over the image, as high as this image makes it. The decoder
        loses the places and nothing else: it meets numbers of the size that it was trained with. True replaces
        it by 0, as papers about such cuts often do. ReLU made the maps, so their mean is above 0, and with a
        zero the decoder also meets sums that it has never seen: part of what then goes wrong is the shock.

    Yields
    ------
    UNet
        The model itself.

    Raises
    ------
    TypeError
        If the model is no UNet.
    ValueError
        If a level is not 1, 2, 3 or 4.

    Examples
    --------
    >>> import torch
    >>> model = UNet(3, 9, base_channels=2).eval()
    >>> x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    >>> whole = model(x)
    >>> with cut_skips(model, [1, 2]):
    ...     cut = model(x)
    >>> torch.equal(cut, whole), torch.equal(model(x), whole)
    (False, True)
    """
    if not isinstance(model, UNet):
        raise TypeError(f"model: expected a segedu.models.UNet, got {type(model).__name__}")
    wanted = sorted(set(levels))
    if not set(wanted) <= set(LEVELS):
        raise ValueError(f"levels: expected some of {', '.join(map(str, LEVELS))}, got {wanted}")
    replace = _zeros if to_zero else _means
    ups = {1: model.up1, 2: model.up2, 3: model.up3, 4: model.up4}
    with ExitStack() as hooks:
        for level in wanted:
            hooks.callback(ups[level].register_forward_pre_hook(_on_skip(replace)).remove)
        yield model


def _on_skip(replace: Callable[[Tensor], Tensor]) -> Callable[[nn.Module, tuple[Tensor, Tensor]], tuple]:
    """A hook for what an `Up` is given: the map from below, and the skip."""
    return lambda _, inputs: (inputs[0], replace(inputs[1]))


def _zeros(skip: Tensor) -> Tensor:
    return skip.new_zeros(()).expand_as(skip)


def _means(skip: Tensor) -> Tensor:
    return skip.mean(dim=(-2, -1), keepdim=True).expand_as(skip)  # (N, C, 1, 1), seen as (N, C, H, W)
