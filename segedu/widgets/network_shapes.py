"""Step through networks: how large each map is, what it costs, how much it sees, and what skips past it."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure
from PIL import Image

from segedu import plot
from segedu.scene import Scene
from segedu.widgets.network_layout import COLORS, draw_network, layout
from segedu.widgets.network_trace import Link, Network, Step, Tensor, skip_links, trace_network
from segedu.widgets.network_words import describe_step, shape_of, size_of, sources, uses
from segedu.widgets.page import PageWidget, module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.scene_widget import picture_uri
from segedu.widgets.sentences import plural

CHANNELS = 4
"""So many channels of each map are shown."""

SIDE = 48
"""The longer side of a shown channel in the page, in pixels."""


class NetworkShapes(PageWidget):
    """Step through networks that are run on a scene: size, memory, receptive field and skips of each map.

    Every number is that of a real run: the network is called once, and each map is looked at on its way.

    Parameters
    ----------
    networks : mapping of str to torch.nn.Module, or to (torch.nn.Module, (int, int))
        Each by its name. With a height and a width beside it, a network sees the picture resized to that.
        Networks on the device "meta" have no values: their maps are listed, and not shown.
    scene : Scene
        Its image is what the networks see, normalised as in training; networks of one channel see it in grey.
    network : str, optional
        Which one is shown at first; left out: the first.
    step : int
        Which of its maps, from 0, the image. Where a network has fewer steps, its last one is shown.
    caption : str
        A line under the figure.

    Raises
    ------
    ValueError
        If there is no network, or one does what `trace_network` cannot follow.

    Notes
    -----
    `network`, `step` and `caption` are traits: in Jupyter, setting one changes the page, and what the reader
    does in the page sets them. Memory is that of a map as float32, four bytes a number, for one image. The
    receptive field is that of the middle number, outside of which no pixel can change it; on the way up,
    neighbours may see a little more or less. Of each map, the four channels that vary most are shown, each
    from its lowest value (black) to its highest (white).

    Examples
    --------
    >>> import torch
    >>> from segedu import synthetic
    >>> from segedu.models import DeconvNet, UNet
    >>> with torch.device("meta"):
    ...     networks = {"DeconvNet": DeconvNet(3, 9), "U-Net": (UNet(1, 2, valid=True), (572, 572))}
    >>> widget = NetworkShapes(networks, synthetic.street_scene(2, (224, 224)), network="U-Net", step=31)
    >>> widget
    NetworkShapes(DeconvNet: 22 maps, U-Net: 32 maps; network='U-Net', step=31, caption='')
    >>> widget.selected.shape
    (2, 388, 388)
    """

    _esm = module("network_shapes")
    _css = stylesheet("chips", "network_shapes")

    data = traitlets.Dict().tag(sync=True)
    network = traitlets.Unicode().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        networks: Mapping[str, Network | tuple[Network, tuple[int, int]]],
        scene: Scene,
        *,
        network: str | None = None,
        step: int = 0,
        caption: str = "",
    ) -> None:
        if not isinstance(scene, Scene):
            raise TypeError(f"NetworkShapes: expected a segedu.Scene, got {type(scene).__name__}")
        if not networks:
            raise ValueError("networks: expected at least one network, by its name, got none")
        self.scene = scene
        self.steps: dict[str, list[Step]] = {}
        self.links: dict[str, list[Link]] = {}
        pages = []
        for name, given in networks.items():
            made, size = given if isinstance(given, tuple) else (given, scene.size)
            sprites: dict[int, dict[str, Any]] = {}
            steps = trace_network(made, _images(made, scene.image, size), look=partial(_look, sprites))
            self.steps[name], self.links[name] = steps, skip_links(steps)
            pages.append(_page_data(name, steps, self.links[name], sprites))
        data = {
            "size": list(scene.size),
            "image": picture_uri(scene.image, width=512, quality=85),
            "alt": plot.alt_text(scene),
            "colors": COLORS,
            "networks": pages,
        }
        super().__init__(
            data=data, network=next(iter(networks)) if network is None else network, caption=caption
        )
        self.step = step

    @traitlets.validate("network")
    def _known(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] not in self.steps:
            raise traitlets.TraitError(
                f"network: expected one of {', '.join(self.steps)}, got {proposal['value']!r}"
            )
        return proposal["value"]

    @traitlets.observe("network")
    def _still_there(self, change: dict[str, Any]) -> None:
        self.step = min(self.step, len(self.steps[change["new"]]) - 1)

    @traitlets.validate("step")
    def _a_step(self, proposal: dict[str, Any]) -> int:
        last = len(self.steps[self.network]) - 1
        if not 0 <= proposal["value"] <= last:
            raise traitlets.TraitError(
                f"step: expected 0 to {last} for {self.network}, got {proposal['value']}"
            )
        return proposal["value"]

    @property
    def selected(self) -> Step:
        """The step that is shown."""
        return self.steps[self.network][self.step]

    def __repr__(self) -> str:
        made = ", ".join(f"{name}: {len(steps)} maps" for name, steps in self.steps.items())
        return f"NetworkShapes({made}; network={self.network!r}, step={self.step}, caption={self.caption!r})"

    def alt(self) -> str:
        steps = self.steps[self.network]
        sides = [str(step.shape[1]) for step in steps]
        path = [side for k, side in enumerate(sides) if k == 0 or side != sides[k - 1]]
        kinds = {how: sum(link.how == how for link in self.links[self.network]) for how in _SKIPS}
        skips = ", ".join(plural(n, *_SKIPS[how]) for how, n in kinds.items() if n) or "no skip links"
        return (
            f"{self.network}, a bar for each map. Their heights: {' → '.join(path)}. "
            f"{skips[0].upper()}{skips[1:]}. "
            f"{describe_step(steps, self.step)}"
        )

    def still(self) -> str:
        return f"data:image/png;base64,{base64.b64encode(self.static()).decode('ascii')}"

    def static(self) -> bytes:
        steps = self.steps[self.network]
        figure = Figure(figsize=(7, 3.2), layout="constrained")
        axes = figure.subplots()
        draw_network(axes, steps, self.links[self.network], selected=self.step)
        seen = f"{self.selected.field[0]} × {self.selected.field[1]}"
        axes.set_title(
            f"{self.network}, step {self.step}: {self.selected.label}\n"
            f"{shape_of(self.selected)}, {size_of(self.selected.memory)}; the middle number sees {seen} pixels",
            fontsize=10,
        )
        return png(figure)


_SKIPS = {
    "concatenated": ("map is concatenated", "maps are concatenated"),
    "summed": ("map is summed", "maps are summed"),
    "switches": ("pooling hands its switches over", "poolings hand their switches over"),
}


def _images(network: Network, image: npt.NDArray[np.uint8], size: tuple[int, int]) -> Tensor:
    """What a network is shown: (1, C, H, W), normalised as in training, on the network's device."""
    import torch

    from segedu.training import normalise

    first = next((m for m in network.modules() if isinstance(m, torch.nn.Conv2d)), None)
    channels = 3 if first is None else first.in_channels
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    if image.shape[:2] != tuple(size):
        image = np.asarray(Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BILINEAR))
    made = normalise(torch.tensor(image).permute(2, 0, 1))[None]
    if channels == 1:
        made = made.mean(dim=1, keepdim=True)
    return made.to(device)


