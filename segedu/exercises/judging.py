"""Judge an answer: run it beside the reference, and find the misconception that explains what is wrong.

A judgement never raises, whatever the answer is. It says what went in, what was expected and what came, and
never how to do it.
"""

from __future__ import annotations

import copy
import inspect
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from segedu.exercises.comparing import difference, unchanged
from segedu.exercises.exercise import (
    NOTHING,
    Case,
    Exercise,
    FunctionExercise,
    Misconception,
    SearchExercise,
    ValueExercise,
)
from segedu.exercises.limits import Outcome, StillRunning, TimeUp, call, place
from segedu.exercises.showing import kind_of, show

RIGHT, WRONG, NOT_YET = "✅", "❌", "✏️"
_FORM = re.compile(r"shape|instead of (an array|a number|one number|\d+ values|a dict)|cannot be compared")
QUICK = 2.0  # seconds for what is no student's function: comparing, a wrong program


@dataclass(frozen=True)
class Judgement:
    """What is said to an answer.

    Attributes
    ----------
    mark : str
        ✅, ❌, or ✏️ if there is no answer yet.
    text : str
        The whole message, the mark included.
    misconceptions : tuple of Misconception
        Those that explain what is wrong.
    """

    mark: str
    text: str
    misconceptions: tuple[Misconception, ...] = ()

    @property
    def right(self) -> bool:
        return self.mark == RIGHT


@dataclass(frozen=True)
class _Failure:
    case: Case
    outcome: Outcome
    wrong: str  # one sentence
    expected: str = ""
    final: bool = False  # no misconception can explain it


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
        return _say(exercise, NOT_YET, "not yet written.")
    try:
        if isinstance(exercise, FunctionExercise):
            return _judge_function(exercise, answer, seed, extra)
        if isinstance(exercise, SearchExercise):
            return _judge_search(exercise, answer, given)
        assert isinstance(exercise, ValueExercise)
        return _judge_value(exercise, answer, given)
    except Exception as error:  # an object that misbehaves wherever it is touched
        return _say(exercise, WRONG, f"your answer cannot be judged: {_raised(error)}.")


def _say(
    exercise: Exercise,
    mark: str,
    verdict: str,
    lines: Sequence[tuple[str, str]] = (),
    misconceptions: tuple[Misconception, ...] = (),
) -> Judgement:
    """The message: a first line, then labelled lines, aligned also where a value takes several."""
    text = [f"{mark} {exercise.id} {exercise.title}: {verdict}"]
    for label, value in lines:
        first, *rest = value.splitlines() or [""]
        text += [f"   {label + ':' if label else '':<10}{first}", *(" " * 13 + line for line in rest)]
    return Judgement(mark, "\n".join(text), misconceptions)


# A function


def _judge_function(
    exercise: FunctionExercise, answer: Any, seed: Sequence[int], extra: Sequence[Case]
) -> Judgement:
    if not callable(answer):
        came = f"expected a function, got {kind_of(answer)}. Pass its name, without calling it."
        return _say(exercise, WRONG, came)
    left = exercise.seconds
    failures, number = [], 0
    for case in _cases(exercise, seed, extra):
        number += 1
        right = _reference(exercise, case)  # its time is not the student's
        start = time.monotonic()
        failure = _try(exercise, answer, case, right, left)
        left -= time.monotonic() - start
        if failure is None:
            continue
        if isinstance(failure.outcome.error, NotImplementedError):
            return _say(exercise, NOT_YET, "not yet written.")
        failures.append(failure)
        if isinstance(failure.outcome.error, TimeUp):
            break
    if not failures:
        return _say(exercise, RIGHT, f"right in all {number} cases.")
    if all(failure.outcome.error is None and failure.outcome.value is None for failure in failures):
        nothing = "It gives None. Is there a return?"
        return _say(exercise, WRONG, "not yet.", _account(exercise, failures[0], nothing))
    named = _explain(exercise, failures)
    hint = named.hint if named else exercise.hint
    if failures[0].final and not isinstance(failures[0].outcome.error, TimeUp):
        hint = ""  # the sentence says it all
    verdict = f"not yet; wrong in {len(failures)} of {number} cases."
    return _say(exercise, WRONG, verdict, _account(exercise, failures[0], hint), (named,) if named else ())


def _cases(exercise: FunctionExercise, seed: Sequence[int], extra: Sequence[Case]) -> Iterator[Case]:
    yield from exercise.cases
    yield from extra
    if exercise.random is not None:
        generator = np.random.default_rng(list(seed))
        for _ in range(exercise.rounds):
            yield Case(exercise.random(generator))


def _try(
    exercise: FunctionExercise, answer: Any, case: Case, right: Outcome, seconds: float
) -> _Failure | None:
    """Run the answer on one case; None if it is right."""
    args = copy.deepcopy(case.args)
    outcome = call(lambda: answer(*args), seconds)
    if isinstance(outcome.error, TimeUp | NotImplementedError):
        return _Failure(case, outcome, _raised(outcome.error), final=True)
    if right.error is not None:
        kind = type(right.error)
        expected = f"an error, {kind.__name__}"
        if isinstance(outcome.error, kind):
            return None
        wrong = _raised(outcome.error) if outcome.error else "no error came"
        return _Failure(case, outcome, wrong, expected)
    expected = show(right.value)
    if outcome.error is not None:
        return _Failure(case, outcome, _raised(outcome.error), expected)
    wrong_here = _differs(exercise, outcome.value, right.value)
    if wrong_here is None and not all(map(unchanged, args, case.args)):
        return _Failure(case, outcome, "your function changed its input; work on a copy", final=True)
    return _Failure(case, outcome, wrong_here, expected) if wrong_here else None


