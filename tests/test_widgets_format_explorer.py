"""FormatExplorer: what it says is what stands in the files, and the page says the same, driven by hand."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import traitlets
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from pycocotools import mask as pycocotools

from segedu import NO_INSTANCE, Category, Scene
from segedu.datasets import (
    CityscapesLabel,
    cityscapes_label,
    encode_coco_instances,
    write_cityscapes,
    write_coco_instances,
    write_coco_panoptic,
    write_voc,
)
from segedu.widgets import FormatExplorer, encodings_at
from segedu.widgets.encodings import NO_RUN, run_at, run_sentence
from widget_pages import (
    PHONE,
    Open,
    loaded,
    over_the_edge,
    page_of,
    repeated_ids,
    violations,
)
from widget_scenes import random_scene, small_street

STREET = small_street()
WIDE_DESK = {"viewport": {"width": 1100, "height": 900}}
KEYS = ["voc_class", "voc_object", "label_ids", "train_ids", "instance_ids", "coco_annotation", "coco_run",
        "panoptic", "segments_info"]  # fmt: skip
THINGS = [cityscapes_label(name) for name in ("car", "person", "rider", "bus", "caravan", "bicycle")]
STUFF = [cityscapes_label(name) for name in ("road", "sky", "parking", "terrain", "wall", "pole")]


def any_scene(seed: int) -> tuple[Scene, list[CityscapesLabel]]:
    """A random scene that all four formats can hold, and Cityscapes labels that fit its split."""
    scene = random_scene(seed)
    _, number = np.unique(scene.instance, return_inverse=True)  # 1, 2, …: VOC holds no number above 254
    number = number.reshape(scene.size) + (scene.instance > 0).all()
    labels = [(THINGS if category.isthing else STUFF)[k] for k, category in enumerate(scene.categories)]
    return replace(scene, instance=number), labels


# ---- what it says stands in the files


def numbers(sentence: str) -> list[int]:
    return [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", sentence)]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_said_stands_in_the_files_that_the_writers_write(tmp_path: Path, seed: int) -> None:
    scene, labels = any_scene(seed)
    write_voc([scene], tmp_path, "train", year=None)
    write_cityscapes([scene], tmp_path, "train", labels=labels)
    write_coco_panoptic([scene], tmp_path / "images", tmp_path / "panoptic.json", tmp_path / "panoptic")
    write_coco_instances([scene], tmp_path / "photographs", tmp_path / "instances.json")
    classes = Image.open(tmp_path / "SegmentationClass" / "000000.png")
    objects = Image.open(tmp_path / "SegmentationObject" / "000000.png")
    frame = next((tmp_path / "gtFine").glob("*/*/*_labelIds.png"))
    label_ids = np.asarray(Image.open(frame))
    train_ids = np.asarray(Image.open(frame.with_name(frame.name.replace("labelIds", "labelTrainIds"))))
    instance_ids = np.asarray(Image.open(frame.with_name(frame.name.replace("labelIds", "instanceIds"))))
    colors = np.asarray(Image.open(tmp_path / "panoptic" / "000000000001.png"))
    infos = json.loads((tmp_path / "panoptic.json").read_text("utf-8"))["annotations"][0]["segments_info"]
    listed = json.loads((tmp_path / "instances.json").read_text("utf-8"))["annotations"]

    explorer = FormatExplorer(scene, labels=labels)
    pictures = explorer.data["pictures"]
    ids = scene.segment_ids()
    rng = np.random.default_rng(seed)
    for row, col in zip(*(rng.integers(0, n, 60).tolist() for n in scene.size), strict=True):
        said, place = explorer.describe(row, col), (row, col)
        assert list(said) == [key for key in KEYS if key != "coco_run"] + ["coco_run"]
        assert numbers(said["voc_class"])[0] == np.asarray(classes)[place]
        assert numbers(said["voc_object"])[0] == np.asarray(objects)[place]
        for name, image in (("voc_class", classes), ("voc_object", objects)):
            shown = [int(pictures[name][ids[place]][k : k + 2], 16) for k in (1, 3, 5)]
            assert shown == list(np.asarray(image.convert("RGB"))[place])
        assert numbers(said["label_ids"])[0] == label_ids[place]
        assert numbers(said["train_ids"])[0] == train_ids[place]
        assert numbers(said["instance_ids"])[0] == instance_ids[place]
        *color, red, _, green, _, blue, id = numbers(said["panoptic"])
        assert color == [red, green, blue] == colors[place].tolist()
        info = next((info for info in infos if info["id"] == id), None)
        if info is None:
            assert (id, said["segments_info"]) == (0, "none: id 0 is void")
        else:
            assert numbers(said["segments_info"])[0] == info["category_id"]
            assert numbers(said["segments_info"])[-1] == info["area"]
            assert ("iscrowd" in said["segments_info"]) is bool(info["iscrowd"])
        if said["coco_run"] == NO_RUN:
            assert said["coco_annotation"] == "none: this file lists things only"
        else:
            annotation = listed[numbers(said["coco_annotation"])[0] - 1]
            assert numbers(said["coco_annotation"])[-1] == annotation["area"]
            assert f": {scene.categories[scene.semantic[place]].name}" in said["coco_annotation"]


@pytest.mark.parametrize("seed", range(6))
def test_the_run_is_one_of_pycocotools_and_holds_the_pixel(seed: int) -> None:
    scene, labels = any_scene(seed)
    explorer = FormatExplorer(scene, labels=labels)
    annotations = encode_coco_instances(scene, rle=True)
    height, width = scene.size
    for row, col in np.argwhere(
        np.isin(scene.semantic, [k for k, c in enumerate(scene.categories) if c.isthing])
    ):
        said = explorer.describe(int(row), int(col))
        annotation = annotations[numbers(said["coco_annotation"])[0] - 1]
        place, length, start, first, tall, second, position = numbers(said["coco_run"])
        assert [first, tall, second, position] == [col, height, row, col * height + row]
        rle = pycocotools.frPyObjects(annotation["segmentation"], height, width)
        flat = pycocotools.decode(rle).ravel(order="F")
        assert flat[start : start + length].all()
        assert start <= position < start + length
        assert start == 0 or not flat[start - 1]
        assert start + length == flat.size or not flat[start + length]
        assert place % 2 == 1
        assert (start, length) == (
            sum(annotation["segmentation"]["counts"][:place]),
            annotation["segmentation"]["counts"][place],
        )


def test_a_pixel_is_read_out_file_by_file() -> None:
    # The street's categories: 0 road (7), 1 sky (23), 2 person (24), 3 car (26). The second car is instance 5,
    # the second of its label, so 26001; rows 24 to 39 and columns 32 to 55: 16 · 24 = 384 pixels.
    # As RLE: 32 columns of 64 rows and 24 more are 2,072 zeros; then runs of 16 ones and 48 zeros. Column 40 is
    # the ninth, so its ones are counts[2 · 8 + 1] and begin at 40 · 64 + 24 = 2,584.
    # The colour of car is (0, 0, 142) = 142 · 65,536 = 9,306,112; the second car takes the next id: red is 1.
    assert encodings_at(STREET, 30, 40) == {
        "voc_class": "3: car",
        "voc_object": "5: object",
        "label_ids": "26: car",
        "train_ids": "13",
        "instance_ids": "26001 = 26 · 1000 + 1",
        "coco_annotation": "2: car, area 384",
        "coco_run": "counts[17] = 16 ones from position 2,584 on; the pixel is 40 · 64 + 30 = 2,590",
        "panoptic": "(1, 0, 142): 1 + 256 · 0 + 65,536 · 142 = 9,306,113",
        "segments_info": "category 26, car, area 384",
    }


def test_stuff_crowds_and_void_are_told_apart_where_the_files_do() -> None:
    stuff, crowd, void = (encodings_at(STREET, *pixel) for pixel in ((50, 20), (30, 110), (62, 64)))
    assert [said["voc_class"] for said in (stuff, crowd, void)] == ["0: road", "2: person", "255: void"]
    assert [said["voc_object"] for said in (stuff, crowd, void)] == [
        "0: no object", "0: no object", "255: void"
    ]  # fmt: skip
    assert [said["train_ids"] for said in (stuff, crowd, void)] == ["0", "11", "255: not scored"]
    assert [said["instance_ids"] for said in (stuff, crowd, void)] == [
        "7: the label alone",
        "24: the label alone, a group",
        "0: the label alone",
    ]
    assert crowd["coco_annotation"] == "4: person, iscrowd 1, area 200"  # after three cars
    assert stuff["coco_annotation"] == void["coco_annotation"] == "none: this file lists things only"
    assert stuff["coco_run"] == NO_RUN
    assert void["panoptic"] == "(0, 0, 0): 0 + 256 · 0 + 65,536 · 0 = 0"


@pytest.mark.parametrize(
    ("position", "run"),
    [(0, (1, 0)), (2, (1, 0)), (3, (2, 3)), (6, (4, 6))],  # counts[0] = 0: the first pixel is set
)
def test_a_position_lies_in_one_run(position: int, run: tuple[int, int]) -> None:
    assert run_at([0, 3, 1, 2, 1], position) == run  # three ones, a zero, two ones, a zero


def test_a_scene_that_a_format_cannot_hold_is_refused() -> None:
    many = replace(STREET, instance=np.where(STREET.instance == 5, 300, STREET.instance))
    with pytest.raises(ValueError, match="numbers to 254 for VOC's 8 bits, got 300"):
        FormatExplorer(many)
    coin = Category(0, "coin", True, (0, 0, 0))
    scene = Scene(np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), int), np.ones((1, 1), int), (coin,))
    with pytest.raises(ValueError, match="expected names of Cityscapes' table, got coin"):
        FormatExplorer(scene)
    with pytest.raises(IndexError, match="expected row 0 to 63"):
        FormatExplorer(STREET).describe(64, 0)


# ---- the forms of the widget


def test_equal_widgets_have_equal_output_without_addresses() -> None:
    one, other = (FormatExplorer(STREET, pixel=[3, 4])._repr_mimebundle_()[0] for _ in range(2))
    for kind in ("text/html", "text/plain", "image/png"):
        assert one[kind] == other[kind]
    assert not re.search(r"0x[0-9a-f]{6}", one["text/plain"] + one["text/html"])
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", one["text/html"])) <= {"http://www.w3.org"}


def test_the_repr_shows_the_state() -> None:
    assert repr(FormatExplorer(STREET, pixel=[1, 2], caption="A street.")) == (
        "FormatExplorer(Scene(64×128 pixels, 4 categories, 3 instances, 6.2 % void), "
        "caption='A street.', opacity=0.5, pixel=[1, 2])"
    )
    with pytest.raises(traitlets.TraitError, match="column 0 to 127; got"):
        FormatExplorer(STREET, pixel=[0, 128])


def test_the_still_figure_shows_six_files_and_is_described() -> None:
    explorer = FormatExplorer(STREET)
    png = explorer.static()
    assert len(png) <= 120_000
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.width >= 700
        found = {tuple(color) for color in np.asarray(picture.convert("RGB")).reshape(-1, 3).tolist()}
    # VOC's colour of void, (224, 224, 192), is in its files only.
    assert min(sum(abs(a - b) for a, b in zip(color, (224, 224, 192), strict=True)) for color in found) < 24
    assert "4 COCO annotations" in explorer.alt()


def test_a_scene_without_void_and_one_of_nothing_else_have_every_form() -> None:
    for semantic in (0, 255):
        scene = Scene(
            np.zeros((5, 5, 3), np.uint8),
            np.full((5, 5), semantic),
            np.full((5, 5), NO_INSTANCE),
            STREET.categories,
        )
        assert FormatExplorer(scene)._repr_mimebundle_()
        assert FormatExplorer(scene).describe(4, 4)["coco_run"] == NO_RUN


# ---- the page's own functions


@pytest.fixture(scope="module")
def explorer_js(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "format_explorer") as page:
        yield page


def test_the_page_says_of_every_pixel_what_python_says(explorer_js: Page) -> None:
    for seed in range(20):
        scene, labels = any_scene(seed)
        explorer = FormatExplorer(scene, labels=labels)
        height, width = scene.size
        said = explorer_js.evaluate(
            """(data) => {
                 const [height, width] = data.size;
                 const ids = m.decodeRuns(data.runs, height * width);
                 return [...ids].map((id, p) => m.valuesAt(data, id, [Math.floor(p / width), p % width]));
               }""",
            explorer.data,
        )
        for p in np.random.default_rng(0).integers(0, height * width, 50).tolist():
            assert said[p] == explorer.describe(p // width, p % width)


def test_the_page_finds_the_run_that_python_finds(explorer_js: Page) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        counts = [int(n) for n in rng.integers(1, 9, 11)]
        counts[0] = int(rng.integers(0, 2))
        found = explorer_js.evaluate(
            "(c) => [...Array(c.reduce((a, b) => a + b)).keys()].map((p) => m.runAt(c, p))", counts
        )
        assert found == [list(run_at(counts, position)) for position in range(sum(counts))]
        assert explorer_js.evaluate("(c) => m.runSentence(c, [1, 2], 5)", counts) == run_sentence(
            counts, 1, 2, 5
        )
    asked = "() => { try { m.runAt([2, 3], 5); } catch (error) { return error.message; } }"
    assert explorer_js.evaluate(asked) == "position: expected less than 5, got 5"


def test_the_strip_is_the_mask_between_two_positions(explorer_js: Page) -> None:
    # Two zeros, three ones, four zeros, one one; from 3 to 9: two ones (the run began at 2) and four zeros.
    pieces = explorer_js.evaluate("() => m.strip([2, 3, 4, 1], 3, 9)")
    assert [(p["place"], p["start"], p["length"]) for p in pieces] == [(1, 3, 2), (2, 5, 4)]
    assert explorer_js.evaluate("() => m.strip([0, 3], 0, 3).map((p) => [p.place, p.length])") == [[1, 3]]


# ---- in a page, by mouse, keyboard and finger


def spot(picture: Locator, row: int, col: int) -> dict[str, float]:
    box, (height, width) = picture.bounding_box(), STREET.size
    assert box is not None
    return {"x": (col + 0.5) / width * box["width"], "y": (row + 0.5) / height * box["height"]}


def read(page: Page) -> dict[str, str]:
    return {
        node.get_attribute("data-value") or "": node.inner_text() for node in page.locator("[data-value]").all()
    }


PIXELS = [(30, 20), (39, 40), (48, 90), (3, 70), (31, 110), (50, 20), (62, 64)]  # cars, sky, crowd, road, void


def test_the_mouse_reads_out_what_python_says(open_page: Open) -> None:
    explorer = FormatExplorer(STREET)
    page = open_page(explorer)
    picture = page.locator(".picture")
    for row, col in PIXELS:
        picture.hover(position=spot(picture, row, col))
        assert read(page) == explorer.describe(row, col)
        expect(page.locator(".where")).to_have_text(f"Pixel in row {row}, column {col}")


@pytest.mark.parametrize(
    "name", ["voc_class", "voc_object", "label_ids", "instance_ids", "coco_annotation", "panoptic"]
)
def test_each_file_is_painted_as_python_says_and_can_be_pointed_at(open_page: Open, name: str) -> None:
    explorer = FormatExplorer(STREET)
    page = open_page(explorer)
    canvas = page.locator(f"[data-picture={name}] canvas")
    painted = canvas.evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    colors = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in explorer.data["pictures"][name]])
    np.testing.assert_array_equal(
        np.array(painted, np.uint8).reshape(*STREET.size, 4)[..., :3], colors[STREET.segment_ids()]
    )
    thumb = page.locator(f"[data-picture={name}] .thumb")
    thumb.scroll_into_view_if_needed()
    thumb.hover(position=spot(thumb, 30, 40))
    assert read(page) == explorer.describe(30, 40)
    # The second car is outlined everywhere: rows 24 to 39, columns 32 to 55.
    outlines = {node.get_attribute("d") for node in page.locator("path.outline").all()}
    assert outlines == {"M32 24H56M32 40H56M32 24V40M56 24V40"}
    expect(page.locator(".thumb.pointed")).to_have_count(6)


def test_the_keyboard_reads_out_what_python_says(open_page: Open) -> None:
    explorer = FormatExplorer(STREET)
    page = open_page(explorer)
    page.keyboard.press("Tab")
    row, col = 32, 64  # the first key shows the cursor in the middle
    for key, d_row, d_col in [("ArrowUp", 0, 0), ("Shift+ArrowLeft", 0, -10), ("Shift+ArrowLeft", 0, -10),
                              ("ArrowDown", 1, 0), ("Home", 0, -44)]:  # fmt: skip
        page.keyboard.press(key)
        row, col = row + d_row, col + d_col
        assert read(page) == explorer.describe(row, col)


def test_a_finger_reads_out_what_python_says(open_page: Open) -> None:
    explorer = FormatExplorer(STREET)
    page = open_page(explorer, **PHONE)
    picture = page.locator(".picture")
    for row, col in PIXELS[:4]:
        picture.tap(position=spot(picture, row, col))
        assert read(page) == explorer.describe(row, col)


def test_a_screen_reader_hears_all_files_together(open_page: Open) -> None:
    explorer = FormatExplorer(STREET)
    page = open_page(explorer)
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowUp")
    said = explorer.describe(32, 64)
    names = ["SegmentationClass", "SegmentationObject", "labelIds", "labelTrainIds", "instanceIds",
             "annotation", "run", "PNG", "segments_info"]  # fmt: skip
    heard = " ".join(f"{name} {said[key]}." for name, key in zip(names, KEYS, strict=True))
    expect(page.locator("p[role=status]")).to_have_text(heard)


def test_the_strip_shows_the_run_under_the_needle(open_page: Open) -> None:
    # Two columns of 64 around position 2,590: from 2,526 to 2,654. Column 40 begins at 2,560, 41 at 2,624. The
    # ones of columns 39 to 41 begin at 24 of each: 2,520 (cut off at 2,526, ends 2,536), 2,584 and 2,648.
    page = open_page(FormatExplorer(STREET, pixel=[30, 40]))
    pieces = page.locator(".runs .zeros, .runs .ones").all()
    kinds = [(piece.get_attribute("class") or "").split() for piece in pieces]
    assert kinds == [["ones"], ["zeros"], ["ones", "here"], ["zeros"], ["ones"]]
    widths = [piece.evaluate("(node) => parseFloat(node.style.width)") for piece in pieces]
    assert widths == pytest.approx([100 * n / 128 for n in (10, 48, 16, 48, 6)], abs=0.01)
    expect(page.locator(".runs .here")).to_have_text("16")
    expect(page.locator(".runs .column")).to_have_count(2)
    picture = page.locator(".picture")
    picture.hover(position=spot(picture, 50, 20))  # road: no annotation, no strip
    expect(page.locator(".runs > *")).to_have_count(0)


def test_the_slider_changes_the_opacity_of_the_labels(open_page: Open) -> None:
    page = open_page(FormatExplorer(STREET, opacity=0.5))
    page.get_by_role("slider", name="Label opacity").press("ArrowRight")
    expect(page.locator("output")).to_have_text("55 %")
    opacity = "getComputedStyle(document.querySelector('canvas.labels')).opacity"
    assert float(page.evaluate(opacity)) == pytest.approx(0.55)


def test_names_cannot_break_out_of_the_page(open_page: Open) -> None:
    evil = replace(STREET.categories[0], name="</script><script>alert(1)</script>")
    scene = replace(STREET, categories=(evil, *STREET.categories[1:]))
    labels = [cityscapes_label(name) for name in ("road", "sky", "person", "car")]
    explorer = FormatExplorer(scene, labels=labels, pixel=[50, 20])
    assert read(open_page(explorer))["voc_class"] == f"0: {evil.name}"


def test_without_javascript_the_still_picture_stays(browser: Browser, tmp_path: Path) -> None:
    explorer = FormatExplorer(STREET)
    path = tmp_path / "still.html"
    path.write_text(page_of(explorer), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        picture = page.locator("figure img")
        expect(picture).to_be_visible()
        assert picture.get_attribute("alt") == explorer.alt()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("context", [WIDE_DESK, PHONE], ids=["desk", "phone"])
def test_no_rule_of_accessibility_is_broken(open_page: Open, theme: str, context: dict) -> None:
    page = open_page(
        FormatExplorer(STREET, pixel=[30, 40], caption="A street."),
        FormatExplorer(STREET, pixel=[62, 64]),
        FormatExplorer(STREET),
        theme=theme,
        **context,
    )
    assert violations(page) == []
    assert repeated_ids(page) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_over_the_edge(open_page: Open, width: int) -> None:
    page = open_page(FormatExplorer(STREET, pixel=[30, 40]), viewport={"width": width, "height": 844})
    assert over_the_edge(page, but=".layers, .unseen") == []
