"""Declare each category thing or stuff, and see what that changes: the split is the data set's decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import traitlets
from matplotlib.figure import Figure

from segedu import plot
from segedu.scene import NO_INSTANCE, VOID, Category, Scene
from segedu.widgets.page import module, stylesheet
from segedu.widgets.printing import png
from segedu.widgets.scene_widget import VIEWS, SceneWidget, composite, picture_uri
from segedu.widgets.sentences import describe, plural


def with_things(scene: Scene, things: Iterable[str]) -> Scene:
    """Relabel a scene under another split: the named categories are things, all others stuff.

    A thing that becomes stuff loses its instance numbers, so its objects merge into one segment. Stuff that
    becomes a thing gains none: all its pixels are one crowd until somebody annotates its objects. Connected
    regions are not taken for objects, since two objects may touch and one may be seen in two pieces.

    Parameters
    ----------
    scene : Scene
    things : iterable of str
        Names of categories.

    Raises
    ------
    ValueError
        If the scene has no category of that name.

    Examples
    --------
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> scene = Scene(np.zeros((1, 4, 3), np.uint8), [[0, 1, 1, 1]], [[0, 1, 2, 2]], (road, car))
    >>> [(s.label, s.instance, s.area) for s in with_things(scene, []).segments()]
    [(0, 0, 1), (1, 0, 3)]
    >>> [(s.label, s.instance, s.iscrowd) for s in with_things(scene, ["road", "car"]).segments()]
    [(0, 0, True), (1, 1, False), (1, 2, False)]
    """
    named = {things} if isinstance(things, str) else set(things)
    unknown = named - {category.name for category in scene.categories}
    if unknown:
        known = ", ".join(category.name for category in scene.categories)
        raise ValueError(f"things: expected names among {known}; got {', '.join(sorted(unknown))}")
    categories = tuple(replace(category, isthing=category.name in named) for category in scene.categories)
    isthing = np.zeros(VOID + 1, bool)  # void is no thing
    isthing[: len(categories)] = [category.isthing for category in categories]
    instance = np.where(isthing[scene.semantic], scene.instance, NO_INSTANCE)
    return replace(scene, instance=instance, categories=categories)


def tally(scene: Scene) -> dict[str, int]:
    """Count what a labelling holds: segments, objects that can be counted, crowds, and pixels of objects."""
    segments = scene.segments()
    objects = [segment for segment in segments if segment.instance != NO_INSTANCE]
    return {
        "segments": len(segments),
        "objects": len(objects),
        "crowds": sum(segment.iscrowd for segment in segments),
        "object_pixels": sum(segment.area for segment in objects),
    }


def notes(scene: Scene, things: Iterable[str]) -> list[str]:
    """Say for each category what becomes of it under another split; `scene` is as the data set has it."""
    before, after = scene.segments(), with_things(scene, things)
    said = []
    for label, category in enumerate(after.categories):
        annotated = sum(s.label == label and s.instance != NO_INSTANCE for s in before)
        mine = [s for s in after.segments() if s.label == label]
        if not mine:
            said.append("not in this picture")
        elif not category.isthing:
            merged = f": {plural(annotated, 'object')} merged" if annotated else ""
            said.append(f"1 segment{merged}")
        elif not annotated:
            said.append("1 crowd: nobody has told its objects apart")
        else:
            said.append(plural(annotated, "object") + (" and 1 crowd" if len(mine) > annotated else ""))
    return said


def verdict(scene: Scene, things: Iterable[str]) -> str:
    """Say whose decision the split is: the data set's, and where it differs, the reader's."""
    after = with_things(scene, things)
    pairs = list(zip(scene.categories, after.categories, strict=True))
    parts = [f"This data set's things: {_listed([old for old, _ in pairs if old.isthing])}."]
    more = [new for old, new in pairs if new.isthing and not old.isthing]
    fewer = [new for old, new in pairs if old.isthing and not new.isthing]
    if more:
        kind, whose = ("a thing", "its") if len(more) == 1 else ("things", "their")
        parts.append(f"You made {_listed(more)} {kind}: nobody has told {whose} objects apart yet.")
    if fewer:
        parts.append(f"You made {_listed(fewer)} stuff: no longer anything to count.")
    parts.append("The picture is the same; the split is a decision.")
    return " ".join(parts)


def _listed(categories: list[Category]) -> str:
    names = [category.name for category in categories]
    if not names:
        return "none"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


class ThingStuff(SceneWidget):
    """Declare categories thing or stuff, and see segments, countable objects and the three tasks change.

    Parameters
    ----------
    scene : Scene
        The scene as its data set labels it.
    things : iterable of str, optional
        Names of the categories that count as things at the start. Left out: as the data set has it.
    view : {"panoptic", "image", "semantic", "instance"}
        The view to open with.
    opacity : float
        How much of the labels covers the image, 0 to 1.
    caption : str
        A line under the figure.

    Attributes
    ----------
    things : list of str
        The categories declared things now, in the order of ``scene.categories``.
    pixel : list of two int, or None
        Row and column of the pixel that the reader points at.

    Notes
    -----
    All of these are traits: in Jupyter, setting one changes the page, and what the reader does in the page sets
    them. `relabelled` is the scene under the split on show.

    Examples
    --------
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> scene = Scene(np.zeros((1, 4, 3), np.uint8), [[0, 1, 1, 1]], [[0, 1, 2, 2]], (road, car))
    >>> widget = ThingStuff(scene)
    >>> widget.relabelled
    Scene(1×4 pixels, 2 categories, 2 instances, 0.0 % void)
    >>> widget.things = []
    >>> tally(widget.relabelled)
    {'segments': 2, 'objects': 0, 'crowds': 0, 'object_pixels': 0}
    """

    _esm = module("thing_stuff")
    _css = stylesheet()

    view = traitlets.Enum(VIEWS, default_value="panoptic").tag(sync=True)
    things = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        scene: Scene,
        things: Iterable[str] | None = None,
        view: str = "panoptic",
        opacity: float = 0.6,
        caption: str = "",
        **state: Any,
    ) -> None:
        if things is None:
            things = [category.name for category in scene.categories if category.isthing]
        super().__init__(scene, things=list(things), view=view, opacity=opacity, caption=caption, **state)

    @property
    def relabelled(self) -> Scene:
        """The scene under the split on show."""
        return with_things(self.scene, self.things)

    @traitlets.validate("things")
    def _in_order(self, proposal: dict[str, Any]) -> list[str]:
        try:
            after = with_things(self.scene, proposal["value"])
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None
        return [category.name for category in after.categories if category.isthing]

    def describe(self, row: int, col: int) -> dict[str, str]:
        """What the three tasks say about a pixel under the split on show, word for word as the page does."""
        return describe(self.relabelled, row, col)

    def alt(self) -> str:
        counts = tally(self.relabelled)
        return (
            f"{super().alt()} {verdict(self.scene, self.things)} "
            f"{plural(counts['segments'], 'segment')}, {plural(counts['objects'], 'object')} to count."
        )

    def still(self) -> str:
        return picture_uri(composite(self.relabelled, self.view, self.opacity), width=640, quality=75)

    def static(self) -> bytes:
        after = self.relabelled
        counts, (height, width) = tally(after), after.size
        figure = Figure(figsize=(7, 3.5 * height / width + 0.3), layout="constrained")
        instance, panoptic = figure.subplots(1, 2)
        plot.show_instance(after, ax=instance, opacity=self.opacity)
        instance.set_title(f"Instance: {plural(counts['objects'], 'object')}")
        plot.show_panoptic(after, ax=panoptic, opacity=self.opacity)
        panoptic.set_title(f"Panoptic: {plural(counts['segments'], 'segment')}")
        return png(figure)
