"""TransposedConvolution: in all its states what the page computes is what segedu.upsampling computes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import traitlets
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from segedu.upsampling import (
    conv2d,
    conv_input_sizes,
    conv_transpose2d,
    conv_transpose_output_shape,
    overlap_count,
    zero_insertion,
)
from segedu.widgets import TransposedConvolution
from segedu.widgets.page import module
from segedu.widgets.transposed_convolution import INPUTS, KERNELS
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

STATES = [(i, k, s, p, q) for i, k, s, p, q in product(INPUTS, KERNELS, (1, 2, 3), (0, 1), (0, 1, 2)) if q < s]


def how(s: int, p: int, q: int) -> dict[str, int]:
    return {"stride": s, "padding": p, "output_padding": q}


def laid(i: int, count: int) -> np.ndarray:
    """True for the first `count` cells of an i × i input."""
    return (np.arange(i * i) < count).reshape(i, i)


# ---- the state


def test_two_stamps_by_hand() -> None:
    # Kernel 1 2 3 / 4 5 6 / 7 8 9, stride 2, input 2 1 / 1 3: the second stamp begins in column 2, where the
    # first one ends: 2·3 + 1·1 = 7, 2·6 + 1·4 = 16, 2·9 + 1·7 = 25.
    widget = TransposedConvolution(stride=2, step=2)
    assert widget.output.tolist() == [
        [2, 4, 7, 2, 3],
        [8, 10, 16, 5, 6],
        [14, 16, 25, 8, 9],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize("view", ["stamp", "slide"])
def test_the_last_step_is_the_transposed_convolution(view: str) -> None:
    for i, k, s, p, q in STATES:
        widget = TransposedConvolution(size=i, kernel_size=k, stride=s, padding=p, output_padding=q, view=view)
        assert widget.step == widget.steps
        np.testing.assert_array_equal(widget.output, conv_transpose2d(INPUTS[i], KERNELS[k], **how(s, p, q)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"stride": 2, "output_padding": 2}, "output_padding: expected less than the stride 2, got 2"),
        ({"step": 5}, "step: expected 0 to 4, got 5"),
        ({"step": -1}, "step: expected 0 to 4, got -1"),
        ({"view": "slide", "step": 17}, "step: expected 0 to 16, got 17"),
        ({"kernel_size": 5}, "kernel_size"),
        ({"size": 4}, "size"),
    ],
)
def test_a_wrong_state_is_refused(wrong: dict, message: str) -> None:
    with pytest.raises(traitlets.TraitError, match=message):
        TransposedConvolution(**wrong)


def test_a_smaller_map_takes_step_and_output_padding_with_it() -> None:
    widget = TransposedConvolution(size=3, stride=3, output_padding=2, step=9)
    widget.size = 2
    assert widget.step == 4
    widget.stride = 2
    assert (widget.output_padding, widget.output_shape) == (1, (6, 6))


def test_kernels_and_inputs_have_no_symmetry_that_would_hide_a_missing_turn() -> None:
    for kernel in KERNELS.values():
        assert kernel != [row[::-1] for row in kernel[::-1]]
        assert sorted(np.ravel(kernel).tolist()) == list(range(1, np.size(kernel) + 1))
    for numbers in INPUTS.values():
        assert np.min(numbers) > 0  # a zero would stamp nothing
        assert numbers not in KERNELS.values()  # nobody takes one for the other


def test_the_page_form_is_small_deterministic_and_needs_no_network() -> None:
    one, other = TransposedConvolution().html(), TransposedConvolution().html()
    assert one == other
    assert len(one.encode()) < 80_000
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", one)) <= {"http://www.w3.org"}
    assert not re.search(r"^\s*import\b", module("grids", "transposed_convolution"), re.MULTILINE)


@pytest.mark.parametrize(
    "state", [{}, {"step": 0}, {"view": "slide", "size": 3, "stride": 3, "kernel_size": 4}]
)
def test_the_still_figures_are_small_and_described(state: dict) -> None:
    widget = TransposedConvolution(**state)
    data, metadata = widget._repr_mimebundle_()
    assert len(widget.static()) < 60_000
    assert widget.static() == widget.static()
    assert Image.open(io.BytesIO(widget.static())).width > 300
    assert metadata["image/png"]["alt"] == widget.alt()
    assert f"to {widget.output_shape[0]}×{widget.output_shape[0]}" in widget.alt()
    assert data["text/plain"] == repr(widget)


# ---- the functions of the page


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "grids", "transposed_convolution") as page:
        yield page


def geometry(i: int, k: int, s: int, p: int, q: int) -> dict[str, int]:
    return {"i": i, "k": k, "s": s, "p": p, "q": q}


def test_sizes_are_those_of_segedu_in_all_states(functions: Page) -> None:
    made = functions.evaluate(
        """(all) => all.map((g) => [m.sizes(g), m.sizeEquation(g), m.sourceSentence(g),
                                    m.stepsOf("stamp", g), m.stepsOf("slide", g)])""",
        [geometry(*state) for state in STATES],
    )
    for (i, k, s, p, q), (sizes, equation, sentence, stamps, windows) in zip(STATES, made, strict=True):
        out, _ = conv_transpose_output_shape((i, i), k, **how(s, p, q))
        assert sizes["out"] == out
        assert sizes["full"] == conv_transpose_output_shape((i, i), k, stride=s)[0]
        assert sizes["canvas"] == max(sizes["full"], p + out)
        assert sizes["stuffed"] == len(zero_insertion(INPUTS[i], KERNELS[k], **how(s, p, q))[0])
        assert sizes["sources"] == list(conv_input_sizes((i, i), k, stride=s, padding=p)[0])
        assert out == sizes["sources"][q - s]  # output padding chooses one of them
        assert arithmetic(equation) == out
        assert re.findall(r"(\d+)×\1", sentence) == [str(n) for n in (*sizes["sources"], i)]
        assert (stamps, windows) == (i * i, out * out)


def arithmetic(text: str) -> int:
    """Both sides of an equation such as 2·(3 − 1) + 3 = 7, which must agree; a plain number is itself."""
    sides = [eval(side.replace("·", "*").replace("−", "-"), {}) for side in text.split("=")]
    assert len(set(sides)) == 1, text
    return sides[0]


def test_stamps_add_up_as_in_segedu_after_every_step_of_all_states(functions: Page) -> None:
    made = functions.evaluate(
        """([all, inputs, kernels]) => all.map((g) => {
             const { canvas } = m.sizes(g);
             const places = [...Array(canvas).keys()];
             return [...Array(g.i * g.i + 1).keys()].map((count) => places.map((r) => places.map((c) => {
               const terms = m.stampTerms(g, [r - g.p, c - g.p], count);
               return [m.summed(terms, inputs[g.i], kernels[g.k])[0], terms.length];
             })));
           })""",
        [[geometry(*state) for state in STATES], INPUTS, KERNELS],
    )
    for (i, k, s, p, q), steps in zip(STATES, made, strict=True):
        out, _ = conv_transpose_output_shape((i, i), k, **how(s, p, q))
        full = s * (i - 1) + k
        for count, cells in enumerate(steps):
            sums, counts = np.moveaxis(np.array(cells), -1, 0)
            seen = INPUTS[i] * laid(i, count)
            kept = np.s_[p : p + out, p : p + out]
            np.testing.assert_array_equal(sums[kept], conv_transpose2d(seen, KERNELS[k], **how(s, p, q)))
            np.testing.assert_array_equal(sums[:full, :full], conv_transpose2d(seen, KERNELS[k], stride=s))
            ones = conv_transpose2d(laid(i, count), np.ones((k, k)), **how(s, p, q))
            np.testing.assert_array_equal(counts[kept], ones)
        np.testing.assert_array_equal(counts[kept], overlap_count((i, i), k, **how(s, p, q)))


def test_the_sliding_window_is_that_of_zero_insertion_in_all_states(functions: Page) -> None:
    made = functions.evaluate(
        """([all, inputs, kernels]) => all.map((g) => {
             const { out, stuffed } = m.sizes(g);
             const [x, w] = [inputs[g.i], m.turned(kernels[g.k])];
             const places = (size) => [...Array(size).keys()];
             const grid = (size, cellOf) => places(size).map((r) => places(size).map((c) => cellOf([r, c])));
             const value = (at) => (typeof at === "string" ? 0 : x[at[0]][at[1]]);
             return [
               grid(stuffed, (cell) => value(m.stuffedAt(g, cell))),
               w,
               grid(out, (cell) => m.summed(m.windowTerms(g, cell), x, w)),
             ];
           })""",
        [[geometry(*state) for state in STATES], INPUTS, KERNELS],
    )
    for (i, k, s, p, q), (stuffed, turned, sums) in zip(STATES, made, strict=True):
        expected = zero_insertion(INPUTS[i], KERNELS[k], **how(s, p, q))
        np.testing.assert_array_equal(stuffed, expected[0])
        np.testing.assert_array_equal(turned, expected[1])
        np.testing.assert_array_equal([[n for n, _ in row] for row in sums], conv2d(*expected))
        for number, text in (cell for row in sums for cell in row):
            assert arithmetic(f"{text or 0} = {number}") == number  # the sum in words is the sum


# ---- in the page


def board(page: Page, name: str) -> Locator:
    return page.locator(f"[data-grid={name}] .grid-board")


def numbers(page: Page, name: str) -> list[list[int]]:
    """What a grid says to those who do not see it; a cell that is not computed yet is 0."""
    label = board(page, name).get_attribute("aria-label") or ""
    rows = label.replace("not yet", "0").split(": ")[1].split("; ")
    return [[int(n) for n in row.split(", ")] for row in rows]


def texts(page: Page, name: str) -> list[str]:
    return board(page, name).locator("text").all_text_contents()


def place(page: Page, name: str, row: int, col: int, cells: int) -> dict[str, float]:
    """The middle of a cell of a grid of `cells` × `cells`, from the grid's corner."""
    box = board(page, name).bounding_box()
    assert box is not None
    return {"x": (col + 0.5) * box["width"] / cells, "y": (row + 0.5) * box["height"] / cells}


