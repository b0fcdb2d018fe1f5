"""JSON files whose every field is checked when it is taken, so that an error can say where it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")

_KINDS = {dict: "an object", list: "a list", str: "text", int: "a whole number", bool: "true or false"}


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no JSON, or no UTF-8.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: expected a JSON file, but there is none") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: expected JSON, got something else: {error}") from None


def take(record: Any, key: str, kind: type[_T], where: str) -> _T:
    """One field of a JSON object.

    Raises
    ------
    ValueError
        If `record` is no object, has no such field, or one of another kind.
    """
    if not isinstance(record, dict):
        raise ValueError(f"{where}: expected an object with {key!r}, got {short(record)}")
    if key not in record:
        raise ValueError(f"{where}: expected {key!r}, but it is not there")
    value = record[key]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{where}: expected {_KINDS[kind]} in {key!r}, got {short(value)}")
    return value


def take_flag(record: Any, key: str, where: str, *, default: bool | None = None) -> bool:
    """A field that is 0 or 1, or false or true; `default` where it is left out, unless that is None.

    Raises
    ------
    ValueError
        As `take`.
    """
    if default is not None and isinstance(record, dict) and key not in record:
        return default
    value = record.get(key) if isinstance(record, dict) else None
    if value is True or value is False:
        return value
    number = take(record, key, int, where)
    if number not in (0, 1):
        raise ValueError(f"{where}: expected 0 or 1 in {key!r}, got {number}")
    return bool(number)


def take_each(record: Any, key: str, read: Callable[[Any, str], _T], where: str) -> list[_T]:
    """A list, each element read by a function that gets the element and where it stands."""
    return [read(element, f"{where}: {key}[{k}]") for k, element in enumerate(take(record, key, list, where))]


def short(value: object) -> str:
    """A value as an error shows it, in 60 characters at most."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
