"""SkipSurgery: its states are what the network computes with other maps beside; the page shows and cuts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets
from playwright.sync_api import Browser, Page, expect
from torch import Tensor, nn
from torch.nn import functional

from networks import one_thread  # noqa: F401
from segedu import VOID, Scene
from segedu.models import FCN8s, UNet
from segedu.synthetic import street_scene
from segedu.training import SceneDataset
from segedu.widgets import SkipSurgery
from segedu.widgets.page import module
from segedu.widgets.runs import decode_runs
from segedu.widgets.skip_states import FILLS, SUBSETS, Outcome, error_picture, outcome, said
from widget_pages import PHONE, Open, loaded, over_the_edge, page_of, repeated_ids, violations
from widget_scenes import small_street


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    """A small street in its classes' colours, with noise; and its upper left part."""
    street = small_street()
    colors = np.zeros((256, 3))
    colors[:4] = [category.color for category in street.categories]
    noise = np.random.default_rng(0).integers(0, 100, street.image.shape)
    image = (colors[street.semantic] / 2 + noise).astype(np.uint8)
    parts = (image, street.semantic, street.instance)
    return [Scene(*(part[:h, :w] for part in parts), street.categories) for h, w in ((64, 128), (48, 96))]


@pytest.fixture(scope="module")
def model(scenes: list[Scene]) -> UNet:
    """A small U-Net that has learned the small street by heart, more or less."""
    torch.manual_seed(2)
    model = UNet(3, 4, base_channels=4)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    image, target = SceneDataset(scenes)[0]
    for _ in range(80):
        optimizer.zero_grad()
        functional.cross_entropy(model(image[None]), target[None], ignore_index=VOID).backward()
        optimizer.step()
    return model.eval()


@pytest.fixture(scope="module")
def surgery(model: UNet, scenes: list[Scene]) -> SkipSurgery:
    return SkipSurgery(model, scenes)


@pytest.fixture(autouse=True)
def as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """The widget is shared: whoever changes its state finds it whole again."""
    yield
    if "surgery" in request.fixturenames:
        widget = request.getfixturevalue("surgery")
        widget.scene, widget.cut, widget.fill, widget.caption = 0, [], "mean", ""


# ---- the states


