"""PanopticMatcher: its page computes what ``panoptic_quality`` computes, and can be operated in every way."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from segedu import VOID, Category, Scene
from segedu.metrics import match_segments
from segedu.widgets import PanopticMatcher
from segedu.widgets.page import module, stylesheet
from segedu.widgets.panoptic_matcher import RULES, ground_of, pieces_of
from segedu.widgets.runs import encode_runs
from widget_pages import (
    PHONE,
    Open,
    loaded,
    over_the_edge,
    page_of,
    violations,
)
from widget_scenes import random_scene, small_street

SIZE = (12, 30)
CATEGORIES = (
    Category(1, "sky", False, (70, 130, 180)),
    Category(2, "road", False, (128, 64, 128)),
    Category(3, "car", True, (0, 0, 142)),
    Category(4, "person", True, (220, 20, 60)),
)
Box = tuple[int, int, int, int, int]
CARS: list[Box] = [(2, 4, 3, 4, 6), (2, 4, 12, 4, 6), (2, 4, 18, 4, 6)]  # class, top, left, height, width
PERSON: Box = (3, 3, 26, 6, 2)


def draw(boxes: list[Box]) -> Scene:
    """Sky over road, six rows each, with rectangular things in front; the second and third car touch."""
    semantic, instance = np.zeros(SIZE, int), np.zeros(SIZE, int)
    semantic[6:] = 1
    for number, (label, top, left, height, width) in enumerate(boxes, start=1):
        place = np.s_[top : top + height, left : left + width]
        semantic[place], instance[place] = label, number
    return Scene(np.full((*SIZE, 3), 255, np.uint8), semantic, instance, CATEGORIES)


TRUTH = draw([*CARS, PERSON])
MERGED = draw([CARS[0], (2, 4, 12, 4, 12), PERSON])  # the touching cars as one
SHIFTED = draw([(2, 4, 4, 4, 6), *CARS[1:], PERSON])  # the first car one column to the right
STARTS = {"shifted": SHIFTED, "merged": MERGED, "true": TRUTH}


def random_matcher(seed: int) -> PanopticMatcher:
    """A truth with stuff, objects, crowds and void; a prediction that shares much of it, displaced."""
    target = random_scene(seed)
    rng = np.random.default_rng(seed)
    semantic, instance = target.semantic.copy(), target.instance.copy()
    for _ in range(3):  # void, another class, and another object in some rectangles
        rows, cols = (np.sort(rng.integers(0, n + 1, 2)) for n in target.size)
        label = int(rng.choice([VOID, *range(len(target.categories))]))
        isthing = label != VOID and target.categories[label].isthing
        semantic[slice(*rows), slice(*cols)] = label
        instance[slice(*rows), slice(*cols)] = 5000 + label if isthing else 0
    for label in range(len(target.categories)):  # objects merged, and objects cut
        own = (semantic == label) & (instance > 0)
        if own.any() and rng.random() < 0.5:
            instance[own] = instance[own].max()
        elif rng.random() < 0.5:
            instance[own & (np.indices(target.size)[1] % 2 == 0)] += 10_000
    matcher = PanopticMatcher(target, replace(target, semantic=semantic, instance=instance))
    height, width = target.size
    pieces = []
    for piece in matcher.pieces:
        if rng.random() < 0.3:
            rows, cols = height - len(piece["shape"]), width - len(piece["shape"][0])
            piece = {**piece, "top": int(rng.integers(0, rows + 1)), "left": int(rng.integers(0, cols + 1))}
        if rng.random() < 0.9:
            pieces.append(piece)
    matcher.pieces = pieces
    return matcher


# ---- what Python keeps


def test_pieces_on_the_ground_are_the_prediction_again() -> None:
    # Semantic labels and objects return; only crowds, which get an id, and ids themselves are new.
    for seed in range(40):
        scene = random_scene(seed)
        again = PanopticMatcher(scene, scene).predicted
        np.testing.assert_array_equal(again.semantic, scene.semantic)
        np.testing.assert_array_equal(again.segment_ids(), scene.segment_ids())


def test_the_nearest_stuff_fills_the_holes() -> None:
    # Cars lie in rows 4 to 7: rows 4 and 5 are nearer to the sky above or beside them, 6 and 7 to the road.
    ground = ground_of(TRUTH)
    assert (ground[:6] == 0).all()
    assert (ground[6:] == 1).all()


def test_a_scene_of_nothing_but_things_has_void_ground() -> None:
    car = CATEGORIES[2]
    scene = Scene(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), int), np.ones((2, 2), int), (car,))
    assert (ground_of(scene) == VOID).all()
    assert PanopticMatcher(scene).quality.pq == 1


def test_moving_a_piece_moves_the_score() -> None:
    # A car of 4 × 6 pixels, one column off: 20 shared, 28 in all. The other two cars are exact.
    matcher = PanopticMatcher(TRUTH)
    matcher.pieces = [{**matcher.pieces[0], "left": 4}, *matcher.pieces[1:]]
    assert matcher.predicted == SHIFTED
    assert matcher.quality.per_class.pq[2] == pytest.approx((20 / 28 + 2) / 3)


def test_later_pieces_lie_over_earlier_ones() -> None:
    matcher = PanopticMatcher(TRUTH)
    matcher.pieces = [*matcher.pieces, {"label": 3, "top": 4, "left": 3, "shape": ["######"] * 4}]
    assert [segment.instance for segment in matcher.predicted.segments() if segment.isthing] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        ({"label": 0, "top": 0, "left": 0, "shape": ["#"]}, r"a label of a thing, one of \[2, 3\], got 0"),
        ({"label": 2, "top": 12, "left": 0, "shape": ["#"]}, r"inside 12×30, got its corner at \(12, 0\)"),
        ({"label": 2, "top": 0, "left": -1, "shape": ["#"]}, "got its corner at"),
        ({"label": 2, "top": 0, "left": 0, "shape": ["##", "#"]}, "equally long rows"),
        ({"label": 2, "top": 0, "left": 0, "shape": ["x"]}, "equally long rows"),
        ({"label": 2, "top": 0, "left": 0, "shape": [".."]}, "equally long rows"),
        ({"label": 2, "top": 0, "left": 0, "shape": []}, "equally long rows"),
        ({"label": 2, "shape": ["#"]}, "expected label, top, left and shape, got label, shape"),
    ],
)
def test_a_piece_that_cannot_lie_there_is_refused(piece: dict, message: str) -> None:
    matcher = PanopticMatcher(TRUTH)
    with pytest.raises(traitlets.TraitError, match=message):
        matcher.pieces = [piece]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"selected": 4}, "expected 0 to 3 or None, got 4"),
        ({"rule": "> 0.6"}, "rule"),
        ({"ground": "AgM="}, "expected 360 pixels, got 3"),
        ({"ground": encode_runs(np.full(SIZE, 3))}, "class index \\+ 1 of stuff"),
    ],
)
def test_a_wrong_state_is_refused(change: dict, message: str) -> None:
    matcher = PanopticMatcher(TRUTH)
    with pytest.raises(traitlets.TraitError, match=message):
        matcher.set_trait(*next(iter(change.items())))


def test_a_prediction_for_another_picture_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a prediction of \(12, 30\) pixels .* got \(64, 128\)"):
        PanopticMatcher(TRUTH, small_street())
    with pytest.raises(ValueError, match="at least one prediction"):
        PanopticMatcher(TRUTH, {})
    with pytest.raises(TypeError, match=r"expected a segedu\.Scene, got ndarray"):
        PanopticMatcher(np.zeros((2, 2)))
    with pytest.raises(TypeError, match=r"expected predictions as segedu\.Scene, got int"):
        PanopticMatcher(TRUTH, {"one": 1})


def test_the_selection_is_forgotten_with_its_piece() -> None:
    matcher = PanopticMatcher(TRUTH, selected=3)
    matcher.pieces = matcher.pieces[:3]
    assert matcher.selected is None


def test_equal_widgets_have_equal_output_without_addresses() -> None:
    one, other = (PanopticMatcher(TRUTH, STARTS, selected=1) for _ in range(2))
    first, second = (made._repr_mimebundle_()[0] for made in (one, other))
    for kind in ("text/html", "text/plain", "image/png"):
        assert first[kind] == second[kind]
    output = first["text/html"] + first["text/plain"]
    assert not re.search(r"0x[0-9a-f]{6}", output)
    assert one.model_id not in output
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", output)) <= {"http://www.w3.org"}
    assert len(first["text/html"]) <= 250_000
    assert not re.search(r"^\s*import\b", module("panoptic_rule", "panoptic_matcher"), re.MULTILINE)


def test_the_still_forms_show_the_state_and_say_it() -> None:
    matcher = PanopticMatcher(TRUTH, MERGED)
    with Image.open(io.BytesIO(matcher.static())) as picture:
        assert picture.format == "PNG"
    assert len(matcher.static()) <= 120_000
    # Sky, road, one car and the person are found. The merged car is none of the two cars: IoU 24 / 48.
    assert "4 matches, 1 false positive, 2 false negatives: panoptic quality" in matcher.alt()
    assert "pieces=['car, 24 pixels at (4, 3)', 'car, 48 pixels at (4, 12)'" in repr(matcher)
    empty = Scene(
        np.zeros((5, 5, 3), np.uint8), np.full((5, 5), VOID), np.zeros((5, 5), int), small_street().categories
    )
    assert "nothing to score" in PanopticMatcher(empty).alt()
    assert PanopticMatcher(empty)._repr_mimebundle_()


# ---- the page computes what Python computes


@pytest.fixture(scope="module")
def js(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "panoptic_rule", "panoptic_matcher") as page:
        yield page


COMPUTE = """
  ([data, ground, pieces, rules]) => {
    const count = data.size[0] * data.size[1];
    const target = { ids: m.decodeRuns(data.runs, count), segments: data.segments };
    const pred = m.compose(m.decodeRuns(ground, count), pieces, data.size);
    const matched = m.matchSegments(pred, target);
    const quality = m.qualities(matched, pred, target, data.categories);
    const torn = rules.map((rule) => m.rivals(matched.pairs, rule).torn);
    return { ids: [...pred.ids], labels: pred.segments.map(({ label }) => label), matched, quality, torn };
  }
