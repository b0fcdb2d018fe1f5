"""Results of runs that find objects: read from their files, and laid out as a table."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segedu.results.files import circumstances, complete, number, stored_results
from segedu.results.tables import NONE, markdown, percent

FINDERS = {
    "mask_rcnn": "Mask R-CNN, tiny",
    "mask_rcnn_resnet50_fpn": "Mask R-CNN, ResNet-50-FPN",
    "mask_rcnn_resnet50_fpn_v2": "Mask R-CNN, ResNet-50-FPN v2",
    "panoptic_fpn": "Panoptic FPN, tiny",
    "panoptic_fpn_resnet50": "Panoptic FPN, ResNet-50",
    "unet_watershed": "U-Net + watershed",
}
"""What the command line calls them, and what the book does."""

SPLITS = {"nuclei": "by group", "nuclei_at_random": "at random"}
"""How the images of a data set were split, where there are two ways."""

PLANNED = {
    "nuclei": (
        ("mask_rcnn", "nuclei_small"),
        ("unet_watershed", "nuclei_small"),
        ("mask_rcnn_resnet50_fpn", "nuclei_full"),
        ("unet_watershed", "nuclei_full"),
    ),
    "nuclei_at_random": (("mask_rcnn", "nuclei_small"), ("unet_watershed", "nuclei_small")),
}
"""The runs that the book plans, as pairs of a model and a recipe of the command line."""


@dataclass(frozen=True, kw_only=True)
class InstanceResult:
    """How well something found the objects of one split of a data set. What is not known is NaN or empty.

    Parameters
    ----------
    model : str
    data : str
        As on the command line.
    mask_ap, mask_ap_50, box_ap : float
        Shares from 0 to 1.
    relative_count_error : float
        Errors in the number of objects, image by image, added up without their signs, by the number of objects.
    min_area : int, optional
        Objects of fewer pixels are ignored.
    recipe : mapping
        All numbers of the recipe, and its ``"name"``. A recipe alone is a run that is still to come.
    pretrained : str, optional
        What the network had learned before.
    seed, device, date, seconds
        As of `Result`.
    path : path, optional
        The file it was read from.
    """

    model: str
    data: str
    mask_ap: float = math.nan
    mask_ap_50: float = math.nan
    box_ap: float = math.nan
    relative_count_error: float = math.nan
    min_area: int | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    pretrained: str | None = None
    seed: int | None = None
    device: str = ""
    date: str = ""
    seconds: float = math.nan
    path: Path | None = None


def read_instance_results(
    folder: str | os.PathLike[str], data: str, *, split: str = "test"
) -> list[InstanceResult]:
    """Read the results of runs that find objects.

    Parameters
    ----------
    folder, data, split
        As of `read_results`. Results that are about pixels alone are left out.

    Returns
    -------
    list of InstanceResult
        The best mask AP first; empty if there is none, or no such folder.

    Raises
    ------
    ValueError
        If a file is no JSON, or a result lacks what a result must have. The message names the file.
    """
    found = []
    for path, stored in stored_results(folder, data, split):
        if "mask_ap" in stored:
            with complete(path):
                found.append(_read(stored, path))
    return sorted(found, key=lambda result: -_known(result.mask_ap))


def instances_not_run_yet(results: Sequence[InstanceResult], data: str) -> list[InstanceResult]:
    """The runs that this book plans on a data set and that `results` does not hold.

    Examples
    --------
    >>> run = instances_not_run_yet([], "nuclei")[0]
    >>> run.model, run.recipe["name"], run.mask_ap
    ('Mask R-CNN, tiny', 'nuclei_small', nan)
    """
    there = {(result.model, result.data, result.recipe.get("name")) for result in results}
    return [
        InstanceResult(model=FINDERS[model], data=data, recipe={"name": recipe})
        for model, recipe in PLANNED.get(data, ())
        if (FINDERS[model], data, recipe) not in there
    ]


def instance_table(results: Sequence[InstanceResult]) -> str:
    """A row a run, in the order given; what was not run yet says so.

    Returns
    -------
    str
        Markdown. AP and count error are in per cent.

    Examples
    --------
    >>> print(instance_table(instances_not_run_yet([], "nuclei")[:1]))
    | method | recipe | split | mask AP | AP50 | count error |
    | :-- | :-- | :-- | --: | --: | --: |
    | Mask R-CNN, tiny | nuclei_small | by group | not run yet | – | – |
    """
    rows = []
    for result in results:
        ran = result.path is not None
        rows.append(
            [
                result.model + (f", first trained on {result.pretrained}" if result.pretrained else ""),
                result.recipe.get("name", NONE),
                SPLITS.get(result.data, NONE),
                percent(result.mask_ap) if ran else "not run yet",
                percent(result.mask_ap_50),
                percent(result.relative_count_error),
            ]
        )
    heads = ["method", "recipe", "split", "mask AP", "AP50", "count error"]
    return markdown(heads, "lllrrr", rows)


def _read(stored: Mapping[str, Any], path: Path) -> InstanceResult:
    return InstanceResult(
        model=FINDERS.get(stored["model"], stored["model"]),
        data=stored["data"],
        mask_ap=number(stored["mask_ap"]),
        mask_ap_50=number(stored["mask_ap_50"]),
        box_ap=number(stored["box_ap"]),
        relative_count_error=number(stored["relative_count_error"]),
        min_area=stored["min_area"],
        pretrained=stored["pretrained"],
        path=path,
        **circumstances(stored),
    )


def _known(value: float) -> float:
    return -1.0 if math.isnan(value) else value
