"""Judge an answer: run it beside the reference, and find the misconception that explains what is wrong.

A judgement never raises, whatever the answer is. It says what went in, what was expected and what came, and
never how to do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segedu.exercises.exercise import Case, Exercise, FunctionExercise, SearchExercise, ValueExercise
from segedu.exercises.judging_functions import judge_function
from segedu.exercises.judging_values import judge_search, judge_value
from segedu.exercises.verdicts import NOT_YET, WRONG, Judgement, raised, say


def judge(
    exercise: Exercise,
    answer: Any,
    given: Mapping[str, Any],
    *,
    seed: Sequence[int] = (0,),
    extra: Sequence[Case] = (),
) -> Judgement:
    """Judge an answer to an exercise.

    Parameters
    ----------
    exercise : Exercise
    answer : any
        What a student has: a function, a value, anything else by mistake.
    given : mapping
        The numbers of this student, as `variant` has them; unused for a function.
    seed : sequence of int
        Decides the random cases.
    extra : sequence of Case
        More cases, before the random ones.
    """
    if answer is None or answer is Ellipsis:
        return say(exercise, NOT_YET, "not yet written.")
    try:
        if isinstance(exercise, FunctionExercise):
            return judge_function(exercise, answer, seed, extra)
        if isinstance(exercise, SearchExercise):
            return judge_search(exercise, answer, given)
        assert isinstance(exercise, ValueExercise)
        return judge_value(exercise, answer, given)
    except Exception as error:  # an object that misbehaves wherever it is touched
        return say(exercise, WRONG, f"your answer cannot be judged: {raised(error)}.")
