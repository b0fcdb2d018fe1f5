"""What our runs stand beside: numbers that others published, with their sources, and runs still to come."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segedu.results.files import NAMES, Result

_FILE = Path(__file__).with_name("comparison.json")


def published(data: str) -> list[Result]:
    """What others reached on the test images of a data set, the best first.

    Parameters
    ----------
    data : str

    Raises
    ------
    ValueError
        If nothing is stored about this data set.

    Examples
    --------
    >>> best = published("camvid")[0]
    >>> best.model, best.mean_iou, best.source
    ('FC-DenseNet103', 0.669, 'Jégou et al. 2017')
    """
    found = [
        Result(
            model=one["model"],
            origin="published",
            size=tuple(one["size"]),
            mean_iou=one["mean_iou"],
            pixel_accuracy=one.get("pixel_accuracy", math.nan),
            note=one["note"],
            source=one["source"],
            link=one["link"],
        )
        for one in _stored(data)["published"]
    ]
    return sorted(found, key=lambda result: -result.mean_iou)


def not_run_yet(results: Sequence[Result], data: str) -> list[Result]:
    """The runs that this book plans on a data set and that `results` does not hold.

    Examples
    --------
    >>> [(run.model, run.recipe["name"]) for run in not_run_yet([], "camvid")][-1]
    ('DeconvNet', 'full')
    """
    there = {(result.model, result.recipe.get("name")) for result in results}
    return [
        Result(model=NAMES[model], origin="not run yet", recipe={"name": recipe})
        for model, recipe in _stored(data)["planned"]
        if (NAMES[model], recipe) not in there
    ]


def _stored(data: str) -> dict[str, Any]:
    stored = json.loads(_FILE.read_text("utf-8"))
    if data not in stored:
        raise ValueError(f"data: expected one of {', '.join(stored)}, got {data!r}")
    return stored[data]