@pytest.mark.parametrize("view", ["stamp", "slide"])
def test_every_geometry_can_be_chosen_and_is_shown_with_its_numbers(open_page: Open, view: str) -> None:
    page = open_page(TransposedConvolution(view=view))
    rng = np.random.default_rng(0)
    for i, k, s, p, q in [STATES[n] for n in rng.permutation(len(STATES))[:16]]:
        for name, value in (("Input", f"{i}×{i}"), ("Kernel", k), ("Stride", s), ("Padding", p)):
            page.get_by_role("group", name=name, exact=True).get_by_role("radio", name=str(value)).check()
        page.get_by_role("group", name="Output padding").get_by_role("radio", name=str(q)).check()
        page.get_by_role("slider").press("End")
        expected = TransposedConvolution(
            size=i, kernel_size=k, stride=s, padding=p, output_padding=q, view=view
        )
        assert numbers(page, "output") == expected.output.tolist()
        assert numbers(page, "kernel") == KERNELS[k]
        assert expected.steps == int(page.get_by_role("slider").get_attribute("max") or 0)
        said = page.locator("[data-said=size]").inner_text()
        assert arithmetic(said) == expected.output_shape[0]


def test_output_padding_stays_below_the_stride(open_page: Open) -> None:
    page = open_page(TransposedConvolution(stride=3, output_padding=2))
    choices = page.get_by_role("group", name="Output padding")
    page.get_by_role("group", name="Stride").get_by_role("radio", name="2").check()
    expect(choices.get_by_role("radio", name="1")).to_be_checked()
    expect(choices.get_by_role("radio", name="2")).to_be_disabled()
    page.get_by_role("group", name="Stride").get_by_role("radio", name="1").check()
    expect(choices.get_by_role("radio", name="0")).to_be_checked()
    expect(choices.get_by_role("radio", name="1")).to_be_disabled()


