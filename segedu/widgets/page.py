"""The base of all widgets: one state with three faces — live, in a page without a kernel, and still."""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from typing import Any

import anywidget

_HERE = Path(__file__).parent
_SHARED = ("labels", "parts")


def module(*names: str) -> str:
    """The JavaScript module of a widget as one text that imports nothing: shared files, then its own."""
    parts = (*_SHARED, *names)
    ours = re.compile(rf'^import \{{[^}}]*\}} from "\./({"|".join(parts)})\.js";\n', re.MULTILINE)
    joined = "\n".join(ours.sub("", (_HERE / f"{part}.js").read_text(encoding="utf-8")) for part in parts)
    if re.search(r"^import\b", joined, re.MULTILINE):
        raise ValueError(f"{names[-1]}.js: expected imports from {', '.join(parts)} only, got others")
    return joined


def stylesheet(*names: str) -> str:
    """The style sheet that all widgets share, then those of some, by name."""
    return "\n".join((_HERE / f"{part}.css").read_text(encoding="utf-8") for part in ("widgets", *names))


class PageWidget(anywidget.AnyWidget):
    """A widget that also works in a page without a kernel and without a network.

    A subclass sets ``_esm = module(...)`` and ``_css = stylesheet(...)``, keeps all of its state in traits
    tagged ``sync=True``, and says what it looks like when nothing runs: `still`, `static` and `alt`.

    Displayed, it carries the live view for Jupyter, `html` for the rendered book, `static` for print, and its
    ``repr``. The last three depend on the state only, so the same code gives the same output.
    """

    def state(self) -> dict[str, Any]:
        """The whole state: every synchronised trait that is not the widget framework's own."""
        return {name: getattr(self, name) for name in sorted(_own_traits(type(self)))}

    def alt(self) -> str:
        """What the still picture shows, for those who do not see it."""
        raise NotImplementedError

    def still(self) -> str:
        """The picture for a page without JavaScript, as a ``data:`` URI."""
        raise NotImplementedError

    def static(self) -> bytes:
        """The figure for print, as the bytes of a PNG file."""
        raise NotImplementedError

    def html(self) -> str:
        """The widget as a piece of a page: still picture, state, module, and the script that starts them.

        It needs neither kernel nor network, and several can lie in one page. Without JavaScript the still
        picture stays.
        """
        picture = f'<img class="segedu-image still" src="{self.still()}" alt="{html.escape(self.alt())}">'
        state = json.dumps(self.state(), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        boot = (_HERE / "boot.js").read_text(encoding="utf-8")
        return (
            f'<div class="segedu-page" data-widget="{type(self).__name__}">\n'
            f"<style>\n{inert(str(self._css))}</style>\n"
            f'<figure class="segedu">{picture}\n'
            f'<figcaption class="soft">A still picture. Where JavaScript runs, it can be operated.</figcaption>'
            f"</figure>\n"
            f'<script type="application/json" data-segedu="state">{state}</script>\n'
            f'<script type="text/plain" data-segedu="module">\n{inert(str(self._esm))}</script>\n'
            f"<script>\n{inert(boot)}</script>\n"
            f"</div>"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data["text/plain"] = repr(self)
        data["text/html"] = self.html()
        data["image/png"] = base64.b64encode(self.static()).decode("ascii")
        return data, {**metadata, "image/png": {"alt": self.alt()}}


def _own_traits(cls: type[PageWidget]) -> set[str]:
    framework = set(anywidget.AnyWidget.class_traits(sync=True))
    return {name for name in cls.class_traits(sync=True) if name not in framework and not name.startswith("_")}


def inert(text: str) -> str:
    """Refuse what would end a script or style element early: such text cannot be escaped in place."""
    if re.search(r"</(script|style)|<!--", text, re.IGNORECASE):
        raise ValueError("a module or style sheet must not contain </script, </style or <!--")
    return text
