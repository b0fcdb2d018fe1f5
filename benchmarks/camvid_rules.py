"""How well rules label CamVid, without a network: ``python benchmarks/camvid_rules.py --root FOLDER``.

FOLDER holds CamVid. Four rules label its test images. Two are floors: one class everywhere; at each place the
class that the training images have there most often. Two are ceilings, made from the truth: every second label
of every second row, copied to its neighbours; and the shares of the classes in each block of 2 × 2, grown back
bilinearly. So much a network can reach that answers at half size. Writes ``results/camvid_rules.json``.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segedu.datasets import CAMVID_CATEGORIES, CamVid
from segedu.metrics import ConfusionMatrix
from segedu.scene import VOID
from segedu.training.results import measures, write_results
from segedu.upsampling import average_pool2d, resize_bilinear

OUT = Path(__file__).resolve().parents[1] / "results" / "camvid_rules.json"
CLASSES = len(CAMVID_CATEGORIES)

Labels = npt.NDArray[np.uint8]


def onehot(labels: Labels) -> npt.NDArray[np.float32]:
    """(C, H, W), all 0 where void."""
    return (labels == np.arange(CLASSES)[:, None, None]).astype(np.float32)


def usual(train: CamVid) -> Labels:
    """The class that each pixel has most often, (H, W)."""
    counts = np.zeros((CLASSES, *train.read_labels(0)[0].shape), np.float32)
    for k in range(len(train)):
        counts += onehot(train.read_labels(k)[0])
    return counts.argmax(axis=0).astype(np.uint8)


def copied(labels: Labels) -> Labels:
    """Every second label in both directions, copied. Void is no answer: there it says class 0."""
    grown = labels[::2, ::2].repeat(2, axis=0).repeat(2, axis=1)[: labels.shape[0], : labels.shape[1]]
    return np.where(grown == VOID, 0, grown).astype(np.uint8)


def interpolated(labels: Labels) -> Labels:
    """Shares of the classes at half the size, grown back and decided."""
    shares = resize_bilinear(average_pool2d(onehot(labels), 2), labels.shape)
    return shares.argmax(axis=0).astype(np.uint8)


def counted(test: CamVid, rule: Callable[[Labels], Labels]) -> ConfusionMatrix:
    confmat = ConfusionMatrix(CLASSES)
    for k in range(len(test)):
        truth = test.read_labels(k)[0]
        confmat.update(rule(truth), truth)
    return confmat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="folder of CamVid")
    root = parser.parse_args().root
    test, prior = CamVid(root, "test"), usual(CamVid(root, "train"))
    road = [category.name for category in CAMVID_CATEGORIES].index("road")
    rules: dict[str, Callable[[Labels], Labels]] = {
        "everything road": lambda truth: np.full_like(truth, road),
        "each pixel's usual class": lambda truth: prior,
        "the truth at half size, copied": copied,
        "the truth at half size, as shares": interpolated,
    }
    found = [{"name": name, **measures(counted(test, rule), CAMVID_CATEGORIES)} for name, rule in rules.items()]
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    write_results({"data": "camvid", "split": "test", "date": day, "rules": found}, OUT)
    for rule in found:
        print(f"{rule['name']:34} mIoU {rule['mean_iou']:.4f}")


if __name__ == "__main__":
    main()
