"""Grade a class in one run, with nbgrader's own commands: ``make grade NB=… INBOX=…`` runs this.

Make the assignment, collect what came, grade it student by student, write feedback (HTML) and grades (CSV), and
report each student in one line. Whatever a submission does, the run goes on, and it is reported by name.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat

from assignment import COURSE, environment, make_assignment
from collecting import Collected, collect
from grading_execution import ENDED, NOT_JUDGED, PUT_BACK, TOO_LONG

DATABASE = "sqlite:///gradebook.db?timeout=120"  # two students at once: one waits until the other has written

SAID = {
    TOO_LONG: "too long, stopped",
    ENDED: "ended or blocked the kernel; what comes after is not graded",
    NOT_JUDGED: "ended without an error, but no answer was judged: was something rewired?",
}


@dataclass
class Graded:
    """One line of the report.

    Attributes
    ----------
    points, possible : float
        What the machine gave, of all that there is.
    by_hand : int
        Cells that wait for a person.
    remarks : list of str
    """

    student: str
    file: str
    points: float
    possible: float
    by_hand: int
    remarks: list[str]


def grade_class(
    notebook: Path,
    inbox: Path,
    course: Path = COURSE,
    *,
    at_once: int = 2,
    cell_seconds: int = 60,
    student_seconds: int = 900,
    own_numbers: bool = False,
) -> list[Graded]:
    """Grade one assignment; writes ``feedback``, ``grades.csv`` and ``report.csv`` in the course's folder.

    Parameters
    ----------
    notebook : Path
        The exercise notebook with solutions and hidden tests.
    inbox : Path
        A folder for each student.
    course : Path
        nbgrader's folder; what a person graded by hand before stays in its gradebook.
    at_once : int
        How many students are graded at the same time, each in processes of their own.
    cell_seconds, student_seconds : int
        After this time a cell, or a student, is given up.
    own_numbers : bool
        Whether students are graded with the numbers of their own id, whatever the notebook says.
    """
    assignment = notebook.stem
    make_assignment(assignment, [notebook], course)
    entries = collect(inbox, course, assignment)
    _import_students(course, [entry.student for entry in entries])

    def grade_one(entry: Collected) -> None:
        options = [f"--student={entry.student}", "--force", f"--Execute.timeout={cell_seconds}"]
        if own_numbers:
            options.append("--GuardedExecute.own_numbers=True")
        failure = _nbgrader(course, "autograde", assignment, *options, seconds=student_seconds)
        if failure:
            entry.remarks.append(f"nbgrader could not grade it: {failure}")

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(grade_one, [entry for entry in entries if entry.file]))
    if failure := _nbgrader(course, "generate_feedback", assignment, "--force"):
        print(f"feedback is incomplete: {failure}", file=sys.stderr)
    if failure := _nbgrader(course, "export", "--to=grades.csv", f"--assignment=['{assignment}']"):
        print(f"grades.csv was not written: {failure}", file=sys.stderr)
    graded = _report(course, assignment, entries)
    with (course / "report.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "points", "possible", "cells to grade by hand", "file", "remarks"])
        for line in graded:
            writer.writerow(
                [line.student, line.points, line.possible, line.by_hand, line.file, "; ".join(line.remarks)]
            )
    return graded


def _nbgrader(course: Path, *words: str, seconds: float | None = None) -> str:
    """Run one of nbgrader's commands; empty if it went well, else the last line that it said."""
    command = [
        sys.executable,
        "-m",
        "nbgrader",
        *words,
        f"--CourseDirectory.db_url={DATABASE}",
        "--log-level=ERROR",
    ]
    try:
        done = subprocess.run(
            command,
            cwd=course,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {seconds:.0f} seconds"
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return "" if done.returncode == 0 else (said[-1] if said else f"exit code {done.returncode}")


def _import_students(course: Path, students: Sequence[str]) -> None:
    """Everybody stands in the gradebook, also whose file cannot be graded: with 0 points, not missing."""
    roster = course / "students.csv"
    with roster.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id"], *([student] for student in students)])
    if failure := _nbgrader(course, "db", "student", "import", str(roster)):
        raise RuntimeError(f"nbgrader takes no students: {failure}")


def _report(course: Path, assignment: str, entries: Sequence[Collected]) -> list[Graded]:
    from nbgrader.api import Gradebook, MissingEntry

    lines = []
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        possible = gradebook.find_assignment(assignment).max_score
        for entry in entries:
            points, by_hand = 0.0, 0
            remarks = [*entry.remarks, *_remarks(course, assignment, entry.student if entry.file else "")]
            try:
                submission = gradebook.find_submission(assignment, entry.student)
            except MissingEntry:
                lines.append(Graded(entry.student, entry.file, 0.0, possible, 0, remarks))
                continue
            if entry.file:
                points = submission.score
                by_hand = sum(
                    grade.needs_manual_grade for book in submission.notebooks for grade in book.grades
                )
            lines.append(Graded(entry.student, entry.file, points, possible, by_hand, remarks))
    return lines


def _remarks(course: Path, assignment: str, student: str) -> list[str]:
    """What happened while a submission ran, from the outputs of its cells."""
    path = course / "autograded" / student / assignment / f"{assignment}.ipynb"
    if not student or not path.exists():
        return []
    found: dict[str, list[str]] = {}
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
        where = cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell {number}"
        for output in cell.get("outputs", []):
            if output.get("ename") in SAID:
                found.setdefault(SAID[output.ename], []).append(where)
            elif output.get("text", "").startswith(PUT_BACK):
                changed = output.text.splitlines()[0].removeprefix(PUT_BACK)
                found.setdefault(f"had changed {changed}", []).append(where)
    return [f"{', '.join(places)}: {what}" for what, places in found.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", type=Path, help="an exercise notebook, book/exercises/NN_….ipynb")
    parser.add_argument("inbox", type=Path, help="a folder with a folder for each student")
    parser.add_argument("--course", type=Path, default=COURSE, help="nbgrader's folder (%(default)s)")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, help="students at the same time")
    parser.add_argument("--cell-seconds", type=int, default=60)
    parser.add_argument("--student-seconds", type=int, default=900)
    parser.add_argument(
        "--own-numbers", action="store_true", help="grade with the numbers of each folder's name"
    )
    options = vars(parser.parse_args())
    start = time.monotonic()
    course = options["course"] = options["course"].resolve()
    lines = grade_class(options.pop("notebook").resolve(), options.pop("inbox").resolve(), **options)
    for line in lines:
        said = "; ".join(line.remarks)
        points = f"{line.points:5.1f} of {line.possible:g}"
        print(f"{line.student:<24} {points}  {line.by_hand} by hand  {said}".rstrip())
    print(
        f"{len(lines)} students in {(time.monotonic() - start) / 60:.1f} minutes; see {course / 'report.csv'}"
    )


if __name__ == "__main__":
    main()
