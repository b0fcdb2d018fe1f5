"""One colour for each segment: a class keeps its hue, and objects that touch stay apart for every reader.

Stuff has its category's colour. Things of one category share its hue and differ mostly in lightness, because
lightness is what all readers see. Distances between colours are taken in OKLab (Ottosson 2020), once as
everybody sees them and once as readers without red or without green cones do (Machado et al. 2009, severity
1), and the smallest of the three counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu.scene import NO_INSTANCE, Scene

_Floats = npt.NDArray[np.float64]

VOID_COLOR = (140, 144, 150)
"""Grey of void; every other stripe of its hatching is darker."""

VEIL_COLOR = (18, 22, 30)
"""Near-black over everything that is no thing in the instance picture."""

_ENOUGH = 0.16  # OKLab distance beyond which neighbours need no more contrast
_KEEP_BASE = 0.07  # distance to its neighbours at which the largest object keeps its category's colour

# Linear sRGB to cone responses, and their cube roots to lightness, green–red, blue–yellow.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_WEIGHT = np.array([1.0, 1.6, 1.6])  # fewer colours are left to readers without some cones: less must do
# What is left of linear sRGB for all, without red cones, without green cones.
_READERS = np.array(
    [
        np.eye(3),
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ]
)


def segment_colors(scene: Scene) -> npt.NDArray[np.uint8]:
    """Choose one colour for each segment, in the order of ``scene.segments()``.

    The same scene always gets the same colours. Stuff and crowds have their category's colour. An object has
    a colour of its own near it: the largest of a category keeps the category's colour if its neighbours allow,
    each next one takes the shade that is farthest from its neighbours and from its kin.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    (S, 3) uint8 array
        Red, green, blue. No two objects share a colour as long as a category has at most 1000 of them.

    Examples
    --------
    >>> from segedu.scene import Category
    >>> road, car = Category(0, "road", False, (128, 64, 128)), Category(1, "car", True, (0, 0, 142))
    >>> labels = np.array([[0, 1, 1], [0, 1, 1]])
    >>> scene = Scene(np.zeros((2, 3, 3), np.uint8), labels, np.array([[0, 1, 2], [0, 1, 2]]), (road, car))
    >>> colors = segment_colors(scene)
    >>> colors.shape
    (3, 3)
    >>> colors[0], colors[1]
    (array([128,  64, 128], dtype=uint8), array([  0,   0, 142], dtype=uint8))
    """
    segments = scene.segments()
    base = np.array([category.color for category in scene.categories], np.uint8)
    colors = base[[segment.label for segment in segments]].reshape(-1, 3)
    objects = [k for k, segment in enumerate(segments) if segment.instance != NO_INSTANCE]
    settled = np.array([segment.instance == NO_INSTANCE for segment in segments], bool)
    seen = _as_seen(colors)  # (S, readers, 3)
    veil = _as_seen(np.array([VEIL_COLOR], np.uint8))  # what every object lies on in the instance picture
    beside = _neighbours(scene.segment_ids(), len(segments))
    for label in sorted({segments[k].label for k in objects}):
        kin = [k for k in objects if segments[k].label == label]
        kin.sort(key=lambda k: -segments[k].area)
        shades = _shades(base[label], len(kin), taken=np.concatenate([base, colors[settled]]))
        shades_seen = _as_seen(shades)
        apart = np.full(len(shades), 1.0)  # distance of each shade to the nearest kin that has its colour
        for k in kin:
            near = np.concatenate([seen[beside[k][settled[beside[k]]]], veil])
            contrast = _distance(shades_seen[:, None], near[None]).min(axis=1, initial=_ENOUGH)
            # Rounded, so that the last bit of a cube root does not decide.
            score = np.where(apart > 0, np.round(3 * contrast + 0.5 * apart, 4), -1)
            keep = k == kin[0] and contrast[0] >= _KEEP_BASE
            choice = 0 if keep else int(score.argmax())
            colors[k], seen[k], settled[k] = shades[choice], shades_seen[choice], True
            apart = np.minimum(apart, _distance(shades_seen, shades_seen[choice]))
    return colors


def _shades(color: npt.NDArray[np.uint8], count: int, taken: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The colour itself, then at least `count` others of nearly its hue, none of them in `taken`."""
    _, a, b = _as_seen(color[None])[0, 0]
    chroma, hue = np.hypot(a, b), np.arctan2(b, a)
    spread, palest = (np.radians(28), 0.07) if chroma > 0.04 else (np.pi, 0.03)  # greys have no hue to keep
    found = np.empty((0, 3), np.uint8)
    tried = 32 + 2 * count
    while len(found) < count + 16 and tried < 10**6:
        tried *= 2
        # An even sprinkling of the box lightness × chroma × hue (Roberts' generalised golden ratio, d = 3).
        steps = np.arange(1, tried + 1)[:, None] / 1.2207440846 ** np.arange(1, 4)
        u, v, w = (steps % 1).T
        c, h = palest + v * (max(0.14, chroma) - palest), hue + spread * (2 * w - 1)
        found = _to_rgb(np.stack([0.40 + 0.48 * u, c * np.cos(h), c * np.sin(h)], axis=1))
        _, first = np.unique(_as_number(found), return_index=True)
        found = found[np.sort(first)]
        found = found[~np.isin(_as_number(found), _as_number(taken))]
    return np.concatenate([color[None], found])


def _as_number(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    return rgb.astype(np.int64) @ np.array([65536, 256, 1])


def _as_seen(rgb: npt.NDArray[np.uint8]) -> _Floats:
    """OKLab of (N, 3) colours as each kind of reader sees them: (N, readers, 3)."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    left = np.einsum("rij,nj->nri", _READERS, linear).clip(0, 1)
    return np.cbrt(left @ _TO_CONES.T) @ _TO_OKLAB.T


def _to_rgb(oklab: _Floats) -> npt.NDArray[np.uint8]:
    """sRGB of (N, 3) OKLab colours; those that no screen can show are left out."""
    linear = (oklab @ np.linalg.inv(_TO_OKLAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T
    linear = linear[((linear >= 0) & (linear <= 1)).all(axis=1)]
    share = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255 * share).astype(np.uint8)


def _distance(one: _Floats, other: _Floats) -> _Floats:
    """Smallest OKLab distance over the readers; the last two axes are (readers, 3)."""
    difference = (one - other) * _WEIGHT[:, None]
    return np.sqrt((difference * difference).sum(axis=-1).min(axis=-1))


def _neighbours(ids: npt.NDArray[np.int32], count: int) -> list[npt.NDArray[np.int64]]:
    """For each segment the positions of those that touch it, also at a corner."""
    pairs = []
    for one, other in (
        (ids[:, :-1], ids[:, 1:]),
        (ids[:-1], ids[1:]),
        (ids[:-1, :-1], ids[1:, 1:]),
        (ids[:-1, 1:], ids[1:, :-1]),
    ):
        border = (one != other) & (one > 0) & (other > 0)
        pairs.append(np.stack([one[border], other[border]], axis=1).astype(np.int64) - 1)
    touching = np.concatenate(pairs)
    keys = np.unique(np.concatenate([touching @ [count, 1], touching @ [1, count]]))
    first, second = np.divmod(keys, max(count, 1))
    return np.split(second, np.searchsorted(first, np.arange(1, count)))
