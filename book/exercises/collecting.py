"""Collect what a class sent: a folder for each student becomes what nbgrader calls submitted.

A folder is called as its student, and holds whatever came by mail or download: ``05_semantic_metrics.ipynb``,
``Copy of 05_semantic_metrics (1).ipynb``. Names of files do not matter: a submission is known by its cells.
"""

from __future__ import annotations

import shutil
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mending import Mended, UnusableError, mend

LARGEST = 50_000_000  # bytes of a file
ALLOWED = " .-_@"  # in an id, beside letters and digits: nbgrader's folders and its CSV know no quotes


@dataclass
class Collected:
    """One student: the file that is graded, if there is one, and what there is to say."""

    student: str
    file: str = ""
    remarks: list[str] = field(default_factory=list)


def collect(inbox: Path, course: Path, assignment: str) -> list[Collected]:
    """Mend and copy the submissions of a class into ``submitted``; one entry for each folder of the inbox.

    Of several files of one student the newest that is a submission counts, and the others are named. The inbox
    itself is only read. Links are not followed.

    Raises
    ------
    FileNotFoundError
        If there is no inbox, or if the assignment was not made yet.
    """
    released = nbformat.read(course / "release" / assignment / f"{assignment}.ipynb", as_version=4)
    found: dict[str, Collected] = {}
    for folder in sorted(inbox.iterdir()):
        student = student_id(folder.name)
        if folder.name.startswith("."):
            continue
        if not folder.is_dir() or folder.is_symlink():
            found[student] = Collected(student, remarks=["lies in no folder of a student: whose is it?"])
        elif student in found:
            found[student].remarks.append(f"another folder, {folder.name!r}, gives the same id: not graded")
        else:
            found[student] = _collect_one(folder, student, released, course, assignment)
    return list(found.values())


def student_id(folder: str) -> str:
    """What nbgrader may call a student, from the name of a folder.

    Examples
    --------
    >>> student_id("Lovelace, Ada [2]")
    'Lovelace_ Ada _2_'
    """
    name = unicodedata.normalize("NFC", folder).strip()
    return "".join(c if c.isalnum() or c in ALLOWED else "_" for c in name)


def _collect_one(
    folder: Path, student: str, released: NotebookNode, course: Path, assignment: str
) -> Collected:
    entry = Collected(student)
    target = course / "submitted" / student / assignment
    shutil.rmtree(target, ignore_errors=True)
    usable: list[tuple[Path, Mended]] = []
    for file in sorted(folder.rglob("*"), key=_age, reverse=True):
        if file.is_dir() and not file.is_symlink():
            continue
        try:
            usable.append((file, _mended(file, released)))
        except UnusableError as error:
            entry.remarks.append(f"{file.name}: {error}")
    if not usable:
        entry.remarks = entry.remarks or ["the folder is empty"]
        return entry
    file, mended = usable[0]
    entry.file = file.name
    entry.remarks += mended.remarks
    if len(usable) > 1:
        entry.remarks.append(
            f"several files: {file.name} is the newest; not {', '.join(f.name for f, _ in usable[1:])}"
        )
    target.mkdir(parents=True)
    nbformat.write(mended.notebook, target / f"{assignment}.ipynb")
    when = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    (target / "timestamp.txt").write_text(f"{when:%Y-%m-%d %H:%M:%S} UTC\n", encoding="utf-8")
    return entry


def _age(file: Path) -> tuple[float, str]:
    return file.lstat().st_mtime, file.name


def _mended(file: Path, released: NotebookNode) -> Mended:
    if file.is_symlink():
        raise UnusableError("a link, not followed")
    if file.suffix.lower() not in (".ipynb", ".json", ".txt", ""):  # mail programs rename
        raise UnusableError("no notebook")
    if file.stat().st_size > LARGEST:
        raise UnusableError(f"larger than {LARGEST // 1_000_000} MB")
    try:
        return mend(file.read_bytes(), released)
    except OSError as error:
        raise UnusableError(f"cannot be read ({error.strerror})") from None
