"""The exercises in the pages: statement, stub, solution folded away, and no trace of it if they are off."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import bookfiles
from exercise_files import exercise_notebooks, read, secret_phrases, words
from exercise_notebooks import exercises, solution, with_stub
from exercises import SWITCH, page, solutions_are_shown

NOTEBOOKS = exercise_notebooks()
ANSWER = new_code_cell(
    'def twice(x):\n    """Twice a number."""\n    ### BEGIN SOLUTION\n    # Add it\n    # to $x$.\n'
    "    return x + x\n    ### END SOLUTION"
)
SHOWN = new_code_cell("secret_setup()", outputs=[new_output("execute_result", {"text/plain": "42"})])


def toy(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(
        cells=[new_markdown_cell("# Not in the page"), new_markdown_cell("## 5.1 Twice\n\nWrite it."), *cells]
    )


def text_of(*cells: NotebookNode, shown: bool = True) -> str:
    return page(toy(*cells), colab="https://colab/a", file="a.ipynb", shown=shown)


def test_a_page_has_statement_stub_and_solution_and_not_what_stands_before() -> None:
    text = text_of(ANSWER)
    assert "Not in the page" not in text
    assert "Write it." in text
    stub, fold, rest = text.partition(":::::{dropdown} Solution")
    assert "raise NotImplementedError" in stub
    assert "x + x" not in stub
    assert fold
    assert "Add it\nto $x$." in rest
    assert "def twice(x):\n    return x + x" in rest


def test_without_solutions_nothing_is_folded_away() -> None:
    text = text_of(ANSWER, shown=False)
    assert "dropdown" not in text
    assert "x + x" not in text
    assert "Add it" not in text


def test_a_result_is_shown_before_the_question_and_not_after_it() -> None:
    assert "42" in text_of(SHOWN, ANSWER)
    assert "42" not in text_of(ANSWER, SHOWN)


def test_code_that_the_page_does_not_need_is_left_out_and_its_result_is_shown() -> None:
    cell = new_code_cell(SHOWN.source, outputs=SHOWN.outputs, metadata={"tags": ["remove-input"]})
    assert "42" in text_of(cell)
    assert "secret_setup" not in text_of(cell)


def test_a_picture_is_shown_with_its_alt_text() -> None:
    cell = new_code_cell("draw()", outputs=[new_output("display_data", {"image/png": "iVBO\n"})])
    cell.metadata["mystnb"] = {"image": {"alt": "A cat."}}
    assert "![A cat.](data:image/png;base64,iVBO)" in text_of(cell)


def test_the_solution_of_a_value_is_its_comment_and_its_code() -> None:
    cell = new_code_cell("x = None\n### BEGIN SOLUTION\n# Half of one.\nx = 0.5\n### END SOLUTION")
    assert solution(cell) == ("Half of one.", "x = 0.5")
    assert with_stub(cell.source) == "x = None\n# your answer here"


@pytest.mark.parametrize(("said", "shown"), [("on", True), ("off", False)])
def test_the_switch_says_on_or_off(monkeypatch: pytest.MonkeyPatch, said: str, shown: bool) -> None:
    monkeypatch.setenv(SWITCH, said)
    assert solutions_are_shown() is shown


def test_a_typing_error_does_not_publish_solutions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "of")
    with pytest.raises(ValueError, match='expected "on" or "off", got \'of\''):
        solutions_are_shown()


@pytest.fixture(scope="module")
def closed_book(book_html: Path) -> Path:
    """The book without solutions, built over one that has them: nothing of it may stay behind."""
    return bookfiles.build(SWITCH + "=off", over=book_html)


def chapter(html: Path, path: Path) -> BeautifulSoup:
    return BeautifulSoup((html / "book" / f"{path.stem}.html").read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_shows_its_exercises_and_links_to_the_notebook(book_html: Path, path: Path) -> None:
    soup = chapter(book_html, path)
    for found in exercises(read(path)):
        assert soup.find(id=f"exercise-{found.chapter:02}-{found.number}"), found.id
    links = [link["href"] for link in soup.select("section#exercises a[href]")]
    assert any(link.endswith(f"/book/exercises/student/{path.name}") and "colab" in link for link in links)
    (file,) = [link for link in links if "_downloads" in link]
    taken = (book_html / "book" / file).resolve()
    assert taken.read_bytes() == (path.parent / "student" / path.name).read_bytes()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_solutions_are_folded_away(book_html: Path, path: Path) -> None:
    soup = chapter(book_html, path)
    folded = words(" ".join(box.get_text() for box in soup.select("section#exercises details")))
    assert any(phrase in folded for phrase in secret_phrases(read(path)))
    assert not soup.select("section#exercises details[open]")
    for box in soup.select("section#exercises details"):
        box.decompose()
    rest = words(soup.get_text())
    assert [phrase for phrase in secret_here(path) if phrase in rest] == []


def secret_here(path: Path) -> set[str]:
    """Phrases of solutions and hidden tests, but for those that a chapter has anyway."""
    public = words(" ".join(cell.source for book in bookfiles.notebooks() for cell in read(book).cells))
    secret = {phrase for phrase in secret_phrases(read(path)) if phrase not in public}
    assert secret, f"{path.name} has nothing to hide: the test would be empty"
    return secret


@pytest.fixture(scope="module")
def closed_texts(closed_book: Path) -> dict[str, str]:
    """Path of every file of the book without solutions → its words."""
    texts = {}
    for file in sorted(closed_book.rglob("*")):
        if file.suffix == ".html":
            text = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser").get_text()
        elif file.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in read(file).cells)
        elif file.suffix in (".js", ".json", ".txt", ".md") and "_static" not in file.parts:
            text = file.read_text(encoding="utf-8")
        else:
            continue
        texts[str(file.relative_to(closed_book))] = words(text)
    return texts


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_without_solutions_no_file_of_the_site_has_one(closed_texts: dict[str, str], path: Path) -> None:
    secret = secret_here(path)
    assert [(file, phrase) for file, text in closed_texts.items() for phrase in secret if phrase in text] == []
    assert {"searchindex.js", f"book/{path.stem}.html", f"_sources/book/{path.stem}.ipynb"} <= set(closed_texts)


def searched(html: Path, page: str) -> set[str]:
    """The words by which a reader who searches finds a page."""
    text = (html / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.partition("Search.setIndex(")[2].rpartition(")")[0])
    number = index["docnames"].index(page)
    return {word for word, where in index["terms"].items() if where == number or number in np.atleast_1d(where)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_without_solutions_their_words_find_nothing(book_html: Path, closed_book: Path, path: Path) -> None:
    before, after = (searched(html, f"book/{path.stem}") for html in (book_html, closed_book))
    assert before - after
    left = chapter(closed_book, path).get_text().lower()  # the index has beginnings of words, in small letters
    secret = {word for phrase in secret_here(path) for word in phrase.split() if word.lower() not in left}
    assert secret & after == set()


def test_without_solutions_no_chapter_with_a_notebook_has_one_of_its_own(closed_book: Path) -> None:
    for path in NOTEBOOKS:
        soup = chapter(closed_book, path)
        assert [box for box in soup.select("details") if "Solution" in box.get_text()] == []
