"""How many pixels each predicted segment shares with each true one, counted by runs of pixels.

Label maps are made of blobs, so neighbouring pixels mostly belong to the same pair of segments. A run of such
pixels costs as much here as one pixel does when every pixel is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segedu.scene import NO_INSTANCE, Scene

NO_SEGMENT = 0
"""Id of what is no segment: void pixels, and the partner of a segment that has none."""

_Bools = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SharedPixels:
    """The pairs of segments that share pixels, and how many they share.

    Segments are given by their places 1, 2, …; place 0 is void.
    """

    pred: _Ints
    target: _Ints
    pixels: _Ints


def joint_runs(*maps: npt.NDArray) -> tuple[_Ints, _Ints]:
    """Where a run of pixels begins that are equal in all maps, in reading order, and how long it is."""
    first, *others = (array.reshape(-1) for array in maps)
    begins = np.empty(first.size, bool)
    begins[0] = True
    np.not_equal(first[1:], first[:-1], out=begins[1:])
    for flat in others:
        begins[1:] |= flat[1:] != flat[:-1]
    starts = np.flatnonzero(begins)
    return starts, np.diff(starts, append=len(begins))


def scene_segments(scene: Scene, starts: _Ints) -> tuple[_Ints, _Ints, _Bools]:
    """Place of each run among the segments of its scene; labels of the places; which are crowds."""
    labels, instances = scene.semantic.reshape(-1)[starts], scene.instance.reshape(-1)[starts]
    labels = labels + np.uint8(1)  # void, 255, wraps around to 0; class 0 becomes 1
    num_instances = int(instances.max()) + 1
    keys = labels * np.int64(num_instances) + instances  # 0 is void
    place, found = _ranked(keys, num_instances * (len(scene.categories) + 1))
    classes = found // num_instances - 1
    isthing = np.array([*(category.isthing for category in scene.categories), False])  # the last: of class -1
    return place, classes, isthing[classes] & (found % num_instances == NO_INSTANCE)


def _ranked(keys: _Ints, num_keys: int) -> tuple[_Ints, _Ints]:
    """Rank of each key among the different ones and 0, and the different ones, rising."""
    if not _table_pays(num_keys, len(keys)):
        found = np.unique(np.append(keys, 0))
        return np.searchsorted(found, keys), found
    occurs = np.zeros(num_keys, bool)
    occurs[0] = occurs[keys] = True
    found = np.flatnonzero(occurs)
    rank = np.empty(num_keys, np.int64)
    rank[found] = np.arange(len(found))
    return rank[keys], found


def _table_pays(num_entries: int, num_runs: int) -> bool:
    """Whether a table of all that is possible is small beside what there is; if not, sorting is better."""
    return num_entries <= max(4 * num_runs, 2**14)


def listed_segments(
    ids: npt.NDArray[np.integer], starts: _Ints, labels: Mapping[int, int], name: str
) -> tuple[_Ints, _Ints, _Ints]:
    """Place of each run among the listed segments; ids of the places, rising; their labels."""
    if not isinstance(labels, Mapping):
        raise ValueError(f"{name}_labels: expected a mapping from id to class, got {type(labels).__name__}")
    known = _integers(sorted(labels), 1, f"ids in {name}_labels")
    classes = _integers([labels[i] for i in known.tolist()], 0, f"classes in {name}_labels")
    known, classes = np.append(NO_SEGMENT, known), np.append(-1, classes)
    found = ids.reshape(-1).take(starts).astype(np.int64)
    place = np.searchsorted(known[1:], found, side="right")  # the last id that is not larger
    unknown = found[known.take(place) != found]
    if len(unknown):
        raise ValueError(
            f"{name}: expected ids of {name}_labels, got {np.unique(unknown)[:5].tolist()} without one"
        )
    return place, known, classes


def check_all_seen(places: _Ints, ids: _Ints, name: str) -> None:
    """Raise a ValueError if a listed segment is at none of the places."""
    missing = ids[1:][np.bincount(places, minlength=len(ids))[1:] == 0]
    if len(missing):
        raise ValueError(
            f"{name}_labels: expected ids of the map, got {missing[:5].tolist()}, which have no pixel"
        )


def shared_pixels(pred: _Ints, target: _Ints, pixels: _Ints, shape: tuple[int, int]) -> SharedPixels:
    """Add up the runs of each pair of places. `shape` counts the places on either side."""
    pairs = pred * shape[1] + target
    if _table_pays(shape[0] * shape[1], len(pairs)):
        table = np.bincount(pairs, pixels, shape[0] * shape[1])
        found = np.flatnonzero(table)
        counts = table[found]
    else:
        found, inverse = np.unique(pairs, return_inverse=True)
        counts = np.bincount(inverse, pixels)
    return SharedPixels(found // shape[1], found % shape[1], counts.astype(np.int64))


def checked_ids(array: npt.NDArray, name: str) -> npt.NDArray:
    """Segment ids, (H, W), from ids or from COCO's colours; or a ValueError."""
    array = np.asarray(array)
    is_ids = array.ndim == 2 and np.issubdtype(array.dtype, np.integer)
    is_colors = array.ndim == 3 and array.shape[2] == 3 and array.dtype == np.uint8
    if not (is_ids or is_colors) or not array.size:
        raise ValueError(
            f"{name}: expected segment ids, (H, W) integers, or colours, (H, W, 3) uint8, "
            f"got {array.shape} and {array.dtype}"
        )
    return _ids_of_colors(array) if is_colors else array


def _ids_of_colors(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """R + 256·G + 256²·B: the three bytes of a pixel, read as one number with the lowest byte first."""
    data = np.append(colors, np.uint8(0))  # flat, and with a fourth byte to read behind the last pixel
    four_bytes: npt.NDArray[np.uint32] = np.ndarray(
        colors.shape[:2], "<u4", data, strides=(3 * colors.shape[1], 3)
    )
    return four_bytes & np.uint32(0xFFFFFF)


def _integers(values: list[int], least: int, name: str) -> _Ints:
    array = np.asarray(values)
    if array.size and not (np.issubdtype(array.dtype, np.integer) and array.min() >= least):
        raise ValueError(f"{name}: expected integers from {least}, got {values!r}")
    return array.astype(np.int64)
