"""Values as a reader of a message wants to see them: short, exact, and such that they can be copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

LARGEST = 100  # numbers of an array that are still printed
LONGEST = 300  # characters of anything else


def show(value: Any) -> str:
    """A value in a few lines; whatever it is, this never raises.

    Examples
    --------
    >>> print(show({"PA": np.float64(0.75), "IoU": np.array([0.5, np.nan])}))
    {'PA': 0.75, 'IoU': array([0.5, nan])}
    >>> print(show(np.zeros((64, 64), np.uint8)))
    an array of shape (64, 64), uint8, values 0 to 0
    """
    try:
        return _show(value)
    except Exception:
        return f"an object of type {type(value).__name__} that cannot be printed"


def _show(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return repr(float(f"{value:.7g}"))  # one digit more than answers are compared by
    if isinstance(value, np.generic):
        return _cut(repr(value.item()))
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_cut(repr(key))}: {_show(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple) and len(value) <= LARGEST:
        inner = ", ".join(_show(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__}"
    return _cut(repr(value))


def _array(array: np.ndarray) -> str:
    if array.size <= LARGEST:
        with np.printoptions(precision=6, suppress=True, floatmode="maxprec", linewidth=100, legacy=False):
            return repr(array)
    about = f"an array of shape {array.shape}, {array.dtype}"
    if array.dtype.kind in "biuf" and np.isfinite(array).any():
        finite = array[np.isfinite(array)]
        about += f", values {_show(finite.min())} to {_show(finite.max())}"
    return about


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 2] + " …"


def kind_of(value: Any) -> str:
    """What sort of thing a value is, in words.

    Examples
    --------
    >>> kind_of(3), kind_of("x"), kind_of(np.zeros(3)), kind_of(None)
    ('a number', 'text', 'an array of shape (3,)', 'None')
    """
    if value is None:
        return "None"
    if isinstance(value, bool | np.bool_):
        return "a truth value"
    if isinstance(value, int | float | np.number):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if callable(value):
        return "a function"
    return f"a {type(value).__name__}"
