"""Pictures show the labels they were made from, colours stay apart, figures leave no trace."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.colors import to_rgb
from skimage.color import rgb2lab

from segedu import VOID, Category, Scene, plot

ROAD = Category(0, "road", isthing=False, color=(128, 64, 128))
SKY = Category(1, "sky", isthing=False, color=(70, 130, 180))
CAR = Category(2, "car", isthing=True, color=(0, 0, 142))
PERSON = Category(3, "person", isthing=True, color=(220, 20, 60))
TRUCK = Category(4, "truck", isthing=True, color=(0, 0, 70))
POLE = Category(5, "pole", isthing=True, color=(153, 153, 153))
CATEGORIES = (ROAD, SKY, CAR, PERSON, TRUCK, POLE)


def crowded(seed, size=(80, 160), objects=60):
    """Discs of all kinds on top of each other on a road under the sky, some void, a crowd."""
    rng = np.random.default_rng(seed)
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    semantic, instance = np.where(rows < height // 3, 1, 0), np.zeros(size, int)
    for number in range(1, objects + 1):
        disc = np.hypot(rows - rng.integers(height), columns - rng.integers(width)) < rng.integers(4, 14)
        semantic[disc], instance[disc] = rng.integers(2, 6), number
    semantic[:10, :20], instance[:10, :20] = VOID, 0
    semantic[-12:, -24:], instance[-12:, -24:] = 3, 0
    image = rng.integers(0, 256, (*size, 3)).astype(np.uint8)
    return Scene(image, semantic, instance, CATEGORIES)


def touching(ids):
    """Pairs of segment ids that share a side, the smaller first."""
    pairs = [np.stack([ids[:, :-1], ids[:, 1:]], -1), np.stack([ids[:-1], ids[1:]], -1)]
    flat = np.concatenate([pair.reshape(-1, 2) for pair in pairs])
    return np.unique(np.sort(flat[(flat[:, 0] != flat[:, 1]) & flat.all(axis=1)], axis=1), axis=0)


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


@pytest.mark.parametrize("seed", range(6))
def test_objects_have_colors_of_their_own(seed):
    scene = crowded(seed)
    colors = plot.segment_colors(scene)
    assert colors.shape == (len(scene.segments()), 3)
    assert colors.dtype == np.uint8
    objects = colors[[segment.instance > 0 for segment in scene.segments()]]
    assert len(np.unique(objects, axis=0)) == len(objects) > 30


@pytest.mark.parametrize("seed", range(6))
def test_objects_stand_out_from_what_they_touch(seed):
    scene = crowded(seed)
    segments, lab = scene.segments(), rgb2lab(plot.segment_colors(scene)[None] / 255)[0]
    distances = [
        np.linalg.norm(lab[one] - lab[other])
        for one, other in touching(scene.segment_ids()) - 1
        if segments[one].instance or segments[other].instance
    ]
    assert len(distances) > 50
    # CIE 1976: 2.3 is just noticeable, 10 is seen at a glance.
    assert min(distances) > 15


@pytest.mark.parametrize("missing", ["red", "green"])
def test_objects_stand_out_for_readers_without_red_or_green_cones(missing):
    # Viénot, Brettel and Mollon 1999, in linear RGB: another model than the one the colours were chosen by.
    kept = {
        "red": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
        "green": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
    }[missing]
    for seed in range(4):
        scene = crowded(seed)
        rgb = plot.segment_colors(scene) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ np.transpose(kept)
        seen = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clip(0) ** (1 / 2.4) - 0.055)
        lab, segments = rgb2lab(seen.clip(0, 1)[None])[0], scene.segments()
        for one, other in touching(scene.segment_ids()) - 1:
            if segments[one].instance or segments[other].instance:
                assert np.linalg.norm(lab[one] - lab[other]) > 7


def test_stuff_crowds_and_only_children_keep_the_color_of_their_category():
    scene = Scene(
        image=np.zeros((2, 4, 3), np.uint8),
        semantic=np.array([[0, 0, 2, 2], [0, 1, 3, 3]]),
        instance=np.array([[0, 0, 9, 9], [0, 0, 0, 0]]),
        categories=CATEGORIES,
    )
    expected = [ROAD.color, SKY.color, CAR.color, PERSON.color]  # road, sky, one car, a crowd of persons
    assert plot.segment_colors(scene).tolist() == [list(color) for color in expected]


def test_objects_keep_the_hue_of_their_category():
    scene = crowded(0)
    for segment, (red, _, blue) in zip(scene.segments(), plot.segment_colors(scene).tolist(), strict=True):
        # Whatever the shade, a car is bluer than red, and a person redder than blue.
        if scene.categories[segment.label] == CAR:
            assert blue > red
        if scene.categories[segment.label] == PERSON:
            assert red > blue


def test_the_same_scene_has_the_same_colors():
    scene = crowded(1)
    again = pickle.loads(pickle.dumps(scene))
    np.testing.assert_array_equal(plot.segment_colors(scene), plot.segment_colors(again))


def test_colors_depend_on_labels_only():
    scene = crowded(1)
    dark = replace(scene, image=np.zeros_like(scene.image))
    np.testing.assert_array_equal(plot.segment_colors(scene), plot.segment_colors(dark))


def test_400_objects_of_one_category_have_400_colors():
    ids = np.arange(400).reshape(20, 20) + 1
    scene = Scene(np.zeros((20, 20, 3), np.uint8), np.full((20, 20), 2), ids, CATEGORIES)
    assert len(np.unique(plot.segment_colors(scene), axis=0)) == 400


def test_a_scene_of_void_has_no_colors_and_all_pictures():
    scene = Scene(np.zeros((4, 5, 3), np.uint8), np.full((4, 5), VOID), np.zeros((4, 5), int), CATEGORIES)
    assert plot.segment_colors(scene).shape == (0, 3)
    for picture in (plot.semantic_image(scene), plot.instance_image(scene), plot.panoptic_image(scene)):
        assert picture.shape == (4, 5, 3)


def test_the_semantic_picture_has_the_colors_of_the_classes():
    scene = crowded(2)
    picture = plot.semantic_image(scene)
    for index, category in enumerate(CATEGORIES):
        assert (picture[scene.semantic == index] == category.color).all()


def test_the_panoptic_picture_has_the_colors_of_the_segments():
    scene = crowded(2)
    picture, colors = plot.panoptic_image(scene), plot.segment_colors(scene)
    for segment in scene.segments():
        if not segment.iscrowd:
            assert (picture[scene.segment_ids() == segment.id] == colors[segment.id - 1]).all()


def test_the_instance_picture_shows_objects_and_veils_the_rest():
    scene = crowded(2)
    picture, colors = plot.instance_image(scene), plot.segment_colors(scene)
    for segment in scene.segments():
        shown = picture[scene.segment_ids() == segment.id]
        if segment.instance:
            assert (shown == colors[segment.id - 1]).all()
        elif not segment.isthing:
            assert (shown == plot.VEIL_COLOR).all()
    assert (picture[scene.semantic == VOID] == plot.VEIL_COLOR).all()


@pytest.mark.parametrize("paint", [plot.semantic_image, plot.panoptic_image])
def test_void_is_hatched_and_like_no_class(paint):
    scene = crowded(3)
    stripes = np.unique(paint(scene)[scene.semantic == VOID], axis=0).tolist()
    # The grey, and three fifths of it: 140, 144, 150 become 84, 86, 90.
    assert stripes == [[84, 86, 90], [140, 144, 150]]
    assert not {tuple(stripe) for stripe in stripes} & {category.color for category in CATEGORIES}


def test_a_crowd_is_hatched_in_the_color_of_its_class():
    scene = crowded(3)
    crowd = (scene.semantic == 3) & (scene.instance == 0)
    for picture in (plot.instance_image(scene), plot.panoptic_image(scene)):
        # (220, 20, 60) and three fifths of it.
        assert np.unique(picture[crowd], axis=0).tolist() == [[132, 12, 36], [220, 20, 60]]


def test_an_overlay_mixes_by_opacity_and_only_where_asked():
    image, colors = np.full((1, 2, 3), 10, np.uint8), np.full((1, 2, 3), 210, np.uint8)
    # 10 + 0.6 · (210 - 10) = 130
    assert (plot.overlay(image, colors) == 130).all()
    assert (plot.overlay(image, colors, opacity=0) == image).all()
    assert (plot.overlay(image, colors, opacity=1) == colors).all()
    there = np.array([[True, False]])
    assert plot.overlay(image, colors, where=there)[0, :, 0].tolist() == [130, 10]


@settings(deadline=None, max_examples=50)
@given(
    hnp.arrays(np.uint8, (2, 3, 3)),
    hnp.arrays(np.uint8, (2, 3, 3)),
    st.floats(0, 1),
)
def test_an_overlay_lies_between_image_and_colors(image, colors, opacity):
    mixed = plot.overlay(image, colors, opacity=opacity)
    assert (np.minimum(image, colors) <= mixed).all()
    assert (mixed <= np.maximum(image, colors)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((2, 2), np.uint8)}, r"image: expected shape \(H, W, 3\)"),
        ({"image": np.zeros((2, 2, 3))}, "image: expected .* dtype uint8"),
        ({"colors": np.zeros((2, 3, 3), np.uint8)}, r"colors: expected shape \(2, 2, 3\) like the image"),
        ({"opacity": 60}, "opacity: expected 0 to 1, got 60"),
        ({"opacity": float("nan")}, "opacity: expected 0 to 1, got nan"),
        ({"where": np.ones((3, 2), bool)}, r"where: expected shape \(2, 2\)"),
        ({"where": np.ones((2, 2))}, "where: .*dtype bool"),
    ],
)
def test_what_cannot_be_laid_over_is_refused(arguments, message):
    black = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(ValueError, match=message):
        plot.overlay(**({"image": black, "colors": black} | arguments))


def test_borders_part_what_differs():
    ids = np.array([[1, 1, 2], [1, 3, 2], [1, 1, 1]])
    # A pixel is marked if the one to its right or below it differs.
    np.testing.assert_array_equal(plot.borders(ids).astype(int), [[0, 1, 0], [1, 1, 1], [0, 0, 0]])


SHOWS = [plot.show_image, plot.show_semantic, plot.show_instance, plot.show_panoptic]


@pytest.mark.parametrize("show", SHOWS)
def test_a_scene_is_drawn_into_given_axes_or_a_new_figure(show):
    scene = crowded(0)
    _, given_axes = plt.subplots()
    assert show(scene, ax=given_axes) is given_axes
    new = show(scene)
    assert new.figure is not given_axes.figure
    for ax in (given_axes, new):
        assert ax.images[0].get_array().shape == (80, 160, 3)
        assert not ax.axison


def test_touching_objects_are_parted_by_a_white_line():
    scene = Scene(
        np.zeros((3, 6, 3), np.uint8), np.full((3, 6), 2), np.array([[1, 1, 1, 2, 2, 2]] * 3), CATEGORIES
    )
    for show, has_border in [
        (plot.show_semantic, False),
        (plot.show_instance, True),
        (plot.show_panoptic, True),
    ]:
        shown = np.asarray(show(scene, opacity=1).images[0].get_array())
        # Both halves are cars: one class, two objects.
        assert (shown[:, 2] == 255).all() == has_border
        assert (shown[:, [1, 4]] != 255).any()


def legend_of(parent):
    """Name and colours of each entry."""
    legend = parent.legends[0] if hasattr(parent, "legends") else parent.get_legend()
    names = [text.get_text() for text in legend.get_texts()]
    patches = {to_rgb(patch.get_facecolor()) for patch in legend.findobj(mpl.patches.Patch)}
    return names, {tuple(round(255 * channel) for channel in patch) for patch in patches}


def test_a_legend_names_what_is_there_the_largest_first_and_void_last():
    scene = Scene(
        image=np.zeros((1, 8, 3), np.uint8),
        semantic=np.array([[2, 2, 2, 0, 0, 0, 0, 255]]),
        instance=np.array([[1, 1, 2, 0, 0, 0, 0, 0]]),
        categories=CATEGORIES,
    )
    names, colors = legend_of(plot.legend(scene, plot.show_panoptic(scene)))
    assert names == ["road", "car", "void"]  # 4 pixels, 3 pixels; sky and persons are not in the scene
    segment_colors = {tuple(color) for color in plot.segment_colors(scene).tolist()}
    assert segment_colors | {plot.VOID_COLOR} <= colors
    names, colors = legend_of(plot.show_semantic(scene, legend=True))
    assert names == ["road", "car", "void"]
    assert {ROAD.color, CAR.color} <= colors
    assert legend_of(plot.show_instance(scene, legend=True))[0] == ["car"]


def test_compare_shows_the_four_views_with_titles_and_one_legend():
    figure = plot.compare(crowded(0))
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == ["Image", "Semantic: classes", "Instance: objects", "Panoptic: both"]
    assert legend_of(figure)[0][-1] == "void"
    assert len(plot.compare(crowded(0), columns=4, legend=False).legends) == 0


def test_compare_refuses_columns_that_do_not_fill():
    with pytest.raises(ValueError, match="columns: expected 1, 2 or 4, got 3"):
        plot.compare(crowded(0), columns=3)


def test_drawing_changes_no_defaults():
    before = dict(mpl.rcParams)
    scene = crowded(0)
    plot.compare(scene)
    for show in SHOWS:
        show(scene)
    plot.legend(scene, plot.show_panoptic(scene, legend=True))
    assert dict(mpl.rcParams) == before


def test_the_book_style_is_set_when_asked_for_and_only_then():
    with mpl.rc_context():
        mpl.rcdefaults()
        plot.use_book_style()
        assert mpl.rcParams["font.size"] == 11
        assert mpl.rcParams["figure.facecolor"] == "white"


def test_figures_stored_in_a_notebook_stay_small():
    # In IPython with the backend of notebooks: a photograph becomes a JPEG, a chart a PNG, each within 120 kB.
    program = """
