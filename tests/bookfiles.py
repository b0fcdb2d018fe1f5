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


def build(*settings: str, over: Path | None = None) -> Path:
    """Build all pages, with warnings as errors; the folder of the HTML.

    `settings` are environment variables, such as ``"SEGEDU_SOLUTIONS=off"``; each set has a folder of its own.
    `over` is the HTML of an earlier build: a copy of it is brought up to date, instead of building anew.

    Raises
    ------
    RuntimeError
        If the build fails. The message is what it printed.
    """
    # pytest-xdist's processes build beside each other.
    name = "-".join([os.environ.get("PYTEST_XDIST_WORKER", "alone"), *settings])
    target = ROOT / "build" / "tested" / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    if over is not None:
        shutil.copytree(over.parent, target / "_build")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-W", "--keep-going", "-q"]
    done = subprocess.run(
        [*map(str, command), "--path-output", str(target)],
        cwd=ROOT,
        env={**os.environ, **dict(setting.split("=", 1) for setting in settings)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        raise RuntimeError(f"the book does not build:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return target / "_build" / "html"
