"""IoUPainter: what it counts and says equals segedu.metrics; painted by mouse, finger and keys in a browser."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from playwright.sync_api import Browser, Page, expect

from segedu.widgets import IoUPainter, overlap, overlap_scores
from segedu.widgets.iou_presets import presets
from segedu.widgets.overlap import equations, overlap_sentence
from segedu.widgets.page import module
from segedu.widgets.sentences import score
from widget_pages import (
    DESK,
    PHONE,
    Open,
    loaded,
    over_the_edge,
    page_of,
    repeated_ids,
    violations,
)


def mask(text: str) -> np.ndarray:
    """Rows of a mask, apart by spaces: "110 010"."""
    return np.array([[cell == "1" for cell in row] for row in text.split()])


# ---- the numbers


def test_the_scores_of_two_masks_by_hand() -> None:
    # Shared: 1 cell. True 2, predicted 3, of 6 cells; so union 4, and 2 cells are in neither.
    preds, target = mask("111 000"), mask("100 100")
    assert overlap(preds, target) == {"tp": 1, "fp": 2, "fn": 1, "tn": 2}
    assert overlap_scores(preds, target) == {
        "iou": 1 / 4,
        "dice": 2 / 5,
        "pixel_accuracy": 3 / 6,
        "precision": 1 / 3,
        "recall": 1 / 2,
    }


masks = hnp.array_shapes(min_dims=2, max_dims=2, max_side=9).flatmap(
    lambda shape: st.tuples(hnp.arrays(bool, shape), hnp.arrays(bool, shape))
)


@given(masks)
def test_the_scores_are_those_of_sets_of_cells(pair: tuple[np.ndarray, np.ndarray]) -> None:
    preds, target = pair
    shared, union = np.sum(preds & target), np.sum(preds | target)
    value = overlap_scores(preds, target)
    if union:
        assert value["iou"] == shared / union
        assert value["dice"] == pytest.approx(2 * value["iou"] / (1 + value["iou"]), abs=1e-15)
    else:
        assert math.isnan(value["iou"])
        assert math.isnan(value["dice"])
    assert value["pixel_accuracy"] == np.mean(preds == target)
    assert math.isnan(value["precision"]) == (not preds.any())
    assert math.isnan(value["recall"]) == (not target.any())


@given(masks)
def test_swapped_masks_swap_precision_and_recall_and_nothing_else(pair: tuple[np.ndarray, np.ndarray]) -> None:
    one, other = overlap_scores(*pair), overlap_scores(*pair[::-1])
    one["precision"], one["recall"] = one["recall"], one["precision"]
    np.testing.assert_equal(one, other)


def test_ratios_are_rounded_half_up_and_only_all_and_nothing_read_so() -> None:
    # 1/16 = 0.0625 exactly; 1/3000 is less than half a thousandth; 2999/3000 more than .9995.
    assert [score(1 / 16), score(1 / 3000), score(2999 / 3000)] == ["0.063", "< 0.001", "> 0.999"]
    assert [score(0.0), score(1.0), score(math.nan)] == ["0.000", "1.000", "undefined"]


@pytest.mark.parametrize(
    ("preds", "target", "start"),
    [
        ("00 00", "00 00", "Both are empty. IoU is 0 / 0: undefined, so a mean leaves it out. Pixel accuracy"),
        ("10 00", "10 00", "Truth and prediction are the same 1 cell: every score is 1."),
        (
            "00 00",
            "11 10",
            "Nothing is predicted: IoU is 0. Pixel accuracy is 0.250 all the same, since 1 of 4",
        ),
        ("11 00", "00 00", "Nothing is true, so each of 2 predicted cells is invented: IoU is 0."),
        ("10 00", "01 00", "Truth and prediction share no cell: IoU is 0, near or far."),
        (
            "11 00",
            "01 01",
            "They share 1 cell of the 3 that they cover together: 1 missed, 1 invented. Cells in neither, 1,",
        ),
    ],
)
def test_the_sentence_says_which_case_it_is(preds: str, target: str, start: str) -> None:
    assert overlap_sentence(mask(preds), mask(target)).startswith(start)


# ---- the presets

EXAMPLES = {example.name: example for example in presets((16, 24))}


@pytest.mark.parametrize(
    ("name", "iou"),
    [
        # Moved by one, an n × n square keeps n (n - 1) of n (n + 1) cells.
        ("3 × 3", 2 / 4),
        ("7 × 7", 6 / 8),
        ("13 × 13", 12 / 14),
        ("pole", 0),  # one cell wide
        ("hollow", 40 / 121),  # the rim of 11 × 11
        ("all background", 0),
        ("all object", 25 / 384),
        ("empty", math.nan),
    ],
)
def test_a_preset_shows_what_it_promises(name: str, iou: float) -> None:
    example = EXAMPLES[name]
    np.testing.assert_equal(overlap_scores(example.preds, example.target)["iou"], iou)


def test_the_disc_lies_in_its_box() -> None:
    example = EXAMPLES["box for a disc"]
    value = overlap_scores(example.preds, example.target)
    assert value["recall"] == 1
    assert value["iou"] == pytest.approx(math.pi / 4, abs=0.03)  # of a disc without pixels


def test_background_alone_has_a_high_pixel_accuracy() -> None:
    example = EXAMPLES["all background"]
    assert overlap_scores(example.preds, example.target)["pixel_accuracy"] == (384 - 25) / 384


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_numbers_of_a_note_are_scores_of_its_masks(example: object) -> None:
    value = overlap_scores(example.preds, example.target)
    written = {score(number) for number in value.values()}
    assert set(re.findall(r"\d\.\d{3}|undefined", example.note)) <= written


@pytest.mark.parametrize("size", [(4, 5), (5, 4 + 1), (8, 8), (16, 24), (40, 40)])
def test_presets_fit_any_grid(size: tuple[int, int]) -> None:
    for example in presets(size):
        assert example.preds.shape == example.target.shape == size
        if "cell to the side" in example.group:  # nothing is lost over the edge
            assert example.preds.sum() == example.target.sum()


# ---- the state


def test_masks_given_are_masks_held() -> None:
    rng = np.random.default_rng(0)
    preds, target = rng.random((2, 9, 11)) < 0.5
    painter = IoUPainter(preds, target)
    np.testing.assert_array_equal(painter.preds, preds)
    np.testing.assert_array_equal(painter.target, target)
    np.testing.assert_equal(painter.scores, overlap_scores(preds, target))


def test_one_mask_alone_leaves_the_other_empty() -> None:
    painter = IoUPainter(target=np.ones((4, 6), int))
    assert painter.target.all()
    assert not painter.preds.any()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"size": (2, 2)}, r"expected at least 4 × 5 and at most 1,600 cells, got 2 × 2"),
        ({"size": (41, 40)}, r"got 41 × 40"),
        (
            {"preds": np.zeros((4, 5)), "target": np.zeros((5, 4))},
            r"target: expected shape \(4, 5\) like the grid",
        ),
        ({"preds": np.zeros(20)}, r"expected masks of shape \(H, W\), got \(20,\)"),
        ({"preds": np.full((4, 5), 2)}, r"preds: expected a mask of False and True, or 0 and 1"),
    ],
)
def test_wrong_masks_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        IoUPainter(**wrong)


def test_wrong_cells_are_refused() -> None:
    painter = IoUPainter(size=(4, 5))
    for cells in ("01", "2" * 20):
        with pytest.raises(traitlets.TraitError, match="preds_cells: expected 20 characters 0 or 1"):
            painter.preds_cells = cells
    with pytest.raises(traitlets.TraitError, match="pen"):
        painter.pen = "brush"
    with pytest.raises(traitlets.TraitError, match="read-only"):
        painter.size = [3, 3]


def test_the_page_form_is_small_deterministic_and_needs_no_network() -> None:
    one, other = IoUPainter().html(), IoUPainter().html()
    assert one == other
    assert len(one.encode()) < 100_000
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", one)) <= {"http://www.w3.org"}
    assert not re.search(r"^\s*import\b", module("strokes", "iou_painter"), re.MULTILINE)


@pytest.mark.parametrize("name", ["7 × 7", "empty", "all object"])
def test_the_still_figures_are_small_and_described(name: str) -> None:
    painter = IoUPainter(EXAMPLES[name].preds, EXAMPLES[name].target)
    data, metadata = painter._repr_mimebundle_()
    assert len(painter.static()) < 120_000
    assert painter.static() == painter.static()
    assert metadata["image/png"]["alt"] == painter.alt()
    assert painter.equations["iou"] in painter.alt()
    assert data["text/plain"] == repr(painter)


# ---- the functions of the page


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "strokes", "iou_painter") as page:
        yield page


def cells(array: np.ndarray) -> str:
    return "".join(str(int(cell)) for cell in array.ravel())


def test_the_page_scores_random_grids_as_python_does(functions: Page) -> None:
    rng = np.random.default_rng(0)
    pairs = [(example.preds, example.target) for example in EXAMPLES.values()]
    for _ in range(400):
        shape = tuple(rng.integers(1, 9, 2))
        pairs.append(tuple(rng.random(shape) < rng.choice([0, 0.2, 0.8, 1]) for _ in range(2)))
    undefined = sum(not (preds | target).any() for preds, target in pairs)
    assert undefined > 10  # the case of 0 / 0 is among them, often
    made = functions.evaluate(
        """(pairs) => pairs.map(([preds, target]) => {
             const n = m.overlap(preds, target);
             const scores = m.overlapScores(n);
             const fractions = m.fractions(n);
             const equations = Object.entries(fractions).map(([k, f]) => [k, `${f} = ${m.score(scores[k])}`]);
             return [n, scores, Object.fromEntries(equations), m.overlapSentence(n)];
           })""",
        [[cells(preds), cells(target)] for preds, target in pairs],
    )
    for (preds, target), (counted, scored, written, said) in zip(pairs, made, strict=True):
        assert counted == overlap(preds, target)
        np.testing.assert_equal(scored, overlap_scores(preds, target))  # bit for bit, NaN like NaN
        assert written == equations(preds, target)
        assert said == overlap_sentence(preds, target)


def test_ratios_are_written_alike(functions: Page) -> None:
    rng = np.random.default_rng(1)
    wholes = rng.integers(1, 200_000, 3000)
    values = [0.0, 1.0, 1 / 16, 0.0005, 0.9995, *(rng.integers(0, wholes + 1) / wholes).tolist()]
    assert functions.evaluate("(values) => values.map(m.score)", values) == [score(value) for value in values]
    assert functions.evaluate("m.score(NaN)") == score(math.nan)


@pytest.mark.parametrize("pen", ["target", "preds", "eraser"])
def test_a_pen_marks_its_own_mask_and_the_eraser_both(functions: Page, pen: str) -> None:
    before = {"preds": "0011", "target": "0101"}
    after = functions.evaluate(
        "([masks, pen]) => m.painted(masks, pen, [[0, 0], [1, 1]], 2)", [before, pen]
    )  # the first and the last cell of 2 × 2
    assert (
        after
        == {
            "target": {"preds": "0011", "target": "1101"},
            "preds": {"preds": "1011", "target": "0101"},
            "eraser": {"preds": "0010", "target": "0100"},
        }[pen]
    )


def test_a_stroke_has_no_gaps(functions: Page) -> None:
    rng = np.random.default_rng(2)
    for start, end in rng.integers(0, 30, (60, 2, 2)).tolist():
        path = np.array(functions.evaluate("([a, b]) => m.cellsBetween(a, b)", [start, end]))
        assert path[0].tolist() == start
        assert path[-1].tolist() == end
        assert (np.abs(np.diff(path, axis=0)).max(axis=1) == 1).all()


def test_a_region_is_drawn_with_its_own_area(functions: Page) -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        array = rng.random(rng.integers(1, 9, 2)) < 0.5
        path = functions.evaluate(
            "([size, cells]) => m.cellsPath(size, (k) => cells[k] === '1')", [array.shape, cells(array)]
        )
        boxes = re.findall(r"M(\d+) (\d+)H(\d+)v1H(\d+)z", path)
        drawn = np.zeros(array.shape, bool)
        for left, row, right, back in boxes:
            assert left == back
            assert not drawn[int(row), int(left) : int(right)].any()
            drawn[int(row), int(left) : int(right)] = True
        np.testing.assert_array_equal(drawn, array)


# ---- in the page


def drawn(page: Page, kind: str, size: tuple[int, int] = (16, 24)) -> np.ndarray:
    """Which cells the page draws as one kind: "fn", "tp" or "fp"."""
    path = page.locator(f".iou-grid path[data-kind={kind}]").get_attribute("d") or ""
    found = np.zeros(size, bool)
    for left, row, right in re.findall(r"M(\d+) (\d+)H(\d+)v1", path):
        found[int(row), int(left) : int(right)] = True
    return found


def assert_shows(page: Page, preds: np.ndarray, target: np.ndarray) -> None:
    """The page shows these masks, and every number and sentence that Python has for them."""
    np.testing.assert_array_equal(drawn(page, "tp", preds.shape), preds & target)
    np.testing.assert_array_equal(drawn(page, "fn", preds.shape), ~preds & target)
    np.testing.assert_array_equal(drawn(page, "fp", preds.shape), preds & ~target)
    n = overlap(preds, target)
    for kind in ("tp", "fn", "fp"):
        expect(page.locator(f"[data-count={kind}]")).to_have_text(str(n[kind]))
    for name, equation in equations(preds, target).items():
        expect(page.locator(f"[data-equation={name}]")).to_have_text(equation)
    expect(page.locator(".iou-sentence")).to_have_text(overlap_sentence(preds, target))


def place(page: Page, row: int, col: int, size: tuple[int, int] = (16, 24)) -> tuple[float, float]:
    """Where the middle of a cell lies in the window."""
    box = page.locator(".iou-grid").bounding_box()
    assert box is not None
    return box["x"] + (col + 0.5) * box["width"] / size[1], box["y"] + (row + 0.5) * box["height"] / size[0]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_preset_is_shown_with_its_note(open_page: Open, name: str) -> None:
    page = open_page(IoUPainter(target=np.zeros((16, 24), bool)))
    button = page.get_by_role("button", name=name, exact=True)
    button.click()
    assert_shows(page, EXAMPLES[name].preds, EXAMPLES[name].target)
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".chip[aria-pressed=true]")).to_have_count(1)
    expect(page.locator(".iou-note")).to_have_text(EXAMPLES[name].note)


def test_undefined_is_said_so(open_page: Open) -> None:
    page = open_page(IoUPainter(target=np.zeros((16, 24), bool)))
    expect(page.locator("[data-equation=iou]")).to_have_text("intersection 0 / union 0 = undefined")
    expect(page.locator("[data-equation=precision]")).to_have_text("0 / 0 = undefined")
    expect(page.locator("[data-equation=pixel_accuracy]")).to_have_text("(0 + 384) / 384 = 1.000")


def test_the_mouse_paints_with_each_pen(open_page: Open) -> None:
    page = open_page(IoUPainter(target=np.zeros((16, 24), bool)))
    preds, target = np.zeros((2, 16, 24), bool)

    def drag(start: tuple[int, int], end: tuple[int, int]) -> None:
        page.mouse.move(*place(page, *start))
        page.mouse.down()
        page.mouse.move(*place(page, *end))
        page.mouse.up()

    drag((3, 2), (3, 9))  # the pen for the truth is there at first
    target[3, 2:10] = True
    assert_shows(page, preds, target)
    page.get_by_role("radio", name="Prediction").check()
    drag((3, 6), (3, 12))
    preds[3, 6:13] = True
    assert_shows(page, preds, target)
    page.get_by_role("radio", name="Eraser").check()
    drag((3, 7), (3, 8))
    preds[3, 7:9] = target[3, 7:9] = False
    assert_shows(page, preds, target)


def test_a_stroke_that_leaves_the_grid_ends_at_its_rim(open_page: Open) -> None:
    page = open_page(IoUPainter(target=np.zeros((16, 24), bool)))
    x, y = place(page, 5, 20)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 400, y)
    page.mouse.up()
    page.mouse.move(*place(page, 10, 10))  # the button is up: nothing more is painted
    target = np.zeros((16, 24), bool)
    target[5, 20:] = True
    assert_shows(page, np.zeros_like(target), target)


def test_a_finger_paints_and_does_not_scroll(open_page: Open) -> None:
    page = open_page(IoUPainter(target=np.zeros((16, 24), bool)), **PHONE)
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *at: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in at]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", place(page, 12, 4))
    for row in range(12, 3, -1):
        send("touchMove", place(page, row, 4))
    send("touchEnd")
    target = np.zeros((16, 24), bool)
    target[4:13, 4] = True
    assert_shows(page, np.zeros_like(target), target)
    assert page.evaluate("window.scrollY") == 0


def test_the_keyboard_paints_erases_and_takes_back(open_page: Open) -> None:
    page = open_page(IoUPainter(target=np.zeros((16, 24), bool)))
    page.get_by_role("application").focus()
    preds, target = np.zeros((2, 16, 24), bool)
    page.keyboard.press("Space")  # the cursor is in the middle: row 8, column 12
    target[8, 12] = True
    assert_shows(page, preds, target)
    page.keyboard.press("p")
    expect(page.get_by_role("radio", name="Prediction")).to_be_checked()
    for key in ("ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    preds[8, 14] = preds[9, 14] = preds[9, 13] = True
    assert_shows(page, preds, target)
    page.keyboard.press("Delete")
    preds[9, 13] = False
    assert_shows(page, preds, target)
    page.keyboard.press("Control+z")
    preds[9, 13] = True
    assert_shows(page, preds, target)
    for key in ("e", "Home", "PageUp", "Shift+ArrowUp", "t", "Shift+ArrowRight"):
        page.keyboard.press(key)
    target[0, 1] = True  # from row 9 ten up: the first row, where the rim stops the eraser too
    assert_shows(page, preds, target)


def test_undo_goes_back_step_by_step(open_page: Open) -> None:
    page = open_page(IoUPainter(EXAMPLES["7 × 7"].preds, EXAMPLES["7 × 7"].target))
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    page.get_by_role("button", name="3 × 3", exact=True).click()
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Clear").click()  # changes nothing, so it is no step
    undo.click()
    assert_shows(page, EXAMPLES["3 × 3"].preds, EXAMPLES["3 × 3"].target)
    undo.click()
    assert_shows(page, EXAMPLES["7 × 7"].preds, EXAMPLES["7 × 7"].target)
    expect(undo).to_be_disabled()


def test_swapping_exchanges_truth_and_prediction(open_page: Open) -> None:
    page = open_page(IoUPainter(EXAMPLES["hollow"].preds, EXAMPLES["hollow"].target))
    page.get_by_role("button", name="Swap truth and prediction").click()
    assert_shows(page, EXAMPLES["hollow"].target, EXAMPLES["hollow"].preds)


def test_the_state_is_where_the_page_begins(open_page: Open) -> None:
    preds, target = np.random.default_rng(4).random((2, 9, 13)) < 0.5
    page = open_page(IoUPainter(preds, target, pen="eraser", caption="Nine by thirteen."))
    assert_shows(page, preds, target)
    expect(page.get_by_role("radio", name="Eraser")).to_be_checked()
    expect(page.get_by_text("Nine by thirteen.")).to_be_visible()


def test_a_screen_reader_hears_the_cell_and_the_score_after_each_step(open_page: Open) -> None:
    page = open_page(IoUPainter(target=np.zeros((16, 24), bool)))
    status = page.get_by_role("status")
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowLeft")
    expect(status).to_have_text("Row 8, column 11: neither.")
    page.keyboard.press("Space")
    expect(status).to_have_text("Row 8, column 11: truth only. intersection 0 / union 1, IoU 0.000.")
    page.keyboard.press("p")
    expect(status).to_have_text("Pen: Prediction.")
    page.keyboard.press("Space")
    expect(status).to_have_text("Row 8, column 11: both. intersection 1 / union 1, IoU 1.000.")
    page.get_by_role("button", name="7 × 7", exact=True).click()
    expect(status).to_have_text("intersection 42 / union 56, IoU 0.750.")


# ---- the page as a whole


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("context", [DESK, PHONE], ids=["desk", "phone"])
def test_no_rule_of_accessibility_is_broken(open_page: Open, theme: str, context: dict) -> None:
    hollow = EXAMPLES["hollow"]
    page = open_page(
        IoUPainter(),
        IoUPainter(hollow.preds, hollow.target, pen="preds", caption="A hollow square."),
        IoUPainter(target=np.zeros((4, 5), bool)),
        theme=theme,
        **context,
    )
    page.get_by_role("button", name="Clear").first.click()
    assert violations(page) == []
    assert repeated_ids(page) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_over_the_edge(open_page: Open, width: int) -> None:
    page = open_page(
        IoUPainter(), IoUPainter(target=np.ones((40, 40), bool)), viewport={"width": width, "height": 800}
    )
    assert over_the_edge(page, but="svg, .unseen") == []


def luminance(color: str) -> float:
    channels = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_regions_stand_out_without_colour_vision(open_page: Open, theme: str) -> None:
    page = open_page(IoUPainter(), theme=theme)

    def contrast(one: str, other: str) -> float:
        names = [
            f"getComputedStyle(document.querySelector('.segedu')).getPropertyValue('--{n}')"
            for n in (one, other)
        ]
        high, low = sorted((luminance(page.evaluate(name).strip()) for name in names), reverse=True)
        return (high + 0.05) / (low + 0.05)

    # WCAG asks 3:1 of what has to be seen: the outlines against the ground, the patterns against their fill,
    # and the shared region against those that only one mask has.
    for edge in ("truth-edge", "preds-edge", "right"):
        assert contrast(edge, "card") >= 3
    for kind in ("missed", "invented"):
        assert contrast(f"{kind}-ink", kind) >= 3
        assert contrast(kind, "right") >= 3


def test_it_is_ready_within_a_second_of_load(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(IoUPainter()), encoding="utf-8")
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
    painter = IoUPainter()
    path.write_text(page_of(painter), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        picture = page.locator("figure img")
        expect(picture).to_be_visible()
        assert picture.get_attribute("alt") == painter.alt()
        assert page.locator("figure img").bounding_box()["height"] > 100  # the SVG is drawn
