"""How fast the metrics are, beside the tools that the field uses: ``python benchmarks/metrics.py [part ...]``.

Prints a table and writes ``benchmarks/results/metrics.json``. Real data come from ``$SEGEDU_DATA``; the other
tools from ``pip install 'segedu[bench]'``. Before anything is timed, all methods must give the same numbers.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
from pathlib import Path

from timing import as_dicts, machine, table

PARTS = ["semantic", "instance", "panoptic", "rle"]  # each is a module metrics_PART with rows(data folder)
PEERS = [
    "numpy",
    "torch",
    "torchmetrics",
    "scikit-learn",
    "cityscapesScripts",
    "pycocotools",
    "faster-coco-eval",
]
RESULTS = Path(__file__).parent / "results" / "metrics.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {PARTS}; all if none is named")
    chosen = parser.parse_args().parts or PARTS
    if not set(chosen) <= set(PARTS):
        parser.error(f"expected parts of {PARTS}, got {chosen}")
    folder = os.environ.get("SEGEDU_DATA")
    if not folder:
        parser.error(
            "SEGEDU_DATA is not set: the folder that holds camvid-full/, coco_val2014_100/ and sample_data/"
        )

    # The parts that are not measured now keep what an earlier run found.
    stored = json.loads(RESULTS.read_text("utf-8"))["parts"] if RESULTS.exists() else {}
    for part in chosen:
        rows = importlib.import_module(f"metrics_{part}").rows(Path(folder))
        print(table(rows), flush=True)
        stored[part] = {"machine": machine(PEERS), "rows": as_dicts(rows)}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"parts": stored}, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