@pytest.mark.parametrize("view", ["stamp", "slide"])
def test_every_step_is_shown_by_buttons_and_by_the_slider(open_page: Open, view: str) -> None:
    state = {"stride": 2, "padding": 1, "view": view}
    page = open_page(TransposedConvolution(step=0, **state))
    steps = TransposedConvolution(**state).steps
    for step in range(1, steps + 1):
        if step % 2:
            page.get_by_role("button", name="One step on").click()
        else:
            page.get_by_role("slider").press("ArrowRight")
        expected = TransposedConvolution(step=step, **state)
        assert numbers(page, "output") == expected.output.tolist()
        expect(page.locator(".tc-count")).to_have_text(f"{step} / {steps}")
        sentence = page.locator("[data-said=step]").inner_text()
        assert f" {step} of {steps}:" in sentence
        if view == "slide":
            assert arithmetic(sentence.split(". ")[-1].rstrip(".")) == expected.output.ravel()[step - 1]
    expect(page.get_by_role("button", name="One step on")).to_be_disabled()
    page.get_by_role("button", name="One step back").click()
    assert numbers(page, "output") == TransposedConvolution(step=steps - 1, **state).output.tolist()


def test_it_plays_to_the_end_and_from_the_start_again(open_page: Open) -> None:
    page = open_page(TransposedConvolution(step=1))
    page.clock.install()
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".tc-count")).to_have_text("2 / 4")
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    expect(page.locator(".tc-count")).to_have_text("2 / 4")
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(5000)
    expect(page.locator(".tc-count")).to_have_text("4 / 4")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".tc-count")).to_have_text("1 / 4")
    assert numbers(page, "output") == TransposedConvolution(step=1).output.tolist()


