"""The appendix of "Common mistake" boxes: made from the chapters, in their order, and never apart from them."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

BOX = """
```{{admonition}} {title}
:class: {classes}
What is true.
```
"""
INDEX = """
# The book

```{toctree}
b
a
list
```
"""
LIST = """
# Appendix

```{common-mistakes}
```
"""
Build = Callable[[dict[str, str]], tuple[BeautifulSoup, str]]


def box(title: str, classes: str = "common-mistake") -> str:
    return BOX.format(title=title, classes=classes)


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build a small book with chapters b and a, in this order; the parsed appendix, and the warnings."""

    def build(chapters: dict[str, str]) -> tuple[BeautifulSoup, str]:
        source, out = tmp_path / "source", tmp_path / "out"
        source.mkdir(exist_ok=True)
        for name, text in {"index": INDEX, "list": LIST, **chapters}.items():
            (source / f"{name}.md").write_text(text, encoding="utf-8")
        warnings = StringIO()
        settings: dict[str, object] = {"extensions": ["myst_parser", "common_mistakes"], "html_theme": "basic"}
        with patch_docutils(), docutils_namespace():  # as if each build were a process of its own
            Sphinx(source, None, out, tmp_path / "trees", "html", settings, None, warnings).build()
        page = BeautifulSoup((out / "list.html").read_text(encoding="utf-8"), "html.parser")
        return page, warnings.getvalue()

    return build


def links(page: BeautifulSoup) -> list[tuple[str, str]]:
    return [(link.get_text(), link["href"]) for link in page.select("ul.common-mistakes a")]


def test_boxes_stand_in_the_order_of_the_chapters_under_their_titles(build: Build) -> None:
    page, warnings = build(
        {
            "a": "# Last\n" + box("Common mistake: void is background"),
            "b": "# First\n"
            + box("Common mistake: masks are boxes")
            + box("Note", "tip")
            + box("Common mistake: one more"),
        }
    )
    assert warnings == ""
    assert links(page) == [
        ("First", "b.html"),
        ("masks are boxes", "b.html#common-mistake-masks-are-boxes"),
        ("one more", "b.html#common-mistake-one-more"),
        ("Last", "a.html"),
        ("void is background", "a.html#common-mistake-void-is-background"),
    ]


def test_two_boxes_of_one_title_have_two_anchors(build: Build) -> None:
    page, _ = build({"a": "# A\n" + box("Common mistake: x") + box("Common mistake: x"), "b": "# B\n"})
    assert [href for _, href in links(page)] == [
        "a.html",
        "a.html#common-mistake-x",
        "a.html#common-mistake-x-2",
    ]


def test_a_changed_chapter_changes_the_list(build: Build) -> None:
    build({"a": "# A\n" + box("Common mistake: old"), "b": "# B\n"})
    page, _ = build({"a": "# A\n" + box("Common mistake: new and longer"), "b": "# B\n"})
    assert [text for text, _ in links(page)] == ["A", "new and longer"]


@pytest.mark.parametrize(
    ("title", "classes"), [("Common mistake: x", "tip"), ("Masks are boxes", "common-mistake")]
)
def test_a_box_with_the_title_or_the_class_alone_is_a_warning(build: Build, title: str, classes: str) -> None:
    _, warnings = build({"a": "# A\n" + box(title, classes), "b": "# B\n"})
    assert "expected both the title" in warnings
    assert "a.md:3" in warnings


def test_a_book_without_boxes_says_so(build: Build) -> None:
    page, warnings = build({"a": "# A\n", "b": "# B\n"})
    assert warnings == ""
    assert "No chapter has one yet." in page.get_text()
