"""Written solutions as the tests see them: what they say, and their code, run below the cells of the chapter.

A test names a sentence of a solution with ``{}`` for each number, and computes the numbers: `Solution.says`
holds one against the other, so neither can change alone.
"""

from __future__ import annotations

import ast
import dis
import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from bookfiles import ROOT
from exercise_files import FOLDER, read
from exercise_notebooks import ANSWER, STATEMENT, WORDS, exercises, kind, solution

NUMBER = r"[−-]?(?:[\d,]*\.)?[\d,]*\d(?:/\d+)?"
SMALL = dict(zip("one two three four five six seven eight nine ten eleven twelve".split(), range(1, 13), strict=True))
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
        (found,) = (e for e in exercises(read(_path(FOLDER, self.chapter))) if e.id == exercise_id)
        answers = [solution(cell)[0] for cell in found.cells if kind(cell) in (ANSWER, WORDS)]
        words = "".join(solution(cell)[0] + "\n" for cell in found.cells if kind(cell) == WORDS)
        blocks = FENCED.findall(words) or INDENTED.findall(words)
        self.code = "\n".join(textwrap.dedent(block) for block in blocks)
        self.text = " ".join(" ".join(answers).split())
        self.statement = " ".join(" ".join(cell.source for cell in found.cells if kind(cell) == STATEMENT).split())
        self.printed = ""

    def says(self, sentence: str, *values: float, within: float = 0) -> None:
        """The text has this sentence, with these numbers, each rounded as it is written there.

        With `within`, a number may be so far off: for what networks say, which differs a little between machines.
        """
        _hold(self.text, sentence, values, within)

    def asks(self, sentence: str, *values: float) -> None:
        """The same for the question."""
        _hold(self.statement, sentence, values, 0)

    def run(self, **names: Any) -> list[float]:
        """Run the code below the cells of the chapter; the numbers that it prints.

        `names` stand in for what the chapter would take too long to compute.
        """
        wanted = _missing(ast.parse(self.code).body) - names.keys()
        own = _statements(_path(FOLDER, self.chapter))
        theirs = [name for name in sorted(wanted) if _binding(_statements(_chapter_path(self.chapter)), name)]
        space = {**chapter(self.chapter, *theirs), **names}
        heard = io.StringIO()
        with redirect_stdout(heard):
            _run(_needed(own, wanted.difference(theirs)), space)
            exec(compile(self.code, f"solution of chapter {self.chapter}", "exec"), space)
        self.printed = heard.getvalue()
        return numbers(self.printed)


def numbers(text: str) -> list[float]:
    """All numbers in a text, in their order."""
    return [_value(word) for word in re.findall(NUMBER, text)]


@cache
def chapter(number: str, *names: str) -> dict[str, Any]:
    """What these names mean at the end of a chapter: only the statements that they need are run."""
    space: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()):
        _run(_needed(_statements(_chapter_path(number)), set(names)), space)
    return space


@cache
def exercise(number: str, *names: str) -> dict[str, Any]:
    """The same for the exercises of a chapter, with their solutions."""
    space: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()):
        _run(_needed(_statements(_path(FOLDER, number)), set(names)), space)
    return space


def _path(folder: Path, number: str) -> Path:
    (path,) = folder.glob(f"{number}_*.ipynb")
    return path


def _chapter_path(number: str) -> Path:
    return _path(ROOT / "book", number)


@cache
def _statements(path: Path) -> Sequence[ast.stmt]:
    """The statements of all code cells; lines for the notebook itself, such as ``%pip``, are left out."""
    found: list[ast.stmt] = []
    for cell in read(path).cells:
        if cell.cell_type == "code" and not re.search(r"^\s*[%!]", cell.source, re.MULTILINE):
            found += ast.parse(cell.source).body
    return tuple(found)


def _needed(statements: Sequence[ast.stmt], names: set[str]) -> list[ast.stmt]:
    """Those that bind these names, or names that such statements use, and so on."""
    waiting, known, chosen = set(names), set[str](), set[int]()
    while waiting:
        name = waiting.pop()
        known.add(name)
        for k in _binding(statements, name):
            chosen.add(k)
            waiting |= _missing([statements[k]]) - known
    return [statements[k] for k in sorted(chosen)]


def _binding(statements: Sequence[ast.stmt], name: str) -> list[int]:
    return [k for k, statement in enumerate(statements) if name in _bound(statement)]


@cache
def _bound(statement: ast.stmt) -> frozenset[str]:
    """The names that it gives a value at the top level, or that it gives an item: ``scores[k] = …``."""
    steps = list(dis.get_instructions(_compiled([statement])))
    bound = {step.argval for step in steps if step.opname == "STORE_NAME"}
    loaded = {step.argval for step in steps if step.opname == "LOAD_NAME"}
    items = (node.value for node in ast.walk(statement) if _is_item_stored(node))
    return frozenset(bound | {item.id for item in items if isinstance(item, ast.Name) and item.id in loaded})


def _is_item_stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)


def _missing(statements: Sequence[ast.stmt]) -> set[str]:
    """The names that they look up and have not given a value before; a loop is taken to give its own first."""
    missing, given = set[str](), set[str]()
    for statement in statements:
        if hasattr(statement, "body"):
            given |= _bound(statement)
        missing |= _used([statement]) - given
        given |= _bound(statement)
    return missing


def _used(statements: Sequence[ast.stmt]) -> set[str]:
    """The names that they look up at the top level, functions in them included."""
    steps = (step for block in _blocks(_compiled(statements)) for step in dis.get_instructions(block))
    return {step.argval for step in steps if step.opname in ("LOAD_NAME", "LOAD_GLOBAL")}


def _blocks(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _blocks(constant)


def _compiled(statements: Sequence[ast.stmt]) -> CodeType:
    return compile(ast.Module(list(statements), []), "<cells>", "exec")


def _run(statements: Sequence[ast.stmt], space: dict[str, Any]) -> None:
    exec(_compiled(statements), space)


def _hold(text: str, sentence: str, values: Sequence[float], within: float) -> None:
    any_number = f"({NUMBER}|{'|'.join(SMALL)})"
    pattern = re.escape(" ".join(sentence.split())).replace(r"\{\}", any_number)
    found = re.search(pattern, text, re.IGNORECASE)
    assert found, f"the notebook does not say {sentence!r}, but:\n{text}"
    assert len(found.groups()) == len(values), f"{sentence!r} has {len(found.groups())} numbers"
    for word, value in zip(found.groups(), values, strict=True):
        half_a_digit = 0.5 * 10.0 ** -len(word.partition(".")[2])
        slack = within or (1e-9 if "/" in word else half_a_digit * (1 + 1e-9))
        assert _value(word) == pytest.approx(float(value), rel=0, abs=slack), f"{found[0]!r}: the code gives {values}"


def _value(word: str) -> float:
    if word.lower() in SMALL:
        return SMALL[word.lower()]
    over, _, below = word.replace(",", "").replace("−", "-").partition("/")
    return float(over) / float(below or 1)
