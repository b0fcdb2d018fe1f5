"""The quiz of each chapter: questions as JSON beside this file, shown by jupyterquiz.

The questions live in the package, not in the notebooks, so that a notebook opened alone (in Colab, say) has
them, the cell that shows them is one line, and a test can read them all.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def quiz_names() -> list[str]:
    """Names that `quiz` knows, one for each chapter that has a quiz.

    Examples
    --------
    >>> "01_what_is_segmentation" in quiz_names()
    True
    """
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


def questions(name: str) -> list[dict[str, Any]]:
    """The questions of one chapter, in jupyterquiz's format.

    Raises
    ------
    ValueError
        If there is no quiz of that name. The message lists those that exist.
    """
    if name not in quiz_names():
        raise ValueError(f"quiz: expected one of {quiz_names()}, got {name!r}")
    return json.loads(resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))


def quiz(name: str) -> None:
    """Show the quiz of one chapter below the cell: answers are checked in the page, nothing is sent anywhere.

    Raises
    ------
    ValueError
        If there is no quiz of that name.
    ImportError
        If jupyterquiz is not installed; the message says how to install it.
    """
    asked = questions(name)
    try:
        from jupyterquiz import display_quiz
    except ImportError as error:
        raise ImportError("the quiz needs jupyterquiz: run `pip install jupyterquiz`") from error
    display_quiz(asked)
