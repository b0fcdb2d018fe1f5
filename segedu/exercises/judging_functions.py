"""Judge a function: run it on cases beside the reference, and find the mistake that explains what is wrong."""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from segedu.exercises.comparing import unchanged
from segedu.exercises.exercise import NOTHING, Case, FunctionExercise, Misconception
from segedu.exercises.limits import Outcome, TimeUp, call
from segedu.exercises.showing import kind_of, show
from segedu.exercises.verdicts import NOT_YET, QUICK, RIGHT, WRONG, Judgement, differs, raised, say


@dataclass(frozen=True)
class _Failure:
    case: Case
    outcome: Outcome
    wrong: str  # one sentence
    expected: str = ""
    final: bool = False  # no misconception can explain it


def judge_function(
    exercise: FunctionExercise, answer: Any, seed: Sequence[int], extra: Sequence[Case]
) -> Judgement:
    if not callable(answer):
        came = f"expected a function, got {kind_of(answer)}. Pass its name, without calling it."
        return say(exercise, WRONG, came)
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
            return say(exercise, NOT_YET, "not yet written.")
        failures.append(failure)
        if isinstance(failure.outcome.error, TimeUp):
            break
    if not failures:
        return say(exercise, RIGHT, f"right in all {number} cases.")
    if all(failure.outcome.error is None and failure.outcome.value is None for failure in failures):
        nothing = "It gives None. Is there a return?"
        return say(exercise, WRONG, "not yet.", _account(exercise, failures[0], nothing))
    named = _explain(exercise, failures)
    hint = named.hint if named else exercise.hint
    if failures[0].final and not isinstance(failures[0].outcome.error, TimeUp):
        hint = ""  # the sentence says it all
    verdict = f"not yet; wrong in {len(failures)} of {number} cases."
    return say(exercise, WRONG, verdict, _account(exercise, failures[0], hint), (named,) if named else ())


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
        return _Failure(case, outcome, raised(outcome.error), final=True)
    if right.error is not None:
        kind = type(right.error)
        expected = f"an error, {kind.__name__}"
        if isinstance(outcome.error, kind):
            return None
        wrong = raised(outcome.error) if outcome.error else "no error came"
        return _Failure(case, outcome, wrong, expected)
    expected = show(right.value)
    if outcome.error is not None:
        return _Failure(case, outcome, raised(outcome.error), expected)
    wrong_here = differs(exercise, outcome.value, right.value)
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
    return failure.outcome.error is None and differs(exercise, failure.outcome.value, theirs.value) is None


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
