"""The list of "Common mistake" boxes.

Chapters write ``{admonition} Common mistake: short title`` with the class ``common-mistake``. The directive
``{common-mistakes}`` in an appendix becomes the list of all of them, in the order of the book. It is made when
the book is built, so it cannot drift from the chapters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)

CLASS = "common-mistake"
PREFIX = "Common mistake: "


class Box(NamedTuple):
    """One "Common mistake" box: the anchor on its page, and its title without the prefix."""

    anchor: str
    title: str


class MistakeList(nodes.General, nodes.Element):
    """Stands where the list will be, until all pages have been read."""


class CommonMistakes(SphinxDirective):
    """``{common-mistakes}``: the list of all boxes. It takes no argument and no content."""

    def run(self) -> list[nodes.Node]:
        return [MistakeList()]


def boxes_by_page(env: BuildEnvironment) -> dict[str, list[Box]]:
    """Name of a page → its boxes, kept with the environment between builds."""
    if not hasattr(env, "segedu_boxes"):
        env.segedu_boxes = {}  # type: ignore[attr-defined]
    return env.segedu_boxes  # type: ignore[attr-defined, no-any-return]


def collect_boxes(app: Sphinx, doctree: nodes.document) -> None:
    """Give every box of a page an anchor, and note it."""
    found = []
    for box in doctree.findall(nodes.admonition):
        title = box[0].astext()
        if (CLASS in box["classes"]) != title.startswith(PREFIX):
            logger.warning(
                "expected both the title '%s…' and the class '%s', got the title %r and the classes %s",
                PREFIX,
                CLASS,
                title,
                box["classes"],
                location=box,
            )
        elif CLASS in box["classes"]:
            if not box["ids"]:
                box["ids"].append(free_id(doctree, nodes.make_id(title)))
            found.append(Box(box["ids"][0], title.removeprefix(PREFIX)))
    boxes_by_page(app.env)[app.env.docname] = found


def free_id(doctree: nodes.document, wanted: str) -> str:
    """`wanted`, or `wanted` with a number, whichever no other element of the page has."""
    taken = {name for element in doctree.findall(nodes.Element) for name in element.get("ids", ())}
    names = (wanted if k == 1 else f"{wanted}-{k}" for k in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def forget_page(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop the boxes of a page that is read again or gone."""
    boxes_by_page(env).pop(docname, None)


def pages_with_the_list(app: Sphinx, env: BuildEnvironment) -> Iterator[str]:
    """Every page with the list is written anew, whichever page has changed."""
    for docname in env.found_docs:
        if next(env.get_doctree(docname).findall(MistakeList), None) is not None:
            yield docname


def fill_list(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Replace each placeholder by the boxes of all pages, in the order of the book."""
    for placeholder in list(doctree.findall(MistakeList)):
        chapters = nodes.bullet_list(classes=["common-mistakes"])
        for page in app.env.collect_relations():
            boxes = boxes_by_page(app.env).get(page)
            if boxes:
                chapter = item(link(app, docname, page))
                chapter += nodes.bullet_list("", *(item(link(app, docname, page, box)) for box in boxes))
                chapters += chapter
        placeholder.replace_self(chapters if len(chapters) else nodes.paragraph(text="No chapter has one yet."))


def item(text: nodes.Node) -> nodes.list_item:
    return nodes.list_item("", nodes.paragraph("", "", text))


def link(app: Sphinx, origin: str, page: str, box: Box | None = None) -> nodes.reference:
    """A link from the page `origin` to `page`, or to a box on it."""
    text = nodes.Text(box.title if box else app.env.titles[page].astext())
    return make_refnode(app.builder, origin, page, box.anchor if box else "", text)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(MistakeList)
    app.add_directive("common-mistakes", CommonMistakes)
    app.connect("doctree-read", collect_boxes)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-updated", lambda app, env: list(pages_with_the_list(app, env)))
    app.connect("doctree-resolved", fill_list)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
