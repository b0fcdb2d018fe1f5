"""Predictions with one typical mistake each are what their names and notes say."""

from __future__ import annotations

import numpy as np
import pytest

from segedu import Category, Scene, metrics
from segedu.synthetic import street_scene
from segedu.widgets.prediction_edits import (
    grown,
    in_blocks,
    missed,
    opposite_pair,
    prediction_edits,
    shifted,
    shrunk,
    swapped,
)
from widget_scenes import edits_of, random_scene, small_street

STREET = small_street()
BOOK = street_scene(seed=28, light="day", cars=7, pedestrians=10)  # the street of chapter 5


def rows(text: str) -> np.ndarray:
    """Rows of a label map, apart by spaces: "0011 0000"."""
    return np.array([[int(letter) for letter in row] for row in text.split()], np.uint8)


def test_a_shift_repeats_the_first_column() -> None:
    np.testing.assert_array_equal(shifted(rows("01234"), 2), rows("00012"))


def test_a_block_has_the_label_of_its_middle() -> None:
    # Blocks of 2 × 2: the middle is the lower right pixel. The last column is a block of its own.
    np.testing.assert_array_equal(in_blocks(rows("00112 01234"), 2), rows("11334 11334"))


def test_a_shrunk_thing_loses_its_rim_and_nothing_else_changes() -> None:
    # A 3 × 3 thing, class 1, in class 0: its middle is left. Stuff of class 2 keeps its border.
    truth = rows("000000 011100 011100 011122 000022")
    after = shrunk(truth, 1, np.array([False, True, False]))
    # The lower right pixel touches class 2 beside it and below it; the others are nearer to 0.
    np.testing.assert_array_equal(after[after != 2], np.where(after == 1, 1, 0)[after != 2])
    assert np.argwhere(after == 1).tolist() == [[2, 2]]
    assert (after[truth == 2] == 2).all()


def test_a_thing_at_the_edge_of_the_picture_keeps_that_edge() -> None:
    np.testing.assert_array_equal(shrunk(rows("1110 1110"), 1, np.array([False, True])), rows("1100 1100"))


def test_a_grown_thing_gains_a_rim_and_loses_nothing() -> None:
    # Class 1 and 2 are things: the nearer one takes the pixel between.
    truth = rows("0000000 0100020 0000000")
    after = grown(truth, 1, np.array([False, True, True]))
    np.testing.assert_array_equal(after, rows("1110222 1110222 1110222"))


def test_swapped_and_missed_classes() -> None:
    truth = rows("00112 00112")
    np.testing.assert_array_equal(swapped(truth, 0, 2), rows("22110 22110"))
    np.testing.assert_array_equal(missed(truth, [2]), rows("00111 00111"))


@pytest.mark.parametrize("scene", [STREET, BOOK, *(random_scene(seed) for seed in range(12))])
def test_edits_are_different_predictions_without_void(scene: Scene) -> None:
    made = edits_of(scene)
    assert all(labels.shape == scene.size and labels.dtype == np.uint8 for labels in made.values())
    assert all((labels < len(scene.categories)).all() for labels in made.values())
    assert len({labels.tobytes() for labels in made.values()}) == len(made)
    classes = len(scene.categories)
    assert metrics.pixel_accuracy(metrics.confusion_matrix(made["perfect"], scene.semantic, classes)) == 1
    for edit in prediction_edits(scene):
        assert 0 <= edit.start < len(edit.steps)


def test_the_edits_are_the_answers_of_chapter_five() -> None:
    truth, made = BOOK.semantic, edits_of(BOOK)
    np.testing.assert_array_equal(
        made["in blocks, 8 pixels"], np.kron(truth[4::8, 4::8], np.ones((8, 8), np.uint8))
    )
    names = [category.name for category in BOOK.categories]
    gone = {names[label] for label in set(np.unique(truth)) - set(np.unique(made["rare missed, 3 classes"]))}
    assert gone == {"pedestrian", "bicycle", "traffic sign"}


def test_what_the_notes_promise_holds_on_the_street() -> None:
    things = [k for k, category in enumerate(BOOK.categories) if category.isthing]
    tables = {
        name: metrics.confusion_matrix(labels, BOOK.semantic, 9) for name, labels in edits_of(BOOK).items()
    }
    recall = {name: metrics.recall_per_class(table)[things] for name, table in tables.items()}
    precision = {name: metrics.precision_per_class(table)[things] for name, table in tables.items()}
    for name in tables:
        if name.startswith("shrunk"):
            assert (recall[name] < 1).all()
        elif name.startswith("grown"):
            assert (recall[name] == 1).all()
            assert (precision[name] < 1).all()
        elif name.startswith("swapped"):
            assert np.count_nonzero(metrics.iou_per_class(tables[name]) == 0) == 2
        elif name.startswith("one class"):
            assert np.count_nonzero(metrics.iou_per_class(tables[name])) == 1
        elif name.startswith("rare missed"):
            k = int(name.split()[2])
            assert np.isnan(metrics.precision_per_class(tables[name])).sum() == k
            assert (metrics.iou_per_class(tables[name]) == 0).sum() == k


def test_the_opposite_pair_is_ranked_in_opposite_order_and_most_clearly() -> None:
    # PA, mIoU by hand are not needed: three predictions whose order the two measures dispute in one pair only.
    truth = rows("0000000011")
    scene = Scene(np.zeros((1, 10, 3), np.uint8), truth, np.zeros((1, 10), int),
                  (Category(0, "a", False, (0, 0, 0)), Category(1, "b", False, (9, 9, 9))))  # fmt: skip
    lazy = rows("0000000000")  # PA 8/10, mIoU (8/10 + 0) / 2 = .4
    eager = rows("0000011111")  # PA 7/10, mIoU (5/8 + 2/5) / 2 = .5125
    assert opposite_pair(scene, [truth, lazy, eager]) == (2, 1)
    assert opposite_pair(scene, [truth, lazy]) is None
