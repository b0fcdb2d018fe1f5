"""UpsamplingLab: its states are what torch computes; the page paints them, compares them, and is operated."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from torch.nn import functional

from segedu import VOID, Scene, synthetic
from segedu.metrics import confusion_matrix, mean_iou
from segedu.widgets import UpsamplingLab, fitted_kernel, upsample
from segedu.widgets.page import module
from segedu.widgets.upsampling_lab import PAIRS, title
from segedu.widgets.upsampling_methods import FACTORS, METHODS, kernel_size, multiply_adds, starting_kernel
from segedu.widgets.upsampling_states import CONTENTS, about, error_picture, original, shown
from widget_pages import (
    PHONE,
    Open,
    loaded,
    over_the_edge,
    page_of,
    repeated_ids,
    violations,
)


def cut(scene: Scene, rows: slice, columns: slice) -> Scene:
    parts = (scene.image, scene.semantic, scene.instance)
    return Scene(*(part[rows, columns] for part in parts), scene.categories)


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A corner of a street, 64 × 72, with a few pixels of void."""
    street = synthetic.street_scene(seed=28, size=(192, 384), light="day", cars=7, pedestrians=10)
    part = cut(street, slice(96, 160), slice(304, 376))
    void = part.semantic.copy()
    void[:3, :5] = VOID
    return replace(part, semantic=void)


@pytest.fixture(scope="module")
def lab(scene: Scene) -> UpsamplingLab:
    return UpsamplingLab(scene)


def kernel_for(method: str, factor: int) -> np.ndarray | None:
    """Weights as the widget has them: fitted ones from its own street."""
    if not method.endswith("fitted"):
        return None
    train = synthetic.street_scene(seed=3, size=(96, 192), light="day")
    return fitted_kernel(method, factor, train.image.mean(axis=2))


# ---- the methods