import json
import numpy as np
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
from segedu import Category, Scene, plot
import matplotlib.pyplot as plt
plot.use_book_style()
noise = np.random.default_rng(0).integers(0, 256, (256, 512, 3)).astype(np.uint8)
road = Category(0, "road", False, (128, 64, 128))
flat = np.zeros((256, 512), int)
figure = plot.compare(Scene(noise, flat, flat, (road,)))
chart, ax = plt.subplots()
ax.plot([1, 2, 3])
for figure in (figure, chart):
    data, _ = shell.display_formatter.format(figure)
    print(json.dumps({kind: len(data[kind]) for kind in data if kind.startswith("image/")}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    photograph, chart = (json.loads(line) for line in done.stdout.splitlines()[-2:])
    assert photograph.keys() == {"image/jpeg"}
    assert chart.keys() == {"image/png"}
    assert max(*photograph.values(), *chart.values()) <= 120_000


def scene_of(shares, counts=None, crowds=(), void=0):
    """A scene with the given pixels of stuff, one pixel for each object and crowd, and void pixels."""
    counts = counts or {}
    names = [*shares, *dict.fromkeys([*counts, *crowds])]
    categories = tuple(
        Category(k, name, isthing=name not in shares, color=(k, k, k)) for k, name in enumerate(names)
    )
    semantic = [names.index(name) for name, pixels in shares.items() for _ in range(pixels)]
    instance = [0] * len(semantic)
    for name, count in counts.items():
        semantic += [names.index(name)] * count
        instance += range(max(instance, default=0) + 1, max(instance, default=0) + 1 + count)
    semantic += [names.index(name) for name in crowds] + [VOID] * void
    instance += [0] * (len(crowds) + void)
    return Scene(
        np.zeros((1, len(semantic), 3), np.uint8), np.array([semantic]), np.array([instance]), categories
    )


def test_alt_text_counts_things_and_measures_stuff():
    # 100 pixels: 50 road, 30 sky, 4 cars, 1 person, a crowd of bicycles of 1 pixel, 14 void.
    scene = scene_of({"sky": 30, "road": 50}, {"car": 4, "person": 1}, ["bicycle"], void=14)
    assert plot.alt_text(scene, subject="A street scene") == (
        "A street scene: road 50 %, sky 30 %; 4 cars, 1 person, a crowd of bicycles; 14 % not labelled."
    )


def test_alt_text_says_nothing_of_what_is_not_there():
    assert plot.alt_text(scene_of({"road": 4})) == "A labelled scene: road 100 %."
    assert plot.alt_text(scene_of({}, {"coin": 24})) == "A labelled scene: 24 coins."


def test_alt_text_never_rounds_something_to_nothing_or_almost_all_to_all():
    # 1 of 1000 pixels is 0.1 %, 999 are 99.9 %.
    assert (
        plot.alt_text(scene_of({"road": 999, "sky": 1})) == "A labelled scene: road over 99 %, sky under 1 %."
    )


@pytest.mark.parametrize(
    ("name", "many"),
    [
        ("car", "2 cars"),
        ("person", "2 people"),
        ("bus", "2 buses"),
        ("traffic sign", "2 traffic signs"),
        ("nucleus", "2 nuclei"),
        ("couch", "2 couches"),
        ("berry", "2 berries"),
        ("toy", "2 toys"),
        ("knife", "2 knives"),
        ("sheep", "2 sheep"),
    ],
)
def test_alt_text_knows_the_plural(name, many):
    assert plot.alt_text(scene_of({}, {name: 2})) == f"A labelled scene: {many}."
