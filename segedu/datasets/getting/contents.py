"""Is a data set whole? Files are counted, and where no checksum exists, pixels are compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

CAMVID_SIZE = (480, 360)  # width, height
CAMVID_LABELS = {
    # SHA-256 over the labels of a split in the order of their names: name, newline, then the class indices as
    # bytes in reading order. Made from the copy of the 701 labels that this project is tested with. The pixels
    # of each class in its train split are those that datadings (CAMVID.py, COUNTS) found in the same archive.
    "train": "551110b42ef461ca8cd97c61b36a5e3206f06c3fddf751dcecb36a060c7a0618",
    "val": "5b0fd0baf1ff9288ec11e0f9f53c4520272dbb42e3ffbf81378b8c68d2f0bf42",
    "test": "8aa2c3a0fbfecff75cd337fc911906ad08d9c3ad23940a4c6c42cfc63529e832",
}


def missing(root: Path, contents: Mapping[str, int]) -> list[str]:
    """What is not there, one phrase a pattern; empty for a whole data set.

    Parameters
    ----------
    root : Path
    contents : mapping of str to int
        How many files or folders match a pattern.

    Examples
    --------
    >>> missing(Path("nowhere"), {"val2017/*.jpg": 5000})
    ['0 of 5,000 val2017/*.jpg']
    """
    found = {glob: sum(1 for _ in root.glob(glob)) for glob in contents}
    return [
        f"{found[glob]:,} of {number:,} {glob}" for glob, number in contents.items() if found[glob] != number
    ]


def camvid_faults(root: Path) -> list[str]:
    """What is wrong with the images and labels in ``CamVid``, one sentence each; every file is decoded."""
    faults = []
    for split, expected in CAMVID_LABELS.items():
        for path in sorted((root / "CamVid" / split).glob("*.png")):
            fault, _ = _decoded(path)
            faults += [fault] if fault else []
        found = labels_digest(root / "CamVid" / (split + "annot"))
        if found != expected:
            faults.append(
                f"the labels of {split} are others than expected (SHA-256 of the pixels {found[:12]}…, not "
                f"{expected[:12]}…)"
            )
    return faults


def labels_digest(folder: Path) -> str:
    """SHA-256 over the names and pixels of a folder of label maps, however their files are compressed."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.png")):
        digest.update(path.stem.encode() + b"\n")
        fault, pixels = _decoded(path)
        digest.update(fault.encode() or pixels)
    return digest.hexdigest()


def _decoded(path: Path) -> tuple[str, bytes]:
    """What is wrong with an image of CamVid, and its pixels where nothing is."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            if image.size != CAMVID_SIZE:  # looked at before the pixels take memory
                return f"{path.name} has {image.width}×{image.height} pixels, expected 480×360", b""
            return "", image.tobytes()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"{path.name} cannot be read ({error})", b""
