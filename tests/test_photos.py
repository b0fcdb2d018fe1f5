"""The photographs: what is labelled, that the labels fit, and that nothing else slips in unnoticed."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import data, filters
from skimage.color import rgb2lab
from skimage.segmentation import watershed

import segedu
from segedu import VOID, photos
from segedu.masks import mask_iou
from segedu.photos import make_labels, outlines, stored
from segedu.photos.snap import curve, snap

# From looking at the photographs: size, stuff, things with their number of objects.
CONTENT = {
    "astronaut": (
        (512, 512),
        {"backdrop", "table"},
        {"flag": 1, "model": 1, "person": 1, "helmet": 1},
    ),
    "camera": ((512, 512), {"sky", "skyline", "grass"}, {"person": 1, "tripod": 1, "camera": 1}),
    "chelsea": ((300, 451), {"background"}, {"cat": 1}),
    "chelsea_parts": ((300, 451), {"background", "fur"}, {"eye": 2, "nose": 1}),
    "coffee": ((400, 600), {"floor", "table", "coffee"}, {"saucer": 1, "cup": 1, "spoon": 1}),
    "coins": ((303, 384), {"background"}, {"coin": 24}),
}
# Objects that something nearer cuts into pieces. The spoon's handle passes behind the cup, which also leaves
# a triangle of saucer between itself and the spoon. The tripod crosses the man, and camera and strap his hands.
PIECES = {("coffee", "spoon"): 2, ("coffee", "saucer"): 2, ("camera", "person"): 5}
# Black corners of the plate; a white heap on the lawn; a patch that may be the cat's shoulder or a cushion.
LARGEST_VOID = {"coins": 0.002, "camera": 0.001, "chelsea": 0.046, "chelsea_parts": 0.046}

every_name = pytest.mark.parametrize("name", sorted(CONTENT))


@pytest.fixture(scope="module")
def scenes() -> dict[str, segedu.Scene]:
    return {name: photos.load(name) for name in photos.names()}


def colour_gradient(image: np.ndarray) -> np.ndarray:
    lab = rgb2lab(image)
    channels = [ndimage.gaussian_gradient_magnitude(lab[..., c], 1) for c in range(3)]
    return np.sqrt(sum(channel**2 for channel in channels))


def borders(ids: np.ndarray) -> np.ndarray:
    """Pixels with a 4-neighbour in another segment, at least five pixels away from void."""
    border = np.zeros(ids.shape, bool)
    for here, there in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differ = ids[here] != ids[there]
        border[here] |= differ
        border[there] |= differ
    return border & ~ndimage.binary_dilation(ids == 0, iterations=5)


def test_names_are_sorted_and_complete() -> None:
    assert photos.names() == sorted(CONTENT)


@every_name
def test_categories_and_objects_are_those_one_sees(scenes, name) -> None:
    size, stuff, things = CONTENT[name]
    scene = scenes[name]
    assert scene.size == size
    assert {c.name for c in scene.categories if not c.isthing} == stuff
    labels = scene.masks()[1].tolist()
    counted = {c.name: labels.count(k) for k, c in enumerate(scene.categories) if c.isthing}
    assert counted == things


@every_name
def test_every_category_has_pixels_and_no_thing_is_a_crowd(scenes, name) -> None:
    segments = scenes[name].segments()
    assert {s.label for s in segments} == set(range(len(scenes[name].categories)))
    assert not any(s.iscrowd for s in segments)
    assert min(s.area for s in segments) >= 400  # the smallest object is a coin with a radius above 18


@every_name
def test_objects_are_in_one_piece_unless_something_nearer_cuts_them(scenes, name) -> None:
    scene = scenes[name]
    masks, labels = scene.masks()
    for mask, label in zip(masks, labels, strict=True):
        pieces = ndimage.label(mask, np.ones((3, 3)))[1]
        assert pieces == PIECES.get((name, scene.categories[label].name), 1)


@every_name
def test_no_segment_has_specks(scenes, name) -> None:
    ids = scenes[name].segment_ids()
    for value in np.unique(ids):
        patches = ndimage.label(ids == value)[0]
        assert np.bincount(patches.ravel())[1:].min() >= 12


@every_name
def test_void_stays_small(scenes, name) -> None:
    assert np.mean(scenes[name].semantic == VOID) <= LARGEST_VOID.get(name, 0)


def test_coins_lie_in_four_rows_of_six(scenes) -> None:
    masks, _ = scenes["coins"].masks()
    centres = np.array([ndimage.center_of_mass(mask) for mask in masks])
    rows = centres[np.argsort(centres[:, 0]), 0].reshape(4, 6)
    assert (rows.min(axis=1)[1:] - rows.max(axis=1)[:-1] > 40).all()  # between rows there is a coin's width


def test_coins_agree_with_a_watershed_of_the_photograph(scenes) -> None:
    """Another method, no hand-drawn circle: flood the gradient from sure background and sure coin."""
    scene = scenes["coins"]
    gray = scene.image[..., 0]
    sure = np.where(gray < 30, 1, 0) + np.where(gray > 150, 2, 0)
    flooded = ndimage.binary_fill_holes(watershed(filters.sobel(gray), sure) == 2)
    patches, count = ndimage.label(flooded)
    found = np.stack([patches == k for k in range(1, count + 1) if (patches == k).sum() > 400])
    iou = mask_iou(found, scene.masks()[0])
    assert len(found) == 24
    assert iou.max(axis=0).min() > 0.85
    assert np.median(iou.max(axis=0)) > 0.95


def test_both_labellings_of_the_cat_share_image_and_outline(scenes) -> None:
    cat, parts = scenes["chelsea"], scenes["chelsea_parts"]
    np.testing.assert_array_equal(cat.image, parts.image)
    np.testing.assert_array_equal(cat.semantic == VOID, parts.semantic == VOID)
    np.testing.assert_array_equal(cat.semantic == 1, np.isin(parts.semantic, (1, 2, 3)))


@every_name
def test_colour_changes_at_borders_and_not_beside_them(scenes, name) -> None:
    ids = scenes[name].segment_ids()
    border, gradient = borders(ids), colour_gradient(scenes[name].image)
    distance = np.round(ndimage.distance_transform_edt(~border))
    distance[ndimage.binary_dilation(ids == 0, iterations=5)] = -1
    on, one, two, four = (gradient[distance == d].mean() for d in (0, 1, 2, 4))
    assert on > one > two > four
    # The cat is mostly out of focus, and her fur is full of edges of its own.
    assert on > (1.8 if name.startswith("chelsea") else 3.5) * four


# The cat's outline runs upright, so moving it up or down says little.
MOVES = [
    (name, move)
    for name, move in itertools.product(sorted(CONTENT), ((0, 2), (0, -2), (2, 0), (-2, 0)))
    if move[0] == 0 or name != "chelsea"
]


@pytest.mark.parametrize(("name", "move"), MOVES)
def test_labels_moved_by_two_pixels_fit_worse(scenes, name, move) -> None:
    ids, gradient = scenes[name].segment_ids(), colour_gradient(scenes[name].image)
    moved = np.roll(ids, move, axis=(0, 1))
    inside = np.s_[3:-3, 3:-3]  # what was rolled in at the other side does not count
    fit, worse = (gradient[inside][borders(labels)[inside]].mean() for labels in (ids, moved))
    assert worse < 0.9 * fit


@every_name
def test_most_border_pixels_have_an_edge_within_one_pixel(scenes, name) -> None:
    """An edge: a ridge of the gradient across its own direction, and above the median of the image."""
    lab = rgb2lab(scenes[name].image)
    edges = np.zeros(lab.shape[:2], bool)
    for channel in np.moveaxis(lab, 2, 0):
        gy, gx = (ndimage.gaussian_filter(channel, 1, order=order) for order in ((1, 0), (0, 1)))
        strength = np.hypot(gy, gx)
        uy, ux = gy / (strength + 1e-9), gx / (strength + 1e-9)
        y, x = np.mgrid[: lab.shape[0], : lab.shape[1]]
        sides = [ndimage.map_coordinates(strength, [y + s * uy, x + s * ux], order=1) for s in (1, -1)]
        edges |= (strength >= sides[0]) & (strength >= sides[1]) & (strength > np.median(strength))
    near = ndimage.distance_transform_edt(~edges) <= 1
    border = borders(scenes[name].segment_ids())
    assert near[border].mean() > 0.9


@every_name
def test_label_files_are_small_and_their_segments_do_not_overlap(scenes, name) -> None:
    file = stored.resources.files("segedu.photos") / f"{name}.json"
    assert len(file.read_bytes()) < 12_000
    segments = json.loads(file.read_text("utf-8"))["segments"]
    cover = sum(stored.rle_decode(s["rle"]).astype(int) for s in segments)
    assert cover.max() == 1
    np.testing.assert_array_equal(cover == 0, scenes[name].semantic == VOID)


def test_the_script_makes_the_stored_labels(capsys) -> None:
    assert make_labels.main(["--check"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CONTENT)


def test_the_check_sees_a_changed_segment_and_a_changed_category() -> None:
    made = make_labels.make("chelsea")
    assert make_labels.agreement(made, made) == 1
    moved = json.loads(json.dumps(made))
    cat = np.roll(stored.rle_decode(made["segments"][1]["rle"]), 8, axis=1)
    moved["segments"][1]["rle"] = make_labels._text_rle(cat)
    assert make_labels.agreement(made, moved) < make_labels.AGREEMENT
    moved = json.loads(json.dumps(made))
    moved["categories"][1]["name"] = "dog"
    assert make_labels.agreement(made, moved) == 0


def test_the_script_refuses_unknown_names(capsys) -> None:
    with pytest.raises(SystemExit):
        make_labels.main(["dog"])
    assert "expected names out of coins" in capsys.readouterr().err


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    for read in (photos.load, photos.credit):
        with pytest.raises(ValueError, match=r"expected one of astronaut, camera, .* got 'dog'"):
            read("dog")
    with pytest.raises(ValueError, match="expected one of"):
        photos.load("../photos/coins")


def test_a_photograph_that_scikit_image_lacks_is_named(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(stored, "data_folder", lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match=r"expected coins\.png in .* does not carry it.*pip install"):
        photos.load("coins")


def test_scikit_image_itself_missing_is_said(monkeypatch) -> None:
    monkeypatch.setattr(stored.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="expected scikit-image to be installed"):
        photos.load("coins")


def test_a_photograph_with_one_other_pixel_is_refused(monkeypatch, tmp_path) -> None:
    pixels = stored.read_pixels(stored.data_folder() / "coins.png").copy()
    pixels[150, 200, 1] ^= 1
    Image.fromarray(pixels).save(tmp_path / "coins.png")
    monkeypatch.setattr(stored, "data_folder", lambda: tmp_path)
    with pytest.raises(ValueError, match=r"expected the pixels of coins\.png that were labelled"):
        photos.load("coins")


@every_name
def test_credits_say_what_scikit_image_says(name) -> None:
    credit = photos.credit(name)
    function = credit.source.rpartition(".")[2]
    said = " ".join(getattr(data, function).__doc__.replace("Stefan", "Stéfan").split())
    assert credit.author.partition(",")[0] in said
    assert all(term in said.replace("released into the ", "") for term in credit.terms.split(", "))
    assert str(credit).startswith(f"{credit.title}. {credit.author}. {credit.terms}.")


# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
VISION = {
    "all cones": np.eye(3),
    "no red cones": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "no green cones": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "no blue cones": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}


@every_name
@pytest.mark.parametrize("vision", VISION)
def test_colours_stay_apart_for_every_eye(scenes, name, vision) -> None:
    srgb = np.array([c.color for c in scenes[name].categories]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(VISION[vision]).T, 0, 1)
    srgb = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = rgb2lab(srgb[None])[0]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(lab, 2)) > 25


def test_loading_the_module_imports_neither_scikit_image_nor_matplotlib() -> None:
    code = "import sys; from segedu import photos; photos.load('coins'); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'PIL.Image'" in done.stdout
    assert "'skimage'" not in done.stdout
    assert "'matplotlib'" not in done.stdout


def disk(radius: float, *, bright: float = 80) -> np.ndarray:
    y, x = np.mgrid[:64, :64] + 0.5
    lab = np.zeros((64, 64, 3))
    lab[..., 0] = np.where(np.hypot(x - 32, y - 32) < radius, bright, 40)
    return lab


def circle(radius: float) -> list[tuple[float, float]]:
    return [(32 + radius * np.cos(a), 32 + radius * np.sin(a)) for a in np.arange(12) * np.pi / 6]


@pytest.mark.parametrize("radius", [15, 17.5, 20, 22.3])
@pytest.mark.parametrize("error", [-2.5, -1, 0, 1, 2.5])
def test_an_outline_finds_a_disk_to_a_fraction_of_a_pixel(radius, error) -> None:
    """The disk of whole pixels has the radius of the circle of equal area."""
    lab = disk(radius)
    true = np.sqrt((lab[..., 0] == 80).sum() / np.pi)
    found = np.hypot(*(snap(lab, circle(radius + error), reach=3) - 32).T)
    assert abs(found.mean() - true) < 0.3
    assert np.abs(found - true).max() < 0.8


def test_an_outline_without_reach_stays_as_drawn() -> None:
    np.testing.assert_array_equal(snap(disk(20), circle(18), reach=0), curve(circle(18)))


def test_an_outline_moves_no_further_than_its_reach() -> None:
    found = np.hypot(*(snap(disk(20), circle(17), reach=1) - 32).T)
    assert found.max() <= 18 + 1e-6


def test_an_outline_told_to_hold_something_dark_ignores_a_bright_disk() -> None:
    """Brighter outside, at 23, is what it looks for; the bright disk ends at 18. Drawn between them, at 21."""
    lab = disk(18)
    y, x = np.mgrid[:64, :64] + 0.5
    lab[..., 0] += 30 * (np.hypot(x - 32, y - 32) > 23)
    for side, radius in (("bright", 18), ("dark", 23)):
        found = np.hypot(*(snap(lab, circle(21), reach=3.5, side=side) - 32).T)
        assert abs(found.mean() - radius) < 0.5


def test_the_direction_of_drawing_does_not_matter() -> None:
    clockwise = snap(disk(20), circle(21))
    back = snap(disk(20), circle(21)[::-1])
    assert abs(np.hypot(*(clockwise - 32).T).mean() - np.hypot(*(back - 32).T).mean()) < 0.02


def test_wrong_outlines_are_refused() -> None:
    with pytest.raises(ValueError, match="at least three different"):
        curve([(0, 0), (5, 5), (0, 0)])
    with pytest.raises(ValueError, match="side to be one of"):
        snap(disk(20), circle(20), side="left")
    with pytest.raises(ValueError, match="could not convert"):
        outlines.points("3,four", reach=1)
