"""The exercises of a chapter in its page: statement, stub, and the solution folded away.

A chapter writes ``{exercises} 05``. The text comes from the notebook in ``book/exercises`` whose name begins
so, when the book is built: page and notebook cannot drift apart. With the environment variable
``SEGEDU_SOLUTIONS=off`` the pages hold no solution at all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from exercise_notebooks import (
    ANSWER,
    CHECK,
    FOLDER,
    STATEMENT,
    Exercise,
    exercises,
    kind,
    solution,
    with_stub,
    without_hidden_tests,
)

SWITCH = "SEGEDU_SOLUTIONS"
FENCE = "~~~~~~~~"  # longer than any that a statement may hold


def solutions_are_shown() -> bool:
    """Whether pages hold solutions, as ``$SEGEDU_SOLUTIONS`` says: ``on``, which is usual, or ``off``.

    Raises
    ------
    ValueError
        If it says anything else: a typing error must not publish solutions.
    """
    said = os.environ.get(SWITCH, "on")
    if said not in ("on", "off"):
        raise ValueError(f'{SWITCH}: expected "on" or "off", got {said!r}')
    return said == "on"


class Exercises(SphinxDirective):
    """``{exercises} 05``: all exercises of a chapter."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        found = sorted((Path(self.env.srcdir) / FOLDER).glob(f"{self.arguments[0]}_*.ipynb"))
        if len(found) != 1:
            raise self.error(f"expected one notebook {FOLDER}/{self.arguments[0]}_….ipynb, found {len(found)}")
        (path,) = found
        pages_with_exercises(self.env).add(self.env.docname)
        student = path.parent / "student" / path.name
        for file in (path, student):
            self.env.note_dependency(str(file))
        here = Path(self.env.doc2path(self.env.docname)).parent
        text = page(
            nbformat.read(path, as_version=4),
            colab=self.colab(f"{FOLDER}/student/{path.name}"),
            file=os.path.relpath(student, here),
            shown=solutions_are_shown(),
        )
        section = nodes.container(classes=["exercises"])
        self.state.nested_parse(StringList(text.splitlines(), str(path)), self.content_offset, section)
        return section.children

    def colab(self, path: str) -> str:
        options = self.config.html_theme_options
        name = options["repository_url"].removeprefix("https://github.com/")
        return f"https://colab.research.google.com/github/{name}/blob/{options['repository_branch']}/{path}"


def page(notebook: NotebookNode, *, colab: str, file: str, shown: bool) -> str:
    """The exercises of a notebook as MyST text.

    Parameters
    ----------
    notebook : NotebookNode
        With solutions and stored outputs.
    colab : str
        Where the students' notebook opens in Colab.
    file : str
        Where it is, from the page.
    shown : bool
        Whether the solutions are in the text, folded away.
    """
    parts = [
        f"Write and check your answers in the notebook of these exercises: [open it in Colab]({colab}), or "
        f"[take the file](path:{file}). Each check answers within a second, with a hint where one is due."
    ]
    for exercise in exercises(notebook):
        parts.append("\n\n".join(_exercise(exercise, shown)))
    return "\n\n".join(parts) + "\n"


def _exercise(exercise: Exercise, shown: bool) -> Iterator[str]:
    head, *rest = exercise.cells
    label = f"exercise-{exercise.chapter:02}-{exercise.number}"
    title = f"{exercise.chapter}.{exercise.number} {exercise.title}"
    yield f"```{{rubric}} {title}\n:name: {label}\n```"
    yield head.source.partition("\n")[2].strip()
    code: list[str] = []  # the stub and its check stand in one block
    solutions: list[str] = []
    answered = False
    for cell in rest:
        what = kind(cell)
        if what == ANSWER:
            code.append(with_stub(cell.source))
            solutions.append(_solution(cell))
        elif what == CHECK:
            code.append(without_hidden_tests(cell.source))
        if what in (ANSWER, CHECK):
            answered = True
            continue
        yield from _block(code)
        code = []
        if what == STATEMENT:
            yield from _statement(cell, outputs=not answered)
        else:
            solutions.append(_solution(cell))
            answered = True
    yield from _block(code)
    if shown and solutions:
        yield f":::::{{dropdown}} Solution\n{_joined(solutions)}\n:::::"


def _joined(texts: list[str]) -> str:
    return "\n\n".join(text for text in texts if text)


def _block(code: list[str]) -> Iterator[str]:
    if code:
        text = re.sub(r"\n{3,}", "\n\n", "\n\n".join(part.strip("\n") for part in code))
        yield f"{FENCE}python\n{text}\n{FENCE}"


def _statement(cell: NotebookNode, outputs: bool) -> Iterator[str]:
    """Text as it is; code with what it shows, unless an answer is asked for before it: run it yourself."""
    if cell.cell_type != "code":
        yield cell.source
        return
    if "remove-input" not in cell.metadata.get("tags", []):
        yield from _block([cell.source])
    for output in cell.outputs if outputs else ():
        data = output.get("data", {})
        if output.output_type == "stream":
            yield f"{FENCE}text\n{output.text.rstrip()}\n{FENCE}"
        elif "image/png" in data:
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            yield f"![{alt}](data:image/png;base64,{data['image/png'].strip()})"
        elif "text/plain" in data:
            yield f"{FENCE}text\n{data['text/plain'].rstrip()}\n{FENCE}"


def _solution(cell: NotebookNode) -> str:
    said, code = solution(cell)
    return _joined([said, f"{FENCE}python\n{code}\n{FENCE}" if code else ""])


def pages_with_exercises(env: BuildEnvironment) -> set[str]:
    """Names of the pages with exercises, kept with the environment between builds."""
    if not hasattr(env, "segedu_exercises"):
        env.segedu_exercises = set()  # type: ignore[attr-defined]
    return env.segedu_exercises  # type: ignore[attr-defined, no-any-return]


def note_switch(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages with exercises are read again when the switch has been turned since the last build."""
    before = getattr(env, "segedu_solutions", None)
    env.segedu_solutions = solutions_are_shown()  # type: ignore[attr-defined]
    turned = before != env.segedu_solutions  # type: ignore[attr-defined]
    return sorted(pages_with_exercises(env) & env.found_docs) if turned else []


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("exercises", Exercises)
    app.connect("env-get-outdated", note_switch)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
