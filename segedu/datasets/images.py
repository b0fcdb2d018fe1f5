"""Image files opened whole or not at all: bounded before memory is taken, and every error names the file.

Pillow decides what is a PNG or a JPEG; what it can open is more than a data set may hold. Here the size is held
to `MAX_PIXELS` while only the header is read, and a mode that would change values on the way is refused: the
palette indices of a label map must not come out as colours, 16 bits must not be cut to 8.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from os import PathLike
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from segedu.masks import MAX_PIXELS

AnyPath = str | PathLike[str]

SUFFIXES = (".png", ".jpg", ".jpeg")
"""How the names of photographs end in the data sets, in small or capital letters."""

_PHOTOGRAPHS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
_EIGHT_BIT = ("RGB", "L", "RGBA", "LA", "P", "1", "CMYK")  # modes that become RGB without a loss of depth
_MODES = {
    "1": "1 (one bit)",
    "L": "L (8-bit grey)",
    "P": "P (palette)",
    "I;16": "I;16 (16-bit grey)",
    "I": "I (16 or 32-bit grey)",
    "RGB": "RGB",
    "RGBA": "RGBA",
}


def read_image(source: Path | bytes, name: str = "", *, upright: bool = False) -> npt.NDArray[np.uint8]:
    """A photograph as red, green and blue.

    Grey becomes three equal channels; an alpha channel is left out.

    Parameters
    ----------
    source : Path or bytes
        A file, or what is in one.
    name : str
        For errors, where `source` is bytes.
    upright : bool
        Turn it as its EXIF orientation says, as annotation tools show it.

    Returns
    -------
    (H, W, 3) uint8 array

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is broken, larger than ``MAX_PIXELS``, of more than 8 bits a channel, or no photograph.
    """
    image = _loaded(source, name or str(source), _EIGHT_BIT, _PHOTOGRAPHS)
    if upright:
        image = ImageOps.exif_transpose(image)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def read_label_map(source: Path | bytes, name: str = "", *, modes: Iterable[str] = ("P", "L")) -> npt.NDArray:
    """The numbers that a PNG of labels holds, as they are.

    Parameters
    ----------
    source : Path or bytes
    name : str
        For errors, where `source` is bytes.
    modes : iterable of str
        Pillow's modes that are allowed. ``("P", "L")`` are 8 bits: a palette PNG gives its indices.

    Returns
    -------
    (H, W) integer array, bool array for mode "1", or (H, W, 3) uint8 array for "RGB"

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is broken, larger than ``MAX_PIXELS``, of another mode, or no PNG.
    """
    return np.asarray(_loaded(source, name or str(source), tuple(modes), ("PNG",)))


def read_sixteen_bit(path: Path) -> npt.NDArray:
    """The numbers of a 16-bit PNG: (H, W) integers. Pillow calls its mode ``I`` before version 11. Else as
    `read_label_map`."""
    return read_label_map(path, modes=("I;16", "I"))


def write_png(array: npt.NDArray, path: Path, *, palette: npt.NDArray[np.uint8] | None = None) -> None:
    """An array as a PNG: (H, W) uint8 or uint16, (H, W, 3) or (H, W, 4) uint8. A palette is (256, 3) uint8.

    Raises
    ------
    FileExistsError
        If there is such a file already.
    """
    image = Image.fromarray(np.ascontiguousarray(array))
    if palette is not None:
        image.putpalette(palette.tobytes())
    save_new(image, path)


def save_new(image: Image.Image, path: Path, **options: int) -> None:
    """Save under a name that is not taken yet; the ending says the format.

    Raises
    ------
    FileExistsError
        If there is such a file already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        image.save(file, format="JPEG" if path.suffix.lower() in (".jpg", ".jpeg") else "PNG", **options)


def by_stem(folder: Path, suffixes: Iterable[str] = SUFFIXES) -> dict[str, Path]:
    """The files of a folder by their names without ending, sorted.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If two files differ in the ending only: which one is meant?
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: expected a folder of {'/'.join(suffixes)} files, but there is none")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes and not path.name.startswith("."):
            if path.stem in found:
                raise ValueError(
                    f"{path}: expected one file named {path.stem}, got {found[path.stem].name} too"
                )
            found[path.stem] = path
    return found


def _loaded(source: Path | bytes, name: str, modes: tuple[str, ...], formats: tuple[str, ...]) -> Image.Image:
    wanted = formats[0] if len(formats) == 1 else f"{', '.join(formats[:-1])} or {formats[-1]}"
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=formats) as image:
            width, height = image.size
            if width * height <= MAX_PIXELS and image.mode in modes:
                image.load()
    except FileNotFoundError:
        raise FileNotFoundError(f"{name}: expected a {wanted} file, but there is none") from None
    except Image.DecompressionBombError as error:
        raise ValueError(f"{name}: expected at most {MAX_PIXELS} pixels; Pillow: {error}") from None
    except MemoryError:
        raise
    except Exception as error:  # of many kinds: a broken file may fail anywhere in Pillow
        raise ValueError(f"{name}: expected a whole {wanted} file; Pillow: {error}") from error
    if width * height > MAX_PIXELS:
        raise ValueError(f"{name}: expected at most {MAX_PIXELS} pixels, got {height}×{width}")
    if image.mode not in modes:
        expected = " or ".join(_MODES.get(mode, mode) for mode in modes)
        raise ValueError(f"{name}: expected mode {expected}, got {_MODES.get(image.mode, image.mode)}")
    return image
