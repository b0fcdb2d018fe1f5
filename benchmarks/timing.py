"""Methods of one task side by side: in turns, in one process, medians."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

OURS = "segedu"


@dataclass(frozen=True)
class Row:
    """One method on one task. `times_ours` is its median divided by ours: above 1 we are faster."""

    task: str
    data: str
    method: str
    milliseconds: float
    times_ours: float
    runs: int


def side_by_side(
    task: str, data: str, methods: Mapping[str, Callable[[], object]], *, seconds: float = 3.0, least: int = 3
) -> list[Row]:
    """Run the methods in turns, each for `seconds` but `least` times at least. The first run does not count.

    One method has to be called "segedu".
    """
    spent: dict[str, list[float]] = {name: [] for name in methods}
    for method in methods.values():
        method()
    while open_ones := [
        n for n, runs in spent.items() if len(runs) < least or (sum(runs) < seconds and len(runs) < 200)
    ]:
        for name in open_ones:
            begin = time.perf_counter()
            methods[name]()
            spent[name].append(time.perf_counter() - begin)
    medians = {name: 1000 * statistics.median(runs) for name, runs in spent.items()}
    return [
        Row(task, data, name, medians[name], medians[name] / medians[OURS], len(spent[name]))
        for name in methods
    ]


def table(rows: list[Row]) -> str:
    """The rows as text, one block for each task and data set."""
    lines = []
    for i, row in enumerate(rows):
        if i == 0 or (row.task, row.data) != (rows[i - 1].task, rows[i - 1].data):
            lines.append(f"\n{row.task}: {row.data}")
        ratio = "" if row.method == OURS else f"{row.times_ours:9.2f} ×"
        lines.append(f"  {row.method:<44}{row.milliseconds:11.3f} ms{ratio}")
    return "\n".join(lines)


def as_dicts(rows: list[Row]) -> list[dict]:
    """The rows for a JSON file, rounded to what can be measured."""
    return [
        asdict(row) | {"milliseconds": round(row.milliseconds, 4), "times_ours": round(row.times_ours, 3)}
        for row in rows
    ]
