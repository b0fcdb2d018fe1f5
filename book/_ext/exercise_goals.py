"""What each exercise is for, and how long it takes: a goal of its chapter, and minutes.

The goals of a chapter are the bullets of its box *After this chapter you can*. An exercise names the one that
it tests most, by its place in the box, and the minutes to plan for somebody who has read the chapter. Both
stand in the metadata of the cell that begins the exercise: ``"segedu": {"minutes": 10, "goal": 2}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from exercise_notebooks import CHECK, FOLDER, WORDS, Exercise, exercises, kind

LONGEST = 60  # minutes; what takes longer is a project, or two exercises
BOX = re.compile(r"^```\{admonition\} After this chapter you can$(.+?)^```$", re.MULTILINE | re.DOTALL)
GOAL = re.compile(r"^- (.+?)(?=^- |\Z)", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"(?P<chapter>\d+)(?:\.(?P<first>\d+)(?:–(?P=chapter)\.(?P<last>\d+))?)?")
TITLE = re.compile(r"^# \d+\. ([^:\n]+)", re.MULTILINE)


@dataclass(frozen=True)
class Planned:
    """An exercise and what it needs.

    Attributes
    ----------
    machine, hand : int
        Points that the machine gives, and those that a person gives.
    minutes : int
    goal : int
        The place of a goal in the chapter's box, counted from 1.
    """

    exercise: Exercise
    machine: int
    hand: int
    minutes: int
    goal: int


@dataclass(frozen=True)
class Chapter:
    """A chapter with a notebook of exercises: its title up to the colon, its goals, its exercises."""

    number: int
    title: str
    goals: list[str]
    exercises: list[Planned]

    @property
    def sums(self) -> tuple[int, int, int]:
        """Points by machine, points by hand, minutes."""
        return (
            sum(one.machine for one in self.exercises),
            sum(one.hand for one in self.exercises),
            sum(one.minutes for one in self.exercises),
        )

    @property
    def without_exercise(self) -> list[int]:
        """The goals that no exercise names, by their place in the box."""
        named = {one.goal for one in self.exercises}
        return [goal for goal in range(1, len(self.goals) + 1) if goal not in named]


def files(root: Path) -> Iterator[tuple[Path, Path]]:
    """Each notebook of exercises with the notebook of its chapter, in the order of the book."""
    for path in sorted((root / FOLDER).glob("*.ipynb")):
        yield path, path.parents[1] / path.name


def read_chapter(exercise_file: Path, chapter_file: Path) -> Chapter:
    """A chapter with its goals and the plan of each exercise.

    Raises
    ------
    ValueError
        If the chapter has no title or no goals, or an exercise no plan; the notebook is named.
    """
    chapter = nbformat.read(chapter_file, as_version=4)
    title = next((found for cell in chapter.cells if (found := TITLE.match(cell.source))), None)
    try:
        if title is None:
            raise ValueError("expected a cell that begins with a title such as '# 5. Semantic metrics'")
        stated = goals(chapter)
    except ValueError as error:
        raise ValueError(f"{chapter_file.name}: {error}") from None
    try:
        planned = [plan(one, len(stated)) for one in exercises(nbformat.read(exercise_file, as_version=4))]
    except ValueError as error:
        raise ValueError(f"{FOLDER}/{exercise_file.name}, {error}") from None
    return Chapter(int(exercise_file.stem[:2]), title[1].strip(), stated, planned)


def goals(chapter: NotebookNode) -> list[str]:
    """The goals of a chapter as its box states them.

    Raises
    ------
    ValueError
        If there is not one box, or if it has no bullet.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> box = "```{admonition} After this chapter you can\\n\\n- count;\\n- divide\\n  last.\\n```"
    >>> goals(new_notebook(cells=[new_markdown_cell("# 5. Counts"), new_markdown_cell(box)]))
    ['count;', 'divide last.']
    """
    boxes = [found[1] for cell in chapter.cells for found in BOX.finditer(cell.source)]
    found = [" ".join(goal.split()) for box in boxes for goal in GOAL.findall(box)]
    if len(boxes) != 1 or not found:
        raise ValueError(
            f"expected one box 'After this chapter you can' with a goal behind each '- ', "
            f"found {len(boxes)} boxes with {len(found)} goals"
        )
    return found


def plan(exercise: Exercise, goals: int) -> Planned:
    """What an exercise needs, from the metadata of the cell that begins it; `goals` is how many there are.

    Raises
    ------
    ValueError
        If the minutes or the goal are missing, no whole number, or out of range.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell
    >>> cell = new_markdown_cell("## 5.4 IoU", metadata={"segedu": {"minutes": 10, "goal": 2}})
    >>> one = plan(Exercise(5, 4, "IoU", (), [cell]), goals=4)
    >>> one.minutes, one.goal
    (10, 2)
    """
    said = exercise.cells[0].metadata.get("segedu")
    found = {}
    for name, most in (("minutes", LONGEST), ("goal", goals)):
        found[name] = said.get(name) if isinstance(said, dict) else None
        if type(found[name]) is not int or not 1 <= found[name] <= most:
            raise ValueError(
                f"exercise {exercise.chapter}.{exercise.number}: expected a whole number from 1 to {most} as "
                f"{name!r}, got {found[name]!r}; set it in the metadata of the cell that begins the exercise, "
                f'such as "segedu": {{"minutes": 10, "goal": 1}}'
            )
    return Planned(exercise, *points(exercise), found["minutes"], found["goal"])


def points(exercise: Exercise) -> tuple[int, int]:
    """Points that the machine gives, and those that a person gives."""
    graded = [kind(cell) for cell in exercise.cells if kind(cell) in (CHECK, WORDS)]
    pairs = list(zip(graded, exercise.points, strict=True))
    return sum(p for what, p in pairs if what == CHECK), sum(p for what, p in pairs if what == WORDS)


def minutes_of(wanted: str, chapters: list[Chapter]) -> int:
    """The minutes of some exercises together: ``"1, 5.1–5.3, 5.7"`` names all of chapter 1, and four more.

    Raises
    ------
    ValueError
        If an exercise or a chapter does not exist or comes twice, or if the text is not of this form.

    Examples
    --------
    >>> made = [Planned(Exercise(5, k, "", ()), 1, 0, 10 * k, 1) for k in (1, 2, 3)]
    >>> [minutes_of(wanted, [Chapter(5, "Counts", ["count"], made)]) for wanted in ("5", "5.1, 5.3", "5.2–5.3")]
    [60, 40, 50]
    """
    minutes = {
        (one.exercise.chapter, one.exercise.number): one.minutes for c in chapters for one in c.exercises
    }
    chosen: list[tuple[int, int]] = []
    for part in wanted.split(","):
        form = NAMED.fullmatch(part.strip())
        if form is None:
            raise ValueError(f"expected chapters and exercises such as '1, 5.1–5.3, 5.7', got {part.strip()!r}")
        chapter = int(form["chapter"])
        numbers = [number for of, number in minutes if of == chapter]
        if form["first"]:
            numbers = list(range(int(form["first"]), int(form["last"] or form["first"]) + 1))
        if not numbers or any((chapter, number) not in minutes for number in numbers):
            raise ValueError(f"expected exercises that exist, got {part.strip()!r}")
        chosen += [(chapter, number) for number in numbers]
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"expected each exercise once, got one twice in {wanted!r}")
    return sum(minutes[place] for place in chosen)