def by_hooks(model: UNet, scene: Scene, cut: tuple[int, ...], fill: str) -> np.ndarray:
    """The prediction, with the skip's half of the *concatenated* map overwritten."""

    def overwrite(_: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        together = inputs[0].clone()  # (1, 2c, H, W), the skip first
        for channel in range(together.shape[1] // 2):
            together[0, channel] = 0.0 if fill == "zero" else together[0, channel].mean()
        return (together,)

    blocks = {1: model.up1, 2: model.up2, 3: model.up3, 4: model.up4}
    hooks = [blocks[level].conv.register_forward_pre_hook(overwrite) for level in cut]
    with torch.no_grad():
        logits = model(SceneDataset([scene])[0][0][None])[0]
    for hook in hooks:
        hook.remove()
    return logits.argmax(dim=0).numpy()


def iou_by_hand(preds: np.ndarray, scene: Scene) -> list[float | None]:
    known = scene.semantic != VOID
    masks = [((preds == c) & known, (scene.semantic == c) & known) for c in range(len(scene.categories))]
    return [(p & t).sum() / (p | t).sum() if (p | t).any() else None for p, t in masks]


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("cut", SUBSETS, ids=str)
def test_every_state_is_what_the_network_computes(
    surgery: SkipSurgery, model: UNet, scenes: list[Scene], cut: tuple[int, ...], fill: str
) -> None:
    number = sum(2 ** (level - 1) for level in cut)
    for scene, page in zip(scenes, surgery.data["scenes"], strict=True):
        preds = by_hooks(model, scene, cut, fill)
        carried = page["outcomes"][fill][number]
        np.testing.assert_array_equal(decode_runs(carried["runs"], scene.size), preds)
        assert carried["iou"] == pytest.approx(iou_by_hand(preds, scene), abs=1e-12)
        masks = np.unique(scene.instance)[1:, None, None] == scene.instance
        found = [(preds == scene.semantic)[mask].mean() >= 0.5 for mask in masks]
        ids = [int(scene.segment_ids()[mask][0]) for mask in masks]
        assert carried["found"] == sorted(k for k, hit in zip(ids, found, strict=True) if hit)


def test_the_whole_network_finds_all_cars_and_some_cut_ones_lose_some(surgery: SkipSurgery) -> None:
    # What the other tests look at is there: without it, they would compare nothing with nothing.
    outcomes = surgery.data["scenes"][0]["outcomes"]["mean"]
    assert len(outcomes[0]["found"]) == 3
    assert any("Gone: car" in carried["said"] for carried in outcomes)
    assert any("None is gone" in carried["said"] for carried in outcomes)


def test_an_object_is_found_from_half_of_its_pixels_on(scenes: list[Scene]) -> None:
    # The first car has 16 × 16 pixels. 8 of its rows are half of it.
    half, less = scenes[0].semantic.copy(), scenes[0].semantic.copy()
    half[24:32, 16:32], less[24:33, 16:32] = 1, 1
    known = scenes[0].semantic != VOID
    ids = scenes[0].segment_ids()
    assert ids[24, 16] in outcome(np.where(known, half, 0).astype(np.uint8), scenes[0]).found
    assert ids[24, 16] not in outcome(np.where(known, less, 0).astype(np.uint8), scenes[0]).found


def test_the_sentences_name_what_is_cut_and_what_is_gone(scenes: list[Scene]) -> None:
    preds = np.zeros(scenes[0].size, np.uint8)
    cars = [int(scenes[0].segment_ids()[row, column]) for row, column in ((24, 16), (24, 32), (44, 80))]
    whole = Outcome(preds, np.array([1.0, 0.5]), 0.75, tuple(cars))
    now = Outcome(preds, np.array([0.5, 0.5]), 0.5, (cars[1],))
    assert said((), whole, whole, scenes[0]) == "The whole network: mIoU 0.750; it finds 3 of 3 objects."
    assert said((1, 2, 4), now, whole, scenes[0]) == (
        "Without skips 1, 2 and 4: mIoU 0.500 instead of 0.750; it finds 1 of 3 objects. Gone: car 4, 6."
    )
    assert said((3,), whole, whole, scenes[0]) == (
        "Without skip 3: mIoU 0.750 instead of 0.750; it finds 3 of 3 objects. None is gone."
    )


def test_the_network_is_left_as_it_was(model: UNet, scenes: list[Scene]) -> None:
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    SkipSurgery(model, scenes[:1])
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    model.eval()
    assert not any(layer._forward_pre_hooks for layer in model.modules())


# ---- the widget


@pytest.mark.parametrize("change", [{"scene": 2}, {"scene": -1}, {"cut": [0]}, {"cut": [5]}, {"fill": "noise"}])
def test_a_wrong_state_is_refused(surgery: SkipSurgery, change: dict) -> None:
    name, value = next(iter(change.items()))
    with pytest.raises(traitlets.TraitError, match=name):
        surgery.set_trait(name, value)


def test_cuts_are_kept_in_order_and_once(surgery: SkipSurgery) -> None:
    surgery.cut = [3, 1, 3]
    assert surgery.cut == [1, 3]


def test_what_cannot_be_shown_is_refused(model: UNet, scenes: list[Scene]) -> None:
    with pytest.raises(TypeError, match=r"expected a segedu\.models\.UNet, got FCN8s"):
        SkipSurgery(FCN8s(3, 4), scenes)
    with pytest.raises(TypeError, match=r"expected objects of segedu\.Scene, got ndarray"):
        SkipSurgery(model, [np.zeros((8, 8))])
    with pytest.raises(ValueError, match=r"expected 1 to 4, got 0"):
        SkipSurgery(model, [])
    with pytest.raises(ValueError, match=r"at most 32,768 pixels each, got 256 × 256"):
        SkipSurgery(model, [street_scene(1, (256, 256))])
    with pytest.raises(ValueError, match=r"the same categories"):
        SkipSurgery(model, [scenes[0], street_scene(1, (64, 64))])
    with pytest.raises(ValueError, match=r"expected logits of shape \(9, 64, 64\) .* got \(4, 64, 64\)"):
        SkipSurgery(model, [street_scene(1, (64, 64))])


def test_the_page_form_is_deterministic_and_needs_no_network(
    surgery: SkipSurgery, model: UNet, scenes: list[Scene]
) -> None:
    assert SkipSurgery(model, scenes).html() == surgery.html()
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", re.sub(r"base64,[^\"]+", "", surgery.html()))) <= {
        "http://www.w3.org"
    }
    assert not re.search(r"^\s*import\b", module("skip_surgery"), re.MULTILINE)