def by_torch(method: str, maps: np.ndarray, factor: int, kernel: np.ndarray | None) -> np.ndarray:
    """The same method with torch's functions."""
    full = torch.from_numpy(maps[None])
    low, size = functional.avg_pool2d(full, factor), maps.shape[1:]
    kind, *_ = method.split()
    if method == "original":
        return maps
    if kind == "nearest":
        grown = functional.interpolate(low, size)
    elif kind == "bilinear":
        grown = functional.interpolate(low, size, mode="bilinear", align_corners=method.endswith("aligned"))
    else:
        grown = functional.interpolate(low, size)
        if kind == "unpool":
            grown = functional.max_unpool2d(*functional.max_pool2d(full, factor, return_indices=True), factor)
        if kernel is not None:
            k, channels = len(kernel), len(maps)
            weight = torch.from_numpy(kernel).expand(channels, 1, k, k)
            if kind == "transposed":
                # Of all paddings, the one that makes the size: s (i - 1) + k - 2p + q = s i, with q in {0, 1}.
                padding = next(p for p in range(k) if 0 <= factor + 2 * p - k <= 1)
                grown = functional.conv_transpose2d(
                    low, weight, stride=factor, padding=padding,
                    output_padding=factor + 2 * padding - k, groups=channels,
                )  # fmt: skip
            else:
                grown = functional.conv2d(grown, weight, padding=k // 2, groups=channels)
    return grown[0].numpy()


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_what_torch_computes(method: str, factor: int) -> None:
    rng = np.random.default_rng(0)
    maps = rng.random((2, 24, 40))
    k = kernel_size(method, factor)
    kernel = rng.random((k, k)) if method.endswith("fitted") else starting_kernel(method, factor) if k else None
    np.testing.assert_allclose(
        upsample(method, maps, factor, kernel=kernel), by_torch(method, maps, factor, kernel), atol=1e-12
    )


@pytest.mark.parametrize("method", [method for method in METHODS if method.endswith("fitted")])
def test_fitted_weights_solve_the_normal_equations(method: str) -> None:
    # At the least squares solution, the residual is orthogonal to what each weight does alone.
    train = synthetic.street_scene(seed=5, size=(48, 64)).image.mean(axis=2)
    factor, k = 2, kernel_size(method, 2)
    kernel = fitted_kernel(method, factor, train)
    residual = upsample(method, train[None], factor, kernel=kernel)[0] - train
    for one in np.eye(k * k).reshape(-1, k, k):
        alone = upsample(method, train[None], factor, kernel=one)[0]
        cosine = (alone * residual).sum() / np.linalg.norm(alone) / np.linalg.norm(residual)
        assert abs(cosine) < 1e-3  # the weights are rounded to five decimals


@pytest.mark.parametrize("factor", FACTORS)
def test_unfitted_weights_keep_the_mean_of_ones(factor: int) -> None:
    for method in METHODS:
        if method.split()[-1] in ("constant", "random") or method == "transposed 2 bilinear":
            grown = upsample(method, np.ones((1, 96, 96)), factor)[0]
            inside = grown[3 * factor : -3 * factor, 3 * factor : -3 * factor]
            assert inside.mean() == pytest.approx(1, abs=1e-12)


def test_whole_strides_are_even_inside_and_half_strides_are_not(scene: Scene) -> None:
    # Width 3, stride 2, weights 4/9: one, two or four stamps on a pixel make 4/9, 8/9, 16/9.
    assert shown(scene, "ones", "transposed 1.5 constant", 2).said.startswith("0.44 to 1.78 inside")
    assert shown(scene, "ones", "transposed 2 constant", 2).said == "1.00 inside, 0.25 at the rim"
    # Bilinear weights 1/4, 3/4: one stamp of two is missing at a border, 3/4, and both ways in a corner, 9/16.
    assert shown(scene, "ones", "transposed 2 bilinear", 2).said == "1.00 inside, 0.56 at the rim"
    # Random weights: even overlap does not help; a convolution after resizing does.
    assert " to " in shown(scene, "ones", "transposed 2 random", 2).said.split("inside")[0]
    assert shown(scene, "ones", "resize random", 2).said.startswith("1.00 inside")


def test_what_a_pixel_costs() -> None:
    # k² / s² stamps land on a pixel; a convolution of k × k at full size has k² products a pixel.
    assert multiply_adds("transposed 1.5 fitted", 4) == 36 / 16
    assert multiply_adds("unpool fitted", 4) == 49
    assert multiply_adds("nearest", 8) == 0


def test_what_cannot_be_grown_is_refused() -> None:
    with pytest.raises(ValueError, match=r"method: expected one of .*, got 'cubic'"):
        upsample("cubic", np.ones((1, 8, 8)), 2)
    with pytest.raises(ValueError, match=r"sides divisible by 4, got \(1, 8, 10\)"):
        upsample("nearest", np.ones((1, 8, 10)), 4)
    with pytest.raises(ValueError, match=r"expected one with constant, random or bilinear weights"):
        upsample("resize fitted", np.ones((1, 8, 8)), 2)
    with pytest.raises(ValueError, match=r"expected one that ends in 'fitted', got 'nearest'"):
        fitted_kernel("nearest", 2, np.ones((8, 8)))


# ---- the states


def pixels_of(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB"))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("method", METHODS)
def test_every_state_carries_what_torch_computes(
    lab: UpsamplingLab, scene: Scene, method: str, factor: int
) -> None:
    kernel = kernel_for(method, factor)
    if kernel is None and kernel_size(method, factor):
        kernel = starting_kernel(method, factor)
    carried = lab.data["results"][str(factor)][method]
    pixels = {c: pixels_of(lab.data["pictures"][carried[c]["picture"]]) for c in CONTENTS}

    image = np.moveaxis(scene.image, 2, 0).astype(np.float64)
    grown = np.moveaxis(by_torch(method, image, factor, kernel), 0, 2)
    np.testing.assert_allclose(pixels["picture"], np.clip(grown, 0, 255), atol=0.5 + 1e-6)
    off = np.sqrt(np.mean((pixels["picture"].astype(float) - scene.image) ** 2))
    assert carried["picture"]["error"] == pytest.approx(off, abs=1e-4)
    assert carried["picture"]["said"] == f"{off:.1f} grey levels off"

    classes = len(scene.categories)
    onehot = (scene.semantic == np.arange(classes)[:, None, None]).astype(np.float64)
    labels, known = pixels["labels"][..., 0], scene.semantic != VOID
    scores = by_torch(method, onehot, factor, kernel)
    chosen = np.take_along_axis(scores, labels[None].astype(int), axis=0)[0]
    np.testing.assert_allclose(chosen, scores.max(axis=0), atol=1e-8)  # ties may fall either way
    wrong = np.count_nonzero((labels != scene.semantic)[known])
    miou = mean_iou(confusion_matrix(labels, scene.semantic, classes))
    assert carried["labels"]["error"] == wrong
    share, said = re.fullmatch(r"(.+) % wrong, mIoU (.+)", carried["labels"]["said"]).groups()
    assert float(share.lstrip("< ")) == pytest.approx(100 * wrong / known.sum(), abs=0.051)
    assert float(said) == pytest.approx(miou, abs=0.00051)

    ones = by_torch(method, np.ones((1, *scene.size)), factor, kernel)[0]
    np.testing.assert_allclose(pixels["ones"][..., 0], np.clip(128 * ones, 0, 255), atol=0.5 + 1e-6)
    assert carried["ones"]["error"] == pytest.approx(100 * np.abs(ones - 1).max(), abs=1e-4)


def test_the_originals_lose_nothing(lab: UpsamplingLab, scene: Scene) -> None:
    originals = {c: pixels_of(uri) for c, uri in lab.data["originals"].items()}
    np.testing.assert_array_equal(originals["picture"], scene.image)
    np.testing.assert_array_equal(originals["labels"][..., 0], scene.semantic)


def test_nearest_scores_are_the_winners_of_the_blocks(scene: Scene) -> None:
    # Growing scores with nearest, then argmax, is argmax first, then nearest.
    known = replace(scene, semantic=np.where(scene.semantic == VOID, 0, scene.semantic))
    onehot = (known.semantic == np.arange(9)[:, None, None]).reshape(9, 16, 4, 18, 4)
    winners = onehot.sum(axis=(2, 4)).argmax(axis=0)
    np.testing.assert_array_equal(
        shown(known, "labels", "nearest", 4).pixels, winners.repeat(4, axis=0).repeat(4, axis=1)
    )


def test_equal_pictures_are_carried_once(lab: UpsamplingLab) -> None:
    at = lab.data["results"]["4"]
    assert at["nearest"]["picture"]["picture"] == at["transposed 1 constant"]["picture"]["picture"]
    assert len(set(lab.data["pictures"])) == len(lab.data["pictures"])


def test_a_lab_of_a_part_of_a_street_weighs_less_than_a_page() -> None:
    street = synthetic.street_scene(seed=28, size=(192, 384), light="day", cars=7, pedestrians=10)
    assert len(UpsamplingLab(cut(street, slice(64, 160), slice(256, 376))).html().encode()) < 850_000


@pytest.mark.parametrize("method", METHODS)
def test_the_words_about_a_method_name_its_kernel(method: str) -> None:
    for factor in FACTORS:
        k = kernel_size(method, factor)
        if k:
            assert f"{k} × {k}" in about(method, factor)
            assert f"{k * k} weights" in about(method, factor)
            assert f"{k} × {k}" in title(method, factor)
    assert ("unevenly" in about(method, 4)) == (method.startswith("transposed") and ".5" in method)


# ---- the widget


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"left": "cubic"}, "left"),
        ({"content": "depth"}, "content"),
        ({"factor": 3}, "factor"),
        ({"divider": 1.5}, "divider"),
    ],
)
def test_a_wrong_state_is_refused(lab: UpsamplingLab, change: dict, message: str) -> None:
    with pytest.raises(traitlets.TraitError, match=message):
        lab.set_trait(*next(iter(change.items())))


