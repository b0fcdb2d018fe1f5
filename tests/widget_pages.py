"""Widgets in a bare page, opened from a file in a real browser that can reach nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from browser import Record, opened
from segedu.widgets.page import PageWidget, module

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 900, "height": 900}}
Open = Callable[..., Page]
"""What the fixture ``open_page`` gives: widgets, ``theme`` and a context to a page that is at rest."""


def page_of(*widgets: PageWidget, theme: str = "light") -> str:
    """A whole HTML page with some widgets, in the theme of the book's pages."""
    ground, ink = {"light": ("#ffffff", "#202020"), "dark": ("#121212", "#e0e0e0")}[theme]
    parts = "\n".join(widget.html() for widget in widgets)
    return (
        f'<!doctype html>\n<html lang="en" data-theme="{theme}">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Widgets</title></head>\n'
        f'<body style="margin: 0; background: {ground}">'
        f'<main style="max-width: 48rem; margin: 0 auto; padding: 0.5rem">'
        f'<h1 style="color: {ink}">Widgets</h1>\n{parts}\n</main></body>\n</html>\n'
    )


@contextmanager
def shown(
    browser: Browser, folder: Path, *widgets: PageWidget, theme: str = "light", **context: Any
) -> Iterator[tuple[Page, Record]]:
    """Open a page with some widgets from a file, and wait until all of them work."""
    path = folder / f"{theme}.html"
    path.write_text(page_of(*widgets, theme=theme), encoding="utf-8")
    with opened(browser, path.as_uri(), site="file://", **context) as (page, record):
        page.wait_for_function(f"document.querySelectorAll('[data-ready]').length === {len(widgets)}")
        yield page, record


@contextmanager
def loaded(browser: Browser, *names: str) -> Iterator[Page]:
    """A blank page that holds a module, made of some files by name, as ``window.m``, to call its functions."""
    with browser.new_context() as visitor:
        page = visitor.new_page()
        page.evaluate(
            """async (source) => {
                 const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
                 window.m = await import(url);
               }""",
            module(*names),
        )
        yield page


def violations(page: Page) -> list[str]:
    """What breaks a rule of accessibility, as axe finds it."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def repeated_ids(page: Page) -> list[str]:
    """Ids that more than one element has: labels would point at the wrong one."""
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    return sorted({name for name in ids if ids.count(name) > 1})


def over_the_edge(page: Page, *, but: str) -> list[str]:
    """Parts of widgets that reach beyond their widget, or the page if it scrolls sideways.

    `but` selects what may: what is cut off or scrolls inside a frame of its own.
    """
    return page.evaluate(
        """(but) => {
             const right = (node) => node.getBoundingClientRect().right;
             const over = [...document.querySelectorAll(".segedu *")]
               .filter((node) => !node.closest(but) && right(node) > right(node.closest(".segedu")))
               .map((node) => node.outerHTML.slice(0, 100));
             const { scrollWidth, clientWidth } = document.documentElement;
             return scrollWidth > clientWidth ? [`the page: ${scrollWidth} > ${clientWidth}`, ...over] : over;
           }""",
        but,
    )
