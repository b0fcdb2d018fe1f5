"""What ConfusionMatrix counts and says: Python by hand, and the functions of the page equal to Python."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from segedu import VOID, metrics
from segedu.synthetic import street_scene
from segedu.widgets import ConfusionMatrix
from segedu.widgets.confusion_words import (
    CLASS_MEASURES,
    MEASURES,
    cell_sentence,
    measures,
    ranking,
    share_of_row,
)
from segedu.widgets.runs import encode_runs
from widget_pages import loaded
from widget_scenes import edits_of, random_scene, small_street

STREET = small_street()
BOOK = street_scene(seed=28, light="day", cars=7, pedestrians=10)  # the street of chapter 5


def random_tables(seed: int, count: int) -> list[np.ndarray]:
    """Matrices of 1 to 12 classes, some absent from the truth, some never predicted, some wholly empty."""
    rng = np.random.default_rng(seed)
    tables = []
    for _ in range(count):
        classes = int(rng.integers(1, 13))
        table = rng.integers(0, 10 ** rng.integers(1, 6), (classes, classes))
        table[rng.random((classes, classes)) < rng.random()] = 0
        table[rng.random(classes) < 0.2] = 0
        table[:, rng.random(classes) < 0.2] = 0
        tables.append(table)
    return tables


# ---- by hand


def test_the_measures_of_a_matrix_by_hand() -> None:
    # Class 2 is nowhere: its scores are undefined and left out of the means.
    found = measures([[6, 2, 0], [1, 3, 0], [0, 0, 0]])
    assert found == {
        "PA": 9 / 12,
        "MPA": (6 / 8 + 3 / 4) / 2,
        "mIoU": (6 / 9 + 3 / 6) / 2,
        "FWIoU": pytest.approx((8 * 6 / 9 + 4 * 3 / 6) / 12),
    }


@pytest.mark.parametrize(
    ("table", "cell", "sentence"),
    [
        (
            [[6, 2], [1, 3]],
            (0, 0),
            "6 of 8 a pixels were called a: 75.0 %, its recall. "
            "Of the 7 pixels called a, 85.7 % are: its precision.",
        ),
        (
            [[6, 2], [1, 3]],
            (1, 0),
            "1 b pixel was called a: 25.0 % of all b, and 14.3 % of what was called a. "
            "Each counts against the IoU of both.",
        ),
        ([[6, 0], [1, 3]], (0, 1), "No a pixel was called b."),
        (
            [[0, 0], [1, 3]],
            (0, 0),
            "No pixel is a in the truth: its row is empty, and its recall is undefined. "
            "All 1 pixel called a are something else.",
        ),
        (
            [[0, 0], [0, 3]],
            (0, 1),
            "No pixel is a in the truth: its row is empty, and its recall is undefined.",
        ),
        (
            [[0, 4], [0, 3]],
            (0, 0),
            "0 of 4 a pixels were called a: 0.0 %, its recall. "
            "No pixel was called a: its precision is undefined.",
        ),
    ],
)
def test_a_cell_says_what_it_counts(table: list, cell: tuple[int, int], sentence: str) -> None:
    assert cell_sentence(table, ["a", "b"], *cell) == sentence


def test_what_reads_the_same_is_level_and_what_is_undefined_is_not_ranked() -> None:
    # 0.70004 and 0.70001 both read 0.700.
    a = {"PA": 0.70004, "MPA": math.nan, "mIoU": 0.5, "FWIoU": 1.0}
    b = {"PA": 0.70001, "MPA": 0.5, "mIoU": 0.4, "FWIoU": 0.9999}
    assert ranking(a, b) == "mIoU and FWIoU prefer A. PA sees no difference. MPA is undefined."


def test_only_all_of_a_row_reads_100() -> None:
    assert [share_of_row(n, 1000) for n in (0, 1, 995, 1000)] == ["", "<1", ">99", "100"]


# ---- the functions of the page


@pytest.fixture(scope="module")
def js(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "strokes", "confusion_counts", "confusion_matrix") as page:
        yield page


def test_the_page_counts_every_edit_as_python_does(js: Page) -> None:
    for scene in (BOOK, STREET, *(random_scene(seed) for seed in range(10))):
        data = ConfusionMatrix(scene).data
        found = js.evaluate(
            """(data) => {
                 const count = data.size[0] * data.size[1];
                 const target = m.classLabels(m.decodeRuns(data.runs, count), data.segments);
                 return data.edits.flatMap(({ steps }) => steps.map(({ runs }) =>
                   m.confusionMatrix(m.decodeRuns(runs, count), target, data.categories.length)));
               }""",
            {**data, "image": ""},
        )
        made = edits_of(scene)
        assert len(found) == len(made)
        for table, labels in zip(found, made.values(), strict=True):
            np.testing.assert_array_equal(
                table, metrics.confusion_matrix(labels, scene.semantic, len(scene.categories))
            )


def test_the_page_counts_random_maps_as_python_does(js: Page) -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        shape, classes = rng.integers(1, 12, 2), int(rng.integers(1, 9))
        preds = rng.integers(0, classes, shape)
        target = np.where(rng.random(shape) < 0.2, VOID, rng.integers(0, classes, shape))
        table = js.evaluate(
            "([preds, target, classes]) => m.confusionMatrix(preds, target, classes)",
            [preds.ravel().tolist(), target.ravel().tolist(), classes],
        )
        np.testing.assert_array_equal(table, metrics.confusion_matrix(preds, target, classes))


def test_the_page_scores_random_matrices_as_python_does(js: Page) -> None:
    tables = random_tables(1, 400)
    found = js.evaluate("(tables) => tables.map(m.measures)", [table.tolist() for table in tables])
    undefined = 0
    for table, one in zip(tables, found, strict=True):
        for name, value in measures(table).items():
            np.testing.assert_allclose(one[name], value, rtol=0, atol=1e-12, equal_nan=True)
            undefined += math.isnan(value)
        for name, measure in CLASS_MEASURES.items():
            np.testing.assert_array_equal(np.array(one[name]), measure(table))  # bit for bit, NaN like NaN
    assert undefined > 10  # the case of 0 / 0 is among them, often


def test_the_page_says_of_random_matrices_what_python_says(js: Page) -> None:
    names = [f"class {k}" for k in range(12)]
    tables = random_tables(2, 60)
    said = js.evaluate(
        """([tables, names]) => tables.map((table) => table.map((row, i) => row.map((n, j) => [
             m.cellSentence(table, names, i, j), m.shareOfRow(n, row.reduce((a, b) => a + b, 0))])))""",
        [[table.tolist() for table in tables], names],
    )
    for table, sentences in zip(tables, said, strict=True):
        for i, j in np.ndindex(table.shape):
            sentence, share = sentences[i][j]
            assert sentence == cell_sentence(table, names, i, j)
            assert share == share_of_row(int(table[i, j]), int(table[i].sum()))


def test_the_page_ranks_as_python_ranks(js: Page) -> None:
    rng = np.random.default_rng(3)
    values = [0.0, 1.0, 0.9996, 0.7, 0.70004, math.nan, *rng.random(3)]
    pairs = [[{name: float(rng.choice(values)) for name in MEASURES} for _ in range(2)] for _ in range(300)]
    said = js.evaluate(
        """(pairs) => JSON.parse(pairs.replaceAll("NaN", "null")).map((pair) => m.ranking(...pair.map((one) =>
             Object.fromEntries(Object.entries(one).map(([k, v]) => [k, v ?? NaN])))))""",
        json.dumps(pairs),
    )
    assert said == [ranking(*pair) for pair in pairs]
    assert sum(sentence.startswith("PA and mIoU rank") for sentence in said) > 30


def test_runs_are_written_as_python_writes_them(js: Page) -> None:
    rng = np.random.default_rng(4)
    maps = [(rng.integers(0, 256, 9), rng.choice([1, 127, 128, 70_000], 9)) for _ in range(30)]
    said = js.evaluate(
        """(maps) => maps.map(([values, lengths]) =>
             m.encodeRuns(values.flatMap((value, k) => Array(lengths[k]).fill(value))))""",
        [[values.tolist(), lengths.tolist()] for values, lengths in maps],
    )
    assert said == [encode_runs(np.repeat(*one)[None]) for one in maps]


def test_a_square_brush_paints_a_class_or_the_truth_but_no_void(js: Page) -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        shape = tuple(int(n) for n in rng.integers(1, 30, 2))
        preds = rng.integers(0, 5, shape)
        truth = np.where(rng.random(shape) < 0.3, VOID, rng.integers(0, 5, shape))
        cells = [[int(rng.integers(n)) for n in shape] for _ in range(3)]
        side, ink = int(rng.choice([1, 7, 21])), 3
        for paint in (ink, truth):
            expected = preds.copy()
            for row, col in cells:
                reach = side // 2
                place = np.s_[max(0, row - reach) : row + reach + 1, max(0, col - reach) : col + reach + 1]
                new = np.full(shape, ink) if paint is ink else truth
                expected[place] = np.where(new[place] == VOID, expected[place], new[place])
            made = js.evaluate(
                "([labels, size, cells, side, ink]) => [...m.brushed(labels, size, cells, side, ink)]",
                [preds.ravel().tolist(), shape, cells, side, ink if paint is ink else truth.ravel().tolist()],
            )
            np.testing.assert_array_equal(np.reshape(made, shape), expected)
