"""A class is graded in one run: exact points for what is healthy, a name for what is not, nobody's harm.

Twelve of the thirty submissions are graded in every run, all of them if ``SEGEDU_WHOLE_CLASS`` is set.
``benchmarks/grading.py`` grades all, with the same expectations, and says how long it takes.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from collecting import student_id
from course import Graded, grade_class
from grading_class import CLASS, NAME, SOURCE, Member, fill

CORE = tuple(member for member in CLASS if member.core)
PRESENT = CLASS if os.environ.get("SEGEDU_WHOLE_CLASS") else CORE
each = pytest.mark.parametrize("member", PRESENT, ids=lambda member: member.name)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("course")


@pytest.fixture(scope="module")
def graded(course: Path) -> dict[str, Graded]:
    lines = grade_class(SOURCE, fill(course / "inbox", PRESENT), course, cell_seconds=30)
    return {line.student: line for line in lines}


def test_the_class_has_thirty_and_every_run_grades_twelve_or_all() -> None:
    assert len(CLASS) == len({member.name for member in CLASS}) == 30
    assert len(CORE) == 12


@each
def test_everybody_gets_the_points_of_what_was_put_in(member: Member, graded: dict[str, Graded]) -> None:
    assert graded[student_id(member.name)].points == member.points


@each
def test_what_is_broken_is_reported_by_name_and_nothing_else(member: Member, graded: dict[str, Graded]) -> None:
    remarks = "; ".join(graded[student_id(member.name)].remarks)
    assert member.said in remarks
    assert bool(remarks) == bool(member.said)


@each
def test_nbgraders_csv_has_the_same_points(member: Member, graded: dict[str, Graded], course: Path) -> None:
    with (course / "grades.csv").open(encoding="utf-8") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert len(scores) == len(PRESENT)
    assert scores[student_id(member.name)] == member.points


@each
def test_feedback_comes_back_and_keeps_the_hidden_tests(
    member: Member, graded: dict[str, Graded], course: Path
) -> None:
    page = course / "feedback" / student_id(member.name) / NAME / f"{NAME}.html"
    assert page.exists() == bool(graded[student_id(member.name)].file)
    if page.exists():
        assert "seed=8104" not in page.read_text(encoding="utf-8").replace("</span>", "").replace(
            '<span class="', ""
        )


def test_written_answers_wait_for_a_person(graded: dict[str, Graded]) -> None:
    assert graded["perfect"].by_hand == 2  # 5.8 and 5.10
    assert graded["untouched"].by_hand == 0  # nobody has to read an empty answer
