"""How much of the image one number of a feature map can see: the receptive field, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass

from segedu.upsampling.sizes import IntOrPair, pair


@dataclass(frozen=True)
class Layer:
    """A convolution or a pooling layer, as far as its receptive field goes.

    Numbers are kept as pairs (rows first).

    Parameters
    ----------
    kernel_size : int or (int, int)
    stride : int or (int, int)
    padding : int or (int, int)
        On each side.
    dilation : int or (int, int)

    Raises
    ------
    ValueError
        If a number does not fit.

    Examples
    --------
    >>> Layer(3, 2, padding=1)
    Layer(kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(1, 1))
    """

    kernel_size: IntOrPair
    stride: IntOrPair = 1
    _: KW_ONLY
    padding: IntOrPair = 0
    dilation: IntOrPair = 1

    def __post_init__(self) -> None:
        for name, least in (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1)):
            object.__setattr__(self, name, pair(getattr(self, name), name, least=least))


@dataclass(frozen=True)
class ReceptiveField:
    """What the numbers of one feature map see of the image. All in pixels of the image, rows first.

    Attributes
    ----------
    size : (int, int)
        Height and width of what one number sees.
    stride : (int, int)
        From what one number sees to what its neighbour sees. Also called *jump*.
    start : (int, int)
        Top and left of what number [0, 0] sees. Negative where it sees padding.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    start: tuple[int, int]

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """What number [row, column] sees: left, top, right, bottom, half-open. It may reach beyond the image.

        Examples
        --------
        >>> field, = receptive_field([Layer(3, 2, padding=1)])
        >>> field.box(row=0, column=2)
        (3, -1, 6, 2)
        """
        top, left = (self.start[a] + self.stride[a] * at for a, at in ((0, row), (1, column)))
        return left, top, left + self.size[1], top + self.size[0]


def receptive_field(layers: Iterable[Layer]) -> list[ReceptiveField]:
    """The receptive field after each layer.

    Every layer adds ``dilation * (kernel_size - 1)`` steps to it. A step is as wide as the strides before it
    have made it::

        size   = size + dilation * (kernel_size - 1) * stride so far
        start  = start - padding * stride so far
        stride = stride so far * stride of the layer

    Parameters
    ----------
    layers : iterable of Layer
        From the image on. Layers that work pixel by pixel (ReLU, batch normalisation) change nothing.

    Returns
    -------
    list of ReceptiveField
        One for each layer.

    Notes
    -----
    This is the theoretical field: outside of it nothing counts. Inside, the middle counts far more than the
    rim, and only gradients tell how much. Dilation, and strides beyond the kernel, leave holes in it.

    Source: Araujo, Norris and Sim 2019, https://distill.pub/2019/computing-receptive-fields.

    Examples
    --------
    Two convolutions of 3 × 3 see 5 × 5. After pooling, the same convolution adds twice as much:

    >>> conv, pool = Layer(3, padding=1), Layer(2, 2)
    >>> [field.size[0] for field in receptive_field([conv, conv, pool, conv])]
    [3, 5, 6, 10]
    """
    fields, field = [], ReceptiveField((1, 1), (1, 1), (0, 0))
    for layer in layers:
        k, s, p, d = (
            pair(getattr(layer, name), name, least=0)
            for name in ("kernel_size", "stride", "padding", "dilation")
        )
        height, width = (field.size[a] + d[a] * (k[a] - 1) * field.stride[a] for a in (0, 1))
        top, left = (field.start[a] - p[a] * field.stride[a] for a in (0, 1))
        step = field.stride[0] * s[0], field.stride[1] * s[1]
        field = ReceptiveField((height, width), step, (top, left))
        fields.append(field)
    return fields
