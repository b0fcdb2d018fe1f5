"""Panoptic fusion: a semantic answer and an instance answer become one panoptic one, without overlaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segedu.instances import Instances
from segedu.scene import NO_INSTANCE, VOID, Category, Scene


def panoptic_fusion(
    semantic: npt.ArrayLike,
    instances: Instances,
    *,
    image: npt.NDArray[np.uint8],
    categories: Sequence[Category],
    min_stuff_area: int,
    min_score: float = 0.5,
    max_overlap: float = 0.5,
) -> Scene:
    """Give every pixel to one object, to a stuff class, or to void.

    1. Objects below `min_score` go.
    2. The others are placed, surest first, each on the pixels that are still free. One of which more than
       `max_overlap` is taken already is a second answer for the same thing, and goes.
    3. What is left gets its stuff class. Where `semantic` says a thing, there is no object to give it to: void.
    4. A stuff class that keeps fewer than `min_stuff_area` pixels in the image becomes void: as a segment it
       would be one more error.

    Parameters
    ----------
    semantic : (H, W) integer array, or (C, H, W) float array
        Class index of each pixel, or ``VOID``; or the logits of all C categories, of which the largest counts.
    instances : Instances
        Predicted objects. They may overlap. Masks without a pixel are left out.
    image : (H, W, 3) uint8 array
        What was segmented: a `Scene` has its image.
    categories : sequence of Category
    min_stuff_area : int
        In pixels of this image. ``panopticapi`` takes 64² for COCO's images of about 640×480, 1.3 % of them;
        0 keeps everything.
    min_score : float
        An object with exactly this score stays.
    max_overlap : float
        Share of an object's pixels, from 0 to 1, that may be taken by surer ones. 1 keeps all that is not
        wholly covered.

    Returns
    -------
    Scene
        Instances are numbered by score: 1 is the surest. Of equal scores the earlier object comes first.

    Raises
    ------
    ValueError
        If sizes do not fit, a label is no class, an object's class is stuff, or an object is a crowd.

    Notes
    -----
    Sources: Kirillov et al. 2019, *Panoptic Segmentation*, arXiv:1801.00868, §7, and ``panopticapi``, which
    adds step 4 and from which the thresholds come.

    Examples
    --------
    Two cars on a road. The second car is found twice; of the less sure answer two of three pixels are taken.

    >>> categories = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> masks = np.array([[[1, 1, 0, 0, 0, 0]], [[0, 0, 0, 1, 1, 0]], [[0, 0, 1, 1, 1, 0]]], bool)
    >>> instances = Instances(masks, labels=[1, 1, 1], scores=[0.7, 0.9, 0.8])
    >>> scene = panoptic_fusion(
    ...     np.array([[1, 1, 1, 1, 0, 0]]), instances,
    ...     image=np.zeros((1, 6, 3), np.uint8), categories=categories, min_stuff_area=0,
    ... )
    >>> scene.instance
    array([[2, 2, 0, 1, 1, 0]], dtype=int32)

    The third pixel was called a car, but no object has it: void.

    >>> scene.semantic
    array([[  1,   1, 255,   1,   1,   0]], dtype=uint8)
    """
    categories = tuple(categories)
    labels = _label_map(semantic, len(categories))  # (H, W)
    _check_instances(instances, labels.shape, categories)
    kept, instance = place_instances(instances, min_score=min_score, max_overlap=max_overlap)

    isthing = np.array([category.isthing for category in categories])
    stuff = np.where(np.isin(labels, np.flatnonzero(isthing)), VOID, labels)
    stuff[instance != NO_INSTANCE] = VOID
    areas = np.bincount(stuff.ravel(), minlength=VOID + 1)  # (256,) pixels of each class
    stuff[areas[stuff] < min_stuff_area] = VOID

    things = np.append(VOID, instances.labels[kept])[instance]  # (H, W), VOID where there is no object
    return Scene(image, np.where(instance == NO_INSTANCE, stuff, things), instance, categories)


def place_instances(
    instances: Instances, *, min_score: float = 0.5, max_overlap: float = 0.5
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Steps 1 and 2 of `panoptic_fusion`: let objects that overlap share out their pixels, surest first.

    Parameters
    ----------
    instances : Instances
    min_score : float
    max_overlap : float

    Returns
    -------
    kept : (K,) int64 array
        Positions in `instances` of the objects that stay, surest first.
    instance : (H, W) int32 array
        k where ``kept[k - 1]`` has the pixel, ``NO_INSTANCE`` where nobody has.

    Raises
    ------
    ValueError
        If `max_overlap` is no share.

    Examples
    --------
    >>> masks = np.array([[[1, 1, 1, 0]], [[0, 0, 1, 1]]], bool)
    >>> place_instances(Instances(masks, labels=[0, 0], scores=[0.6, 0.9]))
    (array([1, 0]), array([[2, 2, 1, 1]], dtype=int32))
    """
    if not 0 <= max_overlap <= 1:
        raise ValueError(f"max_overlap: expected a share from 0 to 1, got {max_overlap}")
    scores = np.ones(len(instances)) if instances.scores is None else instances.scores
    kept: list[int] = []
    instance = np.zeros(instances.masks.shape[1:], np.int32)
    for position in np.argsort(-scores, kind="stable").tolist():
        if scores[position] < min_score:
            break
        mask = instances.masks[position]
        free = mask & (instance == NO_INSTANCE)
        area = np.count_nonzero(mask)
        taken = area - np.count_nonzero(free)
        if taken == area or taken / area > max_overlap:  # a mask without a pixel has taken = area = 0
            continue
        kept.append(position)
        instance[free] = len(kept)
    return np.array(kept, np.int64), instance


def _label_map(semantic: npt.ArrayLike, num_classes: int) -> npt.NDArray[np.int64]:
    """Class index of each pixel, or VOID, from a map or from logits."""
    array = np.asarray(semantic)
    if array.ndim == 3 and len(array) == num_classes and np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all():
            raise ValueError("semantic: expected finite logits, got NaN or infinity")
        return array.argmax(axis=0)
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"semantic: expected integers (H, W), or float logits ({num_classes}, H, W), got {array.dtype} of "
            f"{array.shape}; take the image k of a batch by logits[k]"
        )
    outside = array[((array < 0) | (array >= num_classes)) & (array != VOID)]
    if outside.size:
        raise ValueError(
            f"semantic: expected class indices 0 to {num_classes - 1} or {VOID} (void), got {outside[0]}"
        )
    return array.astype(np.int64)


def _check_instances(instances: Instances, size: tuple[int, ...], categories: tuple[Category, ...]) -> None:
    if not isinstance(instances, Instances):
        raise ValueError(f"instances: expected segedu.Instances, got {type(instances).__name__}")
    if instances.masks.shape[1:] != size:
        raise ValueError(
            f"semantic and instances: expected one height and width, got {size} and {instances.masks.shape[1:]}"
        )
    if instances.crowd is not None and instances.crowd.any():
        raise ValueError(
            f"instances: expected single objects, got {instances.crowd.sum()} crowds; "
            "crowds belong to the truth, leave them out"
        )
    for label in np.unique(instances.labels).tolist():
        if label >= len(categories):
            raise ValueError(f"instances: expected class indices 0 to {len(categories) - 1}, got {label}")
        if not categories[label].isthing:
            raise ValueError(
                f"instances: expected things, got class {label}, {categories[label].name!r}, which is stuff"
            )