def test_the_state_in_the_page_is_the_state_in_python(surgery: SkipSurgery) -> None:
    state = re.search(r'data-segedu="state">(.*?)</script>', surgery.html(), re.DOTALL)
    assert state is not None
    assert json.loads(state[1]) == surgery.state()


@pytest.mark.parametrize("cut", [[], [1, 4]])
def test_the_figure_for_print_is_small_and_described(surgery: SkipSurgery, cut: list[int]) -> None:
    surgery.cut = cut
    data, metadata = surgery._repr_mimebundle_()
    assert len(surgery.static()) < 120_000
    assert metadata["image/png"]["alt"] == surgery.alt()
    assert surgery.said() in surgery.alt()
    assert data["text/plain"] == f"SkipSurgery(2 scenes, caption='', cut={cut}, fill='mean', scene=0)"


def test_errors_are_told_apart_by_whether_the_whole_network_makes_them(scenes: list[Scene]) -> None:
    truth = np.array([[0, 0, 0, VOID]])
    scene = Scene(np.full((1, 4, 3), 100, np.uint8), truth, np.zeros((1, 4), int), scenes[0].categories)
    picture = error_picture(scene, np.array([[0, 1, 1, 1]]), whole=np.array([[1, 0, 2, 0]]))
    # Right; wrong since the cut; wrong before as well; void, which is never wrong. Pale is 100 / 4 + 191 = 216.
    assert picture[0].tolist() == [[216] * 3, [213, 94, 0], [0, 114, 178], [216] * 3]


# ---- the functions of the page


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "skip_surgery") as page:
        yield page


def test_the_page_numbers_cuts_as_python_does(functions: Page) -> None:
    cuts = [list(cut) for cut in SUBSETS]
    assert functions.evaluate("(cuts) => cuts.map(m.numberOf)", cuts) == list(range(16))


def test_a_skip_is_switched_off_and_on_again(functions: Page) -> None:
    assert functions.evaluate("m.toggled([3], 1)") == [1, 3]
    assert functions.evaluate("m.toggled([1, 3], 3)") == [1]


def test_the_page_paints_errors_where_python_does(functions: Page, scenes: list[Scene]) -> None:
    rng = np.random.default_rng(0)
    preds, whole = rng.integers(0, 4, (2, *scenes[0].size), np.uint8)
    made = functions.evaluate(
        "(maps) => [...m.errors(...maps, 255)]",
        [preds.ravel().tolist(), whole.ravel().tolist(), scenes[0].semantic.ravel().tolist()],
    )
    rgba = np.array(made).reshape(*scenes[0].size, 4)
    expected = error_picture(scenes[0], preds, whole)
    shown = rgba[..., 3] == 255
    known = scenes[0].semantic != VOID
    np.testing.assert_array_equal(shown, known & (preds != scenes[0].semantic))
    np.testing.assert_array_equal(rgba[shown][:, :3], expected[shown])


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (0.5, 0.75, "−0.250"),
        (0.75, 0.5, "+0.250"),
        (0.5, 0.5003, "0.000"),
        (1.0, 0.0, "+1.000"),
        (None, 0.5, ""),
        (0.5, None, ""),
    ],
)
def test_a_difference_has_a_sign(functions: Page, now: float | None, before: float | None, text: str) -> None:
    assert functions.evaluate("([now, before]) => m.change(now, before)", [now, before]) == text


# ---- in the page


def painted(page: Page, name: str) -> np.ndarray:
    rgba, height, width = page.evaluate(
        """(name) => {
             const board = document.querySelector(`canvas[data-shows=${name}]`);
             const { data } = board.getContext("2d").getImageData(0, 0, board.width, board.height);
             return [[...data], board.height, board.width];
           }""",
        name,
    )
    return np.array(rgba, np.uint8).reshape(height, width, 4)


