"""SparseMatrix: in all its states the page's matrix is segedu's, and pointing lights up what belongs there."""

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

from segedu.upsampling import conv_transpose2d, convolution_matrix
from segedu.widgets import SparseMatrix
from segedu.widgets.page import module
from segedu.widgets.sparse_matrix import KERNEL_SIZES, KERNELS, PADDINGS, SIZES, STRIDES
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

STATES = list(product(SIZES, KERNEL_SIZES, STRIDES, PADDINGS))


def matrix(n: int, k: int, s: int, p: int) -> np.ndarray:
    return convolution_matrix(KERNELS[k], (n, n), stride=s, padding=p).toarray().astype(int)


# ---- the state


def test_a_row_of_the_article_s_matrix_by_hand() -> None:
    # Output 3 of 2×2 has its window in rows and columns 1 to 3 of 4×4: the kernel, with a zero before each row.
    C = SparseMatrix().matrix.toarray()
    assert C[3].reshape(4, 4).tolist() == [[0, 0, 0, 0], [0, 1, 2, 3], [0, 4, 5, 6], [0, 7, 8, 9]]


def test_ranks_are_those_of_the_matrices() -> None:
    ranks = SparseMatrix().data["ranks"]
    assert len(ranks) == len(STATES)
    for state in STATES:
        assert ranks[" ".join(map(str, state))] == np.linalg.matrix_rank(matrix(*state))
    assert ranks["5 3 2 1"] == 9  # of 9 × 25, as the chapter says


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"row": 4}, "row: expected 0 to 3 or None, got 4"),
        ({"column": 16}, "column: expected 0 to 15 or None, got 16"),
        ({"column": -1}, "column: expected 0 to 15 or None, got -1"),
        ({"size": 5, "stride": 2, "padding": 1, "row": 9}, "row: expected 0 to 8"),
        ({"size": 6}, "size"),
        ({"stride": 3}, "stride"),
    ],
)
def test_a_wrong_state_is_refused(wrong: dict, message: str) -> None:
    with pytest.raises(traitlets.TraitError, match=message):
        SparseMatrix(**wrong)


def test_a_row_that_is_gone_is_let_go() -> None:
    widget = SparseMatrix(padding=1, row=15, column=15)
    widget.padding = 0  # 16 outputs become 4
    assert (widget.row, widget.column) == (None, 15)


def test_the_page_form_is_small_deterministic_and_needs_no_network() -> None:
    one, other = SparseMatrix().html(), SparseMatrix().html()
    assert one == other
    assert len(one.encode()) < 80_000
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", one)) <= {"http://www.w3.org"}
    assert not re.search(r"^\s*import\b", module("grids", "sparse_matrix"), re.MULTILINE)


@pytest.mark.parametrize("state", [{"row": 0}, {"transposed": True, "column": 5, "size": 5, "padding": 1}])
def test_the_still_figures_are_small_and_described(state: dict) -> None:
    widget = SparseMatrix(**state)
    data, metadata = widget._repr_mimebundle_()
    assert len(widget.static()) < 60_000
    assert widget.static() == widget.static()
    assert Image.open(io.BytesIO(widget.static())).width > 300
    assert metadata["image/png"]["alt"] == widget.alt()
    rows, columns = widget.matrix.shape[::-1] if widget.transposed else widget.matrix.shape
    assert f"{rows} rows, {columns} columns, {widget.matrix.nnz} entries" in widget.alt()
    assert data["text/plain"] == repr(widget)


# ---- the functions of the page


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "grids", "sparse_matrix") as page:
        yield page


def geometry(n: int, k: int, s: int, p: int) -> dict[str, int]:
    return {"n": n, "k": k, "s": s, "p": p}


def test_the_matrix_is_that_of_segedu_in_all_states(functions: Page) -> None:
    made = functions.evaluate(
        """([all, kernels]) => all.map((g) => {
             const [rows, columns] = [m.outputSize(g) ** 2, g.n ** 2].map((n) => [...Array(n).keys()]);
             const weight = (tap) => (tap === null ? 0 : kernels[g.k][tap[0]][tap[1]]);
             return rows.map((r) => columns.map((c) => weight(m.tapAt(g, r, c))));
           })""",
        [[geometry(*state) for state in STATES], KERNELS],
    )
    for state, page_matrix in zip(STATES, made, strict=True):
        np.testing.assert_array_equal(page_matrix, matrix(*state))


