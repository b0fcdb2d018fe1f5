"""The questions of each chapter's quiz, as JSON beside this file.

They live in the package, not in the notebooks, so that a notebook opened alone (in Colab, say) has them, the
cell that shows them is one line, and a test can read them all. The format is jupyterquiz's: a list of
``{"question", "type", "answers"}``, where the type is ``multiple_choice`` (one right answer), ``many_choice``
(several) or ``numeric``, and each answer has ``"correct"`` and ``"feedback"``, and ``"answer"`` (HTML), or for
numbers ``"value"`` or ``"range"`` (both ends belong to it).
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
    """The questions of one chapter.

    Raises
    ------
    ValueError
        If there is no quiz of that name. The message lists those that exist.
    """
    if name not in quiz_names():
        raise ValueError(f"quiz: expected one of {quiz_names()}, got {name!r}")
    return json.loads(resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
