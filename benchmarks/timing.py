"""Methods of one task side by side: in turns, in one process, medians."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

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
    task: str,
    data: str,
    methods: Mapping[str, Callable[[], object]],
    *,
    seconds: float = 3.0,
    least: int = 3,
    turn: int = 1,
    rest: float = 0.0,
) -> list[Row]:
    """Run the methods in turns, each for `seconds` but `least` times at least. The first run does not count.

    A turn is so many runs. With a `rest`, each turn begins with so many seconds of sleep and a run that does
    not count: threads of the method before keep a core busy for a while, in wait of more work.

    One method has to be called "segedu".
    """
    spent: dict[str, list[float]] = {name: [] for name in methods}
    for method in methods.values():
        method()
    while open_ones := [
        n for n, runs in spent.items() if len(runs) < least or (sum(runs) < seconds and len(runs) < 200)
    ]:
        for name in open_ones:
            if rest:
                time.sleep(rest)
                methods[name]()
            for _ in range(turn):
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


def machine(packages: Iterable[str]) -> dict:
    """What the numbers were measured with."""
    versions = {}
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return {
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        **versions,
    }