"""


def computed(js: Page, matcher: PanopticMatcher) -> dict[str, Any]:
    return js.evaluate(COMPUTE, [matcher.data, matcher.ground, matcher.pieces, list(RULES)])


def test_matches_and_qualities_equal_segedu_metrics(js: Page) -> None:
    seen = set()
    for seed in range(150):
        matcher = random_matcher(seed)
        page, matches, quality = (
            computed(js, matcher),
            match_segments(matcher.predicted, matcher.scene),
            matcher.quality,
        )
        # The page numbers segments as Scene.segments() does: stuff by class, then pieces in their own order.
        order = page_order(matcher)
        assert page["labels"] == [matches.pred_labels[k] for k in order]
        for one, k in zip(page["matched"]["preds"], order, strict=True):
            found, wrong = matches.true_positives[k], matches.false_positives[k]
            assert one["verdict"] == ("TP" if found else "FP" if wrong else "ignored")
            seen.add(one["verdict"])
            if found:
                assert one["found"]["target"] + 1 == matches.target[k]
                assert one["found"]["inter"] / one["found"]["union"] == matches.iou[k]
        for one, missed, crowd in zip(
            page["matched"]["targets"], matches.false_negatives, matches.target_crowd, strict=True
        ):
            assert one["verdict"] == ("crowd" if crowd else "FN" if missed else "TP")
            seen.add(one["verdict"])
        for c, row in enumerate(page["quality"]["perClass"]):
            assert (row["tp"], row["fp"], row["fn"]) == (quality.tp[c], quality.fp[c], quality.fn[c])
            for name in ("pq", "sq", "rq"):
                assert_same(row[name], getattr(quality.per_class, name)[c])
        for name in ("pq", "sq", "rq"):
            assert_same(page["quality"]["all"][name], getattr(quality, name))
            assert_same(page["quality"]["things"][name], getattr(quality.things, name))
            assert_same(page["quality"]["stuff"][name], getattr(quality.stuff, name))
        assert page["quality"]["things"]["classes"] == quality.things.num_classes
    assert seen == {"TP", "FP", "FN", "ignored", "crowd"}  # the random states reach every case


def page_order(matcher: PanopticMatcher) -> list[int]:
    """Where the page's segments stand in ``Scene.segments()``: stuff first, then things in order of pieces."""
    segments = matcher.predicted.segments()
    stuff = [k for k, segment in enumerate(segments) if not segment.isthing]
    things = [k for k, segment in enumerate(segments) if segment.isthing]
    return stuff + sorted(things, key=lambda k: segments[k].instance)


