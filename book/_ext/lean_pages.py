"""Pages without what they can do without, and with the roles that screen readers know."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


def tidy(html: str) -> str:
    """The HTML of a page, made lighter.

    Font Awesome comes twice: as a font, which is enough, and as a script of 1.5 MB, which is dropped. So is the
    advice to load its fonts early: a browser may not follow it when a page is opened from the folder.
    The role that docutils gives to a bibliography entry is deprecated; in a list, an entry is a list item.
    An option of a command gets a class, so that no line ends within its dashes.

    Examples
    --------
    >>> tidy('<script src="_static/vendor/fontawesome/6.5.2/js/all.min.js?digest=dfe6"></script><p>Text</p>')
    '<p>Text</p>'
    >>> tidy('<div role="list"><div class="citation" role="doc-biblioentry">Long 2015</div></div>')
    '<div role="list"><div class="citation" role="listitem">Long 2015</div></div>'
    >>> tidy('<code class="literal"><span class="pre">--out</span> <span class="pre">runs</span></code>')
    '<code class="literal"><span class="pre option">--out</span> <span class="pre">runs</span></code>'
    """
    html = re.sub(r'<script src="[^"]*/fontawesome/[^"]*\.js[^"]*"></script>', "", html)
    html = re.sub(r'<link rel="preload" as="font" [^>]*>\n?', "", html)
    html = re.sub(r'<span class="pre">(--?\w[\w-]*)</span>', r'<span class="pre option">\1</span>', html)
    return html.replace('role="doc-biblioentry"', 'role="listitem"')


def tidy_pages(app: Sphinx, exception: Exception | None) -> None:
    """Tidy every page, and delete the script that none of them loads now."""
    if exception is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            html = page.read_text(encoding="utf-8")
            if tidy(html) != html:
                page.write_text(tidy(html), encoding="utf-8")
        for script in Path(app.outdir).glob("_static/vendor/fontawesome/*/js/*"):
            script.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", tidy_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
