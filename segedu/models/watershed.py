"""From a map of probabilities to single objects, without a network that knows objects: the watershed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segedu.instances import Instances


def watershed_instances(
    probability: npt.ArrayLike,
    *,
    threshold: float = 0.5,
    depth: float = 1.0,
    min_area: int = 1,
    label: int = 1,
) -> Instances:
    """Cut a foreground into objects where it is narrow.

    The foreground's distance to the background is a landscape: each round object is a hill, and two that touch
    are two hills with a saddle between them. From each hilltop its number runs down until it meets another's.

    Parameters
    ----------
    probability : (H, W) array
        Of the foreground, 0 to 1, for example a U-Net's softmax.
    threshold : float
        Foreground is what reaches it.
    depth : float
        In pixels: how far down it has to go from a hilltop before the next one is another object. Less cuts
        more.
    min_area : int
        Objects of fewer pixels are dropped.
    label : int
        Class index of all objects.

    Returns
    -------
    Instances
        Masks that do not overlap. An object's score is the mean probability on its pixels.

    Raises
    ------
    ValueError
        If `probability` is no (H, W) array of numbers from 0 to 1, or another number is out of range.

    Notes
    -----
    Source: Beucher and Lantuéjoul 1979; scikit-image computes it. It knows shapes, not nuclei: a long object
    with a waist is cut, and two that touch along most of their width stay one.

    Examples
    --------
    Two discs of radius 6 that overlap a little:

    >>> rows, columns = np.mgrid[:15, :26]
    >>> discs = [(rows - 7) ** 2 + (columns - c) ** 2 <= 36 for c in (7, 18)]
    >>> foreground = discs[0] | discs[1]
    >>> watershed_instances(foreground)
    Instances(2 of 15×26 pixels, 0 crowds)
    >>> watershed_instances(foreground, depth=6)
    Instances(1 of 15×26 pixels, 0 crowds)
    """
    from skimage.morphology import local_maxima, reconstruction
    from skimage.segmentation import watershed

    probability = np.asarray(probability, np.float64)
    if probability.ndim != 2 or not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError(
            f"probability: expected an array (H, W) of numbers from 0 to 1, got shape {probability.shape}"
            + ("" if probability.ndim != 2 else f", {probability.min()} to {probability.max()}")
        )
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold: expected a number above 0, at most 1, got {threshold}")
    if not depth > 0:
        raise ValueError(f"depth: expected a number of pixels above 0, got {depth}")
    if min_area < 1:
        raise ValueError(f"min_area: expected at least 1 pixel, got {min_area}")
    foreground = probability >= threshold  # (H, W)
    framed = np.pad(foreground, 1)  # beyond the image there is background, as far as anyone knows
    height = ndimage.distance_transform_edt(framed)  # (H + 2, W + 2), at least 1 on the foreground
    lowered = np.where(framed, np.maximum(height - depth, 0.5), 0)  # at least something of each object stays
    flattened = reconstruction(lowered, height)  # tops are cut off, and dents less deep than `depth` are gone
    tops, _ = ndimage.label(local_maxima(flattened), np.ones((3, 3)))
    objects = watershed(-height, tops, mask=framed)[1:-1, 1:-1]  # (H, W), 0 on the background
    areas = np.bincount(objects.ravel())
    numbers = np.flatnonzero(areas >= min_area)
    numbers = numbers[numbers > 0]
    means = ndimage.mean(probability, objects, numbers) if len(numbers) else np.zeros(0)
    return Instances(
        masks=objects[None] == numbers[:, None, None],
        labels=np.full(len(numbers), label),
        scores=np.asarray(means),
    )