def assert_same(page: float | None, python: float) -> None:
    if page is None:
        assert math.isnan(python)
    else:
        assert page == pytest.approx(python, rel=0, abs=1e-12)


def test_the_composed_map_equals_the_predicted_scene(js: Page) -> None:
    for seed in range(60):
        matcher = random_matcher(seed)
        order = page_order(matcher)
        number = np.zeros(len(order) + 1, int)
        number[np.array(order, int) + 1] = np.arange(1, len(order) + 1)
        np.testing.assert_array_equal(
            computed(js, matcher)["ids"], number[matcher.predicted.segment_ids()].ravel()
        )


def test_nobody_has_two_partners_above_one_half_and_somebody_has_below(js: Page) -> None:
    found = np.array(
        [[len(torn) for torn in computed(js, random_matcher(seed))["torn"]] for seed in range(150)]
    )
    assert (found[:, 0] == 0).all()
    assert (found[:, 2:].sum(axis=0) > 0).all()


@pytest.mark.parametrize("rule", RULES)
def test_torn_segments_are_those_with_two_partners(js: Page, rule: str) -> None:
    passes: dict[str, Callable[[float], bool]] = {
        "> 0.5": lambda iou: iou > 0.5,
        "≥ 0.5": lambda iou: iou >= 0.5,
        "> 0.4": lambda iou: iou > 0.4,
        "> 0.3": lambda iou: iou > 0.3,
    }
    for seed in range(40):
        page = computed(js, random_matcher(seed))
        pairs = [p for p in page["matched"]["pairs"] if passes[rule](p["inter"] / p["union"])]
        expected = [
            {"side": side, "id": k, "partners": [pair[other] for pair in pairs if pair[side] == k]}
            for side, other in (("pred", "target"), ("target", "pred"))
            for k in range(len(page["matched"]["preds"]) + len(page["matched"]["targets"]))
        ]
        assert page["torn"][RULES.index(rule)] == [one for one in expected if len(one["partners"]) > 1]


