"""RoIAlign, the widget: its numbers are those of segedu.models.detection, in Python and in the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets
from playwright.sync_api import Browser, Page, expect

from segedu.models.detection import roi_align, roi_pool
from segedu.widgets import RoIAlign
from segedu.widgets.page import module
from segedu.widgets.roi_align import box_sentence
from widget_pages import DESK, PHONE, Open, loaded, over_the_edge, page_of, repeated_ids, violations

STRIDE, ROWS, COLS = 8, 12, 18
FEATURES = np.random.default_rng(0).random((ROWS, COLS))
IMAGE = np.random.default_rng(1).integers(0, 256, (ROWS * STRIDE, COLS * STRIDE, 3), np.uint8)
BOX = (21, 19, 90, 70)


def a_widget(**state: object) -> RoIAlign:
    return RoIAlign(FEATURES, **{"stride": STRIDE, "box": BOX, "image": IMAGE} | state)


def random_box(rng: np.random.Generator, height: int, width: int) -> list[int]:
    left, right = sorted(rng.choice(width + 1, 2, replace=False).tolist())
    top, bottom = sorted(rng.choice(height + 1, 2, replace=False).tolist())
    return [left, top, right, bottom]


def said(box: tuple | list, **options: object) -> str:
    chosen = {"stride": STRIDE, "bins": 2, "sampling_ratio": None, "aligned": True} | options
    return box_sentence(box, **chosen)


# ---- the numbers


@pytest.mark.parametrize("sampling_ratio", [None, 1, 2, 4])
@pytest.mark.parametrize("aligned", [True, False])
def test_the_results_are_those_of_the_parts(sampling_ratio: int | None, aligned: bool) -> None:
    widget = a_widget(bins=3, sampling_ratio=sampling_ratio, aligned=aligned)
    # Stride 8 is a power of two, so dividing by it and scaling by 1/8 round nothing.
    common = {"output_size": (3, 3), "spatial_scale": 1 / 8}
    features = torch.from_numpy(FEATURES.round(3))[None]
    box = torch.tensor([BOX], dtype=torch.float64)
    aligned_ = roi_align(features, box, sampling_ratio=sampling_ratio, aligned=aligned, **common)
    assert np.array_equal(widget.by_align, aligned_[0, 0].numpy())
    assert np.array_equal(widget.by_pool, roi_pool(features, box, **common)[0, 0].numpy())


def test_the_sentence_counts_how_far_rounding_moves_an_edge() -> None:
    # Stride 8. Left 21/8 = 2.6 → 3, place 3 begins at 24: 3 away. Top 19/8 → 2, begins at 16: 3 away.
    # Right 90/8 = 11.25 → 11, ends at 96: 6 away. Bottom 70/8 = 8.75 → 9, ends at 80: 10 away.
    sentence = said(BOX)
    assert "columns 3 to 11 and rows 2 to 9" in sentence
    assert sentence.endswith("up to 10 pixels from those of the box.")
    # 69 × 51 pixels in two bins of 4.3 × 3.2 places: 5 × 4 points.
    assert "69 × 51 pixels: 8.63 × 6.38 places" in sentence
    assert "at 5 × 4 points. " in sentence


# ---- the state


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": np.zeros((3, 4, 4))}, r"expected one channel \(h, w\).*got shape \(3, 4, 4\); take"),
        ({"features": np.zeros((1, 4))}, "of 2×2 to 40×40 places"),
        ({"features": np.full((4, 4), np.nan)}, "features: expected finite numbers"),
        ({"features": np.zeros((4, 4)), "stride": 0}, "stride: expected an integer of at least 1, got 0"),
        ({"features": FEATURES, "image": IMAGE[:-1], "stride": 8}, r"image: expected shape \(96, 144, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RoIAlign(**arguments)


def test_a_wrong_state_is_refused() -> None:
    widget = a_widget()
    for box in ([5, 5, 5, 9], [0, 0, 145, 9], [-1, 0, 9, 9], [1, 2, 3]):
        with pytest.raises(traitlets.TraitError, match="box: expected left < right in 0 to 144"):
            widget.box = box
    with pytest.raises(
        traitlets.TraitError, match=r"cell: expected \[row, column\] below 2 or None, got \[0, 2\]"
    ):
        widget.cell = [0, 2]
    with pytest.raises(traitlets.TraitError, match="there is no image"):
        a_widget(image=None).shown = "image"


def test_a_bin_that_is_no_longer_there_is_forgotten() -> None:
    widget = a_widget(bins=3, cell=[2, 0])
    widget.bins = 2
    assert widget.cell is None


def test_the_page_form_is_deterministic_and_needs_no_network() -> None:
    one, other = (a_widget().html() for _ in range(2))
    assert one == other
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", one)) <= {"http://www.w3.org"}
    assert not re.search(r"^\s*import\b", module("grids", "roi_align"), re.MULTILINE)


def test_the_still_figure_is_small_and_described() -> None:
    widget = a_widget()
    data, metadata = widget._repr_mimebundle_()
    assert len(widget.static()) < 60_000
    assert metadata["image/png"]["alt"] == widget.alt()
    assert said(BOX) in widget.alt()
    assert f"RoIPool gives {widget.by_pool[0, 0]:.2f}" in widget.alt()
    assert data["text/plain"] == repr(widget)


# ---- the functions of the page


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "grids", "roi_align") as page:
        yield page


def test_the_page_computes_what_the_parts_compute(functions: Page) -> None:
    rng = np.random.default_rng(0)
    compared = 0
    for _ in range(150):
        rows, cols, stride = (int(n) for n in (rng.integers(2, 15), rng.integers(2, 15), rng.integers(1, 18)))
        widget = RoIAlign(
            rng.normal(size=(rows, cols)),
            stride=stride,
            box=random_box(rng, rows * stride, cols * stride),
            bins=int(rng.integers(1, 8)),
            sampling_ratio=rng.choice([None, 1, 2, 4]),
            aligned=bool(rng.integers(2)),
        )
        options = {
            "stride": stride,
            "bins": widget.bins,
            "ratio": widget.sampling_ratio,
            "aligned": widget.aligned,
        }
        align, pool, sentence = functions.evaluate(
            """([features, box, options]) => {
                 const values = (result) => result.map((line) => line.map(({ value }) => value));
                 return [values(m.roiAlign(features, box, options)), values(m.roiPool(features, box, options)),
                         m.boxSentence(box, options)];
               }""",
            [widget.data["features"], widget.box, options],
        )
        np.testing.assert_allclose(align, widget.by_align, rtol=0, atol=1e-9)
        assert np.array_equal(pool, widget.by_pool)
        assert sentence == box_sentence(widget.box, stride, widget.bins, widget.sampling_ratio, widget.aligned)
        compared += 1
    assert compared == 150


def test_a_box_stays_in_the_image_and_keeps_a_pixel(functions: Page) -> None:
    moved = "([box, cols, rows]) => m.moved(box, cols, rows, [96, 144])"
    assert functions.evaluate(moved, [[10, 10, 30, 20], -99, 99]) == [0, 86, 20, 96]
    assert functions.evaluate(moved, [[10, 10, 30, 20], 3, -4]) == [13, 6, 33, 16]
    resized = "([box, corner, col, row]) => m.resized(box, corner, col, row, [96, 144])"
    assert functions.evaluate(resized, [[10, 10, 30, 20], "se", 999, 5]) == [10, 10, 144, 11]
    assert functions.evaluate(resized, [[10, 10, 30, 20], "nw", 99, -5]) == [29, 0, 30, 20]
    assert functions.evaluate(resized, [[10, 10, 30, 20], "ne", 40, 12]) == [10, 12, 40, 20]


# ---- in the page


def assert_shows(page: Page, widget: RoIAlign, box: tuple | list) -> None:
    """The page has this box, and the sentence and the numbers that Python has for it."""
    widget.box = list(box)
    options = {name: getattr(widget, name) for name in ("bins", "sampling_ratio", "aligned")}
    expect(page.locator(".roi-sentence")).to_have_text(said(box, **options))
    for name, values in (("RoIAlign", widget.by_align), ("RoIPool", widget.by_pool)):
        texts = page.locator(f"[data-grid={name}] text")
        expect(texts).to_have_count(values.size)
        shown = [float(text) for text in texts.all_text_contents()]
        np.testing.assert_allclose(shown, values.ravel(), atol=0.00501)


def corners(page: Page) -> dict[str, tuple[float, float]]:
    found = {}
    for handle in page.locator(".roi-handle").all():
        box = handle.bounding_box()
        assert box is not None
        found[handle.get_attribute("data-corner")] = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    return found


def pixels_a_point(page: Page) -> float:
    box = page.get_by_role("application").first.bounding_box()
    assert box is not None
    return COLS * STRIDE / box["width"]


def test_the_mouse_moves_the_box_and_its_corners(open_page: Open) -> None:
    page, widget = open_page(a_widget(), **DESK), a_widget()
    assert_shows(page, widget, BOX)
    scale = pixels_a_point(page)
    x, y = corners(page)["c"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10 / scale, y - 5 / scale)
    page.mouse.up()
    assert_shows(page, widget, (31, 14, 100, 65))
    x, y = corners(page)["se"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 7 / scale, y + 3 / scale)
    page.mouse.up()
    assert_shows(page, widget, (31, 14, 107, 68))


def test_the_keyboard_moves_and_resizes_the_box(open_page: Open) -> None:
    page, widget = open_page(a_widget()), a_widget()
    page.get_by_role("application").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    assert_shows(page, widget, (23, 18, 91, 70))
    page.keyboard.press("PageUp")
    assert_shows(page, widget, (22, 17, 92, 71))
    expect(page.get_by_role("status")).to_contain_text(said((22, 17, 92, 71)))


def test_a_finger_taps_where_the_box_should_be(open_page: Open) -> None:
    page, widget = open_page(a_widget(), **PHONE), a_widget()
    board = page.get_by_role("application").first.bounding_box()
    assert board is not None
    scale = pixels_a_point(page)
    # The middle goes to column 110, row 60: the box is 69 × 51, its middle was at 55.5 → 56 and 44.5 → 45.
    page.touchscreen.tap(board["x"] + 110 / scale, board["y"] + 60 / scale)
    assert_shows(page, widget, (21 + 54, 19 + 15, 90 + 54, 70 + 15))


def test_the_choices_of_the_page_are_those_of_python(open_page: Open) -> None:
    page, widget = open_page(a_widget()), a_widget(bins=3, sampling_ratio=4, aligned=False)
    page.get_by_role("radio", name="3×3").check()
    page.get_by_role("radio", name="4×4").check()
    page.get_by_role("radio", name="not").check()
    assert_shows(page, widget, BOX)
    page.get_by_role("radio", name="image").check()
    expect(page.locator(".roi-board")).to_have_class(re.compile("photo"))


def test_a_bin_says_what_it_is_made_of(open_page: Open) -> None:
    page = open_page(a_widget(sampling_ratio=1))
    grid = page.locator("[data-grid=RoIPool] .grid-board")
    grid.focus()
    page.keyboard.press("Home")
    widget = a_widget(sampling_ratio=1)
    expect(page.locator(".roi-reading")).to_have_text(
        re.compile(rf"Bin in row 1, column 0\. RoIAlign: one reading, {widget.by_align[1, 0]:.2f}\..*")
    )
    expect(page.locator(".roi-bin")).not_to_have_attribute("d", "")
    page.keyboard.press("Tab")
    expect(page.locator(".roi-reading")).to_have_text("Point at a bin of a result to see what it is made of.")


# ---- the page as a whole


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("context", [DESK, PHONE], ids=["desk", "phone"])
def test_no_rule_of_accessibility_is_broken(open_page: Open, theme: str, context: dict) -> None:
    page = open_page(a_widget(), a_widget(bins=7, cell=[1, 1], shown="image"), theme=theme, **context)
    assert violations(page) == []
    assert repeated_ids(page) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_over_the_edge(open_page: Open, width: int) -> None:
    page = open_page(a_widget(bins=7), a_widget(bins=2), viewport={"width": width, "height": 800})
    assert over_the_edge(page, but="svg, .unseen, .roi-handle") == []


def test_without_javascript_the_still_picture_stays(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "still.html"
    widget = a_widget()
    path.write_text(page_of(widget), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        picture = page.locator("figure img")
        expect(picture).to_be_visible()
        assert picture.get_attribute("alt") == widget.alt()
