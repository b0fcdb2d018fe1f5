"""PanopticFusion, the widget: the page fuses as segedu.fusion does, and scores as segedu.metrics does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import traitlets
from playwright.sync_api import Browser, Page, expect

from segedu import VOID, Instances, Scene
from segedu.widgets import PanopticFusion
from segedu.widgets.page import module
from segedu.widgets.sentences import score
from widget_pages import DESK, PHONE, Open, loaded, over_the_edge, page_of, repeated_ids, violations
from widget_scenes import random_scene, small_street

CAR = 2


def answers(target: Scene, seed: int = 0, n: int = 12) -> tuple[np.ndarray, Instances]:
    """A noisy semantic answer, and objects that overlap: blocks of things, some without a pixel."""
    rng = np.random.default_rng(seed)
    classes = len(target.categories)
    semantic = np.where(
        rng.random(target.size) < 0.1, rng.choice([*range(classes), VOID], target.size), target.semantic
    )
    things = [label for label, category in enumerate(target.categories) if category.isthing]
    n = n if things else 0
    masks = np.zeros((n, *target.size), bool)
    for mask in masks:
        top, left = (int(rng.integers(side)) for side in target.size)
        mask[top : top + int(rng.integers(0, 20)), left : left + int(rng.integers(0, 30))] = True
    scores = rng.choice([0.1, 0.45, 0.5, 0.8, 0.8, 0.95], n)
    return semantic, Instances(masks, rng.choice(things, n) if n else [], scores)


def street_widget(**state: object) -> PanopticFusion:
    """The street's own objects and labels; the first car twice, the second time two columns to the right."""
    target = small_street()
    truth = Instances.from_scene(target)
    objects = ~truth.crowd
    masks = np.concatenate([truth.masks[objects], np.roll(truth.masks[:1], 2, axis=2)])
    labels = [*truth.labels[objects], truth.labels[0]]
    scores = [0.9, 0.7, 0.6, 0.5][: len(labels)]
    return PanopticFusion(target, target.semantic.astype(int), Instances(masks, labels, scores), **state)


# ---- the state


def test_the_second_answer_for_a_car_goes_until_overlap_is_allowed() -> None:
    widget = street_widget()
    # Its 16 columns, two to the right: 14 lie on the first car, the other 2 on the second one: all are taken.
    assert int(widget.fused.instance.max()) == 3
    widget.max_overlap = 1.0
    assert int(widget.fused.instance.max()) == 3
    widget.min_score = 0.95
    assert int(widget.fused.instance.max()) == 0


def test_scores_have_two_decimals_and_thresholds_compare_with_these() -> None:
    target = small_street()
    mask = np.zeros((1, *target.size), bool)
    mask[0, :3, :3] = True
    widget = PanopticFusion(
        target, target.semantic.astype(int), Instances(mask, [CAR], [0.4961]), min_score=0.5
    )
    assert widget.data["objects"][0]["score"] == 0.5
    assert widget.fused.instance.max() == 1


def test_what_does_not_fit_is_refused() -> None:
    target = small_street()
    semantic, instances = answers(target)
    with pytest.raises(ValueError, match=r"semantic: expected class indices of shape \(64, 128\).*argmax"):
        PanopticFusion(target, np.zeros((4, 64, 128)), instances)
    with pytest.raises(ValueError, match="at most 60 objects for a page, got 61; leave out"):
        PanopticFusion(target, semantic, answers(target, n=61)[1])
    with pytest.raises(ValueError, match=r"instances: expected segedu\.Instances, got list"):
        PanopticFusion(target, semantic, [])
    with pytest.raises(TypeError, match=r"expected a segedu\.Scene, got ndarray"):
        PanopticFusion(semantic, semantic, instances)
    with pytest.raises(traitlets.TraitError, match="selected: expected 0 to 11 or None, got 12"):
        PanopticFusion(target, semantic, instances).selected = 12


def test_the_page_form_is_deterministic_and_needs_no_network() -> None:
    one, other = (street_widget().html() for _ in range(2))
    assert one == other
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", one)) <= {"http://www.w3.org"}
    assert not re.search(r"^\s*import\b", module("panoptic_rule", "panoptic_fusion"), re.MULTILINE)


def test_the_still_figure_is_small_and_described() -> None:
    widget = street_widget()
    data, metadata = widget._repr_mimebundle_()
    assert len(widget.static()) < 60_000
    assert metadata["image/png"]["alt"] == widget.alt()
    assert f"panoptic quality {score(widget.quality.pq)}." in widget.alt()
    assert data["text/plain"] == repr(widget)


# ---- the functions of the page


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "panoptic_rule", "panoptic_fusion") as page:
        yield page


