"""What an exercise is: how its answer is judged, and which wrong answers have a name.

There are three kinds. A `FunctionExercise` asks for a function, a `ValueExercise` for numbers found by hand, a
`SearchExercise` for an example that has a property. The statement and the solution are not here: they stand in
the notebook of the chapter, in ``book/exercises``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segedu.exercises.draws import Draws

NOTHING: Any = type("Nothing", (), {"__repr__": lambda self: "NOTHING"})()
"""Stands for "no value given", where None would be a value."""


@dataclass(frozen=True)
class Misconception:
    """A mistake that people make, as the wrong program that it leads to.

    If an answer is wrong exactly where and how `wrong` is, its author has probably made this mistake, and reads
    `hint`.

    Parameters
    ----------
    name : str
        What the mistake is, for instance ``"precision for recall"``. Only authors and tests see it.
    wrong : callable
        Takes what the exercise's reference takes, and gives what somebody with this mistake would give: for a
        `ValueExercise` with several numbers, only those that the mistake changes. For a `SearchExercise`, a
        wrong judge: it takes what `accept` takes and gives None where somebody with this mistake is content.
    hint : str
        Names the mistake and says where to look, without giving the solution away.
    example : any, optional
        For a `SearchExercise` only: an answer that `wrong` accepts, and that is wrong.
    """

    name: str
    wrong: Callable[..., Any]
    hint: str
    example: Any = None


@dataclass(frozen=True)
class Case:
    """One input of a function, and what is special about it.

    Parameters
    ----------
    args : tuple
        The arguments, by position. The function gets a copy.
    note : str
        In a few words, for instance ``"a class that nobody saw"``.
    expected : any, optional
        The right result, where the reference cannot give it.
    """

    args: tuple[Any, ...]
    note: str = ""
    expected: Any = NOTHING


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """What all exercises have; use one of the three kinds.

    Parameters
    ----------
    id : str
        Chapter and number, ``"05.3"``.
    title : str
        As in the notebook.
    hint : str
        For a wrong answer that none of the misconceptions explains.
    misconceptions : tuple of Misconception
        The likeliest first: where two explain an answer, the first is named.
    rtol, atol : float
        How far a number may be off: `atol` plus `rtol` times the expected value.
    """

    id: str
    title: str
    hint: str
    misconceptions: tuple[Misconception, ...] = ()
    rtol: float = 1e-6
    atol: float = 1e-9


@dataclass(frozen=True, kw_only=True)
class FunctionExercise(Exercise):
    """The answer is a function. It is run on fixed cases, then on random ones, beside a reference.

    Parameters
    ----------
    reference : callable
        Gives the right results, independently of the solution in the notebook: a library's function, or a
        tested one of `segedu`. Where it raises an error, the answer has to raise one of that type.
    cases : tuple of Case
        Fixed and edge cases, small ones first: the first that fails is shown.
    random : callable, optional
        Takes a `numpy.random.Generator` and gives the arguments of one random case, a tuple.
    rounds : int
        How many random cases.
    seconds : float
        How long the answer may take for all cases together.
    integers : bool
        Whether whole numbers must have an integer dtype, not only integer values.
    """

    reference: Callable[..., Any]
    cases: tuple[Case, ...] = ()
    random: Callable[[np.random.Generator], tuple[Any, ...]] | None = None
    rounds: int = 20
    seconds: float = 5.0
    integers: bool = False


@dataclass(frozen=True, kw_only=True)
class GivenExercise(Exercise):
    """A question with numbers: the book's own, or those of one student.

    Parameters
    ----------
    given : mapping
        The book's own numbers, by name. Empty if the question has none.
    draw : callable, optional
        Takes `Draws` and gives other numbers, a mapping like `given`: those of one student.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    draw: Callable[[Draws], Mapping[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class ValueExercise(GivenExercise):
    """The answer is a value, or a dict of values by name. None stands for "not yet".

    Parameters
    ----------
    reference : callable
        Takes what is given, by keyword, and gives the right value.
    """

    reference: Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class SearchExercise(GivenExercise):
    """The answer is an example that has a property; there are many.

    Parameters
    ----------
    accept : callable
        Takes the answer, and what is given by keyword. Gives None if the answer has the property, otherwise
        one sentence that says what is missing. It may assume nothing about the type of the answer: what it
        raises counts as "no".
    """

    accept: Callable[..., str | None]
