"""A quiz in the page: questions that answer back, without kernel and network.

jupyterquiz was tried first. Its number field has no label for screen readers, its ids are random, so that
stored outputs cannot be compared, and it throws where MathJax comes late. Hence this small form of our own.
"""

from __future__ import annotations

import hashlib
import html
import json
from importlib import resources
from typing import Any

from segedu.exercises.quizzes import questions
from segedu.widgets.page import inert, stylesheet

_INPUTS = {"multiple_choice": "radio", "many_choice": "checkbox"}


class Quiz:
    """The quiz of one chapter, shown below the cell. Nothing that a reader answers is sent anywhere.

    Parameters
    ----------
    name : str
        One of `quiz_names`.

    Raises
    ------
    ValueError
        If there is no quiz of that name.

    Examples
    --------
    >>> Quiz("01_what_is_segmentation")
    Quiz('01_what_is_segmentation', 5 questions)
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.questions = [_shuffled(question) for question in questions(name)]

    def __repr__(self) -> str:
        return f"Quiz({self.name!r}, {len(self.questions)} questions)"

    def _repr_html_(self) -> str:
        fields = "\n".join(_field(self.name, k, q) for k, q in enumerate(self.questions))
        answers = json.dumps([q["answers"] for q in self.questions], ensure_ascii=False).replace("<", "\\u003c")
        return (
            f'<div class="segedu segedu-quiz">\n<style>\n{inert(stylesheet() + _text("quiz.css"))}</style>\n'
            f"<noscript><p>The answers need JavaScript.</p></noscript>\n{fields}\n"
            f'<script type="application/json">{answers}</script>\n'
            f"<script>\n{inert(_text('quiz.js'))}</script>\n</div>"
        )


def _field(name: str, k: int, question: dict[str, Any]) -> str:
    """One question as a fieldset. Ids and names hold the quiz's own, so that two can lie in one page."""
    group = f"quiz-{name}-{k}"
    if question["type"] == "numeric":
        asked = (
            f'<label for="{group}">Your answer, a number</label>'
            f'<input id="{group}" type="text" inputmode="decimal" autocomplete="off">'
            f'<button type="button" class="check">Check</button>'
        )
    else:
        kind = _INPUTS[question["type"]]
        asked = "\n".join(
            f'<label class="choice"><input type="{kind}" name="{group}"><span>{a["answer"]}</span></label>'
            for a in question["answers"]
        )
    hint = (
        ' <small class="soft">Choose all that are right.</small>' if question["type"] == "many_choice" else ""
    )
    return (
        f'<fieldset data-type="{question["type"]}">'
        f"<legend><b>{k + 1}.</b> {question['question']}{hint}</legend>\n"
        f'{asked}\n<p class="feedback" role="status"></p></fieldset>'
    )


def _shuffled(question: dict[str, Any]) -> dict[str, Any]:
    """Answers in an order that says nothing about which is right, and that is the same in every run."""
    if question["type"] == "numeric":
        return question
    digest = {
        a["answer"]: hashlib.sha256(html.unescape(a["answer"]).encode()).digest() for a in question["answers"]
    }
    return {**question, "answers": sorted(question["answers"], key=lambda a: digest[a["answer"]])}


def _text(file: str) -> str:
    return resources.files("segedu.exercises").joinpath(file).read_text(encoding="utf-8")
