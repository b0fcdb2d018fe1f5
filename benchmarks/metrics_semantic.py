"""The confusion matrix against the usual `bincount`, torchmetrics, scikit-learn and Cityscapes' compiled loop.

Real label maps are CamVid's and COCO's. Predictions for them are made here, since a truth shifted or copied is
smoother than what a model answers: a classifier by colour and place, whose answers a majority vote smooths.

Cityscapes' loop is compiled from its repository (its packages on the index lack the Cython source)::

    CYTHONIZE_EVAL=1 pip install --no-build-isolation git+https://github.com/mcordts/cityscapesScripts
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from timing import Row, side_by_side

from segedu import VOID
from segedu.metrics import confusion_matrix

TASK = "confusion matrix"
DENSITIES = (0.001, 0.01, 0.03, 0.1, 0.2, 0.4, 1.0)


@dataclass(frozen=True)
class Case:
    """Predictions and targets of some images, uint8 maps with void in the targets."""

    name: str
    preds: Sequence[np.ndarray]
    targets: Sequence[np.ndarray]
    num_classes: int

    @property
    def density(self) -> float:
        """The share of pixels whose pair of labels differs from that of the pixel before."""
        changed = [
            (p[:, 1:] != p[:, :-1]) | (t[:, 1:] != t[:, :-1])
            for p, t in zip(self.preds, self.targets, strict=True)
        ]
        return sum(map(np.count_nonzero, changed)) / sum(c.size for c in changed)


def usual(preds, target, num_classes):
    """What most evaluation scripts do."""
    known = target != VOID
    keys = num_classes * target[known].astype(int) + preds[known]
    return np.bincount(keys, minlength=num_classes**2).reshape(num_classes, num_classes)


def over_images(
    count: Callable, preds: Sequence, targets: Sequence, *options: object
) -> Callable[[], np.ndarray]:
    """A method that counts every image by itself, and the sum of all."""
    return lambda: sum(np.asarray(count(p, t, *options)) for p, t in zip(preds, targets, strict=True))


def torchmetrics_methods(case: Case) -> dict[str, Callable]:
    """With and without its checks, from int64 tensors that lie ready, on one thread and on all.

    More threads are faster on an idle machine, and many times slower where another program wants a core.
    """
    import torch
    from torchmetrics.functional.classification import multiclass_confusion_matrix

    preds, targets = (
        [torch.from_numpy(labels.astype(np.int64)) for labels in maps] for maps in (case.preds, case.targets)
    )

    def method(checked, threads):
        def count(p, t):
            return multiclass_confusion_matrix(
                p, t, case.num_classes, ignore_index=VOID, validate_args=checked
            ).numpy()

        run = over_images(count, preds, targets)

        def on_threads():
            torch.set_num_threads(threads)
            return run()

        return on_threads

    names = {True: "torchmetrics, threads: {}", False: "torchmetrics, validate_args=False, threads: {}"}
    return {
        name.format(threads): method(checked, threads)
        for checked, name in names.items()
        for threads in sorted({1, os.cpu_count() or 1})
    }


def scikit_learn_method(case: Case) -> Callable:
    from sklearn.metrics import confusion_matrix as theirs

    def count(preds, target):
        known = target != VOID
        return theirs(target[known], preds[known], labels=range(case.num_classes))

    return over_images(count, case.preds, case.targets)


def cityscapes_method(case: Case) -> Callable:
    """It counts into a matrix that has a row for void: the labels are made to fit before."""
    from cityscapesscripts.evaluation.addToConfusionMatrix import cEvaluatePair

    size = case.num_classes + 1
    targets = [np.where(t == VOID, case.num_classes, t).astype(np.uint8) for t in case.targets]

    def run():
        counts = np.zeros((size, size), np.ulonglong)
        for preds, target in zip(case.preds, targets, strict=True):
            counts = cEvaluatePair(preds, target, counts, list(range(size)))
        return counts[:-1, :-1]

    return run


def compare(case: Case, *, peers: bool, seconds: float = 3.0) -> list[Row]:
    """All methods on one case; they have to agree first."""
    num_classes = case.num_classes
    wide = [[labels.astype(np.int64) for labels in maps] for maps in (case.preds, case.targets)]
    methods = {
        "segedu": over_images(confusion_matrix, case.preds, case.targets, num_classes),
        "bincount": over_images(usual, case.preds, case.targets, num_classes),
    }
    if peers:
        methods["segedu, int64 maps"] = over_images(confusion_matrix, *wide, num_classes)
        methods["bincount, int64 maps"] = over_images(usual, *wide, num_classes)
        try:
            methods |= torchmetrics_methods(case)
        except ImportError:
            print("torchmetrics is not installed: left out (pip install 'segedu[bench]')")
        try:
            methods["scikit-learn"] = scikit_learn_method(case)
        except ImportError:
            print("scikit-learn is not installed: left out (pip install 'segedu[bench]')")
        try:
            methods["cityscapesScripts, compiled"] = cityscapes_method(case)
        except ImportError:
            print("cityscapesScripts' loop is not compiled: left out (see the head of this file)")
    expected = methods["bincount"]()
    for name, method in methods.items():
        np.testing.assert_array_equal(method(), expected, err_msg=name)
    return side_by_side(TASK, f"{case.name}, {100 * case.density:.1f} % changes", methods, seconds=seconds)


def classifier(images: Sequence[np.ndarray], targets: Sequence[np.ndarray], num_classes: int) -> Callable:
    """The most frequent class of a colour in a part of the image; then the majority of 7 × 7 pixels."""
    places, tones = 8, 12

    def bins(image):
        height, width = image.shape[:2]
        y, x = np.mgrid[:height, :width]
        red, green, blue = np.moveaxis(image.astype(int) * tones // 256, 2, 0)
        return (
            (((y * places // height) * places + x * places // width) * tones + red) * tones + green
        ) * tones + blue

    counts = np.zeros((places**2 * tones**3, num_classes))
    for image, target in zip(images, targets, strict=True):
        known = target != VOID
        np.add.at(counts, (bins(image)[known], target[known]), 1)
    anywhere = counts.reshape(places**2, -1, num_classes).mean(axis=0)
    best = (counts + 0.05 * np.tile(anywhere, (places**2, 1)) + 1e-9 * counts.sum(axis=0)).argmax(axis=1)

    def predict(image):
        rough = best[bins(image)]
        votes = [ndimage.uniform_filter((rough == c).astype(np.float32), 7) for c in range(num_classes)]
        return np.argmax(votes, axis=0).astype(np.uint8)

    return predict


def camvid(root: Path, count: int = 16) -> list[Case]:
    """Test images under two predictions: the classifier's, learnt on train, and the next frame's labels."""

    def read(split, step):
        paths = sorted((root / "camvid-full" / split).iterdir())[::step]
        images = [np.array(Image.open(path).convert("RGB")) for path in paths]
        names = [root / "camvid-full" / f"{split}annot" / f"{path.stem}.png" for path in paths]
        targets = [np.array(Image.open(name)) for name in names]
        return images, [np.where(t == 11, VOID, t).astype(np.uint8) for t in targets]

    predict = classifier(*read("train", 8), 11)
    images, targets = read("test", 1)
    step = len(images) // count
    neighbours = [np.where(t == VOID, 0, t).astype(np.uint8) for t in targets[1::step][:count]]
    images, targets = images[::step][:count], targets[::step][:count]
    name = "CamVid test, {} images of 360×480, predictions: {}"
    return [
        Case(name.format(count, "classifier"), [predict(image) for image in images], targets, 11),
        Case(name.format(count, "next frame's labels"), neighbours, targets, 11),
    ]


def coco(root: Path) -> Case:
    """Two panoptic maps, each under a classifier that was learnt on its own labels."""
    pack = root / "sample_data"
    described = json.loads((pack / "panoptic_examples.json").read_text("utf-8"))
    index = {category["id"]: i for i, category in enumerate(described["categories"])}
    preds, targets = [], []
    for annotation in described["annotations"]:
        colors = np.array(Image.open(pack / "panoptic_examples" / annotation["file_name"]).convert("RGB"), int)
        image_name = f"{Path(annotation['file_name']).stem}.jpg"
        image = np.array(Image.open(pack / "input_images" / image_name).convert("RGB"))
        ids = colors @ [1, 256, 256**2]
        target = np.full(ids.shape, VOID, np.uint8)
        for segment in annotation["segments_info"]:
            target[ids == segment["id"]] = index[segment["category_id"]]
        preds.append(classifier([image], [target], len(index))(image))
        targets.append(target)
    # So often in turn that a run is as long as those of CamVid: the first image after another method is slower.
    return Case("COCO panoptic, 2 maps, predictions: classifier", preds * 6, targets * 6, len(index))


def drawn(density: float, size: tuple[int, int], num_classes: int, count: int) -> Case:
    """Labels drawn anew at so many of the pixels, in the prediction and in the target each; 1 is noise."""
    rng = np.random.default_rng(0)
    pixels = size[0] * size[1]

    def labels():
        lengths = rng.geometric(density, int(2 * pixels * density) + 100)
        return np.repeat(rng.integers(0, num_classes, lengths.size, np.uint8), lengths)[:pixels].reshape(size)

    preds, targets = ([labels() for _ in range(count)] for _ in range(2))
    for target in targets:
        target[: size[0] // 20] = VOID
    return Case(f"drawn, {count} of {size[0]}×{size[1]}, {num_classes} classes", preds, targets, num_classes)


def rows(root: Path) -> list[Row]:
    """Measure everything about the confusion matrix."""
    found = []
    for case in [*camvid(root), coco(root)]:
        found += compare(case, peers=True)
    for size, num_classes, count in (((360, 480), 11, 8), ((1024, 2048), 19, 2)):
        for density in DENSITIES:
            found += compare(drawn(density, size, num_classes, count), peers=False, seconds=1.0)
    return found
