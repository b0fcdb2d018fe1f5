"""The measures of semantic segmentation, each from the confusion matrix alone.

In the formulas n is the matrix (rows = truth), Σ a sum over classes, and for each class c::

    tp = n[c, c]          right: true and predicted c
    truth = Σⱼ n[c, j]    all pixels that are c            (the row)
    pred = Σᵢ n[i, c]     all pixels that were called c    (the column)

What is undefined (0 / 0) is NaN, and every mean leaves it out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]

_EXACT = 2**53  # up to here float64 holds every integer


def pixel_accuracy(confmat: npt.ArrayLike) -> float:
    """The share of all known pixels that are right (PA).

    ::

        PA = Σ tp / Σ truth

    One large class can decide it alone: where 95 % of the pixels are sky, calling everything sky gives .95.

    Parameters
    ----------
    confmat : (C, C) array of counts
        Rows are the truth, as `confusion_matrix` gives it.

    Returns
    -------
    float
        From 0 to 1; NaN if the matrix is empty (all pixels were void).

    Raises
    ------
    ValueError
        If `confmat` is not square or holds anything but counts. So do all functions here.

    Notes
    -----
    Source: Long, Shelhamer and Darrell, CVPR 2015, arXiv:1411.4038, section 5 (there *pixel accuracy*).

    Examples
    --------
    The matrix of `confusion_matrix`'s example: 9 of 11 pixels are right.

    >>> confmat = np.array([[6, 0, 0],
    ...                     [1, 3, 0],
    ...                     [0, 1, 0]])
    >>> pixel_accuracy(confmat) == 9 / 11
    True
    """
    tp, truth, _ = _totals(confmat)
    return float(_ratio(tp.sum(), truth.sum()))


def mean_pixel_accuracy(confmat: npt.ArrayLike) -> float:
    """The mean over classes of the share of each class that was found (MPA): the mean *recall*.

    ::

        MPA = mean over c of tp / truth

    Parameters
    ----------
    confmat : (C, C) array of counts

    Returns
    -------
    float
        From 0 to 1. Classes absent from the truth are left out; NaN if all are.

    Notes
    -----
    Source: Long et al. 2015 (there *mean accuracy*). Not the mean precision: the truth's totals divide.

    Examples
    --------
    6 of 6, 3 of 4, 0 of 1:

    >>> confmat = np.array([[6, 0, 0],
    ...                     [1, 3, 0],
    ...                     [0, 1, 0]])
    >>> round(mean_pixel_accuracy(confmat), 4) == round((1 + 3 / 4 + 0) / 3, 4)
    True
    """
    return _mean(recall_per_class(confmat))


def iou_per_class(confmat: npt.ArrayLike) -> _Floats:
    """Intersection over union of each class: what was right, of all that was the class or was called so.

    ::

        IoU = tp / (truth + pred - tp)

    Also called the Jaccard index.

    Parameters
    ----------
    confmat : (C, C) array of counts

    Returns
    -------
    (C,) float64 array
        From 0 to 1. NaN for a class that is neither true nor predicted anywhere; 0 for one that is only
        predicted.

    Notes
    -----
    Source: Everingham et al., IJCV 2010 and 2015 (PASCAL VOC), where one matrix of the whole data set is used.
    Taken per image and then averaged, it is another measure.

    Examples
    --------
    6 of 7, 3 of 5, 0 of 1, and a fourth class that nobody saw:

    >>> confmat = np.array([[6, 0, 0, 0],
    ...                     [1, 3, 0, 0],
    ...                     [0, 1, 0, 0],
    ...                     [0, 0, 0, 0]])
    >>> iou_per_class(confmat).round(4)
    array([0.8571, 0.6   , 0.    ,    nan])
    """
    tp, truth, pred = _totals(confmat)
    return _ratio(tp, truth + pred - tp)


def mean_iou(confmat: npt.ArrayLike) -> float:
    """The mean of the classes' IoU (mIoU): the number by which data sets rank.

    ::

        mIoU = mean over c of tp / (truth + pred - tp)

    Every class counts the same, however few pixels it has.

    Parameters
    ----------
    confmat : (C, C) array of counts

    Returns
    -------
    float
        From 0 to 1. Classes whose IoU is NaN are left out; NaN if all are.

    Notes
    -----
    Source: as of `iou_per_class`; Long et al. 2015 (there *mean IU*).

    Examples
    --------
    >>> confmat = np.array([[6, 0, 0],
    ...                     [1, 3, 0],
    ...                     [0, 1, 0]])
    >>> round(mean_iou(confmat), 4) == round((6 / 7 + 3 / 5 + 0 / 1) / 3, 4)
    True
    """
    return _mean(iou_per_class(confmat))


def frequency_weighted_iou(confmat: npt.ArrayLike) -> float:
    """The IoU of the classes, each weighted by its share of the true pixels (FWIoU).

    ::

        FWIoU = Σ truth · IoU / Σ truth

    It listens to the classes that fill the picture. A rare class, such as a tumour, all but vanishes from it.

    Parameters
    ----------
    confmat : (C, C) array of counts

    Returns
    -------
    float
        From 0 to 1; NaN if the matrix is empty. A class absent from the truth has weight 0.

    Notes
    -----
    Source: Long et al. 2015 (there *frequency weighted IU*).

    Examples
    --------
    Weights 6, 4 and 1 of 11:

    >>> confmat = np.array([[6, 0, 0],
    ...                     [1, 3, 0],
    ...                     [0, 1, 0]])
    >>> round(frequency_weighted_iou(confmat), 4) == round((6 * 6 / 7 + 4 * 3 / 5 + 1 * 0) / 11, 4)
    True
    """
    truth = _totals(confmat)[1]
    present = truth > 0
    return float(_ratio((truth * iou_per_class(confmat))[present].sum(), truth.sum()))


def dice_per_class(confmat: npt.ArrayLike) -> _Floats:
    """Dice coefficient of each class: twice what was right, of what is the class plus what was called so.

    ::

        Dice = 2 tp / (truth + pred) = 2 IoU / (1 + IoU)

    Also the F1 score of the pixels: the harmonic mean of precision and recall. For one class it ranks
    predictions as IoU does; only means over classes or images can differ.

    Parameters
    ----------
    confmat : (C, C) array of counts

    Returns
    -------
    (C,) float64 array
        From 0 to 1. NaN for a class that is neither true nor predicted anywhere.

    Notes
    -----
    Source: Dice, Ecology 26 (1945).

    Examples
    --------
    12 of 6 + 7, 6 of 4 + 4, 0 of 1 + 0:

    >>> confmat = np.array([[6, 0, 0],
    ...                     [1, 3, 0],
    ...                     [0, 1, 0]])
    >>> dice_per_class(confmat).round(4)
    array([0.9231, 0.75  , 0.    ])
    """
    tp, truth, pred = _totals(confmat)
    return _ratio(2 * tp, truth + pred)


def precision_per_class(confmat: npt.ArrayLike) -> _Floats:
    """Of the pixels that were called a class, the share that is the class.

    ::

        precision = tp / pred

    Parameters
    ----------
    confmat : (C, C) array of counts

    Returns
    -------
    (C,) float64 array
        From 0 to 1. NaN for a class that was never predicted.

    Notes
    -----
    Also called user's accuracy, in remote sensing.

    Examples
    --------
    6 of 7, 3 of 4, and a class that was never predicted:

    >>> confmat = np.array([[6, 0, 0],
    ...                     [1, 3, 0],
    ...                     [0, 1, 0]])
    >>> precision_per_class(confmat).round(4)
    array([0.8571, 0.75  ,    nan])
    """
    tp, _, pred = _totals(confmat)
    return _ratio(tp, pred)


def recall_per_class(confmat: npt.ArrayLike) -> _Floats:
    """Of the pixels that are a class, the share that was called so: the accuracy of each class.

    ::

        recall = tp / truth

    Parameters
    ----------
    confmat : (C, C) array of counts

    Returns
    -------
    (C,) float64 array
        From 0 to 1. NaN for a class absent from the truth.

    Notes
    -----
    Also called producer's accuracy, in remote sensing. Its mean is `mean_pixel_accuracy`.

    Examples
    --------
    6 of 6, 3 of 4, 0 of 1:

    >>> confmat = np.array([[6, 0, 0],
    ...                     [1, 3, 0],
    ...                     [0, 1, 0]])
    >>> recall_per_class(confmat)
    array([1.  , 0.75, 0.  ])
    """
    tp, truth, _ = _totals(confmat)
    return _ratio(tp, truth)


def checked_counts(confmat: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The matrix as (C, C) int64, or a ValueError if it is not square or holds anything but counts."""
    try:
        array = np.asarray(confmat)
    except ValueError:
        raise ValueError("confmat: expected shape (C, C), got rows of different lengths") from None
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not len(array):
        raise ValueError(f"confmat: expected shape (C, C), got {array.shape}")
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)):
        raise ValueError(f"confmat: expected counts of pixels, got dtype {array.dtype}")
    wrong = array[~((array >= 0) & (array <= _EXACT) & (array == np.floor(array)))]
    if wrong.size:
        raise ValueError(
            f"confmat: expected counts, integers from 0 to 2**53, got {wrong[0]}; "
            "shares of pixels (a normalised matrix) have lost what the ratios need"
        )
    counts = array.astype(np.int64)
    if counts.sum(dtype=np.float64) > _EXACT:
        raise ValueError(f"confmat: expected at most 2**53 pixels, got {counts.sum(dtype=np.float64):.3g}")
    return counts


def _totals(confmat: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], ...]:
    """What is right, what is true, and what was predicted, (C,) each."""
    counts = checked_counts(confmat)
    return counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)


def _ratio(part: npt.ArrayLike, whole: npt.ArrayLike) -> _Floats:
    """part / whole, NaN where the whole is 0."""
    with np.errstate(invalid="ignore"):
        return np.true_divide(part, whole)


def _mean(values: _Floats) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")
