"""NetworkShapes: what the page shows is what the traced network did, and it is operated."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
import torch
import traitlets
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from segedu import Scene, synthetic
from segedu.models import DeconvNet, FCN8s, UNet
from segedu.training import SceneDataset
from segedu.widgets import NetworkShapes, Step, skip_links, trace_network
from segedu.widgets.network_layout import layout
from segedu.widgets.network_shapes import CHANNELS, SIDE
from segedu.widgets.network_words import describe_step, shape_of, size_of
from segedu.widgets.page import module
from widget_pages import DESK, PHONE, Open, loaded, over_the_edge, page_of, repeated_ids, violations

STEPS = {"DeconvNet": 21, "FCN-8s": 28, "U-Net": 31}  # without the image


@pytest.fixture(scope="module")
def scene() -> Scene:
    return synthetic.street_scene(seed=5, size=(64, 96))


@pytest.fixture(scope="module")
def networks() -> dict:
    torch.manual_seed(0)
    return {
        "DeconvNet": DeconvNet(3, 9, base_channels=4),
        "FCN-8s": FCN8s(3, 9, base_channels=2),
        "U-Net": (UNet(1, 2, base_channels=2, valid=True), (188, 204)),
    }


@pytest.fixture
def shapes(networks: dict, scene: Scene) -> NetworkShapes:
    return NetworkShapes(networks, scene, step=11)


# ---- the state


def test_a_network_sees_what_it_saw_in_training(shapes: NetworkShapes, networks: dict, scene: Scene) -> None:
    image, _ = SceneDataset([scene])[0]
    assert shapes.steps["DeconvNet"] == trace_network(networks["DeconvNet"], image[None])


def test_a_network_can_have_a_size_and_a_number_of_channels_of_its_own(shapes: NetworkShapes) -> None:
    assert shapes.steps["U-Net"][0].shape == (1, 188, 204)
    assert shapes.steps["U-Net"][-1].shape == (2, 4, 20)  # 184 less
    assert shapes.data["networks"][2]["size"] == [188, 204]


def test_the_page_has_the_numbers_of_the_steps(shapes: NetworkShapes) -> None:
    for network in shapes.data["networks"]:
        steps = shapes.steps[network["name"]]
        assert len(steps) == STEPS[network["name"]] + 1 == len(network["steps"])
        for number, (carried, step) in enumerate(zip(network["steps"], steps, strict=True)):
            assert carried["shape"] == shape_of(step)
            assert carried["memory"] == size_of(step.memory)
            assert carried["parameters"] == f"{step.parameters:,}"
            assert carried["box"] == list(step.box)
            assert carried["said"] == describe_step(steps, number)
            assert carried["share"] == pytest.approx(step.memory / max(s.memory for s in steps), abs=1e-4)
        links = [(link["source"], link["target"], link["how"]) for link in network["links"]]
        assert links == [(link.source, link.target, link.how) for link in skip_links(steps)]


def pixels_of(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("L"))


def test_the_channels_that_vary_most_are_shown(shapes: NetworkShapes, networks: dict, scene: Scene) -> None:
    model, seen = networks["DeconvNet"].eval(), {}
    image, _ = SceneDataset([scene])[0]
    with torch.no_grad():
        hook = model.encoder[1].layers.register_forward_hook(lambda _, x, y: seen.update(map=y[0].numpy()))
        model(image[None])
        hook.remove()
    shown = shapes.data["networks"][0]["steps"][5]["shown"]  # the last convolution of the second stage
    spread = seen["map"].std(axis=(1, 2))
    assert sorted(spread[shown["channels"]]) == sorted(np.sort(spread)[-CHANNELS:])
    # 32 × 48 numbers need no shrinking: four tiles, three lines of white between them.
    row = pixels_of(shown["uri"])
    assert row.shape == (32, 4 * SIDE + 3) == tuple(shown["size"][::-1])
    for k, channel in enumerate(shown["channels"]):
        values = seen["map"][channel]
        expected = 255 * (values - values.min()) / (values.max() - values.min())
        tile = row[:, k * (SIDE + 1) : k * (SIDE + 1) + SIDE].astype(float)
        assert np.abs(tile - expected).mean() < 12  # the picture is compressed


def test_a_network_without_values_has_numbers_and_no_pictures(scene: Scene) -> None:
    with torch.device("meta"):
        shapes = NetworkShapes({"wide": DeconvNet(3, 21)}, scene, step=21)
    assert shapes.selected.shape == (21, 64, 96)
    assert all(step["shown"] is None for step in shapes.data["networks"][0]["steps"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "SegNet"}, "expected one of DeconvNet, FCN-8s, U-Net, got 'SegNet'"),
        ({"step": 22}, "expected 0 to 21 for DeconvNet, got 22"),
        ({"step": -1}, "expected 0 to 21 for DeconvNet, got -1"),
    ],
)
def test_a_wrong_state_is_refused(shapes: NetworkShapes, change: dict, message: str) -> None:
    with pytest.raises(traitlets.TraitError, match=message):
        shapes.set_trait(*next(iter(change.items())))


def test_a_shorter_network_moves_the_step_to_its_end(networks: dict, scene: Scene) -> None:
    shapes = NetworkShapes(networks, scene, network="U-Net", step=31)
    shapes.network = "DeconvNet"
    assert shapes.step == 21


def test_what_is_no_scene_and_no_network_is_refused(networks: dict, scene: Scene) -> None:
    with pytest.raises(TypeError, match=r"expected a segedu\.Scene, got ndarray"):
        NetworkShapes(networks, scene.image)
    with pytest.raises(ValueError, match="expected at least one network"):
        NetworkShapes({}, scene)


def test_the_page_form_is_deterministic_and_needs_no_network(networks: dict, scene: Scene) -> None:
    one, other = NetworkShapes(networks, scene), NetworkShapes(networks, scene)
    assert one.html() == other.html()
    found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", re.sub(r"base64,[^\"]+", "", one.html()))
    assert set(found) <= {"http://www.w3.org"}
    assert not re.search(r"^\s*import\b", module("network_shapes"), re.MULTILINE)


def test_four_networks_on_a_street_weigh_less_than_a_third_of_a_page(scene: Scene) -> None:
    # A page may weigh 1.5 MB.
    networks = {f"net {k}": UNet(3, 9, base_channels=4) for k in range(4)}
    street = synthetic.street_scene(seed=28, size=(128, 128))
    assert len(NetworkShapes(networks, street).html().encode()) < 500_000


@pytest.mark.parametrize("network", STEPS)
def test_the_still_figure_is_small_and_described(shapes: NetworkShapes, network: str) -> None:
    shapes.network = network
    data, metadata = shapes._repr_mimebundle_()
    assert len(shapes.static()) < 120_000
    assert metadata["image/png"]["alt"] == shapes.alt()
    assert data["text/plain"] == repr(shapes)
    assert describe_step(shapes.steps[network], shapes.step) in shapes.alt()
    skips = {"DeconvNet": "3 poolings hand their switches over", "FCN-8s": "2 maps are summed"}
    assert skips.get(network, "4 maps are concatenated") in shapes.alt()


# ---- words and places


def test_a_sentence_says_where_a_map_comes_from(shapes: NetworkShapes) -> None:
    # The third unpooling sees what the third pooling sees: VGG16 to pool3, 44 pixels.
    assert describe_step(shapes.steps["DeconvNet"], 11) == (
        "Step 11 of 21, max unpool 2×2. It takes the map of the step before and the switches of step 10. "
        "Its map has 16 × 16 × 24 numbers (channels × height × width), 25 kB. "
        "The middle one sees 44 × 44 pixels of the picture. No parameters."
    )
    assert "It takes the map of step 11, cut to size and the map of the step before." in describe_step(
        shapes.steps["U-Net"], 16
    )
    assert "of the picture and beyond its border" in describe_step(shapes.steps["FCN-8s"], 28)
    assert describe_step(shapes.steps["DeconvNet"], 0).startswith("The picture: 3 × 64 × 96 numbers")


def test_links_run_above_all_that_they_pass() -> None:
    steps = trace_network(UNet(3, 9, base_channels=2), torch.zeros(1, 3, 64, 64))
    links = skip_links(steps)
    placed = layout(steps, links)
    for link, y in zip(links, placed.links, strict=True):
        assert y > max(height / 2 for _, height in placed.bars[link.source : link.target + 1])
        inner = [
            z for other, z in zip(links, placed.links, strict=True) if link.source < other.source < link.target
        ]
        assert y > max(inner, default=0)
        assert y < placed.top
    assert [text for _, text in placed.labels] == ["64", "32", "16", "8", "4", "8", "16", "32", "64"]


def test_a_bar_has_the_square_root_of_the_height() -> None:
    steps = [Step("conv", "", "", (1, side, 7), 0, (), (0, 0, 1, 1)) for side in (64, 16, 1)]
    assert [height for _, height in layout(steps, []).bars] == [1, 0.5, 0.125]


# ---- the functions of the page


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "network_shapes") as page:
        yield page


@pytest.mark.parametrize(("share", "step"), [(0, 0), (0.1, 2), (0.999, 21), (1, 21), (-0.2, 0), (1.3, 21)])
def test_a_place_along_the_bars_is_a_step(functions: Page, share: float, step: int) -> None:
    assert functions.evaluate("([share, count]) => m.stepAt(share, count)", [share, 22]) == step


def test_a_link_goes_up_across_and_down(functions: Page) -> None:
    made = functions.evaluate(
        "() => m.linkPath({ source: 0, target: 2, y: 0.6 }, [[1, 1], [1, 0.5], [1, 0.8]])"
    )
    assert made == "M0.5 -0.5V-0.6H2.5V-0.4"


def test_a_box_is_clipped_to_the_picture(functions: Page) -> None:
    assert functions.evaluate("() => m.inside([-5, 2, 300, 90], [64, 96])") == [0, 2, 96, 64]


# ---- in the page


def assert_shows(page: Page, shapes: NetworkShapes, network: str, number: int) -> None:
    steps = shapes.steps[network]
    step = steps[number]
    expect(page.locator(".net-count")).to_have_text(f"{number} / {len(steps) - 1}")
    expect(page.locator(".net-head strong")).to_have_text(step.label)
    expect(page.locator("[data-fact=shape]")).to_have_text(shape_of(step))
    expect(page.locator("[data-fact=memory]")).to_have_text(size_of(step.memory))
    expect(page.locator("[data-fact=field]")).to_have_text(f"{step.field[0]} × {step.field[1]} pixels")
    expect(page.locator("[data-fact=parameters]")).to_have_text(f"{step.parameters:,}")
    expect(page.locator(".net-mark")).to_have_attribute("x", str(number))
    expect(page.locator(".net-bar")).to_have_count(len(steps))
    expect(page.locator(".net-board .net-link")).to_have_count(len(shapes.links[network]))


def test_the_page_opens_with_the_state(open_page: Open, shapes: NetworkShapes) -> None:
    page = open_page(shapes)
    assert_shows(page, shapes, "DeconvNet", 11)
    expect(page.get_by_role("button", name="DeconvNet")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".net-board .net-link.switches")).to_have_count(3)
    expect(page.locator(".net-legend")).to_contain_text("switches of a pooling")


def test_buttons_and_keys_step_through_the_network(open_page: Open, shapes: NetworkShapes) -> None:
    page = open_page(shapes)
    page.get_by_role("button", name="Next").click()
    assert_shows(page, shapes, "DeconvNet", 12)
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="takes the switches of step 10").click()
    assert_shows(page, shapes, "DeconvNet", 10)
    page.get_by_role("button", name="its switches are used in step 11").click()
    assert_shows(page, shapes, "DeconvNet", 11)
    slider = page.get_by_role("slider")
    slider.press("ArrowRight")
    assert_shows(page, shapes, "DeconvNet", 12)
    slider.press("End")
    assert_shows(page, shapes, "DeconvNet", 21)
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    expect(page.get_by_role("status")).to_have_text(describe_step(shapes.steps["DeconvNet"], 21))
    slider.press("Home")
    expect(page.get_by_role("button", name="Back")).to_be_disabled()


def test_another_network_keeps_the_step_or_its_end(open_page: Open, shapes: NetworkShapes) -> None:
    page = open_page(shapes)
    page.get_by_role("button", name="U-Net").click()
    assert_shows(page, shapes, "U-Net", 11)
    page.get_by_role("slider").press("End")
    page.get_by_role("button", name="FCN-8s").click()
    assert_shows(page, shapes, "FCN-8s", 28)
    expect(page.locator(".net-board .net-link.summed")).to_have_count(2)
    expect(page.locator(".net-under", has_text="beyond the picture")).to_be_visible()


def test_a_bar_is_chosen_by_pressing_on_it_and_dragging_goes_on(open_page: Open, shapes: NetworkShapes) -> None:
    page = open_page(shapes, **DESK)
    box = page.locator(".net-board > svg").bounding_box()

    def place(step: int) -> tuple[float, float]:
        return box["x"] + box["width"] * (step + 0.5) / 22, box["y"] + box["height"] / 2

    page.mouse.move(*place(4))
    assert_shows(page, shapes, "DeconvNet", 11)  # passing over changes nothing
    page.mouse.down()
    assert_shows(page, shapes, "DeconvNet", 4)
    page.mouse.move(*place(7))
    page.mouse.up()
    assert_shows(page, shapes, "DeconvNet", 7)


def test_a_finger_chooses_a_bar(open_page: Open, shapes: NetworkShapes) -> None:
    page = open_page(shapes, **PHONE)
    box = page.locator(".net-board > svg").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 2.5 / 22, box["y"] + 20)
    assert_shows(page, shapes, "DeconvNet", 2)


def test_the_table_lists_every_step(open_page: Open, shapes: NetworkShapes) -> None:
    page = open_page(shapes)
    page.get_by_text("All steps as a table").click()
    rows = page.locator(".net-table tbody tr")
    expect(rows).to_have_count(22)
    step = shapes.steps["DeconvNet"][5]
    texts = ["5", step.label, shape_of(step), size_of(step.memory), "14 × 14", f"{step.parameters:,}"]
    expect(rows.nth(5).locator("th, td")).to_have_text(texts)
    expect(page.locator(".net-table tr.on")).to_have_attribute("data-step", "11")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", [DESK, PHONE], ids=["desk", "phone"])
def test_every_network_is_legible_everywhere(
    open_page: Open, shapes: NetworkShapes, theme: str, view: dict
) -> None:
    shapes.caption = "Three networks."
    page = open_page(shapes, theme=theme, **view)
    page.get_by_text("All steps as a table").click()
    for name in STEPS:
        page.get_by_role("button", name=name).click()
        assert violations(page) == []
        assert over_the_edge(page, but=".net-scroll") == []
    assert repeated_ids(page) == []


def test_without_javascript_the_still_picture_stays(browser: Browser, shapes: NetworkShapes) -> None:
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.set_content(page_of(shapes))
        expect(page.get_by_alt_text(shapes.alt())).to_be_visible()
