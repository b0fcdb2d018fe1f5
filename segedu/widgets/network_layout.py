"""The picture of a network: a bar for each map, as tall as the map, and its skip links above the bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from segedu.widgets.network_trace import Link, Step

GAP = 0.055  # between the highest bar under a link and the link, in parts of the tallest bar
ROOM = 10  # as many labels of sizes stand side by side

COLORS = {
    "image": "#8a93a0", "conv": "#56b4e9", "pool": "#0072b2", "unpool": "#d55e00", "transposed": "#e69f00",
    "concat": "#7a5195", "sum": "#7a5195", "crop": "#8a93a0",
}  # fmt: skip
"""Of the bars, by the kind of the step."""

DASHES = {"concatenated": "-", "summed": "--", "switches": ":"}


@dataclass(frozen=True)
class Layout:
    """Where everything lies. Bar k is centred on k + 1/2; heights are parts of the tallest bar.

    Attributes
    ----------
    bars : list of (float, float)
        Width, at most 1, and height of each: the square root of the map's height, and the logarithm of its
        channels, so that the smallest can still be seen.
    links : list of float
        How high each link runs above the middle of the bars.
    labels : list of (float, str)
        Where along the bars the height of the maps is written, and how much it is.
    top : float
        Above the middle, what is highest.
    """

    bars: list[tuple[float, float]]
    links: list[float]
    labels: list[tuple[float, str]]
    top: float


def layout(steps: Sequence[Step], links: Sequence[Link]) -> Layout:
    """Place the bars and the links of a network.

    A link runs above all bars that it passes, and above all links between its ends.
    """
    tallest = max(step.shape[1] for step in steps)
    widest = max(step.shape[0] for step in steps)
    bars = [
        (0.3 + 0.55 * math.log2(step.shape[0]) / max(1, math.log2(widest)), math.sqrt(step.shape[1] / tallest))
        for step in steps
    ]
    heights: dict[Link, float] = {}
    for link in sorted(links, key=lambda link: link.target - link.source):
        bar = max(height / 2 for _, height in bars[link.source : link.target + 1])
        within = [
            y for other, y in heights.items() if link.source <= other.source and other.target <= link.target
        ]
        heights[link] = max([bar, *within]) + GAP
    top = max([0.5, *heights.values()]) + GAP
    return Layout(bars, [heights[link] for link in links], _labels(steps), top)


def _labels(steps: Sequence[Step]) -> list[tuple[float, str]]:
    """The height of the maps under each run of equal ones, if there is room; the last one always."""
    runs: list[list[int]] = []
    for number, step in enumerate(steps):
        if runs and steps[runs[-1][0]].shape[1] == step.shape[1]:
            runs[-1].append(number)
        else:
            runs.append([number])
    room, labels = len(steps) / (ROOM + 2), list[tuple[float, str]]()
    for run in runs:
        middle = (run[0] + run[-1] + 1) / 2
        crowded = labels and middle - labels[-1][0] < room
        if crowded and run is runs[-1]:
            labels.pop()
        if not crowded or run is runs[-1]:
            labels.append((middle, str(steps[run[0]].shape[1])))
    return labels


def draw_network(axes: Axes, steps: Sequence[Step], links: Sequence[Link], *, selected: int) -> None:
    """Draw a network for print, with one of its steps marked."""
    placed = layout(steps, links)
    for number, (step, (width, height)) in enumerate(zip(steps, placed.bars, strict=True)):
        on = number == selected
        axes.add_patch(
            Rectangle(
                (number + (1 - width) / 2, -height / 2), width, height, facecolor=COLORS[step.kind],
                edgecolor="#1d2530" if on else "none", linewidth=2,
            )
        )  # fmt: skip
    for link, y in zip(links, placed.links, strict=True):
        (left, start), (right, end) = ((at + 0.5, placed.bars[at][1] / 2) for at in (link.source, link.target))
        axes.plot([left, left, right, right], [start, y, y, end], color="#1d2530", ls=DASHES[link.how], lw=1.3)
    for at, text in placed.labels:
        axes.text(at, -0.56, text, ha="center", va="top", fontsize=8, color="#566170")
    axes.set(xlim=(0, len(steps)), ylim=(-0.66, placed.top))
    axes.set_axis_off()
