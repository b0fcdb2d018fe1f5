"""A data set counted once: images, sizes, pixels and instances of each class, void."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segedu.datasets.dataset import Dataset
from segedu.datasets.images import AnyPath
from segedu.datasets.progress import shown
from segedu.scene import NO_INSTANCE, VOID, Category, Scene


@dataclass(frozen=True, eq=False, repr=False)
class Summary:
    """What `summary` counted. C is the number of categories.

    Parameters
    ----------
    categories : tuple of Category
    images : int
    pixels : (C,) int64 array
        Pixels of each class.
    void : int
        Pixels without a class.
    instances : (C,) int64 array
        Single objects of each class; 0 for stuff.
    crowds : (C,) int64 array
        Images with a crowd of the class.
    present : (C,) int64 array
        Images with at least one pixel of the class.
    instances_per_image : (images,) int64 array
        Objects in each image, in the order of the data set.
    sizes : dict of (int, int) to int
        How many images have which height and width, the most frequent first.
    """

    categories: tuple[Category, ...]
    images: int
    pixels: npt.NDArray[np.int64]
    void: int
    instances: npt.NDArray[np.int64]
    crowds: npt.NDArray[np.int64]
    present: npt.NDArray[np.int64]
    instances_per_image: npt.NDArray[np.int64]
    sizes: dict[tuple[int, int], int]

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Share of each class in the labelled pixels, (C,); NaN if there are none."""
        labelled = self.pixels.sum()
        return self.pixels / labelled if labelled else np.full(len(self.pixels), np.nan)

    @property
    def void_share(self) -> float:
        """Share of void in all pixels."""
        return self.void / (self.void + int(self.pixels.sum()))

    def __repr__(self) -> str:
        return (
            f"Summary({self.images} images, {len(self.categories)} categories, "
            f"{self.instances.sum()} instances, {100 * self.void_share:.1f} % void)"
        )


def summary(
    dataset: Dataset | Sequence[Scene], *, cache: AnyPath | None = None, progress: bool | None = None
) -> Summary:
    """Count a data set in one pass.

    Only the labels are read; photographs of a `Dataset` stay closed. What was counted is kept with the data
    set, so that asking again costs nothing.

    Parameters
    ----------
    dataset : Dataset or sequence of Scene
        A reader, or scenes that are there already.
    cache : path, optional
        A JSON file that keeps the counts for the next time that Python runs. It is counted anew if a file of
        the data set has another size or date, or if the reader is another.
    progress : bool, optional
        Whether to show a progress bar. None shows it where there is a terminal.

    Returns
    -------
    Summary

    Raises
    ------
    ValueError
        If there is no scene, if scenes have different categories, and as the reader.

    Examples
    --------
    >>> from segedu.synthetic import street_scene
    >>> counted = summary([street_scene(seed, (64, 128)) for seed in range(3)])
    >>> counted.images, counted.sizes, bool(counted.pixels.sum() + counted.void == 3 * 64 * 128)
    (3, {(64, 128): 3}, True)
    """
    if not len(dataset):
        raise ValueError("dataset: expected at least one scene, got none")
    if not isinstance(dataset, Dataset):
        return _count(shown(dataset, len(dataset), progress))
    kept = dataset.__dict__.get("_summary")
    if isinstance(kept, Summary):
        return kept
    stamp = _stamp(dataset) if cache is not None else ""
    found = _stored(Path(cache), stamp, dataset.categories) if cache is not None else None
    if found is None:
        found = _count(shown(_label_scenes(dataset), len(dataset), progress))
        if cache is not None:
            _store(found, Path(cache), stamp)
    dataset.__dict__["_summary"] = found
    return found


def _label_scenes(dataset: Dataset) -> Iterator[Scene]:
    """Scenes whose image is black: their labels are all that is counted."""
    for k in range(len(dataset)):
        semantic, instance = dataset.read_labels(k)
        yield Scene(np.zeros((*semantic.shape, 3), np.uint8), semantic, instance, dataset.categories)


def _count(scenes: Iterable[Scene]) -> Summary:
    categories: tuple[Category, ...] | None = None
    sizes: Counter[tuple[int, int]] = Counter()
    rows: list[npt.NDArray[np.int64]] = []  # for each image (4, C): pixels, instances, crowds, present
    void = 0
    for scene in scenes:
        categories = categories or scene.categories
        if scene.categories != categories:
            raise ValueError("dataset: expected the same categories in all scenes, got others")
        row = np.zeros((4, len(categories)), np.int64)
        for segment in scene.segments():
            single = segment.instance != NO_INSTANCE
            row[:3, segment.label] += segment.area, single, segment.iscrowd
            row[3, segment.label] = 1
        rows.append(row)
        sizes[scene.size] += 1
        void += int(np.count_nonzero(scene.semantic == VOID))
    counts = np.array(rows)  # (images, 4, C)
    pixels, instances, crowds, present = counts.sum(axis=0)
    assert categories is not None
    return Summary(
        categories=categories,
        images=len(rows),
        pixels=pixels,
        void=void,
        instances=instances,
        crowds=crowds,
        present=present,
        instances_per_image=counts[:, 1].sum(axis=1),
        sizes=dict(sizes.most_common()),
    )


def _stamp(dataset: Dataset) -> str:
    """What the counts depend on: the reader, its categories, and each file's name, size and date."""
    stamp = hashlib.sha256(repr((repr(dataset), dataset.categories, dataset._options)).encode())
    seen: set[Path] = set()
    for k in range(len(dataset)):
        for path in dataset.files(k).values():
            if path not in seen:
                seen.add(path)
                status = path.stat()
                stamp.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return stamp.hexdigest()


_ARRAYS = ("pixels", "instances", "crowds", "present", "instances_per_image")


def _store(found: Summary, path: Path, stamp: str) -> None:
    content = {name: getattr(found, name).tolist() for name in _ARRAYS}
    content |= {"stamp": stamp, "images": found.images, "void": found.void}
    content["sizes"] = [[*size, count] for size, count in found.sizes.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")


def _stored(path: Path, stamp: str, categories: tuple[Category, ...]) -> Summary | None:
    """The counts of an earlier time; None if they are of something else or unreadable."""
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["stamp"] != stamp:
            return None
        arrays = {name: np.array(content[name], np.int64) for name in _ARRAYS}
        sizes = {(height, width): count for height, width, count in content["sizes"]}
        return Summary(categories, content["images"], void=content["void"], sizes=sizes, **arrays)
    except (OSError, ValueError, KeyError, TypeError):
        return None
