"""Proposals, the widget: its boxes and what is left of them are those of segedu.models.detection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from playwright.sync_api import Browser, Page, expect
from torchvision import ops

from segedu import masks
from segedu.widgets import Proposals
from segedu.widgets.page import module
from segedu.widgets.sentences import plural
from widget_pages import DESK, PHONE, Open, loaded, over_the_edge, page_of, repeated_ids, violations
from widget_scenes import small_street


def answers(seed: int = 0, n: int = 260) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Anchors in and around the small street, half of them near an object; scores with ties; small moves."""
    rng = np.random.default_rng(seed)
    objects = masks.boxes(small_street().masks()[0])
    near = objects[rng.integers(len(objects), size=n // 2)] + rng.normal(0, 3, (n // 2, 4))
    near = np.sort(near.reshape(-1, 2, 2), axis=1).reshape(-1, 4)  # left ≤ right, top ≤ bottom
    corner = rng.uniform(-10, 120, (n - n // 2, 2))
    anywhere = np.concatenate([corner, corner + rng.uniform(4, 40, (n - n // 2, 2))], axis=1)
    return np.concatenate([near, anywhere]), rng.random(n).round(2), rng.normal(0, 0.2, (n, 4))


def a_widget(seed: int = 0, **state: Any) -> Proposals:
    return Proposals(small_street(), *answers(seed), **state)


def sentence(widget: Proposals) -> str:
    """What the page says of the last step, with the counts that Python has."""
    boxes, scores = torch.from_numpy(widget.boxes), torch.from_numpy(widget.scores[: widget.top])
    left = len(ops.nms(boxes, scores, widget.iou_threshold))
    kept = len(widget.kept)
    surest = "surest one" if kept == 1 else f"surest {kept}"
    return (
        f"{plural(widget.top - left, 'box', 'boxes')} struck out, {left} left, the {surest} kept. "
        f"{widget.found} of 3 objects found: with a proposal of an IoU of at least 0.5."
    )


# ---- the state


def test_only_the_surest_two_hundred_are_looked_at() -> None:
    anchors, scores, deltas = answers()
    widget = Proposals(small_street(), anchors, scores, deltas)
    assert widget.top == len(widget.scores) == 200
    assert widget.scores.tolist() == sorted(scores.tolist(), reverse=True)[:200]
    # Of equal scores the earlier comes first.
    first = np.flatnonzero(scores == scores.max())[0]
    assert widget.anchors[0].tolist() == anchors[first].round(3).tolist()


def test_an_object_is_found_by_an_iou_of_one_half() -> None:
    street = small_street()
    # The third car fills rows 44 to 51, columns 80 to 95: 16 × 8. Half of it, 8 × 8, has an IoU of exactly ½.
    half, less = [80, 44, 88, 52], [80, 44, 87.9, 52]
    assert Proposals(street, [half], [0.9], np.zeros((1, 4))).found == 1
    assert Proposals(street, [less], [0.9], np.zeros((1, 4))).found == 0


def test_what_does_not_fit_is_refused() -> None:
    street = small_street()
    anchors, scores, deltas = answers()
    with pytest.raises(ValueError, match=r"scores: expected finite numbers of shape \(260,\).*got \(259,\)"):
        Proposals(street, anchors, scores[1:], deltas)
    with pytest.raises(ValueError, match=r"anchors: .* at least one row, got \(0, 4\)"):
        Proposals(street, anchors[:0], scores[:0], deltas[:0])
    with pytest.raises(ValueError, match="anchors: expected left ≤ right and top ≤ bottom in every row"):
        Proposals(street, anchors[:, [2, 1, 0, 3]], scores, deltas)
    with pytest.raises(ValueError, match="deltas: expected finite numbers"):
        Proposals(street, anchors, scores, deltas * np.nan)
    with pytest.raises(TypeError, match=r"expected a segedu\.Scene, got ndarray"):
        Proposals(anchors, anchors, scores, deltas)
    widget = Proposals(street, anchors[:5], scores[:5], deltas[:5])
    with pytest.raises(traitlets.TraitError, match="top: expected at most 5, got 6"):
        widget.top = 6
    with pytest.raises(traitlets.TraitError, match="selected: expected at most 4, got 5"):
        widget.selected = 5


def test_the_page_form_is_deterministic_and_needs_no_network() -> None:
    one, other = (a_widget().html() for _ in range(2))
    assert one == other
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", one)) <= {"http://www.w3.org"}
    assert not re.search(r"^\s*import\b", module("proposals"), re.MULTILINE)


def test_the_still_figures_are_small_and_described() -> None:
    widget = a_widget(step="suppressed")
    data, metadata = widget._repr_mimebundle_()
    assert len(widget.static()) < 120_000
    assert metadata["image/png"]["alt"] == widget.alt()
    assert f"They find {widget.found} of 3 objects." in widget.alt()
    assert data["text/plain"] == repr(widget)


# ---- the functions of the page


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Iterator[Page]:
    with loaded(browser, "proposals") as page:
        yield page


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.7, 1.0])
def test_the_page_moves_and_suppresses_as_python_does(functions: Page, threshold: float) -> None:
    found = set()
    for seed in range(12):
        widget = a_widget(seed, iou_threshold=threshold, top=50 + 10 * seed, keep=5 + 4 * seed)
        choices = {"top": widget.top, "threshold": threshold, "keep": widget.keep}
        made = functions.evaluate("([data, choices]) => m.propose(data, choices)", [widget.data, choices])
        np.testing.assert_allclose(made["boxes"], widget.boxes, rtol=0, atol=1e-9)
        assert made["kept"] == widget.kept.tolist()
        assert made["found"] == widget.found
        found.add(made["found"])
    assert found - {0}


def test_a_side_grows_by_62_and_a_half_at_most(functions: Page) -> None:
    box = functions.evaluate("m.moveAnchor([4990, 0, 5006, 16], [0, 0, 99, 0], [100, 10000])")
    assert box[2] - box[0] == pytest.approx(1000)


def test_a_struck_box_names_the_one_that_struck_it(functions: Page) -> None:
    # A chain: 0 strikes out 1 (IoU 3/5), which would have struck out 2; 3 is a copy of 2.
    boxes = [[0, 0, 4, 1], [1, 0, 5, 1], [2, 0, 6, 1], [2, 0, 6, 1], [9, 9, 9, 9], [9, 9, 9, 9]]
    assert functions.evaluate("(boxes) => m.suppress(boxes, 0.5)", boxes) == [0, 0, 2, 2, 4, 5]


# ---- in the page


def test_the_steps_and_the_thresholds_are_those_of_python(open_page: Open) -> None:
    page, widget = open_page(a_widget()), a_widget()
    said = page.locator(".pr-sentence")
    expect(said).to_contain_text("The 200 anchors of which the network is surest")
    page.get_by_role("radio", name="2 Moved").check()
    expect(said).to_contain_text("moved and stretched")
    page.get_by_role("radio", name="3 Suppressed").check()
    expect(said).to_have_text(sentence(widget))
    slider = page.get_by_role("slider", name="Struck out above an IoU of")
    for _ in range(6):
        slider.press("ArrowLeft")
    widget.iou_threshold = 0.4
    expect(said).to_have_text(sentence(widget))
    page.get_by_role("slider", name="Proposals kept").press("Home")
    widget.keep = 1
    expect(said).to_have_text(sentence(widget))
    expect(page.locator("p[role=status]")).to_have_text(sentence(widget))
    expect(page.locator(".pr-table tbody tr")).to_have_count(1)


def test_a_proposal_shows_whom_it_struck_out(open_page: Open) -> None:
    page, widget = open_page(a_widget(iou_threshold=0.3)), a_widget(iou_threshold=0.3)
    page.get_by_role("button", name="Proposal 1").click()
    expect(page.get_by_role("radio", name="3 Suppressed")).to_be_checked()
    left, top, right, bottom = widget.boxes[0]
    drawn = page.locator(".pr-chosen").get_attribute("d") or ""
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", drawn)]
    assert numbers == pytest.approx([left, top, right, bottom, left])
    ious = masks.box_iou(widget.boxes[:1], widget.boxes)[0]
    struck = int((ious > 0.3).sum()) - 1
    expect(page.locator(".pr-table tr.on td").nth(2)).to_have_text(str(struck))
    victims = page.locator(".pr-victims").get_attribute("d") or ""
    assert victims.count("M") == struck
    page.keyboard.press("Enter")  # the focus has stayed on the button
    expect(page.locator(".pr-chosen")).to_have_attribute("d", "")


# ---- the page as a whole


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(open_page: Open, theme: str) -> None:
    page = open_page(a_widget(step="suppressed", selected=0, caption="A caption."), theme=theme, **DESK)
    assert violations(page) == []
    assert repeated_ids(page) == []


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_runs_over_the_edge_of_a_phone(open_page: Open, width: int) -> None:
    page = open_page(a_widget(), **{**PHONE, "viewport": {"width": width, "height": 800}})
    assert over_the_edge(page, but="svg, .unseen, .layers") == []
    assert violations(page) == []


def test_without_javascript_the_still_picture_stays(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "still.html"
    widget = a_widget()
    path.write_text(page_of(widget), encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as visitor:
        page = visitor.new_page()
        page.goto(path.as_uri())
        expect(page.locator("figure img")).to_have_attribute("alt", widget.alt())
        expect(page.locator("figure img")).to_be_visible()
