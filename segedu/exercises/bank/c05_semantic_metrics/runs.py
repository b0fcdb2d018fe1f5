"""5.9: a table from runs, without making the pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segedu import metrics
from segedu.exercises.bank.c05_semantic_metrics.matrices import VOID, Counts, Map
from segedu.exercises.exercise import Case, FunctionExercise, Misconception

Runs = Sequence[tuple[int, int]]


def _expand(runs: Runs) -> Map:
    labels, lengths = np.array(runs, np.int64).reshape(-1, 2).T
    return np.repeat(labels, lengths)


def counted_runs(preds: Runs, target: Runs, num_classes: int) -> Counts:
    """The matrix of two lists of (label, length), pixel by pixel: the reference of 5.9."""
    return metrics.confusion_matrix(_expand(preds), _expand(target), num_classes)


def _side_by_side(preds: Runs, target: Runs, num_classes: int) -> Counts:
    counts = np.zeros((num_classes, num_classes), np.int64)
    for (p, m), (t, n) in zip(preds, target, strict=False):
        if t != VOID:
            counts[t, p] += min(m, n)
    return counts


def _merged(preds: Runs, target: Runs) -> list[tuple[int, int, int]]:
    """(pred, target, length) of each stretch in which neither changes."""
    ends = sorted({*np.cumsum([n for _, n in preds]).tolist(), *np.cumsum([n for _, n in target]).tolist()})
    stretches, start = [], 0
    for end in ends:
        labels = [next(label for label, e in _ends(runs) if e > start) for runs in (preds, target)]
        stretches.append((labels[0], labels[1], end - start))
        start = end
    return stretches


def _ends(runs: Runs) -> list[tuple[int, int]]:
    return list(zip([label for label, _ in runs], np.cumsum([n for _, n in runs]).tolist(), strict=True))


def _stretches(preds: Runs, target: Runs, num_classes: int, *, length: bool, void: int | None) -> Counts:
    counts = np.zeros((num_classes, num_classes), np.int64)
    for p, t, n in _merged(preds, target):
        row = void if t == VOID else t
        if row is not None:
            counts[row, p] += n if length else 1
    return counts


def _random_runs(rng: np.random.Generator) -> tuple[Runs, Runs, int]:
    num_classes, size = int(rng.integers(2, 5)), int(rng.integers(1, 30))

    def runs(labels: list[int]) -> Runs:
        cuts = np.unique(np.concatenate([[0, size], rng.integers(0, size + 1, rng.integers(0, 6))]))
        return [(int(rng.choice(labels)), int(n)) for n in np.diff(cuts)]

    classes = list(range(num_classes))
    return runs(classes), runs([*classes, VOID]), num_classes


RUNS = FunctionExercise(
    id="05.9",
    title="Count runs, not pixels",
    reference=counted_runs,
    integers=True,
    cases=(
        Case(([(0, 4), (1, 2)], [(0, 4), (1, 2)], 2), "the same runs"),
        Case(([(0, 3), (1, 3)], [(0, 4), (1, 2)], 2), "one pixel apart"),
        Case(([(0, 5), (1, 1)], [(0, 2), (VOID, 2), (1, 2)], 2), "void in the middle"),
        Case(
            ([(0, 2**60 + 2**59), (1, 2**59)], [(0, 2**60), (1, 2**60)], 2),
            "more pixels than any memory holds",
            np.array([[2**60, 0], [2**59, 2**59]]),
        ),
    ),
    random=_random_runs,
    hint="Walk along both lists at once. The next stretch ends where the nearer of the two runs ends.",
    misconceptions=(
        Misconception(
            "runs side by side",
            _side_by_side,
            "You pair the first run with the first, the second with the second. They do not start at the same pixel.",
        ),
        Misconception(
            "a run counts once",
            lambda p, t, c: _stretches(p, t, c, length=False, void=None),
            "Each stretch counts as one pixel. It counts with its length.",
        ),
        Misconception(
            "void is background",
            lambda p, t, c: _stretches(p, t, c, length=True, void=0),
            "Void is counted as class 0. Stretches whose truth is 255 are left out.",
        ),
        Misconception(
            "transposed",
            lambda p, t, c: _stretches(p, t, c, length=True, void=None).T,
            "Rows and columns are exchanged: the truth belongs in the rows.",
        ),
        Misconception(
            "runs are expanded",
            lambda p, t, c: counted_runs(p, t, c),
            "You turn the runs back into pixels, and there may be more of them than memory. Count with the lengths.",
        ),
    ),
)
