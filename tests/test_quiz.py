"""The quizzes: every question is well formed, and the page answers as the file says."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from browser import opened
from segedu.exercises import Quiz, questions, quiz_names

NAMES = quiz_names()


@pytest.mark.parametrize("name", NAMES)
def test_every_question_can_be_answered_right_and_wrong_with_a_reason(name):
    assert len(questions(name)) >= 4
    for question in questions(name):
        answers = question["answers"]
        right = [answer for answer in answers if answer["correct"]]
        assert all(answer["feedback"].strip() for answer in answers)
        assert len(right) < len(answers), question["question"]
        if question["type"] == "numeric":
            assert all(answer["type"] in ("value", "range") for answer in answers)
            assert len(right) == 1
        else:
            assert len({answer["answer"] for answer in answers}) == len(answers)
            assert len(right) >= 1
            assert question["type"] == "many_choice" or len(right) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_same_quiz_is_the_same_text_each_time(name):
    assert Quiz(name)._repr_html_() == Quiz(name)._repr_html_()


def test_the_right_answer_is_not_always_at_the_same_place():
    places = {
        [answer["correct"] for answer in question["answers"]].index(True)
        for name in NAMES
        for question in Quiz(name).questions
        if question["type"] == "multiple_choice"
    }
    assert len(places) >= 3


def test_an_unknown_name_is_refused_with_the_names_that_exist():
    with pytest.raises(ValueError, match=r"expected one of \['01_what_is_segmentation'.*got 'nonsense'"):
        Quiz("nonsense")


def open_quiz(browser: Browser, folder: Path, quiz: Quiz, theme: str = "light", **context):
    path = folder / "quiz.html"
    path.write_text(
        f'<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8"><title>Quiz</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f'<body style="background: {"#121212" if theme == "dark" else "#fff"}"><main><h1>'
        f'<span style="color: #777">Quiz</span></h1>{quiz._repr_html_()}</main></body></html>',
        encoding="utf-8",
    )
    return opened(browser, path.as_uri(), site="file://", **context)


def answer_all(page: Page, quiz: Quiz, correct: bool) -> None:
    """Give every right answer, or every wrong one, and check what the page says to each."""
    for field, question in zip(page.locator("fieldset").all(), quiz.questions, strict=True):
        said = field.get_by_role("status")
        for k, answer in enumerate(question["answers"]):
            if answer["correct"] is not correct:
                continue
            if question["type"] == "numeric":
                # an end of a fallback range is never one of the values listed before it
                field.get_by_role("textbox").fill(str(answer.get("value", answer.get("range", [0])[0])))
                field.get_by_role("textbox").press("Enter")
            else:
                field.locator("input").nth(k).check()
            said.get_by_text("Right." if correct else "Not yet.").first.wait_for()
            plain = page.evaluate(
                "h => new DOMParser().parseFromString(h, 'text/html').body.textContent", answer["feedback"]
            )
            assert plain in said.inner_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_page_answers_as_the_file_says(browser, tmp_path, name):
    quiz = Quiz(name)
    with open_quiz(browser, tmp_path, quiz) as (page, record):
        answer_all(page, quiz, correct=False)
    with open_quiz(browser, tmp_path, quiz) as (page, record):
        answer_all(page, quiz, correct=True)
        assert not record.errors
        assert not record.left_the_machine


def test_all_right_answers_of_a_many_choice_question_are_acknowledged(browser, tmp_path):
    quiz = Quiz("01_what_is_segmentation")
    k, question = next((k, q) for k, q in enumerate(quiz.questions) if q["type"] == "many_choice")
    right = [i for i, answer in enumerate(question["answers"]) if answer["correct"]]
    with open_quiz(browser, tmp_path, quiz) as (page, _):
        field = page.locator("fieldset").nth(k)
        for i in right[:-1]:
            field.locator("input").nth(i).check()
            assert "That is all of them." not in field.get_by_role("status").inner_text()
        field.locator("input").nth(right[-1]).check()
        assert "That is all of them." in field.get_by_role("status").inner_text()


def test_what_is_no_number_is_no_wrong_answer(browser, tmp_path):
    quiz = Quiz("01_what_is_segmentation")
    k = next(k for k, q in enumerate(quiz.questions) if q["type"] == "numeric")
    with open_quiz(browser, tmp_path, quiz) as (page, _):
        field = page.locator("fieldset").nth(k)
        field.get_by_role("textbox").fill("seven")
        field.get_by_role("button", name="Check").click()
        assert "Type a number" in field.get_by_role("status").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1000])
def test_accessible_on_a_phone_and_in_the_dark(browser, tmp_path, theme, width):
    quiz = Quiz("01_what_is_segmentation")
    with open_quiz(browser, tmp_path, quiz, theme, viewport={"width": width, "height": 800}) as (page, _):
        answer_all(page, quiz, correct=False)
        found = Axe().run(
            page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "preload": False}
        )
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=tmp_path / "quiz.png", full_page=True)
