"""The widgets in a page without kernel and network, driven by mouse, keyboard and finger in a real browser.

What the page says is compared with what Python says, word for word.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from segedu import plot
from segedu.synthetic import street_scene
from segedu.widgets import (
    ClassifyDetectSegment,
    SceneViewer,
    ThingStuff,
    answers_at,
    describe,
    tally,
    with_things,
)
from segedu.widgets.page import PageWidget
from segedu.widgets.sentences import percent
from segedu.widgets.thing_stuff import notes, verdict
from widget_pages import (
    PHONE,
    Open,
    over_the_edge,
    page_of,
    repeated_ids,
    violations,
)
from widget_scenes import small_street

STREET = small_street()
PIXELS = [(30, 20), (39, 32), (48, 90), (3, 70), (31, 110), (50, 20), (62, 64)]  # cars, sky, crowd, road, void


def spot(picture: Locator, row: int, col: int) -> dict[str, float]:
    """Where the centre of a pixel lies in the picture."""
    box, (height, width) = picture.bounding_box(), STREET.size
    assert box is not None
    return {"x": (col + 0.5) / width * box["width"], "y": (row + 0.5) / height * box["height"]}


def read(page: Page) -> dict[str, str]:
    """The read-out of the first widget."""
    cards = page.locator(".segedu").first.locator("[data-answer]")
    return {card.get_attribute("data-answer") or "": card.inner_text() for card in cards.all()}


def labels_on_show(page: Page) -> np.ndarray:
    """The painted label layer of the first widget, (H, W, 4) uint8."""
    pixels = page.evaluate(
        """() => {
             const canvas = document.querySelector("canvas.labels");
             return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
           }"""
    )
    return np.array(pixels, np.uint8).reshape(*STREET.size, 4)


# ---- pointing, in all widgets

READINGS = {
    SceneViewer: lambda row, col: describe(STREET, row, col),
    ThingStuff: lambda row, col: describe(STREET, row, col),
    ClassifyDetectSegment: lambda row, col: answers_at(STREET, row, col),
}


@pytest.mark.parametrize("widget", READINGS)
def test_the_mouse_reads_out_what_python_says(open_page: Open, widget: type[PageWidget]) -> None:
    page = open_page(widget(STREET))
    picture = page.locator(".picture")
    for row, col in PIXELS:
        picture.hover(position=spot(picture, row, col))
        assert read(page) == READINGS[widget](row, col)
        expect(page.locator(".where")).to_have_text(f"Pixel in row {row}, column {col}")


@pytest.mark.parametrize("widget", READINGS)
def test_the_keyboard_reads_out_what_python_says(open_page: Open, widget: type[PageWidget]) -> None:
    page = open_page(widget(STREET))
    page.keyboard.press("Tab")  # the picture is the first that can be focused
    expect(page.locator(".picture")).to_be_focused()
    row, col = 32, 64  # the first key shows the cursor in the middle
    for key, d_row, d_col in [
        ("ArrowUp", 0, 0),
        ("ArrowUp", -1, 0),
        ("ArrowLeft", 0, -1),
        ("Shift+ArrowLeft", 0, -10),
        ("Shift+ArrowUp", -10, 0),
        ("ArrowRight", 0, 1),
        ("PageDown", 10, 0),
        ("Shift+ArrowRight", 0, 10),
        ("End", 0, 127 - 64),
        ("ArrowDown", 1, 0),
    ]:
        page.keyboard.press(key)
        row, col = row + d_row, col + d_col
        expect(page.locator(".where")).to_have_text(f"Pixel in row {row}, column {col}")
        assert read(page) == READINGS[widget](row, col)


@pytest.mark.parametrize("widget", READINGS)
def test_a_finger_reads_out_what_python_says(open_page: Open, widget: type[PageWidget]) -> None:
    page = open_page(widget(STREET), **PHONE)
    picture = page.locator(".picture")
    for row, col in PIXELS[:4]:
        picture.tap(position=spot(picture, row, col))
        assert read(page) == READINGS[widget](row, col)
    assert page.locator(".lit").count() == 0  # a finger that reads highlights nothing


def test_a_finger_that_moves_up_on_the_picture_scrolls_the_page(open_page: Open) -> None:
    page = open_page(SceneViewer(STREET), ThingStuff(STREET), **PHONE)
    box = page.locator(".picture").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for up in range(0, 160, 8):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - up}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("window.scrollY > 100")


def test_a_screen_reader_hears_the_sentences_together_and_once(open_page: Open) -> None:
    page = open_page(SceneViewer(STREET))
    page.evaluate(
        """() => {
             window.heard = [];
             const status = document.querySelector("[role=status]");
             const hear = new MutationObserver(() => window.heard.push(status.textContent));
             hear.observe(status, { childList: true });
           }"""
    )
    page.get_by_role("application").focus()
    for key in ("End", "ArrowLeft", "ArrowLeft"):  # three pixels of the road, in row 32
        page.keyboard.press(key)
    said = describe(STREET, 32, 127)
    assert page.evaluate("heard") == [
        f"Semantic: {said['semantic']}. Instance: {said['instance']}. Panoptic: {said['panoptic']}."
    ]


# ---- SceneViewer


@pytest.mark.parametrize("view", ["semantic", "instance", "panoptic"])
def test_a_view_shows_the_labels_as_python_paints_them(open_page: Open, view: str) -> None:
    page = open_page(SceneViewer(STREET, view="image"))
    assert not labels_on_show(page)[..., 3].any()
    page.get_by_role("radio", name=view.capitalize()).check()
    image = {"semantic": plot.semantic_image, "instance": plot.instance_image, "panoptic": plot.panoptic_image}[
        view
    ]
    np.testing.assert_array_equal(labels_on_show(page)[..., :3], image(STREET))
    marked = page.locator(".answer.on .task")
    expect(marked).to_have_text(view.capitalize())


def test_views_change_by_arrow_keys(open_page: Open) -> None:
    page = open_page(SceneViewer(STREET))
    page.get_by_role("radio", name="Panoptic").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="Instance")).to_be_checked()
    np.testing.assert_array_equal(labels_on_show(page)[..., :3], plot.instance_image(STREET))


def test_the_slider_changes_the_opacity_of_the_labels(open_page: Open) -> None:
    page = open_page(SceneViewer(STREET, opacity=0.6))
    slider = page.get_by_role("slider", name="Label opacity")
    opacity = "getComputedStyle(document.querySelector('canvas.labels')).opacity"
    assert float(page.evaluate(opacity)) == pytest.approx(0.6)
    slider.press("ArrowRight")  # a step is 5 %
    assert float(page.evaluate(opacity)) == pytest.approx(0.65)
    expect(page.locator("output")).to_have_text("65 %")
    slider.press("Home")
    assert float(page.evaluate(opacity)) == 0


def test_the_list_has_every_segment_with_its_area(open_page: Open) -> None:
    page = open_page(SceneViewer(STREET))
    rows = [row.inner_text().split("\n") for row in page.locator(".segment").all()]
    names = ["road", "sky", "person, crowd", "car 4", "car 5", "car 6"]
    pixels = STREET.semantic.size
    assert rows == [
        [name, f"{segment.area:,}", percent(segment.area, pixels)]
        for name, segment in zip(names, STREET.segments(), strict=True)
    ]
    # The void: four rows of 128 pixels, 512 of 8,192.
    expect(page.get_by_text("Void: 512 pixels, 6.3 %.")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1100])
def test_a_long_list_ends_with_a_whole_row(open_page: Open, width: int) -> None:
    page = open_page(
        SceneViewer(street_scene(28, cars=12, pedestrians=30)), viewport={"width": width, "height": 900}
    )
    edges = page.locator(".segments ul").evaluate(
        """(list) => {
             const end = list.getBoundingClientRect().bottom;
             const rows = [...list.children].map((row) => row.getBoundingClientRect());
             return { cut: rows.filter(({ top, bottom }) => top < end - 1 && bottom > end + 1).length,
                      hidden: rows.filter(({ top }) => top >= end - 1).length };
           }"""
    )
    assert edges["cut"] == 0
    assert edges["hidden"] > 0  # so the list is one that scrolls


def test_a_segment_is_highlighted_from_the_list_and_again_let_go(open_page: Open) -> None:
    page = open_page(SceneViewer(STREET))
    button = page.get_by_role("button", name="car 5")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    # Its outline: 16 rows × 24 columns beginning at row 24, column 32.
    assert page.locator("path.outline").get_attribute("d") == "M32 24H56M32 40H56M32 24V40M56 24V40"
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert page.locator("path.outline").get_attribute("d") == ""


def test_a_click_or_enter_highlights_what_is_under_the_cursor(open_page: Open) -> None:
    page = open_page(SceneViewer(STREET))
    picture = page.locator(".picture")
    picture.click(position=spot(picture, 30, 20))
    expect(page.get_by_role("button", name="car 4")).to_have_attribute("aria-pressed", "true")
    picture.hover(position=spot(picture, 48, 90))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="car 6")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".segment[aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".segment[aria-pressed=true]")).to_have_count(0)


def test_the_state_is_where_the_page_begins(open_page: Open) -> None:
    page = open_page(
        SceneViewer(STREET, view="semantic", opacity=0.25, caption="A street.", pixel=[30, 20], selected=4)
    )
    expect(page.get_by_role("radio", name="Semantic")).to_be_checked()
    expect(page.locator("output")).to_have_text("25 %")
    expect(page.get_by_text("A street.")).to_be_visible()
    expect(page.get_by_role("button", name="car 4")).to_have_attribute("aria-pressed", "true")
    assert read(page) == describe(STREET, 30, 20)


# ---- ThingStuff


def counts(page: Page) -> dict[str, str]:
    return {
        tile.get_attribute("data-count") or "": tile.inner_text() for tile in page.locator("[data-count]").all()
    }


def said_of_categories(page: Page) -> list[str]:
    return [note.inner_text() for note in page.locator(".category .soft").all()]


@pytest.mark.parametrize("things", [["car"], ["road", "sky", "person", "car"], [], ["sky", "person"]])
def test_declaring_things_changes_the_labelling_as_in_python(open_page: Open, things: list[str]) -> None:
    page = open_page(ThingStuff(STREET, pixel=[30, 40]))
    for category in STREET.categories:
        choice = page.get_by_role("group", name=category.name)
        choice.get_by_role("radio", name="thing" if category.name in things else "stuff").check()
    after = with_things(STREET, things)
    expected = tally(after)
    assert counts(page) == {
        "segments": str(expected["segments"]),
        "objects": str(expected["objects"]),
        "object_pixels": percent(expected["object_pixels"], STREET.semantic.size),
    }
    assert said_of_categories(page) == notes(STREET, things)
    expect(page.locator(".verdict")).to_have_text(verdict(STREET, things))
    assert read(page) == describe(after, 30, 40)
    # Where no object is left, the picture is the one that Python paints; objects keep their colours.
    if "car" not in things:
        np.testing.assert_array_equal(labels_on_show(page)[..., :3], plot.panoptic_image(after))


def test_a_category_is_declared_by_the_keyboard_and_all_is_put_back(open_page: Open) -> None:
    page = open_page(ThingStuff(STREET))
    page.get_by_role("group", name="car").get_by_role("radio", name="thing").focus()
    page.keyboard.press("ArrowLeft")
    assert counts(page)["objects"] == "0"
    back = page.get_by_role("button", name="As the data set has it")
    back.focus()
    page.keyboard.press("Enter")
    assert counts(page)["objects"] == "3"
    expect(back).to_be_hidden()


def test_a_finger_declares_a_category(open_page: Open) -> None:
    page = open_page(ThingStuff(STREET), **PHONE)
    page.get_by_role("group", name="sky").get_by_role("radio", name="thing").tap()
    assert said_of_categories(page)[1] == "1 crowd: nobody has told its objects apart"


def test_semantic_labels_do_not_depend_on_the_split(open_page: Open) -> None:
    page = open_page(ThingStuff(STREET, view="semantic"))
    before = labels_on_show(page)
    page.get_by_role("group", name="car").get_by_role("radio", name="stuff").check()
    np.testing.assert_array_equal(labels_on_show(page), before)


# ---- ClassifyDetectSegment


def test_each_answer_shows_its_numbers_and_its_picture(open_page: Open) -> None:
    page = open_page(ClassifyDetectSegment(STREET, view="labels"))
    amounts = [amount.inner_text() for amount in page.locator(".amount").all()]
    assert amounts == ["4 numbers", "15 numbers", "8,192 numbers"]
    expect(page.locator(".tags .tag")).to_have_text(["road", "sky", "person", "car"])
    expect(page.locator(".frame").first).to_be_hidden()
    page.get_by_role("radio", name="Boxes").check()
    expect(page.locator(".frame")).to_have_count(3)
    expect(page.locator(".tags")).to_be_hidden()
    page.get_by_role("radio", name="Label map").check()
    expect(page.locator(".frame").first).to_be_hidden()
    np.testing.assert_array_equal(labels_on_show(page)[..., :3], plot.semantic_image(STREET))


@pytest.mark.parametrize("view", ["labels", "boxes", "label_map"])
def test_on_a_phone_the_answer_on_show_is_seen_beneath_the_picture(open_page: Open, view: str) -> None:
    page = open_page(ClassifyDetectSegment(STREET, view=view), **PHONE)
    picture = page.locator(".picture")
    picture.tap(position=spot(picture, 48, 90))
    answer = page.locator(f"[data-answer={view}]")
    expect(answer).to_have_text(answers_at(STREET, 48, 90)[view])
    expect(answer).to_be_in_viewport(ratio=1)
    others = [card.bounding_box() for card in page.locator(".answer:not(.on)").all()]
    below, here = [box["y"] for box in others if box], answer.bounding_box()
    assert here is not None
    assert here["y"] < min(below)


def test_a_tag_lets_through_what_the_reader_points_at(open_page: Open) -> None:
    page = open_page(ClassifyDetectSegment(STREET, view="labels"))
    tag, picture = page.locator(".tags .tag").nth(2), page.locator(".picture")
    expect(page.locator(".tag.aside")).to_have_count(0)
    tag_box, box = tag.bounding_box(), picture.bounding_box()
    assert tag_box is not None
    assert box is not None
    middle = [tag_box[a] - box[a] + tag_box[side] / 2 for a, side in (("x", "width"), ("y", "height"))]
    picture.hover(position={"x": middle[0], "y": middle[1]})
    expect(page.locator(".tag.aside")).to_have_text(["person"])
    expect(tag).to_have_css("opacity", "0.2")
    picture.hover(position=spot(picture, 3, 3))
    expect(page.locator(".tag.aside")).to_have_count(0)


def test_a_box_lies_around_its_object(open_page: Open) -> None:
    page = open_page(ClassifyDetectSegment(STREET, view="boxes", pixel=[48, 90]))
    frame, picture = page.locator(".frame.hit").bounding_box(), page.locator(".picture").bounding_box()
    assert frame is not None
    assert picture is not None
    scale = picture["width"] / 128
    # The third car: rows 44 to 51, columns 80 to 95.
    assert (frame["x"] - picture["x"]) / scale == pytest.approx(80, abs=0.1)
    assert (frame["y"] - picture["y"]) / scale == pytest.approx(44, abs=0.1)
    assert frame["width"] / scale == pytest.approx(16, abs=0.1)
    assert frame["height"] / scale == pytest.approx(8, abs=0.1)


# ---- the page as a whole

ALL = (
    SceneViewer(STREET),
    ThingStuff(STREET),
    ClassifyDetectSegment(STREET, view="boxes"),
    SceneViewer(STREET),
)


def test_several_widgets_in_a_page_leave_each_other_alone(open_page: Open) -> None:
    page = open_page(*ALL)
    assert repeated_ids(page) == []
    page.get_by_role("radio", name="Semantic").first.check()
    checked = page.locator("input[value=panoptic]:checked")
    expect(checked).to_have_count(2)  # of the ThingStuff and the last viewer


def test_widgets_are_ready_within_a_second_of_load(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(*ALL), encoding="utf-8")
    with browser.new_context() as visitor:
        page = visitor.new_page()
        page.add_init_script(
            """window.readyAt = [];
               new MutationObserver((changes) => changes.forEach(() => window.readyAt.push(performance.now())))
                 .observe(document, { subtree: true, attributeFilter: ["data-ready"] });"""
        )
        page.goto(path.as_uri())
        page.wait_for_function("window.readyAt.length === 4")
        late = page.evaluate(
            "Math.max(...readyAt) - performance.getEntriesByType('navigation')[0].loadEventEnd"
        )
        assert late < 1000


def test_without_javascript_the_still_picture_stays(open_page: Open, browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "still.html"
    path.write_text(page_of(*ALL), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        pictures = page.locator("figure img")
        expect(pictures).to_have_count(4)
        for picture, widget in zip(pictures.all(), ALL, strict=True):
            expect(picture).to_be_visible()
            assert picture.get_attribute("alt") == widget.alt()
        expect(page.get_by_text("A still picture.").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "context", [{"viewport": {"width": 1100, "height": 900}}, PHONE], ids=["desk", "phone"]
)
def test_no_rule_of_accessibility_is_broken(open_page: Open, theme: str, context: dict) -> None:
    page = open_page(
        SceneViewer(STREET, pixel=[30, 40], selected=5, caption="A street."),
        ThingStuff(STREET, things=["car", "sky"], pixel=[30, 40]),
        ClassifyDetectSegment(STREET, view="boxes", pixel=[30, 40]),
        ClassifyDetectSegment(STREET, view="labels"),
        SceneViewer(STREET),
        theme=theme,
        **context,
    )
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_over_the_edge(open_page: Open, width: int) -> None:
    page = open_page(*ALL, viewport={"width": width, "height": 844})
    assert over_the_edge(page, but=".layers, .unseen") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_of_the_page_is_the_widgets_too(open_page: Open, theme: str) -> None:
    page = open_page(SceneViewer(STREET), theme=theme)
    red, green, blue = page.evaluate(
        "getComputedStyle(document.querySelector('.segedu')).backgroundColor.match(/\\d+/g).map(Number)"
    )
    assert (red + green + blue > 700) is (theme == "light")


def test_readers_who_want_no_motion_get_none(open_page: Open) -> None:
    page = open_page(SceneViewer(STREET), reduced_motion="reduce")
    moving = """[...document.querySelectorAll(".segedu *")]
                  .filter((node) => parseFloat(getComputedStyle(node).transitionDuration) > 0).length"""
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) > 0


def test_focus_is_seen(open_page: Open) -> None:
    page = open_page(SceneViewer(STREET))
    rings = []
    for _ in range(4):  # picture, view, slider, list
        page.keyboard.press("Tab")
        rings.append(
            page.evaluate(
                """() => {
                     const at = document.activeElement;
                     const seen = at.type === "radio" ? at.nextElementSibling : at;
                     const name = at.getAttribute("role") ?? at.type ?? at.localName;
                     return [name, parseFloat(getComputedStyle(seen).outlineWidth)];
                   }"""
            )
        )
    assert [name for name, _ in rings] == ["application", "radio", "range", "summary"]
    assert all(width >= 2 for _, width in rings)
