"""What two label maps must be before they can be compared, and the errors that say what is wrong."""

from __future__ import annotations

import operator

import numpy as np
import numpy.typing as npt

MAX_CLASSES = 256


def checked_classes(num_classes: int, ignore_index: int | None) -> tuple[int, int | None]:
    """Both as plain integers, or a ValueError if they are none, out of range, or in each other's way."""
    if not (_is_integer(num_classes) and 1 <= num_classes <= MAX_CLASSES):
        raise ValueError(f"num_classes: expected an integer from 1 to {MAX_CLASSES}, got {num_classes!r}")
    if ignore_index is None:
        return operator.index(num_classes), None
    if not _is_integer(ignore_index):
        raise ValueError(f"ignore_index: expected an integer or None, got {ignore_index!r}")
    if 0 <= ignore_index < num_classes:
        raise ValueError(
            f"ignore_index: expected a label that is no class (0 to {num_classes - 1} are), "
            f"got {ignore_index}; pass ignore_index=None if no pixel is void"
        )
    return operator.index(num_classes), operator.index(ignore_index)


def checked_maps(preds: npt.ArrayLike, target: npt.ArrayLike) -> tuple[npt.NDArray, npt.NDArray]:
    """Both as arrays, or a ValueError if one does not hold integers or their shapes differ."""
    preds, target = _integers(preds, "preds"), _integers(target, "target")
    if preds.shape != target.shape:
        raise ValueError(
            f"preds and target: expected arrays of one shape, got {preds.shape} and {target.shape}"
        )
    return preds, target


def check_labels(
    preds: npt.NDArray,
    target: npt.NDArray,
    known: npt.NDArray[np.bool_],
    num_classes: int,
    ignore_index: int | None,
) -> None:
    """Raise a ValueError unless known pixels have a class in both maps; elsewhere preds may be void as well."""
    classes = f"class indices 0 to {num_classes - 1}"
    wrong = _outside(target, num_classes) & known
    if wrong.any():
        allowed = classes if ignore_index is None else f"{classes} or {ignore_index} (void)"
        hint = "; ignore_index=255 leaves 255 out" if ignore_index is None and 255 in target[wrong] else ""
        raise ValueError(f"target: expected {allowed}, got {_some(target[wrong])}{hint}")
    wrong = _outside(preds, num_classes)
    void = np.zeros(preds.shape, bool) if ignore_index is None else preds == ignore_index
    if (wrong & ~void).any():
        raise ValueError(f"preds: expected {classes}, got {_some(preds[wrong & ~void])}")
    if (void & known).any():
        raise ValueError(
            f"preds: expected {classes} wherever the truth is known, got {ignore_index} (void); predict the "
            "likeliest class there, or give 'no answer' a class of its own, which counts it as a miss"
        )


def _integers(labels: npt.ArrayLike, name: str) -> npt.NDArray:
    try:
        array = np.asarray(labels)
    except ValueError:
        raise ValueError(f"{name}: expected an array, got rows of different lengths") from None
    if array.dtype.kind == "b":
        raise ValueError(
            f"{name}: expected integer labels, got bool; mask.astype(np.uint8) makes a mask the classes 0 and 1"
        )
    if array.dtype.kind not in "iu":
        hint = "; the class of logits (C, H, W) is logits.argmax(0)" if name == "preds" else ""
        raise ValueError(f"{name}: expected integer labels, got dtype {array.dtype}{hint}")
    return array


def _outside(labels: npt.NDArray, num_classes: int) -> npt.NDArray[np.bool_]:
    return (labels < 0) | (labels >= num_classes)


def _some(labels: npt.NDArray) -> str:
    values = np.unique(labels).tolist()
    shown = ", ".join(str(value) for value in values[:5])
    return shown if len(values) <= 5 else f"{shown} and {len(values) - 5} more"


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