def test_one_segment_over_two_equal_halves_reaches_one_half_twice(js: Page) -> None:
    page = computed(js, PanopticMatcher(TRUTH, MERGED))
    halves = [(pair["inter"], pair["union"]) for pair in page["matched"]["pairs"] if pair["pred"] == 3]
    assert halves == [(24, 48), (24, 48)]
    assert page["torn"][0] == []  # > 0.5
    assert page["torn"][1] == [{"side": "pred", "id": 3, "partners": [3, 4]}]  # ≥ 0.5


# ---- what a reader can do to a piece


def pixels_of(piece: dict) -> set[tuple[int, int]]:
    return {
        (piece["top"] + r, piece["left"] + c)
        for r, row in enumerate(piece["shape"])
        for c, letter in enumerate(row)
        if letter == "#"
    }


def test_halves_share_the_pixels_out_and_merging_brings_them_back(js: Page) -> None:
    for seed in range(60):
        for piece in pieces_of(random_scene(seed)):
            parts = js.evaluate("(piece) => m.halves(piece)", piece)
            if piece["shape"] == ["#"]:
                assert parts == [piece]
                continue
            assert [bool(pixels_of(part)) for part in parts] == [True, True]
            assert pixels_of(parts[0]).isdisjoint(pixels_of(parts[1]))
            assert js.evaluate("([a, b]) => m.merged(a, b)", parts) == piece


def test_a_piece_never_leaves_the_picture(js: Page) -> None:
    piece = {"label": 2, "top": 4, "left": 3, "shape": ["######"] * 4}
    for rows, cols, corner in [
        (-9, 0, (0, 3)),
        (99, 0, (8, 3)),
        (0, -99, (4, 0)),
        (0, 99, (4, 24)),
        (1, 2, (5, 5)),
    ]:
        after = js.evaluate("([p, r, c, size]) => m.moved(p, r, c, size)", [piece, rows, cols, list(SIZE)])
        assert (after["top"], after["left"]) == corner
        assert after["shape"] == piece["shape"]


