"""The exercise notebooks: solutions get full points, stubs run and get none, and students see no solution."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from assignment import make_assignment
from exercise_files import (
    Run,
    exercise_notebooks,
    grade_id,
    is_autograded,
    read,
    run,
    secret_phrases,
    strings,
    words,
)
from exercise_notebooks import (
    ANSWER,
    CHECK,
    WORDS,
    exercises,
    kind,
    marked,
    secret_lines,
    solution,
    student_version,
)
from segedu.exercises import exercise, exercise_ids

NOTEBOOKS = exercise_notebooks()
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@cache
def solved(path: Path) -> Run:
    return run(read(path))


@cache
def untouched(path: Path) -> Run:
    """The students' notebook as it is, graded with the hidden tests."""
    return run(student_version(read(path)), graded_as=read(path))


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, NotebookNode]:
    """What nbgrader's own command makes of each notebook."""
    folder = make_assignment("all", NOTEBOOKS, tmp_path_factory.mktemp("course"))
    return {path: read(folder / path.name) for path in NOTEBOOKS}


@each
def test_a_chapter_has_five_exercises_in_order(path: Path) -> None:
    numbers = [(found.chapter, found.number) for found in exercises(read(path))]
    chapter = int(path.stem[:2])
    assert numbers == [(chapter, k + 1) for k in range(len(numbers))]
    assert len(numbers) >= 5


@each
def test_titles_and_ids_are_those_of_the_package(path: Path) -> None:
    checked = {
        found.id: found.title
        for found in exercises(read(path))
        if any(kind(cell) == CHECK for cell in found.cells)
    }
    assert list(checked) == exercise_ids(path.stem[:2])
    assert {name: exercise(name).title for name in checked} == checked


@each
def test_solutions_get_full_points(path: Path) -> None:
    done = solved(path)
    assert done.errors == []
    assert done.points == done.possible
    assert done.points


@each
def test_solutions_pass_every_check(path: Path) -> None:
    marks = [line[0] for line in solved(path).printed.splitlines() if line[:1] in ("✅", "❌", "✏")]
    assert marks == ["✅"] * len(solved(path).possible)


@each
def test_stubs_run_without_an_error(path: Path) -> None:
    done = run(student_version(read(path)))
    assert done.errors == []
    marks = [line[0] for line in done.printed.splitlines() if line[:1] in ("✅", "❌", "✏")]
    assert marks == ["✏"] * len(done.possible)


@each
def test_stubs_get_no_points(path: Path) -> None:
    done = untouched(path)
    assert set(done.points) == set(solved(path).points)
    assert set(done.points.values()) == {0}
    assert all("✏️" in error for error in done.errors)


@each
def test_students_see_no_line_of_a_solution_and_no_hidden_case(
    path: Path, released: dict[Path, NotebookNode]
) -> None:
    secret = secret_lines(read(path))
    for found in exercises(read(path)):
        own = new_notebook(cells=found.cells)
        if any(kind(cell) != "statement" for cell in found.cells):
            assert secret_lines(own), f"{found.id} has nothing to hide: the test would be empty"
    for student in (released[path], read(path.parent / "student" / path.name)):
        text = "\n".join(strings(student))
        assert secret & {line.strip() for line in text.splitlines()} == set()
        assert [phrase for phrase in secret_phrases(read(path)) if phrase in words(text)] == []
        assert "HIDDEN" not in text
        assert "SOLUTION" not in text
        assert all(not cell.get("outputs") for cell in student.cells)


@each
def test_nbgrader_makes_the_notebook_that_the_book_links_to(
    path: Path, released: dict[Path, NotebookNode]
) -> None:
    ours, theirs = read(path.parent / "student" / path.name), released[path]
    assert [cell.source for cell in ours.cells] == [cell.source for cell in theirs.cells]
    assert [grade_id(cell) for cell in ours.cells] == [grade_id(cell) for cell in theirs.cells]


@each
def test_a_notebook_and_its_student_version_are_stored_as_make_notebooks_stores_them(path: Path) -> None:
    notebook = read(path)
    hint = f"run: make notebooks NB=book/exercises/{path.name}"
    assert notebook == marked(notebook), hint
    assert read(path.parent / "student" / path.name) == student_version(notebook), hint


@each
def test_each_check_has_a_seed_of_its_own_and_imports_what_it_grades_with(path: Path) -> None:
    """A student may have called something else `grade` before."""
    seeds = []
    for cell in filter(is_autograded, read(path).cells):
        hidden = cell.source.partition("### BEGIN HIDDEN TESTS\n")[2]
        assert hidden.startswith("from segedu.exercises import grade\n")
        seeds += re.findall(r"seed=(\d+)", hidden)
    assert len(set(seeds)) == len(seeds) == len(solved(path).possible)


@each
def test_written_answers_have_a_rubric_with_all_points(path: Path) -> None:
    for cell in read(path).cells:
        if kind(cell) == WORDS:
            rubric = cell.source.partition("**Rubric.**")[2]
            given = sum(int(word) for word in rubric.replace(":", " ").split() if word.isdigit())
            assert given == cell.metadata["nbgrader"]["points"], cell.source[:80]


@each
def test_no_code_cell_is_longer_than_twenty_five_lines(path: Path) -> None:
    for cell in read(path).cells:
        assert cell.cell_type != "code" or len(cell.source.splitlines()) <= 25, cell.source[:80]


def test_points_and_gradable_cells_must_be_as_many() -> None:
    cells = [
        new_markdown_cell("## 5.1 Sums · 2 points"),
        new_code_cell("def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"),
        new_code_cell("check(f)\n### BEGIN HIDDEN TESTS\ngrade(f)\n### END HIDDEN TESTS"),
    ]
    found = [
        cell.metadata.get("nbgrader", {}).get("points") for cell in marked(new_notebook(cells=cells)).cells
    ]
    assert found == [None, None, 2]
    assert [kind(cell) for cell in cells[1:]] == [ANSWER, CHECK]
    cells[0].source = "## 5.1 Sums"
    with pytest.raises(ValueError, match=r"05\.1: expected points for 1 cells .*'· 2 points', got 0"):
        marked(new_notebook(cells=cells))


def test_a_written_solution_may_begin_with_indented_code() -> None:
    cell = new_markdown_cell("<!-- BEGIN SOLUTION -->\n    x = 1\n    y = 2\n\nBoth.\n<!-- END SOLUTION -->")
    assert solution(cell) == ("    x = 1\n    y = 2\n\nBoth.", "")
