"""Names of a chapter as they are at its end, with only those statements run that they need.

A solution in words says "in the chapter's notebook, do …". To run that in a test, the chapter must not train
its networks again. So we take the statements that give the wanted names a value, those that give *their* names
a value, and so on back. What is only changed by a call, such as ``learn("FCN-32s", …)``, is not seen to change.
"""

from __future__ import annotations

import ast
import dis
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

from bookfiles import ROOT
from exercise_files import FOLDER, read


@cache
def chapter(number: str, *names: str) -> dict[str, Any]:
    """What these names mean at the end of a chapter, such as ``"03"``; all that was needed for them, too."""
    return _values(chapter_path(number), names)


@cache
def exercise(number: str, *names: str) -> dict[str, Any]:
    """The same for the exercises of a chapter, with their solutions."""
    return _values(exercise_path(number), names)


def chapter_path(number: str) -> Path:
    (path,) = (ROOT / "book").glob(f"{number}_*.ipynb")
    return path


def exercise_path(number: str) -> Path:
    (path,) = FOLDER.glob(f"{number}_*.ipynb")
    return path


def gives(path: Path, name: str) -> bool:
    """Whether a notebook gives this name a value."""
    return any(name in given(statement) for statement in statements(path))


def missing(code: Sequence[ast.stmt]) -> set[str]:
    """The names that it looks up and has not given a value before; a loop is taken to give its own first."""
    found, known = set[str](), set[str]()
    for statement in code:
        if hasattr(statement, "body"):
            known |= given(statement)
        found |= _looked_up(statement) - known
        known |= given(statement)
    return found


@cache
def statements(path: Path) -> tuple[ast.stmt, ...]:
    """The statements of all code cells; cells with commands of the notebook, such as ``%pip``, are left out."""
    cells = [cell.source for cell in read(path).cells if cell.cell_type == "code"]
    code = [source for source in cells if not re.search(r"^\s*[%!]", source, re.MULTILINE)]
    return tuple(statement for source in code for statement in ast.parse(source).body)


@cache
def given(statement: ast.stmt) -> frozenset[str]:
    """The names that a statement gives a value at the top level, or an item, as in ``scores[k] = …``."""
    steps = list(dis.get_instructions(_compiled(statement)))
    stored = {step.argval for step in steps if step.opname == "STORE_NAME"}
    loaded = {step.argval for step in steps if step.opname == "LOAD_NAME"}
    items = (node for node in ast.walk(statement) if isinstance(node, ast.Subscript))
    stores = (item.value for item in items if isinstance(item.ctx, ast.Store))
    changed = {name.id for name in stores if isinstance(name, ast.Name)}
    return frozenset(stored | changed & loaded)


def _values(path: Path, names: Sequence[str]) -> dict[str, Any]:
    space: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()):
        for statement in _needed(statements(path), names):
            exec(_compiled(statement), space)
    return space


def _needed(code: Sequence[ast.stmt], names: Sequence[str]) -> list[ast.stmt]:
    waiting, known, chosen = set(names), set[str](), set[int]()
    while waiting:
        name = waiting.pop()
        known.add(name)
        for k, statement in enumerate(code):
            if name in given(statement):
                chosen.add(k)
                waiting |= missing([statement]) - known
    return [code[k] for k in sorted(chosen)]


def _looked_up(statement: ast.stmt) -> set[str]:
    """At the top level, and from within functions."""
    steps = (step for block in _blocks(_compiled(statement)) for step in dis.get_instructions(block))
    return {step.argval for step in steps if step.opname in ("LOAD_NAME", "LOAD_GLOBAL")}


def _blocks(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _blocks(constant)


@cache
def _compiled(statement: ast.stmt) -> CodeType:
    return compile(ast.Module([statement], []), "<cell>", "exec")
