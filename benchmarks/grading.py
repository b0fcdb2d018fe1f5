"""How long a class of thirty takes to grade: ``python benchmarks/grading.py``.

Every submission must get the points that were put into it, and every broken one must be reported by name: the
same thirty as in ``tests/grading_class.py``, of which the tests grade twelve. Writes
``benchmarks/results/grading.json``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from timing import machine

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests", "book/_ext", "book/exercises")]

from collecting import student_id  # noqa: E402
from course import grade_class  # noqa: E402
from grading_class import CLASS, SOURCE, fill  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "grading.json"
CELL_SECONDS = 20


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        inbox, begin = fill(Path(folder) / "inbox"), time.perf_counter()
        lines = grade_class(SOURCE, inbox, Path(folder) / "course", at_once=2, cell_seconds=CELL_SECONDS)
        minutes = (time.perf_counter() - begin) / 60
    by_name = {line.student: line for line in lines}
    rows, surprises = [], []
    for member in CLASS:
        line = by_name[student_id(member.name)]
        remarks = "; ".join(line.remarks)
        rows.append(
            {"student": member.name, "expected": member.points, "points": line.points, "remarks": remarks}
        )
        if line.points != member.points or member.said not in remarks or bool(remarks) != bool(member.said):
            surprises.append(member.name)
        print(f"{member.name:<24} {line.points:5.1f} (expected {member.points})  {remarks}".rstrip())
    print(f"{len(rows)} submissions in {minutes:.1f} minutes, two at a time; surprises: {surprises or 'none'}")
    if surprises:
        sys.exit(1)
    result = {
        "machine": machine(["nbgrader", "nbconvert", "ipykernel", "numpy"])
        | {"load": round(os.getloadavg()[0], 1)},
        "minutes": round(minutes, 2),
        "at_once": 2,
        "cell_seconds": CELL_SECONDS,
        "submissions": rows,
    }
    RESULTS.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