FUSE = """([data, thresholds]) => {
  const pixels = data.size[0] * data.size[1];
  const objects = data.objects.map((one) => ({ ...one, mask: m.decodeRuns(one.runs, pixels) }));
  const result = m.fuse(m.decodeRuns(data.semantic, pixels), objects, thresholds, data.categories);
  const target = { ids: m.decodeRuns(data.runs, pixels), segments: data.segments };
  const scored = m.qualities(m.matchSegments(result, target), result, target, data.categories);
  return { ids: [...result.ids], segments: result.segments, pq: scored.all.pq, fates: result.fates };
}"""


def test_the_page_fuses_and_scores_as_python_does(functions: Page) -> None:
    fates = set()
    for seed in range(60):
        target = random_scene(seed)
        rng = np.random.default_rng(seed)
        widget = PanopticFusion(
            target,
            *answers(target, seed),
            min_score=float(rng.choice([0.0, 0.45, 0.5, 0.95])),
            max_overlap=float(rng.choice([0.0, 0.3, 0.5, 1.0])),
            min_stuff_area=int(rng.choice([0, 1, 50, 400])),
        )
        thresholds = {
            "minScore": widget.min_score,
            "maxOverlap": widget.max_overlap,
            "minStuffArea": widget.min_stuff_area,
        }
        made = functions.evaluate(FUSE, [widget.data, thresholds])
        fused = widget.fused
        assert made["ids"] == fused.segment_ids().ravel().tolist()
        assert [one["label"] for one in made["segments"]] == [s.label for s in fused.segments()]
        expected = widget.quality.pq
        assert made["pq"] is None if np.isnan(expected) else made["pq"] == pytest.approx(expected, abs=1e-12)
        fates |= {fate["verdict"] for fate in made["fates"]}
    assert fates == {"kept", "unsure", "covered", "empty"}  # the cases have all of them


def test_a_fate_is_said_in_words(functions: Page) -> None:
    said = functions.evaluate(
        "(fates) => fates.map(m.fateSentence)",
        [
            {"verdict": "unsure", "area": 8, "taken": None},
            {"verdict": "empty", "area": 0, "taken": 0},
            {"verdict": "covered", "area": 8, "taken": 5},
            {"verdict": "kept", "area": 8, "taken": 1},
            {"verdict": "kept", "area": 8, "taken": 0},
        ],
    )
    # 5/8 is 62.5 %, 1/8 is 12.5 %: halves are rounded up.
    assert said == ["below the score", "no pixels", "63 % taken: goes", "stays, 13 % taken", "stays"]


# ---- in the page


def assert_shows(page: Page, widget: PanopticFusion) -> None:
    """The page tells the PQ and the number of objects that Python has for these thresholds."""
    kept, quality = int(widget.fused.instance.max()), widget.quality
    expect(page.locator(".pf-verdict")).to_contain_text(f"{kept} of {len(widget.instances)} objects")
    expect(page.locator(".pf-verdict")).to_contain_text(f"PQ {quality.pq:.3f}")
    expect(page.locator(".pf-scores tr").last).to_contain_text(f"{quality.pq:.3f}")
    expect(page.locator("tr[data-object]:not(.gone)")).to_have_count(kept)


def test_thresholds_move_segments_and_quality(open_page: Open) -> None:
    page, widget = open_page(street_widget()), street_widget()
    assert_shows(page, widget)
    page.get_by_role("slider", name="Least score").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    widget.min_score = 0.75
    assert_shows(page, widget)
    # Two of three cars are missed now.
    expect(page.locator(".pf-verdict")).to_contain_text("since the start")
    expect(page.locator("p[role=status]")).to_contain_text("1 of 4 objects stays.")
    page.get_by_role("slider", name="Least stuff area").press("End")
    widget.min_stuff_area = 5000
    assert_shows(page, widget)
    expect(page.locator(".pf-stuff .pf-fate").first).to_have_text("too small: void")


def test_an_object_is_outlined_by_mouse_and_by_keyboard(open_page: Open) -> None:
    page = open_page(street_widget(caption="A caption."))
    outline = page.locator("[data-board=fused] .outline")
    expect(outline).to_have_attribute("d", "")
    page.get_by_role("button", name="car 3").click()
    # The third car: rows 44 to 51, columns 80 to 95.
    expect(outline).to_have_attribute("d", "M80 44H96M80 52H96M80 44V52M96 44V52")
    page.keyboard.press("Enter")
    expect(outline).to_have_attribute("d", "")


# ---- the page as a whole


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(open_page: Open, theme: str) -> None:
    page = open_page(street_widget(min_stuff_area=2000, selected=1), theme=theme, **DESK)
    assert violations(page) == []
    assert repeated_ids(page) == []


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_runs_over_the_edge_of_a_phone(open_page: Open, width: int) -> None:
    page = open_page(street_widget(), **{**PHONE, "viewport": {"width": width, "height": 800}})
    assert over_the_edge(page, but="svg, .unseen, .layers") == []
    assert violations(page) == []


def test_without_javascript_the_still_picture_stays(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "still.html"
    widget = street_widget()
    path.write_text(page_of(widget), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        expect(page.locator("figure img")).to_have_attribute("alt", widget.alt())
        expect(page.locator("figure img")).to_be_visible()