def test_every_row_column_and_entry_is_told_as_it_is(functions: Page) -> None:
    made = functions.evaluate(
        """([all, kernels]) => all.map((g) => {
             const [rows, columns] = [m.outputSize(g) ** 2, g.n ** 2].map((n) => [...Array(n).keys()]);
             const say = (r, c) => [false, true].map((t) => m.matrixSentence(g, kernels[g.k], r, c, t));
             return [rows.map((r) => say(r, null)), columns.map((c) => say(null, c)),
                     rows.map((r) => columns.map((c) => say(r, c)))];
           })""",
        [[geometry(*state) for state in STATES], KERNELS],
    )
    for state, (rows, columns, entries) in zip(STATES, made, strict=True):
        C = matrix(*state)
        for r, (plain, turned) in enumerate(rows):
            assert plain.startswith(f"Row {r} of C: output {r} = ")
            assert terms(plain) == {c: w for c, w in enumerate(C[r]) if w}
            assert turned.startswith(f"Column {r} of Cᵀ, the stamp of y[{r}].")
            assert sent(turned) == {c: w for c, w in enumerate(C[r]) if w}
        for c, (plain, turned) in enumerate(columns):
            assert plain.startswith(f"Column {c} of C: x[{c}] sends ")
            assert sent(plain) == {r: w for r, w in enumerate(C[:, c]) if w}
            assert turned.startswith(f"Row {c} of Cᵀ: output {c} = ")
            assert terms(turned) == {r: w for r, w in enumerate(C[:, c]) if w}
            if not C[:, c].any():
                assert "no window sees it" in plain
        for (r, c), weight in np.ndenumerate(C):
            plain, turned = entries[r][c]
            assert plain.startswith(f"Row {r}, column {c} of C: {weight}")
            assert turned.startswith(f"Row {c}, column {r} of Cᵀ: {weight}")


def terms(sentence: str) -> dict[int, int]:
    """Weights of a sum such as 2·x[3] + 1·x[4], by place."""
    return {int(place): int(weight) for weight, place in re.findall(r"(\d+)·\w\[(\d+)\]", sentence)}


def sent(sentence: str) -> dict[int, int]:
    """Weights of what is sent, such as 2·x[3] to output 4, by output."""
    return {
        int(place): int(weight) for weight, place in re.findall(r"(\d+)·\w\[\d+\] to output (\d+)", sentence)
    }


def test_the_size_of_the_matrix_is_told(functions: Page) -> None:
    for state, turned in product(STATES, (False, True)):
        C = matrix(*state)
        rank = int(np.linalg.matrix_rank(C))
        said = functions.evaluate(
            "([g, rank, t]) => m.sizeSentence(g, rank, t)", [geometry(*state), rank, turned]
        )
        rows, columns = C.shape[::-1] if turned else C.shape
        stored = np.count_nonzero(C)
        assert [int(n) for n in re.findall(r"\d+", said)] == [rows, columns, stored, C.size, 0, rank]


# ---- in the page


def board(page: Page, name: str) -> Locator:
    return page.locator(f"[data-grid={name}] .grid-board")


def place(page: Page, name: str, cell: tuple[int, int], shape: tuple[int, int]) -> dict[str, float]:
    box = board(page, name).bounding_box()
    assert box is not None
    return {"x": (cell[1] + 0.5) * box["width"] / shape[1], "y": (cell[0] + 0.5) * box["height"] / shape[0]}


def coloured(page: Page, name: str) -> list[int]:
    """Which cells of a grid have a colour of the kernel, counted row by row."""
    return (
        board(page, name)
        .locator("rect.cell")
        .evaluate_all("(all) => all.flatMap((one, k) => (one.style.fill ? [k] : []))")
    )


