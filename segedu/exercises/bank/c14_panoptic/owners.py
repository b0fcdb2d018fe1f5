"""14.1, 14.2 and 14.6: objects that overlap share out their pixels, and get a name from the label map."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu import Instances, fusion
from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Case, FunctionExercise, Misconception, ValueExercise

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


def owners(masks: Bools, scores: Numbers, least: float, most: float) -> Ints:
    """n + 1 where object n has the pixel, 0 where nobody has: the reference of 14.2."""
    listed = Instances(masks, np.zeros(len(masks), np.int64), scores)
    kept, instance = fusion.place_instances(listed, min_score=least, max_overlap=most)
    return np.append(0, kept + 1)[instance]


def _placed(
    masks: Bools,
    scores: Numbers,
    least: float,
    most: float,
    *,
    order: str = "surest",
    above: bool = False,  # the score must be above the least
    below: bool = False,  # the share must be below the most
    over: bool = False,  # who comes later paints over
    ghosts: bool = False,  # who went still stands in the way
    ranked: bool = False,  # numbers by rank
) -> Ints:
    """`owners` with mistakes."""
    owner, claimed, rank = np.zeros(masks.shape[1:], np.int64), np.zeros(masks.shape[1:], bool), 0
    orders = {"surest": -scores, "listed": 0 * scores, "least sure": scores}
    for n in np.argsort(orders[order], kind="stable").tolist():
        if scores[n] < least or (above and scores[n] == least):
            continue
        taken = masks[n] & (claimed if ghosts else owner > 0)
        claimed |= masks[n]
        share = taken.sum() / masks[n].sum() if masks[n].any() else 1.0
        if share > most or (below and share == most and share > 0) or (share == 1 and not over):
            continue
        rank += 1
        owner[masks[n] if over else masks[n] & (owner == 0)] = rank if ranked else n + 1
    return owner


def _letters(cars: list[str], place: Any, **how: Any) -> dict[str, str]:
    masks = np.array([[[sign == "#" for sign in car]] for car in cars])  # (3, 1, W)
    scores = np.array([0.9, 0.8, 0.7])
    rows = {"half": place(masks, scores, 0.5, 0.5, **how), "nothing": place(masks, scores, 0.5, 0.0, **how)}
    return {name: "".join(".ABC"[n] for n in row[0]) for name, row in rows.items()}


def _draw_cars(draws: Draws) -> dict[str, Any]:
    shared, length, start = draws.choice([2, 3]), draws.choice([3, 4]), draws.whole(0, 2)
    second = start + 4 - shared  # of 2 · shared pixels, half of them taken
    third = second + 2 * shared - 1
    spans = [(start, start + 4), (second, third + 1), (third, third + length)]
    cars = ["".join(".#"[low <= k < high] for k in range(13)) for low, high in spans]
    return {"cars": [car[::-1] for car in cars] if draws.choice([False, True]) else cars}


THREE_CARS = ValueExercise(
    id="14.1",
    title="Three cars on a row",
    reference=lambda cars: _letters(cars, owners),
    given={"cars": ["####......", "..####....", ".....####."]},
    draw=_draw_cars,
    hint="Go through the cars once, A first. For each one count its pixels, and those that have an owner already.",
    misconceptions=(
        Misconception(
            "half is more than half",
            lambda cars: {"half": _letters(cars, _placed, below=True)["half"]},
            "Of B exactly half is taken. Is that *more* than half?",
        ),
        Misconception(
            "who goes still stands in the way",
            lambda cars: _letters(cars, _placed, ghosts=True),
            "B is gone, and a car that is gone owns nothing. Look again at what C finds taken.",
        ),
        Misconception(
            "the last one wins",
            lambda cars: {"half": _letters(cars, _placed, over=True)["half"]},
            "You let later cars paint over earlier ones. A pixel that has an owner keeps it: the surer car was first.",
        ),
        Misconception(
            "nothing is some",
            lambda cars: {"nothing": _letters(cars, owners)["half"]},
            "Here you let a part of a car be taken all the same. Nothing may be taken: a single pixel is too much.",
        ),
    ),
)


def _random_objects(rng: np.random.Generator) -> tuple[Bools, Numbers, float, float]:
    count, rows, columns = int(rng.integers(0, 6)), int(rng.integers(1, 3)), int(rng.integers(3, 7))
    masks = rng.random((count, rows, columns)) < 0.5
    scores = rng.integers(2, 10, count) / 10
    return masks, scores, float(rng.choice([0.3, 0.5])), float(rng.choice([0, 0.25, 0.5, 0.75, 1]))


def _row(*rows: str) -> Bools:
    return np.array([[[sign == "#" for sign in row]] for row in rows])


PLACE = FunctionExercise(
    id="14.2",
    title="Place the objects",
    reference=owners,
    integers=True,
    cases=(
        Case((_row("##.."), np.array([0.9]), 0.5, 0.5), "one object"),
        Case((_row("###..", "..###"), np.array([0.6, 0.9]), 0.5, 0.5), "the second is surer"),
        Case((_row("##..", ".##."), np.array([0.9, 0.8]), 0.5, 0.5), "exactly half is taken"),
        Case((_row("##..", "..##"), np.array([0.5, 0.4]), 0.5, 0.5), "exactly the least score"),
        Case((_row("##...", ".##..", "..##."), np.array([0.9, 0.8, 0.7]), 0.5, 0.0), "who goes makes room"),
        Case((_row("....", "##.."), np.array([0.9, 0.8]), 0.5, 0.5), "a mask without a pixel"),
        Case((_row(".##", "##."), np.array([0.7, 0.7]), 0.5, 1.0), "equal scores"),
        Case((np.zeros((0, 1, 3), bool), np.zeros(0), 0.5, 0.5), "no object at all"),
    ),
    random=_random_objects,
    hint="Begin with a map of zeros. For each object, which pixels of its mask are zero there, and which share is not?",
    misconceptions=(
        Misconception(
            "in the order of the list",
            lambda *args: _placed(*args, order="listed"),
            "You go through the objects as they are listed. The surest comes first.",
        ),
        Misconception(
            "the least sure first",
            lambda *args: _placed(*args, order="least sure"),
            "You begin with the least sure object. `argsort` sorts upwards.",
        ),
        Misconception(
            "the last one wins",
            lambda *args: _placed(*args, over=True),
            "Later objects paint over earlier ones in yours. A pixel that has an owner keeps it.",
        ),
        Misconception(
            "half is more than half",
            lambda *args: _placed(*args, below=True),
            "You drop an object of which exactly `most` is taken. Only *more* than that is too much.",
        ),
        Misconception(
            "only above the least score",
            lambda *args: _placed(*args, above=True),
            "You drop an object with exactly the least score. It stays: only what is below goes.",
        ),
        Misconception(
            "who goes still stands in the way",
            lambda *args: _placed(*args, ghosts=True),
            "An object that went still takes pixels from others in yours. Count only pixels that have an owner.",
        ),
        Misconception(
            "numbered by rank",
            lambda *args: _placed(*args, ranked=True),
            "Your numbers are ranks: 1 is the surest. Asked for is the place in the list, so that labels can be found.",
        ),
    ),
)


def names(masks: Bools, labels: Ints, pixels: Ints, isthing: Bools) -> Ints:
    """The thing that most pixels of each object say: the reference of 14.6."""
    found = []
    for mask, label in zip(masks, labels.tolist(), strict=True):
        votes = Counter(one for one in sorted(pixels[mask].tolist()) if isthing[one])
        found.append(votes.most_common(1)[0][0] if votes else label)  # of equal counts, the first seen
    return np.array(found, np.int64)


def _counts(masks: Bools, pixels: Ints, isthing: Bools) -> Ints:
    return np.array([np.bincount(pixels[mask], minlength=len(isthing)) for mask in masks])


def _stuff_votes(masks: Bools, labels: Ints, pixels: Ints, isthing: Bools) -> Ints:
    return _counts(masks, pixels, isthing).argmax(axis=1)


def _stuff_wins(masks: Bools, labels: Ints, pixels: Ints, isthing: Bools) -> Ints:
    most = _counts(masks, pixels, isthing).argmax(axis=1)
    return np.where(isthing[most], most, labels)


def _no_vote_is_class_0(masks: Bools, labels: Ints, pixels: Ints, isthing: Bools) -> Ints:
    return (_counts(masks, pixels, isthing) * isthing).argmax(axis=1)


def _whole_picture(masks: Bools, labels: Ints, pixels: Ints, isthing: Bools) -> Ints:
    return names(np.ones_like(masks), labels, pixels, isthing)


def _random_names(rng: np.random.Generator) -> tuple[Bools, Ints, Ints, Bools]:
    isthing = np.array([False, False, True, True, True])
    count, size = int(rng.integers(1, 5)), tuple(rng.integers(1, 5, 2))
    return rng.random((count, *size)) < 0.5, rng.integers(2, 5, count), rng.integers(0, 5, size), isthing


_TWO = np.array([False, True, True])  # road, car, bicycle

NAMES = FunctionExercise(
    id="14.6",
    title="Let the U-Net name them",
    reference=names,
    integers=True,
    cases=(
        Case((_row("###."), np.array([1]), np.array([[1, 2, 2, 0]]), _TWO), "two of three pixels say bicycle"),
        Case(
            (_row("####"), np.array([1]), np.array([[0, 0, 0, 2]]), _TWO), "most of it is road, says the U-Net"
        ),
        Case(
            (_row("##..", "..##"), np.array([2, 1]), np.array([[0, 0, 2, 2]]), _TWO), "one has no thing in it"
        ),
        Case((_row("####"), np.array([2]), np.array([[1, 2, 2, 1]]), _TWO), "as many of one as of the other"),
        Case((_row("...."), np.array([2]), np.array([[1, 1, 1, 1]]), _TWO), "a mask without a pixel"),
    ),
    random=_random_names,
    hint="Count the pixels of each class inside of one mask. Which of the counts may decide?",
    misconceptions=(
        Misconception(
            "stuff has a vote",
            _stuff_votes,
            "An object of yours is stuff. The detector says that there is a thing; asked is only which.",
        ),
        Misconception(
            "stuff outvotes",
            _stuff_wins,
            "Where most pixels are stuff, you keep the old name. Stuff has no vote: count the thing classes alone.",
        ),
        Misconception(
            "nobody's vote is class 0",
            _no_vote_is_class_0,
            "Where no pixel says a thing, all counts are 0 and your object becomes class 0. It keeps its name.",
        ),
        Misconception(
            "the whole picture votes",
            _whole_picture,
            "You count in the whole picture. Only the pixels of its own mask name an object.",
        ),
    ),
)
