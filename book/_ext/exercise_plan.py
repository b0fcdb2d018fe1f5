"""The plan of all exercises in the instructor's guide: goals, points, minutes.

``{exercise-plan}`` becomes a fold for each chapter, with its goals and a table of its exercises;
``{exercise-minutes}`` names some exercises and their minutes together. Both come from the notebooks when the
book is built, so the guide cannot drift from the exercises.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from exercise_goals import Chapter, files, minutes_of, read_chapter


class ExercisePlan(SphinxDirective):
    """``{exercise-plan}``: a fold for each chapter, and what they sum to. No argument, no content."""

    def run(self) -> list[nodes.Node]:
        try:
            chapters = chapters_of(self.env)
        except ValueError as error:
            raise self.error(str(error)) from None
        lines = [line for chapter in chapters for line in fold(chapter)]
        lines.append(total(chapters))
        container = nodes.container(classes=["exercise-plan"])
        self.state.nested_parse(StringList(lines), self.content_offset, container)
        return [container]


class ExerciseMinutes(SphinxRole):
    """``{exercise-minutes}`1, 5.1–5.3``` becomes "all of 1, 5.1–5.3 (120 min)"."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            minutes = minutes_of(self.text, chapters_of(self.env))
        except ValueError as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        parts = [part.strip() for part in self.text.split(",")]
        named = ", ".join(f"all of {part}" if part.isdecimal() else part for part in parts)
        return [nodes.Text(f"{named} ({minutes}\N{NO-BREAK SPACE}min)")], []


def chapters_of(env: BuildEnvironment) -> list[Chapter]:
    """The chapters with exercises; the page that asks is built again when one of their notebooks changes."""
    found = []
    for pair in files(Path(env.srcdir)):
        for file in pair:
            env.note_dependency(str(file))
        found.append(read_chapter(*pair))
    return found


def fold(chapter: Chapter) -> Iterator[str]:
    """The lines of one chapter as MyST: its sums in the head, its goals, a row for each exercise."""
    machine, hand, minutes = chapter.sums
    yield f":::::{{dropdown}} Chapter {chapter.number} · {chapter.title} · {minutes} minutes"
    yield from ("After this chapter you can", "")
    yield from (f"{place}. {goal}" for place, goal in enumerate(chapter.goals, start=1))
    if missing := chapter.without_exercise:
        yield from ("", f"No exercise is mainly about goal {' or '.join(map(str, missing))}.")
    yield from ("", "| exercise | goal | by machine | by hand | min |", "| --- | ---: | ---: | ---: | ---: |")
    for one in chapter.exercises:
        exercise = one.exercise
        name = f"{exercise.chapter}.{exercise.number} {exercise.title}"
        link = f"{{ref}}`{name} <exercise-{exercise.chapter:02}-{exercise.number}>`"
        yield f"| {link} | {one.goal} | {one.machine or ''} | {one.hand or ''} | {one.minutes} |"
    yield f"| **all {len(chapter.exercises)}** | | **{machine}** | **{hand}** | **{minutes}** |"
    yield from (":::::", "")


def total(chapters: list[Chapter]) -> str:
    """A sentence with the sums of all chapters.

    Examples
    --------
    >>> from exercise_goals import Exercise, Planned
    >>> one = [Planned(Exercise(5, k, "", ()), 2, 1, 40, 1) for k in (1, 2)]
    >>> total([Chapter(5, "Counts", ["count"], one)])
    'Together: 2 exercises, 4 points by machine and 2 by hand, 80 minutes, or 1.3 hours.'
    """
    machine, hand, minutes = (sum(column) for column in zip(*(c.sums for c in chapters), strict=True))
    number = sum(len(chapter.exercises) for chapter in chapters)
    return (
        f"Together: {number} exercises, {machine} points by machine and {hand} by hand, "
        f"{minutes} minutes, or {minutes / 60:.1f} hours."
    )


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("exercise-plan", ExercisePlan)
    app.add_role("exercise-minutes", ExerciseMinutes())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