def test_the_nearest_of_the_same_class_is_found(js: Page) -> None:
    pieces = pieces_of(TRUTH)  # three cars in columns 3, 12 and 18, one person
    assert [js.evaluate("([p, k]) => m.nearestKin(p, k)", [pieces, k]) for k in range(4)] == [1, 2, 1, -1]


# ---- the page


def rows_of(page: Page, table: str) -> list[list[str]]:
    return [
        [cell.inner_text().strip() for cell in row.locator("th, td").all()]
        for row in page.locator(f"table.{table} tbody tr").all()
    ]


def expect_scores(page: Page, scene: Scene) -> None:
    """The score table says what Python says of this prediction."""
    matcher = PanopticMatcher(TRUTH, scene)
    quality = matcher.quality
    rows = {row[0]: row[1:] for row in rows_of(page, "scores")}
    occurs = quality.tp + quality.fp + quality.fn > 0
    shown_classes = [CATEGORIES[label].name for label in np.flatnonzero(occurs)]
    assert list(rows) == [*shown_classes, "things", "stuff", "all"]
    for label, category in enumerate(CATEGORIES):
        if category.name in rows:
            counts = [quality.tp[label], quality.fp[label], quality.fn[label]]
            assert [int(text) for text in rows[category.name][:3]] == counts
            ratios = [getattr(quality.per_class, name)[label] for name in ("sq", "rq", "pq")]
            assert [float(text) for text in rows[category.name][3:]] == pytest.approx(ratios, abs=5.1e-4)
    for name, mean in (("things", quality.things), ("stuff", quality.stuff), ("all", quality)):
        assert [float(text) for text in rows[name][3:]] == pytest.approx(
            [mean.sq, mean.rq, mean.pq], abs=5.1e-4
        )


def spot(board: Locator, row: float, col: float) -> dict[str, float]:
    box = board.bounding_box()
    assert box is not None
    return {"x": (col + 0.5) / SIZE[1] * box["width"], "y": (row + 0.5) / SIZE[0] * box["height"]}


def absolute(board: Locator, row: float, col: float) -> tuple[float, float]:
    box, place = board.bounding_box(), spot(board, row, col)
    assert box is not None
    return box["x"] + place["x"], box["y"] + place["y"]


def test_the_page_opens_with_the_numbers_of_python(open_page: Open) -> None:
    for scene in STARTS.values():
        page = open_page(PanopticMatcher(TRUTH, scene))
        expect_scores(page, scene)


def test_pairs_errors_and_their_iou_stand_in_the_table(open_page: Open) -> None:
    page = open_page(PanopticMatcher(TRUTH, MERGED))
    rows = rows_of(page, "pairs")
    # Sky and road are exact: six rows of 30 columns, less two rows of three cars, 36, and three of a person, 6.
    # The merged car covers 48 pixels, 24 of each of two cars.
    assert rows == [
        ["sky", "sky", "138/138 = 1.000", "TP"],
        ["road", "road", "138/138 = 1.000", "TP"],
        ["car 1", "car A", "24/24 = 1.000", "TP"],
        ["car 2", "car B", "24/48 = 0.500", "FP"],
        ["person 1", "person A", "12/12 = 1.000", "TP"],
        ["–", "car B", "–", "FN"],
        ["–", "car C", "–", "FN"],
    ]
    expect(page.locator(".equation")).to_have_text(
        "car: PQ = 1.000 / (1 + ½·1 + ½·2) = 0.400 = SQ 1.000 × RQ 0.400"
    )
    # A line for each match of things, drawn twice; none for the false positive.
    expect(page.locator(".links path.over")).to_have_count(2)


