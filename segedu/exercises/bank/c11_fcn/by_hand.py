"""11.1 and 11.2: kernels, weights and sides without a program."""

from __future__ import annotations

from typing import Any

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise


def _side(image: int, stages: int) -> int:
    """Of the map before the new layers: the convolutions keep the side, each pooling halves it."""
    for _ in range(stages):
        image //= 2
    return image


def _classifier(
    image: int, stages: int, channels: int, hidden: int, classes: int, large: int
) -> dict[str, Any]:
    """Reference of 11.1, layer by layer."""
    side = _side(image, stages)
    return {
        "kernels": [side, 1],
        "weights": [channels * side * side * hidden, hidden * classes],
        "map": len(range(side, _side(large, stages) + 1)),  # where the window may end
        "stride": image // side,
    }


def _draw_classifier(draws: Draws) -> dict[str, Any]:
    stages, side = draws.whole(2, 4), draws.choice([4, 6, 8])
    step = 2**stages
    return {
        "image": side * step,
        "stages": stages,
        "channels": draws.choice([32, 64, 128]),
        "hidden": draws.choice([100, 200, 256]),
        "classes": draws.choice([7, 10, 12]),
        "large": step * draws.whole(3 * side, 4 * side),
    }


CLASSIFIER = ValueExercise(
    id="11.1",
    title="A classifier as convolutions",
    reference=_classifier,
    given={"image": 64, "stages": 3, "channels": 128, "hidden": 256, "classes": 10, "large": 256},
    draw=_draw_classifier,
    hint="How large is the map before the first fully connected layer? Its kernel covers all of it.",
    misconceptions=(
        Misconception(
            "a kernel of 1 for both",
            lambda **given: {"kernels": [1, 1]},
            "The first layer reads a whole map, not one position. Only the second has a single position before it.",
        ),
        Misconception(
            "a kernel of 3 for the first",
            lambda **given: {"kernels": [3, 1]},
            "No kernel of 3 sees all that the fully connected layer saw. It must be as large as the map.",
        ),
        Misconception(
            "a kernel has no channels",
            lambda **given: {
                "weights": [
                    _classifier(**given)["kernels"][0] ** 2 * given["hidden"],
                    given["hidden"] * given["classes"],
                ]
            },
            "Your first kernel reads one channel. It reads all of them, with weights of its own for each.",
        ),
        Misconception(
            "the new layers keep the size",
            lambda **given: {"map": _side(given["large"], given["stages"])},
            "That is the map before the new layers. Without padding, a large kernel fits in fewer places.",
        ),
        Misconception(
            "windows side by side",
            lambda **given: {"map": given["large"] // given["image"]},
            "You laid windows side by side. A convolution moves on by one number of the map, not by a whole window.",
        ),
        Misconception(
            "one score a pixel",
            lambda **given: {"stride": 1},
            "The kernel moves on by one number of the map. How many pixels is that, after the poolings?",
        ),
        Misconception(
            "strides are added",
            lambda **given: {"stride": 2 * given["stages"]},
            "You added the strides. Each pooling doubles what is there: they multiply.",
        ),
    ),
)


def _sides(image: int) -> dict[str, int]:
    """Reference of 11.2, pooling by pooling."""
    scores = image
    for _ in range(5):
        scores = (scores + 1) // 2
    return {"scores": scores, "grown": 32 * scores, "cut": 32 * scores - image}


SIDES = ValueExercise(
    id="11.2",
    title="An image through FCN-32s",
    reference=_sides,
    given={"image": 100},
    draw=lambda draws: {"image": 32 * draws.whole(3, 9) + draws.whole(3, 29)},
    hint="Halve five times, and round up each time. Then multiply.",
    misconceptions=(
        Misconception(
            "poolings round down",
            lambda image: {"scores": image // 32, "grown": image // 32 * 32},
            "Your poolings round down. Then the last rows would have no score; here they round up.",
        ),
        Misconception(
            "the size comes back by itself",
            lambda image: {"grown": image, "cut": 0},
            "Enlarging by 32 gives a multiple of 32. The image has another side, so something has to go.",
        ),
        Misconception(
            "half on each side",
            lambda image: {"cut": _sides(image)["cut"] // 2},
            "You cut half of it on each side. Rounding up added rows at one end only: all of it is cut there.",
        ),
    ),
)