@pytest.mark.parametrize("size", [(64, 66), (56, 64), (128, 136)])
def test_a_scene_that_cannot_be_shown_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=rf"divisible by 8.*got {size[0]} × {size[1]}; cut a part"):
        UpsamplingLab(synthetic.street_scene(seed=1, size=size))
    with pytest.raises(TypeError, match=r"expected a segedu\.Scene, got ndarray"):
        UpsamplingLab(np.zeros((64, 64)))


def test_the_page_form_is_deterministic_and_needs_no_network(lab: UpsamplingLab, scene: Scene) -> None:
    assert UpsamplingLab(scene).html() == lab.html()
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", re.sub(r"base64,[^\"]+", "", lab.html()))) <= {
        "http://www.w3.org"
    }
    assert not re.search(r"^\s*import\b", module("upsampling_lab"), re.MULTILINE)


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("show", ["result", "error"])
def test_the_still_figures_are_small_and_described(
    lab: UpsamplingLab, scene: Scene, content: str, show: str
) -> None:
    lab.content, lab.show, lab.divider = content, show, 0.25
    try:
        data, metadata = lab._repr_mimebundle_()
        assert len(lab.static()) < 120_000
        assert metadata["image/png"]["alt"] == lab.alt()
        assert lab.measured(lab.left) in lab.alt()
        assert data["text/plain"] == repr(lab)
        picture = pixels_of(lab.still())
        assert picture.shape[1] % scene.size[1] == 0
        cell = picture.shape[1] // scene.size[1]
        left = lab._states[lab.factor, lab.left][content].pixels
        if show == "error":
            left = error_picture(scene, content, left)
        if content != "labels" or show == "error":
            grey = left if left.ndim == 3 else left[..., None]
            np.testing.assert_array_equal(
                picture[::cell, : 16 * cell : cell], np.broadcast_to(grey, (*scene.size, 3))[:, :16]
            )
    finally:
        lab.content, lab.show, lab.divider = "picture", "result", 0.5