def test_arrow_keys_move_the_chosen_segment(open_page: Open) -> None:
    page = open_page(PanopticMatcher(TRUTH))
    board = page.get_by_role("application")
    board.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chosen-name")).to_have_text("car 1")
    page.keyboard.press("ArrowRight")
    expect_scores(page, SHIFTED)
    for key in ("ArrowLeft", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    expect_scores(page, TRUTH)
    page.keyboard.press("Enter")
    expect(page.locator(".chosen-name")).to_have_text("car 2")
    page.keyboard.press("Delete")
    expect_scores(page, draw([CARS[0], CARS[2], PERSON]))
    expect(page.locator(".chosen-name")).to_have_text("Choose a predicted segment")
    expect(board).to_be_focused()


def test_the_status_says_what_became_of_the_segment(open_page: Open) -> None:
    page = open_page(PanopticMatcher(TRUTH, selected=0))
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    # 20 of 28 pixels. Sky and road, 138 each, lose two pixels and gain two: 136 / 140.
    pq = (136 / 140 + 136 / 140 + (20 / 28 + 2) / 3 + 1) / 4
    expect(page.get_by_role("status")).to_have_text(f"car 1: true positive, IoU 0.714 with car A. PQ {pq:.3f}.")


def test_the_mouse_drags_a_segment(open_page: Open) -> None:
    page = open_page(PanopticMatcher(TRUTH))
    board = page.get_by_role("application")
    board.scroll_into_view_if_needed()
    page.mouse.move(*absolute(board, 5, 5))
    page.mouse.down()
    page.mouse.move(*absolute(board, 5, 6), steps=3)
    page.mouse.up()
    expect_scores(page, SHIFTED)
    page.mouse.move(*absolute(board, 0, 0))  # the button is up: nothing follows any more
    expect_scores(page, SHIFTED)
    page.get_by_role("button", name="Undo").click()
    expect_scores(page, TRUTH)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_finger_chooses_by_a_tap_and_then_drags(open_page: Open) -> None:
    page = open_page(PanopticMatcher(TRUTH), **PHONE)
    board = page.get_by_role("application")
    board.tap(position=spot(board, 5, 5))
    expect(page.locator(".chosen-name")).to_have_text("car 1")
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        touch.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        )

    send("touchStart", absolute(board, 5, 5))
    for col in (5.3, 5.6, 6.0):
        send("touchMove", absolute(board, 5, col))
    send("touchEnd")
    expect(page.locator("table.pairs tbody tr").nth(2).locator("td").nth(2)).to_have_text("20/28 = 0.714")
    expect_scores(page, SHIFTED)


def test_a_finger_that_moves_up_beside_the_chosen_segment_scrolls_the_page(open_page: Open) -> None:
    page = open_page(PanopticMatcher(TRUTH), **PHONE)
    x, y = absolute(page.get_by_role("application"), 10, 15)
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for up in range(0, 200, 8):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - up}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("window.scrollY > 100")


def test_buttons_do_everything_without_dragging(open_page: Open) -> None:
    page = open_page(PanopticMatcher(TRUTH))
    page.get_by_role("button", name="car 2").click()
    page.get_by_role("button", name="Merge").click()
    expect_scores(page, MERGED)
    page.get_by_role("button", name="Split").click()
    expect_scores(page, TRUTH)
    page.get_by_role("button", name="Undo").click()
    expect_scores(page, MERGED)
    page.get_by_role("button", name="car 1").click()
    page.get_by_role("button", name="Move right").click()
    page.get_by_role("button", name="Move left").click()
    page.get_by_role("button", name="Move down").click()
    page.get_by_role("button", name="Move up").click()
    expect_scores(page, MERGED)
    page.get_by_label("Class").select_option("person")
    expect_scores(page, draw([(3, *CARS[0][1:]), (2, 4, 12, 4, 12), PERSON]))
    page.get_by_role("button", name="Delete").click()
    expect_scores(page, draw([(2, 4, 12, 4, 12), PERSON]))


def test_tools_that_cannot_work_are_off(open_page: Open) -> None:
    page = open_page(PanopticMatcher(TRUTH))
    for name in ("Move left", "Split", "Merge", "Delete"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    page.get_by_role("button", name="person 1").click()
    expect(page.get_by_role("button", name="Split")).to_be_enabled()
    expect(page.get_by_role("button", name="Merge")).to_be_disabled()  # there is no other person


def test_a_reader_can_begin_with_each_of_the_predictions(open_page: Open) -> None:
    page = open_page(PanopticMatcher(TRUTH, STARTS))
    for name, scene in STARTS.items():
        chip = page.get_by_role("group", name="Begin with").get_by_role("button", name=name)
        chip.click()
        expect(chip).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".tool[aria-pressed=true]")).to_have_count(1)
        expect_scores(page, scene)


