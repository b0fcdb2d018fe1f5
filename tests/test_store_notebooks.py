"""How notebooks are stored: always in one form, and not at all if a page would show a fault."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbval.plugin import get_sanitize_patterns

from bookfiles import ROOT
from store_notebooks import WIDGET_VIEW, faults, store, tidy


def notebook_of(*cells: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return new_notebook(cells=list(cells))


def cell_with(*outputs: nbformat.NotebookNode, **metadata: Any) -> nbformat.NotebookNode:
    return new_code_cell("show()", execution_count=1, outputs=list(outputs), metadata=metadata)


def picture(size: int) -> nbformat.NotebookNode:
    return new_output("display_data", {"image/png": base64.b64encode(bytes(size)).decode()})


def saved(path: Path, *cells: nbformat.NotebookNode) -> Path:
    nbformat.write(notebook_of(*cells), path)
    return path


def test_cells_are_counted_from_one_and_empty_cells_are_not() -> None:
    cells = [
        new_code_cell("1", execution_count=7),
        new_code_cell(""),
        new_markdown_cell("2"),
        new_code_cell("3"),
    ]
    assert [cell.get("execution_count") for cell in tidy(notebook_of(*cells)).cells] == [1, None, None, 2]


def test_pieces_of_one_stream_are_joined_and_two_streams_are_not() -> None:
    out = [new_output("stream", name="stdout", text=said) for said in ("a", "b", "c")]
    err = new_output("stream", name="stderr", text="!")
    (cell,) = tidy(notebook_of(cell_with(out[0], out[1], err, out[2]))).cells
    assert [(output.name, output.text) for output in cell.outputs] == [
        ("stdout", "ab"),
        ("stderr", "!"),
        ("stdout", "c"),
    ]


def test_a_widget_keeps_only_the_forms_that_need_no_kernel() -> None:
    shown = new_output(
        "display_data", {WIDGET_VIEW: {"model_id": "5f2c"}, "text/html": "<b>1</b>", "text/plain": "W()"}
    )
    notebook = notebook_of(cell_with(shown))
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}
    tidied = tidy(notebook)
    assert set(tidied.cells[0].outputs[0].data) == {"text/html", "text/plain"}
    assert "widgets" not in tidied.metadata


def test_what_editors_leave_behind_is_dropped_and_what_the_book_reads_is_kept() -> None:
    cell = cell_with(
        tags=["remove-input"],
        mystnb={"image": {"alt": "A cat."}},
        execution={"shell.execute_reply": "2026"},
        scrolled=True,
    )
    assert tidy(notebook_of(cell)).cells[0].metadata == {
        "tags": ["remove-input"],
        "mystnb": {"image": {"alt": "A cat."}},
    }


def test_a_tidy_notebook_is_left_as_it_is() -> None:
    once = tidy(notebook_of(cell_with(picture(9)), new_markdown_cell("text")))
    assert tidy(once) == once


def test_a_tidied_notebook_leaves_the_given_one_alone() -> None:
    given = notebook_of(new_code_cell("1", execution_count=7))
    tidy(given)
    assert given.cells[0].execution_count == 7


ALT = {"mystnb": {"image": {"alt": "A cat."}}}


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        (cell_with(picture(9)), "no alt text"),
        (cell_with(picture(9), mystnb={"image": {"alt": "  "}}), "no alt text"),
        (cell_with(picture(150_000), **ALT), "150 kB, more than 120"),
        (cell_with(new_output("stream", name="stderr", text="DeprecationWarning")), "stderr"),
        (cell_with(new_output("error", ename="ValueError", evalue="no")), "raises ValueError"),
        (cell_with(new_output("display_data", {"text/plain": "<W object at 0x7f3a9c1d>"})), "at 0x7f3a9c1d"),
    ],
)
def test_a_fault_is_named(cell: nbformat.NotebookNode, fault: str) -> None:
    (named,) = faults(notebook_of(cell))
    assert named.startswith("cell 1: ")
    assert fault in named


@pytest.mark.parametrize(
    "cell",
    [
        cell_with(picture(9), **ALT),
        cell_with(new_output("display_data", {"image/png": "", "text/html": "what a page shows instead"})),
        cell_with(new_output("error", ename="ValueError", evalue="no"), tags=["raises-exception"]),
        cell_with(new_output("display_data", {"text/plain": "at 0x7f3a9c1d"}), tags=["nbval-ignore-output"]),
        cell_with(new_output("stream", name="stdout", text="3")),
    ],
)
def test_what_a_page_may_show_is_no_fault(cell: nbformat.NotebookNode) -> None:
    assert faults(notebook_of(cell)) == []


def test_a_notebook_is_run_in_its_folder_and_stored(tmp_path: Path) -> None:
    (tmp_path / "answer.txt").write_text("42")
    path = saved(tmp_path / "a.ipynb", new_code_cell("print(open('answer.txt').read())"))
    assert store(path) == []
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == "42\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.ipynb", "answer.txt"]


def test_of_a_notebook_of_exercises_what_students_get_is_stored_too(tmp_path: Path) -> None:
    folder = tmp_path / "exercises"
    folder.mkdir()
    cells = [
        new_markdown_cell("## 5.1 One · 1 point"),
        new_code_cell("x = None\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
        new_code_cell("print(x)\n### BEGIN HIDDEN TESTS\nassert x\n### END HIDDEN TESTS"),
    ]
    path = saved(folder / "05.ipynb", *cells)
    assert store(path) == []
    solved, student = (nbformat.read(file, as_version=4) for file in (path, folder / "student" / "05.ipynb"))
    assert solved.cells[2].outputs[0].text == "1\n"
    assert solved.cells[1].metadata.nbgrader.grade_id == "ex05-1"
    assert [cell.source for cell in student.cells[1:]] == ["x = None\n# your answer here", "print(x)"]
    assert student.cells[2].outputs == []


def test_a_notebook_of_exercises_with_wrong_points_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "exercises").mkdir()
    path = saved(tmp_path / "exercises" / "05.ipynb", new_markdown_cell("## 5.1 One · 1 point"))
    before = path.read_bytes()
    (fault,) = store(path)
    assert fault.startswith("05.1: expected points for 0 cells")
    assert path.read_bytes() == before


def test_a_notebook_that_raises_is_left_as_it_was(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.ipynb", new_code_cell("1 / 0"))
    before = path.read_bytes()
    (fault,) = store(path)
    assert "ZeroDivisionError" in fault
    assert path.read_bytes() == before


def test_only_pictures_are_hidden_from_the_comparison() -> None:
    patterns = get_sanitize_patterns((ROOT / "book/_ext/nbval_sanitize.cfg").read_text(encoding="utf-8"))
    output = '<img alt="mIoU 0.669" src="data:image/png;base64,iVBORw0KGgo+/A=="> 2026-01-01, 12 of 19 pixels'
    for pattern, replacement in patterns:
        output = re.sub(pattern, replacement, output)
    assert output == '<img alt="mIoU 0.669" src="data:image"> 2026-01-01, 12 of 19 pixels'
