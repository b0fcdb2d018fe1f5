"""What one number at the end of a stack of layers sees of a picture: numbers and words of `ReceptiveField`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from segedu.upsampling import Layer, conv_output_shape, receptive_field
from segedu.widgets.sentences import plural

LAYER_LIMITS = {"kernel": 15, "stride": 8, "dilation": 32}
"""The largest numbers a layer may have; the smallest is 1."""

MAX_LAYERS = 24
MAX_FIELD = 4096
"""Pixels a side; also the largest stride of a whole stack."""

_NAMES = ("kind", "kernel", "stride", "dilation")


def stack(layers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Check the layers of a widget and fill in what was left out.

    Parameters
    ----------
    layers : iterable of mappings
        ``"kind"``, ``"conv"`` or ``"pool"``; ``"kernel"``, a side of it; ``"stride"``, which is 1 for a
        convolution and the kernel for pooling if it is left out; ``"dilation"``, 1 if left out.

    Raises
    ------
    ValueError
        If there are too few or too many layers, a number is out of its limits, or the whole sees too much.

    Examples
    --------
    >>> stack([{"kind": "pool", "kernel": 2}])
    [{'kind': 'pool', 'kernel': 2, 'stride': 2, 'dilation': 1}]
    """
    checked = []
    for number, given in enumerate(layers, start=1):
        layer = {"dilation": 1, **given}
        layer.setdefault("stride", layer.get("kernel") if layer.get("kind") == "pool" else 1)
        if set(layer) != set(_NAMES) or layer["kind"] not in ("conv", "pool"):
            raise ValueError(
                f"layer {number}: expected kind 'conv' or 'pool', kernel, stride and dilation, "
                f"got {dict(given)}"
            )
        for name, most in LAYER_LIMITS.items():
            if not isinstance(layer[name], int) or not 1 <= layer[name] <= most:
                raise ValueError(f"layer {number}: expected {name} 1 to {most}, got {layer[name]!r}")
        checked.append({name: layer[name] for name in _NAMES})
    if not 1 <= len(checked) <= MAX_LAYERS:
        raise ValueError(f"layers: expected 1 to {MAX_LAYERS}, got {len(checked)}")
    last = receptive_field(_geometry(layer, padded=False) for layer in checked)[-1]
    if max(last.size[0], last.stride[0]) > MAX_FIELD:
        raise ValueError(
            f"layers: expected a field and a stride of at most {MAX_FIELD:,} pixels, got {last.size[0]:,} and "
            f"{last.stride[0]:,}"
        )
    return checked


def layer_name(layer: Mapping[str, Any]) -> str:
    """Write a layer as the page does.

    Examples
    --------
    >>> layer_name({"kind": "pool", "kernel": 2, "stride": 2, "dilation": 1})
    'pool 2×2 /2'
    >>> layer_name({"kind": "conv", "kernel": 3, "stride": 1, "dilation": 4})
    'conv 3×3 d4'
    """
    kind, k, s, d = (layer[name] for name in _NAMES)
    return f"{kind} {k}×{k}" + (f" /{s}" if s > 1 else "") + (f" d{d}" if d > 1 else "")


@dataclass(frozen=True)
class Look:
    """What one number of a map sees of a picture. Sides and places in pixels, rows first.

    Attributes
    ----------
    number : int
        After how many layers.
    field : int
        A side of the square it sees.
    stride : int
        From its square to that of its neighbour.
    start : int
        Top and left of the square of number [0, 0].
    map : (int, int) or None
        How many such numbers there are. None if the map before is too small for the layer, or there is none.
    unit : (int, int) or None
        Row and column of the number in its map.
    box : (int, int, int, int) or None
        Left, top, right, bottom of its square, half-open. It may reach beyond the picture.
    used : int
        How many pixels along one side can change it. Fewer than `field` if the field has holes.
    """

    number: int
    field: int
    stride: int
    start: int
    map: tuple[int, int] | None
    unit: tuple[int, int] | None
    box: tuple[int, int, int, int] | None
    used: int


