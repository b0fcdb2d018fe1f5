"""How many images a second the readers give: ``python benchmarks/readers.py``.

Data come from ``$SEGEDU_DATA``. A pass reads every scene whole (photograph, labels, checks), in this process or
in the two workers of a DataLoader that hand on the sum of the pixels only: what a scene costs to pass between
processes belongs to training. The files are read once before, so that the disk does not count.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch.utils.data

from segedu import Scene
from segedu.datasets import CamVid, Dataset, Nuclei

PASSES = 5


def pixel_sum(scene: Scene) -> int:
    """Proof that a scene was read."""
    return int(scene.image.sum(dtype=np.int64)) + int(scene.semantic.sum(dtype=np.int64))


def decoded(dataset: Dataset) -> Iterable[int]:
    """What Pillow alone needs: both files of each image decoded, nothing checked or translated."""
    from PIL import Image

    for k in range(len(dataset)):
        arrays = [np.asarray(Image.open(path)) for path in dataset.files(k).values()]
        yield sum(int(array.sum(dtype=np.int64)) for array in arrays)


def in_workers(dataset: Dataset) -> Iterable[int]:
    """The same by two workers."""
    loader = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=2, collate_fn=pixel_sum)
    return iter(loader)


def timed(run: Callable[[], Iterable[int]], images: int) -> tuple[list[float], float]:
    """Images a second of each pass, ascending, and milliseconds of computing an image, workers included."""
    rates, computing = [], sum(os.times()[:4])
    for _ in range(PASSES):
        begin = time.perf_counter()
        assert sum(1 for _ in run()) == images
        rates.append(images / (time.perf_counter() - begin))
    return sorted(rates), 1000 * (sum(os.times()[:4]) - computing) / (PASSES * images)


def main() -> None:
    folder = os.environ.get("SEGEDU_DATA")
    if not folder:
        sys.exit("SEGEDU_DATA is not set: the folder that holds camvid-full/ and dsb2018/")
    for dataset in (CamVid(Path(folder) / "camvid-full", "train"), Nuclei(Path(folder) / "dsb2018", "train")):
        print(f"{dataset}, images a second, median of {PASSES} passes (slowest to fastest)")
        methods: dict[str, Callable[[], Iterable[int]]] = {
            "Pillow alone, one process": lambda dataset=dataset: decoded(dataset),
            "segedu, one process": lambda dataset=dataset: map(pixel_sum, dataset),
            "segedu, two workers": lambda dataset=dataset: in_workers(dataset),
        }
        sum(1 for _ in decoded(dataset))
        for name, run in methods.items():
            rates, computing = timed(run, len(dataset))
            middle, spread = statistics.median(rates), f"({rates[0]:.0f} to {rates[-1]:.0f})"
            print(f"  {name:<28}{middle:6.0f} {spread:<14}{computing:6.2f} ms of a core each")


if __name__ == "__main__":
    main()
