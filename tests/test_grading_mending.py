"""What comes back from students is mended, or refused with a reason; without nbgrader and without a kernel."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbformat import NotebookNode

from collecting import collect
from exercise_files import grade_id
from grading_class import NAME, bare, file, from_colab, shuffled, solved, stub, with_cell, without
from mending import UnusableError, mend


def mended(data: bytes) -> list[str]:
    return [cell.source for cell in mend(data, stub()).notebook.cells]


def data(notebook: NotebookNode) -> bytes:
    return next(iter(file(notebook).values()))


def test_a_sound_submission_is_left_as_it_is() -> None:
    done = mend(data(solved()), stub())
    assert [cell.source for cell in done.notebook.cells] == [cell.source for cell in solved().cells]
    assert done.remarks == []


@pytest.mark.parametrize("came", [from_colab, bare, shuffled], ids=lambda made: made.__name__)
def test_lost_metadata_and_order_come_back(came) -> None:
    done = mend(next(iter(came().values())), stub())
    assert [cell.source for cell in done.notebook.cells] == [cell.source for cell in solved().cells]
    assert [grade_id(cell) for cell in done.notebook.cells] == [grade_id(cell) for cell in stub().cells]
    nbformat.validate(done.notebook)


def test_deleted_cells_come_back_empty_and_the_others_keep_their_place() -> None:
    expected = [cell.source for cell in solved().cells]
    at = next(k for k, cell in enumerate(stub().cells) if grade_id(cell) == "ex05-4")
    expected[at] = stub().cells[at].source
    assert mended(data(without(solved(), "ex05-4"))) == expected


def test_a_cell_of_ones_own_stays_behind_the_cell_that_it_followed() -> None:
    sources = mended(data(with_cell(solved(), "mine = 1", 10)))
    assert sources.index("mine = 1") == 10


def test_the_cell_with_the_id_survives_a_change_of_its_text() -> None:
    notebook = json.loads(next(iter(bare().values())))
    setup = notebook["cells"][3]
    setup["source"] = [line.replace('student = ""', 'student = "ada"') for line in setup["source"]]
    sources = mended(json.dumps(notebook).encode())
    assert [source for source in sources if "student = " in source] == ["".join(setup["source"])]


@pytest.mark.parametrize(
    ("came", "why"),
    [
        (b"", "empty"),
        (b"\x00\x00 \n", "empty"),
        (b'{"cells": [', "no notebook can be read"),
        (b"\xff\xfe\x00", "no notebook can be read"),
        (b"[1, 2]", "no cells"),
        (b'{"cells": []}', "no cells"),
        (b'{"cells": [{"cell_type": "code", "source": ["x = 1"]}]}', "not this assignment"),
    ],
)
def test_what_is_no_submission_is_refused_with_the_reason(came: bytes, why: str) -> None:
    with pytest.raises(UnusableError, match=why):
        mend(came, stub())


def test_collecting_reads_the_inbox_only_and_follows_no_link(tmp_path) -> None:
    release = tmp_path / "course" / "release" / NAME
    release.mkdir(parents=True)
    nbformat.write(stub(), release / f"{NAME}.ipynb")
    inbox = tmp_path / "inbox"
    for student in ("ada", "eve"):
        (inbox / student).mkdir(parents=True)
    (inbox / "ada" / "Fwd_ mine.ipynb").write_bytes(data(solved()))
    (inbox / "eve" / "mine.ipynb").symlink_to(inbox / "ada" / "Fwd_ mine.ipynb")
    (inbox / "lost.ipynb").write_bytes(b"")
    said = {entry.student: (entry.file, entry.remarks) for entry in collect(inbox, tmp_path / "course", NAME)}
    assert said == {
        "ada": ("Fwd_ mine.ipynb", []),
        "eve": ("", ["mine.ipynb: a link, not followed"]),
        "lost.ipynb": ("", ["lies in no folder of a student: whose is it?"]),
    }
    assert (tmp_path / "course" / "submitted" / "ada" / NAME / f"{NAME}.ipynb").exists()
    assert not (tmp_path / "course" / "submitted" / "eve").exists()
