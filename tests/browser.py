"""A real browser for the tests: find it, serve the built book on localhost, open pages with the network cut.

``python tests/browser.py`` looks for the browser and says where it is, or what to install.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, Route, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MATHS_SET = "() => !window.MathJax?.startup?.promise || window.MathJax.startup.promise.then(() => true)"
MISSING = """\
No browser was found, and the tests open the built pages in a real one. Do one of these:
  - install the distribution's package: apt install chromium (Debian), apt install chromium-browser (Ubuntu),
    dnf install chromium (Fedora), brew install --cask chromium (macOS), or Google Chrome;
  - run: python -m playwright install --with-deps chromium
  - name a Chromium or Chrome that is there already: CHROMIUM=/path/to/it make test"""


def find() -> str:
    """Path of a Chromium or Chrome: ``$CHROMIUM``, one on the PATH, or Playwright's own (downloaded at need).

    Raises
    ------
    RuntimeError
        If there is none. The message says what to install.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        if shutil.which(named):
            return named
        raise RuntimeError(f"CHROMIUM={named} is no program that can be run.\n{MISSING}")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or _playwrights_own()


def _playwrights_own() -> str:
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if not Path(own).exists():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], timeout=600)
    if not Path(own).exists():
        raise RuntimeError(MISSING)
    return own


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing: a missing file shows up as an error in the page's console."""


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """Serve a folder on a free port of localhost; yields its address, without a slash at the end."""
    handler = functools.partial(_Quiet, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Record:
    """What a page did while it was open."""

    left_the_machine: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, url: str, *, site: str, **context: Any) -> Iterator[tuple[Page, Record]]:
    """Open a page that can reach nothing but `site`, wait until it is at rest, and record what it does.

    `context` goes to Playwright's ``new_context``, for instance ``color_scheme="dark"`` or ``viewport=...``.
    """
    record = Record()

    def gate(route: Route, request: Request) -> None:
        if request.url.startswith((site + "/", "data:", "blob:")):
            route.continue_()
        else:
            record.left_the_machine.append(request.url)
            route.abort()

    def note_error(line: ConsoleMessage) -> None:
        record.errors.append(f"{line.text} ({line.location['url']})")

    with browser.new_context(**context) as visitor:
        visitor.route("**/*", gate)
        page = visitor.new_page()
        page.on("pageerror", lambda error: record.errors.append(str(error)))
        page.on("console", lambda line: note_error(line) if line.type == "error" else None)
        page.on("response", lambda response: record.responses.append(response))
        page.goto(url, wait_until="networkidle")
        # MathJax typesets once the page has loaded; without it there is nothing to wait for.
        page.wait_for_function(MATHS_SET)
        yield page, record


if __name__ == "__main__":
    try:
        print(f"The pages will be opened in {find()}")
    except RuntimeError as missing:
        sys.exit(str(missing))
