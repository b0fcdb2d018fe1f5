"""Is this the expected value? If not, one sentence says where it differs, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from segedu.exercises.showing import kind_of, show


def difference(
    actual: Any, expected: Any, *, rtol: float = 1e-6, atol: float = 1e-9, integers: bool = False
) -> str | None:
    """What is wrong with `actual`, or None if it is `expected`.

    Lists, tuples, sparse matrices and tensors count as arrays where an array is expected. NaN equals NaN.

    Parameters
    ----------
    actual, expected : any
        Numbers, truth values, text, arrays, None, and lists, tuples, sets or dicts of them.
    rtol, atol : float
        How far a number may be off: `atol` plus `rtol` times the expected value.
    integers : bool
        Whether whole numbers must have an integer dtype.

    Examples
    --------
    >>> difference([0.5, 0.0], np.array([0.5, np.nan]))
    'at [1] it is 0.0 instead of nan (undefined)'
    >>> difference(np.zeros((2, 2)), np.zeros(3))
    'its shape is (2, 2) instead of (3,)'
    >>> difference(0.3333333, 1 / 3) is None
    True
    """
    options = {"rtol": rtol, "atol": atol, "integers": integers}
    if isinstance(expected, Mapping):
        return _mapping(actual, expected, options)
    if isinstance(expected, set | frozenset):
        fits = isinstance(actual, set | frozenset | list | tuple) and set(actual) == set(expected)
        return None if fits else f"it is {show(actual)} instead of {show(expected)}"
    if isinstance(expected, list | tuple):
        return _sequence(actual, expected, options)
    if expected is None or isinstance(expected, str):
        same = isinstance(actual, type(expected)) and actual == expected
        return None if same else f"it is {show(actual)} instead of {show(expected)}"
    return _array(actual, np.asarray(expected), rtol, atol, integers)


def _mapping(actual: Any, expected: Mapping[Any, Any], options: dict[str, Any]) -> str | None:
    if not isinstance(actual, Mapping):
        return f"it is {kind_of(actual)} instead of a dict with the keys {', '.join(map(repr, expected))}"
    for key, value in expected.items():
        if key not in actual:
            return f"the key {key!r} is missing"
        if (wrong := difference(actual[key], value, **options)) is not None:
            return f"{key!r}: {wrong}"
    extra = [repr(key) for key in actual if key not in expected]
    return f"nobody asked for the keys {', '.join(extra)}" if extra else None


def _sequence(actual: Any, expected: list | tuple, options: dict[str, Any]) -> str | None:
    if not isinstance(actual, list | tuple | np.ndarray):
        return f"it is {kind_of(actual)} instead of {len(expected)} values"
    if len(actual) != len(expected):
        return f"it has {len(actual)} values instead of {len(expected)}"
    for k, (mine, right) in enumerate(zip(actual, expected, strict=True)):
        if (wrong := difference(mine, right, **options)) is not None:
            return f"value {k}: {wrong}"
    return None


def _array(actual: Any, expected: np.ndarray, rtol: float, atol: float, integers: bool) -> str | None:
    array = as_array(actual)
    wanted = f"an array of shape {expected.shape}" if expected.ndim else "a number"
    if array is None or array.dtype.kind not in "biufc":
        return f"it is {kind_of(actual)} instead of {wanted}"
    if array.shape != expected.shape:
        if not expected.ndim:
            return f"it is an array of shape {array.shape} instead of one number"
        if not array.ndim:
            return f"it is {kind_of(actual)} instead of {wanted}"
        return f"its shape is {array.shape} instead of {expected.shape}"
    if expected.dtype.kind == "b" and array.dtype.kind != "b":
        return f"its dtype is {array.dtype} instead of bool"
    if integers and expected.dtype.kind in "iu" and array.dtype.kind not in "iu":
        return f"its dtype is {array.dtype}; counts and labels are integers"
    with np.errstate(all="ignore"):
        exact = expected.dtype.kind in "biu" and array.dtype.kind in "biu"
        close = array == expected if exact else np.isclose(array, expected, rtol, atol, equal_nan=True)
    if close.all():
        return None
    place = tuple(int(k) for k in np.argwhere(~close)[0])
    undefined = " (undefined)" if expected.dtype.kind in "fc" and np.isnan(expected[place]) else ""
    where = f"at [{', '.join(map(str, place))}] " if place else ""
    return f"{where}it is {show(array[place])} instead of {show(expected[place])}{undefined}"


def as_array(value: Any) -> np.ndarray | None:
    """The value as a NumPy array: also a list, a SciPy sparse matrix, a tensor; None if it is none of these."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    elif hasattr(value, "toarray"):
        value = value.toarray()
    try:
        return np.asarray(value)
    except (ValueError, TypeError):
        return None


def unchanged(value: Any, before: Any) -> bool:
    """Whether an argument is still what it was; what cannot be compared counts as unchanged."""
    if isinstance(before, np.ndarray):
        return (
            isinstance(value, np.ndarray)
            and value.dtype == before.dtype
            and np.array_equal(value, before, equal_nan=before.dtype.kind in "fc")
        )
    if isinstance(before, list | tuple):
        return len(value) == len(before) and all(map(unchanged, value, before))
    if isinstance(before, dict):
        return value.keys() == before.keys() and all(unchanged(value[key], before[key]) for key in before)
    if hasattr(before, "detach"):
        return unchanged(as_array(value), as_array(before))
    if isinstance(before, int | float | str | set):
        return bool(value == before or value != value)
    return True
