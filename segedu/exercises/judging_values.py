"""Judge numbers found by hand, and examples that shall have a property."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from segedu.exercises.exercise import Misconception, SearchExercise, ValueExercise
from segedu.exercises.limits import call
from segedu.exercises.showing import kind_of, show
from segedu.exercises.verdicts import NOT_YET, QUICK, RIGHT, WRONG, Judgement, differs, say

_FORM = re.compile(r"shape|instead of (an array|a number|one number|\d+ values|a dict)|cannot be compared")
"""Complaints about the form of an answer, which may be said; the right number may not."""


def judge_value(exercise: ValueExercise, answer: Any, given: Mapping[str, Any]) -> Judgement:
    expected = exercise.reference(**copy.deepcopy(dict(given)))
    named = isinstance(expected, Mapping)
    if not named:
        answer, expected = {"": answer}, {"": expected}
    elif not isinstance(answer, Mapping):
        keys = ", ".join(map(repr, expected))
        return say(exercise, WRONG, f"expected a dict with the keys {keys}, got {kind_of(answer)}.")
    missing = [name for name in expected if _is_missing(answer.get(name))]
    if len(missing) == len(expected):
        return say(exercise, NOT_YET, "not yet written.")
    wrong = {
        name: why
        for name, right in expected.items()
        if name not in missing and (why := differs(exercise, answer[name], right)) is not None
    }
    if not wrong and missing:
        return say(exercise, NOT_YET, f"right so far; still to do: {', '.join(missing)}.")
    if not wrong:
        return say(exercise, RIGHT, "right.")
    lines, found = [], []
    for name in wrong:
        lines.append((name or "yours", show(answer[name])))
        if _FORM.search(wrong[name]):  # may be said; the right number may not
            lines.append(("so", wrong[name]))
        misconception = _explain_value(exercise, name, answer[name], given)
        if misconception and misconception not in found:
            found.append(misconception)
    hints = [misconception.hint for misconception in found] or [exercise.hint]
    verdict = f"not yet: {', '.join(wrong)}." if named else "not yet."
    return say(exercise, WRONG, verdict, [*lines, *(("hint", hint) for hint in hints)], tuple(found))


def _is_missing(value: Any) -> bool:
    """None, or a list with a None in it."""
    if isinstance(value, list | tuple):
        return any(item is None for item in value)
    return value is None or value is Ellipsis


def _explain_value(
    exercise: ValueExercise, name: str, value: Any, given: Mapping[str, Any]
) -> Misconception | None:
    for misconception in exercise.misconceptions:
        theirs = call(partial(misconception.wrong, **copy.deepcopy(dict(given))), QUICK).value
        if name:
            if not isinstance(theirs, Mapping) or name not in theirs:
                continue
            theirs = theirs[name]
        if differs(exercise, value, theirs) is None:
            return misconception
    return None


def judge_search(exercise: SearchExercise, answer: Any, given: Mapping[str, Any]) -> Judgement:
    if (complaint := _complaint(exercise.accept, answer, given)) is None:
        return say(exercise, RIGHT, "right, your example does it.")
    named = next((m for m in exercise.misconceptions if _complaint(m.wrong, answer, given) is None), None)
    hint = named.hint if named else exercise.hint
    lines = [("yours", show(answer)), ("so", complaint), ("hint", hint)]
    return say(exercise, WRONG, "not yet.", lines, (named,) if named else ())


def _complaint(accept: Callable[..., str | None], answer: Any, given: Mapping[str, Any]) -> str | None:
    outcome = call(lambda: accept(copy.deepcopy(answer), **copy.deepcopy(dict(given))), QUICK)
    if isinstance(outcome.error, ValueError):
        return str(outcome.error)
    if outcome.error is not None:
        return f"it is {kind_of(answer)}, which does not fit the question"
    return outcome.value