def _reference(exercise: FunctionExercise, case: Case) -> Outcome:
    if case.expected is not NOTHING:
        return Outcome(case.expected)
    try:
        return Outcome(exercise.reference(*copy.deepcopy(case.args)))
    except ValueError as error:  # what it refuses; anything else is an error of ours
        return Outcome(error=error)


def _differs(exercise: Exercise, actual: Any, expected: Any) -> str | None:
    """`difference`, for an answer that may be anything at all."""
    integers = isinstance(exercise, FunctionExercise) and exercise.integers
    outcome = call(
        lambda: difference(actual, expected, rtol=exercise.rtol, atol=exercise.atol, integers=integers), QUICK
    )
    if outcome.error is not None:
        return f"it is {kind_of(actual)}, which cannot be compared"
    return outcome.value


def _raised(error: BaseException) -> str:
    if isinstance(error, StillRunning):
        return "it took too long and is still running; restart the kernel"
    if isinstance(error, TimeUp):
        return "it took too long and was stopped. Is there a loop that never ends?"
    try:
        said = str(error)
    except Exception:
        said = ""
    said = said if len(said) <= 200 else said[:198] + " …"
    return f"it raised {type(error).__name__}{': ' + said if said else ''}{place(error)}"


def _explain(exercise: FunctionExercise, failures: list[_Failure]) -> Misconception | None:
    """The misconception whose program is wrong in the same way: in all failing cases, else in most of them."""
    explicable = [failure for failure in failures if not failure.final]
    best, most = None, len(explicable) / 2
    for misconception in exercise.misconceptions:
        same = sum(_same_mistake(exercise, misconception, failure) for failure in explicable)
        if same > most:
            best, most = misconception, same
    return best


def _same_mistake(exercise: FunctionExercise, misconception: Misconception, failure: _Failure) -> bool:
    args = copy.deepcopy(failure.case.args)
    theirs = call(lambda: misconception.wrong(*args), QUICK)
    if theirs.error is not None:
        return isinstance(failure.outcome.error, type(theirs.error))
    return failure.outcome.error is None and _differs(exercise, failure.outcome.value, theirs.value) is None


def _account(exercise: FunctionExercise, failure: _Failure, hint: str) -> list[tuple[str, str]]:
    """Input, expected, actual, hint: the lines of the first case that failed."""
    lines = [("case", failure.case.note)] if failure.case.note else []
    names = _parameter_names(exercise.reference, len(failure.case.args))
    for label, name, value in zip(["input", *[""] * len(names)], names, failure.case.args, strict=False):
        lines.append((label, f"{name} = " + show(value).replace("\n", "\n" + " " * (len(name) + 3))))
    if failure.expected:
        lines.append(("expected", failure.expected))
    if failure.outcome.error is None:
        lines.append(("yours", show(failure.outcome.value)))
    lines.append(("so", failure.wrong))
    if failure.outcome.printed.strip():
        lines.append(("printed", failure.outcome.printed.strip()))
    return [*lines, ("hint", hint)] if hint else lines


def _parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    names = list(inspect.signature(function).parameters)
    return names[:count] if len(names) >= count else [f"argument {k}" for k in range(1, count + 1)]


# A value, or several by name


def _judge_value(exercise: ValueExercise, answer: Any, given: Mapping[str, Any]) -> Judgement:
    expected = exercise.reference(**copy.deepcopy(dict(given)))
    named = isinstance(expected, Mapping)
    if not named:
        answer, expected = {"": answer}, {"": expected}
    elif not isinstance(answer, Mapping):
        keys = ", ".join(map(repr, expected))
        return _say(exercise, WRONG, f"expected a dict with the keys {keys}, got {kind_of(answer)}.")
    missing = [name for name in expected if _is_missing(answer.get(name))]
    if len(missing) == len(expected):
        return _say(exercise, NOT_YET, "not yet written.")
    wrong = {
        name: why
        for name, right in expected.items()
        if name not in missing and (why := _differs(exercise, answer[name], right)) is not None
    }
    if not wrong and missing:
        return _say(exercise, NOT_YET, f"right so far; still to do: {', '.join(missing)}.")
    if not wrong:
        return _say(exercise, RIGHT, "right.")
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
    return _say(exercise, WRONG, verdict, [*lines, *(("hint", hint) for hint in hints)], tuple(found))


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
        if _differs(exercise, value, theirs) is None:
            return misconception
    return None


# An example with a property


def _judge_search(exercise: SearchExercise, answer: Any, given: Mapping[str, Any]) -> Judgement:
    if (complaint := _complaint(exercise.accept, answer, given)) is None:
        return _say(exercise, RIGHT, "right, your example does it.")
    named = next((m for m in exercise.misconceptions if _complaint(m.wrong, answer, given) is None), None)
    hint = named.hint if named else exercise.hint
    lines = [("yours", show(answer)), ("so", complaint), ("hint", hint)]
    return _say(exercise, WRONG, "not yet.", lines, (named,) if named else ())


def _complaint(accept: Callable[..., str | None], answer: Any, given: Mapping[str, Any]) -> str | None:
    outcome = call(lambda: accept(copy.deepcopy(answer), **copy.deepcopy(dict(given))), QUICK)
    if isinstance(outcome.error, ValueError):
        return str(outcome.error)
    if outcome.error is not None:
        return f"it is {kind_of(answer)}, which does not fit the question"
    return outcome.value
