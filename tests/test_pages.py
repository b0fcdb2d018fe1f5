"""The built pages in a real browser that reaches nothing else: silent, accessible, light, usable on a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page

from bookfiles import pages
from browser import Record, opened

PAGES = [*pages(), "search"]
VIEWS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1400, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1400, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "has_touch": True},
}
WCAG_21_AA = {
    "preload": False,  # axe would fetch style sheets a second time, some from a wrong address
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],  # no list of what is right
}
OWN_BYTES = 1_500_000  # the HTML of a page and the pictures that it shows
SHARED_BYTES = 2_500_000  # style, fonts and scripts, the same for all pages: theme 1.0 MB, MathJax 1.2 MB


OPEN_ALL = """
  for (const box of document.querySelectorAll("details")) box.open = true;
  for (const box of document.querySelectorAll(".toggle-hidden")) box.classList.remove("toggle-hidden");
"""
# Chapters have thousands of coloured words of code, and axe looks at each. One of a colour will do.
ONE_OF_A_COLOUR = """
  const seen = new Set(), more = [];
  for (const word of document.querySelectorAll(".highlight pre span")) {
    const ground = getComputedStyle(word.closest(".highlight")).backgroundColor;
    const { color, backgroundColor, fontWeight, opacity } = getComputedStyle(word);
    const kind = [ground, color, backgroundColor, fontWeight, opacity].join();
    if (seen.has(kind)) more.push(word);
    seen.add(kind);
  }
  for (const word of more) word.replaceWith(...word.childNodes);
