"""The camera behind the windscreen: from metres in the street to pixels in the image."""

from __future__ import annotations

import math


class Camera:
    """A pinhole camera that looks straight down the street.

    The street is measured in metres: x to the right of the middle of the road, y up from the ground, z ahead of
    the camera. Image coordinates are in pixels, (column, row), with pixel centres at halves; they grow with
    the size of the image, so a larger image shows the same street.

    Parameters
    ----------
    size : tuple of int
        Height and width of the image in pixels.
    x, height : float
        Where the lens is: metres right of the middle of the road, metres above it.
    vanishing : tuple of float
        Where the street vanishes, as shares of width and height.

    Attributes
    ----------
    focal : float
        Focal length in pixels. The angle of view is much the same whatever the aspect ratio, but wider for
        portraits, so that they see both sides of the street.
    column, horizon : float
        The vanishing point. Everything as high above the ground as the lens is on the row `horizon`.
    """

    def __init__(self, size: tuple[int, int], x: float, height: float, vanishing: tuple[float, float]) -> None:
        self.size, self.x, self.height = size, x, height
        self.focal = 0.78 * min(math.sqrt(size[0] * size[1]), 1.1 * size[1])
        self.column, self.horizon = vanishing[0] * size[1], vanishing[1] * size[0]

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Column and row of a point of the street."""
        scale = self.focal / z
        return self.column + scale * (x - self.x), self.horizon - scale * (y - self.height)

    def first_depth(self, x: float) -> float:
        """How far ahead a point beside the road at `x` comes into view, in metres."""
        room = self.column if x < self.x else self.size[1] - self.column
        return self.focal * abs(x - self.x) / room