def looks(
    layers: list[dict[str, Any]], *, padded: bool, size: tuple[int, int], pixel: tuple[int, int]
) -> list[Look]:
    """What a number sees after each layer: of each map the one whose square has its middle nearest to `pixel`.

    Parameters
    ----------
    layers : list of dict
        As of `stack`.
    padded : bool
        Whether each layer has half of its span as padding on each side, or none.
    size, pixel : (int, int)
        Height and width of the picture; row and column.
    """
    geometry = [_geometry(layer, padded) for layer in layers]
    found: list[Look] = []
    shape: tuple[int, int] | None = size
    for number, seen in enumerate(receptive_field(geometry), start=1):
        shape = _next_shape(shape, geometry[number - 1])
        field, stride, start = seen.size[0], seen.stride[0], seen.start[0]
        unit = box = None
        if shape is not None:
            # Nearest middle: start + unit * stride + field / 2 to pixel + 1 / 2; twice that stays whole.
            row, col = (
                min(max((2 * at + 1 - 2 * start - field + stride) // (2 * stride), 0), count - 1)
                for at, count in zip(pixel, shape, strict=True)
            )
            unit, box = (row, col), seen.box(row, col)
        found.append(Look(number, field, stride, start, shape, unit, box, used(layers[:number])))
    return found


def used(layers: list[dict[str, Any]]) -> int:
    """How many pixels of a row can change one number after the layers, far from the border.

    Examples
    --------
    Three layers that step over every other pixel see 13 pixels from end to end, and look at seven:

    >>> used(stack([{"kind": "conv", "kernel": 3, "dilation": 2}] * 3))
    7
    """
    offsets = {0}
    for layer in reversed(layers):
        offsets = {
            layer["stride"] * offset + layer["dilation"] * tap
            for offset in offsets
            for tap in range(layer["kernel"])
        }
    return len(offsets)


def sentences(look: Look, size: tuple[int, int]) -> str:
    """Say what one number sees, word for word as the page does.

    Examples
    --------
    >>> layers = stack([{"kind": "conv", "kernel": 3}, {"kind": "pool", "kernel": 2}])
    >>> print(sentences(looks(layers, padded=True, size=(8, 8), pixel=(0, 0))[-1], (8, 8)))
    After 2 layers, one number sees 4 × 4 pixels. It can look at each of them. The next number sees a square 2 \
pixels further. The map has 4 × 4 numbers. This square reaches beyond the picture, into the padding.
    """
    parts = [
        f"After {plural(look.number, 'layer')}, one number sees {look.field:,} × {look.field:,} "
        f"pixel{'' if look.field == 1 else 's'}.",
        "It can look at each of them."
        if look.used == look.field
        else f"It has holes: it looks at {look.used**2:,} of these {look.field**2:,}.",
        f"The next number sees a square {plural(look.stride, 'pixel')} further.",
    ]
    if look.map is None or look.box is None:
        parts.append("But no number is left: the map has become too small for a kernel.")
        return " ".join(parts)
    parts.append(f"The map has {look.map[0]:,} × {look.map[1]:,} numbers.")
    left, top, right, bottom = look.box
    if min(left, top) < 0 or right > size[1] or bottom > size[0]:
        parts.append("This square reaches beyond the picture, into the padding.")
    return " ".join(parts)


def cone(layers: list[dict[str, Any]], *, padded: bool, width: int, unit: int) -> list[list[int]]:
    """Along one axis, which numbers of each map a number of the last map depends on, from the picture on.

    Positions outside of a map are padding. They are named, and depend on nothing.

    Parameters
    ----------
    layers : list of dict
        As of `stack`.
    padded : bool
    width : int
        Pixels along the axis.
    unit : int
        Which number of the last map.

    Returns
    -------
    list of list of int
        First pixels, then the numbers after each layer; the last has `unit` alone.

    Raises
    ------
    ValueError
        If there is no such number.

    Examples
    --------
    >>> cone(stack([{"kind": "conv", "kernel": 3}] * 2), padded=True, width=8, unit=1)
    [[-1, 0, 1, 2, 3], [0, 1, 2], [1]]
    """
    geometry = [_geometry(layer, padded) for layer in layers]
    counts = [width]
    for layer in geometry:
        shape = _next_shape((counts[-1], counts[-1]), layer)
        if shape is None:
            raise ValueError("width: expected room for every kernel; the map has become too small")
        counts.append(shape[1])
    if not 0 <= unit < counts[-1]:
        raise ValueError(f"unit: expected 0 to {counts[-1] - 1}, got {unit}")
    levels = [[unit]]
    for layer, count in zip(reversed(layers), reversed(counts[1:]), strict=True):
        padding = _half(layer) if padded else 0
        first = [layer["stride"] * at - padding for at in levels[0] if 0 <= at < count]
        below = {at + layer["dilation"] * tap for at in first for tap in range(layer["kernel"])}
        levels.insert(0, sorted(below))
    return levels


def _half(layer: Mapping[str, Any]) -> int:
    """The padding that keeps the size of a map: half of what the kernel spans beyond its first number."""
    return layer["dilation"] * (layer["kernel"] - 1) // 2


def _geometry(layer: Mapping[str, Any], padded: bool) -> Layer:
    padding = _half(layer) if padded else 0
    return Layer(layer["kernel"], layer["stride"], padding=padding, dilation=layer["dilation"])


def _next_shape(shape: tuple[int, int] | None, layer: Layer) -> tuple[int, int] | None:
    """The map after a layer, or None where nothing is left."""
    if shape is None:
        return None
    try:
        return conv_output_shape(
            shape, layer.kernel_size, stride=layer.stride, padding=layer.padding, dilation=layer.dilation
        )
    except ValueError:  # the kernel does not fit
        return None
