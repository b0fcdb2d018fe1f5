"""What the tests of the built pages share: one fresh build, served on localhost, and a browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import bookfiles
import browser as real_browser


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
