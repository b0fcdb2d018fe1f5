"""The instructor's plan: each exercise has its minutes and its goal, the sums are right, a mistake is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Browser

from bookfiles import ROOT
from browser import opened
from exercise_files import exercise_notebooks, read
from exercise_goals import Chapter, files, goals, minutes_of, read_chapter
from exercise_notebooks import exercises, student_version
from exercise_plan import fold, total
from store_notebooks import tidy

BOX = "```{admonition} After this chapter you can\n\n- count;\n- divide\n  *last*;\n- say $k$.\n```"
HEAD = "After this chapter you can"
GUIDE = ROOT / "book" / "instructors.md"
each = pytest.mark.parametrize("path", exercise_notebooks(), ids=lambda path: path.stem)


def toy(title: str = "Sums", **plan: Any) -> list[NotebookNode]:
    """Cells of an exercise with three points by machine and two by hand."""
    return [
        new_markdown_cell(f"## 5.1 {title} · 3 + 2 points", metadata={"segedu": plan} if plan else {}),
        new_code_cell("check(f)\n### BEGIN HIDDEN TESTS\ngrade(f)\n### END HIDDEN TESTS"),
        new_markdown_cell("<!-- BEGIN SOLUTION -->\nBecause.\n<!-- END SOLUTION -->"),
    ]


@pytest.fixture
def chapter(tmp_path: Path) -> Any:
    """Make a chapter out of the cells of its exercises, and read it."""

    def chapter(*cells: NotebookNode, box: str = BOX) -> Chapter:
        pair = tmp_path / "05_exercises.ipynb", tmp_path / "05_counts.ipynb"
        nbformat.write(new_notebook(cells=list(cells)), pair[0])
        text = [new_markdown_cell("# 5. Counts: how many?\n\nText."), new_markdown_cell(box)]
        nbformat.write(new_notebook(cells=text), pair[1])
        return read_chapter(*pair)

    return chapter


@pytest.fixture(scope="module")
def chapters() -> list[Chapter]:
    return [read_chapter(*pair) for pair in files(ROOT)]


@each
def test_every_exercise_has_its_minutes_and_a_goal_of_its_chapter(path: Path) -> None:
    chapter = read_chapter(path, ROOT / "book" / path.name)
    assert [one.exercise.id for one in chapter.exercises] == [found.id for found in exercises(read(path))]


@each
def test_the_plan_survives_storing_and_students_do_not_get_it(path: Path) -> None:
    notebook = read(path)
    plans = [found.cells[0].metadata["segedu"] for found in exercises(notebook)]
    assert [found.cells[0].metadata["segedu"] for found in exercises(tidy(notebook))] == plans
    assert not any("segedu" in cell.metadata for cell in student_version(notebook).cells)


def test_goals_are_the_bullets_of_the_box(chapter: Any) -> None:
    made = chapter(*toy(minutes=10, goal=3))
    assert made.goals == ["count;", "divide *last*;", "say $k$."]
    assert (made.number, made.title) == (5, "Counts")
    assert made.without_exercise == [1, 2]


def test_a_chapter_without_one_box_of_goals_is_named(chapter: Any) -> None:
    with pytest.raises(ValueError, match=r"05_counts\.ipynb: expected one box .* found 0 boxes with 0 goals"):
        chapter(*toy(minutes=10, goal=1), box="No box.")
    with pytest.raises(ValueError, match=r"05_counts\.ipynb: expected one box .* found 2 boxes with 6 goals"):
        chapter(*toy(minutes=10, goal=1), box=f"{BOX}\n\n{BOX}")


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({}, r"'minutes', got None"),
        ({"minutes": 10}, r"1 to 3 as 'goal', got None"),
        ({"goal": 1}, r"1 to 60 as 'minutes', got None"),
        ({"minutes": 7.5, "goal": 1}, r"'minutes', got 7\.5"),
        ({"minutes": "10", "goal": 1}, r"'minutes', got '10'"),
        ({"minutes": True, "goal": 1}, r"'minutes', got True"),
        ({"minutes": 0, "goal": 1}, r"'minutes', got 0"),
        ({"minutes": 61, "goal": 1}, r"'minutes', got 61"),
        ({"minutes": 10, "goal": 0}, r"'goal', got 0"),
        ({"minutes": 10, "goal": 4}, r"'goal', got 4"),  # the box has three
    ],
)
def test_a_plan_that_is_missing_or_wrong_is_named(chapter: Any, plan: dict[str, Any], expected: str) -> None:
    named = r"book/exercises/05_exercises\.ipynb, exercise 5\.1: expected a whole number .*"
    with pytest.raises(ValueError, match=named + expected):
        chapter(*toy(**plan))


def test_a_fold_sums_points_and_minutes(chapter: Any) -> None:
    # Two exercises of 3 + 2 points: 6 by machine, 4 by hand; 10 + 25 = 35 minutes.
    second = toy("More sums", minutes=25, goal=3)
    second[0].source = second[0].source.replace("5.1", "5.2")
    made = chapter(*toy(minutes=10, goal=1), *second)
    lines = list(fold(made))
    assert lines[0] == ":::::{dropdown} Chapter 5 · Counts · 35 minutes"
    assert lines[-7:-2] == [
        "| exercise | goal | by machine | by hand | min |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| {ref}`5.1 Sums <exercise-05-1>` | 1 | 3 | 2 | 10 |",
        "| {ref}`5.2 More sums <exercise-05-2>` | 3 | 3 | 2 | 25 |",
        "| **all 2** | | **6** | **4** | **35** |",
    ]
    assert "No exercise is mainly about goal 2." in lines
    assert total([made, made]).endswith(
        "4 exercises, 12 points by machine and 8 by hand, 70 minutes, or 1.2 hours."
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("5.2", "exist, got '5.2'"),
        ("5.1–5.2", "exist, got '5.1–5.2'"),
        ("5.1–5.0", "exist, got '5.1–5.0'"),
        ("16", "exist, got '16'"),
        ("5, 5.1", "one twice in '5, 5.1'"),
        ("5.1-5.2", "such as .* got '5.1-5.2'"),  # a hyphen
        ("5.1–6.2", "such as .* got '5.1–6.2'"),
        ("", "such as .* got ''"),
    ],
)
def test_minutes_of_what_does_not_exist_are_refused(chapter: Any, wanted: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        minutes_of(wanted, [chapter(*toy(minutes=10, goal=1))])


def plan_rows(name: str) -> list[tuple[str, int]]:
    """Each row of one of the guide's plans: its column of chapters, and the minutes of its exercises."""
    chapters = [read_chapter(*pair) for pair in files(ROOT)]
    text = GUIDE.read_text(encoding="utf-8").partition(f"**{name} weeks:")[2].partition("\n\n|")[2]
    rows = [line.split("|") for line in text.partition("\n\n")[0].splitlines()[2:]]
    assert len(rows) >= 6
    roles = [re.findall(r"\{exercise-minutes\}`([^`]+)`", "|".join(row)) for row in rows]
    return [
        (row[2].strip(), max((minutes_of(wanted, chapters) for wanted in found), default=0))
        for row, found in zip(rows, roles, strict=True)
    ]