def test_a_lower_threshold_shows_who_has_two_partners(open_page: Open) -> None:
    page = open_page(PanopticMatcher(TRUTH, MERGED))
    verdict = page.locator(".verdict")
    expect(verdict).to_contain_text("never a second partner")
    page.get_by_role("radio", name="≥ 0.5").check()
    # Sky, road, car 1, person, and the merged car twice.
    expect(verdict).to_have_text(
        "Under ≥ 0.5, 6 pairs would match, and the predicted car 2 fits car B and car C. "
        "Somebody would have to choose, and the score would depend on it."
    )
    page.get_by_role("button", name="Undo").is_disabled()
    page.get_by_role("radio", name="> 0.5").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="≥ 0.5")).to_be_checked()


def test_a_covered_segment_is_named_and_counts_nothing(open_page: Open) -> None:
    covering = [*CARS, PERSON]
    matcher = PanopticMatcher(TRUTH, draw(covering))
    matcher.pieces = [*matcher.pieces, {"label": 3, "top": 4, "left": 3, "shape": ["######"] * 4}]
    page = open_page(matcher)
    expect(page.get_by_text("covered by others: no segment")).to_be_visible()
    expect_scores(page, draw([(3, *CARS[0][1:]), *CARS[1:], PERSON]))


def test_void_and_crowds_show_in_the_page(open_page: Open) -> None:
    street = small_street()  # three cars, a crowd of people, void at the bottom
    page = open_page(PanopticMatcher(street))
    rows = rows_of(page, "pairs")
    assert ["person 1", "–", "–", "ignored"] in rows
    assert ["–", "person, crowd", "–", "crowd"] in rows
    assert {row[0]: row for row in rows_of(page, "scores")}["all"][-1] == "1.000"


LIVE = """
  ([state, css]) => {
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
    const listeners = new Map();
    window.model = {
      get: (name) => state[name],
      set(name, value) {
        if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
        state[name] = value;
        for (const call of [...(listeners.get(`change:${name}`) ?? [])]) call();
      },
      save_changes() {},
      on: (event, call) => listeners.set(event, [...(listeners.get(event) ?? []), call]),
      off: (event, call) => listeners.set(event, listeners.get(event).filter((other) => other !== call)),
    };
    const el = document.createElement("div");
    document.body.replaceChildren(el);
    window.stop = m.default.render({ model, el });
    window.listening = () => [...listeners.values()].flat().length;
  }
"""


def test_python_and_the_page_hear_of_each_other(js: Page) -> None:
    matcher = PanopticMatcher(TRUTH, STARTS, selected=1)
    js.evaluate(LIVE, [matcher.state(), stylesheet("panoptic_matcher")])
    js.get_by_role("button", name="Split").click()
    js.get_by_role("button", name="Move down").click()
    heard = {name: js.evaluate("(name) => model.get(name)", name) for name in ("ground", "pieces", "selected")}
    matcher.ground, matcher.pieces, matcher.selected = heard["ground"], heard["pieces"], heard["selected"]
    expect_scores(js, matcher.predicted)
    assert len(matcher.pieces) == 5
    js.evaluate("(pieces) => model.set('pieces', pieces)", pieces_of(MERGED))
    expect_scores(js, MERGED)
    js.evaluate("stop()")
    assert js.evaluate("listening()") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "context", [{"viewport": {"width": 1100, "height": 900}}, PHONE], ids=["desk", "phone"]
)
def test_no_rule_of_accessibility_is_broken(open_page: Open, theme: str, context: dict) -> None:
    page = open_page(
        PanopticMatcher(TRUTH, STARTS, selected=1, caption="Three cars."),
        PanopticMatcher(small_street(), rule="≥ 0.5"),
        theme=theme,
        **context,
    )
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_over_the_edge(open_page: Open, width: int) -> None:
    page = open_page(PanopticMatcher(TRUTH, STARTS, selected=1), viewport={"width": width, "height": 844})
    assert over_the_edge(page, but=".plates, .unseen") == []


def test_without_javascript_the_still_picture_stays(browser: Browser, tmp_path: Path) -> None:
    matcher = PanopticMatcher(TRUTH, MERGED)
    path = tmp_path / "still.html"
    path.write_text(page_of(matcher), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        expect(page.get_by_alt_text(matcher.alt())).to_be_visible()
