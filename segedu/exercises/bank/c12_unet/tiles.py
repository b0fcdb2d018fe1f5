"""12.6 and 12.7: tiles that are planned, and tiles that are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Case, FunctionExercise, Misconception, ValueExercise

Floats = npt.NDArray[np.float64]


def _fits(side: int) -> bool:
    """Whether the package's U-Net in the valid form takes images of this side."""
    import torch

    from segedu.models.unet import check_valid_size

    try:
        check_valid_size(torch.zeros(1, 1, side, side, device="meta"))
    except ValueError:
        return False
    return True


def _plan(memory: int, image: int) -> dict[str, int]:
    """Reference of 12.6, by trying."""
    tile = next(side for side in range(memory, 0, -1) if _fits(side))
    out = tile - 184
    step = max(range(0, out + 1, 16))
    in_a_row = 1
    while (in_a_row - 1) * step + out < image:
        in_a_row += 1
    return {"tile": tile, "out": out, "step": step, "tiles": in_a_row**2}


def _draw_plan(draws: Draws) -> dict[str, int]:
    return {"memory": 16 * draws.whole(24, 60) + draws.choice([0, 3, 7, 10]), "image": 50 * draws.whole(40, 90)}


PLAN = ValueExercise(
    id="12.6",
    title="Tiles by hand",
    reference=_plan,
    given={"memory": 640, "image": 2000},
    draw=_draw_plan,
    hint="Which sides fit, what is lost, and in which steps does the answer move along with the image?",
    misconceptions=(
        Misconception(
            "multiples of 16",
            lambda memory, image: {"tile": memory // 16 * 16},
            "A multiple of 16 does not fit: a pooling would meet an odd side. Follow it through the convolutions.",
        ),
        Misconception(
            "92 once",
            lambda memory, image: {"out": _plan(memory, image)["tile"] - 92},
            "92 are lost at the top, and 92 at the bottom.",
        ),
        Misconception(
            "tiles stand side by side",
            lambda memory, image: {"step": _plan(memory, image)["out"]},
            "With this step the answers lie side by side. But poolings meet other pairs of pixels in the next tile.",
        ),
        Misconception(
            "a step of what is read",
            lambda memory, image: {"step": _plan(memory, image)["tile"]},
            "With this step there are strips that no tile answers for: a tile reads more than it answers.",
        ),
        Misconception(
            "one row of tiles",
            lambda memory, image: {"tiles": round(_plan(memory, image)["tiles"] ** 0.5)},
            "That is one row of tiles. The image is as high as it is wide.",
        ),
        Misconception(
            "tiles answer for what they read",
            lambda memory, image: {"tiles": (-(-image // _plan(memory, image)["tile"])) ** 2},
            "You cover the image with what the tiles read. They answer for less.",
        ),
    ),
)


@dataclass(frozen=True)
class Reader:
    """A network in the valid form as small as can be: one convolution, for sections of one size alone.

    Parameters
    ----------
    kernel : array (2 m + 1, 2 m + 1)
        m is the margin that is lost on each side.
    side : int
        Height and width of the sections that it reads. What comes out has a side of ``side - 2 * m``.
    """

    kernel: Floats
    side: int

    def __call__(self, section: Floats) -> Floats:
        if np.shape(section) != (self.side, self.side):
            raise ValueError(
                f"section: expected {self.side} × {self.side} pixels, which fill the memory, "
                f"got shape {np.shape(section)}"
            )
        windows = np.lib.stride_tricks.sliding_window_view(np.asarray(section), self.kernel.shape)
        answer: Floats = np.einsum("ijkl,kl->ij", windows, self.kernel)
        return answer

    def __repr__(self) -> str:
        return f"Reader(kernel={self.kernel.tolist()}, side={self.side})"


def by_tiles(image: Floats, read: Reader, margin: int, size: int) -> Floats:
    """Reference of 12.7: all at once, by SciPy, which calls NumPy's "reflect" a "mirror"."""
    answer: Floats = ndimage.correlate(image.astype(float), read.kernel, mode="mirror")
    return answer


def _framed(image: Floats, margin: int, size: int, mode: Any) -> Floats:
    """The image with a frame, and as much more at its end as whole tiles need."""
    rest = [-n % size for n in image.shape]
    return np.pad(image.astype(float), [(margin, margin + more) for more in rest], mode=mode)


def _stitched(image: Floats, read: Reader, margin: int, size: int, mode: str) -> Floats:
    framed = _framed(image, margin, size, mode)
    whole = np.zeros([n + -n % size for n in image.shape])
    for top in range(0, image.shape[0], size):
        for left in range(0, image.shape[1], size):
            section = framed[top : top + read.side, left : left + read.side]
            whole[top : top + size, left : left + size] = read(section)
    return whole[: image.shape[0], : image.shape[1]]


def _each_tile_mirrored(image: Floats, read: Reader, margin: int, size: int) -> Floats:
    whole = _framed(image, 0, size, "reflect")
    for top in range(0, image.shape[0], size):
        for left in range(0, image.shape[1], size):
            tile = whole[top : top + size, left : left + size].copy()
            whole[top : top + size, left : left + size] = read(np.pad(tile, margin, mode="reflect"))
    return whole[: image.shape[0], : image.shape[1]]


def _shifted(image: Floats, read: Reader, margin: int, size: int) -> Floats:
    right = by_tiles(image, read, margin, size)
    moved = np.zeros_like(right)
    moved[margin:, margin:] = right[: len(right) - margin, : right.shape[1] - margin]
    return moved


def _whole_tiles_only(image: Floats, read: Reader, margin: int, size: int) -> Floats:
    right = by_tiles(image, read, margin, size)
    height, width = (n // size * size for n in right.shape)
    right[height:], right[:, width:] = 0, 0
    return right


def _case(rng: np.random.Generator, height: int, width: int, margin: int, size: int) -> tuple[Any, ...]:
    kernel = rng.integers(-3, 4, (2 * margin + 1, 2 * margin + 1)).astype(float)
    image = rng.integers(0, 10, (height, width)).astype(float)
    return image, Reader(kernel, size + 2 * margin), margin, size


def _random_case(rng: np.random.Generator) -> tuple[Any, ...]:
    margin, size = int(rng.integers(1, 3)), int(rng.integers(3, 6))
    height, width = (int(n) for n in rng.integers(3, 14, 2))
    return _case(rng, height, width, margin, size)


_RNG = np.random.default_rng(12)
TILES = FunctionExercise(
    id="12.7",
    title="Tiles by code",
    reference=by_tiles,
    cases=(
        Case(_case(_RNG, 3, 3, 1, 3), "one tile"),
        Case(_case(_RNG, 3, 6, 1, 3), "two tiles"),
        Case(_case(_RNG, 6, 9, 2, 3), "a margin of two"),
        Case(_case(_RNG, 4, 7, 1, 3), "a row and a column more than whole tiles"),
        Case(_case(_RNG, 3, 4, 1, 5), "smaller than a tile"),
    ),
    random=_random_case,
    hint="Which pixels does the first tile read, and for which does it answer? And the one to the right of it?",
    misconceptions=(
        Misconception(
            "a frame of zeros",
            lambda image, read, margin, size: _stitched(image, read, margin, size, "constant"),
            "Your image ends in zeros. That is the border which padding invents: continue it like a mirror.",
        ),
        Misconception(
            "the last pixel stands twice",
            lambda image, read, margin, size: _stitched(image, read, margin, size, "symmetric"),
            'Your mirror repeats the last row. With mode="reflect" the last row is the mirror, and stands there once.',
        ),
        Misconception(
            "each tile is mirrored",
            _each_tile_mirrored,
            "You mirror each tile at its own border. Inside of the image there are real pixels beside it: read those.",
        ),
        Misconception(
            "the answer lies where the section begins",
            _shifted,
            "Your answers lie too far down and to the right, by the margin. In the frame, tile and answer begin at one place.",
        ),
        Misconception(
            "whole tiles only",
            _whole_tiles_only,
            "What is left over at the right and at the bottom has no answer. It takes a tile more, which reaches beyond.",
        ),
    ),
)
