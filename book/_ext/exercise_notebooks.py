"""An exercise notebook: which cell is what, what students get, and what stays with the instructor.

The notebooks in ``book/exercises`` are the one source of the exercises. Each exercise starts with a heading
such as ``## 5.4 IoU of each class · 3 points``; what its cells are follows from what is in them:

- a code cell with ``### BEGIN SOLUTION`` is answered by code;
- a code cell with ``### BEGIN HIDDEN TESTS`` checks it and gives the points;
- a Markdown cell with ``<!-- BEGIN SOLUTION -->`` is answered in words and graded by a person;
- everything else is the statement.

nbgrader wants to know the same from the metadata of each cell: `marked` writes it, so that nobody has to.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

FOLDER = "book/exercises"  # below the root of the book
SOLUTION = "BEGIN SOLUTION", "END SOLUTION"
HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
HEADING = re.compile(r"^## (\d+)\.(\d+) (.+?)(?: · (\d+(?: \+ \d+)*) points?)?$", re.MULTILINE)
CODE_STUB = "raise NotImplementedError  # your code here"
VALUE_STUB = "# your answer here"
TEXT_STUB = "*Your answer here.*"
ANSWER, CHECK, WORDS, STATEMENT = "answer", "check", "words", "statement"


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook: its number, its title, and its cells with the heading first."""

    chapter: int
    number: int
    title: str
    points: tuple[int, ...]
    cells: list[NotebookNode] = field(default_factory=list)

    @property
    def id(self) -> str:
        """``"05.4"``, as the package has it."""
        return f"{self.chapter:02}.{self.number}"


def kind(cell: NotebookNode) -> str:
    """`ANSWER`, `CHECK`, `WORDS` or `STATEMENT`."""
    if cell.cell_type == "code" and HIDDEN[0] in cell.source:
        return CHECK
    if SOLUTION[0] in cell.source:
        return ANSWER if cell.cell_type == "code" else WORDS
    return STATEMENT


def exercises(notebook: NotebookNode) -> list[Exercise]:
    """The exercises of a notebook, in their order; what stands before the first heading belongs to none."""
    found: list[Exercise] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (head := HEADING.match(cell.source)):
            points = tuple(int(number) for number in (head[4] or "").split("+") if number.strip())
            found.append(Exercise(int(head[1]), int(head[2]), head[3], points))
        if found:
            found[-1].cells.append(cell)
    return found


def marked(notebook: NotebookNode) -> NotebookNode:
    """The same notebook with nbgrader's metadata in the cells of the exercises.

    Raises
    ------
    ValueError
        If the points of a heading are not as many as the cells that give points.
    """
    notebook = nbformat.from_dict(notebook)
    for exercise in exercises(notebook):
        graded = [cell for cell in exercise.cells if kind(cell) in (CHECK, WORDS)]
        if len(graded) != len(exercise.points):
            raise ValueError(
                f"{exercise.id}: expected points for {len(graded)} cells in the heading, such as "
                f"'· {' + '.join(['2'] * len(graded))} points', got {len(exercise.points)}"
            )
        points = iter(exercise.points)
        names: dict[str, int] = {}
        for cell in exercise.cells:
            what = kind(cell)
            if what == STATEMENT:
                cell.metadata.pop("nbgrader", None)
                continue
            names[what] = names.get(what, 0) + 1
            grade_id = f"ex{exercise.chapter:02}-{exercise.number}"
            grade_id += {ANSWER: "", CHECK: "-check", WORDS: "-words"}[what]
            grade_id += f"-{names[what]}" if names[what] > 1 else ""
            cell.metadata["nbgrader"] = {
                "grade": what != ANSWER,
                "grade_id": grade_id,
                "locked": what == CHECK,
                **({} if what == ANSWER else {"points": next(points)}),
                "schema_version": 3,
                "solution": what != CHECK,
                "task": False,
            }
    return notebook


