"""ReceptiveField: its numbers are those of segedu.upsampling and of the matrices, in Python and in the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from segedu.upsampling import Layer, convolution_matrix, receptive_field
from segedu.widgets import ReceptiveField
from segedu.widgets.layer_stacks import MAX_FIELD, cone, layer_name, looks, sentences, stack, used
from segedu.widgets.page import module
from segedu.widgets.stack_presets import STACK_PRESETS
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
from widget_scenes import small_street

CONV, POOL = {"kind": "conv", "kernel": 3}, {"kind": "pool", "kernel": 2}
PRESETS = {preset.name: preset for preset in STACK_PRESETS}


def random_stack(rng: np.random.Generator) -> list[dict[str, Any]]:
    """One to eight layers of every kind that the widget has."""
    return stack(
        {
            "kind": str(rng.choice(["conv", "pool"])),
            "kernel": int(rng.integers(1, 8)),
            "stride": int(rng.choice([1, 1, 2, 3])),
            "dilation": int(rng.choice([1, 1, 2, 4])),
        }
        for _ in range(rng.integers(1, 9))
    )


def sound_stacks(count: int, seed: int) -> Iterator[list[dict[str, Any]]]:
    rng = np.random.default_rng(seed)
    while count:
        try:
            layers = random_stack(rng)
        except ValueError:  # it would see too much
            continue
        count -= 1
        yield layers


def rows_of(layers: list[dict[str, Any]], padded: bool, width: int) -> np.ndarray:
    """Which pixels of a row each number after the layers depends on, (numbers, pixels) bool, by matrices."""
    depends = np.eye(width, dtype=int)
    for layer in layers:
        matrix = convolution_matrix(
            np.ones((1, layer["kernel"])),
            (1, len(depends)),
            stride=(1, layer["stride"]),
            padding=(0, layer["dilation"] * (layer["kernel"] - 1) // 2 if padded else 0),
            dilation=(1, layer["dilation"]),
        )
        depends = ((matrix @ depends) > 0).astype(int)
    return depends > 0


layers_drawn = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["conv", "pool"]),
            "kernel": st.integers(1, 5),
            "stride": st.integers(1, 3),
            "dilation": st.integers(1, 3),
        }
    ),
    min_size=1,
    max_size=5,
)


# ---- the numbers


def test_two_convolutions_and_a_pooling_by_hand() -> None:
    # 3, then 5 pixels. Pooling adds one step of one pixel: 6, and doubles the step. Padding moved it by 2.
    # 8 × 10 pixels stay 8 × 10 under padding, and pool to 4 × 5.
    last = looks(stack([CONV, CONV, POOL]), padded=True, size=(8, 10), pixel=(4, 6))[-1]
    assert (last.field, last.stride, last.start, last.map) == (6, 2, -2, (4, 5))
    # Middles lie at -2 + 3 + 2 k = 1, 3, 5, … pixels from the edge; pixel 4 has its own at 4.5, pixel 6 at 6.5.
    assert last.unit == (2, 3)
    assert last.box == (4, 2, 10, 8)


@given(layers_drawn, st.booleans(), st.integers(0, 39), st.integers(0, 59))
def test_the_field_is_that_of_upsampling_and_the_nearest_one_is_taken(
    layers: list[dict], padded: bool, row: int, col: int
) -> None:
    seen = looks(stack(layers), padded=padded, size=(40, 60), pixel=(row, col))
    geometry = [
        Layer(
            layer["kernel"],
            layer["stride"],
            padding=layer["dilation"] * (layer["kernel"] - 1) // 2 if padded else 0,
            dilation=layer["dilation"],
        )
        for layer in layers
    ]
    for look, expected in zip(seen, receptive_field(geometry), strict=True):
        assert (look.field, look.stride, look.start) == (
            expected.size[0],
            expected.stride[0],
            expected.start[0],
        )
        if look.map is None or look.unit is None:
            continue
        assert look.box == expected.box(*look.unit)
        for axis, at in ((0, row), (1, col)):
            middles = look.start + look.stride * np.arange(look.map[axis]) + look.field / 2
            assert abs(middles[look.unit[axis]] - at - 0.5) == np.abs(middles - at - 0.5).min()


@settings(deadline=None)
@given(layers_drawn, st.booleans(), st.data())
def test_the_cone_stands_on_the_pixels_that_the_matrices_name(
    layers: list[dict], padded: bool, data: st.DataObject
) -> None:
    layers, width = stack(layers), 48
    try:
        depends = rows_of(layers, padded, width)
    except ValueError:
        assume(False)  # nothing is left of 48 pixels
    unit = data.draw(st.integers(0, len(depends) - 1))
    levels = cone(layers, padded=padded, width=width, unit=unit)
    inside = [at for at in levels[0] if 0 <= at < width]
    assert inside == np.flatnonzero(depends[unit]).tolist()
    assert levels[-1] == [unit]


@settings(deadline=None)
@given(layers_drawn)
def test_far_from_the_border_as_many_pixels_count_as_the_matrices_say(layers: list[dict]) -> None:
    layers = stack(layers)
    field = looks(layers, padded=False, size=(9, 9), pixel=(0, 0))[-1].field
    depends = rows_of(layers, False, field)  # just wide enough for one number
    assert used(layers) == depends[0].sum()


def test_a_cone_has_no_end_outside_of_the_last_map() -> None:
    layers = stack([CONV] * 2)
    with pytest.raises(ValueError, match="unit: expected 0 to 3, got 4"):
        cone(layers, padded=False, width=8, unit=4)
    with pytest.raises(ValueError, match="map has become too small"):
        cone(layers, padded=False, width=4, unit=0)


def test_a_sentence_says_holes_borders_and_ends() -> None:
    street = (64, 128)
    holes = looks(PRESETS["dilated 2-2-2"].layers, padded=True, size=street, pixel=(32, 64))[-1]
    assert "It has holes: it looks at 49 of these 169." in sentences(holes, street)
    inside = looks(stack([CONV]), padded=True, size=street, pixel=(32, 64))[-1]
    assert sentences(inside, street) == (
        "After 1 layer, one number sees 3 × 3 pixels. It can look at each of them. "
        "The next number sees a square 1 pixel further. The map has 64 × 128 numbers."
    )
    corner = looks(stack([CONV]), padded=True, size=street, pixel=(0, 0))[-1]
    assert sentences(corner, street).endswith("This square reaches beyond the picture, into the padding.")
    gone = looks(
        stack([{"kind": "conv", "kernel": 15, "dilation": 5}]), padded=False, size=street, pixel=(0, 0)
    )
    # 14 · 5 + 1 = 71 rows are needed, and there are 64.
    assert sentences(gone[-1], street).endswith("no number is left: the map has become too small for a kernel.")


@pytest.mark.parametrize(
    ("name", "field", "stride"),
    [
        # Two pixels for each 3 × 3 at the stride of its place, one stride for each 2 × 2.
        ("2 × conv 3×3", 5, 1),
        ("10 × conv 3×3", 1 + 10 * 2, 1),
        ("5 × conv, pool", 1 + 3 * (1 + 2 + 4 + 8 + 16), 32),
        ("dilated 1-2-4-8", 1 + 2 * (1 + 2 + 4 + 8), 1),
        ("dilated 2-2-2", 1 + 2 * (2 + 2 + 2), 1),
        ("VGG16 to pool3", 1 + 5 * 1 + 5 * 2 + 7 * 4, 8),
        ("VGG16 to pool5", 1 + 5 * 1 + 5 * 2 + 7 * (4 + 8 + 16), 32),
        ("U-Net encoder", 1 + 5 * (1 + 2 + 4 + 8) + 4 * 16, 16),
    ],
)
def test_a_preset_sees_what_its_layers_add_up_to(name: str, field: int, stride: int) -> None:
    preset = PRESETS[name]
    last = looks(preset.layers, padded=preset.padded, size=(1000, 1000), pixel=(500, 500))[-1]
    assert (last.field, last.stride) == (field, stride)
    written = {int(number) for number in re.findall(r"(\d+) pixels", preset.note)}
    assert written <= {field}


# ---- the state


def test_what_is_left_out_is_filled_in() -> None:
    widget = ReceptiveField(small_street(), [CONV, POOL])
    assert widget.layers == [
        {"kind": "conv", "kernel": 3, "stride": 1, "dilation": 1},
        {"kind": "pool", "kernel": 2, "stride": 2, "dilation": 1},
    ]
    assert (widget.selected, widget.pixel) == (2, [32, 64])


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "expected 1 to 24, got 0"),
        ([CONV] * 25, "expected 1 to 24, got 25"),
        ([{"kind": "relu", "kernel": 1}], "layer 1: expected kind 'conv' or 'pool'"),
        ([{"kernel": 3}], "layer 1: expected kind 'conv' or 'pool'"),
        ([CONV, {"kind": "conv", "kernel": 16}], "layer 2: expected kernel 1 to 15, got 16"),
        ([{**CONV, "stride": 0}], "layer 1: expected stride 1 to 8, got 0"),
        ([{**CONV, "dilation": 1.5}], "layer 1: expected dilation 1 to 32, got 1.5"),
        ([{**CONV, "padding": 1}], "got {'kind': 'conv', 'kernel': 3, 'padding': 1}"),
        # Each pooling of 8 multiplies the stride by eight: 8⁵ = 32,768.
        ([{"kind": "pool", "kernel": 8}] * 5, "at most 4,096 pixels, got 32,768 and 32,768"),
    ],
)
def test_a_wrong_stack_is_refused(layers: list[dict], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        ReceptiveField(small_street(), layers)
    widget = ReceptiveField(small_street())
    with pytest.raises(traitlets.TraitError, match=re.escape(message)):
        widget.layers = layers


def test_a_wrong_place_is_refused() -> None:
    widget = ReceptiveField(small_street(), [CONV] * 3)
    for pixel in ([64, 0], [0, -1]):
        with pytest.raises(traitlets.TraitError, match="expected row 0 to 63, column 0 to 127"):
            widget.pixel = pixel
    with pytest.raises(traitlets.TraitError, match=r"expected \[row, column\]"):
        widget.pixel = [1]
    with pytest.raises(traitlets.TraitError, match="expected a layer 1 to 3, got 4"):
        widget.selected = 4
    with pytest.raises(TypeError, match=r"expected a segedu\.Scene, got ndarray"):
        ReceptiveField(np.zeros((2, 2)))


def test_a_shorter_stack_moves_the_selection_to_its_end() -> None:
    widget = ReceptiveField(small_street(), [CONV] * 3)
    widget.layers = [CONV]
    assert widget.selected == 1
    assert widget.look.field == 3


def test_the_page_form_is_deterministic_and_needs_no_network() -> None:
    one, other = (ReceptiveField(small_street(), pixel=(3, 4)).html() for _ in range(2))
    assert one == other
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", one)) <= {"http://www.w3.org"}
    assert not re.search(r"^\s*import\b", module("receptive_field"), re.MULTILINE)


@pytest.mark.parametrize("layers", [[CONV], [{"kind": "conv", "kernel": 15, "dilation": 5}], [POOL] * 6])
@pytest.mark.parametrize("padded", [True, False])
def test_the_still_figures_are_small_and_described(layers: list[dict], padded: bool) -> None:
    widget = ReceptiveField(small_street(), layers, padded=padded)
    data, metadata = widget._repr_mimebundle_()
    assert len(widget.static()) < 120_000
    assert widget.static() == widget.static()
    assert metadata["image/png"]["alt"] == widget.alt()
    assert sentences(widget.look, (64, 128)) in widget.alt()
    assert data["text/plain"] == repr(widget)


# ---- the functions of the page


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "receptive_field") as page:
        yield page


def test_the_page_computes_random_stacks_as_python_does(functions: Page) -> None:
    rng = np.random.default_rng(0)
    cases = [
        (layers, bool(rng.integers(2)), (int(rng.integers(1, 300)), int(rng.integers(1, 500))))
        for layers in [*sound_stacks(400, seed=1), *(preset.layers for preset in STACK_PRESETS)]
    ]
    places = [(int(rng.integers(height)), int(rng.integers(width))) for _, _, (height, width) in cases]
    made = functions.evaluate(
        """(cases) => cases.map(([[layers, padded, size], pixel]) => {
             const all = m.looks({ layers, padded, size, pixel });
             return [all, all.map((look) => m.sentences(look, size)), layers.map(m.layerName)];
           })""",
        [[case, pixel] for case, pixel in zip(cases, places, strict=True)],
    )
    vanished = 0
    for (layers, padded, size), pixel, (all_, said, names) in zip(cases, places, made, strict=True):
        expected = looks(layers, padded=padded, size=size, pixel=pixel)
        vanished += expected[-1].map is None
        for theirs, ours in zip(all_, expected, strict=True):
            plain = {
                name: list(value) if isinstance(value, tuple) else value for name, value in vars(ours).items()
            }
            assert theirs == plain
        assert said == [sentences(look, size) for look in expected]
        assert names == [layer_name(layer) for layer in layers]
    assert 20 < vanished < 300  # stacks of which nothing is left are among them, and others


def test_the_page_draws_the_cones_of_python(functions: Page) -> None:
    drawn = 0
    for layers in sound_stacks(120, seed=2):
        for padded in (True, False):
            last = looks(layers, padded=padded, size=(90, 90), pixel=(40, 70))[-1]
            if last.unit is None:
                continue
            made = functions.evaluate("(args) => m.cone(...args)", [layers, padded, 90, last.unit[1]])
            assert made == cone(layers, padded=padded, width=90, unit=last.unit[1])
            drawn += 1
    assert drawn > 100


def test_the_page_refuses_what_python_refuses(functions: Page) -> None:
    limits = {"layers": 24, "field": MAX_FIELD}
    refused = functions.evaluate(
        "([stacks, limits]) => stacks.map((layers) => m.refusal(layers, limits) !== null)",
        [
            [
                [],
                stack([CONV]) * 25,
                stack([{"kind": "pool", "kernel": 8}]) * 5,
                stack([CONV]) * 24,
                stack([{"kind": "pool", "kernel": 8}]) * 4,  # 8⁴ = 4,096
            ],
            limits,
        ],
    )
    assert refused == [True, True, True, False, False]


def test_squares_that_would_run_into_each_other_are_left_out(functions: Page) -> None:
    ten, vgg = PRESETS["10 × conv 3×3"].layers, PRESETS["VGG16 to pool5"].layers
    drawn = """([layers, pixel]) =>
      m.rings(m.looks({ layers, padded: true, size: [256, 512], pixel })).map((ring) => ring.field)"""
    # Fields 3, 5, …, 21: from the last one, every fourth is eight pixels narrower.
    assert functions.evaluate(drawn, [ten, [128, 256]]) == [13, 5]
    # At least 212 / 16 = 13.25 pixels apart, of the fields 3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, …, 212:
    assert functions.evaluate(drawn, [vgg, [128, 256]]) == [196, 164, 132, 100, 76, 60, 44, 24, 10]


# ---- in the page


def assert_shows(
    page: Page, layers: list[dict], *, padded: bool = True, selected: int | None = None, pixel: tuple = (32, 64)
) -> None:
    """The page has this stack, and shows the square, the numbers and the sentence that Python has for it."""
    layers = stack(layers)
    all_ = looks(layers, padded=padded, size=(64, 128), pixel=pixel)
    look = all_[(selected or len(layers)) - 1]
    expect(page.locator(".field-sentence")).to_have_text(sentences(look, (64, 128)))
    left, top, right, bottom = look.box or (0, 0, 0, 0)
    path = f"M{left} {top}H{right}V{bottom}H{left}z" if look.box else ""
    expect(page.locator(".field-square")).to_have_attribute("d", path)
    rows = page.locator(".field-table tr[data-layer]")
    expect(rows).to_have_count(len(layers))
    for row, layer, each in zip(rows.all(), layers, all_, strict=True):
        size = f"{each.map[0]}×{each.map[1]}" if each.map else "–"
        start = f"{each.start:,}".replace("-", "−")
        expect(row.locator("th, td")).to_have_text(
            [f"{each.number}{layer_name(layer)}", size, f"{each.field:,}", f"{each.stride:,}", start]
        )
    expect(page.locator(".field-table button[aria-pressed=true]")).to_have_count(1)
    expect(page.locator("tr.on")).to_have_attribute("data-layer", str(look.number))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_shown_with_its_note(open_page: Open, name: str) -> None:
    page = open_page(ReceptiveField(small_street(), [POOL]))
    button = page.get_by_role("button", name=name, exact=True)
    button.click()
    assert_shows(page, PRESETS[name].layers, padded=PRESETS[name].padded)
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".chip[aria-pressed=true]")).to_have_count(1)
    expect(page.locator(".field-note")).to_have_text(PRESETS[name].note)


def test_layers_are_added_changed_moved_and_removed(open_page: Open) -> None:
    page = open_page(ReceptiveField(small_street(), [POOL]))
    page.get_by_role("button", name="Add after").click()
    assert_shows(page, [POOL, CONV])
    page.get_by_label("kernel").select_option("5")
    page.get_by_label("stride").select_option("2")
    page.get_by_label("dilation").select_option("2")
    wide = {"kind": "conv", "kernel": 5, "stride": 2, "dilation": 2}
    assert_shows(page, [POOL, wide])
    page.get_by_role("button", name="Earlier").click()
    assert_shows(page, [wide, POOL], selected=1)
    expect(page.get_by_role("button", name="Earlier")).to_be_disabled()
    page.get_by_role("button", name="pool 2×2").click()
    page.get_by_role("radio", name="conv").check()
    assert_shows(page, [wide, CONV])
    page.get_by_role("radio", name="no padding").check()
    assert_shows(page, [wide, CONV], padded=False)
    page.get_by_role("button", name="Remove").click()
    assert_shows(page, [wide], padded=False)
    expect(page.get_by_role("button", name="Remove")).to_be_disabled()


def test_the_keyboard_goes_through_the_table_and_edits_it(open_page: Open) -> None:
    page = open_page(ReceptiveField(small_street(), [CONV, POOL, CONV]))
    page.locator(".field-table button[tabindex='0']").focus()
    page.keyboard.press("ArrowUp")
    assert_shows(page, [CONV, POOL, CONV], selected=2)
    expect(page.get_by_role("button", name="pool 2×2")).to_be_focused()
    page.keyboard.press("Shift+ArrowUp")
    assert_shows(page, [POOL, CONV, CONV], selected=1)
    page.keyboard.press("+")
    assert_shows(page, [POOL, CONV, CONV, CONV], selected=2)
    page.keyboard.press("Home")
    page.keyboard.press("Delete")
    assert_shows(page, [CONV, CONV, CONV], selected=1)
    page.keyboard.press("End")
    assert_shows(page, [CONV, CONV, CONV])
    page.get_by_role("application").focus()
    for key in ("ArrowUp", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    assert_shows(page, [CONV, CONV, CONV], pixel=(31, 54))


def test_the_mouse_moves_the_field_only_while_it_presses(open_page: Open) -> None:
    page = open_page(ReceptiveField(small_street(), [CONV]))
    box = page.get_by_role("application").bounding_box()
    assert box is not None

    def at(row: int, col: int) -> tuple[float, float]:
        return box["x"] + (col + 0.5) * box["width"] / 128, box["y"] + (row + 0.5) * box["height"] / 64

    page.mouse.move(*at(10, 100))
    assert_shows(page, [CONV])
    page.mouse.down()
    assert_shows(page, [CONV], pixel=(10, 100))
    page.mouse.move(*at(50, 20))
    page.mouse.up()
    page.mouse.move(*at(5, 5))
    assert_shows(page, [CONV], pixel=(50, 20))


def test_a_finger_chooses_a_pixel(open_page: Open) -> None:
    page = open_page(ReceptiveField(small_street(), [CONV]), **PHONE)
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 100.5 * box["width"] / 128, box["y"] + 10.5 * box["height"] / 64)
    assert_shows(page, [CONV], pixel=(10, 100))


def test_it_grows_by_itself_to_the_last_layer(open_page: Open) -> None:
    page = open_page(ReceptiveField(small_street(), [CONV, CONV, POOL]))
    page.clock.install()
    page.get_by_role("button", name="Watch it grow").click()
    assert_shows(page, [CONV, CONV, POOL], selected=1)
    page.clock.run_for(460)
    assert_shows(page, [CONV, CONV, POOL], selected=2)
    page.clock.run_for(2000)
    assert_shows(page, [CONV, CONV, POOL])
    expect(page.get_by_role("button", name="Watch it grow")).to_be_visible()  # it has stopped


def test_what_would_see_too_much_is_refused_and_said(open_page: Open) -> None:
    page = open_page(ReceptiveField(small_street(), [{"kind": "pool", "kernel": 8}] * 4))
    page.get_by_label("stride").select_option("4")
    assert_shows(page, [*[{"kind": "pool", "kernel": 8}] * 3, {"kind": "pool", "kernel": 8, "stride": 4}])
    page.get_by_role("button", name="Add after").click()
    expect(page.get_by_role("alert")).to_have_text("That would see more than 4,096 pixels.")
    expect(page.locator(".field-table tr[data-layer]")).to_have_count(4)


def test_a_stack_of_which_nothing_is_left_says_so(open_page: Open) -> None:
    layers = [CONV, {"kind": "conv", "kernel": 15, "dilation": 5}]
    page = open_page(ReceptiveField(small_street(), layers, padded=False))
    assert_shows(page, layers, padded=False)
    page = open_page(ReceptiveField(small_street(), layers[1:], padded=False))
    assert_shows(page, layers[1:], padded=False)


def test_the_side_view_stands_on_the_columns_of_the_field(open_page: Open) -> None:
    page = open_page(ReceptiveField(small_street(), [CONV, CONV], pixel=(32, 100)))
    expect(page.locator(".field-ends span")).to_have_text(["column 98", "column 102"])
    dots = re.findall(r"M([\d.]+) 5h0", page.locator(".lit.dots").get_attribute("d") or "")
    assert [float(x) for x in dots] == [98.5, 99.5, 100.5, 101.5, 102.5]  # the middles of five pixels
    page = open_page(ReceptiveField(small_street(), [CONV, CONV], pixel=(32, 0)))
    dots = re.findall(r"M([\d.-]+) 5h0", page.locator(".lit.empty").get_attribute("d") or "")
    assert [float(x) for x in dots] == [
        -0.5
    ]  # one step into the padding; beyond it nothing depends on anything


def test_a_screen_reader_hears_the_sentence_after_each_step(open_page: Open) -> None:
    page = open_page(ReceptiveField(small_street(), [CONV, CONV]))
    page.locator(".field-table button[tabindex='0']").focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("status")).to_have_text(
        sentences(looks(stack([CONV]), padded=True, size=(64, 128), pixel=(32, 64))[0], (64, 128))
    )


# ---- the page as a whole


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("context", [DESK, PHONE], ids=["desk", "phone"])
def test_no_rule_of_accessibility_is_broken(open_page: Open, theme: str, context: dict) -> None:
    unet = PRESETS["U-Net encoder"]
    page = open_page(
        ReceptiveField(small_street()),
        ReceptiveField(small_street(), unet.layers, padded=False, caption="Nothing is left of 64 rows."),
        theme=theme,
        **context,
    )
    page.get_by_role("button", name="VGG16 to pool5").first.click()
    assert violations(page) == []
    assert repeated_ids(page) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_over_the_edge(open_page: Open, width: int) -> None:
    vgg = PRESETS["VGG16 to pool5"].layers
    page = open_page(ReceptiveField(small_street(), vgg), viewport={"width": width, "height": 800})
    assert over_the_edge(page, but="svg, .unseen, .field-strip, .layers") == []


def test_on_a_wide_page_each_map_of_the_cone_stands_beside_its_line(open_page: Open) -> None:
    page = open_page(ReceptiveField(small_street(), [CONV] * 5), **DESK)
    rows = page.locator(".field-table tbody tr").all()
    cone_box = page.locator(".field-cone").bounding_box()
    boxes = [row.bounding_box() for row in rows]
    assert cone_box is not None
    for level, box in enumerate(boxes):
        assert box is not None
        middle = cone_box["y"] + cone_box["height"] * (level + 0.5) / len(rows)
        assert abs(middle - box["y"] - box["height"] / 2) < 4


def test_without_javascript_the_still_picture_stays(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "still.html"
    widget = ReceptiveField(small_street())
    path.write_text(page_of(widget), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        picture = page.locator("figure img")
        expect(picture).to_be_visible()
        assert picture.get_attribute("alt") == widget.alt()
