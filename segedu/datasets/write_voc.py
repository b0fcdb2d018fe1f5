"""Scenes as Pascal VOC files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from segedu.datasets.images import AnyPath, save_new, write_png
from segedu.datasets.palette import voc_palette
from segedu.datasets.voc import LABELMAP, VOC_CATEGORIES
from segedu.datasets.writing import claim, numbered, same_categories
from segedu.scene import VOID, Category, Scene

QUALITY = 95


def encode_voc(scene: Scene) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """A scene as the two maps of Pascal VOC.

    Returns
    -------
    classes : (H, W) uint8 array
        Class index, or 255 for void.
    objects : (H, W) uint8 array
        Instance number; 0 on stuff and crowds, 255 for void.

    Raises
    ------
    ValueError
        If an instance number is above 254: the file has 8 bits, and 255 is void.

    Examples
    --------
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> image, labels = np.zeros((1, 3, 3), np.uint8), np.array([[0, 1, 255]])
    >>> encode_voc(Scene(image, labels, np.array([[0, 7, 0]]), (road, car)))
    (array([[  0,   1, 255]], dtype=uint8), array([[  0,   7, 255]], dtype=uint8))
    """
    highest = scene.instance.max()
    if highest >= VOID:
        raise ValueError(f"scene.instance: expected numbers to 254 for VOC's 8 bits, got {highest}")
    objects = np.where(scene.semantic == VOID, VOID, scene.instance).astype(np.uint8)
    return scene.semantic.copy(), objects


def write_voc(
    scenes: Iterable[Scene],
    root: AnyPath,
    split: str,
    year: int | str | None = 2012,
    *,
    ids: Sequence[str] | None = None,
    image_suffix: str = ".jpg",
) -> None:
    """Write scenes as Pascal VOC files, for `VOC` and for every tool that reads them.

    Labels and instance numbers come back as they were. Photographs are JPEG as in VOC, which changes colours a
    little; ``image_suffix=".png"`` keeps them, but then ``torchvision.datasets.VOCSegmentation`` does not find
    them. Palettes hold the colours of the categories. Classes other than VOC's own are listed in
    ``labelmap.txt`` with their colours; which of them are things it cannot say: give `VOC` the `categories`.

    Parameters
    ----------
    scenes : iterable of Scene
        All with the same categories. They are written one by one, so a generator is welcome.
    root, split, year
        As `VOC` takes them. Several splits can share a root.
    ids : sequence of str, optional
        A name for each image. None names them 000000, 000001, …
    image_suffix : {".jpg", ".png"}

    Raises
    ------
    FileExistsError
        If one of the files is there already; nothing is overwritten.
    ValueError
        If there is no scene, if categories differ, or if an instance number is above 254. Scenes before it are
        written, but no list names them.
    """
    if image_suffix not in (".jpg", ".png"):
        raise ValueError(f"image_suffix: expected '.jpg' or '.png', got {image_suffix!r}")
    folder = Path(root) if year is None else Path(root) / "VOCdevkit" / f"VOC{year}"
    listed = claim(folder / "ImageSets" / "Segmentation" / f"{split}.txt")
    names, categories = [], None
    for k, scene in enumerate(scenes):
        categories = same_categories(categories, scene)
        name = numbered(ids, k, f"{k:06d}")
        classes, objects = encode_voc(scene)
        palette = voc_palette()
        palette[: len(categories)] = [category.color for category in categories]
        write_png(classes, folder / "SegmentationClass" / f"{name}.png", palette=palette)
        write_png(objects, folder / "SegmentationObject" / f"{name}.png", palette=voc_palette())
        options = {"quality": QUALITY, "subsampling": 0} if image_suffix == ".jpg" else {}
        save_new(Image.fromarray(scene.image), folder / "JPEGImages" / f"{name}{image_suffix}", **options)
        names.append(name)
    if categories is None:
        raise ValueError("scenes: expected at least one scene, got none")
    if categories != VOC_CATEGORIES:
        _write_labelmap(folder / LABELMAP, categories)
    listed.write_text("".join(f"{name}\n" for name in names), "utf-8")


def _write_labelmap(path: Path, categories: Sequence[Category]) -> None:
    odd = [category.name for category in categories if ":" in category.name or category.name.startswith("#")]
    if odd:
        raise ValueError(f"categories: expected names without ':' and '#', which labelmap.txt uses, got {odd}")
    lines = ["# label:color_rgb:parts:actions"]
    lines += [f"{category.name}:{','.join(map(str, category.color))}::" for category in categories]
    text = "\n".join(lines) + "\n"
    if path.exists() and path.read_text("utf-8") != text:
        raise ValueError(f"{path}: expected the classes of the splits that are there already, got others")
    path.write_text(text, "utf-8")
