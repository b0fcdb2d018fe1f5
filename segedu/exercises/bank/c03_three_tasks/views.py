"""3.2, 3.3 and 3.5: the panoptic map, the way back from it, and an order for masks that overlap."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segedu.exercises.exercise import Case, FunctionExercise, Misconception
from segedu.scene import VOID, Category, Scene

Map = npt.NDArray[Any]
Stack = npt.NDArray[np.bool_]
Table = Mapping[int, tuple[int, int]]


def segment_map(semantic: Map, instance: Map) -> Map:
    """Reference of 3.2: that of a `Scene` in which every class is a thing."""
    categories = tuple(Category(k, f"class {k}", True, (k, k, k)) for k in range(VOID))
    image = np.zeros((*semantic.shape, 3), np.uint8)
    return Scene(image=image, semantic=semantic, instance=instance, categories=categories).segment_ids()


def _common_number(semantic: Map, instance: Map) -> Map:
    known = semantic != VOID
    pairs = semantic.astype(int) * 1000 + instance
    return np.where(known, np.searchsorted(np.unique(pairs[known]), pairs) + 1, 0)


def _pieces(semantic: Map, instance: Map) -> Map:
    ids, count = np.zeros(semantic.shape, int), 0
    for number in range(1, int(segment_map(semantic, instance).max()) + 1):
        pieces, found = ndimage.label(segment_map(semantic, instance) == number)
        ids += np.where(pieces > 0, pieces + count, 0)
        count += found
    return ids


def _by_instance(semantic: Map, instance: Map) -> Map:
    """Numbered by instance first."""
    ids = segment_map(semantic, instance)
    pairs = sorted(
        {(int(n), int(k)) for n, k, s in zip(instance.flat, semantic.flat, ids.flat, strict=True) if s}
    )
    order = {pair: place for place, pair in enumerate(pairs, 1)}
    flat = [order.get((int(n), int(k)), 0) for n, k in zip(instance.flat, semantic.flat, strict=True)]
    return np.reshape(flat, ids.shape)


def _void_too(semantic: Map, instance: Map) -> Map:
    ids = segment_map(semantic, instance)
    return np.where(ids == 0, ids.max() + 1, ids)


def _random_pair(rng: np.random.Generator) -> tuple[Map, Map]:
    size = tuple(rng.integers(1, 6, 2))
    semantic = rng.integers(0, 4, size)
    instance = rng.choice([0, 1, 4, 1001, 2002, 3000], size) * (semantic > 0)
    instance[instance > 0] = 4 * instance[instance > 0] + semantic[instance > 0]  # one class a number
    semantic[rng.random(size) < 0.1] = VOID
    return semantic, np.where(semantic == VOID, 0, instance)


IDS = FunctionExercise(
    id="03.2",
    title="Find the bug: a thousand objects",
    reference=segment_map,
    integers=True,
    cases=(
        Case((np.array([[0, 1, 1], [0, 1, 1]]), np.array([[0, 1, 2], [0, 1, 2]])), "grass and two objects"),
        Case((np.array([[1, 1, 2, VOID]]), np.array([[1000, 1001, 1, 0]])), "the grains of the example"),
        Case((np.array([[0, 1, 0]]), np.array([[0, 1, 0]])), "stuff in two pieces"),
        Case((np.array([[2, 1]]), np.array([[3, 7]])), "the smaller class has the larger number"),
        Case((np.array([[VOID, VOID]]), np.array([[0, 0]])), "all void"),
        Case(
            (np.array([[1, 1, VOID]], np.uint8), np.array([[0, 70000, 0]], np.int32)),
            "a crowd, and a large number",
        ),
    ),
    random=_random_pair,
    hint="Which pairs (class, instance) occur? Number them in order, and look each pixel's pair up.",
    misconceptions=(
        Misconception(
            "1000 is more than any number",
            _common_number,
            "Two different pairs still get the same number, as soon as an instance number reaches 1000.",
        ),
        Misconception(
            "void is a segment",
            _void_too,
            "Void got an id of its own. It belongs to no segment: 0.",
        ),
        Misconception(
            "a piece is a segment",
            _pieces,
            "A segment that lies in two pieces got two ids. The pair decides, not the place.",
        ),
        Misconception(
            "by instance first",
            _by_instance,
            "You number by instance first. Asked for was the class first, then the instance.",
        ),
        Misconception(
            "ids from 0",
            lambda semantic, instance: segment_map(semantic, instance) - 1,
            "Your ids are one too small: 0 is kept for void, so segments begin at 1.",
        ),
        Misconception(
            "only the class",
            lambda semantic, instance: segment_map(semantic, np.zeros_like(instance)),
            "Objects of one class share an id. That is a semantic answer: use the instance too.",
        ),
    ),
)


def look_up(ids: Map, table: Table) -> tuple[Map, Map]:
    """Reference of 3.3, pixel by pixel."""
    pairs = []
    for number in np.ravel(ids).tolist():
        if number and number not in table:
            raise ValueError("refused")
        pairs.append(table[number] if number else (VOID, 0))
    semantic, instance = np.array(pairs).T
    return semantic.reshape(ids.shape), instance.reshape(ids.shape)


def _void_is_0(ids: Map, table: Table) -> tuple[Map, Map]:
    semantic, instance = look_up(ids, table)
    return np.where(semantic == VOID, 0, semantic), instance


def _unknown_is_void(ids: Map, table: Table) -> tuple[Map, Map]:
    return look_up(np.where(np.isin(ids, list(table)), ids, 0), table)


def _by_place(ids: Map, table: Table) -> tuple[Map, Map]:
    lines = np.array([(VOID, 0), *table.values()])
    return lines[ids, 0], lines[ids, 1]


def _random_answer(rng: np.random.Generator) -> tuple[Map, Table]:
    numbers = rng.choice(np.arange(1, 200_000), int(rng.integers(1, 6)), replace=False).tolist()
    table = {number: (int(rng.integers(0, 5)), k) for k, number in enumerate(numbers)}
    ids = rng.choice([0, *numbers], tuple(rng.integers(1, 6, 2)))
    if rng.random() < 0.15:
        table.pop(numbers[0])
    return ids, table


BACK = FunctionExercise(
    id="03.3",
    title="From panoptic to both others",
    reference=look_up,
    cases=(
        Case((np.array([[1, 1, 2]]), {1: (0, 0), 2: (5, 1)}), "stuff and an object"),
        Case((np.array([[1, 0]]), {1: (3, 0)}), "a void pixel"),
        Case((np.array([[131333, 131334], [0, 131333]]), {131334: (5, 2), 131333: (5, 1)}), "ids as in COCO"),
        Case((np.array([[2, 2]]), {1: (4, 0), 2: (6, 3)}), "a segment of the table that is not in the map"),
        Case((np.array([[1, 2]]), {1: (0, 0)}), "an id that the table does not have"),
        Case((np.array([[0, 0]]), {}), "all void"),
    ),
    random=_random_answer,
    hint="For each id that occurs: which pixels have it, and what does the table say about it?",
    misconceptions=(
        Misconception(
            "void is class 0",
            _void_is_0,
            "Void became class 0, which is a class like any other. Void is 255.",
        ),
        Misconception(
            "an unknown id is void",
            _unknown_is_void,
            "An id without a line in the table became void. Nobody has said that: refuse it.",
        ),
        Misconception(
            "an id is a place in the table",
            _by_place,
            "You take the id for a position in the table. It is a name, and may be any number.",
        ),
        Misconception(
            "exchanged",
            lambda ids, table: look_up(ids, table)[::-1],
            "The two arrays are exchanged: the class comes first.",
        ),
        Misconception(
            "an id is an instance number",
            lambda ids, table: (look_up(ids, table)[0], ids),
            "You give the segment ids as instance numbers. The table has the number, and stuff has none: 0.",
        ),
    ),
)


def most_covered(masks: Stack) -> Map:
    """Reference of 3.5, with exact fractions."""
    shares = []
    for k, mask in enumerate(masks):
        others = np.delete(masks, k, axis=0).any(axis=0)
        shares.append(Fraction(int((mask & others).sum()), int(mask.sum())))
    return np.array(sorted(range(len(masks)), key=lambda k: -shares[k]), int)


def _claimed(masks: Stack) -> npt.NDArray[np.int64]:
    return (masks & (masks.sum(axis=0) > 1)).sum(axis=(1, 2))


def _later_first(masks: Stack) -> Map:
    share = _claimed(masks) / masks.sum(axis=(1, 2))
    return len(masks) - 1 - np.argsort(-share[::-1], kind="stable")


def _random_masks(rng: np.random.Generator) -> tuple[Stack]:
    masks = np.zeros((int(rng.integers(1, 6)), 5, 7), bool)
    for mask in masks:
        top, left = rng.integers(0, 5), rng.integers(0, 7)
        mask[top : top + rng.integers(1, 4), left : left + rng.integers(1, 5)] = True
    return (masks,)


def _strips(*strips: tuple[int, int]) -> Stack:
    masks = np.zeros((len(strips), 1, 8), bool)
    for mask, (start, stop) in zip(masks, strips, strict=True):
        mask[0, start:stop] = True
    return masks


ORDER = FunctionExercise(
    id="03.5",
    title="Who is inside whom?",
    reference=most_covered,
    integers=True,
    cases=(
        Case((_strips((1, 7), (3, 5)),), "a person inside a car"),
        Case((_strips((0, 2), (3, 5), (6, 8)),), "nothing overlaps: all shares are 0"),
        Case((_strips((0, 8), (0, 4), (3, 8)),), "three masks, two of them quite inside"),
        Case((_strips((0, 6), (5, 8), (4, 6)),), "a large mask loses more pixels, and a smaller share"),
        Case((_strips((2, 4)),), "one mask"),
        Case((_strips((1, 4), (1, 4)),), "two equal masks"),
    ),
    random=_random_masks,
    hint="For each mask: how many of its pixels does another mask claim too, and which share of it is that?",
    misconceptions=(
        Misconception(
            "pixels for a share",
            lambda masks: np.argsort(-_claimed(masks), kind="stable"),
            "You compare numbers of pixels. A large mask has many of them: take the share.",
        ),
        Misconception(
            "least covered first",
            lambda masks: np.argsort(_claimed(masks) / masks.sum(axis=(1, 2)), kind="stable"),
            "This is the opposite order: the least covered goes first. Who is inside must go first.",
        ),
        Misconception(
            "the smallest first",
            lambda masks: np.argsort(masks.sum(axis=(1, 2)), kind="stable"),
            "This is smallest first. A small mask that nobody claims needs no help.",
        ),
        Misconception(
            "the later of two equals",
            _later_first,
            "Of two equal shares you let the later mask go first.",
        ),
        Misconception(
            "a mask is covered by itself",
            lambda masks: np.arange(len(masks)),
            "Every mask seems wholly covered: you count its own claim as well. Look for the others.",
        ),
        Misconception(
            "ranks for an order",
            lambda masks: np.argsort(most_covered(masks)),
            "These are ranks: at which place each mask goes. Asked for are the masks in their order.",
        ),
    ),
)
