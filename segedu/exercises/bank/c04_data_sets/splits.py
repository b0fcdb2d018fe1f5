"""4.6: whole groups go into validation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception

Numbers = npt.NDArray[Any]


def chosen(group_of: Numbers, order: Numbers) -> Numbers:
    """Reference of 4.6, group by group."""
    taken: list[int] = []
    room = len(group_of)
    for group in np.asarray(order).tolist():
        room -= 5 * int((group_of == group).sum())
        if room < 0:
            break
        taken.append(group)
    return np.array([group in taken for group in np.asarray(group_of).tolist()], bool)


def _image_by_image(group_of: Numbers, order: Numbers) -> Numbers:
    ranked = np.argsort(np.argsort(order)[group_of], kind="stable")
    val = np.zeros(len(group_of), bool)
    val[ranked[: len(group_of) // 5]] = True
    return val


def _one_more(group_of: Numbers, order: Numbers) -> Numbers:
    sizes = np.bincount(group_of, minlength=len(order))[order]
    before = np.cumsum(sizes) - sizes
    return np.isin(group_of, np.asarray(order)[5 * before < len(group_of)])


def _fifth_of_groups(group_of: Numbers, order: Numbers) -> Numbers:
    return np.isin(group_of, order[: len(order) // 5])


def _fill_up(group_of: Numbers, order: Numbers) -> Numbers:
    """Jumps over a group that is too large, and goes on with smaller ones."""
    taken: list[int] = []
    room = len(group_of)
    for group in np.asarray(order).tolist():
        needed = 5 * int((group_of == group).sum())
        if needed <= room:
            room -= needed
            taken.append(group)
    return np.isin(group_of, taken)


def _strictly_less(group_of: Numbers, order: Numbers) -> Numbers:
    total = np.cumsum(np.bincount(group_of, minlength=len(order))[order])
    return np.isin(group_of, np.asarray(order)[5 * total < len(group_of)])


def _random_groups(rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    sizes = rng.integers(1, 5, int(rng.integers(5, 12)))
    return rng.permutation(np.repeat(np.arange(len(sizes)), sizes)), rng.permutation(len(sizes))


SPLIT = FunctionExercise(
    id="04.6",
    title="A fair split of the nuclei",
    reference=chosen,
    cases=(
        Case((np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]), np.arange(5)), "five groups of two"),
        Case((np.array([0, 1, 0, 2, 1, 0, 3, 3, 2, 3]), np.array([1, 0, 2, 3])), "groups that lie scattered"),
        Case((np.repeat([0, 1, 2], [3, 1, 6]), np.array([1, 0, 2])), "the second group is too large"),
        Case((np.repeat([0, 1, 2], [9, 1, 10]), np.array([0, 1, 2])), "the first group is too large already"),
        Case(
            (np.repeat([0, 1, 2, 3], [2, 3, 1, 9]), np.array([0, 1, 2, 3])),
            "a later group would fit, but stop is stop",
        ),
        Case((np.array([0, 1, 2]), np.array([2, 1, 0])), "three images: a fifth is less than one"),
    ),
    random=_random_groups,
    hint="How many images do the first groups have together? The first sum above a fifth ends it.",
    misconceptions=(
        Misconception(
            "images are split, not groups",
            _image_by_image,
            "A group lies on both sides. Its images are neighbours: they move together.",
        ),
        Misconception(
            "one group too many",
            _one_more,
            "Validation holds more than a fifth: the group that crosses the limit stays in train.",
        ),
        Misconception(
            "a fifth of the groups",
            _fifth_of_groups,
            "You take a fifth of the groups. They differ in size: count their images.",
        ),
        Misconception(
            "smaller groups fill the rest",
            _fill_up,
            "You go on with smaller groups after one did not fit. Then large groups never get into validation.",
        ),
        Misconception(
            "exactly a fifth is too much",
            _strictly_less,
            "Exactly a fifth is allowed: stop before it would be *more*.",
        ),
        Misconception(
            "train for validation",
            lambda group_of, order: ~chosen(group_of, order),
            "These are the images for training. Asked for are those for validation.",
        ),
    ),
)
