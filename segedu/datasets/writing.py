"""What the writers share: names that are free, categories that agree, lists that come last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from segedu.scene import Category, Scene

_Id = TypeVar("_Id", int, str)


def claim(path: Path) -> Path:
    """A path whose file does not exist yet. Lists are written last: half a data set is then none.

    Raises
    ------
    FileExistsError
        If it does.
    """
    if path.exists():
        raise FileExistsError(f"{path}: expected a new file, but there is one; nothing is overwritten")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def numbered(ids: Sequence[_Id] | None, k: int, default: _Id) -> _Id:
    """The id of the k-th scene.

    Raises
    ------
    ValueError
        If there are too few, or if an id comes twice.
    """
    if ids is None:
        return default
    if k >= len(ids):
        raise ValueError(f"ids: expected one for each scene, got {len(ids)} and more scenes")
    if ids[k] in ids[:k]:
        raise ValueError(f"ids: expected each once, got {ids[k]!r} more than once")
    return ids[k]


def same_categories(categories: tuple[Category, ...] | None, scene: Scene) -> tuple[Category, ...]:
    """The categories of a scene, if they are those of the scenes before it.

    Raises
    ------
    ValueError
        If they are not.
    """
    if categories is not None and scene.categories != categories:
        raise ValueError(
            f"scenes: expected the same categories in all, got {[c.name for c in categories]} "
            f"and {[c.name for c in scene.categories]}"
        )
    return scene.categories