def test_the_active_stamp_and_the_cells_with_several_stamps_stand_out(open_page: Open) -> None:
    page = open_page(TransposedConvolution(stride=2, step=2))
    frame = board(page, "output").locator(".frame.hit")
    # The second stamp: rows 0 to 2, columns 2 to 4 of 5.
    assert [frame.get_attribute(name) for name in ("x", "y", "width", "height")] == ["2", "0", "3", "3"]
    cells = board(page, "output").locator("rect.cell")
    fills = np.array(cells.evaluate_all("(all) => all.map((one) => Number(getComputedStyle(one).fillOpacity))"))
    counts = conv_transpose2d(laid(2, 2), np.ones((3, 3)), stride=2)
    shades = [sorted(set(fills[counts.ravel() == n])) for n in (0, 1, 2)]
    assert [len(shade) for shade in shades] == [1, 1, 1]
    assert shades[0][0] < shades[1][0] < shades[2][0]
    expect(page.locator(".tc-legend li")).to_have_text(["1 stamp", "2 stamps"])


def test_what_the_padding_cuts_off_stays_in_sight(open_page: Open) -> None:
    page = open_page(TransposedConvolution(stride=2, padding=1))
    # The stamps cover 5 × 5, the output keeps 3 × 3: 16 cells of the rim are cut.
    expect(board(page, "output").locator("rect.cell.cut")).to_have_count(16)
    expect(page.locator(".tc-legend")).to_contain_text("cut off by the padding")
    whole = conv_transpose2d(INPUTS[2], KERNELS[3], stride=2).astype(int)
    assert [int(text) for text in texts(page, "output")] == whole.ravel().tolist()


