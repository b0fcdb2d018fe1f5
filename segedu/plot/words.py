"""A scene in one sentence, for those who cannot see the picture."""

from __future__ import annotations

from collections import Counter

import numpy as np

from segedu.scene import NO_INSTANCE, VOID, Scene

_IRREGULAR = {"person": "people", "man": "men", "woman": "women", "child": "children", "nucleus": "nuclei"}
_UNCHANGED = {"sheep", "fish", "scissors", "skis", "glasses"}


def alt_text(scene: Scene, *, subject: str = "A labelled scene") -> str:
    """Describe a scene in one sentence: the shares of stuff, then the number of things.

    Shares are of all pixels, and sorted: the largest first. Things are counted in the order of the categories.

    Parameters
    ----------
    scene : Scene
    subject : str
        The first words: ``"A street scene"``.

    Returns
    -------
    str
        One sentence, usable as the alternative text of an image.

    Examples
    --------
    >>> from segedu.scene import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> semantic = np.array([[0, 0, 0, 0, 0, 0, 255, 1, 1, 1]])
    >>> instance = np.array([[0, 0, 0, 0, 0, 0, 0, 1, 1, 2]])
    >>> scene = Scene(np.zeros((1, 10, 3), np.uint8), semantic, instance, (road, car))
    >>> alt_text(scene, subject="A street scene")
    'A street scene: road 60 %; 2 cars; 10 % not labelled.'
    """
    names = [category.name for category in scene.categories]
    segments, pixels = scene.segments(), scene.semantic.size
    stuff = sorted((s for s in segments if not s.isthing), key=lambda s: (-s.area, s.label))
    objects = Counter(s.label for s in segments if s.instance != NO_INSTANCE)
    things = [_counted(names[label], objects[label]) for label in sorted(objects)]
    things += [f"a crowd of {_plural(names[s.label])}" for s in segments if s.iscrowd]
    void = int(np.count_nonzero(scene.semantic == VOID))
    parts = [
        ", ".join(f"{names[s.label]} {_percent(s.area, pixels)}" for s in stuff),
        ", ".join(things),
        f"{_percent(void, pixels)} not labelled" if void else "",
    ]
    return f"{subject}: {'; '.join(part for part in parts if part)}."


def _percent(area: int, pixels: int) -> str:
    """Whole percent; what is there is never 0 %, what is not all is never 100 %."""
    share = 100 * area / pixels
    if share < 0.5:
        return "under 1 %"
    return "over 99 %" if 99.5 <= share < 100 else f"{share:.0f} %"


def _counted(name: str, count: int) -> str:
    return f"1 {name}" if count == 1 else f"{count} {_plural(name)}"


def _plural(name: str) -> str:
    """English plural of the last word, by the regular rules and a few exceptions."""
    start, space, word = name.rpartition(" ")
    if word in _IRREGULAR:
        word = _IRREGULAR[word]
    elif word.endswith(("s", "x", "ch", "sh")) and word not in _UNCHANGED:
        word += "es"
    elif word.endswith("y") and word[-2:-1] not in "aeiou":
        word = word[:-1] + "ies"
    elif word.endswith("fe"):
        word = word[:-2] + "ves"
    elif word not in _UNCHANGED:
        word += "s"
    return start + space + word