def bright(page: Page, name: str) -> list[int]:
    """Which of the coloured cells are not dimmed."""
    return (
        board(page, name)
        .locator("rect.cell")
        .evaluate_all(
            "(all) => all.flatMap((one, k) => (one.style.fill && !one.classList.contains('dim') ? [k] : []))"
        )
    )


def frames(page: Page, name: str) -> list[list[float]]:
    return (
        board(page, name)
        .locator(".frame")
        .evaluate_all(
            """(all) => all.map((one) => ["y", "x", "height", "width"]
                 .map((name) => Number(one.getAttribute(name))))"""
        )
    )


@pytest.mark.parametrize("transposed", [False, True])
def test_every_geometry_can_be_chosen_and_is_drawn(open_page: Open, transposed: bool) -> None:
    page = open_page(SparseMatrix(row=0))
    if transposed:
        page.get_by_role("button", name="Transpose").click()
    for n, k, s, p in STATES:
        for name, value in (("Input", f"{n}×{n}"), ("Kernel", k), ("Stride", s), ("Padding", p)):
            page.get_by_role("group", name=name, exact=True).get_by_role("radio", name=str(value)).check()
        C = matrix(n, k, s, p).T if transposed else matrix(n, k, s, p)
        assert coloured(page, "matrix") == np.flatnonzero(C).tolist()
        said = board(page, "matrix").locator("text").all_text_contents()
        assert [int(text) for text in said] == C[C > 0].tolist()
    expect(page.locator("[data-said=matrix]")).to_contain_text("Point at a cell")  # row 0 was of another matrix


def test_pointing_at_an_output_lights_its_row_its_inputs_and_the_kernel(open_page: Open) -> None:
    page = open_page(SparseMatrix())
    board(page, "to").hover(position=place(page, "to", (1, 0), (2, 2)))
    # Output 2 has its window in rows 1 to 3, columns 0 to 2.
    window = [4, 5, 6, 8, 9, 10, 12, 13, 14]
    assert coloured(page, "from") == window
    assert bright(page, "kernel") == list(range(9))
    assert bright(page, "matrix") == [2 * 16 + c for c in window]
    assert frames(page, "matrix") == [[2, 0, 1, 16]]
    assert frames(page, "to") == [[1, 0, 1, 1]]
    # An input has the colour of the entry that it meets.
    colours = {
        name: board(page, name).locator("rect.cell").evaluate_all("(all) => all.map((one) => one.style.fill)")
        for name in ("from", "kernel")
    }
    assert [colours["from"][c] for c in window] == colours["kernel"]


def test_pointing_at_an_input_lights_its_column_and_its_outputs(open_page: Open) -> None:
    page = open_page(SparseMatrix())
    board(page, "from").hover(position=place(page, "from", (0, 1), (4, 4)))
    # Input 1 lies in the windows of outputs 0 and 1, under entries 2 and 1.
    assert coloured(page, "to") == [0, 1]
    assert bright(page, "kernel") == [0, 1]
    assert bright(page, "matrix") == [1, 16 + 1]
    assert frames(page, "matrix") == [[0, 1, 4, 1]]
    expect(page.locator("[data-said=matrix]")).to_have_text(
        "Column 1 of C: x[1] sends 2·x[1] to output 0, 1·x[1] to output 1."
    )


def test_pointing_at_the_matrix_shows_one_wire(open_page: Open) -> None:
    page = open_page(SparseMatrix())
    board(page, "matrix").hover(position=place(page, "matrix", (3, 5), (4, 16)))
    assert bright(page, "kernel") == [0]
    assert frames(page, "from") == [[1, 1, 1, 1]]
    assert frames(page, "to") == [[1, 1, 1, 1]]
    said = page.locator("[data-said=matrix]")
    expect(said).to_contain_text("Row 3, column 5 of C: 1, the kernel's entry in row 0, column 0.")
    board(page, "matrix").hover(position=place(page, "matrix", (3, 0), (4, 16)))
    expect(said).to_contain_text("Row 3, column 0 of C: 0. Input 0 of the convolution is not in the window")
    assert bright(page, "kernel") == []


