"""Cityscapes: streets of 50 cities, 2048 × 1024 pixels, one PNG of labels and one of instances a frame.

``labelIds.png`` (8 bits) holds label ids. ``instanceIds.png`` (16 bits) holds the label id again, or for single
objects label id · 1000 + k: 26001 is the second car. So a thing pixel below 1000 belongs to a group that nobody
took apart. Cordts et al. 2016, https://arxiv.org/abs/1604.01685
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segedu.datasets.cityscapes_labels import CITYSCAPES_LABELS, TRAIN_LABELS, CityscapesLabel
from segedu.datasets.dataset import Dataset, one_of, some
from segedu.datasets.images import AnyPath, read_label_map, read_sixteen_bit
from segedu.scene import NO_INSTANCE, VOID

IMAGES, LABELS = "leftImg8bit", "gtFine"
BASE = 1000
"""Instance ids are label id · 1000 + k, with k from 0 to 999."""
LAST_ID = max(label.id for label in CITYSCAPES_LABELS)


class Cityscapes(Dataset):
    """Cityscapes' finely annotated frames.

    Parameters
    ----------
    root : path
        Holds ``leftImg8bit`` and ``gtFine``, as the archives unpack.
    split : {"train", "val", "test"}
        The labels of ``"test"`` are withheld: its files hold void only.
    labels : sequence of CityscapesLabel
        Which labels become categories, in this order; all others are void. `TRAIN_LABELS` are the 19 that are
        scored, so that ``scene.semantic`` is ``labelTrainIds.png``. `DRAWN_LABELS` keep all.

    Raises
    ------
    FileNotFoundError, ValueError
        If folders are missing, or if a frame lacks its labels or labels their frame; when a scene is read, if
        its files are broken or contradict each other. The message names the file.

    Notes
    -----
    Instances are numbered 1, 2, … by k first, then by label id: 24000, 26000, 24001 become 1, 2, 3. So
    `write_cityscapes` can give back both its own scenes and the official ids. Groups are things with
    ``NO_INSTANCE``.
    """

    def __init__(self, root: AnyPath, split: str, *, labels: Sequence[CityscapesLabel] = TRAIN_LABELS) -> None:
        self.root = Path(root)
        self.labels = check_chosen(labels)
        self.categories = tuple(label.as_category for label in self.labels)
        for folder in (self.root / IMAGES, self.root / LABELS):
            if not folder.is_dir():
                raise FileNotFoundError(f"{folder}: expected Cityscapes' {folder.name}, but there is no folder")
        there = sorted(path.name for path in (self.root / IMAGES).iterdir() if path.is_dir())
        self.split = one_of(split, there, self.root / IMAGES)
        images = _frames(self.root / IMAGES / split, f"_{IMAGES}.png")
        labelled = _frames(self.root / LABELS / split, f"_{LABELS}_labelIds.png")
        if not images and not labelled:
            raise ValueError(f"{self.root / IMAGES / split}: expected CITY/*_{IMAGES}.png, got none")
        for name in images.keys() ^ labelled.keys():
            here, other = (images, LABELS) if name in images else (labelled, IMAGES)
            raise ValueError(f"{here[name]}: expected its counterpart in {other}, got none")
        self.ids: tuple[str, ...] = tuple(sorted(images))
        self._cities = {name: path.parent.name for name, path in images.items()}

    def _files(self, k: int) -> dict[str, Path]:
        name = self.ids[k]
        place = Path(self.split) / self._cities[name]
        start = self.root / LABELS / place / f"{name}_{LABELS}"
        return {
            "image": self.root / IMAGES / place / f"{name}_{IMAGES}.png",
            "label ids": start.with_name(f"{start.name}_labelIds.png"),
            "instance ids": start.with_name(f"{start.name}_instanceIds.png"),
        }

    def _read_labels(self, k: int) -> tuple[npt.NDArray, npt.NDArray]:
        files = self._files(k)
        label_ids = read_label_map(files["label ids"], modes=("L",))
        instance_ids = read_sixteen_bit(files["instance ids"])
        if instance_ids.shape != label_ids.shape:
            raise ValueError(
                f"{files['instance ids']}: expected the size of {files['label ids'].name}, "
                f"{label_ids.shape}, got {instance_ids.shape}"
            )
        _check_table(label_ids, files["label ids"])
        _check_ids(label_ids, instance_ids, files["instance ids"])
        index = np.full(256, VOID, np.uint8)
        has_instances = np.zeros(256, bool)
        for label, chosen in enumerate(self.labels):
            index[chosen.id] = label
            has_instances[chosen.id] = chosen.has_instances
        ids = np.flatnonzero(np.bincount(instance_ids.ravel()))
        ids = ids[(ids >= BASE) & (index[ids // BASE] != VOID)]
        if not has_instances[ids // BASE].all():
            first = ids[~has_instances[ids // BASE]][0]
            name = self.labels[index[first // BASE]].name
            raise ValueError(f"{files['instance ids']}: expected no instances of {name!r}, got {first}")
        ids = ids[np.lexsort((ids // BASE, ids % BASE))]  # by k, then by label id
        number = np.full(2**16, NO_INSTANCE, np.int32)
        number[ids] = np.arange(1, len(ids) + 1)
        return index[label_ids], number[instance_ids]


def check_chosen(labels: Sequence[CityscapesLabel]) -> tuple[CityscapesLabel, ...]:
    """The labels that a scene is to have, if pixels can have them.

    Raises
    ------
    ValueError
        If there is none, one comes twice, or one is *unlabeled* or the licence plate.
    """
    labels = tuple(labels)
    ids = [label.id for label in labels]
    if not labels or len(set(ids)) < len(ids):
        raise ValueError(f"labels: expected each label once, and at least one, got ids {ids}")
    for label in labels:
        if not 0 < label.id <= LAST_ID:
            raise ValueError(
                f"labels: expected labels that pixels have, got {label.name!r} ({label.id}): "
                + ("what is unlabeled is void" if label.id == 0 else "no file holds it")
            )
    return labels


def _frames(folder: Path, ending: str) -> dict[str, Path]:
    """Files below a folder of cities, by the name of the frame."""
    return {path.name.removesuffix(ending): path for path in sorted(folder.glob(f"*/*{ending}"))}


def _check_table(label_ids: npt.NDArray, path: Path) -> None:
    wrong = np.unique(label_ids[label_ids > LAST_ID])
    if wrong.size:
        raise ValueError(f"{path}: expected label ids 0 to {LAST_ID}, got {some(wrong.tolist())}")


def _check_ids(label_ids: npt.NDArray, instance_ids: npt.NDArray, path: Path) -> None:
    """Both files must tell the same label."""
    labels = np.where(instance_ids < BASE, instance_ids, instance_ids // BASE)
    wrong = labels != label_ids
    if wrong.any():
        row, column = np.argwhere(wrong)[0].tolist()
        raise ValueError(
            f"{path}: expected label id {label_ids[row, column]} or {label_ids[row, column]}000 to "
            f"{label_ids[row, column]}999, as in labelIds.png, got {instance_ids[row, column]} "
            f"at row {row}, column {column}"
        )
