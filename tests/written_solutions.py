"""Written solutions as the tests see them: what they say, and their code, run below the cells of the chapter.

A test names a sentence of a solution with ``{}`` for each number, and computes the numbers: `Solution.says`
holds one against the other, so neither can change alone.
"""

from __future__ import annotations

import ast
import io
import re
import textwrap
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import pytest

from chapter_cells import chapter, chapter_path, exercise, exercise_path, gives, missing
from exercise_files import read
from exercise_notebooks import ANSWER, STATEMENT, WORDS, exercises, kind, solution

NUMBER = r"[−-]?(?:[\d,]*\.)?[\d,]*\d(?:/\d+)?"
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
FENCED = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}.*\n(?:\s*\n(?= {4}))*)+", re.MULTILINE)


class Solution:
    """All that the solution of an exercise says, and its code.

    Parameters
    ----------
    exercise_id : str
        Such as ``"03.6"``.

    Attributes
    ----------
    statement, text : str
        The question, and the answers in words and comments, each in one line.
    code : str
        The code of the answer in words, empty if it has none.
    printed : str
        What the code printed when it was run last.
    """

    def __init__(self, exercise_id: str) -> None:
        self.chapter = exercise_id.partition(".")[0]
        (found,) = (e for e in exercises(read(exercise_path(self.chapter))) if e.id == exercise_id)
        answers = [solution(cell)[0] for cell in found.cells if kind(cell) in (ANSWER, WORDS)]
        words = "".join(solution(cell)[0] + "\n" for cell in found.cells if kind(cell) == WORDS)
        blocks = FENCED.findall(words) or INDENTED.findall(words)
        self.code = "\n".join(textwrap.dedent(block) for block in blocks)
        self.text = " ".join(" ".join(answers).split())
        self.statement = " ".join(" ".join(c.source for c in found.cells if kind(c) == STATEMENT).split())
        self.printed = ""

    def says(self, sentence: str, *values: float, within: float = 0) -> None:
        """The text has this sentence, with these numbers, each rounded as it is written there.

        With `within`, a number may be so far off: what networks say differs a little between machines.
        """
        _hold(self.text, sentence, values, within)

    def asks(self, sentence: str, *values: float) -> None:
        """The same for the question."""
        _hold(self.statement, sentence, values, 0)

    def run(self, **names: Any) -> list[float]:
        """Run the code below the cells of the chapter; the numbers that it prints.

        `names` stand in for what the chapter would take too long to compute. What the chapter does not have
        comes from the solutions of its exercises.
        """
        wanted = missing(ast.parse(self.code).body) - names.keys()
        theirs = {name for name in wanted if gives(chapter_path(self.chapter), name)}
        ours = exercise(self.chapter, *sorted(wanted - theirs))
        space = {**ours, **chapter(self.chapter, *sorted(theirs)), **names}
        heard = io.StringIO()
        with redirect_stdout(heard):
            exec(compile(self.code, f"solution of chapter {self.chapter}", "exec"), space)
        self.printed = heard.getvalue()
        return numbers(self.printed)


def numbers(text: str) -> list[float]:
    """All numbers in a text, in their order."""
    return [_value(word) for word in re.findall(NUMBER, text)]


def _hold(text: str, sentence: str, values: Sequence[float], within: float) -> None:
    any_number = rf"({NUMBER}|\b(?:{'|'.join(COUNTS)})\b)"
    pattern = re.escape(" ".join(sentence.split())).replace(r"\{\}", any_number)
    found = re.search(pattern, text, re.IGNORECASE)
    assert found, f"the notebook does not say {sentence!r}, but:\n{text}"
    computed = f"{found[0]!r}: the code gives {values}"
    assert len(found.groups()) == len(values), computed
    for word, value in zip(found.groups(), values, strict=True):
        half_a_digit = 0.5 * 10.0 ** -len(word.partition(".")[2])
        slack = within or (1e-9 if "/" in word else half_a_digit + 1e-9)
        assert _value(word) == pytest.approx(float(value), rel=0, abs=slack), computed


def _value(word: str) -> float:
    if word.lower() in COUNTS:
        return COUNTS.index(word.lower())
    over, _, below = word.replace(",", "").replace("−", "-").partition("/")
    return float(over) / float(below or 1)
