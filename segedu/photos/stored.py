"""Photographs that scikit-image carries, put together with the labels stored in this folder.

A JSON file holds what was labelled (file name, size, SHA-256 of the pixels), whose photograph it is, the
categories in the order of their class indices, and the segments, each with the name of its category and its
mask in COCO's run-length encoding. Segments of things are the instances 1, 2, … in the order of the file.
Segments do not overlap; pixels in none of them are void.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import metadata, resources, util
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from segedu.masks import rle_decode
from segedu.scene import NO_INSTANCE, VOID, Category, Scene


@dataclass(frozen=True)
class Credit:
    """Whose photograph it is, on which terms it may be used, and the page that says so."""

    title: str
    author: str
    terms: str
    source: str

    def __str__(self) -> str:
        return f"{self.title}. {self.author}. {self.terms}. {self.source}"


def names() -> list[str]:
    """The names that `load` knows, sorted.

    Examples
    --------
    >>> names()
    ['astronaut', 'camera', 'chelsea', 'chelsea_parts', 'coffee', 'coins']
    """
    files = resources.files("segedu.photos").iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


def load(name: str) -> Scene:
    """One photograph with its labels.

    Parameters
    ----------
    name : str
        One of `names`. ``chelsea`` and ``chelsea_parts`` are the same photograph under two sets of
        categories: a cat before a background, or fur, eyes and a nose.

    Returns
    -------
    Scene
        In the photograph's own size; a grey photograph has three equal channels. What is void and why, and
        which things lie in several pieces, stands with each photograph in ``make_labels.py``.

    Raises
    ------
    ValueError
        If no photograph has this name, or if the installed file holds other pixels than those labelled.
    FileNotFoundError
        If the installed scikit-image does not carry the photograph.

    Examples
    --------
    >>> load("coins")
    Scene(303×384 pixels, 2 categories, 24 instances, 0.2 % void)
    """
    stored = _read(name)
    image = _photograph(stored)
    semantic = np.full(image.shape[:2], VOID, np.uint8)
    instance = np.full(image.shape[:2], NO_INSTANCE, np.int32)
    categories = tuple(
        Category(c["id"], c["name"], c["isthing"], tuple(c["color"])) for c in stored["categories"]
    )
    labels = {category.name: label for label, category in enumerate(categories)}
    objects = 0
    for segment in stored["segments"]:
        mask, label = rle_decode(segment["rle"]), labels[segment["category"]]
        semantic[mask] = label
        if categories[label].isthing:
            objects += 1
            instance[mask] = objects
    return Scene(image, semantic, instance, categories)


def credit(name: str) -> Credit:
    """Author, terms and source of a photograph.

    Raises
    ------
    ValueError
        If no photograph has this name.

    Examples
    --------
    >>> credit("coffee").author, credit("coffee").terms
    ('Rachel Michetti, courtesy of Pikolo Espresso Bar', 'CC0')
    """
    return Credit(**_read(name)["credit"])


def _read(name: str) -> dict[str, Any]:
    if name not in names():
        raise ValueError(f"photos: expected one of {', '.join(names())}, got {name!r}")
    return json.loads(resources.files("segedu.photos").joinpath(f"{name}.json").read_text("utf-8"))


def _photograph(stored: dict[str, Any]) -> npt.NDArray[np.uint8]:
    path = data_folder() / stored["photo"]
    if not path.is_file():
        raise FileNotFoundError(
            f"photos: expected {stored['photo']} in {path.parent}, but scikit-image "
            f"{metadata.version('scikit-image')} does not carry it; versions 0.24 to 0.26 do: "
            'pip install "scikit-image==0.26.*"'
        )
    image = read_pixels(path)
    found = digest(image)
    if found != stored["pixels_sha256"]:
        raise ValueError(
            f"photos: expected the pixels of {stored['photo']} that were labelled (SHA-256 "
            f"{stored['pixels_sha256'][:12]}…, shape {(*stored['size'], 3)}), got others ({found[:12]}…, "
            f'shape {image.shape}) in {path}; pip install "scikit-image==0.26.*" brings the labelled ones'
        )
    return image


def data_folder() -> Path:
    """Where scikit-image keeps its pictures. It is located, not imported, which would take a second.

    Raises
    ------
    FileNotFoundError
        If scikit-image is not installed.
    """
    spec = util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("photos: expected scikit-image to be installed; pip install scikit-image")
    return Path(spec.submodule_search_locations[0]) / "data"


def read_pixels(path: Path) -> npt.NDArray[np.uint8]:
    """A picture file as (H, W, 3) uint8."""
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"))


def digest(image: npt.NDArray[np.uint8]) -> str:
    """SHA-256 of the pixels in reading order, red, green, blue: the same however the file is compressed."""
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()