def test_the_mouse_points_at_a_sum(open_page: Open) -> None:
    page = open_page(TransposedConvolution())
    board(page, "output").hover(position=place(page, "output", 1, 1, 4))
    said = page.locator("[data-said=step]")
    # The cell lies under entry 5 of the first stamp, 4 of the second, 2 of the third, 1 of the fourth.
    expect(said).to_have_text("Output in row 1, column 1: 2·5 + 1·4 + 1·2 + 3·1 = 19. 4 stamps.")
    page.mouse.move(1, 1)
    expect(said).to_contain_text("Stamp 4 of 4")


def test_a_finger_chooses_a_stamp_and_a_sum(open_page: Open) -> None:
    page = open_page(TransposedConvolution(), **PHONE)
    board(page, "input").tap(position=place(page, "input", 1, 0, 2))
    expect(page.locator(".tc-count")).to_have_text("3 / 4")
    board(page, "output").tap(position=place(page, "output", 3, 3, 4))
    expect(page.locator("[data-said=step]")).to_have_text("Output in row 3, column 3: no stamp, 0.")


def test_the_keyboard_goes_from_cell_to_cell(open_page: Open) -> None:
    page = open_page(TransposedConvolution(step=1))
    board(page, "input").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tc-count")).to_have_text("4 / 4")
    board(page, "output").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    status = page.get_by_role("status").first
    expect(status).to_have_text("Output in row 3, column 0: 1·7 = 7. 1 stamp.")
    page.get_by_role("radio", name="Slide").check()
    board(page, "output").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tc-count")).to_have_text("5 / 16")
    expect(status).to_contain_text("Window 5 of 16")


# ---- the page as a whole

ALL = (
    TransposedConvolution(step=2, caption="Two stamps."),
    TransposedConvolution(size=3, stride=2, padding=1, output_padding=1, step=5),
    TransposedConvolution(size=3, kernel_size=4, stride=3, output_padding=2, view="slide", step=20),
    TransposedConvolution(step=0),
)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("context", [DESK, PHONE], ids=["desk", "phone"])
def test_no_rule_of_accessibility_is_broken(open_page: Open, theme: str, context: dict) -> None:
    page = open_page(*ALL, theme=theme, **context)
    assert violations(page) == []
    assert repeated_ids(page) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_over_the_edge(open_page: Open, width: int) -> None:
    page = open_page(*ALL, viewport={"width": width, "height": 800})
    assert over_the_edge(page, but=".unseen") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_stand_out_from_every_fill(open_page: Open, theme: str) -> None:
    page = open_page(TransposedConvolution(size=3, kernel_size=4), theme=theme)  # up to nine stamps on a cell
    contrasts = page.evaluate(
        """() => {
             const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
             const light = (color) => color.map((c) => c / 255)
               .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
               .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
             const card = rgb(getComputedStyle(document.querySelector(".segedu")).backgroundColor);
             return [...document.querySelectorAll(".grid-board text")].map((text) => {
               const cell = text.previousElementSibling;
               const style = getComputedStyle(cell);
               const [fill, a] = [rgb(style.fill), (rgb(style.fill)[3] ?? 1) * Number(style.fillOpacity)];
               const ground = card.slice(0, 3).map((c, k) => a * fill[k] + (1 - a) * c);
               const ink = rgb(getComputedStyle(text).fill).slice(0, 3);
               const [high, low] = [light(ground), light(ink)].sort((x, y) => y - x);
               return (high + 0.05) / (low + 0.05);
             });
           }"""
    )
    assert len(contrasts) == 9 + 16 + 16 + 36
    assert min(contrasts) >= 4.5


def test_without_javascript_the_still_picture_stays(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "still.html"
    path.write_text(page_of(*ALL), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        for picture, widget in zip(page.locator("figure img").all(), ALL, strict=True):
            expect(picture).to_be_visible()
            assert picture.get_attribute("alt") == widget.alt()
            assert picture.bounding_box()["height"] > 100  # the SVG is drawn
