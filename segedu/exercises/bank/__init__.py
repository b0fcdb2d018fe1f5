"""The exercises of all chapters: one module ``cNN_name.py`` for each, with a tuple ``EXERCISES``.

A module is found by its name, so a new chapter needs no entry anywhere. It is loaded when one of its exercises
is asked for. A package works as well as a module.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache

from segedu.exercises.exercise import Exercise


@cache
def _modules() -> dict[str, str]:
    """Number of a chapter → name of its module."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name[1:3]: f"{__name__}.{name}" for name in names if re.match(r"c\d\d_", name)}


@cache
def _chapter(number: str) -> dict[str, Exercise]:
    return {found.id: found for found in importlib.import_module(_modules()[number]).EXERCISES}


def exercise_ids(chapter: str = "") -> list[str]:
    """Ids of all exercises that are checked by the package, or of those of one chapter, in their order.

    Examples
    --------
    >>> exercise_ids("05")[:2]
    ['05.1', '05.2']
    """
    chapters = [chapter] if chapter else list(_modules())
    return [found for number in chapters if number in _modules() for found in _chapter(number)]


def exercise(exercise_id: str) -> Exercise:
    """The exercise with this id.

    Raises
    ------
    ValueError
        If there is none. The message lists the ids of the chapter, or the chapters.
    """
    chapter = str(exercise_id)[:2]
    if exercise_id not in exercise_ids(chapter) or not chapter:
        known = exercise_ids(chapter) if chapter in _modules() else [f"{number}.1 …" for number in _modules()]
        raise ValueError(f"exercise: expected one of {', '.join(known)}, got {exercise_id!r}")
    return _chapter(chapter)[exercise_id]
