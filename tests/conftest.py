"""What the tests of pages share: one fresh build of the book, served on localhost, a browser, bare pages."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import bookfiles
import browser as real_browser
from segedu.widgets.page import PageWidget
from widget_pages import Open, shown


@pytest.fixture(scope="session")
def book_html() -> Path:
    """Folder of the built pages: the one that ``$SEGEDU_HTML`` names, else a fresh build."""
    named = os.environ.get("SEGEDU_HTML")
    return Path(named).resolve() if named else bookfiles.build()


@pytest.fixture(scope="session")
def site(book_html: Path) -> Iterator[str]:
    """Address of the built book on localhost, without a slash at the end."""
    with real_browser.served(book_html) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser, for one module: its event loop must be gone when a notebook starts its kernel."""
    with real_browser.chromium() as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open widgets in a page of their own; every such page must stay silent and reach nothing."""
    records: list[real_browser.Record] = []
    with ExitStack() as stack:

        def open_page(*widgets: PageWidget, **context: object) -> Page:
            page, record = stack.enter_context(shown(browser, tmp_path, *widgets, **context))
            records.append(record)
            return page

        yield open_page
        for record in records:
            assert record.errors == []
            assert record.left_the_machine == []
