"""`check` tells a student whether an answer is right; `grade` tells nbgrader."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any

from segedu.exercises.bank import exercise
from segedu.exercises.exercise import Case, FunctionExercise
from segedu.exercises.judging import judge
from segedu.exercises.variants import variant
from segedu.exercises.verdicts import Judgement

SECRET = "SEGEDU_GRADING_SECRET"
"""Environment variable: with any text in it, `grade` draws other random cases, which the book does not show."""


def check(exercise_id: str, answer: Any, *, student: str = "") -> None:
    """Print ✅, or ❌ with the input that fails, what was expected, what came, and a hint.

    Whatever `answer` is and does, a check reports it and never raises: an error, a loop that does not end, an
    input that is changed, a wrong type or shape. Where nothing is written yet, it says ✏️.

    Parameters
    ----------
    exercise_id : str
        Chapter and number, ``"05.4"``.
    answer : any
        The function, the number, the array or the dict that the exercise asks for.
    student : str
        Whose numbers the exercise was done with, see `variant`. Functions are the same for everybody.

    Raises
    ------
    ValueError
        If there is no such exercise, or if `student` is no text.

    Examples
    --------
    >>> check("05.4", None)
    ✏️ 05.4 IoU of each class: not yet written.
    >>> from segedu import metrics
    >>> check("05.4", metrics.iou_per_class)
    ✅ 05.4 IoU of each class: right in all 26 cases.
    >>> check("05.4", metrics.recall_per_class)
    ❌ 05.4 IoU of each class: not yet; wrong in 24 of 26 cases.
       input:    confmat = array([[6, 0, 0],
                                  [1, 3, 0],
                                  [0, 1, 0]])
       expected: array([0.857143, 0.6     , 0.      ])
       yours:    array([1.  , 0.75, 0.  ])
       so:       at [0] it is 1.0 instead of 0.8571429
       hint:     This is recall: what was found, of what is there. IoU also pays for what was invented.
    """
    print(_judged(exercise_id, answer, student, (0,), ()).text)


def grade(
    exercise_id: str,
    answer: Any,
    *,
    student: str = "",
    seed: int,
    cases: Sequence[tuple[Any, ...]] = (),
) -> None:
    """Raise an AssertionError unless the answer is right, also on hidden cases. For autograded cells.

    Parameters
    ----------
    exercise_id, answer, student
        As in `check`.
    seed : int
        Decides the random cases; `check` has others. The environment variable ``SEGEDU_GRADING_SECRET`` changes
        them once more: a seed in a public repository is no secret.
    cases : sequence of tuples
        Arguments of more cases.

    Raises
    ------
    AssertionError
        With the message that `check` would print.
    """
    secret = hashlib.sha256(os.environ.get(SECRET, "").encode("utf-8")).digest()
    extra = [Case(tuple(args), "a hidden case") for args in cases]
    judged = _judged(exercise_id, answer, student, (seed, *secret), extra)
    if not judged.right:
        raise AssertionError(judged.text)


def _judged(
    exercise_id: str, answer: Any, student: str, seed: Sequence[int], extra: Sequence[Case]
) -> Judgement:
    asked = exercise(exercise_id)
    given = {} if isinstance(asked, FunctionExercise) else variant(student)[exercise_id]
    return judge(asked, answer, given, seed=seed, extra=extra)
