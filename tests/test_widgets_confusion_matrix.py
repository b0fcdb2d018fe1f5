"""ConfusionMatrix: its state, and its page in a browser; every number on show is the one that Python has."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
import traitlets
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from segedu import VOID, Category, Scene, metrics
from segedu.synthetic import street_scene
from segedu.widgets import ConfusionMatrix
from segedu.widgets.confusion_words import (
    CLASS_MEASURES,
    MEASURES,
    answers_about,
    cell_sentence,
    share_of_row,
)
from segedu.widgets.page import module
from segedu.widgets.prediction_edits import (
    prediction_edits,
)
from segedu.widgets.runs import encode_runs
from segedu.widgets.sentences import score
from widget_pages import (
    DESK,
    PHONE,
    Open,
    over_the_edge,
    page_of,
    repeated_ids,
    violations,
)
from widget_scenes import edits_of, small_street

STREET = small_street()  # 64 × 128: road, sky, person, car; the last four rows are void
BOOK = street_scene(seed=28, light="day", cars=7, pedestrians=10)  # the street of chapter 5


# ---- the state


def test_without_predictions_it_opens_with_two_in_opposite_order() -> None:
    for scene in (STREET, BOOK):
        widget = ConfusionMatrix(scene)
        assert widget.ranking.startswith("PA and mIoU rank them in opposite order.")
        assert widget.data["opposite"] == [widget.a_runs, widget.b_runs]


def test_given_predictions_are_held_and_named() -> None:
    made = edits_of(BOOK)
    widget = ConfusionMatrix(BOOK, made["in blocks, 8 pixels"], made["rare missed, 3 classes"])
    np.testing.assert_array_equal(widget.a, made["in blocks, 8 pixels"])
    assert widget.names == {"a": "in blocks, 8 pixels", "b": "rare missed, 3 classes"}
    # Exactly the figures of the chapter: PA prefers the blind answer, mIoU the coarse one.
    np.testing.assert_array_equal(
        widget.confmats["b"], metrics.confusion_matrix(made["rare missed, 3 classes"], BOOK.semantic, 9)
    )
    assert widget.ranking == (
        "PA and mIoU rank them in opposite order. MPA and mIoU prefer A. PA and FWIoU prefer B."
    )


def test_a_prediction_of_the_readers_own_can_be_come_back_to() -> None:
    own = np.random.default_rng(0).integers(0, 4, STREET.size)
    widget = ConfusionMatrix(STREET, b=own)
    assert widget.names["b"] == "B as given"
    widget.b = np.zeros(STREET.size, int)
    assert widget.names["b"] == "one class, road"
    assert widget.data["edits"][-1]["steps"][0]["runs"] == encode_runs(own)
    own[0, 0] = 3 - own[0, 0]
    widget.b = own
    assert widget.names["b"] == "edited by hand"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((3, 4), int), r"a: expected shape \(64, 128\) like the scene, got \(3, 4\)"),
        (np.full((64, 128), 4), "a: expected class indices from 0 to 3, got dtype int64, labels 4 to 4"),
        (np.zeros((64, 128)), "a: expected class indices from 0 to 3, got dtype float64"),
        (STREET, "A prediction has no void"),
    ],
)
def test_a_wrong_prediction_is_refused(wrong: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ConfusionMatrix(STREET, wrong)
    widget = ConfusionMatrix(STREET)
    with pytest.raises(ValueError, match=message):
        widget.a = wrong


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a_runs": "AgM="}, "expected 8192 pixels, got 3"),
        ({"b_runs": encode_runs(np.full((64, 128), 4))}, "b_runs: expected class indices from 0 to 3"),
        ({"cell": [0, 4]}, r"cell: expected two classes from 0 to 3 or None, got \[0, 4\]"),
        ({"cell": [1]}, "cell: expected two classes"),
        ({"brush": "boat"}, "brush: expected one of no brush, the truth, road, sky, person, car; got 'boat'"),
        ({"brush_size": 8}, "brush_size"),
        ({"shown": "c"}, "shown"),
        ({"view": "image"}, "view"),
    ],
)
def test_a_wrong_state_is_refused(change: dict, message: str) -> None:
    widget = ConfusionMatrix(STREET)
    with pytest.raises(traitlets.TraitError, match=message):
        widget.set_trait(*next(iter(change.items())))


def test_it_wants_a_scene() -> None:
    with pytest.raises(TypeError, match=r"expected a segedu\.Scene, got ndarray"):
        ConfusionMatrix(np.zeros((2, 2)))


def test_a_scene_of_nothing_but_void_has_every_form() -> None:
    scene = Scene(
        np.zeros((5, 5, 3), np.uint8), np.full((5, 5), VOID), np.zeros((5, 5), int), STREET.categories
    )
    widget = ConfusionMatrix(scene)
    assert widget._repr_mimebundle_()
    assert "mIoU undefined" in widget.alt()


def test_equal_widgets_have_equal_output_that_needs_no_network() -> None:
    one, other = (ConfusionMatrix(BOOK, cell=[6, 2]) for _ in range(2))
    first, second = (made._repr_mimebundle_()[0] for made in (one, other))
    for kind in ("text/html", "text/plain", "image/png"):
        assert first[kind] == second[kind]
    output = first["text/html"] + first["text/plain"]
    assert not re.search(r"0x[0-9a-f]{6}", output)
    assert one.model_id not in output
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", output)) <= {"http://www.w3.org"}
    assert len(first["text/html"]) <= 400_000
    assert not re.search(
        r"^\s*import\b", module("strokes", "confusion_counts", "confusion_matrix"), re.MULTILINE
    )


def test_the_still_forms_show_the_state_and_say_it() -> None:
    widget = ConfusionMatrix(BOOK, cell=[6, 2])
    with Image.open(io.BytesIO(widget.static())) as picture:
        assert picture.format == "PNG"
    assert len(widget.static()) <= 120_000
    assert widget.ranking in widget.alt()
    names = [category.name for category in BOOK.categories]
    assert cell_sentence(widget.confmats["a"], names, 6, 2) in widget.alt()
    assert f"a={widget.names['a']!r}" in repr(widget)


# ---- in the page


def assert_shows(page: Page, widget: ConfusionMatrix) -> None:
    """Every number and sentence of the page is the one that Python has for the state of `widget`."""
    scene, slot = widget.scene, widget.shown
    names = [category.name for category in scene.categories]
    table, scores = widget.confmats[slot], widget.scores
    expect(page.get_by_role("radio", name=f"Prediction {slot.upper()}")).to_be_checked()
    shares = page.locator("[data-cell]").all_inner_texts()
    assert shares == [share_of_row(n, int(row.sum())) for row in table for n in row.tolist()]
    counts = [cell.get_attribute("aria-label") for cell in page.locator("[data-cell]").all()]
    assert counts == [f"{names[i]} called {names[j]}: {table[i, j]:,}" for i, j in np.ndindex(table.shape)]
    for one in ("a", "b"):
        for measure in MEASURES:
            expect(page.locator(f"[data-score='{one} {measure}']")).to_have_text(score(scores[one][measure]))
    for measure, of in CLASS_MEASURES.items():
        for k, value in enumerate(of(table).tolist()):
            expect(page.locator(f"[data-class-score='{k} {measure}']")).to_have_text(score(value))
    for k, total in enumerate(table.sum(axis=1).tolist()):
        expect(page.locator(f"[data-pixels='{k}']")).to_have_text(f"{total:,}")
    expect(page.locator(".cm-verdict")).to_have_text(widget.ranking)
    titles = [row.inner_text() for row in page.locator(".cm-scores").first.locator("tbody th").all()]
    assert titles == [f"{one.upper()} {name}" for one, name in widget.names.items()]
    if widget.cell is None:
        expect(page.locator("[aria-selected=true]")).to_have_count(0)
        expect(page.locator(".cm-sentence")).to_have_text(
            "Choose a cell: the picture shows which pixels it counts."
        )
    else:
        expect(page.locator(".cm-sentence")).to_have_text(cell_sentence(table, names, *widget.cell))


def canvas(page: Page, kind: str) -> np.ndarray:
    """A layer of the picture, (H, W, 4) uint8."""
    pixels = page.evaluate(
        """(kind) => {
             const canvas = document.querySelector(`canvas.${kind}`);
             return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
           }""",
        kind,
    )
    return np.array(pixels, np.uint8).reshape(*STREET.size, 4)


def place(page: Page, row: float, col: float) -> tuple[float, float]:
    """Where the middle of a pixel lies in the window."""
    box = page.locator(".picture").bounding_box()
    assert box is not None
    height, width = STREET.size
    return box["x"] + (col + 0.5) * box["width"] / width, box["y"] + (row + 0.5) * box["height"] / height


@pytest.mark.parametrize("edit", [edit.name for edit in prediction_edits(STREET)])
def test_a_chip_makes_a_prediction_and_the_slider_its_strength(open_page: Open, edit: str) -> None:
    widget = ConfusionMatrix(STREET, cell=[3, 1])
    page = open_page(widget)
    made = next(one for one in prediction_edits(STREET) if one.name == edit)
    chip = page.get_by_role("button", name=edit, exact=True)
    chip.click()
    widget.a = made.steps[made.start].preds
    assert_shows(page, widget)
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".cm-make .chip[aria-pressed=true]")).to_have_count(1)
    slider = page.get_by_role("slider", name="How much")
    if len(made.steps) == 1:
        expect(slider).to_be_hidden()
    else:
        slider.press("End")
        widget.a = made.steps[-1].preds
        assert_shows(page, widget)
        expect(slider).to_have_attribute("aria-valuetext", made.steps[-1].label)
        expect(page.locator(".cm-note")).to_have_text(made.steps[-1].note)


def test_a_and_b_are_made_apart_and_compared(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET)
    page = open_page(widget)
    page.get_by_role("radio", name="Prediction B").check()
    page.get_by_role("button", name="perfect", exact=True).click()
    widget.shown, widget.b = "b", edits_of(STREET)["perfect"]
    assert_shows(page, widget)
    assert widget.ranking == "PA, MPA, mIoU and FWIoU prefer B."
    expect(page.locator("[data-score='b mIoU']")).to_have_class(re.compile("better"))
    expect(page.locator("[data-score='a mIoU']")).not_to_have_class(re.compile("better"))


def test_the_pair_in_opposite_order_is_one_press_away(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET)
    page = open_page(ConfusionMatrix(STREET, edits_of(STREET)["perfect"], edits_of(STREET)["shifted, 1 pixel"]))
    page.get_by_role("button", name="Two that PA and mIoU rank in opposite order").click()
    assert_shows(page, widget)
    expect(page.locator(".cm-verdict")).to_contain_text("PA and mIoU rank them in opposite order.")


def test_a_cell_lights_up_exactly_its_pixels(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET, edits_of(STREET)["grown, 2 pixels"])
    page = open_page(widget)
    for cell in ([0, 3], [3, 3], [2, 0]):
        page.locator(f"[data-cell='{cell[0]} {cell[1]}']").click()
        widget.cell = cell
        assert_shows(page, widget)
        expect(page.locator(f"[data-cell='{cell[0]} {cell[1]}']")).to_have_attribute("aria-selected", "true")
        lit = canvas(page, "dim")[..., 3] == 0
        np.testing.assert_array_equal(lit, (STREET.semantic == cell[0]) & (widget.a == cell[1]))
    page.locator("[data-cell='2 0']").click()  # once more lets it go
    widget.cell = None
    assert_shows(page, widget)


def test_arrow_keys_go_through_the_matrix(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET)
    page = open_page(widget)
    page.locator("[data-cell='0 0']").focus()
    for key, cell in [
        ("ArrowRight", [0, 1]),
        ("ArrowDown", [1, 1]),
        ("End", [1, 3]),
        ("ArrowRight", [1, 3]),  # the rim
        ("PageDown", [3, 3]),
        ("Home", [3, 0]),
        ("Escape", None),
        ("Enter", [3, 0]),
    ]:
        page.keyboard.press(key)
        widget.cell = cell
        assert_shows(page, widget)
    expect(page.locator("[data-cell='3 0']")).to_be_focused()
    expect(page.locator("[data-cell][tabindex='0']")).to_have_count(1)


def test_a_finger_chooses_a_cell(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET)
    page = open_page(widget, **PHONE)
    page.locator("[data-cell='2 0']").tap()
    widget.cell = [2, 0]
    assert_shows(page, widget)


def test_pointing_reads_out_what_all_three_say_and_marks_the_cell(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET, edits_of(STREET)["shifted, 4 pixels"], edits_of(STREET)["one class, road"])
    page = open_page(widget)
    for row, col in [(30, 17), (30, 25), (3, 70), (50, 20), (62, 64)]:
        page.mouse.move(*place(page, row, col))
        said = {
            card.get_attribute("data-answer"): card.inner_text() for card in page.locator("[data-answer]").all()
        }
        assert said == widget.describe(row, col) == answers_about(STREET, widget.a, widget.b, row, col)
        if row == 62:  # void belongs to no cell
            expect(page.locator(".cm-cell.pointed")).to_have_count(0)
        else:
            cell = f"{STREET.semantic[row, col]} {widget.a[row, col]}"
            expect(page.locator(".cm-cell.pointed")).to_have_attribute("data-cell", cell)
    page.mouse.click(*place(page, 30, 17))  # column 17 is car, and was sky or road four pixels before
    widget.cell = [3, int(widget.a[30, 17])]
    assert_shows(page, widget)


def test_the_picture_shows_prediction_errors_and_truth(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET, edits_of(STREET)["shifted, 4 pixels"])
    page = open_page(widget)
    colors = np.array([category.color for category in STREET.categories])
    np.testing.assert_array_equal(canvas(page, "labels")[..., :3], colors[widget.a])
    page.get_by_role("radio", name="Errors").check()
    errors, known = canvas(page, "labels")[..., :3], STREET.semantic != VOID
    np.testing.assert_array_equal((errors == (255, 122, 26)).all(axis=2), known & (widget.a != STREET.semantic))
    page.get_by_role("radio", name="Truth").check()
    np.testing.assert_array_equal(canvas(page, "labels")[..., :3][known], colors[STREET.semantic[known]])


def test_the_mouse_paints_a_class_and_all_is_counted_anew(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET, edits_of(STREET)["perfect"], cell=[1, 3])
    page = open_page(widget)
    page.get_by_label("Paint").select_option("car")
    page.mouse.move(*place(page, 10, 20))
    page.mouse.down()
    page.mouse.move(*place(page, 10, 60))
    page.mouse.up()
    labels = widget.a
    labels[7:14, 17:64] = 3  # seven pixels wide, half of them on each side of row 10 and of both ends
    widget.a = labels
    assert widget.confmats["a"][1, 3] == 7 * 47  # all of it in the sky
    assert_shows(page, widget)
    expect(page.locator(".cm-note")).to_contain_text("Edited by hand.")
    page.mouse.move(*place(page, 40, 60))  # the button is up: nothing more is painted
    assert_shows(page, widget)
    page.get_by_role("button", name="Undo").click()
    widget.a = edits_of(STREET)["perfect"]
    assert_shows(page, widget)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_the_truth_puts_right_what_it_goes_over(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET, edits_of(STREET)["one class, road"])
    page = open_page(widget)
    page.get_by_label("Paint").select_option("the truth")
    page.get_by_label("wide").select_option("21")
    page.mouse.click(*place(page, 62, 88))  # rows 52 on are road, below them void: nothing is wrong there
    assert_shows(page, widget)
    page.mouse.click(*place(page, 47, 88))  # 21 × 21 pixels hold the third car
    labels = widget.a
    labels[44:52, 80:96] = 3
    widget.a = labels
    assert_shows(page, widget)


def test_the_keyboard_paints_and_takes_back(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET, edits_of(STREET)["perfect"], brush="person", brush_size=1)
    page = open_page(widget)
    page.get_by_role("application").focus()
    for key in (
        "ArrowUp",
        "Space",
        "Shift+ArrowRight",
        "Enter",
    ):  # the first key shows the cursor: row 32, column 64
        page.keyboard.press(key)
    labels = widget.a
    labels[32, 64] = labels[32, 74] = 2
    widget.a = labels
    assert_shows(page, widget)
    page.keyboard.press("Control+z")
    labels[32, 74] = 0
    widget.a = labels
    assert_shows(page, widget)
    assert widget.names["a"] == "edited by hand"


def test_a_finger_paints_and_does_not_scroll(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET, edits_of(STREET)["perfect"], brush="car", brush_size=1)
    page = open_page(widget, **PHONE)
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *at: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in at]})

    send("touchStart", place(page, 20, 5))
    for row in range(20, 3, -1):
        send("touchMove", place(page, row, 5))
    send("touchEnd")
    labels = widget.a
    labels[4:21, 5] = 3
    widget.a = labels
    assert_shows(page, widget)
    assert page.evaluate("window.scrollY") == 0


def test_a_finger_without_a_brush_scrolls_the_page(open_page: Open) -> None:
    page = open_page(ConfusionMatrix(STREET), **PHONE)
    x, y = place(page, 40, 60)
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for up in range(0, 160, 8):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - up}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("window.scrollY > 100")


def test_undefined_is_said_so(open_page: Open) -> None:
    scene = Scene(
        np.zeros((5, 5, 3), np.uint8), np.full((5, 5), VOID), np.zeros((5, 5), int), STREET.categories
    )
    page = open_page(ConfusionMatrix(scene))
    for measure in MEASURES:
        expect(page.locator(f"[data-score='a {measure}']")).to_have_text("undefined")
    expect(page.locator(".cm-verdict")).to_have_text("PA, MPA, mIoU and FWIoU are undefined.")


def test_the_state_is_where_the_page_begins(open_page: Open) -> None:
    own = np.random.default_rng(6).integers(0, 4, STREET.size)
    widget = ConfusionMatrix(STREET, b=own, shown="b", view="truth", cell=[2, 1], brush="sky", pixel=[30, 20],
                             caption="Noise.")  # fmt: skip
    page = open_page(widget)
    assert_shows(page, widget)
    expect(page.get_by_role("radio", name="Truth")).to_be_checked()
    expect(page.get_by_label("Paint")).to_have_value("sky")
    expect(page.get_by_text("Noise.")).to_be_visible()
    expect(page.get_by_role("button", name="B as given")).to_have_attribute("aria-pressed", "true")


def test_a_screen_reader_hears_the_scores_after_each_step(open_page: Open) -> None:
    widget = ConfusionMatrix(STREET)
    page = open_page(widget)
    page.get_by_role("button", name="grown", exact=True).click()
    widget.a = edits_of(STREET)["grown, 2 pixels"]
    found = widget.scores["a"]
    expect(page.locator(".segedu > [role=status]")).to_have_text(
        f"Prediction A: grown, 2 pixels. PA {score(found['PA'])}, mIoU {score(found['mIoU'])}."
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("context", [DESK, PHONE], ids=["desk", "phone"])
def test_no_rule_of_accessibility_is_broken(open_page: Open, theme: str, context: dict) -> None:
    page = open_page(
        ConfusionMatrix(STREET, cell=[0, 3], caption="A street."),
        ConfusionMatrix(BOOK, shown="b", brush="car", pixel=[150, 480], view="errors"),
        theme=theme,
        **context,
    )
    assert violations(page) == []
    assert repeated_ids(page) == []


def many_classes() -> Scene:
    """Nineteen classes with long names, in columns of their own."""
    categories = tuple(
        Category(k, f"a rather long name {k}", k % 2 == 0, (9 * k, 0, 255 - 9 * k)) for k in range(19)
    )
    semantic = np.repeat(np.arange(19), 2)[None].repeat(8, axis=0)
    return Scene(np.zeros((8, 38, 3), np.uint8), semantic, np.where(semantic % 2, 0, semantic + 1), categories)


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_over_the_edge(open_page: Open, width: int) -> None:
    page = open_page(
        ConfusionMatrix(BOOK), ConfusionMatrix(many_classes()), viewport={"width": width, "height": 800}
    )
    assert over_the_edge(page, but=".layers, .unseen, .cm-scroll") == []


def test_the_matrix_of_the_street_fits_a_phone_with_cells_for_a_finger(open_page: Open) -> None:
    page = open_page(ConfusionMatrix(BOOK), **PHONE)
    box = page.locator(".cm-scroll")
    assert box.evaluate("(node) => node.scrollWidth <= node.clientWidth")
    for cell in page.locator("[data-cell]").all():
        size = cell.bounding_box()
        assert size is not None
        assert min(size["width"], size["height"]) >= 24  # WCAG 2.5.8
    # No name of a class is cut off.
    cut = (
        "(nodes) => nodes.filter((node) => node.scrollWidth > node.clientWidth).map((node) => node.textContent)"
    )
    assert page.locator(".cm-table .name").evaluate_all(cut) == []


def test_many_classes_scroll_in_a_box_of_their_own(open_page: Open) -> None:
    page = open_page(ConfusionMatrix(many_classes()), **PHONE)
    assert page.locator(".cm-scroll").evaluate("(node) => node.scrollWidth > node.clientWidth")
    page.locator("[data-cell='0 18']").tap()
    expect(page.locator(".cm-sentence")).to_contain_text("a rather long name 18")
    size = page.locator("[data-cell='0 18']").bounding_box()
    assert size is not None
    assert size["width"] >= 24


def test_it_is_ready_within_a_second_of_load(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(ConfusionMatrix(BOOK)), encoding="utf-8")
    with browser.new_context() as visitor:
        page = visitor.new_page()
        page.add_init_script(
            """new MutationObserver(() => (window.readyAt = performance.now()))
                 .observe(document, { subtree: true, attributeFilter: ["data-ready"] });"""
        )
        page.goto(path.as_uri())
        page.wait_for_function("window.readyAt")
        assert page.evaluate("readyAt - performance.getEntriesByType('navigation')[0].loadEventEnd") < 1000


def test_without_javascript_the_still_picture_stays(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "still.html"
    widget = ConfusionMatrix(STREET)
    path.write_text(page_of(widget), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        picture = page.locator("figure img")
        expect(picture).to_be_visible()
        assert picture.get_attribute("alt") == widget.alt()
