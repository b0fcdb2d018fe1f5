"""Every exercise of the bank: its reference is right, and each typical mistake gets a hint that names it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from segedu.exercises import (
    FunctionExercise,
    Misconception,
    SearchExercise,
    ValueExercise,
    check,
    exercise,
    exercise_ids,
    variant,
)
from segedu.exercises.exercise import NOTHING
from segedu.exercises.judging import judge
from segedu.exercises.verdicts import RIGHT, WRONG

IDS = exercise_ids()
MISTAKES = [(name, mistake) for name in IDS for mistake in exercise(name).misconceptions]


def given(name: str, student: str = "") -> Any:
    return {} if isinstance(exercise(name), FunctionExercise) else variant(student)[name]


def answer_with(name: str, mistake: Misconception) -> Any:
    """What somebody with this mistake answers, right in everything else."""
    asked = exercise(name)
    if isinstance(asked, FunctionExercise):
        return mistake.wrong
    if isinstance(asked, SearchExercise):
        return mistake.example
    assert isinstance(asked, ValueExercise)
    right, wrong = asked.reference(**given(name)), mistake.wrong(**given(name))
    return {**right, **wrong} if isinstance(right, dict) else wrong


@pytest.mark.parametrize(("name", "mistake"), MISTAKES, ids=[f"{n}: {m.name}" for n, m in MISTAKES])
def test_a_typical_mistake_gets_its_own_hint(
    name: str, mistake: Misconception, capsys: pytest.CaptureFixture[str]
) -> None:
    check(name, answer_with(name, mistake))
    said = capsys.readouterr().out
    assert said.startswith(WRONG)
    assert mistake.hint in " ".join(said.split())


def test_at_least_forty_mistakes_have_a_name() -> None:
    assert len(MISTAKES) >= 40


@pytest.mark.parametrize("name", IDS)
def test_hints_differ_and_are_sentences(name: str) -> None:
    asked = exercise(name)
    hints = [asked.hint, *(mistake.hint for mistake in asked.misconceptions)]
    assert len(set(hints)) == len(hints)
    assert all(hint[0].isupper() or hint[0].isdigit() for hint in hints)
    assert all(hint[-1] in ".?:" for hint in hints)
    assert len({mistake.name for mistake in asked.misconceptions}) == len(asked.misconceptions)


@pytest.mark.parametrize("name", IDS)
def test_the_reference_passes_its_own_check(name: str) -> None:
    asked = exercise(name)
    if isinstance(asked, FunctionExercise):
        # where a case carries its result, the reference cannot give it
        known = tuple(case for case in asked.cases if case.expected is NOTHING)
        asked = replace(asked, cases=known)
        assert judge(asked, asked.reference, {}).mark == RIGHT
    elif isinstance(asked, ValueExercise):
        for student in ("", "ada", "grace", "Katherine Johnson"):
            numbers = given(name, student)
            assert judge(asked, asked.reference(**numbers), numbers).mark == RIGHT


@pytest.mark.parametrize("name", [name for name in IDS if getattr(exercise(name), "draw", None)])
def test_mistakes_are_told_from_right_answers_with_the_numbers_of_most_students(name: str) -> None:
    """A student's numbers may hide one mistake by chance; over twenty students each one must show in most."""
    asked: Any = exercise(name)
    for mistake in asked.misconceptions:
        shown = 0
        for number in range(20):
            numbers = given(name, f"student {number}")
            right, wrong = asked.reference(**numbers), mistake.wrong(**numbers)
            answer = {**right, **wrong} if isinstance(right, dict) else wrong
            shown += judge(asked, answer, numbers).mark == WRONG
        assert shown >= 10, mistake.name


@pytest.mark.parametrize("name", IDS)
def test_an_id_names_its_chapter_and_its_place(name: str) -> None:
    chapter, number = name.split(".")
    assert len(chapter) == 2
    assert int(number) >= 1
    assert exercise(name).id == name
