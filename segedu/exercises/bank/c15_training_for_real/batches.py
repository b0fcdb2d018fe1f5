"""15.5 and 15.9: what a network is shown, and how far it moves in each step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu.exercises.exercise import Case, FunctionExercise, Misconception

Image = npt.NDArray[np.uint8]
Look = tuple[Image, Image]
VOID = 255


def _cut(picture: Image, top: int, left: int, size: int, outside: int, mode: str = "constant") -> Image:
    """A section of a picture that has been framed widely."""
    frame = size + abs(top) + abs(left)
    margins = [(frame, frame)] * 2 + [(0, 0)] * (picture.ndim - 2)
    options = {"constant_values": outside} if mode == "constant" else {}
    framed = np.pad(picture, margins, mode=mode, **options)  # type: ignore[call-overload]
    return framed[frame + top : frame + top + size, frame + left : frame + left + size]


def look(image: Image, labels: Image, top: int, left: int, size: int, flip: bool) -> Look:
    """A section, mirrored or not: the reference of 15.5."""
    pair = _cut(image, top, left, size, 0), _cut(labels, top, left, size, VOID)
    return (pair[0][:, ::-1], pair[1][:, ::-1]) if flip else pair


def _image_alone(image: Image, labels: Image, top: int, left: int, size: int, flip: bool) -> Look:
    return look(image, labels, top, left, size, flip)[0], look(image, labels, top, left, size, False)[1]


def _frame(image: Image, labels: Image, top: int, left: int, size: int, flip: bool, **how: object) -> Look:
    framed = _cut(labels, top, left, size, **({"outside": 0} | how))  # type: ignore[arg-type]
    return look(image, labels, top, left, size, flip)[0], framed[:, ::-1] if flip else framed


def _upside_down(image: Image, labels: Image, top: int, left: int, size: int, flip: bool) -> Look:
    pair = look(image, labels, top, left, size, False)
    return (pair[0][::-1], pair[1][::-1]) if flip else pair


def _mirrored_first(image: Image, labels: Image, top: int, left: int, size: int, flip: bool) -> Look:
    if flip:
        image, labels = image[:, ::-1], labels[:, ::-1]
    return look(image, labels, top, left, size, False)


def _wrapped(image: Image, labels: Image, top: int, left: int, size: int, flip: bool) -> Look:
    rows, columns = np.arange(top, top + size), np.arange(left, left + size)
    columns = columns[::-1] if flip else columns
    rows, columns = rows % labels.shape[0], columns % labels.shape[1]
    return image[np.ix_(rows, columns)], labels[np.ix_(rows, columns)]


def _picture(rows: int, columns: int) -> tuple[Image, Image]:
    labels = (np.arange(rows * columns) % 9).reshape(rows, columns).astype(np.uint8)
    return np.repeat(labels[..., None] * 10 + 5, 3, axis=2).astype(np.uint8), labels


def _random_look(rng: np.random.Generator) -> tuple[Image, Image, int, int, int, bool]:
    rows, columns = rng.integers(2, 6, 2)
    labels = rng.integers(0, 9, (rows, columns)).astype(np.uint8)
    image = rng.integers(0, 256, (rows, columns, 3)).astype(np.uint8)
    top, left = rng.integers(-3, 5, 2)
    return image, labels, int(top), int(left), int(rng.integers(1, 6)), bool(rng.random() < 0.5)


AUGMENT = FunctionExercise(
    id="15.5",
    title="One look: section, mirror, frame",
    reference=look,
    integers=True,
    cases=(
        Case((*_picture(2, 3), 0, 0, 2, False), "inside, not mirrored"),
        Case((*_picture(2, 3), 0, 0, 2, True), "inside, mirrored"),
        Case((*_picture(2, 2), -1, 0, 2, False), "half a picture above the upper edge"),
        Case((*_picture(2, 2), 0, 1, 3, False), "over the right and the lower edge"),
        Case((*_picture(2, 2), 5, 5, 2, True), "wholly outside"),
    ),
    random=_random_look,
    hint="Begin with two arrays of the size of the section, filled with what stands outside. Copy what overlaps.",
    misconceptions=(
        Misconception(
            "the picture alone is mirrored",
            _image_alone,
            "The picture is mirrored and its labels are not: every car has now the label of what was on the other side.",
        ),
        Misconception(
            "the frame has a class",
            _frame,
            "Outside of the picture your labels are 0, and 0 is a class: road. Nobody knows what is there.",
        ),
        Misconception(
            "labels are made up",
            lambda *args: _frame(*args, outside=VOID, mode="edge"),
            "Your labels go on beyond the edge of the picture, where nothing is seen. Nobody knows what is there.",
        ),
        Misconception(
            "upside down",
            _upside_down,
            "You mirror top and bottom (axis 0). In no street is the sky below.",
        ),
        Misconception(
            "mirrored before cut",
            _mirrored_first,
            "You mirror first and cut then: this is the section from the other side. Cut first.",
        ),
        Misconception(
            "round the corner",
            _wrapped,
            "What leaves the picture on one side comes in on the other. A negative index counts from the end.",
        ),
    ),
)


def factor(step: int, steps: int, warmup: float, power: float) -> float:
    """Share of the highest rate, as a recipe has it: the reference of 15.9."""
    from segedu.training import Recipe

    recipe = Recipe(size=(64, 64), epochs=1, batch_size=1, learning_rate=1, warmup=warmup, power=power)
    return recipe.factor(step, steps)


def _rising(steps: int, warmup: float) -> int:
    return round(warmup * steps)


def _from_zero(step: int, steps: int, warmup: float, power: float) -> float:
    rising = _rising(steps, warmup)
    return step / rising if step < rising else factor(step, steps, warmup, power)


def _all_steps(step: int, steps: int, warmup: float, power: float) -> float:
    return factor(step, steps, warmup if step < _rising(steps, warmup) else 0, power)


def _ends_at_zero(step: int, steps: int, warmup: float, power: float) -> float:
    rising = _rising(steps, warmup)
    if step < rising:
        return (step + 1) / rising
    return (1 - (step - rising) / max(steps - rising - 1, 1)) ** power


def _random_step(rng: np.random.Generator) -> tuple[int, int, float, float]:
    steps = int(rng.integers(5, 40))
    warmup, power = rng.choice([0, 0.1, 0.2, 0.4]), rng.choice([0.9, 1, 2])
    return int(rng.integers(steps)), steps, float(warmup), float(power)


RATE = FunctionExercise(
    id="15.9",
    title="Warm-up and decay",
    reference=factor,
    cases=(
        Case((0, 10, 0.2, 1), "the first step"),
        Case((1, 10, 0.2, 1), "the last step of warm-up"),
        Case((2, 10, 0.2, 1), "the first step of decay"),
        Case((6, 10, 0.2, 0.9), "half of the decay is over"),
        Case((9, 10, 0.2, 1), "the last step"),
        Case((0, 10, 0, 2), "no warm-up"),
    ),
    random=_random_step,
    hint="Which share of the steps of decay is still to come, this one included?",
    misconceptions=(
        Misconception(
            "begins at 0",
            _from_zero,
            "Your first step has a rate of 0 and is lost: nothing moves. Step 0 is the first of the rising ones.",
        ),
        Misconception(
            "ends at 0",
            _ends_at_zero,
            "Your last step has a rate of 0 and is lost: nothing moves. 0 would come one step later.",
        ),
        Misconception(
            "decay from the beginning",
            _all_steps,
            "Your decay counts the steps of warm-up, so the rate jumps down where warm-up ends. Count from there.",
        ),
        Misconception(
            "a straight line",
            lambda step, steps, warmup, power: factor(step, steps, warmup, 1),
            "Your decay is a straight line. The share that is left is still to be taken to the power.",
        ),
        Misconception(
            "no warm-up",
            lambda step, steps, warmup, power: factor(step, steps, 0, power),
            "There is no warm-up in yours: the first steps are the longest.",
        ),
    ),
)
