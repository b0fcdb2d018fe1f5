"""What COCO's annotation files have in common: a list of images and a list of categories.

Category ids run to 90 in COCO and have gaps, so they are translated to positions in the list; the list comes
from the file itself. Lin et al. 2014, https://arxiv.org/abs/1405.0312
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from segedu.datasets.images import AnyPath
from segedu.datasets.json_files import read_json, short, take, take_each, take_flag
from segedu.datasets.palette import voc_color
from segedu.masks.rle import checked_size
from segedu.scene import VOID, Category


class CocoImage(NamedTuple):
    """What a COCO file says of one image."""

    file_name: str
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class CocoFile:
    """A COCO file: images by ascending id, categories in the order of the file, annotations as they stand."""

    path: Path
    images: dict[int, CocoImage]
    categories: tuple[Category, ...]
    annotations: list[Any]

    def index(self) -> dict[int, int]:
        """From category ids to class indices."""
        return {category.id: index for index, category in enumerate(self.categories)}


def read_coco(path: AnyPath, *, things_only: bool) -> CocoFile:
    """Read a COCO file.

    Parameters
    ----------
    path : path
    things_only : bool
        True for instance files: a category that does not say ``isthing`` is a thing. Panoptic files must say.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no JSON, if a field is missing or of another kind, if an id comes twice, or if there are no
        images, no categories, or more than 255 of them.
    """
    path = Path(path)
    content = read_json(path)
    images = _unique(take_each(content, "images", _image, str(path)), "image", path)

    def category(record: Any, where: str) -> tuple[int, tuple[str, bool, Any]]:
        isthing = take_flag(record, "isthing", where, default=True if things_only else None)
        name = take(record, "name", str, where)
        return take(record, "id", int, where), (name, isthing, record.get("color"))

    described = _unique(take_each(content, "categories", category, str(path)), "category", path)
    if len(described) > VOID:
        raise ValueError(f"{path}: expected at most {VOID} categories, got {len(described)}")
    categories = tuple(
        _category(id, name, isthing, voc_color(id % VOID) if color is None else color, str(path))
        for id, (name, isthing, color) in described.items()
    )
    return CocoFile(
        path, dict(sorted(images.items())), categories, take(content, "annotations", list, str(path))
    )


def image_path(folder: Path, image: CocoImage, json: Path) -> Path:
    """Where the photograph lies.

    Raises
    ------
    ValueError
        If its name would lead out of the folder.
    """
    name = Path(image.file_name)
    if name.is_absolute() or ".." in name.parts:
        raise ValueError(f"{json}: expected a file name inside the folder of images, got {image.file_name!r}")
    return folder / name


def check_is_folder(folder: AnyPath, what: str) -> Path:
    """A folder that is there.

    Raises
    ------
    FileNotFoundError
        If it is not.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: expected a folder of {what}, but there is none")
    return folder


def _image(record: Any, where: str) -> tuple[int, CocoImage]:
    id, name = take(record, "id", int, where), take(record, "file_name", str, where)
    size = take(record, "height", int, where), take(record, "width", int, where)
    return id, CocoImage(name, checked_size(size, f"{where} ({name}): height and width"))


def _category(id: int, name: str, isthing: bool, color: Any, where: str) -> Category:
    try:
        red, green, blue = color
        return Category(id, name, isthing, (red, green, blue))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: category {id}: {error}; its color is {short(color)}") from None


def _unique(pairs: list[tuple[int, Any]], what: str, path: Path) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for id, value in pairs:
        if id in found:
            raise ValueError(f"{path}: expected each {what} id once, got {id} more than once")
        found[id] = value
    if not found:
        raise ValueError(f"{path}: expected at least one {what}, got none")
    return found
