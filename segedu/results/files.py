"""Result files: one run a file, as ``python -m segedu.training`` writes them, and what rules reach."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = {
    "unet": "U-Net",
    "fcn32s": "FCN-32s",
    "fcn16s": "FCN-16s",
    "fcn8s": "FCN-8s",
    "deconvnet": "DeconvNet",
    "segnet": "SegNet",
}
"""The networks of the command line, as papers write them."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How well something labelled the images of one split of a data set. What is not known is NaN or empty.

    Parameters
    ----------
    model : str
        The network, or the rule that stands for one.
    origin : {"ours", "published", "rule", "not run yet"}
        A run of this package; a number of somebody else; a rule that learns from no image; nothing so far.
    mean_iou, pixel_accuracy : float
        Shares from 0 to 1.
    iou_per_class : mapping
        By name of the class; NaN for one that is absent.
    size : tuple of int, optional
        Height and width at which images were seen.
    recipe : mapping
        All numbers of the recipe, and its ``"name"``.
    parameters : int, optional
        Of the network.
    seed : int, optional
    device, date : str
        What computed, and on which day.
    seconds : float
        Time of training.
    note, source, link : str
        For what others published: how it differs, who said so, and where.
    path : path, optional
        The file it was read from.
    """

    model: str
    origin: str
    mean_iou: float = math.nan
    pixel_accuracy: float = math.nan
    iou_per_class: Mapping[str, float] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    parameters: int | None = None
    seed: int | None = None
    device: str = ""
    date: str = ""
    seconds: float = math.nan
    note: str = ""
    source: str = ""
    link: str = ""
    path: Path | None = None


def read_results(folder: str | os.PathLike[str], data: str, *, split: str = "test") -> list[Result]:
    """Read the results on one split of a data set.

    Parameters
    ----------
    folder : path
        Its JSON files are read. Those of other data sets and splits are left out, and so is a file about
        anything else, be it objects alone (`read_instance_results`).
    data : str
        As on the command line: ``"camvid"``, ``"street"``.
    split : str

    Returns
    -------
    list of Result
        The best mIoU first; empty if there is none, or no such folder.

    Raises
    ------
    ValueError
        If a file is no JSON, or a result lacks what a result must have. The message names the file.
    """
    found: list[Result] = []
    for path, stored in stored_results(folder, data, split):
        if "mask_ap" in stored and "mean_iou" not in stored:
            continue
        with complete(path):
            found += (
                [_rule(one, path) for one in stored["rules"]] if "rules" in stored else [_run(stored, path)]
            )
    return sorted(found, key=lambda result: -result.mean_iou)


def stored_results(
    folder: str | os.PathLike[str], data: str, split: str
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The JSON files of a folder that are results on this split of this data set, and what they hold.

    Raises
    ------
    ValueError
        If one is no JSON file. The message names it.
    """
    for path in sorted(Path(folder).glob("*.json")):
        try:
            stored = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise ValueError(f"{path}: expected a JSON file, got one that cannot be read ({error})") from error
        if isinstance(stored, dict) and (stored.get("data"), stored.get("split")) == (data, split):
            yield path, stored


@contextmanager
def complete(path: Path) -> Iterator[None]:
    """Where a result is read from what a file holds: what it lacks becomes a ValueError that names the file."""
    try:
        yield
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: expected a result of python -m segedu.training, got one without {error}; run it again"
        ) from error


def _run(stored: Mapping[str, Any], path: Path) -> Result:
    height, width = stored["recipe"]["size"]
    return Result(
        model=NAMES.get(stored["model"], stored["model"]),
        origin="ours",
        size=(height, width),
        parameters=stored["parameters"],
        path=path,
        **circumstances(stored),
        **_measures(stored),
    )


def _rule(stored: Mapping[str, Any], path: Path) -> Result:
    return Result(model=stored["name"], origin="rule", path=path, **_measures(stored))


def _measures(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "mean_iou": number(stored["mean_iou"]),
        "pixel_accuracy": number(stored["pixel_accuracy"]),
        "iou_per_class": {name: number(value) for name, value in stored["iou_per_class"].items()},
    }


def circumstances(stored: Mapping[str, Any]) -> dict[str, Any]:
    """How a run came about: what every result has, be it about pixels or about objects."""
    return {name: stored[name] for name in ("recipe", "seed", "device", "date", "seconds")}


def number(value: float | None) -> float:
    """JSON has no NaN: what is undefined is written as null."""
    return math.nan if value is None else float(value)
