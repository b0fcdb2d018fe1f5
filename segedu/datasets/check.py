"""What is suspicious in a data set, found before a network learns from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from segedu.datasets.dataset import Dataset
from segedu.datasets.progress import shown
from segedu.scene import NO_INSTANCE, VOID, Scene

MOST_VOID = 0.5


@dataclass(frozen=True)
class Finding:
    """One suspicious thing.

    Parameters
    ----------
    kind : str
        ``"unreadable"``, ``"no labels"``, ``"mostly void"``, ``"empty mask"``, ``"hidden mask"``,
        ``"one-pixel instance"``, ``"duplicate image"``.
    dataset : int
        Which of the data sets that were checked, from 0.
    id : str or int
        The image.
    message : str
        What was found.
    """

    kind: str
    dataset: int
    id: str | int
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.id}: {self.message}"


def check(dataset: Dataset, *others: Dataset, progress: bool | None = None) -> tuple[Finding, ...]:
    """Look for what is suspicious in one data set, or in several that should not share an image.

    Not everything found is wrong: a far car may have one pixel. But each line is worth a look.

    - *unreadable*: a file is missing or broken; the message is the reader's.
    - *no labels*: every pixel of the image is void.
    - *mostly void*: more than half of the pixels are.
    - *empty mask*: an annotation has no pixel.
    - *hidden mask*: an annotation lies behind others altogether.
    - *one-pixel instance*: an object has a single pixel in the scene.
    - *duplicate image*: two images have the same pixels. Across splits this is a leak.

    Parameters
    ----------
    dataset, *others : Dataset
        For instance the train and the validation split.
    progress : bool, optional
        Whether to show a progress bar. None shows it where there is a terminal.

    Returns
    -------
    tuple of Finding
        In the order of the data sets and their images; empty if nothing was found.
    """
    datasets = (dataset, *others)
    images = [(number, k) for number, each in enumerate(datasets) for k in range(len(each))]
    first_with: dict[bytes, tuple[int, str | int]] = {}
    found: list[Finding] = []
    for number, k in shown(images, len(images), progress):
        each = datasets[number]
        id = each.ids[k]
        try:
            scene = each[k]
            problems = [*_in_labels(scene), *_in_annotations(each, k)]
        except (ValueError, OSError) as error:
            problems = [("unreadable", str(error))]
        else:
            pixels = hashlib.sha256(repr(scene.size).encode() + scene.image.tobytes()).digest()
            if pixels in first_with:
                other, twin = first_with[pixels]
                where = "" if other == number else f" in data set {other}, {datasets[other]!r}"
                problems.append(("duplicate image", f"the same pixels as {twin}{where}"))
            first_with.setdefault(pixels, (number, id))
        found += [Finding(kind, number, id, message) for kind, message in problems]
    return tuple(found)


def _in_labels(scene: Scene) -> Iterator[tuple[str, str]]:
    void = np.count_nonzero(scene.semantic == VOID) / scene.semantic.size
    if void == 1:
        yield "no labels", "every pixel is void"
    elif void > MOST_VOID:
        yield "mostly void", f"{100 * void:.1f} % of the pixels are void"
    for segment in scene.segments():
        if segment.instance != NO_INSTANCE and segment.area == 1:
            row, column = np.argwhere(scene.segment_ids() == segment.id)[0].tolist()
            name = scene.categories[segment.label].name
            yield "one-pixel instance", f"{name} {segment.instance} at row {row}, column {column}"


def _in_annotations(dataset: Dataset, k: int) -> Iterator[tuple[str, str]]:
    for overlap in dataset.overlaps(k):
        name = "void" if overlap.label == VOID else dataset.categories[overlap.label].name
        if overlap.area == 0:
            yield "empty mask", f"annotation {overlap.annotation} ({name}) has no pixel"
        elif overlap.lost == overlap.area:
            yield (
                "hidden mask",
                f"annotation {overlap.annotation} ({name}): all {overlap.area} pixels lie behind others",
            )
