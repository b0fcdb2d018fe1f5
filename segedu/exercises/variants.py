"""Other numbers for each student: the matrices, kernels and scenes of the exercises that are done by hand."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from segedu.exercises.bank import exercise, exercise_ids
from segedu.exercises.draws import Draws
from segedu.exercises.exercise import GivenExercise


class Variant(Mapping[str, Mapping[str, Any]]):
    """What is given to one student: id of an exercise → its parameters by name. Made by `variant`."""

    def __init__(self, student: str) -> None:
        self.student = student

    def __getitem__(self, exercise_id: str) -> Mapping[str, Any]:
        asked = exercise(exercise_id)
        if not isinstance(asked, GivenExercise):
            raise KeyError(f"{exercise_id} asks for a function: it is the same for everybody")
        if asked.draw is None or not self.student.strip():
            return copy.deepcopy(dict(asked.given))
        return asked.draw(Draws(f"{exercise_id} {self.student}"))

    def __iter__(self) -> Iterator[str]:
        return (name for name in exercise_ids() if isinstance(exercise(name), GivenExercise))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"variant({self.student!r})"


def variant(student_id: str = "") -> Variant:
    """The numbers of one student: a mapping from the id of an exercise to its parameters.

    They follow from a hash of the id, the same on every platform. Without an id they are the book's own.

    Parameters
    ----------
    student_id : str
        A name, a number, an address: whatever the class has agreed on. Capitals and spaces around it make no
        difference.

    Raises
    ------
    ValueError
        If `student_id` is no text.

    Examples
    --------
    >>> variant()["05.1"]["confmat"]
    array([[6, 0, 0],
           [1, 3, 0],
           [0, 1, 0]])
    >>> (variant("ada")["05.1"]["confmat"] == variant("Ada ")["05.1"]["confmat"]).all()
    np.True_
    """
    if not isinstance(student_id, str):
        raise ValueError(f'student_id: expected a text, such as "ada", got {type(student_id).__name__}')
    return Variant(student_id)
