"""2.2, 2.3 and 2.6: thing, stuff, crowd and void in the two arrays of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Case, FunctionExercise, Misconception, ValueExercise
from segedu.scene import VOID, Category, Scene

Map = npt.NDArray[Any]
SHEEP = (False, False, True, True)  # grass, sky; sheep, dog


def scene_of(semantic: Map, instance: Map, isthing: Sequence[bool]) -> Scene:
    """The pair as a `Scene`, which refuses what breaks the rules."""
    categories = tuple(Category(k, f"class {k}", bool(thing), (k, k, k)) for k, thing in enumerate(isthing))
    image = np.zeros((*np.shape(semantic), 3), np.uint8)
    return Scene(image=image, semantic=semantic, instance=instance, categories=categories)


def _counts(semantic: Map, instance: Map) -> dict[str, Any]:
    segments = scene_of(semantic, instance, SHEEP).segments()
    return {
        "things": sum(s.isthing and not s.iscrowd for s in segments),
        "stuff segments": sum(not s.isthing for s in segments),
        "crowd": sum(s.area for s in segments if s.iscrowd),
        "void": int(np.size(semantic) - sum(s.area for s in segments)),
    }


SEMANTIC = np.array([[1, 1, 1, 1, 1, 255], [2, 2, 0, 2, 3, 255], [2, 2, 0, 2, 3, 3], [0, 0, 2, 2, 0, 2]])
INSTANCE = np.array([[0, 0, 0, 0, 0, 0], [1, 1, 0, 1, 7, 0], [1, 1, 0, 2, 7, 7], [0, 0, 0, 0, 0, 1]])


def _draw_pair(draws: Draws) -> dict[str, Any]:
    """The same animals, each in another size: a sheep in three pieces, and numbers with gaps."""
    semantic, instance = np.zeros((4, 7), np.int64), np.zeros((4, 7), np.int64)
    semantic[0] = 1
    semantic[0, 7 - draws.whole(1, 3) :] = VOID
    wide = draws.whole(1, 2)
    semantic[1:3, :wide], instance[1:3, :wide] = 2, 1
    semantic[1, 3], instance[1, 3] = 2, 1
    semantic[2, 3], instance[2, 3] = 2, 2
    semantic[3, 6], instance[3, 6] = 2, 1
    semantic[1:3, 4], instance[1:3, 4] = 3, draws.whole(7, 8)
    if draws.whole(0, 1):
        semantic[2, 5], instance[2, 5] = 3, 9
    semantic[3, 2 : 4 + draws.whole(0, 2)] = 2
    return {"semantic": semantic, "instance": instance}


def _pieces_of_stuff(semantic: Map, instance: Map) -> dict[str, int]:
    return {"stuff segments": sum(ndimage.label(semantic == k)[1] for k in (0, 1))}


COUNTS = ValueExercise(
    id="02.2",
    title="Read two arrays",
    reference=_counts,
    given={"semantic": SEMANTIC, "instance": INSTANCE},
    draw=_draw_pair,
    hint="Look at both numbers of a pixel. Is its class a thing? Has it an instance number?",
    misconceptions=(
        Misconception(
            "the largest number is the count",
            lambda semantic, instance: {"things": int(instance.max())},
            "You took the largest number. Numbers may have gaps: they only tell objects apart.",
        ),
        Misconception(
            "a piece is an object",
            lambda semantic, instance: {
                "things": sum(ndimage.label(instance == n)[1] for n in np.unique(instance[instance > 0]))
            },
            "You counted pieces. A sheep with something in front of it lies in several pieces, and has one number.",
        ),
        Misconception(
            "a crowd is an object",
            lambda semantic, instance: {"things": _counts(semantic, instance)["things"] + 1},
            "You counted the crowd as an object. It has no number: nobody knows how many they are.",
        ),
        Misconception(
            "pieces of stuff are counted",
            _pieces_of_stuff,
            "Stuff is one segment for each class, in however many pieces it lies.",
        ),
        Misconception(
            "void is stuff",
            lambda semantic, instance: {"stuff segments": 1 + _counts(semantic, instance)["stuff segments"]},
            "Void was counted as stuff. It has no class, and belongs to no segment.",
        ),
        Misconception(
            "void is a crowd",
            lambda semantic, instance: {"crowd": int(((semantic >= 2) & (instance == 0)).sum())},
            "You counted void as a crowd. Of a crowd we know the class, of void nothing.",
        ),
        Misconception(
            "number 0 is void",
            lambda semantic, instance: {"void": int((instance == 0).sum())},
            "You counted the pixels with instance 0. Stuff and crowds have 0 too; void is 255 in the first array.",
        ),
    ),
)


def _kinds(semantic: Map, instance: Map, isthing: Sequence[bool]) -> dict[str, int]:
    """Reference of 2.3: sums over the segments of a `Scene`."""
    areas = {"stuff": 0, "thing": 0, "crowd": 0}
    for segment in scene_of(semantic, instance, isthing).segments():
        areas["crowd" if segment.iscrowd else "thing" if segment.isthing else "stuff"] += segment.area
    return {**areas, "void": np.size(semantic) - sum(areas.values())}


def _moved(source: str, target: str) -> Any:
    def wrong(semantic: Map, instance: Map, isthing: Sequence[bool]) -> dict[str, int]:
        areas = _kinds(semantic, instance, isthing)
        areas[target] += areas[source]
        areas[source] = 0
        return areas

    return wrong


def _trusting(semantic: Map, instance: Map, isthing: Sequence[bool]) -> dict[str, int]:
    """No rule is checked: what has a number is a thing."""
    void, numbered = semantic == VOID, instance > 0
    things = np.isin(semantic, np.flatnonzero(isthing))
    kinds = (~void & ~things & ~numbered, ~void & numbered, things & ~numbered, void)
    return dict(zip(("stuff", "thing", "crowd", "void"), (int(k.sum()) for k in kinds), strict=True))


def _look_up(semantic: Map, instance: Map, isthing: Sequence[bool]) -> dict[str, int]:
    assert np.asarray(isthing)[semantic].shape == semantic.shape  # 255 is no place in the list
    return _kinds(semantic, instance, isthing)


def _random_pair(rng: np.random.Generator) -> tuple[Map, Map, list[bool]]:
    isthing = [bool(b) for b in rng.random(int(rng.integers(1, 5))) < 0.5]
    size = tuple(rng.integers(1, 6, 2))
    semantic = rng.integers(0, len(isthing), size)
    instance = np.where(np.asarray(isthing)[semantic], 10 * (semantic + 1) + rng.integers(0, 4, size), 0)
    instance[instance % 10 == 0] = 0
    void = rng.random(size) < 0.15
    if rng.random() < 0.15:
        instance.flat[0] = 1  # on a thing it is allowed, elsewhere refused
        void.flat[0] = False
    return np.where(void, VOID, semantic), np.where(void, 0, instance), isthing


KINDS = FunctionExercise(
    id="02.3",
    title="Four kinds of pixels",
    reference=_kinds,
    cases=(
        Case((np.array([[0, 0, 1]]), np.array([[0, 0, 2]]), [False, True]), "stuff and an object"),
        Case((np.array([[0, 1, 1]]), np.array([[0, 0, 1]]), [False, True]), "a crowd"),
        Case((np.array([[0, 255, 1]]), np.array([[0, 0, 1]]), [False, True]), "a void pixel"),
        Case((np.array([[255, 255]]), np.array([[0, 0]]), [True]), "all void, and the only class is a thing"),
        Case((np.array([[0, 1]]), np.array([[1, 1]]), [False, True]), "an instance number on stuff"),
        Case((np.array([[255, 1]]), np.array([[3, 1]]), [False, True]), "an instance number on void"),
        Case((SEMANTIC, INSTANCE, list(SHEEP)), "the picture of 2.2"),
    ),
    random=_random_pair,
    hint="Two questions decide: is there a class, and is it a thing? Then: is there a number?",
    misconceptions=(
        Misconception(
            "void is stuff",
            _moved("void", "stuff"),
            "Void is counted as stuff. It has no class at all: keep it apart.",
        ),
        Misconception(
            "a crowd is a thing like others",
            _moved("crowd", "thing"),
            "Crowds are counted as things. A crowd has the class of a thing, and no number.",
        ),
        Misconception(
            "no number, so it is stuff",
            _moved("crowd", "stuff"),
            "Crowds are counted as stuff. They have no number, but the class of a thing.",
        ),
        Misconception(
            "broken pairs are counted",
            _trusting,
            "A pair that breaks the rules is counted all the same. Refuse a number on stuff, and one on void.",
        ),
        Misconception(
            "255 is looked up",
            _look_up,
            "Something looks up class 255 in the list of classes. Void has no entry there.",
        ),
    ),
)


def _share(labels: Map, k: int) -> float:
    """Reference of 2.6, by counting each label that is known."""
    counts = np.bincount(np.ravel(labels), minlength=256)[:VOID]
    return float(counts[k] / counts.sum()) if counts.sum() else float("nan")


def _random_share(rng: np.random.Generator) -> tuple[Map, int]:
    labels = rng.choice([0, 1, 2, VOID], tuple(rng.integers(1, 6, 2)))
    return labels, int(rng.integers(0, 3))


SHARE = FunctionExercise(
    id="02.6",
    title="Find the bug: how much background?",
    reference=_share,
    cases=(
        Case((np.array([[0, 0], [1, 255]]), 0), "the background of the example"),
        Case((np.array([[0, 0], [1, 255]]), 1), "the cat of the example"),
        Case((np.array([[0, 0, 0]]), 1), "a class that is not there"),
        Case((np.array([[255, 255]]), 0), "all void"),
        Case((np.array([[1, 2, 2, 2]]), 2), "no void"),
    ),
    random=_random_share,
    hint="Which pixels may be counted above, and which below the line?",
    misconceptions=(
        Misconception(
            "undefined is 0",
            lambda labels, k: float(np.nan_to_num(_share(labels, k))),
            "Where nothing is known you answer 0, which says that the class is absent. Nobody knows: NaN.",
        ),
        Misconception(
            "void is background",
            lambda labels, k: float((np.where(labels == VOID, 0, labels) == k).mean()),
            "Void is still turned into background. It is the absence of an answer.",
        ),
        Misconception(
            "void in the denominator",
            lambda labels, k: float((labels == k).mean()),
            "Better, but you divide by all pixels. Those that nobody could tell are no evidence against a class.",
        ),
        Misconception(
            "class over the others",
            lambda labels, k: _ratio(labels, k),
            "You divide by the other classes. A share has the whole below, the class itself included.",
        ),
    ),
)


def _ratio(labels: Map, k: int) -> float:
    others = (labels != VOID) & (labels != k)
    return float((labels == k).sum() / others.sum()) if others.any() else float("nan")