def _look(sprites: dict[int, dict[str, Any]], number: int, maps: Tensor) -> None:
    """Keep the channels of a map that vary most, side by side in one small grey picture."""
    if maps.is_meta:
        return
    values = maps[0].detach().float().cpu().numpy()  # (C, H, W)
    chosen = np.sort(np.argsort(-values.std(axis=(1, 2)), kind="stable")[:CHANNELS])
    tiles = [_tile(values[channel]) for channel in chosen]
    apart = np.full((tiles[0].shape[0], 1), 255, np.uint8)
    row = np.hstack([part for tile in tiles for part in (apart, tile)][1:])
    stream = io.BytesIO()
    Image.fromarray(row).save(stream, "WEBP", quality=45, method=4)
    sprites[number] = {
        "channels": chosen.tolist(),
        "uri": f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}",
        "size": [row.shape[1], row.shape[0]],
    }


def _tile(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """One channel from its lowest value, black, to its highest, white; at most `SIDE` pixels wide and high."""
    low, high = float(values.min()), float(values.max())
    grey = Image.fromarray(np.uint8(np.round(255 * (values - low) / (high - low or 1))))
    factor = SIDE / max(grey.size)
    size = (max(1, round(factor * grey.width)), max(1, round(factor * grey.height)))
    how = Image.Resampling.BOX if factor < 1 else Image.Resampling.NEAREST
    return np.asarray(grey.resize(size, how))


def _page_data(
    name: str, steps: list[Step], links: list[Link], sprites: dict[int, dict[str, Any]]
) -> dict[str, Any]:
    """A network as the page reads it: numbers, words, and where its bars and links lie."""
    placed = layout(steps, links)
    largest = max(step.memory for step in steps)
    return {
        "name": name,
        "size": list(steps[0].shape[1:]),
        "total": f"{plural(sum(step.parameters for step in steps), 'parameter')}; all maps together "
        f"{size_of(sum(step.memory for step in steps[1:]))}",
        "steps": [
            {
                "kind": step.kind,
                "label": step.label,
                "module": step.module,
                "shape": shape_of(step),
                "field": f"{step.field[0]} × {step.field[1]}",
                "box": list(step.box),
                "memory": size_of(step.memory),
                "share": round(step.memory / largest, 4),
                "parameters": f"{step.parameters:,}",
                "said": describe_step(steps, number),
                "from": [list(source) for source in sources(step, number)],
                "to": [list(use) for use in uses(links, number)],
                "shown": sprites.get(number),
                "bar": [round(part, 4) for part in placed.bars[number]],
            }
            for number, step in enumerate(steps)
        ],
        "links": [
            {
                "source": link.source,
                "target": link.target,
                "how": link.how,
                "via": list(link.via),
                "y": round(y, 4),
            }
            for link, y in zip(links, placed.links, strict=True)
        ],
        "labels": [[round(at, 3), text] for at, text in placed.labels],
        "top": round(placed.top, 4),
    }
