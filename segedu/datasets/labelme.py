"""Photographs annotated with LabelMe: a JSON file beside each, with the shapes that somebody drew.

Shapes of one label and one ``group_id`` are one object; a shape without a group is an object of its own.
The format is that of https://github.com/wkentaro/labelme (versions 3 to 6).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.datasets.dataset import Dataset, some
from segedu.datasets.images import AnyPath, read_image, read_label_map
from segedu.datasets.json_files import read_json, short, take
from segedu.datasets.layers import Layer, Overlap, flatten
from segedu.datasets.outlines import check_inside, outlines_to_mask
from segedu.datasets.palette import voc_color
from segedu.masks.rle import checked_size
from segedu.scene import NO_INSTANCE, VOID, Category


class LabelMe(Dataset):
    """A folder of photographs annotated with LabelMe.

    Parameters
    ----------
    folder : path
        Holds a JSON file for each photograph.
    labels : sequence of str, optional
        The names of the classes, by index. None takes those that are in the files, in alphabetical order: then
        another folder may have other indices, so name them where you train.
    stuff : iterable of str
        Which of them are no things.
    background : str, optional
        The name of a class of stuff for the pixels that no shape covers, put first unless `labels` has it; None
        leaves them void, since nobody labelled them.
    void : str
        The label of shapes whose pixels are void.

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder is missing or has no such file, if a file is broken, or if it has a label that is not in
        `labels`; when a scene is read, if its photograph or a shape is broken. The message names the file.

    Notes
    -----
    The later shape is in front, as in LabelMe's own exports; `overlaps` counts what others lost. Polygons are
    filled by COCO's rule (`segedu.masks.polygons_to_mask`), not by Pillow's, which adds an outline. Polygons,
    rectangles (turned ones too), circles and masks have pixels; points and lines are refused. Photographs are
    turned upright as their EXIF data say, since LabelMe shows them so.
    """

    def __init__(
        self,
        folder: AnyPath,
        *,
        labels: Sequence[str] | None = None,
        stuff: Iterable[str] = (),
        background: str | None = None,
        void: str = "__ignore__",
    ) -> None:
        self.folder, self.split, self.void = Path(folder), Path(folder).name, void
        if not self.folder.is_dir():
            raise FileNotFoundError(f"{folder}: expected a folder of LabelMe's JSON files, but there is none")
        self._paths = sorted(self.folder.glob("*.json"))
        if not self._paths:
            raise ValueError(f"{folder}: expected LabelMe's JSON files, got none")
        self.ids: tuple[str, ...] = tuple(path.stem for path in self._paths)
        used = {name: path for path in self._paths for name in _labels_of(path) if name != void}
        names = sorted(used) if labels is None else [name for name in labels if name != void]
        unknown = [f"{name!r} in {used[name]}" for name in sorted(used) if name not in names]
        if unknown:
            raise ValueError(f"{folder}: expected the labels {', '.join(names)} or {void}, got {some(unknown)}")
        if background is not None and background not in names:
            names.insert(0, background)
        if not names or len(set(names)) < len(names):
            raise ValueError(f"{folder}: expected at least one label, and each once, got {names}")
        regions = {*stuff}
        if not regions <= set(names):
            raise ValueError(
                f"stuff: expected some of {', '.join(names)}, got {some(sorted(regions - set(names)))}"
            )
        self.background, self._options = background, (background, void)
        first = 0 if background is not None and names[0] == background else 1
        self.categories = tuple(
            Category(k, name, name not in {*regions, background}, voc_color(k))
            for k, name in enumerate(names, start=first)
        )
        self._index = {name: k for k, name in enumerate(names)} | {void: VOID}

    def overlaps(self, index: int) -> tuple[Overlap, ...]:
        return self._flat(self._position(index))[2]

    def _files(self, k: int) -> dict[str, Path]:
        record = read_json(self._paths[k])
        if isinstance(record, dict) and record.get("imageData"):
            return {"json": self._paths[k]}
        return {"image": _photograph(record, self._paths[k]), "json": self._paths[k]}

    def _read_image(self, k: int) -> npt.NDArray[np.uint8]:
        path = self._paths[k]
        record = read_json(path)
        if record.get("imageData"):
            where = f"{path}: imageData"
            return read_image(_decoded(record["imageData"], where), where, upright=True)
        return read_image(_photograph(record, path), upright=True)

    def _read_labels(self, k: int) -> tuple[npt.NDArray, npt.NDArray]:
        return self._flat(k)[:2]

    def _flat(self, k: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], tuple[Overlap, ...]]:
        path = self._paths[k]
        record = read_json(path)
        height, width = record.get("imageHeight"), record.get("imageWidth")
        if height is None or width is None:
            height, width = self._read_image(k).shape[:2]
        size = checked_size((height, width), f"{path}: imageHeight and imageWidth")
        ground = VOID if self.background is None else self._index[self.background]
        return flatten(self._layers(record, size, path), size, ground=ground)

    def _layers(self, record: Any, size: tuple[int, int], path: Path) -> Iterator[Layer]:
        first: dict[tuple[str, int | str], int] = {}  # the first shape of each group
        instances: dict[int, int] = {}  # the number of the object that a first shape begins
        for k, shape in enumerate(take(record, "shapes", list, str(path))):
            where = f"{path}: shapes[{k}]"
            name = take(shape, "label", str, where)
            label, group = self._index[name], shape.get("group_id")
            if group is not None and not isinstance(group, int | str):
                raise ValueError(f"{where}: expected a number or null in 'group_id', got {short(group)}")
            object = k if group is None else first.setdefault((name, group), k)
            instance = NO_INSTANCE
            if label != VOID and self.categories[label].isthing:
                instance = instances.setdefault(object, len(instances) + 1)
            yield Layer(object, label, instance, _shape_to_mask(shape, size, where)).cropped()


def _labels_of(path: Path) -> list[str]:
    record = read_json(path)
    shapes = take(record, "shapes", list, f"{path}: no LabelMe file")
    return [take(shape, "label", str, f"{path}: shapes[{k}]") for k, shape in enumerate(shapes)]


def _photograph(record: Any, path: Path) -> Path:
    name = take(record, "imagePath", str, str(path))
    return path.parent / PureWindowsPath(name).as_posix()  # written on Windows, it has backslashes


def _decoded(text: Any, where: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise ValueError(f"{where}: expected base64, got something else: {error}") from None


def _shape_to_mask(shape: Any, size: tuple[int, int], where: str) -> npt.NDArray[np.bool_]:
    kind = shape.get("shape_type") or "polygon"
    points = take(shape, "points", list, where)
    if kind in ("point", "line", "linestrip", "points"):
        raise ValueError(
            f"{where}: expected a polygon, rectangle, circle or mask, got {kind!r}: it has no area"
        )
    if kind not in ("polygon", "rectangle", "oriented_rectangle", "circle", "mask"):
        raise ValueError(f"{where}: expected a polygon, rectangle, circle or mask, got {kind!r}")
    try:
        if kind in ("polygon", "oriented_rectangle"):
            return outlines_to_mask([points], size)
        (x0, y0), (x1, y1) = _two_points(points)
        if kind == "rectangle":
            return outlines_to_mask([[x0, y0, x1, y0, x1, y1, x0, y1]], size)
        if kind == "circle":
            return _disc((x0, y0), np.hypot(x1 - x0, y1 - y0), size)
        part = (
            read_label_map(_decoded(take(shape, "mask", str, where), where), "its mask", modes=("1", "L")) > 0
        )
        return _placed(part, round(min(y0, y1)), round(min(x0, x1)), size)
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(where) else f"{where}: {error}") from None


def _two_points(points: list[Any]) -> list[list[float]]:
    array = np.asarray(points, np.float64)
    if array.shape != (2, 2) or not np.isfinite(array).all():
        raise ValueError(f"expected two points of x and y, got {short(points)}")
    return array.tolist()


def _disc(middle: tuple[float, float], radius: float, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """The pixels whose middle lies in a circle."""
    x, y = middle
    check_inside(np.array([x - radius, x + radius]), np.array([y - radius, y + radius]), size)
    rows, columns = np.ogrid[: size[0], : size[1]]
    return (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= radius**2


def _placed(part: npt.NDArray[np.bool_], top: int, left: int, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """A mask that was stored as its part of the image."""
    height, width = part.shape
    if top < 0 or left < 0 or top + height > size[0] or left + width > size[1]:
        raise ValueError(
            f"expected a mask inside the image of {size[0]}×{size[1]}, "
            f"got {height}×{width} at row {top}, column {left}"
        )
    mask = np.zeros(size, bool)
    mask[top : top + height, left : left + width] = part
    return mask