def student_version(notebook: NotebookNode) -> NotebookNode:
    """The notebook that students get: stubs for solutions, no hidden tests, no outputs, no plan."""
    student = marked(notebook)
    for cell in student.cells:
        cell.metadata.pop("segedu", None)  # goals and minutes are for instructors: `exercise_goals`
        cell.source = without_hidden_tests(with_stub(cell.source, cell.cell_type))
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return student


def stub_of(source: str, cell_type: str) -> str:
    """What replaces a solution: an error inside a function, a comment among the lines of a cell.

    So a notebook of stubs runs through: a function that nobody has written is not called before it is checked.
    """
    if cell_type != "code":
        return TEXT_STUB
    line = next(line for line in source.splitlines() if SOLUTION[0] in line)
    return CODE_STUB if line.startswith(" ") else VALUE_STUB


def with_stub(source: str, cell_type: str = "code") -> str:
    """A cell with its solution replaced by a stub; a cell without one is left as it is.

    Examples
    --------
    >>> print(with_stub("def f(x):\\n    ### BEGIN SOLUTION\\n    return x\\n    ### END SOLUTION"))
    def f(x):
        raise NotImplementedError  # your code here
    """
    if SOLUTION[0] not in source:
        return source
    return _replaced(source, SOLUTION, stub_of(source, cell_type))


def without_hidden_tests(source: str) -> str:
    """A cell without its hidden tests."""
    return _replaced(source, HIDDEN, None)


def _replaced(source: str, marks: tuple[str, str], stub: str | None) -> str:
    lines, inside = [], False
    for line in source.split("\n"):
        if marks[0] in line:
            inside = True
            if stub is not None:
                lines.append(line[: len(line) - len(line.lstrip())] + stub)
        elif marks[1] in line:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def solution(cell: NotebookNode) -> tuple[str, str]:
    """The solution of a cell as text and as code.

    The comment that a solution by code begins with is its text; in words, all of it is text.
    """
    lines = [line for line, inside in _told_apart(cell.source, SOLUTION) if inside]
    if cell.cell_type != "code":
        return "\n".join(lines).strip("\n"), ""  # a solution may begin with indented code
    plain = textwrap.dedent("\n".join(lines)).split("\n")
    comments = 0
    while comments < len(plain) and plain[comments].startswith("#"):
        comments += 1
    said = "\n".join(line.removeprefix("#").removeprefix(" ") for line in plain[:comments])
    before = cell.source[: cell.source.index(SOLUTION[0])].splitlines()
    head = next((line for line in before if line.startswith("def ")), "")
    code = "\n".join(plain[comments:]).strip("\n")
    return said, f"{head}\n{textwrap.indent(code, '    ')}" if head else code


def _told_apart(source: str, *regions: tuple[str, str]) -> Iterator[tuple[str, bool]]:
    """Each line of a cell but the marks, and whether it stands inside one of the regions."""
    inside = False
    for line in source.split("\n"):
        if any(begin in line for begin, _ in regions):
            inside = True
        elif any(end in line for _, end in regions):
            inside = False
        else:
            yield line, inside


def secret_lines(notebook: NotebookNode) -> set[str]:
    """Lines that only solutions and hidden tests have: what no student version and no closed page may show.

    Lines of a few characters, and those that stand elsewhere in the notebook as well, give nothing away.
    """
    told = [part for cell in notebook.cells for part in _told_apart(cell.source, SOLUTION, HIDDEN)]
    secret = {line.strip() for line, inside in told if inside}
    return {line for line in secret - set(public_lines(notebook)) if len(line) >= 8}


def public_lines(notebook: NotebookNode) -> list[str]:
    """What everybody may see: all lines outside of solutions and hidden tests, in their order."""
    told = [part for cell in notebook.cells for part in _told_apart(cell.source, SOLUTION, HIDDEN)]
    return [line.strip() for line, inside in told if not inside]
