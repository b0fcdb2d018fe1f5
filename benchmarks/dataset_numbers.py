"""What chapter 4 says about real data, counted on it: ``python benchmarks/dataset_numbers.py FOLDER``.

FOLDER holds CamVid as ``CamVid`` or ``camvid-full``, the nuclei as ``stage1_train`` or ``dsb2018``, and two
files of COCO: ``coco_val2014_100/instances_val2014_100.json``, 100 images of cocoapi's example, and
``panoptic_coco_categories.json`` of panopticapi. The result goes to ``results/datasets.json``. It holds counts
and no pixels:
the photographs stay where they are.
"""

from __future__ import annotations

import argparse
import json
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from segedu.datasets import CamVid, CocoInstances, Dataset, Nuclei, summary
from segedu.scene import VOID

OUT = Path(__file__).resolve().parents[1] / "results" / "datasets.json"


def counted(dataset: Dataset) -> dict[str, Any]:
    """A summary as JSON."""
    found = summary(dataset)
    numbers: dict[str, Any] = {
        "images": found.images,
        "sizes": [[height, width, images] for (height, width), images in found.sizes.items()],
        "void_share": round(found.void_share, 5),
        "classes": {
            category.name: {"share": round(share, 5), "instances": instances, "images": images}
            for category, share, instances, images in zip(
                found.categories,
                found.shares.tolist(),
                found.instances.tolist(),
                found.present.tolist(),
                strict=True,
            )
        },
    }
    if found.instances.any():
        each = found.instances_per_image
        numbers["instances"] = int(each.sum())
        numbers["crowds"] = int(found.crowds.sum())
        numbers["instances_per_image"] = [int(each.min()), float(np.median(each)), int(each.max())]
    return numbers


def camvid(root: Path) -> dict[str, Any]:
    splits = {split: CamVid(root, split) for split in ("train", "val", "test")}
    return {
        "splits": {name: counted(dataset) for name, dataset in splits.items()},
        "clips": {name: clips(dataset.ids) for name, dataset in splits.items()},
        "same_as_previous": {name: same_as_previous(dataset) for name, dataset in splits.items()},
    }


def same_as_previous(dataset: CamVid) -> float:
    """Share of pixels that have the label of the previous frame of the drive: the median over frames."""
    maps = [(id.split("_")[0], dataset.read_labels(k)[0]) for k, id in enumerate(dataset.ids)]
    shares = [
        np.mean((here == before)[here != VOID])
        for (drive_before, before), (drive, here) in pairwise(maps)
        if drive == drive_before
    ]
    return round(float(np.median(shares)), 4)


def clips(ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """Stretches of film: CamVid's names are DRIVE_FRAME, of films with 30 frames a second.

    A new stretch begins where more than 100 frames are left out.
    """
    frames = sorted((name.split("_")[0], int(name.split("_")[1].lstrip("f"))) for name in ids)
    found = []
    for drive, group in groupby(frames, key=lambda frame: frame[0]):
        numbers = np.array([number for _, number in group])
        for part in np.split(numbers, np.flatnonzero(np.diff(numbers) > 100) + 1):
            found.append({"drive": drive, "first": int(part[0]), "last": int(part[-1]), "frames": len(part)})
    return found


def nuclei(root: Path) -> dict[str, Any]:
    splits = {"all": Nuclei(root), "train": Nuclei(root, "train"), "val": Nuclei(root, "val")}
    numbers = {name: counted(dataset) for name, dataset in splits.items()}
    for name, dataset in splits.items():
        numbers[name]["groups"] = len(set(dataset.groups))
    areas = [
        np.bincount(dataset.ravel())[1:]
        for _, dataset in map(splits["all"].read_labels, range(len(splits["all"])))
    ]
    every = np.concatenate(areas)
    return {"splits": numbers, "areas": [int(every.min()), float(np.median(every)), int(every.max())]}


def coco(root: Path) -> dict[str, Any]:
    folder = root / "coco_val2014_100"
    listed = json.loads((root / "panoptic_coco_categories.json").read_text("utf-8"))
    dataset = CocoInstances(None, folder / "instances_val2014_100.json")
    lost = [overlap for k in range(len(dataset)) for overlap in dataset.overlaps(k)]
    return {
        "val2014_100": counted(dataset)
        | {"annotations_behind_others": sum(overlap.lost > 0 for overlap in lost)},
        "panoptic_things": sum(category["isthing"] for category in listed),
        "panoptic_stuff": sum(not category["isthing"] for category in listed),
        "instance_ids": [
            min(c["id"] for c in listed if c["isthing"]),
            max(c["id"] for c in listed if c["isthing"]),
        ],
    }


def one_of(root: Path, *names: str) -> Path:
    """The first of some folders that is there."""
    for name in names:
        if (root / name).is_dir():
            return root if name == "stage1_train" else root / name
    raise SystemExit(f"{root}: expected {' or '.join(names)}, got neither; see python -m segedu.datasets list")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path)
    root = parser.parse_args().root
    found = {
        "camvid": camvid(one_of(root, "CamVid", "camvid-full")),
        "nuclei": nuclei(one_of(root, "dsb2018", "stage1_train")),
        "coco": coco(root),
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(OUT)


if __name__ == "__main__":
    main()