"""
AT_REST = "() => document.getAnimations().every((animation) => animation.playState !== 'running')"
NAMELESS = "[...document.images].filter((image) => !image.alt.trim()).map((image) => image.outerHTML)"


@dataclass(frozen=True)
class Visit:
    """What was seen while one page was open."""

    left_the_machine: list[str]
    errors: list[str]
    own_bytes: int
    shared_bytes: int
    width: int
    theme: str
    nameless_pictures: list[str]
    violations: list[str]


Visitor = Callable[[str, str], Visit]


@pytest.fixture(scope="module")
def visit(browser: Browser, site: str) -> Visitor:
    """Open a page in one of the views, once; what was seen."""

    @cache
    def visit(page: str, view: str) -> Visit:
        with opened(browser, f"{site}/{page}.html", site=site, **VIEWS[view]) as (tab, record):
            return look_at(tab, record)

    return visit


def look_at(tab: Page, record: Record) -> Visit:
    errors, own, shared = list(record.errors), 0, 0
    for response in record.responses:
        size = int(response.headers.get("content-length", 0))
        if "/_static/" in response.url or response.url.endswith("searchindex.js"):
            shared += size
        else:
            own += size
    width = tab.evaluate("document.documentElement.scrollWidth")
    tab.evaluate(OPEN_ALL)
    tab.evaluate(ONE_OF_A_COLOUR)
    tab.wait_for_function(AT_REST)  # what is fading in has too little contrast for a moment
    found = Axe().run(tab, options=WCAG_21_AA).response["violations"]
    return Visit(
        left_the_machine=record.left_the_machine,
        errors=errors,
        own_bytes=own,
        shared_bytes=shared,
        width=width,
        theme=tab.evaluate("document.documentElement.dataset.theme"),
        nameless_pictures=tab.evaluate(NAMELESS),
        violations=[
            f"{rule['id']}: {node['failureSummary']} {node['html'][:200]}"
            for rule in found
            for node in rule["nodes"]
        ],
    )


@pytest.mark.parametrize("page", PAGES)
def test_no_request_leaves_the_machine(visit: Visitor, page: str) -> None:
    assert visit(page, "light").left_the_machine == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reports_no_error(visit: Visitor, page: str) -> None:
    assert visit(page, "light").errors == []


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("page", PAGES)
def test_no_rule_of_accessibility_is_broken(visit: Visitor, page: str, view: str) -> None:
    assert visit(page, view).violations == []


def test_a_word_of_code_that_is_too_pale_is_found(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}/book/11_fcn.html", site=site, **VIEWS["light"]) as (tab, record):
        tab.add_style_tag(content=".highlight .k { color: #ccc !important }")
        pale = [found for found in look_at(tab, record).violations if found.startswith("color-contrast")]
    assert pale
    assert all('class="k"' in found for found in pale)


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_says_what_it_shows(visit: Visitor, page: str) -> None:
    assert visit(page, "light").nameless_pictures == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_light(visit: Visitor, page: str) -> None:
    seen = visit(page, "light")
    assert seen.own_bytes <= OWN_BYTES
    assert seen.shared_bytes <= SHARED_BYTES


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_a_phone(visit: Visitor, page: str) -> None:
    assert visit(page, "phone").width <= 390


def test_a_wide_figure_can_be_read_on_a_phone(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}/book/11_fcn.html", site=site, **VIEWS["phone"]) as (tab, _):
        tab.wait_for_selector(".wide-figure[tabindex='0'] > img")  # by keyboard, too
        figures = tab.query_selector_all(".wide-figure > img")
        assert min(figure.bounding_box()["width"] for figure in figures) >= 600


@pytest.mark.parametrize(("view", "theme"), [("light", "light"), ("dark", "dark")])
def test_a_page_is_as_dark_as_the_readers_system(visit: Visitor, view: str, theme: str) -> None:
    assert visit(PAGES[0], view).theme == theme


def test_search_finds_a_word_without_a_network(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}/search.html?q=segmentation", site=site) as (tab, record):
        tab.wait_for_selector("#search-results li a", timeout=10_000)
        assert record.left_the_machine == []


def test_the_first_page_opens_from_the_folder_too(browser: Browser, book_html: Path) -> None:
    with opened(browser, f"{book_html.as_uri()}/index.html", site="file://") as (tab, record):
        tab.wait_for_selector("article h1", timeout=10_000)
        assert record.left_the_machine == []
        assert record.errors == []


@pytest.fixture(scope="module")
def soups(book_html: Path) -> dict[Path, BeautifulSoup]:
    """Path of every page → its parsed HTML."""
    paths = [book_html / f"{page}.html" for page in PAGES]
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in paths}


@pytest.mark.parametrize("page", PAGES)
def test_every_internal_link_arrives(book_html: Path, soups: dict[Path, BeautifulSoup], page: str) -> None:
    here = book_html / f"{page}.html"
    targets = [tag[name] for name in ("href", "src") for tag in soups[here].find_all(attrs={name: True})]
    lost = [target for target in targets if not arrives(target, here, soups)]
    assert lost == []
    assert targets != []


def arrives(target: str, here: Path, soups: dict[Path, BeautifulSoup]) -> bool:
    """Whether a link of the page `here` ends at a file of the book, and at an element of it if it names one."""
    address = urlsplit(target)
    if address.scheme or address.netloc or target == "#":
        return True  # another host, or a button
    there = (here.parent / unquote(address.path)).resolve() if address.path else here
    if not there.is_file():
        return False
    return not address.fragment or there not in soups or bool(soups[there].find(id=unquote(address.fragment)))


def test_the_root_of_the_site_leads_to_the_first_page(book_html: Path) -> None:
    index = (book_html / "index.html").read_text(encoding="utf-8")
    assert f"url={PAGES[0]}.html" in index


def test_the_list_of_common_mistakes_is_complete(book_html: Path, soups: dict[Path, BeautifulSoup]) -> None:
    boxes = [
        box.select_one(".admonition-title").get_text().removeprefix("Common mistake: ")
        for page in PAGES
        for box in soups[book_html / f"{page}.html"].select(".admonition.common-mistake")
    ]
    listed = soups[book_html / "book/common_mistakes.html"].select("ul.common-mistakes ul a")
    assert [link.get_text() for link in listed] == boxes
