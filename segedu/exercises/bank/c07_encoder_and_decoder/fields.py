"""7.1 and 7.2: the receptive field of an encoder by hand, and how many layers a field needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from segedu.exercises.exercise import Case, FunctionExercise, Misconception, ValueExercise
from segedu.upsampling import Layer, receptive_field


def _field(blocks: int, convolutions: int, *, last_pool: bool = False, pool: int = 2) -> dict[str, int]:
    layers: list[Layer] = []
    for block in range(blocks):
        layers += [Layer(3)] * convolutions
        if last_pool or block < blocks - 1:
            layers.append(Layer(pool, 2))
    last = receptive_field(layers)[-1]
    return {"field": last.size[0], "jump": last.stride[0]}


FIELD = ValueExercise(
    id="07.1",
    title="The field of an encoder",
    reference=_field,
    given={"blocks": 5, "convolutions": 2},
    draw=lambda draws: {"blocks": draws.whole(3, 5), "convolutions": draws.choice([1, 3, 4])},
    hint="Write down the step for each block: it doubles with each pooling. Then add up what each layer adds.",
    misconceptions=(
        Misconception(
            "steps do not grow",
            lambda blocks, convolutions: {"field": 1 + 2 * blocks * convolutions + blocks - 1},
            "All your layers add the same. After a pooling of stride 2, every step is twice as wide.",
        ),
        Misconception(
            "pooling sees nothing",
            lambda blocks, convolutions: {"field": _field(blocks, convolutions, pool=1)["field"]},
            "You left out what the poolings see. A window of 2 adds one step, like any kernel of 2.",
        ),
        Misconception(
            "a kernel of three adds three",
            lambda blocks, convolutions: {
                "field": _field(blocks, convolutions)["field"] + convolutions * (2**blocks - 1)
            },
            "Each kernel of 3 adds three steps in your sum. One of them is the pixel that was there already.",
        ),
        Misconception(
            "a pooling after the last block",
            lambda blocks, convolutions: _field(blocks, convolutions, last_pool=True),
            "You counted a pooling after the last block. There is none.",
        ),
    ),
)


def _layers(dilations: tuple[int, ...], wanted: int, seen: Callable[[int], int] | None = None) -> int:
    """How many layers until the field has `wanted` pixels, by the library; `seen` changes a dilation."""
    layers: list[Layer] = []
    while wanted > (receptive_field(layers)[-1].size[0] if layers else 1):
        dilation = dilations[len(layers) % len(dilations)]
        layers.append(Layer(3, dilation=seen(dilation) if seen else dilation))
    return len(layers)


def _added(dilations: tuple[int, ...], wanted: int, each: Callable[[int], int], start: int = 1) -> int:
    """The same by a sum in which a layer adds `each` of its dilation."""
    size, count = start, 0
    while size < wanted:
        size += each(dilations[count % len(dilations)])
        count += 1
    return count


def _multiplied(dilations: tuple[int, ...], wanted: int) -> int:
    size, count, step = 1, 0, 1
    while size < wanted:
        step *= dilations[count % len(dilations)]
        size += 2 * step
        count += 1
    return count


def _random_dilations(rng: np.random.Generator) -> tuple[Any, ...]:
    return tuple(int(d) for d in rng.integers(1, 9, rng.integers(1, 5))), int(rng.integers(2, 120))


DEPTH = FunctionExercise(
    id="07.2",
    title="How deep to see that far?",
    reference=_layers,
    cases=(
        Case(((1,), 5), "two plain layers"),
        Case(((1,), 1), "one pixel needs no layer"),
        Case(((1,), 212), "as far as VGG16 to pool5"),
        Case(((1, 2, 4), 16), "the second round has begun"),
        Case(((1, 2, 4, 8, 16, 32), 212), "dilated layers"),
    ),
    random=_random_dilations,
    hint="Start with one pixel, and add d times k − 1 for each layer, until there are enough.",
    misconceptions=(
        Misconception(
            "dilation is forgotten",
            lambda dilations, wanted: _layers(dilations, wanted, lambda _: 1),
            "Each of your layers adds two pixels. With dilation d, its steps are d pixels wide.",
        ),
        Misconception(
            "dilations multiply",
            _multiplied,
            "Your dilations multiply from layer to layer, as strides do. Dilation widens only its own layer.",
        ),
        Misconception(
            "a kernel of three adds three",
            lambda dilations, wanted: _added(dilations, wanted, lambda d: 3 * d),
            "Each kernel of 3 adds three steps in your sum. One of them is the pixel that was there already.",
        ),
        Misconception(
            "the pixel itself is forgotten",
            lambda dilations, wanted: _added(dilations, wanted, lambda d: 2 * d, start=0),
            "You start with a field of 0. Without any layer, a number sees one pixel: itself.",
        ),
    ),
)
