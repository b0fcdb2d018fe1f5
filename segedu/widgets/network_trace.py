"""What a network does with a picture, step by step: run once, and watched while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from segedu.upsampling import Layer
from segedu.widgets.network_fields import Box, Cut, Grown, Read, Window, seen_box

Network: TypeAlias = Any  # torch.nn.Module: torch is loaded only when it is needed
Tensor: TypeAlias = Any  # torch.Tensor

FLOAT = 4
"""Bytes of a number, as float32."""

_POINTWISE = {"BatchNorm2d": "batch norm", "Dropout": "dropout", "Dropout2d": "dropout"}


@dataclass(frozen=True)
class Step:
    """One map of a network, and how it is made.

    Attributes
    ----------
    kind : {"image", "conv", "pool", "unpool", "transposed", "concat", "sum", "crop"}
    label : str
        The layer in words, with what follows it pixel by pixel: "conv 3×3, batch norm, ReLU".
    module : str
        Its name in the network, such as "encoder.0.pool"; empty for what is no module.
    shape : (int, int, int)
        Channels, height and width of the map.
    parameters : int
        What is learned in this step (or was, if it is frozen).
    reads : tuple of Read
        From which earlier maps it is made.
    box : (int, int, int, int)
        Left, top, right, bottom of what the middle number of the map sees of the picture, half-open. It may
        reach beyond the picture.
    """

    kind: str
    label: str
    module: str
    shape: tuple[int, int, int]
    parameters: int
    reads: tuple[Read, ...]
    box: Box

    @property
    def field(self) -> tuple[int, int]:
        """Height and width of `box`: the receptive field of the middle number."""
        left, top, right, bottom = self.box
        return bottom - top, right - left

    @property
    def memory(self) -> int:
        """Bytes of the map, four a number."""
        channels, height, width = self.shape
        return FLOAT * channels * height * width


@dataclass(frozen=True)
class Link:
    """That a map goes from one step to a later one past the steps between.

    ``how`` is "concatenated", "summed" or "switches"; `via` are the steps that it passes on its way, such as a
    score layer.
    """

    source: int
    target: int
    how: str
    via: tuple[int, ...] = ()


def trace_network(
    network: Network, images: Tensor, *, look: Callable[[int, Tensor], None] | None = None
) -> list[Step]:
    """Run a network on one image, and list the maps that it makes, in the order in which it makes them.

    Convolutions, transposed convolutions, pooling and unpooling are steps, and so are concatenating, adding
    and cutting maps. What works number by number (batch norm, ReLU, dropout) belongs to the step before it.

    Parameters
    ----------
    network : torch.nn.Module
        It is run in ``eval`` mode, without gradients, and left as it was. On the device "meta", nothing is
        computed but shapes, so a network of any size takes no time.
    images : (1, C, H, W) tensor
    look : callable, optional
        Called with the number of a step and its map, (1, C, H, W), whenever the map has got new values.

    Returns
    -------
    list of Step
        The first is the image.

    Raises
    ------
    ValueError
        If more than one image comes, or if the network does something else with its maps.

    Examples
    --------
    >>> import torch
    >>> from segedu.models import DeconvNet
    >>> steps = trace_network(DeconvNet(3, 9, base_channels=4, stages=(1,)), torch.zeros(1, 3, 8, 8))
    >>> for step in steps:
    ...     print(step.label, step.shape, step.field, step.memory, step.parameters)
    image (3, 8, 8) (1, 1) 768 0
    conv 3×3, batch norm, ReLU (4, 8, 8) (3, 3) 1024 116
    max pool 2×2 (4, 4, 4) (4, 4) 256 0
    max unpool 2×2 (4, 8, 8) (4, 4) 1024 0
    transposed conv 3×3, batch norm, ReLU (4, 8, 8) (6, 6) 1024 152
    conv 1×1 (9, 8, 8) (6, 6) 2304 45
    """
    import torch

    if images.ndim != 4 or len(images) != 1:
        raise ValueError(f"images: expected one image (1, C, H, W), got {tuple(images.shape)}")
    watch = _Watch(network, images, look)
    with torch.no_grad(), _evaluating(network), watch.hooked(), watch.functions():
        network(images)
    return watch.steps


def skip_links(steps: list[Step]) -> list[Link]:
    """Where maps, or the switches of a pooling, go past other steps.

    Of the maps that are concatenated or added, the one that took the longest way is no skip.

    Examples
    --------
    >>> import torch
    >>> from segedu.models import UNet
    >>> steps = trace_network(UNet(3, 9, base_channels=2), torch.zeros(1, 3, 32, 32))
    >>> [(link.source, link.target, link.how) for link in skip_links(steps)][:2]
    [(11, 16, 'concatenated'), (8, 20, 'concatenated')]
    """
    depth, above, links = [0], [{0}], []
    for number, step in enumerate(steps[1:], start=1):
        maps = [read.step for read in step.reads if not read.switches]
        links += [Link(read.step, number, "switches") for read in step.reads if read.switches]
        trunk = max(maps, key=lambda at: depth[at])
        for at in maps if len(maps) > 1 else []:
            if at == trunk:
                continue
            source, via = at, list[int]()
            while source not in above[trunk]:
                via.insert(0, source)
                source = max((read.step for read in steps[source].reads), key=lambda at: depth[at])
            how = "concatenated" if step.kind == "concat" else "summed"
            links.append(Link(source, number, how, tuple(via)))
        depth.append(depth[trunk] + 1)
        above.append({number}.union(*(above[at] for at in maps)))
    return links


@contextmanager
def _evaluating(network: Network) -> Iterator[None]:
    """Put a network into ``eval`` mode, and each of its parts back into its own afterwards."""
    before = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


class _Watch:
    """What has been seen of a run: the steps so far, and which tensors are maps of which of them."""

    def __init__(self, network: Network, images: Tensor, look: Callable[[int, Tensor], None] | None) -> None:
        from torch.utils.weak import WeakTensorKeyDictionary

        self.names = {module: name for name, module in network.named_modules()}
        self.look = look
        self.steps: list[Step] = []
        self.origin: Any = WeakTensorKeyDictionary()  # tensor → Read: of which step it is a map, and which part
        self.makers: Any = (
            WeakTensorKeyDictionary()
        )  # tensor → name of the function, where that is not followed
        self.counted: set[int] = set()  # ids of parameters: a layer that runs twice has them once
        self.inside = 0  # how many modules are at work: the functions they call are no steps
        self.add("image", "image", images, ())

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Watch every module that has no parts."""

        def before(*_: Any) -> None:
            self.inside += 1

        def after(module: Network, inputs: tuple[Any, ...], output: Any) -> None:
            self.inside -= 1
            self.module(module, inputs, output)

        leaves = [module for module in self.names if not list(module.children())]
        hooks = [leaf.register_forward_pre_hook(before) for leaf in leaves]
        hooks += [leaf.register_forward_hook(after) for leaf in leaves]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def functions(self) -> Any:
        """Watch every function of torch that is called between modules."""
        import torch
        from torch.overrides import TorchFunctionMode

        watch = self

        class Functions(TorchFunctionMode):
            def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                output = func(*args, **(kwargs or {}))
                if isinstance(output, torch.Tensor) and not watch.inside:
                    watch.function(func.__name__.strip("_"), args, kwargs or {}, output)
                return output

        return Functions()

    def add(
        self,
        kind: str,
        label: str,
        output: Tensor,
        reads: tuple[Read, ...],
        module: Network | None = None,
    ) -> None:
        """A new step, whose map is `output`."""
        number = len(self.steps)
        channels, height, width = output.shape[1:]
        box = seen_box([*(step.reads for step in self.steps), reads], number, (height // 2, width // 2))
        name = "" if module is None else self.names[module]
        learned = 0 if module is None else self.new_parameters(module)
        self.steps.append(Step(kind, label, name, (channels, height, width), learned, reads, box))
        self.set_map(output, Read(number))

    def set_map(self, output: Tensor, origin: Read) -> None:
        """Remember of which step a tensor is a map, and show it."""
        self.origin[output] = origin
        if self.look is not None and not origin.windows:
            self.look(origin.step, output)

    def new_parameters(self, module: Network) -> int:
        own = [p for p in module.parameters(recurse=False) if id(p) not in self.counted]
        self.counted.update(id(p) for p in own)
        return sum(p.numel() for p in own)

    def read(self, tensor: Tensor, *windows: Window, by: str) -> Read:
        """How a tensor is read through some windows."""
        if tensor not in self.origin:
            made = f"from {self.makers[tensor]!r}" if tensor in self.makers else "from nowhere that was seen"
            raise ValueError(
                f"network: the map that enters {by} comes {made}. Followed are convolution, pooling, "
                "unpooling, concatenation and sums of maps, cutting, and what works number by number"
            )
        origin = self.origin[tensor]
        return replace(origin, windows=(*windows, *origin.windows))

    def module(self, module: Network, inputs: tuple[Any, ...], output: Any) -> None:
        """A module has run: a step of its own, or a part of the step before."""
        from torch import nn

        x, by = inputs[0], f"{self.names[module]!r}"
        if isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            kind = "conv" if isinstance(module, nn.Conv2d) else "pool"
            name = {"Conv2d": "conv", "MaxPool2d": "max pool", "AvgPool2d": "average pool"}
            layer = _layer(module)
            values = output[0] if isinstance(output, tuple) else output
            label = _label(name.get(type(module).__name__, kind), layer.kernel_size, layer.stride, plain=kind)
            self.add(kind, label, values, (self.read(x, layer, by=by),), module)
            if isinstance(output, tuple):
                self.origin[output[1]] = Read(len(self.steps) - 1, switches=True)
        elif isinstance(module, nn.ConvTranspose2d):
            grown = _grown(module, by)
            label = _label("transposed conv", grown.kernel_size, grown.stride, plain="transposed")
            self.add("transposed", label, output, (self.read(x, grown, by=by),), module)
        elif isinstance(module, nn.MaxUnpool2d):
            grown = Grown(
                *(_pair(size) for size in (module.kernel_size, module.stride)), padding=_pair(module.padding)
            )
            label = _label("max unpool", grown.kernel_size, grown.stride, plain="unpool")
            both = self.read(x, grown, by=by), self.read(inputs[1], grown, by=by)
            self.add("unpool", label, output, both, module)
        elif getattr(output, "shape", None) == x.shape:
            self.pointwise(module, self.read(x, by=by), output)
        else:
            raise ValueError(
                f"network: {by} is a {type(module).__name__}, which is not followed here. Followed are Conv2d, "
                "ConvTranspose2d, MaxPool2d, AvgPool2d, MaxUnpool2d, and what works number by number"
            )

    def pointwise(self, module: Network, origin: Read, output: Tensor) -> None:
        """A module that keeps the shape adds its name and its parameters to the step before it."""
        step, kind = self.steps[origin.step], type(module).__name__
        silent = kind == "Identity" or getattr(module, "p", None) == 0  # a dropout that drops nothing
        label = step.label if silent else f"{step.label}, {_POINTWISE.get(kind, kind)}"
        parameters = step.parameters + self.new_parameters(module)
        self.steps[origin.step] = replace(step, label=label, parameters=parameters)
        self.set_map(output, origin)

    def function(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor) -> None:
        """A function between the modules: a step of its own, a part of a map, or nothing that matters."""
        import torch

        given = args[0] if args and isinstance(args[0], list | tuple) else args
        maps = [t for t in [*given, *kwargs.values()] if isinstance(t, torch.Tensor) and t in self.origin]
        if name in ("cat", "concat", "concatenate") and _dim(args, kwargs) in (1, -3):
            self.add("concat", "concatenate", output, tuple(self.read(t, by=name) for t in given))
        elif name in ("add", "iadd", "radd") and len(maps) == 2 and maps[0].shape == maps[1].shape:
            self.add("sum", "sum", output, tuple(self.read(t, by=name) for t in maps))
        elif len(maps) == 1 and output.shape == maps[0].shape:
            self.set_map(output, self.origin[maps[0]])
        elif name == "getitem" and maps and (cut := _cut(args[1], maps[0], output)):
            self.crop(maps[0], cut, output)
        else:
            self.makers[output] = name

    def crop(self, x: Tensor, cut: Cut, output: Tensor) -> None:
        """The latest map, cut, is a new step; an earlier one is cut on its way to where it is used."""
        origin = self.read(x, cut, by="a crop")
        if origin.step == len(self.steps) - 1:
            self.add("crop", "crop", output, (origin,))
        else:
            self.set_map(output, origin)


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _layer(module: Any) -> Layer:
    """The geometry of a convolution or a pooling."""
    kernel, dilation = _pair(module.kernel_size), _pair(getattr(module, "dilation", 1))
    padding = module.padding
    if isinstance(padding, str):
        padding = (
            (0, 0)
            if padding == "valid"
            else tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
        )
    return Layer(kernel, _pair(module.stride), padding=_pair(padding), dilation=dilation)


def _grown(module: Any, by: str) -> Grown:
    """The geometry of a transposed convolution."""
    kernel, stride = module.kernel_size, module.stride
    if module.dilation != (1, 1) or any(s > k for k, s in zip(kernel, stride, strict=True)):
        raise ValueError(
            f"network: {by} is a transposed convolution with dilation {module.dilation}, kernel {kernel} and "
            f"stride {stride}; followed are those without dilation whose stride is at most their kernel"
        )
    return Grown(kernel, stride, padding=module.padding)


def _label(name: str, kernel: Any, stride: Any, *, plain: str) -> str:
    """As "conv 3×3 /2": the stride is named where it is not the usual one of its kind."""
    usual = kernel if plain in ("pool", "unpool") else (1, 1)
    return f"{name} {kernel[0]}×{kernel[1]}" + ("" if stride == usual else f" /{stride[0]}")


def _dim(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    return args[1] if len(args) > 1 else kwargs.get("dim", kwargs.get("axis", 0))


def _cut(index: Any, x: Tensor, output: Tensor) -> Cut | None:
    """Where an index of plain slices cuts a map in height and width, or None if it does something else."""
    parts = index if isinstance(index, tuple) else (index,)
    if output.ndim != 4 or output.shape[:2] != x.shape[:2]:
        return None
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts = (*parts[:at], *[slice(None)] * (5 - len(parts)), *parts[at + 1 :])
    spans = [part.indices(size) for part, size in zip(parts[2:], x.shape[2:], strict=False)]
    if any(step != 1 for _, _, step in spans):
        return None
    top, left = ([start for start, _, _ in spans] + [0, 0])[:2]
    return Cut(top, left)
