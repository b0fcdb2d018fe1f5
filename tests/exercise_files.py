"""The exercise notebooks as the tests see them: run quickly, and searched for what they hide."""

from __future__ import annotations

import io
import linecache
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from bookfiles import ROOT
from exercise_notebooks import public_lines, secret_lines

LONG = 4  # words: what is shorter may stand anywhere by chance
FOLDER = ROOT / "book" / "exercises"


def exercise_notebooks() -> list[Path]:
    """The notebooks with solutions, in the order of their names."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def words(text: str) -> str:
    """The words and numbers of a text, one space between them: however it is marked up, wrapped, or escaped."""
    return " ".join(re.findall(r"\w+", text))


def secret_phrases(notebook: NotebookNode) -> set[str]:
    """What only its solutions and hidden tests say, where it is too long to stand elsewhere by chance."""
    public = words("\n".join(public_lines(notebook)))
    found = {words(line) for line in secret_lines(notebook)}
    return {phrase for phrase in found if len(phrase.split()) >= LONG and phrase not in public}


def strings(value: Any) -> Iterator[str]:
    """Every text in a notebook: sources, outputs, metadata."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


@dataclass
class Run:
    """What the cells of a notebook did, run one after the other in one namespace."""

    printed: str = ""
    errors: list[str] = field(default_factory=list)
    points: dict[str, float] = field(default_factory=dict)  # grade id → points of an autograded cell
    possible: dict[str, float] = field(default_factory=dict)


def run(notebook: NotebookNode, *, graded_as: NotebookNode | None = None) -> Run:
    """Run the code cells in this process, without a kernel.

    Parameters
    ----------
    notebook : NotebookNode
    graded_as : NotebookNode, optional
        The notebook with the hidden tests: its autograded cells are run instead, as nbgrader does it.
    """
    done, names = Run(), {"__name__": "__main__"}
    tests = {grade_id(cell): cell for cell in (graded_as or notebook).cells if is_autograded(cell)}
    heard = io.StringIO()
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or "%pip" in cell.source:
            continue
        source = tests.get(grade_id(cell), cell).source
        error = _execute(source, f"<cell {number}>", names, heard)
        if error is not None:
            done.errors.append(f"cell {number}: {type(error).__name__}: {error}")
        if is_autograded(cell):
            worth = cell.metadata["nbgrader"]["points"]
            done.possible[grade_id(cell)] = worth
            done.points[grade_id(cell)] = 0 if error else worth
    done.printed = heard.getvalue()
    return done


def _execute(source: str, name: str, names: dict[str, Any], heard: io.StringIO) -> Exception | None:
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        with redirect_stdout(heard):
            exec(compile(source, name, "exec"), names)
    except Exception as error:
        return error
    return None


def grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def is_autograded(cell: NotebookNode) -> bool:
    about = cell.metadata.get("nbgrader", {})
    return bool(about.get("grade") and not about.get("solution"))