# ---- the functions of the page


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "upsampling_lab") as page:
        yield page


def test_names_are_taken_apart_and_put_together_again(functions: Page) -> None:
    assert functions.evaluate("(names) => names.map((n) => m.compose(m.parse(n)))", list(METHODS)) == list(
        METHODS
    )


def test_every_choice_of_the_page_is_a_method(functions: Page) -> None:
    made = functions.evaluate(
        """() => {
             const names = new Set();
             for (const kind of ["nearest", "bilinear", "unpool", "transposed", "resize", "original"])
               for (const align of ["off", "on"]) for (const after of ["nothing", "convolution"])
                 for (const width of ["1", "1.5", "2", "2.5"])
                   for (const weights of ["constant", "random", "bilinear", "fitted"])
                     names.add(m.compose({ kind, align, after, width, weights }));
             return [...names];
           }"""
    )
    assert set(made) == set(METHODS)


@pytest.mark.parametrize("content", CONTENTS)
def test_the_page_paints_errors_as_python_does(functions: Page, scene: Scene, content: str) -> None:
    def rgba(pixels: np.ndarray) -> list[int]:
        three = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        return np.dstack([three, np.full(three.shape[:2], 255, np.uint8)]).ravel().tolist()

    rng = np.random.default_rng(0)
    shape = scene.image.shape if content == "picture" else scene.size
    pixels = rng.integers(0, 9 if content == "labels" else 256, shape, np.uint8)
    made = functions.evaluate(
        "([content, ...rest]) => [...m.painted(content, true, ...rest, { categories: [], void: 255 })]",
        [content, rgba(pixels), rgba(original(scene, content)), rgba(scene.image)],
    )
    np.testing.assert_array_equal(
        np.array(made).reshape(*scene.size, 4)[..., :3], error_picture(scene, content, pixels)
    )


@pytest.mark.parametrize(
    ("key", "start", "end"),
    [
        ("ArrowRight", 0.5, 0.52),
        ("ArrowLeft", 0.01, 0),
        ("PageUp", 0.95, 1),
        ("PageDown", 0.5, 0.4),
        ("Home", 0.5, 0),
        ("End", 0.5, 1),
        ("a", 0.5, None),
    ],
)
def test_keys_move_the_divider(functions: Page, key: str, start: float, end: float | None) -> None:
    assert functions.evaluate("([k, d]) => m.dividerAfterKey(k, d)", [key, start]) == end


