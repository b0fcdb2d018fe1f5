"""Results as Markdown tables: all side by side, how ours were made, and each class by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from segedu.results.files import Result

NONE = "–"


def comparison_table(results: Sequence[Result]) -> str:
    """Everything in one table, the best mIoU first, what was not run yet in the end.

    Parameters
    ----------
    results : sequence of Result
        All of one split of one data set.

    Returns
    -------
    str
        Markdown. mIoU and pixel accuracy are in per cent; ours are in bold.

    Examples
    --------
    >>> print(comparison_table([Result(model="everything road", origin="rule", mean_iou=0.024)]))
    | network | whose | size | pixel accuracy | mIoU |
    | :-- | :-- | --: | --: | --: |
    | everything road | a rule, no network | – | – | 2.4 |
    """
    rows = []
    for result in sorted(results, key=lambda r: (math.isnan(r.mean_iou), -_known(r.mean_iou))):
        name = result.recipe.get("name")
        cells = [
            result.model,
            _whose(result),
            f"{result.size[0]}×{result.size[1]}" if result.size else NONE,
            percent(result.pixel_accuracy),
            percent(result.mean_iou),
        ]
        if result.origin == "ours":
            cells = [f"**{cell}**" if cell != NONE else cell for cell in cells]
        if result.origin == "not run yet":
            cells[1:] = [f"ours, recipe `{name}`", NONE, NONE, "not run yet"]
        rows.append(cells)
    return markdown(["network", "whose", "size", "pixel accuracy", "mIoU"], "llrrr", rows)


def runs_table(results: Sequence[Result]) -> str:
    """How our own runs were made: recipe, seed, device, time. Others are left out.

    Examples
    --------
    >>> run = Result(model="U-Net", origin="ours", mean_iou=0.5, recipe={"name": "full", "epochs": 400},
    ...     seed=0, parameters=31_043_000, device="cuda (H100), bf16", seconds=5400, date="2026-01-31")
    >>> print(runs_table([run]).splitlines()[-1])
    | U-Net | full, 400 epochs | 31.04 M | 0 | cuda (H100), bf16 | 1 h 30 min | 2026-01-31 |
    """
    rows = [
        [
            result.model,
            f"{result.recipe['name']}, {result.recipe['epochs']} epochs",
            NONE if result.parameters is None else f"{result.parameters / 1e6:.2f} M",
            str(result.seed),
            result.device,
            duration(result.seconds),
            result.date,
        ]
        for result in results
        if result.origin == "ours"
    ]
    heads = ["network", "recipe", "parameters", "seed", "device", "training", "day"]
    return markdown(heads, "llrrlrl", rows)


def class_table(results: Sequence[Result]) -> str:
    """IoU of each class in per cent: a row a class, a column a result. Results without are left out.

    Raises
    ------
    ValueError
        If the results are about different classes.

    Examples
    --------
    >>> rule = Result(model="everything road", origin="rule", iou_per_class={"road": 0.26, "sky": 0.0})
    >>> print(class_table([rule]))
    | class | everything road |
    | :-- | --: |
    | road | 26.0 |
    | sky | 0.0 |
    """
    known = [result for result in results if result.iou_per_class]
    names = list(known[0].iou_per_class) if known else []
    for result in known:
        if list(result.iou_per_class) != names:
            raise ValueError(
                f"{result.model}: expected the classes {', '.join(names)}, "
                f"got {', '.join(result.iou_per_class)}"
            )
    heads = [f"{r.model}, {r.recipe['name']}" if r.recipe else r.model for r in known]
    rows = [[name, *(percent(r.iou_per_class[name]) for r in known)] for name in names]
    return markdown(["class", *heads], "l" + "r" * len(known), rows)


def markdown(heads: Sequence[str], aligned: str, rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; `aligned` has an l or an r for each column."""
    rule = [{"l": ":--", "r": "--:"}[side] for side in aligned]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))


def percent(share: float) -> str:
    """A share in per cent with one decimal, as papers write it; NaN is a dash.

    Examples
    --------
    >>> percent(0.6691), percent(float("nan"))
    ('66.9', '–')
    """
    return NONE if math.isnan(share) else f"{100 * share:.1f}"


def duration(seconds: float) -> str:
    """A time in the two units that say most.

    Examples
    --------
    >>> duration(58.4), duration(605), duration(5400), duration(float("nan"))
    ('58 s', '10 min 5 s', '1 h 30 min', '–')
    """
    if math.isnan(seconds):
        return NONE
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _known(value: float) -> float:
    return -1.0 if math.isnan(value) else value


def _whose(result: Result) -> str:
    if result.origin == "ours":
        return f"ours, recipe `{result.recipe['name']}`"
    if result.origin == "published":
        return f"[{result.source}]({result.link}); {result.note}"
    return "a rule, no network"
