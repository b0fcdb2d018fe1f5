"""A progress bar for a pass over a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")


def shown(items: Iterable[_T], total: int, progress: bool | None) -> Iterator[_T]:
    """The same items, counted in a bar on stderr as they pass: if asked for, or where there is a terminal."""
    from tqdm import tqdm

    yield from tqdm(items, total=total, unit="image", disable=None if progress is None else not progress)
