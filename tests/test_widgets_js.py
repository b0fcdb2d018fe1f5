"""The pure functions of the widgets' JavaScript equal the Python ones, on random scenes, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from segedu import Scene, plot
from segedu.scene import NO_INSTANCE
from segedu.widgets import ClassifyDetectSegment, answers_at, describe, tally, with_things
from segedu.widgets.runs import encode_runs
from segedu.widgets.scene_widget import scene_data
from segedu.widgets.sentences import percent, plural
from segedu.widgets.thing_stuff import notes, verdict
from widget_pages import loaded
from widget_scenes import random_scene, small_street

Cases = list[tuple[Scene, dict[str, Any]]]


@pytest.fixture(scope="module")
def cases() -> Cases:
    """Scenes, each with what the page gets of it."""
    scenes = [small_street(), *(random_scene(seed) for seed in range(60))]
    return [(scene, scene_data(scene)) for scene in scenes]


@pytest.fixture(scope="module")
def viewer(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "scene_viewer") as page:
        yield page


@pytest.fixture(scope="module")
def splitter(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "thing_stuff") as page:
        yield page


@pytest.fixture(scope="module")
def answerer(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "classify_detect_segment") as page:
        yield page


def test_the_page_reads_the_label_map_that_python_wrote(viewer: Page, cases: Cases) -> None:
    for scene, data in cases:
        ids = viewer.evaluate(
            "([runs, count]) => [...m.decodeRuns(runs, count)]",
            [data["runs"], scene.semantic.size],
        )
        np.testing.assert_array_equal(ids, scene.segment_ids().ravel())


def test_large_ids_and_long_runs_are_read(viewer: Page) -> None:
    labels = np.repeat([0, 127, 128, 20_000, 2**31 - 1], [1, 127, 128, 70_000, 3])
    ids = viewer.evaluate("([runs, n]) => [...m.decodeRuns(runs, n)]", [encode_runs([labels]), len(labels)])
    np.testing.assert_array_equal(ids, labels)


def test_runs_of_another_size_are_refused(viewer: Page) -> None:
    asked = "(runs) => { try { m.decodeRuns(runs, 4); } catch (error) { return error.message; } }"
    assert viewer.evaluate(asked, "AgM=") == "label runs: expected 4 pixels, got 3"


def test_numbers_are_written_alike(viewer: Page) -> None:
    rng = np.random.default_rng(0)
    wholes = rng.integers(1, 2_000_000, 2000)
    parts = (wholes * rng.random(2000) ** 4).astype(int)
    pairs = [[0, 7], [1, 400], [1, 2000], [1, 2001], [7, 7], *np.stack([parts, wholes], axis=1).tolist()]
    said = viewer.evaluate("(pairs) => pairs.map(([a, b]) => [m.percent(a, b), m.plural(b, 'pixel')])", pairs)
    assert said == [[percent(a, b), plural(b, "pixel")] for a, b in pairs]


def test_every_pixel_is_described_alike(viewer: Page, cases: Cases) -> None:
    for scene, data in cases:
        ids = scene.segment_ids()
        said = viewer.evaluate(
            "([data, ids]) => ids.map((id) => m.describe(data.segments, data.categories, id))",
            [data, list(range(len(data["segments"]) + 1))],
        )
        for number in np.unique(ids).tolist():
            row, col = (int(n) for n in np.argwhere(ids == number)[0])
            assert said[number] == describe(scene, row, col)


@pytest.mark.parametrize("view", ["semantic", "instance", "panoptic"])
def test_a_view_is_painted_pixel_for_pixel_alike(viewer: Page, cases: Cases, view: str) -> None:
    image = {"semantic": plot.semantic_image, "instance": plot.instance_image, "panoptic": plot.panoptic_image}[
        view
    ]
    for scene, data in cases[:20]:
        painted = viewer.evaluate(
            """([data, view]) => {
                 const ids = m.decodeRuns(data.runs, data.size[0] * data.size[1]);
                 const tints = m.tints(data.segments, data.categories, data.colors, view);
                 return [...m.paint(ids, data.size, tints)];
               }""",
            [data, view],
        )
        rgba = np.array(painted, np.uint8).reshape(*scene.size, 4)
        np.testing.assert_array_equal(rgba[..., :3], image(scene))
        assert (rgba[..., 3] == 255).all()


def test_the_image_view_paints_nothing(viewer: Page, cases: Cases) -> None:
    data = cases[1][1]
    alpha = viewer.evaluate(
        """(data) => {
             const ids = m.decodeRuns(data.runs, data.size[0] * data.size[1]);
             const tints = m.tints(data.segments, data.categories, data.colors, "image");
             const bytes = m.paint(ids, data.size, tints);
             return bytes.filter((_, k) => k % 4 === 3).some((a) => a > 0);
           }""",
        data,
    )
    assert alpha is False


@pytest.mark.parametrize("view", ["image", "semantic", "instance", "panoptic"])
def test_lines_run_between_pixels_that_a_view_tells_apart(viewer: Page, cases: Cases, view: str) -> None:
    for scene, data in cases:
        ids = scene.segment_ids()
        isthing = np.array([False, *(segment.isthing for segment in scene.segments())])
        keys = {
            "image": np.zeros_like(ids),
            "semantic": scene.semantic,
            "instance": np.where(isthing[ids], ids, NO_INSTANCE),
            "panoptic": ids,
        }[view]
        expected = np.count_nonzero(keys[1:] != keys[:-1]) + np.count_nonzero(keys[:, 1:] != keys[:, :-1])
        length = viewer.evaluate(
            """([data, view]) => {
                 const ids = m.decodeRuns(data.runs, data.size[0] * data.size[1]);
                 const path = m.borderPath(ids, data.size, m.regions(data.segments, data.categories, view));
                 const lines = [...path.matchAll(/M(\\d+) (\\d+)([HV])(\\d+)/g)];
                 const long = ([, x, y, kind, end]) => end - (kind === "H" ? x : y);
                 return lines.reduce((sum, line) => sum + long(line), 0);
               }""",
            [data, view],
        )
        assert length == expected


def test_the_outline_of_a_region_is_closed_at_the_rim(viewer: Page) -> None:
    # [[1, 0]]: the left pixel is a unit square; two horizontal edges, then two vertical ones.
    path = viewer.evaluate("() => m.borderPath([1, 0], [1, 2], [0, 1], true)")
    assert path == "M0 0H1M0 1H1M0 0V1M1 0V1"


@pytest.mark.parametrize(
    ("x", "y", "pixel"),
    [
        (10, 20, [0, 0]),
        (29.9, 20, [0, 0]),  # a column is 20 wide: 40 / 2
        (30, 29.9, [0, 1]),  # a row is 10 high: 30 / 3
        (49.9, 30, [1, 1]),
        (50, 50, [2, 1]),  # on the rim: the last pixel
        (-5, 500, [2, 0]),  # beside the picture: the nearest one
    ],
)
def test_a_point_of_the_page_is_a_pixel(viewer: Page, x: float, y: float, pixel: list[int]) -> None:
    box = {"left": 10, "top": 20, "width": 40, "height": 30}
    assert viewer.evaluate("([x, y, box]) => m.pixelAt(x, y, box, [3, 2])", [x, y, box]) == pixel


@pytest.mark.parametrize(
    ("key", "shift", "start", "end"),
    [
        ("ArrowUp", False, [5, 7], [4, 7]),
        ("ArrowDown", True, [5, 7], [15, 7]),
        ("ArrowLeft", True, [5, 7], [5, 0]),  # ten to the left of 7: the rim
        ("ArrowRight", False, [5, 39], [5, 39]),
        ("Home", False, [5, 7], [5, 0]),
        ("End", False, [5, 7], [5, 39]),
        ("PageUp", False, [15, 7], [5, 7]),
        ("PageDown", False, [15, 7], [19, 7]),
        ("ArrowUp", False, None, [10, 20]),  # nothing pointed at yet: the middle
        ("a", False, [5, 7], None),
        ("Tab", False, [5, 7], None),
    ],
)
def test_keys_move_the_pixel_cursor(
    viewer: Page, key: str, shift: bool, start: list | None, end: list | None
) -> None:
    assert viewer.evaluate("([k, s, p]) => m.pixelAfterKey(k, s, p, [20, 40])", [key, shift, start]) == end


def test_another_split_relabels_alike(splitter: Page, cases: Cases) -> None:
    for seed, (scene, data) in enumerate(cases):
        rng = np.random.default_rng(seed)
        things = [category.name for category in scene.categories if rng.random() < 0.5]
        after = with_things(scene, things)
        made = splitter.evaluate(
            "([data, things]) => m.relabel(data.segments, data.categories, data.colors, things)", [data, things]
        )
        expected = scene_data(after)
        assert made["segments"] == expected["segments"]
        assert made["categories"] == expected["categories"]
        np.testing.assert_array_equal(np.array(made["to"])[scene.segment_ids()], after.segment_ids())
        # An object keeps the colour that it had; what has no number has the colour of its class.
        had = {(s["label"], s["instance"]): c for s, c in zip(data["segments"], data["colors"], strict=True)}
        assert made["colors"] == [
            had[s["label"], s["instance"]] if s["instance"] else data["categories"][s["label"]]["color"]
            for s in made["segments"]
        ]
        counted, said, judged = splitter.evaluate(
            """([made, data, things]) => [
                 m.tally(made.segments, made.categories),
                 m.notes(data.segments, data.categories, things),
                 m.verdict(data.categories, things),
               ]""",
            [made, data, things],
        )
        assert counted == tally(after)
        assert said == notes(scene, things)
        assert judged == verdict(scene, things)


def test_the_three_answers_to_every_pixel_are_alike(answerer: Page, cases: Cases) -> None:
    for scene, _ in cases[:25]:
        height, width = scene.size
        said = answerer.evaluate(
            """(data) => {
                 const [height, width] = data.size;
                 const ids = m.decodeRuns(data.runs, height * width);
                 return [...ids].map((id, p) => m.answersAt(
                   data.segments, data.categories, data.boxes, id, [Math.floor(p / width), p % width]));
               }""",
            ClassifyDetectSegment(scene).data,
        )
        rng = np.random.default_rng(0)
        for p in rng.integers(0, height * width, 40).tolist():
            assert said[p] == answers_at(scene, p // width, p % width)
