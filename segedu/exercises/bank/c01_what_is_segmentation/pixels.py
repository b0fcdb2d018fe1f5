"""1.5 and 1.6: a label map made smaller, and a photograph segmented by its grey values."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage, stats

from segedu import photos
from segedu.exercises.exercise import Case, FunctionExercise, Misconception, SearchExercise

Stack = npt.NDArray[np.bool_]
Map = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]


def _blocks(labels: Map, k: int) -> Map:
    height, width = labels.shape
    return labels.reshape(height // k, k, width // k, k).swapaxes(1, 2).reshape(height // k, width // k, k * k)


def most_frequent(labels: Map, k: int) -> Map:
    """Reference of 1.5: SciPy's mode, which takes the smallest of equally frequent values."""
    return stats.mode(_blocks(labels, k), axis=-1).mode


def _last_mode(labels: Map, k: int) -> Map:
    return -stats.mode(-_blocks(labels, k), axis=-1).mode


def _random_labels(rng: np.random.Generator) -> tuple[Map, int]:
    k = int(rng.integers(1, 4))
    rows, columns = rng.integers(1, 4, 2)
    coarse = rng.integers(0, 6, (rows, columns)).repeat(k, 0).repeat(k, 1)
    return np.where(rng.random(coarse.shape) < 0.4, rng.integers(0, 6, coarse.shape), coarse), k


CORNER = np.array([[4, 4, 4, 4], [4, 4, 4, 0], [2, 2, 0, 0], [2, 2, 0, 0]])
PREVIEW = FunctionExercise(
    id="01.5",
    title="Find the bug: a smaller label map",
    reference=most_frequent,
    cases=(
        Case((CORNER, 2), "the corner of the example"),
        Case((np.array([[2, 4], [4, 4]]), 2), "one block"),
        Case((np.array([[4, 2], [4, 2]]), 2), "two labels are equally frequent"),
        Case(
            (np.array([[0, 0, 7, 7], [5, 9, 7, 1]]), 2), "two pixels of four are enough, if the others differ"
        ),
        Case((np.array([[8, 3], [0, 255]]), 1), "blocks of one pixel: nothing changes"),
        Case((np.full((6, 6), 255, np.uint8), 3), "all void, in bytes"),
    ),
    random=_random_labels,
    hint="Count how often each label occurs in a block. Which one occurs most?",
    misconceptions=(
        Misconception(
            "a mean of names",
            lambda labels, k: _blocks(labels, k).mean(axis=-1).round().astype(int),
            "You still average. Labels are names: halfway between sky and building there is no vegetation.",
        ),
        Misconception(
            "the median",
            lambda labels, k: np.median(_blocks(labels, k), axis=-1).astype(int),
            "The median needs an order, and names have none. It can also lie between two labels.",
        ),
        Misconception(
            "the first pixel",
            lambda labels, k: labels[::k, ::k],
            "You take the first pixel of each block. That invents nothing, but here the majority was asked for.",
        ),
        Misconception(
            "the largest label",
            lambda labels, k: _blocks(labels, k).max(axis=-1),
            "The largest number wins in your blocks. Numbers of classes are names, and no name is larger.",
        ),
        Misconception(
            "the larger of two equals",
            _last_mode,
            "Where two labels are equally frequent you take the larger number. Here the smaller one was agreed on.",
        ),
    ),
)


@cache
def _coins() -> tuple[Floats, Stack]:
    coins = photos.load("coins")
    names = [category.name for category in coins.categories]
    return coins.image[..., 0].astype(float), coins.semantic == names.index("coin")


def _agrees(guess: Any) -> str | None:
    _, truth = _coins()
    guess = np.asarray(guess)
    if guess.shape != truth.shape:
        return f"its shape is {guess.shape} instead of {truth.shape}"
    if guess.dtype != bool:
        return f"its dtype is {guess.dtype} instead of bool"
    agreement = (guess == truth).mean()
    if agreement == 1:
        return "it agrees at every single pixel: it was made from the labels"
    return None if agreement >= 0.98 else f"it agrees at {agreement:.1%} of the pixels"


def _one_threshold(guess: Any) -> str | None:
    gray, _ = _coins()
    guess = np.asarray(guess, bool)
    called = guess.any() and not guess.all()
    return None if called and gray[guess].min() > gray[~guess].max() else "no"


def _wraps_around(guess: Any) -> str | None:
    """None if the guess is the photograph minus a blur, in bytes that start again at 255 below 0."""
    gray, _ = _coins()
    guess = np.asarray(guess)
    wrapped = guess[gray < ndimage.gaussian_filter(gray, 40) - 20].mean() > 0.9
    return None if wrapped and guess.dtype == bool else "no"


def _in_bytes() -> Stack:
    gray = _coins()[0].astype(np.uint8)
    return gray - ndimage.gaussian_filter(gray, 40) > np.uint8(7)


THRESHOLD = SearchExercise(
    id="01.6",
    title="A better threshold",
    accept=_agrees,
    hint="What does a coin have in common with the others, wherever it lies? It is brighter than its surroundings.",
    misconceptions=(
        Misconception(
            "one threshold for all",
            _one_threshold,
            "This is one threshold for the whole photograph, and none of them is right in both places.",
            example=_coins()[0] > 124,
        ),
        Misconception(
            "the labels themselves",
            lambda guess: None if np.array_equal(guess, _coins()[1]) else "no",
            "These are the labels. A new photograph comes without any: use the grey values only.",
            example=_coins()[1],
        ),
        Misconception(
            "dark is coin",
            lambda guess: _agrees(~np.asarray(guess, bool)),
            "Your guess is the other way round: it is true on the ground.",
            example=_coins()[0] - ndimage.gaussian_filter(_coins()[0], 40) <= 7,
        ),
        Misconception(
            "a difference in bytes",
            _wraps_around,
            "Dark pixels are called coin: in bytes, a difference below 0 starts again at 255. Convert to float first.",
            example=_in_bytes(),
        ),
    ),
)
