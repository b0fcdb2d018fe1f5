"""Mend a notebook that came back: what grading needs is put right, what a student wrote stays as it is.

Colab and mail programs, and students too, lose metadata, delete cells, and move them. The notebook that was
handed out says what belongs where. What cannot be mended is refused, with one sentence that says why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

NEW_CELL = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


class UnusableError(Exception):
    """This file is no submission. The message says why."""


@dataclass
class Mended:
    """A notebook that nbgrader can grade, and what was done to it, in a few words each."""

    notebook: NotebookNode
    remarks: list[str] = field(default_factory=list)


def mend(data: bytes, released: NotebookNode) -> Mended:
    """Make a submission of the bytes of a file.

    Only the cells' texts, types, pasted pictures, ids and nbgrader's metadata are taken; everything else comes
    from `released`, the notebook that students got.

    - A graded cell that lost its metadata is known by its text or by its place.
    - Cells that came in another order are put back; a student's own cells stay behind the cell that they
      followed.
    - A code cell or a graded cell that was deleted comes back as it was handed out.

    Raises
    ------
    UnusableError
        If the file is empty, is no notebook, or belongs to another assignment.
    """
    cells = [_cell(raw) for raw in _raw_cells(data)]
    places, remarks = _recognized(cells, released.cells)
    _refuse_strangers(cells, places, released.cells)
    ordered = _in_order(cells, places)
    if ordered != list(range(len(cells))):
        remarks.append("cells had been moved: put back in order")
    mended = [(places[k], cells[k]) for k in ordered]
    missing = [
        place
        for place, cell in enumerate(released.cells)
        if (_grade_id(cell) or cell.cell_type == "code") and place not in places.values()
    ]
    for place in missing:
        ours = released.cells[place]
        behind = [k for k, (known, _) in enumerate(mended) if known is not None and known < place]
        at = 0 if not behind else _end_of_group(mended, max(behind)) if _grade_id(ours) else max(behind) + 1
        mended.insert(at, (place, nbformat.from_dict(ours)))
    if missing:
        names = ", ".join(_grade_id(released.cells[place]) or "a cell of the text" for place in missing)
        remarks.append(f"deleted cells came back as handed out: {names}")
    notebook = new_notebook(metadata=nbformat.from_dict(released.metadata), cells=[cell for _, cell in mended])
    _make_ids_unique(notebook)
    return Mended(notebook, remarks)


def _raw_cells(data: bytes) -> list[dict[str, Any]]:
    if not data.strip(b"\x00 \t\r\n"):
        raise UnusableError("the file is empty")
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UnusableError(f"no notebook can be read from it ({type(error).__name__}: {error})") from None
    if isinstance(raw, dict) and isinstance(raw.get("worksheets"), list):  # before 2015
        sheets = raw["worksheets"]
        raw = {
            "cells": [cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells", [])]
        }
    cells = raw.get("cells") if isinstance(raw, dict) else None
    if not isinstance(cells, list):
        raise UnusableError("it is JSON, but no notebook: it has no cells")
    usable = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") in NEW_CELL]
    if not usable:
        raise UnusableError("the notebook has no cells")
    return usable


def _cell(raw: dict[str, Any]) -> NotebookNode:
    source = raw.get("source", raw.get("input", ""))
    if isinstance(source, list):
        source = "".join(map(str, source))
    cell = NEW_CELL[raw["cell_type"]](str(source))
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    about = metadata.get("nbgrader")
    if isinstance(about, dict) and isinstance(about.get("grade_id"), str):
        cell.metadata["nbgrader"] = nbformat.from_dict(about)
    if isinstance(raw.get("attachments"), dict):
        cell["attachments"] = nbformat.from_dict(raw["attachments"])
    cell["id"] = str(raw.get("id") or metadata.get("id") or cell["id"])  # Colab keeps it in the metadata
    return cell


def _recognized(
    cells: list[NotebookNode], released: list[NotebookNode]
) -> tuple[dict[int, int | None], list[str]]:
    """Number of each cell → number of the cell that was handed out, or None for a student's own one."""
    places: dict[int, int | None] = dict.fromkeys(range(len(cells)))
    remarks: list[str] = []
    for same in (_same_grade_id, _same_id, _same_text):
        for k, cell in enumerate(cells):
            if places[k] is None:
                taken = set(places.values())
                places[k] = next(
                    (p for p, ours in enumerate(released) if p not in taken and same(cell, ours)), None
                )
    lost = 0
    for k, place in _by_place(places, cells, released):
        places[k] = place
    for k, cell in enumerate(cells):
        place = places[k]
        about = released[place].metadata.get("nbgrader") if place is not None else None
        if place is None and "nbgrader" in cell.metadata and _grade_id(cell) in map(_grade_id, released):
            remarks.append(f"{_grade_id(cell)} was there twice: the first one is graded")
        lost += about is not None and "nbgrader" not in cell.metadata
        cell.metadata.pop("nbgrader", None)
        if about is not None:
            cell.metadata["nbgrader"] = nbformat.from_dict(about)
            if cell.cell_type != released[place].cell_type:
                cells[k] = _retyped(cell, released[place].cell_type)
    if lost:
        remarks.append(f"{lost} cells had lost nbgrader's metadata")
    return places, remarks


def _same_grade_id(cell: NotebookNode, ours: NotebookNode) -> bool:
    return bool(_grade_id(cell)) and _grade_id(cell) == _grade_id(ours)


def _same_id(cell: NotebookNode, ours: NotebookNode) -> bool:
    return not _grade_id(cell) and cell.id == ours.id


def _same_text(cell: NotebookNode, ours: NotebookNode) -> bool:
    return not _grade_id(cell) and bool(ours.source.strip()) and cell.source.strip() == ours.source.strip()


def _by_place(
    places: dict[int, int | None], cells: list[NotebookNode], released: list[NotebookNode]
) -> Iterator[tuple[int, int]]:
    """An unknown cell right behind the cell that a missing one followed is that one, with another text."""
    for place, ours in enumerate(released):
        wanted = ours.cell_type == "code" or _grade_id(ours)
        if not wanted or place in places.values() or place == 0:
            continue
        before = next((k for k, known in places.items() if known == place - 1), None)
        k = None if before is None else before + 1
        if k in places and places[k] is None and cells[k].cell_type == ours.cell_type:
            yield k, place


def _refuse_strangers(
    cells: list[NotebookNode], places: dict[int, int | None], released: list[NotebookNode]
) -> None:
    known = [place for place in places.values() if place is not None and _grade_id(released[place])]
    if known:
        return
    title = next((cell.source.splitlines()[0] for cell in cells if cell.source.strip()), "")
    raise UnusableError(f"not this assignment: none of its graded cells is here; it begins with {title[:60]!r}")


def _in_order(cells: list[NotebookNode], places: dict[int, int | None]) -> list[int]:
    """The cells' numbers in the order of the assignment; own cells follow the cell that they stood behind."""
    keys, last = [], -1
    for k in range(len(cells)):
        place = places[k]
        last = last if place is None else place
        keys.append((last, k))
    return [k for _, k in sorted(keys)]


def _end_of_group(mended: list[tuple[int | None, NotebookNode]], at: int) -> int:
    """Behind a cell and the student's own ones that follow it."""
    end = at + 1
    while end < len(mended) and mended[end][0] is None:
        end += 1
    return end


def _retyped(cell: NotebookNode, cell_type: str) -> NotebookNode:
    new = NEW_CELL[cell_type](cell.source, metadata=cell.metadata)
    new["id"] = cell["id"]
    return new


def _make_ids_unique(notebook: NotebookNode) -> None:
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