def assert_shows(page: Page, surgery: SkipSurgery, scene: int, fill: str, *cut: int) -> None:
    """The page shows this state, with the very pixels, numbers and sentences that Python has for it."""
    expect(page.locator(".segedu")).to_have_attribute("data-shows", " ".join(map(str, (scene, fill, *cut))))
    surgery.scene, surgery.fill, surgery.cut = scene, fill, list(cut)
    now, street = surgery.outcome(), surgery.scenes[scene]
    colors = np.full((256, 3), 255)
    colors[:4] = [category.color for category in street.categories]
    np.testing.assert_array_equal(painted(page, "prediction")[..., :3], colors[now.preds])
    np.testing.assert_array_equal(painted(page, "truth")[..., :3], colors[street.semantic])
    wrong = (street.semantic != VOID) & (now.preds != street.semantic)
    np.testing.assert_array_equal(painted(page, "errors")[..., 3] == 255, wrong)
    expect(page.get_by_role("status")).to_have_text(surgery.said())
    for level in (1, 2, 3, 4):
        expect(page.get_by_role("switch", name=f"Skip {level}")).to_be_checked(checked=level not in cut)
    for category, value in zip(street.categories, now.iou, strict=True):
        number = page.locator(f"[data-class='{category.name}'] .number").first
        text = number.text_content()
        assert text == "–" if np.isnan(value) else float(text.strip("<> ")) == pytest.approx(value, abs=0.0011)
    gone = "Gone" in surgery.said()
    assert all(bool(path.get_attribute("d")) == gone for path in page.locator(".layers .outline").all())


def test_the_page_opens_with_the_state(open_page: Open, surgery: SkipSurgery) -> None:
    surgery.scene, surgery.fill, surgery.cut, surgery.caption = 1, "zero", [2, 3], "A line below."
    page = open_page(surgery)
    expect(page.locator(".caption")).to_have_text("A line below.")
    assert_shows(page, surgery, 1, "zero", 2, 3)


def test_skips_are_cut_with_the_mouse(open_page: Open, surgery: SkipSurgery) -> None:
    page = open_page(surgery)
    assert_shows(page, surgery, 0, "mean")
    page.get_by_role("switch", name="Skip 4: 32 maps of 8 × 16").click()
    assert_shows(page, surgery, 0, "mean", 4)
    page.get_by_role("switch", name="Skip 1: 4 maps of 64 × 128").click()
    assert_shows(page, surgery, 0, "mean", 1, 4)
    page.get_by_role("switch", name="Skip 4").click()
    assert_shows(page, surgery, 0, "mean", 1)
    page.get_by_role("button", name="Cut all").click()
    assert_shows(page, surgery, 0, "mean", 1, 2, 3, 4)
    page.get_by_role("radio", name="zeros").check()
    assert_shows(page, surgery, 0, "zero", 1, 2, 3, 4)
    page.get_by_role("radio", name="Scene 2").check()
    assert_shows(page, surgery, 1, "zero", 1, 2, 3, 4)
    page.get_by_role("button", name="Connect all").click()
    assert_shows(page, surgery, 1, "zero")


def test_skips_are_cut_with_the_keyboard(open_page: Open, surgery: SkipSurgery) -> None:
    page = open_page(surgery)
    page.get_by_role("switch", name="Skip 1").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert_shows(page, surgery, 0, "mean", 1, 2)


def test_skips_are_cut_with_a_finger(open_page: Open, surgery: SkipSurgery) -> None:
    page = open_page(surgery, **PHONE)
    skip = page.get_by_role("switch", name="Skip 3")
    box = skip.bounding_box()
    assert box is not None
    assert box["height"] >= 40
    skip.tap()
    assert_shows(page, surgery, 0, "mean", 3)


def test_one_scene_needs_no_choice(open_page: Open, model: UNet, scenes: list[Scene]) -> None:
    page = open_page(SkipSurgery(model, scenes[:1]))
    expect(page.get_by_role("radio", name="Scene 1")).not_to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("context", [{}, PHONE], ids=["desk", "phone"])
def test_no_rule_of_accessibility_is_broken(
    open_page: Open, surgery: SkipSurgery, theme: str, context: dict
) -> None:
    page = open_page(surgery, surgery, theme=theme, **context)
    page.get_by_role("button", name="Cut all").first.click()
    assert violations(page) == []
    assert repeated_ids(page) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_over_the_edge(open_page: Open, surgery: SkipSurgery, width: int) -> None:
    page = open_page(surgery, viewport={"width": width, "height": 800})
    page.get_by_role("button", name="Cut all").click()
    assert over_the_edge(page, but=".unseen, .surgery-frame") == []


def test_without_javascript_the_still_picture_stays(
    browser: Browser, tmp_path: Path, surgery: SkipSurgery
) -> None:
    path = tmp_path / "still.html"
    path.write_text(page_of(surgery), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        picture = page.locator("figure img")
        expect(picture).to_be_visible()
        assert picture.get_attribute("alt") == surgery.alt()