def test_transposed_a_row_is_a_cell_of_four_by_four(open_page: Open) -> None:
    page = open_page(SparseMatrix(column=5))
    page.locator(".grid-board").first.focus()
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="Transpose")).to_have_attribute("aria-pressed", "true")
    # What was column 5 is row 5 now, and its numbers are the weights of the four inputs.
    assert frames(page, "matrix") == [[5, 0, 1, 4]]
    said = page.locator("[data-said=matrix]")
    expect(said).to_have_text("Row 5 of Cᵀ: output 5 = 5·y[0] + 4·y[1] + 2·y[2] + 1·y[3].")
    y = np.array([[2, 1], [1, 3]])
    value = sum(w * y.ravel()[c] for c, w in terms(said.inner_text()).items())
    assert value == conv_transpose2d(y, KERNELS[3])[1, 1]
    board(page, "from").hover(position=place(page, "from", (0, 1), (2, 2)))
    # The stamp of y[1]: nine cells from column 1 on.
    assert coloured(page, "to") == [1, 2, 3, 5, 6, 7, 9, 10, 11]
    page.keyboard.press("Escape")
    expect(said).to_contain_text("Point at a cell")
    page.keyboard.press("T")
    expect(page.get_by_role("button", name="Transpose")).to_have_attribute("aria-pressed", "false")


def test_arrow_keys_move_along_output_input_and_matrix(open_page: Open) -> None:
    page = open_page(SparseMatrix(row=0))
    said = page.locator("[data-said=matrix]")
    board(page, "to").focus()
    page.keyboard.press("ArrowDown")
    expect(said).to_contain_text("Row 2 of C")
    board(page, "from").focus()
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("Column 1 of C")
    board(page, "matrix").focus()
    page.keyboard.press("ArrowDown")
    expect(said).to_contain_text("Row 1, column 1 of C: 1")
    page.keyboard.press("End")
    expect(said).to_contain_text("Row 1, column 15 of C: 0")


def test_a_finger_points_and_transposes(open_page: Open) -> None:
    page = open_page(SparseMatrix(), **PHONE)
    board(page, "from").tap(position=place(page, "from", (3, 3), (4, 4)))
    said = page.locator("[data-said=matrix]")
    expect(said).to_have_text("Column 15 of C: x[15] sends 9·x[15] to output 3.")
    page.get_by_role("button", name="Transpose").tap()
    expect(said).to_have_text("Row 15 of Cᵀ: output 15 = 9·y[3].")


def test_an_input_that_no_window_sees_has_an_empty_column(open_page: Open) -> None:
    page = open_page(SparseMatrix(stride=2, column=15))  # one window, rows and columns 0 to 2
    expect(page.locator("[data-said=matrix]")).to_have_text(
        "Column 15 of C: x[15] sends nothing: no window sees it."
    )
    assert bright(page, "matrix") == []


# ---- the page as a whole

ALL = (
    SparseMatrix(row=0, caption="The article's example."),
    SparseMatrix(size=5, stride=2, padding=1, row=4, column=12),
    SparseMatrix(size=5, kernel_size=2, padding=1, transposed=True, column=3),
    SparseMatrix(kernel_size=4, stride=2, padding=1),
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


@pytest.mark.parametrize("k", KERNEL_SIZES)
def test_colours_get_lighter_with_the_entry_and_digits_stand_out(k: int) -> None:
    def luminance(color: str) -> float:
        channels = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    looks = SparseMatrix().data["looks"][k]
    lights = [luminance(fill) for fill, _ in looks]
    assert lights == sorted(lights)  # told apart without colour vision
    assert len(set(lights)) == k * k
    for fill, ink in looks:
        high, low = sorted((luminance(fill), luminance(ink)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_without_javascript_the_still_picture_stays(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "still.html"
    path.write_text(page_of(*ALL), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        for picture, widget in zip(page.locator("figure img").all(), ALL, strict=True):
            expect(picture).to_be_visible()
            assert picture.get_attribute("alt") == widget.alt()
            assert picture.bounding_box()["height"] > 50  # the SVG is drawn
