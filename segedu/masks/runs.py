"""Run-length encoded masks measured without decoding them: area, box, and the pixels that two masks share.

A mask of 480 × 640 pixels has 307,200 of them, and some hundred places where it changes. All that is needed
here are those places, the *edges*: positions in column order where a run of ones starts, stops, starts again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.masks.rle import _read


def rle_edges(rle: Mapping[str, Any]) -> tuple[tuple[int, int], npt.NDArray[np.int64]]:
    """Where the runs of ones start and stop.

    Parameters
    ----------
    rle : mapping
        ``{"size": [H, W], "counts": ...}``, as `rle_decode` takes it.

    Returns
    -------
    size : (int, int)
        Height and width.
    edges : (2R,) int64 array
        Start, stop, start, stop, … of R runs, positions in column order. The stop is the first position after
        the run, so that ``stop - start`` is its length.

    Raises
    ------
    ValueError
        As `rle_decode`.

    Examples
    --------
    Two zeros, three ones, one zero:

    >>> rle_edges({"size": [2, 3], "counts": [2, 3, 1]})
    ((2, 3), array([2, 5]))
    """
    height, width, counts = _read(rle)
    return (height, width), np.cumsum(counts[: len(counts) // 2 * 2])  # zeros at the end have no edge


def edges_area(edges: npt.NDArray[np.int64]) -> int:
    """Count the pixels of a mask from its edges.

    Examples
    --------
    >>> edges_area(np.array([2, 5]))
    3
    """
    return int(edges[1::2].sum() - edges[::2].sum())


def edges_intersection(
    preds: Sequence[npt.NDArray[np.int64]], target: Sequence[npt.NDArray[np.int64]]
) -> npt.NDArray[np.int64]:
    """Count the pixels that each pair of masks shares, from their edges.

    Let F(x) be the number of pixels of the prediction before position x. It grows by one for each pixel inside
    a run and stays level outside, so it is known everywhere once it is known at the edges. A target's run from
    `start` to `stop` shares F(stop) − F(start) pixels with the prediction.

    Parameters
    ----------
    preds : P arrays of edges
    target : T arrays of edges
        As `rle_edges` returns them, all of masks of one size.

    Returns
    -------
    (P, T) int64 array

    Examples
    --------
    Ones at 2, 3, 4 and at 4, 5: the masks share position 4.

    >>> edges_intersection([np.array([2, 5])], [np.array([4, 6])])
    array([[1]])
    """
    places = np.concatenate([np.zeros(0, np.int64), *target])  # all edges of all targets
    ends = np.cumsum([len(edges) // 2 for edges in target], dtype=np.int64)
    shared = np.zeros((len(preds), len(target)), np.int64)
    if not len(places):
        return shared
    for p, edges in enumerate(preds):
        if not len(edges):
            continue
        before = np.zeros(len(edges))
        np.cumsum(np.diff(edges) * (np.arange(len(edges) - 1) % 2 == 0), out=before[1:])
        in_runs = np.diff(np.interp(places, edges, before))[::2]  # stop minus start of each run
        until = np.concatenate([[0], np.cumsum(in_runs)])[ends]
        shared[p] = np.diff(until, prepend=0)
    return shared


def edges_xywh(edges: npt.NDArray[np.int64], size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Find the smallest box around a mask from its edges: left, top, width, height; zeros for an empty mask.

    Examples
    --------
    In a mask of 2 rows, positions 2 to 4 are the whole second column and the top of the third:

    >>> edges_xywh(np.array([2, 5]), (2, 3))
    array([1., 0., 2., 2.])
    """
    height = size[0]
    starts, stops = edges[::2], edges[1::2]
    starts, lasts = starts[stops > starts], stops[stops > starts] - 1
    if not len(starts):
        return np.zeros(4)
    left, right = starts[0] // height, lasts[-1] // height
    if (starts // height != lasts // height).any():  # such a run touches the bottom, then the top
        top, bottom = 0, height - 1
    else:
        top, bottom = (starts % height).min(), (lasts % height).max()
    return np.array([left, top, right - left + 1, bottom - top + 1], np.float64)
