"""Docstrings in the API reference as they were written, and signatures as they are called."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.util import inspect


class PlainDocstrings:
    """Keep napoleon from reading ``"Height and width: rows first"`` as a type with a description.

    It takes the first line of every constant, attribute and property that way. Here they are plain sentences.
    """

    KINDS = ("attribute", "data", "property")

    def __init__(self, app: Sphinx) -> None:
        self.lines: list[str] = []
        app.connect("autodoc-process-docstring", self.before, priority=400)  # napoleon comes at 500
        app.connect("autodoc-process-docstring", self.after, priority=600)

    def before(self, app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
        self.lines = list(lines)

    def after(self, app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
        if what in self.KINDS:
            lines[:] = self.lines


def constructor_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str, None] | None:
    """Show a widget as its ``__init__`` takes it; autodoc would show traitlets' ``(*args, **kwargs)``."""
    if what != "class" or not (signature or "").startswith("(*args"):
        return None
    own = inspect.signature(obj.__init__, bound_method=True)
    return inspect.stringify_signature(own, show_annotation=False), None


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("sphinx.ext.napoleon")
    app.connect("autodoc-process-signature", constructor_signature)
    PlainDocstrings(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