def read_hours(column: str) -> int:
    """How many chapters a row has its class read: "1–3" are three, "10 or 11" is one."""
    count = 0
    for part in column.split(","):
        first, _, last = part.partition("–")
        count += int(last) - int(first) + 1 if last else 1
    return count


def test_no_morning_of_the_two_weeks_plans_more_than_75_minutes_of_exercises() -> None:
    minutes = [minutes for _, minutes in plan_rows("Two")]
    assert len(minutes) == 10
    assert max(minutes) <= 75
    assert sorted(minutes)[1] >= 45  # the last morning has a test instead


def test_a_week_of_the_six_has_three_to_six_hours_at_home() -> None:
    hours = [read_hours(chapters) + minutes / 60 for chapters, minutes in plan_rows("Six")]
    assert len(hours) == 6
    assert min(hours) >= 3
    assert max(hours) <= 6


def test_a_week_of_the_twelve_leaves_at_home_what_the_guide_says() -> None:
    rows = plan_rows("Twelve")
    hours = [read_hours(chapters) + max(minutes - 90, 0) / 60 for chapters, minutes in rows]
    # "At most four and a half until the project begins in week 6, then one to three and a half".
    assert len(hours) == 12
    assert max(hours[:5]) <= 4.5
    assert min(hours[5:]) >= 1
    assert max(hours[5:]) <= 3.5


@pytest.fixture(scope="module")
def folds(book_html: Path) -> list[Tag]:
    soup = BeautifulSoup((book_html / "book/instructors.html").read_text(encoding="utf-8"), "html.parser")
    return soup.select(".exercise-plan details")


def test_the_guide_shows_each_chapter_with_its_goals_and_its_sums(
    folds: list[Tag], chapters: list[Chapter]
) -> None:
    assert len(folds) == len(chapters)
    for shown, chapter in zip(folds, chapters, strict=True):
        *rows, last = [[cell.get_text() for cell in row.select("td")] for row in shown.select("tbody tr")]
        assert len(rows) == len(chapter.exercises)
        for row, one in zip(rows, chapter.exercises, strict=True):
            assert row[0] == f"{one.exercise.chapter}.{one.exercise.number} {one.exercise.title}"
            assert row[1] == str(one.goal)
        sums = [sum(int(row[k] or 0) for row in rows) for k in (2, 3, 4)]
        assert last == [f"all {len(rows)}", "", *map(str, sums)]
        assert shown.select_one("summary").get_text().strip().endswith(f"{sums[2]} minutes")
        assert len(shown.select("ol > li")) == len(chapter.goals)


def test_the_goals_are_worded_as_in_the_box_of_the_chapter(folds: list[Tag], book_html: Path) -> None:
    for shown, (_, chapter) in zip(folds, files(ROOT), strict=True):
        page = (book_html / "book" / f"{chapter.stem}.html").read_text(encoding="utf-8")
        soup = BeautifulSoup(page, "html.parser")
        (box,) = soup.select(f".admonition:has(> .admonition-title:-soup-contains('{HEAD}'))")
        said = [" ".join(item.get_text().split()) for item in box.select("li")]
        assert [" ".join(item.get_text().split()) for item in shown.select("ol > li")] == said
        assert len(said) == len(goals(read(chapter)))


def test_the_open_folds_fit_a_phone(browser: Browser, site: str) -> None:
    """What does not fit scrolls in its own box, which a reader would not guess: so nothing may."""
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    with opened(browser, f"{site}/book/instructors.html", site=site, **phone) as (tab, _):
        tab.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        wide = "(box) => [box.querySelector('td').innerText, box.scrollWidth - box.clientWidth]"
        found = tab.evaluate(
            f"[...document.querySelectorAll('.exercise-plan details div:has(> table)')].map({wide})"
        )
        assert len(found) == len(exercise_notebooks())
        assert [(name, over) for name, over in found if over > 0] == []