def test_the_verdict_names_the_closer_side(functions: Page) -> None:
    def said(left: dict, right: dict) -> str:
        return functions.evaluate("([l, r]) => m.verdict(l, r)", [left, right])

    near, far = (
        {"method": "bilinear", "title": "bilinear", "error": 1, "said": "1.0 grey levels off"},
        {"method": "nearest", "title": "nearest", "error": 2, "said": "2.0 grey levels off"},
    )
    truth = {"method": "original", "title": "original", "error": 0, "said": "0.0 grey levels off"}
    expected = "is closer to the original: 1.0 grey levels off. The other: 2.0 grey levels off."
    assert said(near, far) == f"The left {expected}"
    assert said(far, near) == f"The right {expected}"
    assert said(near, near) == "Equally close: 1.0 grey levels off."
    assert said(far, truth) == "Against the original, nearest: 2.0 grey levels off."
    assert said(truth, truth) == "The original twice."


# ---- in the page


def assert_shows(page: Page, lab: UpsamplingLab, **state: object) -> None:
    """The page shows this state, with the very pixels and sentences that Python has for it."""
    state = {"content": "picture", "factor": 4, "show": "result", "left": lab.left, "right": lab.right} | state
    names = [state["left"], state["right"], state["content"], state["factor"], state["show"]]
    expect(page.locator(".lab-stage")).to_have_attribute("data-drawn", "|".join(map(str, names)))
    for side in ("left", "right"):
        method, content, factor = state[side], str(state["content"]), int(str(state["factor"]))
        held = lab._states[factor, method][content]
        expect(page.locator(f"[data-said={side}]")).to_have_text(held.said)
        expect(page.locator(f"[data-about={side}]")).to_have_text(about(method, factor))
        expect(page.locator(f".lab-tag-{side}")).to_have_text(title(method, factor))
        rgba = page.evaluate(
            """(side) => {
                 const board = document.querySelector(`.lab-stage canvas.lab-${side}`);
                 return [...board.getContext("2d").getImageData(0, 0, board.width, board.height).data];
               }""",
            side,
        )
        pixels = held.pixels
        if state["show"] == "error":
            pixels = error_picture(lab.scene, content, pixels)
        elif content == "labels":
            pixels = np.array([category.color for category in lab.scene.categories])[pixels]
        pixels = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        np.testing.assert_array_equal(np.array(rgba).reshape(*lab.scene.size, 4)[..., :3], pixels)


def test_the_page_opens_with_the_state(open_page: Open, lab: UpsamplingLab) -> None:
    page = open_page(lab)
    assert_shows(page, lab)
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuenow", "50")


@pytest.mark.parametrize("pair", PAIRS, ids=[pair[0] for pair in PAIRS])
def test_a_comparison_worth_a_look_is_shown(open_page: Open, lab: UpsamplingLab, pair: tuple) -> None:
    name, content, factor, left, right, note = pair
    page = open_page(lab)
    button = page.get_by_role("button", name=name, exact=True)
    button.click()
    for show in ("Result", "Error"):
        page.get_by_role("radio", name=show).check()
        assert_shows(page, lab, content=content, factor=factor, left=left, right=right, show=show.lower())
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".lab-note")).to_have_text(note)


def test_a_method_and_its_parameters_are_chosen(open_page: Open, lab: UpsamplingLab) -> None:
    page = open_page(lab)
    card = page.get_by_role("group", name="Method on the left")

    def choose(name: str, value: str) -> None:
        card.get_by_role("group", name=name).get_by_role("radio", name=value, exact=True).check()

    choose("kernel", "8")  # two strides of 4
    assert_shows(page, lab, left="transposed 2 constant")
    choose("weights", "random")
    assert_shows(page, lab, left="transposed 2 random")
    page.get_by_role("group", name="How much it is grown").get_by_role("radio", name="× 8").check()
    assert_shows(page, lab, left="transposed 2 random", factor=8)
    choose("kernel", "20")  # random weights are not to be had there
    assert_shows(page, lab, left="transposed 2.5 constant", factor=8)
    expect(card.get_by_role("radio", name="random")).to_be_disabled()
    card.get_by_role("combobox").select_option(label="Bilinear")
    choose("align_corners", "on")
    assert_shows(page, lab, left="bilinear aligned", factor=8)
    card.get_by_role("combobox").select_option(label="Max-unpooling")
    choose("followed by", "convolution")
    assert_shows(page, lab, left="unpool fitted", factor=8)
    page.get_by_role("button", name="Swap left and right").click()
    assert_shows(page, lab, left="bilinear", right="unpool fitted", factor=8)


