"""What watches inside the kernel of a submission: `grading_execution` sends it there before the first cell.

A student's cells and the grading share one process. Before each autograded cell the guard puts back whatever
the cells before have changed in the check, in the libraries that it uses, and in Python's built-in names; it
says what that was. And it counts the calls of `grade` that ended well: that there was no error does not prove
that something was graded.

It stops accidents and the tricks that students share. A program that looks for the guard can deceive it.
"""

from __future__ import annotations

import builtins
import functools
import sys
from types import FunctionType, ModuleType
from typing import Any

CHANGING = {"input", "_", "__annotations__"}  # set anew by the kernel, or made when somebody asks for them


class Guard:
    """Remembers how things are now.

    Parameters
    ----------
    names : dict
        The names of the student's cells.
    student : str
        Whose numbers count, whatever the notebook says; empty: what the notebook says.
    """

    def __init__(self, names: dict[str, Any], student: str) -> None:
        import numpy

        from segedu import exercises, metrics  # noqa: F401 (the chapters' measures are watched as well)

        asked = [exercises.exercise(name) for name in exercises.exercise_ids()]
        self._names, self._own = names, {"check": exercises.check, "np": numpy}
        if student:
            self._own["student"] = student
        self.passed = 0
        for module in (exercises, exercises.checks):
            module.grade = self._counting(module.grade)
        self._watched = {
            name: module
            for name, module in sys.modules.items()
            if name.split(".")[0] == "segedu" and isinstance(module, ModuleType)
        }
        used = {
            value
            for module in self._watched.values()
            for value in vars(module).values()
            if isinstance(value, ModuleType) and value is not sys
        }
        owners: list[Any] = [builtins, *self._watched.values(), *used, *asked]
        owners += [
            value
            for module in self._watched.values()
            for value in vars(module).values()
            if isinstance(value, type) and value.__module__.split(".")[0] == "segedu"
        ]
        self._saved = [(owner, _parts(owner)) for owner in {id(owner): owner for owner in owners}.values()]
        functions = {
            id(f): f for _, parts in self._saved for f in parts.values() if isinstance(f, FunctionType)
        }
        self._code = [(f, f.__code__, f.__defaults__, f.__kwdefaults__) for f in functions.values()]

    def _counting(self, grade: Any) -> Any:
        @functools.wraps(grade)
        def counting(*args: Any, **kwargs: Any) -> None:
            grade(*args, **kwargs)
            self.passed += 1

        return counting

    def before(self) -> list[str]:
        """Put everything back; what was changed."""
        changed = []
        for name, module in self._watched.items():
            if sys.modules.get(name) is not module:
                changed.append(f"sys.modules[{name!r}]")
                sys.modules[name] = module
        for function, code, defaults, kwdefaults in self._code:
            if (function.__code__, function.__defaults__, function.__kwdefaults__) != (
                code,
                defaults,
                kwdefaults,
            ):
                changed.append(f"{function.__module__}.{function.__name__}")
                function.__code__, function.__defaults__, function.__kwdefaults__ = code, defaults, kwdefaults
        for owner, saved in self._saved:
            now = vars(owner)
            for name in [n for n, value in saved.items() if n not in now or now[n] is not value]:
                changed.append(f"{_name(owner)}.{name}")
                _put(owner, name, saved[name])
            if isinstance(owner, type):
                for name in [n for n in now if n not in saved and n not in CHANGING]:
                    changed.append(f"{owner.__name__}.{name}")
                    delattr(owner, name)
        for name, value in self._own.items():
            if self._names.get(name) is not value:
                if name in self._names and name != "student":
                    changed.append(name)
                self._names[name] = value
        self.passed = 0
        return changed


def _parts(owner: Any) -> dict[str, Any]:
    """What an owner consists of; of a module only what can be called, since its data may change."""
    parts = {name: value for name, value in vars(owner).items() if name not in CHANGING}
    if isinstance(owner, ModuleType):
        return {
            name: value for name, value in parts.items() if callable(value) or isinstance(value, ModuleType)
        }
    return parts


def _put(owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, ModuleType | type):
        setattr(owner, name, value)
    else:
        object.__setattr__(owner, name, value)  # exercises are frozen


def _name(owner: Any) -> str:
    return str(getattr(owner, "__name__", None) or getattr(owner, "id", owner))


def limit(memory: int, file_size: int, cpu_seconds: int) -> None:
    """Bytes of memory, bytes of a file, seconds of the processor: where the system knows such limits."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, amount in (("AS", memory), ("FSIZE", file_size), ("CPU", cpu_seconds), ("CORE", 0)):
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), (amount, amount))
        except (ValueError, OSError):  # not on this system, or a lower limit holds already
            continue
