"""The table of all exercises in the instructor's guide: who grades them, their points, the time to plan.

``{exercise-plan}`` becomes the table. It comes from the headings of the notebooks in ``book/exercises`` when
the book is built.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from exercise_notebooks import CHECK, FOLDER, WORDS, Exercise, exercises, kind

MINUTES_PER_POINT = 5  # a plan, not a measurement; the guide says so


class ExercisePlan(SphinxDirective):
    """``{exercise-plan}``: a row for each exercise, a bold one for each chapter. No argument, no content."""

    def run(self) -> list[nodes.Node]:
        folder = Path(self.env.srcdir) / FOLDER
        lines: list[str] = []
        for notebook in sorted(folder.glob("*.ipynb")):
            self.env.note_dependency(str(notebook))
            lines += rows(exercises(nbformat.read(notebook, as_version=4)))
        head = ["| exercise | by machine | by hand | minutes |", "| --- | ---: | ---: | ---: |"]
        container = nodes.container()
        self.state.nested_parse(StringList([*head, *lines]), self.content_offset, container)
        return list(container.children)


def rows(chapter: list[Exercise]) -> list[str]:
    """The rows of one chapter, the sum first.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell
    >>> cell = new_code_cell("### BEGIN HIDDEN TESTS")
    >>> print("\\n".join(rows([Exercise(5, 4, "IoU", (3,), [cell])])))
    | **Chapter 5** | **3** | **0** | **15** |
    | 5.4 IoU | 3 | | 15 |
    """
    parts = [points(exercise) for exercise in chapter]
    machine, hand = (sum(part[k] for part in parts) for k in (0, 1))
    total = MINUTES_PER_POINT * (machine + hand)
    lines = (
        [f"| **Chapter {chapter[0].chapter}** | **{machine}** | **{hand}** | **{total}** |"] if chapter else []
    )
    for exercise, (auto, words) in zip(chapter, parts, strict=True):
        name = f"{exercise.chapter}.{exercise.number} {exercise.title}"
        cells = [name, str(auto or ""), str(words or ""), str(MINUTES_PER_POINT * (auto + words))]
        lines.append("| " + " | ".join(cells).replace("|  |", "| |") + " |")
    return lines


def points(exercise: Exercise) -> tuple[int, int]:
    """Points that the machine gives, and those that a person gives."""
    graded = [kind(cell) for cell in exercise.cells if kind(cell) in (CHECK, WORDS)]
    pairs = list(zip(graded, exercise.points, strict=True))
    return sum(p for what, p in pairs if what == CHECK), sum(p for what, p in pairs if what == WORDS)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("exercise-plan", ExercisePlan)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