def where(page: Page) -> float:
    """The share of the picture that belongs to the left."""
    return page.evaluate(
        """() => {
             const boxOf = (name) => document.querySelector(name).getBoundingClientRect();
             const [handle, box] = [boxOf(".lab-handle"), boxOf(".lab-stage")];
             return (handle.left - box.left) / box.width;
           }"""
    )


def test_the_mouse_drags_the_divider(open_page: Open, lab: UpsamplingLab) -> None:
    page = open_page(lab)
    box = page.locator(".lab-stage").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], y)
    assert where(page) == pytest.approx(0.25, abs=0.005)
    page.mouse.move(box["x"] - 50, y)
    assert where(page) == 0
    page.mouse.up()
    page.mouse.move(x, y)
    assert where(page) == 0


def test_a_finger_drags_the_divider_and_does_not_scroll(open_page: Open, lab: UpsamplingLab) -> None:
    page = open_page(lab, **PHONE)
    page.locator(".lab-stage").scroll_into_view_if_needed()
    box, before = page.locator(".lab-stage").bounding_box(), page.evaluate("scrollY")
    assert box is not None
    y = box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0.5), ("touchMove", 0.7), ("touchMove", 0.75), ("touchEnd", None)):
        points = [] if share is None else [{"x": box["x"] + share * box["width"], "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert where(page) == pytest.approx(0.75, abs=0.01)
    assert page.evaluate("scrollY") == before


def test_the_keyboard_moves_the_divider(open_page: Open, lab: UpsamplingLab) -> None:
    page = open_page(lab)
    slider = page.get_by_role("slider")
    slider.focus()
    for key in ("PageUp", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuenow", "62")
    expect(slider).to_have_attribute(
        "aria-valuetext", "62 %: transposed 6 × 6, equal on the left, bilinear on the right"
    )
    assert where(page) == pytest.approx(0.62, abs=0.005)
    page.keyboard.press("End")
    assert where(page) == pytest.approx(1)


def test_a_screen_reader_hears_which_side_is_closer(open_page: Open, lab: UpsamplingLab) -> None:
    page = open_page(lab)
    page.get_by_role("button", name="Labels", exact=True).click()
    near, far = (lab._states[8, method]["labels"] for method in ("bilinear", "nearest"))
    assert near.error < far.error
    expect(page.get_by_role("status")).to_have_text(
        f"The right is closer to the original: {near.said}. The other: {far.said}."
    )
    expect(page.locator(".lab-card.on")).to_have_attribute("aria-label", "Method on the right")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("context", [{}, PHONE], ids=["desk", "phone"])
def test_no_rule_of_accessibility_is_broken(
    open_page: Open, lab: UpsamplingLab, theme: str, context: dict
) -> None:
    page = open_page(lab, lab, theme=theme, **context)
    for name in ("Labels", "Dark rim"):
        page.get_by_role("button", name=name, exact=True).first.click()
        assert violations(page) == []
    assert repeated_ids(page) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_over_the_edge(open_page: Open, lab: UpsamplingLab, width: int) -> None:
    page = open_page(lab, viewport={"width": width, "height": 800})
    for name in ("Labels", "Random weights"):
        page.get_by_role("button", name=name, exact=True).click()
        assert over_the_edge(page, but=".unseen, .lab-stage") == []


def test_without_javascript_the_still_picture_stays(
    browser: Browser, tmp_path: Path, lab: UpsamplingLab
) -> None:
    path = tmp_path / "still.html"
    path.write_text(page_of(lab), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        picture = page.locator("figure img")
        expect(picture).to_be_visible()
        assert picture.get_attribute("alt") == lab.alt()


def test_the_state_in_the_page_is_the_state_in_python(lab: UpsamplingLab) -> None:
    state = re.search(r'data-segedu="state">(.*?)</script>', lab.html(), re.DOTALL)
    assert state is not None
    assert json.loads(state[1]) == lab.state()
