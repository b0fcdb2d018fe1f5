"""TrainingPlayer: a recorded run, driven by slider, mouse, finger and keys; the page says what Python says."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
import traitlets
from playwright.sync_api import Page, expect

from segedu.scene import VOID
from segedu.training import History
from segedu.widgets import TrainingPlayer
from segedu.widgets.runs import decode_runs
from training_films import EPOCHS, film
from widget_pages import PHONE, Open, loaded, over_the_edge, repeated_ids, violations
from widget_scenes import random_scene, small_street

STREET = small_street()


def spot(page: Page, row: int, col: int, number: int = 0) -> dict[str, float]:
    box, (height, width) = page.locator(".picture").nth(number).bounding_box(), STREET.size
    assert box is not None
    return {"x": (col + 0.5) / width * box["width"], "y": (row + 0.5) / height * box["height"]}


def labels_on_show(page: Page) -> np.ndarray:
    """The painted label layer of the first picture, (H, W, 4)."""
    pixels = page.evaluate(
        """() => {
             const canvas = document.querySelector("canvas.labels");
             return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
           }"""
    )
    return np.array(pixels, np.uint8).reshape(*STREET.size, 4)


# ---- in Python


def test_a_frame_is_put_into_a_sentence() -> None:
    # STREET has four rows of void: 60 · 128 = 7,680 pixels are known. Before training all is class 0, road.
    # Road are the 32 rows from 28 on, 4,096 pixels, without what stands there: 12 rows of two cars, 12 · 40,
    # the third car, 8 · 16, 8 rows of the crowd, 8 · 20. 4,096 − 480 − 128 − 160 = 3,328 are right: 43.3 %.
    player = TrainingPlayer(film())
    assert player.sentence(0) == "Before training. Right: 43.3 % of the pixels of the picture."
    # Epoch 2: loss 2/2, mIoU 2/5; classes 1 to 3 have 2/6, 2/7, 2/8; class 0 is NaN and is not named.
    assert player.sentence(2).startswith(
        "After epoch 2 of 4: training loss 1.000, validation mIoU 0.400. Best class: sky, 0.333; "
        "worst: car, 0.250. Right: "
    )
    assert player.sentence(4).endswith("Right: 100.0 % of the pixels of the picture.")


def test_a_run_without_validation_names_no_class() -> None:
    plain = film()
    nothing = [
        dataclasses.replace(e, mean_iou=math.nan, iou_per_class=(math.nan,) * 4) for e in plain.history.epochs
    ]
    said = TrainingPlayer(dataclasses.replace(plain, history=History(nothing))).sentence(1)
    assert "validation mIoU undefined. Right: " in said


def test_a_pixel_is_what_it_is_and_what_it_was_taken_for() -> None:
    player = TrainingPlayer(film(), frame=0)
    assert player.describe(0, 30, 20) == "Row 30, column 20: car. Predicted: road."
    assert player.describe(0, 30, 20, frame=4) == "Row 30, column 20: car. Predicted: car."
    assert player.describe(0, 62, 0) == "Row 62, column 0: void, which does not count. Predicted: road."


def test_the_state_holds_all_predictions() -> None:
    run = film(STREET, STREET)
    state = json.loads(json.dumps(TrainingPlayer(run).state(), allow_nan=False))
    assert state["data"]["curves"]["classes"][0] == [None] * EPOCHS
    for scene, preds in zip(state["data"]["scenes"], run.preds, strict=True):
        for text, frame in zip(scene["preds"], preds, strict=True):
            np.testing.assert_array_equal(decode_runs(text, STREET.size), frame.astype(int) + 1)


def test_it_starts_at_the_end_unless_it_is_told() -> None:
    assert TrainingPlayer(film()).frame == EPOCHS
    assert "frame=1, pixel=None, selected=None, view='errors'" in repr(
        TrainingPlayer(film(), frame=1, view="errors")
    )


@pytest.mark.parametrize(
    "state",
    [{"frame": 5}, {"frame": -1}, {"selected": 4}, {"pixel": [1, 0, 0]}, {"pixel": [0, 64, 0]}, {"view": "x"}],
)
def test_a_state_that_does_not_exist_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(traitlets.TraitError):
        TrainingPlayer(film(), **state)


def test_a_recording_that_does_not_fit_is_refused() -> None:
    run = film()
    with pytest.raises(ValueError, match="expected one or two scenes, got 3"):
        TrainingPlayer(film(STREET, STREET, STREET))
    with pytest.raises(ValueError, match="expected at least one epoch"):
        TrainingPlayer(dataclasses.replace(run, history=History()))
    with pytest.raises(
        ValueError, match=r"expected predictions of shape \(5, 64, 128\), .*got shape \(4, 64, 128\)"
    ):
        TrainingPlayer(dataclasses.replace(run, preds=(run.preds[0][:-1],)))
    with pytest.raises(ValueError, match="highest class 9"):
        TrainingPlayer(dataclasses.replace(run, preds=(np.full_like(run.preds[0], 9),)))


def test_errors_are_bright_and_void_is_grey() -> None:
    picture = TrainingPlayer(film(), frame=0, view="errors").picture(0)
    assert picture[0, 0].tolist() == [255, 180, 84]  # sky, called road
    assert picture[50, 20].tolist() == [18, 22, 30]  # road
    assert picture[62, 0].tolist() == [144, 144, 144]


# ---- in the page


def test_the_slider_goes_through_the_epochs(open_page: Open) -> None:
    player = TrainingPlayer(film(), frame=0)
    page = open_page(player)
    slider = page.get_by_role("slider", name="Epoch")
    expect(page.locator("output")).to_have_text("before training")
    for frame in range(1, EPOCHS + 1):
        slider.press("ArrowRight")
        expect(page.locator(".tp-sentence")).to_have_text(player.sentence(frame))
        expect(page.locator("[role=status]").first).to_have_text(player.sentence(frame))
        expect(slider).to_have_attribute("aria-valuetext", f"{frame} of {EPOCHS}")
    slider.press("Home")
    expect(page.locator(".tp-sentence")).to_have_text(player.sentence(0))


def test_the_picture_is_the_prediction_of_that_epoch(open_page: Open) -> None:
    run = film()
    page = open_page(TrainingPlayer(run, frame=2))
    colors = np.array([category.color for category in STREET.categories])
    np.testing.assert_array_equal(labels_on_show(page)[..., :3], colors[run.preds[0][2]])
    page.get_by_role("slider", name="Epoch").press("End")
    np.testing.assert_array_equal(labels_on_show(page)[..., :3], colors[run.preds[0][4]])


def test_the_other_views_show_errors_truth_and_the_photograph(open_page: Open) -> None:
    run = film()
    page = open_page(TrainingPlayer(run, frame=2))
    page.get_by_role("radio", name="Errors").check()
    wrong = (labels_on_show(page)[..., :3] == (255, 180, 84)).all(axis=2)
    np.testing.assert_array_equal(wrong, (run.preds[0][2] != STREET.semantic) & (STREET.semantic != VOID))
    page.get_by_role("radio", name="Truth").check()
    colors = np.array([category.color for category in STREET.categories])
    known = STREET.semantic != VOID
    np.testing.assert_array_equal(labels_on_show(page)[known][:, :3], colors[STREET.semantic[known]])
    page.get_by_role("radio", name="Image").check()
    assert not labels_on_show(page)[..., 3].any()


def test_a_chosen_class_is_shown_alone_with_the_outline_of_the_truth(open_page: Open) -> None:
    run = film()
    page = open_page(TrainingPlayer(run, frame=2))
    car = page.get_by_role("button", name="car")
    car.click()
    expect(car).to_have_attribute("aria-pressed", "true")
    lit = (labels_on_show(page)[..., :3] == (255, 180, 84)).all(axis=2)
    np.testing.assert_array_equal(lit, run.preds[0][2] == 3)
    # A car of 16 × 16 at row 24 and column 16: its left edge runs from 24 to 40 at column 16.
    assert "M16 24V40" in (page.locator(".tp-truth").get_attribute("d") or "")
    page.get_by_role("radio", name="Errors").check()
    wrong = (labels_on_show(page)[..., :3] == (255, 180, 84)).all(axis=2)
    np.testing.assert_array_equal(wrong, (run.preds[0][2] != STREET.semantic) & (STREET.semantic == 3))
    car.click()
    expect(car).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".tp-truth")).to_have_attribute("d", "")


def test_the_numbers_beside_the_curves_are_those_of_the_epoch(open_page: Open) -> None:
    page = open_page(TrainingPlayer(film(), frame=3))
    numbers = page.locator(".tp-number").all_inner_texts()
    # Loss 2/3, rate 0.01 · 2, mIoU 3/5; road is NaN, sky 3/6, person 3/7, car 3/8.
    assert numbers == ["0.667", "0.02", "0.600", "undefined", "0.500", "0.429", "0.375"]
    page.get_by_role("slider", name="Epoch").press("Home")
    assert page.locator(".tp-number").all_inner_texts() == ["–"] * 7


def test_the_dot_lies_on_the_curve(open_page: Open) -> None:
    page = open_page(TrainingPlayer(film(), frame=3))
    chart = page.locator(".tp-panel").nth(2).locator(".tp-chart")
    dot, box = chart.locator(".tp-dot").bounding_box(), chart.bounding_box()
    assert dot is not None
    assert box is not None
    assert (dot["x"] + dot["width"] / 2 - box["x"]) / box["width"] == pytest.approx(3 / 4, abs=0.02)
    assert (dot["y"] + dot["height"] / 2 - box["y"]) / box["height"] == pytest.approx(1 - 3 / 5, abs=0.03)


def test_a_press_on_a_curve_goes_to_the_epoch(open_page: Open) -> None:
    page = open_page(TrainingPlayer(film(), frame=4))
    chart = page.locator(".tp-chart").first
    box = chart.bounding_box()
    assert box is not None
    chart.click(position={"x": 0.27 * box["width"], "y": 5})
    expect(page.locator("output")).to_have_text("1 of 4")
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.77 * box["width"], box["y"] + 5)
    page.mouse.up()
    expect(page.locator("output")).to_have_text("3 of 4")
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 5)  # a hand that passes by
    expect(page.locator("output")).to_have_text("3 of 4")


def test_pointing_at_a_pixel_says_what_python_says(open_page: Open) -> None:
    player = TrainingPlayer(film(STREET, STREET), frame=2)
    page = open_page(player)
    for number, row, col in ((0, 30, 20), (1, 50, 20), (1, 62, 64)):
        page.locator(".picture").nth(number).hover(position=spot(page, row, col, number))
        expect(page.locator(".where")).to_have_text(player.describe(number, row, col))
    assert page.locator(".pointed").count() == 1
    page.get_by_role("slider", name="Epoch").press("Home")
    expect(page.locator(".where")).to_have_text(player.describe(1, 62, 64, frame=0))


def test_it_plays_to_the_end_and_stops_there(open_page: Open) -> None:
    player = TrainingPlayer(film(), frame=EPOCHS)
    page = open_page(player)
    page.get_by_role("button", name="Play").click()
    expect(page.locator("output")).to_have_text("before training")  # from the end it starts again
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator("output")).to_have_text("4 of 4")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator("[role=status]").first).to_have_text(player.sentence(EPOCHS))


def test_space_on_the_slider_plays_and_pauses(open_page: Open) -> None:
    page = open_page(TrainingPlayer(film(epochs=30), frame=0))
    slider = page.get_by_role("slider", name="Epoch")
    slider.press(" ")
    expect(page.locator("output")).to_have_text("2 of 30")
    slider.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_who_goes_by_hand_stops_the_film(open_page: Open) -> None:
    page = open_page(TrainingPlayer(film(epochs=30), frame=0))
    page.get_by_role("button", name="Play").click()
    page.get_by_role("slider", name="Epoch").press("ArrowRight")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_who_wants_less_motion_goes_epoch_by_epoch(open_page: Open) -> None:
    player = TrainingPlayer(film(), frame=1)
    page = open_page(player, reduced_motion="reduce")
    button = page.get_by_role("button", name="Next epoch")
    button.click()
    expect(page.locator(".tp-sentence")).to_have_text(player.sentence(2))
    expect(button).to_be_visible()  # nothing plays
    page.emulate_media(reduced_motion="no-preference")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_finger_moves_the_slider_and_reads_a_pixel(open_page: Open) -> None:
    player = TrainingPlayer(film(), frame=0)
    page = open_page(player, **PHONE)
    slider = page.get_by_role("slider", name="Epoch")
    box = slider.bounding_box()
    assert box is not None
    slider.tap(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(page.locator("output")).to_have_text("2 of 4")
    page.locator(".picture").tap(position=spot(page, 30, 20))
    expect(page.locator(".where")).to_have_text(player.describe(0, 30, 20, frame=2))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("context", [{"viewport": {"width": 900, "height": 900}}, PHONE], ids=["desk", "phone"])
def test_it_is_accessible_and_stays_inside(open_page: Open, theme: str, context: dict[str, Any]) -> None:
    page = open_page(
        TrainingPlayer(film(STREET, STREET)),
        TrainingPlayer(film(), frame=0, selected=3),
        theme=theme,
        **context,
    )
    assert violations(page) == []
    assert repeated_ids(page) == []
    assert over_the_edge(page, but=".layers, .unseen, .tp-chart") == []


def test_errors_are_the_same_in_the_page_and_in_numpy(browser: Any) -> None:
    with loaded(browser, "training_curves", "training_player") as page:
        for seed in range(10):
            scene = random_scene(seed)
            truth = np.where(scene.semantic == VOID, 0, scene.semantic + 1).ravel()
            preds = 1 + np.random.default_rng(seed).integers(0, 5, truth.size)
            expected = np.where(truth == 0, 2, truth != preds)
            found = page.evaluate("([t, p]) => [...m.errors(t, p)]", [truth.tolist(), preds.tolist()])
            np.testing.assert_array_equal(found, expected)
