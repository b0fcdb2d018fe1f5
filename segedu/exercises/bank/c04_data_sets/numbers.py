"""4.3, 4.4 and 4.5: which number in a file stands for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu import datasets
from segedu.exercises.exercise import Case, FunctionExercise, Misconception
from segedu.scene import VOID

Map = npt.NDArray[Any]


def objects_and_group(ids: Map, label: int) -> tuple[int, int]:
    """Reference of 4.3, with Python's own whole numbers."""
    numbers = np.ravel(ids).tolist()
    return len({n for n in numbers if n >= 1000 and n // 1000 == label}), numbers.count(label)


def _largest(ids: Map, label: int) -> tuple[int, int]:
    own = [n % 1000 for n in np.ravel(ids).tolist() if n >= 1000 and n // 1000 == label]
    return max(own, default=0), objects_and_group(ids, label)[1]


def _group_too(ids: Map, label: int) -> tuple[int, int]:
    objects, group = objects_and_group(ids, label)
    return objects + (group > 0), group


def _in_bytes(ids: Map, label: int) -> tuple[int, int]:
    return objects_and_group(ids.astype(np.uint8), label)


def _pixels(ids: Map, label: int) -> tuple[int, int]:
    wide = ids.astype(int)
    return int(((wide >= 1000) & (wide // 1000 == label)).sum()), objects_and_group(ids, label)[1]


def _random_ids(rng: np.random.Generator) -> tuple[Map, int]:
    labels = rng.choice([7, 23, 24, 26], int(rng.integers(1, 4)))
    values = [*labels, *(1000 * labels + rng.integers(0, 12, len(labels))), 24000, 24004]
    return rng.choice(values, tuple(rng.integers(1, 6, 2))).astype(np.uint16), int(rng.choice([24, 26]))


def _ids(*numbers: int) -> Map:
    return np.array([numbers], np.uint16)


GROUPS = FunctionExercise(
    id="04.3",
    title="Objects and groups",
    reference=objects_and_group,
    cases=(
        Case((_ids(7, 24001, 24001, 24002), 24), "two persons on a road"),
        Case((_ids(24, 24, 24001, 7), 24), "a person, and a group of two pixels"),
        Case((_ids(24007, 24002, 24002, 26001), 24), "numbers with gaps, and a car"),
        Case((_ids(24000, 24001, 24, 23), 24), "an object with the number 0"),
        Case((_ids(7, 23, 26001), 24), "nobody there"),
        Case((_ids(24999, 25000, 25, 24), 24), "the last number that is possible"),
    ),
    random=_random_ids,
    hint="An object has label · 1000 + k in the file, a group has the label alone.",
    misconceptions=(
        Misconception(
            "a group is an object",
            _group_too,
            "You count the group as one more object. Nobody knows how many it holds.",
        ),
        Misconception(
            "the largest number is the count",
            _largest,
            "You take the largest k. The numbers may have gaps, and may begin at 0: count the different ones.",
        ),
        Misconception(
            "eight bits",
            _in_bytes,
            "24001 does not fit into 8 bits, and every object is lost. This file has 16.",
        ),
        Misconception(
            "pixels are counted, not objects",
            _pixels,
            "Your first number counts pixels. All pixels of one object have the same number.",
        ),
        Misconception(
            "a group is all pixels of the class",
            lambda ids, label: (objects_and_group(ids, label)[0], sum(_pixels(ids, label))),
            "Your second number counts all pixels of the class. Those with a number belong to objects.",
        ),
    ),
)


TABLE = {label.train_id: label.id for label in datasets.TRAIN_LABELS}


def to_label_ids(train_ids: Map) -> Map:
    """Reference of 4.4, pixel by pixel from a dict."""
    if not set(np.ravel(train_ids).tolist()) <= {*TABLE, VOID}:
        raise ValueError("refused")
    return _looked_up(train_ids, 0)


def _looked_up(train_ids: Map, other: int) -> Map:
    return np.reshape([TABLE.get(n, other) for n in np.ravel(train_ids).tolist()], np.shape(train_ids))


def _one_after_the_other(train_ids: Map) -> Map:
    labels = np.array(train_ids)
    for old, new in TABLE.items():
        labels[labels == old] = new
    return np.where(labels == VOID, 0, labels)


def _void_elsewhere(label: int) -> Any:
    def wrong(train_ids: Map) -> Map:
        return np.where(train_ids == VOID, label, to_label_ids(train_ids))

    return wrong


LABEL_IDS = FunctionExercise(
    id="04.4",
    title="Find the bug: back to label ids",
    reference=to_label_ids,
    cases=(
        Case((np.array([[0, 1, 11, 13]]),), "the row of the example"),
        Case((np.array([[255, 0]]),), "a void pixel beside road"),
        Case((np.arange(19)[None],), "every train id once"),
        Case((np.array([[18, 17, 255]], np.uint8),), "in bytes, as in a file"),
        Case((np.array([[7, 19]]),), "19 is no train id"),
        Case((np.array([[-1, 0]]),), "-1 is no train id of a pixel that is scored"),
    ),
    random=lambda rng: (rng.choice([*range(19), VOID], tuple(rng.integers(1, 8, 2))),),
    hint="Once a pixel has its label id, nothing may read it as a train id again.",
    misconceptions=(
        Misconception(
            "a new number is read as an old one",
            _one_after_the_other,
            "A pixel that has got its new number is found again by a later step, as an old one.",
        ),
        Misconception(
            "an unknown number is void",
            lambda train_ids: _looked_up(train_ids, 0),
            "A number that is no train id became void, in silence. It shows a mistake somewhere before: refuse it.",
        ),
        Misconception(
            "void keeps 255",
            _void_elsewhere(VOID),
            "Void kept 255, which is no label id. Among the label ids, void is 0, unlabeled.",
        ),
        Misconception(
            "void is the first class",
            _void_elsewhere(TABLE[0]),
            "Void became road. First void turned into 0, and then 0 into a class.",
        ),
        Misconception(
            "the id of the next class",
            lambda train_ids: np.where(train_ids == VOID, 0, to_label_ids(train_ids) + 1),
            "All ids are one too large. Compare the first line of the table: road has label id 7.",
        ),
    ),
)


Known = Mapping[str, int]


def _translated(labels: Map, names: Sequence[str], known: Known) -> Map:
    """Reference of 4.5, pixel by pixel."""
    flat = [VOID if n == VOID else known.get(names[n], 0) for n in np.ravel(labels).tolist()]
    return np.reshape(flat, np.shape(labels))


def _in_place(labels: Map, names: Sequence[str], known: Known) -> Map:
    labels = np.array(labels, int)
    for k, name in enumerate(names):
        labels[labels == k] = known.get(name, 0)
    return labels


def _void_too(labels: Map, names: Sequence[str], known: Known) -> Map:
    new = _translated(labels, names, known)
    return np.where(new == VOID, 0, new)


def _unknown_void(labels: Map, names: Sequence[str], known: Known) -> Map:
    flat = [known.get(names[n], VOID) if n != VOID else VOID for n in np.ravel(labels).tolist()]
    return np.reshape(flat, np.shape(labels))


def _unknown_kept(labels: Map, names: Sequence[str], known: Known) -> Map:
    flat = [known.get(names[n], n) if n != VOID else VOID for n in np.ravel(labels).tolist()]
    return np.reshape(flat, np.shape(labels))


NAMES = ["road", "sky", "car", "pedestrian", "bicycle"]
VOC = {"car": 7, "bicycle": 2, "pedestrian": 15, "dog": 12}


def _random_words(rng: np.random.Generator) -> tuple[Map, list[str], dict[str, int]]:
    names = ["a", "b", "c", "d", "e"][: int(rng.integers(1, 6))]
    chosen = [name for name in names if rng.random() < 0.6]
    known = dict(zip(chosen, (1 + rng.permutation(6)[: len(chosen)]).tolist(), strict=True))
    return rng.choice([*range(len(names)), VOID], tuple(rng.integers(1, 6, 2))), names, known


TRANSLATE = FunctionExercise(
    id="04.5",
    title="A smaller vocabulary",
    reference=_translated,
    cases=(
        Case((np.array([[2, 3, 4]]), NAMES, VOC), "three classes that VOC has"),
        Case((np.array([[0, 1, 2]]), NAMES, VOC), "two classes that VOC does not have"),
        Case((np.array([[2, 255], [0, 255]]), NAMES, VOC), "void"),
        Case((np.array([[2, 4, 4]]), NAMES, {"car": 4, "bicycle": 2}), "two classes exchange their numbers"),
        Case((np.array([[4, 255]], np.uint8), NAMES, VOC), "in bytes"),
        Case((np.array([[0, 1]]), NAMES, {}), "an empty vocabulary: all is background"),
    ),
    random=_random_words,
    hint="For each old number: which name has it, and which new number has that name?",
    misconceptions=(
        Misconception(
            "void becomes background",
            _void_too,
            "Void became background. It stays void: no vocabulary knows what nobody could tell.",
        ),
        Misconception(
            "what is unknown becomes void",
            _unknown_void,
            "A class that the vocabulary does not have became void. VOC promises more: it is none of the known, background.",
        ),
        Misconception(
            "what is unknown keeps its number",
            _unknown_kept,
            "A class that the vocabulary does not have keeps its old number, which means something else there.",
        ),
        Misconception(
            "a new number is read as an old one",
            _in_place,
            "A pixel that has its new number is translated once more. Read from the old map, write into a new one.",
        ),
    ),
)
