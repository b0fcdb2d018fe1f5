"""Make the label files of this folder: ``python -m segedu.photos.make_labels`` (``--check`` only compares).

One function a photograph. It paints from back to front, as a painter would: first the stuff that lies behind,
then the things before it. Every outline was drawn by hand (`segedu.photos.outlines`) and is pulled onto the
edge beside it (`segedu.photos.snap`).

The refinement computes with floats. Another version of NumPy, SciPy or scikit-image may move a border by a
pixel here and there, so the stored files are the truth, and ``--check`` asks for IoU ≥ 0.98 in every segment.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.masks import mask_iou, rle_decode, rle_encode
from segedu.photos import outlines
from segedu.photos.painting import Painting
from segedu.photos.stored import Credit, data_folder, digest, read_pixels

AGREEMENT = 0.98
"""Least IoU between a stored segment and the one made anew."""


def coins(painting: Painting) -> None:
    """24 coins on a dark plate. The rims are brighter than the plate, so a loose circle is enough.

    Void: the black corners at the right, where the photographed plate ends.
    """
    plate = painting.segment("background")
    painting.fill(plate)
    dark = painting.gray < 50
    dark[:, :378] = False
    painting.map[dark] = 0
    turn = np.arange(24) * np.pi / 12
    for line in outlines.COINS.split():
        x, y, radius = map(float, line.split(","))
        circle = [(x + radius * np.cos(a), y + radius * np.sin(a), 5.0) for a in turn]
        painting.map[painting.inside(circle, side="bright", stiffness=3, trust=0.003)] = painting.segment(
            "coin"
        )


def coffee(painting: Painting) -> None:
    """A cup on a saucer, with a spoon whose handle passes behind the cup: one object in two pieces.

    The saucer is in two pieces too: a small one shows between cup and spoon.

    The foot of the cup ends at the black line of its shadow. No void.
    """
    drawn = outlines.COFFEE
    floor, table, saucer, cup, liquid, spoon = map(
        painting.segment, ("floor", "table", "saucer", "cup", "coffee", "spoon")
    )
    painting.paint(floor, drawn["floor"], reach=2.5)
    painting.fill(table)
    painting.paint(saucer, drawn["saucer"], reach=1.2)
    painting.paint(spoon, drawn["spoon behind the cup"], reach=1.5)
    painting.paint(cup, drawn["cup"], reach=2)
    painting.paint(liquid, drawn["coffee"], reach=2)
    painting.paint(spoon, drawn["spoon"], reach=1.5)


def chelsea(painting: Painting) -> None:
    """A cat before a background out of focus.

    The fur fades over five pixels where it is out of focus; the border runs through the middle. Void: the
    beige patch at the lower right, which may be her shoulder or a cushion. Whiskers are not drawn: before
    the background they are background.
    """
    drawn = outlines.CHELSEA
    background, cat = painting.segment("background"), painting.segment("cat")
    painting.fill(background)
    painting.paint(0, drawn["unclear"], reach=0)
    painting.paint(cat, drawn["cat"], reach=3, sigma=1.5)


def chelsea_parts(painting: Painting) -> None:
    """The same photograph for somebody who counts eyes: fur is stuff now, eyes and nose are things."""
    chelsea(painting)
    painting.segments[painting.segments.index("cat")] = "fur"
    drawn = outlines.CHELSEA
    for category, outline in (("eye", "left eye"), ("eye", "right eye"), ("nose", "nose")):
        painting.paint(painting.segment(category), drawn[outline], reach=1.2)


def astronaut(painting: Painting) -> None:
    """A portrait: a person, her helmet, a flag, and the model of a space shuttle on a table.

    Flag and model are out of focus; the border runs through the middle of their blur. The suit is part of
    the person, the helmet is not. No void.
    """
    drawn = outlines.ASTRONAUT
    wall, table, flag, model, person, helmet = map(
        painting.segment, ("backdrop", "table", "flag", "model", "person", "helmet")
    )
    painting.fill(wall)
    painting.paint(flag, drawn["flag"], reach=1.5)
    painting.paint(table, drawn["table"], reach=1.5)
    painting.paint(model, drawn["spacecraft"], reach=1.8)
    painting.paint(wall, drawn["gap"], reach=2.5)
    painting.paint(person, drawn["person"], reach=1.8)
    painting.paint(helmet, drawn["helmet"], reach=1.5)


def camera(painting: Painting) -> None:
    """A man filming on a lawn. Camera and tripod cut him into several pieces; he is one instance all the same.

    The skyline is buildings, trees, fences and goals: in grey, at this size, nobody can part them. Single
    hairs and thin masts are left to the sky. Void: the white heap on the lawn.
    """
    drawn = outlines.CAMERA
    sky, skyline, grass, person, tripod, film = map(
        painting.segment, ("sky", "skyline", "grass", "person", "tripod", "camera")
    )
    painting.paint(sky, drawn["sky"], reach=1.5)
    painting.paint(grass, drawn["grass"], reach=1)
    painting.fill(skyline)
    painting.paint(0, drawn["white heap"], reach=0.7)
    painting.paint(person, drawn["person"], reach=1.8)
    for part, outline in list(drawn.items())[list(drawn).index("person") + 1 :]:
        owner = film if part in ("camera", "strap", "lens cap") else tripod
        painting.paint(owner, outline, reach=0.7)


@dataclass(frozen=True)
class Recipe:
    """What a label file says besides the segments. A category is (name, is it a thing, colour)."""

    photo: str
    credit: Credit
    paint: Callable[[Painting], None]
    categories: list[tuple[str, bool, tuple[int, int, int]]]


def _credit(title: str, author: str, terms: str, function: str) -> Credit:
    page = "https://scikit-image.org/docs/stable/api/skimage.data.html"  # which states author and terms
    return Credit(title, author, terms, f"{page}#skimage.data.{function}")


_NO_KNOWN = "No known copyright restrictions"
_CHELSEA = _credit("Chelsea the cat", "Stéfan van der Walt", "CC0", "chelsea")

# Colours lie at least 25 CIELAB units apart, for readers who see red, green or blue differently too.
RECIPES = {
    "coins": Recipe(
        "coins.png",
        _credit("Greek coins from Pompeii", "Brooklyn Museum Collection", _NO_KNOWN, "coins"),
        coins,
        [("background", False, (51, 68, 119)), ("coin", True, (238, 170, 34))],
    ),
    "coffee": Recipe(
        "coffee.png",
        _credit("Coffee cup", "Rachel Michetti, courtesy of Pikolo Espresso Bar", "CC0", "coffee"),
        coffee,
        [
            ("floor", False, (34, 34, 51)),
            ("table", False, (221, 204, 136)),
            ("saucer", True, (0, 119, 187)),
            ("cup", True, (238, 51, 119)),
            ("coffee", False, (119, 68, 17)),
            ("spoon", True, (85, 204, 238)),
        ],
    ),
    "chelsea": Recipe(
        "chelsea.png",
        _CHELSEA,
        chelsea,
        [("background", False, (51, 85, 136)), ("cat", True, (238, 153, 51))],
    ),
    "chelsea_parts": Recipe(
        "chelsea.png",
        _CHELSEA,
        chelsea_parts,
        [
            ("background", False, (51, 85, 136)),
            ("fur", False, (230, 204, 153)),
            ("eye", True, (34, 187, 204)),
            ("nose", True, (221, 51, 85)),
        ],
    ),
    "astronaut": Recipe(
        "astronaut.png",
        _credit("The astronaut Eileen Collins", "NASA", f"{_NO_KNOWN}, public domain", "astronaut"),
        astronaut,
        [
            ("backdrop", False, (204, 204, 187)),
            ("table", False, (40, 40, 50)),
            ("flag", True, (0, 85, 187)),
            ("model", True, (204, 51, 136)),
            ("person", True, (238, 153, 51)),
            ("helmet", True, (85, 204, 238)),
        ],
    ),
    "camera": Recipe(
        "camera.png",
        _credit("A man with a camera", "Lav Varshney", "CC0", "camera"),
        camera,
        [
            ("sky", False, (187, 221, 245)),
            ("skyline", False, (150, 145, 160)),
            ("grass", False, (34, 102, 68)),
            ("person", True, (238, 102, 51)),
            ("tripod", True, (34, 34, 170)),
            ("camera", True, (255, 204, 51)),
        ],
    ),
}


def make(name: str) -> dict[str, Any]:
    """The content of one label file."""
    recipe = RECIPES[name]
    image = read_pixels(data_folder() / recipe.photo)
    painting = Painting(image)
    recipe.paint(painting)
    painting.tidy()
    return {
        "photo": recipe.photo,
        "size": list(image.shape[:2]),
        "pixels_sha256": digest(image),
        "credit": asdict(recipe.credit),
        "categories": [
            {"id": number, "name": category, "isthing": isthing, "color": list(color)}
            for number, (category, isthing, color) in enumerate(recipe.categories, start=1)
        ],
        "segments": [
            {"category": category, "rle": _text_rle(painting.map == number)}
            for number, category in enumerate(painting.segments, start=1)
        ],
    }


def _text_rle(mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
    rle = rle_encode(mask, compressed=True)
    counts = rle["counts"]
    return {"size": rle["size"], "counts": counts.decode("ascii") if isinstance(counts, bytes) else counts}


def text(labels: dict[str, Any]) -> str:
    """A label file as text: one line for each entry, category and segment, so that differences can be read."""

    def lines(value: Any) -> str:
        if not (isinstance(value, list) and isinstance(value[0], dict)):
            return json.dumps(value, ensure_ascii=False)
        return "[\n  " + ",\n  ".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n ]"

    return "{\n " + ",\n ".join(f'"{key}": {lines(value)}' for key, value in labels.items()) + "\n}\n"


def agreement(made: dict[str, Any], stored: dict[str, Any]) -> float:
    """Least IoU over the segments of two label files; 0 if they differ in anything but the masks."""

    def rest(labels: dict[str, Any]) -> dict[str, Any]:
        return labels | {"segments": [segment["category"] for segment in labels["segments"]]}

    if rest(made) != rest(stored):
        return 0.0
    pairs = zip(made["segments"], stored["segments"], strict=True)
    return min(float(mask_iou(*(rle_decode(s["rle"])[None] for s in pair))[0, 0]) for pair in pairs)


def main(arguments: list[str] | None = None) -> int:
    """Write the label files, or compare them with what would be written; 1 if they differ."""
    parser = argparse.ArgumentParser(prog="python -m segedu.photos.make_labels", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RECIPES)}; none means all")
    parser.add_argument("--check", action="store_true", help="write nothing, compare with the stored files")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(RECIPES))
    if unknown:
        parser.error(f"expected names out of {', '.join(RECIPES)}, got {', '.join(unknown)}")
    failed = False
    for name in options.names or RECIPES:
        path = Path(__file__).with_name(f"{name}.json")
        labels = make(name)
        if options.check:
            iou = agreement(labels, json.loads(path.read_text("utf-8")))
            failed |= iou < AGREEMENT
            print(f"{name}: least IoU of a segment, made anew against stored: {iou:.4f}")
        else:
            path.write_text(text(labels), "utf-8")
            print(f"{name}: {len(labels['segments'])} segments, {path.stat().st_size} bytes")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
