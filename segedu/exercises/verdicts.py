"""What is said to an answer, and in which words: the parts that all kinds of exercises share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segedu.exercises.comparing import difference
from segedu.exercises.exercise import Exercise, FunctionExercise, Misconception
from segedu.exercises.limits import StillRunning, TimeUp, call, place
from segedu.exercises.showing import kind_of

RIGHT, WRONG, NOT_YET = "✅", "❌", "✏️"

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


def say(
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


def differs(exercise: Exercise, actual: Any, expected: Any) -> str | None:
    """`difference`, for an answer that may be anything at all."""
    integers = isinstance(exercise, FunctionExercise) and exercise.integers
    outcome = call(
        lambda: difference(actual, expected, rtol=exercise.rtol, atol=exercise.atol, integers=integers), QUICK
    )
    if outcome.error is not None:
        return f"it is {kind_of(actual)}, which cannot be compared"
    return outcome.value


def raised(error: BaseException) -> str:
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
