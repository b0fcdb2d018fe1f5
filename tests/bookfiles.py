"""The book as the tests see it: its pages, its notebooks, and a fresh build of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]


def pages() -> list[str]:
    """Names of all pages in the order of the book, as ``_toc.yml`` has them: ``"book/intro"``, …"""
    return list(_files(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))))


def _files(entry: Any) -> Iterator[str]:
    if isinstance(entry, dict):
        for key, value in entry.items():
            if key in ("root", "file"):
                yield value
            else:
                yield from _files(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from _files(value)


def notebooks() -> list[Path]:
    """The notebooks of the book, in the order of their names."""
    return sorted((ROOT / "book").glob("*.ipynb"))


def build() -> Path:
    """Build all pages anew, with warnings as errors; the folder of the HTML.

    Raises
    ------
    RuntimeError
        If the build fails. The message is what it printed.
    """
    # pytest-xdist's processes build beside each other.
    target = ROOT / "build" / "tested" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-W", "--keep-going", "-q"]
    done = subprocess.run(
        [*map(str, command), "--path-output", str(target)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        raise RuntimeError(f"the book does not build:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return target / "_build" / "html"
