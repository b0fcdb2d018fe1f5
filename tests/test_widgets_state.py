"""What a widget holds and hands out, before any browser: label runs, sentences, splits, and its forms."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

import segedu
from segedu import VOID, Category, Scene
from segedu.widgets import (
    ClassifyDetectSegment,
    SceneViewer,
    ThingStuff,
    answer_sizes,
    answers_at,
    describe,
    tally,
    with_things,
)
from segedu.widgets.page import PageWidget, module
from segedu.widgets.runs import decode_runs, encode_runs
from segedu.widgets.sentences import percent
from segedu.widgets.thing_stuff import notes, verdict
from widget_scenes import random_scene, small_street

WIDGETS = (SceneViewer, ThingStuff, ClassifyDetectSegment)


# ---- label runs


def test_runs_are_pairs_of_label_and_length_in_reading_order() -> None:
    # [[7, 7], [7, 0]] is 7 three times, then 0 once: bytes 7, 3, 0, 1.
    assert base64.b64decode(encode_runs([[7, 7], [7, 0]])) == bytes([7, 3, 0, 1])


def test_large_numbers_take_seven_bits_a_byte_the_lowest_first() -> None:
    # 300 = 2 · 128 + 44: first byte 44 with the high bit set, then 2. The length is 1.
    assert base64.b64decode(encode_runs([[300]])) == bytes([44 | 128, 2, 1])


@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2))
    | hnp.arrays(np.int32, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.integers(0, 2**31 - 1))
)
def test_label_maps_survive_the_round_trip(labels: np.ndarray) -> None:
    np.testing.assert_array_equal(decode_runs(encode_runs(labels), labels.shape), labels)


def test_negative_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="expected integers from 0"):
        encode_runs([[-1]])


@pytest.mark.parametrize(
    ("text", "message"),
    [("AgM=", "expected 4 pixels, got 3"), ("?", "expected base64"), ("gA==", "end in the middle")],
)
def test_broken_runs_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_runs(text, (2, 2))


# ---- sentences


@pytest.mark.parametrize(
    ("row", "col", "sentences"),
    [
        # The middle car of three by instance id; 16 rows × 24 columns.
        (30, 40, ("car", "car, object 2 of 3", "car, instance 5; 384 pixels")),
        # The sky has 28 · 128 pixels, less 4 rows of cars (40 columns) and 2 of the crowd (20 columns): 3,384.
        (0, 0, ("sky", "nothing: sky is stuff, it has no objects", "sky, stuff; 3,384 pixels")),
        # The crowd: 10 rows × 20 columns.
        (
            30,
            110,
            ("person", "person, a crowd: nobody has told its objects apart", "person, crowd; 200 pixels"),
        ),
        (
            63,
            5,
            (
                "nobody labelled this pixel (void)",
                "nothing: nobody labelled this pixel (void)",
                "nobody labelled this pixel (void)",
            ),
        ),
    ],
)
def test_a_pixel_is_read_out_for_each_task(row: int, col: int, sentences: tuple[str, str, str]) -> None:
    said = describe(small_street(), row, col)
    assert (said["semantic"], said["instance"], said["panoptic"]) == sentences


@pytest.mark.parametrize(("row", "col"), [(-1, 0), (0, -1), (64, 0), (0, 128)])
def test_a_pixel_outside_the_scene_is_refused(row: int, col: int) -> None:
    with pytest.raises(IndexError, match=r"expected row 0 to 63, column 0 to 127; got"):
        describe(small_street(), row, col)
    with pytest.raises(IndexError, match=r"expected row 0 to 63, column 0 to 127; got"):
        answers_at(small_street(), row, col)


def test_shares_are_rounded_half_up_and_never_down_to_nothing() -> None:
    # 1/400 = 0.25 % → 0.3 %; 1/2000 = 0.05 % → 0.1 %; 1/2001 is less than 0.05 %; 2/3 = 66.66… %.
    assert [percent(1, 400), percent(1, 2000), percent(1, 2001)] == ["0.3 %", "0.1 %", "< 0.1 %"]
    assert [percent(2, 3), percent(0, 5), percent(5, 5)] == ["66.7 %", "0.0 %", "100.0 %"]


# ---- another split into things and stuff


def test_a_thing_declared_stuff_merges_into_one_segment() -> None:
    # Three cars become one region of 16·16 + 16·24 + 8·16 = 768 pixels.
    merged = with_things(small_street(), ["person"])
    cars = [segment for segment in merged.segments() if merged.categories[segment.label].name == "car"]
    assert [(s.instance, s.isthing, s.area) for s in cars] == [(0, False, 768)]


def test_stuff_declared_a_thing_is_one_crowd_even_in_separate_pieces() -> None:
    scene = with_things(small_street(), ["sky", "car"])
    sky = [segment for segment in scene.segments() if scene.categories[segment.label].name == "sky"]
    assert [(s.instance, s.iscrowd) for s in sky] == [(0, True)]
    assert tally(scene) == {"segments": 6, "objects": 3, "crowds": 1, "object_pixels": 768}


@given(st.integers(0, 10**6), st.data())
def test_a_split_changes_neither_classes_nor_pixels(seed: int, data: st.DataObject) -> None:
    scene = random_scene(seed)
    things = data.draw(st.sets(st.sampled_from([category.name for category in scene.categories])))
    after = with_things(scene, things)
    np.testing.assert_array_equal(after.semantic, scene.semantic)
    np.testing.assert_array_equal(after.image, scene.image)
    assert {category.name for category in after.categories if category.isthing} == things


@given(st.integers(0, 10**6))
def test_the_data_sets_own_split_changes_nothing(seed: int) -> None:
    scene = random_scene(seed)
    assert with_things(scene, [category.name for category in scene.categories if category.isthing]) == scene


def test_a_name_that_is_no_category_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected names among road, sky, person, car; got boat"):
        with_things(small_street(), ["car", "boat"])


def test_the_notes_say_what_becomes_of_each_category() -> None:
    assert notes(small_street(), ["road", "car"]) == [
        "1 crowd: nobody has told its objects apart",
        "1 segment",
        "1 segment",
        "3 objects",
    ]
    assert notes(small_street(), ["person"])[2:] == [
        "1 crowd: nobody has told its objects apart",
        "1 segment: 3 objects merged",
    ]


def test_the_verdict_names_what_differs_from_the_data_set() -> None:
    said = verdict(small_street(), ["car", "sky"])
    assert said == (
        "This data set's things: person and car. "
        "You made sky a thing: nobody has told its objects apart yet. "
        "You made person stuff: no longer anything to count. "
        "The picture is the same; the split is a decision."
    )


# ---- three answers


def test_the_sizes_of_the_answers_are_counted() -> None:
    # 4 categories; 3 cars × 5; 64 · 128 pixels.
    # Changes of class in reading order. Rows 24 and 25, sky|car|sky: 2 · 2. Rows 26 and 27 with the crowd,
    # sky|car|sky|person|sky: 2 · 4. Sky turns into road after row 27: 1. Rows 28 to 35, car and crowd: 8 · 4.
    # Rows 36 to 39, cars: 4 · 2. Rows 44 to 51, the third car: 8 · 2. Void from row 60 on: 1.
    # 70 changes make 71 runs of two numbers each.
    assert answer_sizes(small_street()) == {"labels": 4, "boxes": 15, "label_map": 8192, "runs": 142}


def test_the_run_numbers_restore_the_class_map() -> None:
    scene = random_scene(3)
    numbers = base64.b64decode(encode_runs(scene.semantic))
    assert sum(byte < 128 for byte in numbers) == answer_sizes(scene)["runs"]


def test_a_pixel_is_read_out_for_each_answer() -> None:
    # Row 24 to 39, column 32 on is the second car; the crowd has no box of its own.
    assert answers_at(small_street(), 39, 32) == {
        "labels": "somewhere in the image: road, sky, person, car",
        "boxes": "inside 1 box: car",
        "label_map": "this pixel is car",
    }
    assert answers_at(small_street(), 30, 110)["boxes"] == "inside no box"
    assert answers_at(small_street(), 62, 0)["label_map"] == "nobody labelled this pixel (void)"


def test_overlapping_boxes_all_count() -> None:
    # An L and the pixel in its corner: the box of the L is the whole 2 × 2 image.
    car = Category(1, "car", True, (0, 0, 142))
    scene = Scene(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), int), np.array([[1, 2], [1, 1]]), (car,))
    assert answers_at(scene, 0, 1)["boxes"] == "inside 2 boxes: car, car"


# ---- the forms of a widget


@pytest.mark.parametrize("widget", WIDGETS)
def test_equal_widgets_have_equal_output(widget: type[PageWidget]) -> None:
    one, other = widget(small_street(), pixel=[3, 4]), widget(small_street(), pixel=[3, 4])
    first, second = (made._repr_mimebundle_()[0] for made in (one, other))
    assert {"text/html", "text/plain", "image/png"} < set(first)
    for kind in ("text/html", "text/plain", "image/png"):
        assert first[kind] == second[kind]


@pytest.mark.parametrize("widget", WIDGETS)
def test_output_says_no_address_and_no_random_name(widget: type[PageWidget]) -> None:
    made = widget(small_street())
    output = repr(made) + made.html()
    assert not re.search(r"0x[0-9a-f]{6}", output)
    assert made.model_id not in output


@pytest.mark.parametrize("widget", WIDGETS)
def test_the_page_form_needs_no_network(widget: type[PageWidget]) -> None:
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", widget(small_street()).html()))
    assert addresses <= {"http://www.w3.org"}  # the name space of SVG, which nobody fetches


@pytest.mark.parametrize("widget", WIDGETS)
def test_the_live_form_is_there_too(widget: type[PageWidget]) -> None:
    made = widget(small_street())
    data, metadata = made._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == made.model_id
    assert metadata["image/png"]["alt"] == made.alt()


def test_names_cannot_break_out_of_the_page() -> None:
    scene = small_street()
    evil = replace(scene.categories[0], name="</script><script>alert(1)</script>")
    scene = replace(scene, categories=(evil, *scene.categories[1:]))
    for widget in WIDGETS:
        html = widget(scene).html()
        assert "<script>alert" not in html
        state = re.search(r'data-segedu="state">(.*?)</script>', html, re.DOTALL)
        assert state is not None
        assert json.loads(state[1])["data"]["categories"][0]["name"] == evil.name


def test_a_module_that_would_end_its_element_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = SceneViewer(small_street())
    monkeypatch.setattr(viewer, "_css", "</style>")
    with pytest.raises(ValueError, match="must not contain"):
        viewer.html()


@pytest.mark.parametrize("name", ["scene_viewer", "thing_stuff", "classify_detect_segment"])
def test_a_delivered_module_imports_nothing(name: str) -> None:
    assert not re.search(r"^\s*import\b", module(name), re.MULTILINE)


def test_the_repr_shows_the_state() -> None:
    assert repr(ThingStuff(small_street(), things=["sky"], pixel=[1, 2])) == (
        "ThingStuff(Scene(64×128 pixels, 4 categories, 3 instances, 6.2 % void), "
        "caption='', opacity=0.6, pixel=[1, 2], things=['sky'], view='panoptic')"
    )


@pytest.mark.parametrize("widget", WIDGETS)
def test_the_still_figure_is_small_and_described(widget: type[PageWidget]) -> None:
    rng = np.random.default_rng(0)
    street = small_street()
    noise = np.clip(street.image + rng.normal(0, 12, street.image.shape), 0, 255).astype(np.uint8)
    large = [
        np.kron(a, np.ones((8, 8, *[1] * (a.ndim - 2)), a.dtype))
        for a in (noise, street.semantic, street.instance)
    ]
    made = widget(Scene(*large, street.categories))  # 512 × 1024
    png = made.static()
    assert len(png) <= 120_000
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        assert picture.width >= 350
    assert "car" in made.alt()


def test_the_description_counts_what_each_task_tells_apart() -> None:
    # Road, sky, person, car; three cars; two stuff regions, a crowd and three cars.
    assert SceneViewer(small_street()).alt() == (
        "A labelled scene: sky 41 %, road 41 %; 3 cars, a crowd of people; 6 % not labelled. "
        "Semantic segmentation tells 4 classes apart, instance segmentation 3 objects, "
        "panoptic segmentation 6 segments."
    )


def test_a_small_image_reaches_the_page_unchanged() -> None:
    # 32 × 64 pixels: BMP, which loses nothing.
    street = small_street()
    scene = Scene(
        street.image[::2, ::2], street.semantic[::2, ::2], street.instance[::2, ::2], street.categories
    )
    kind, data = SceneViewer(scene).data["image"].split(",")
    assert kind == "data:image/bmp;base64"
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), scene.image)


def test_a_wide_image_is_made_narrower() -> None:
    scene = Scene(np.zeros((4, 3000, 3), np.uint8), np.zeros((4, 3000), int), np.zeros((4, 3000), int),
                  small_street().categories)  # fmt: skip
    data = SceneViewer(scene).data
    picture = Image.open(io.BytesIO(base64.b64decode(data["image"].split(",")[1])))
    assert (picture.width, data["size"]) == (1024, [4, 3000])


# ---- the state is checked


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pixel": [0, 128]}, "column 0 to 127; got"),
        ({"pixel": [1]}, r"expected \[row, column\] or None"),
        ({"selected": 7}, "expected a segment 1 to 6 or None, got 7"),
        ({"view": "depth"}, "view"),
        ({"opacity": 1.5}, "opacity"),
    ],
)
def test_a_wrong_state_is_refused(change: dict, message: str) -> None:
    viewer = SceneViewer(small_street())
    with pytest.raises(traitlets.TraitError, match=message):
        viewer.set_trait(*next(iter(change.items())))
    with pytest.raises(traitlets.TraitError, match=message):
        SceneViewer(small_street(), **change)


def test_things_are_kept_in_the_order_of_the_categories() -> None:
    widget = ThingStuff(small_street())
    widget.things = ["car", "sky"]
    assert widget.things == ["sky", "car"]
    with pytest.raises(traitlets.TraitError, match="got boat"):
        widget.things = ["boat"]


def test_a_widget_wants_a_scene() -> None:
    with pytest.raises(TypeError, match=r"expected a segedu\.Scene, got ndarray"):
        SceneViewer(np.zeros((2, 2)))


def test_observers_hear_of_changes() -> None:
    viewer, heard = SceneViewer(small_street()), []
    viewer.observe(lambda change: heard.append((change["name"], change["new"])), ["view", "pixel"])
    viewer.view, viewer.pixel = "semantic", (3, 4)
    assert heard == [("view", "semantic"), ("pixel", [3, 4])]


def test_a_scene_of_nothing_but_void_has_every_form() -> None:
    scene = Scene(
        np.zeros((5, 5, 3), np.uint8), np.full((5, 5), VOID), np.zeros((5, 5), int), small_street().categories
    )
    for widget in WIDGETS:
        assert widget(scene)._repr_mimebundle_()


def test_segedu_alone_loads_no_widgets() -> None:
    code = (
        "import sys, segedu; print([m for m in ('ipywidgets', 'anywidget', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert not hasattr(segedu, "SceneViewer")
