"""A check reports whatever an answer is or does: it never raises, never hangs, and never tells the solution."""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from segedu.exercises import (
    Case,
    FunctionExercise,
    Misconception,
    SearchExercise,
    ValueExercise,
    check,
    exercise,
    exercise_ids,
    grade,
    variant,
)
from segedu.exercises.checks import SECRET
from segedu.exercises.comparing import difference
from segedu.exercises.draws import Draws
from segedu.exercises.judging import judge
from segedu.exercises.limits import TimeUp, call
from segedu.exercises.verdicts import NOT_YET, RIGHT, WRONG, Judgement

HALVES = FunctionExercise(
    id="99.1",
    title="Halves",
    reference=lambda x: np.asarray(x) / 2,
    cases=(Case((np.array([2.0, 4.0]),)), Case((np.array([np.nan, 6.0]),), "one number is unknown")),
    random=lambda rng: (rng.random(3),),
    seconds=0.4,
    hint="Divide by two.",
    misconceptions=(
        Misconception("doubles", lambda x: x * 2, "You double."),
        Misconception("zero for nan", lambda x: np.nan_to_num(x / 2), "Undefined is NaN."),
    ),
)


class Hostile:
    """Raises at whatever is done with it."""

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no array")

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = None  # type: ignore[assignment]


class HostileDict(dict):
    """A dict that cannot be read."""

    def get(self, *args: Any) -> Any:
        raise RuntimeError("no item")


class HostileClass:
    """Cannot even be asked what it is."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("no class")


def forever(x: Any) -> None:
    while True:
        pass


def forever_and_deaf(x: Any) -> None:
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


def forever_and_loud(x: Any) -> None:
    while True:
        print("x" * 1000)


def deep(x: Any) -> Any:
    return deep(x)


def changes_its_input(x: np.ndarray) -> np.ndarray:
    x /= 2
    return x


def leaves(x: Any) -> None:
    raise SystemExit(3)


def unprintable_error(x: Any) -> None:
    class SilentError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    raise SilentError


NASTY: dict[str, tuple[Any, str]] = {
    "a number for a function": (3.0, "expected a function, got a number"),
    "an array for a function": (np.zeros(3), "expected a function, got an array of shape (3,)"),
    "text": ("x / 2", "expected a function, got text"),
    "no argument": (lambda: 1, "TypeError"),
    "two arguments": (lambda x, y: 1, "TypeError"),
    "an error": (lambda x: x["a"], "it raised"),
    "an error without text": (unprintable_error, "it raised SilentError"),
    "an endless loop": (forever, "took too long"),
    "an endless loop that catches exceptions": (forever_and_deaf, "took too long"),
    "an endless loop that prints": (forever_and_loud, "took too long"),
    "endless recursion": (deep, "RecursionError"),
    "an exit": (leaves, "SystemExit"),
    "a changed input": (changes_its_input, "changed its input"),
    "no return": (lambda x: print(x), "Is there a return?"),
    "a wrong shape": (lambda x: (x / 2)[None], "its shape is (1, 2) instead of (2,)"),
    "a number for an array": (lambda x: 1.0, "it is a number instead of an array of shape (2,)"),
    "text for an array": (lambda x: "1, 2", "it is text instead of an array"),
    "objects": (lambda x: np.array([{}, {}]), "instead of an array of shape (2,)"),
    "ragged rows": (lambda x: [[1], [1, 2]], "it is a list instead of an array"),
    "a generator": (lambda x: itertools.count(), "it is a count instead of an array"),
    "a hostile object": (lambda x: Hostile(), "it is a Hostile, which cannot be compared"),
    "a hostile subclass": (lambda x: type("A", (list,), {"__len__": None})(), ""),
    "nan for a number": (lambda x: x * np.nan, "it is nan instead of 1.0"),
    "a number for nan": (lambda x: np.nan_to_num(x / 2), "it is 0.0 instead of nan (undefined)"),
    "infinity": (lambda x: x * np.inf, "it is inf instead of 1.0"),
    "a class": (type("Answer", (), {}), "TypeError"),
}


@pytest.mark.parametrize("name", NASTY)
def test_whatever_a_function_does_is_reported(name: str) -> None:
    answer, said = NASTY[name]
    start = time.monotonic()
    judged = judge(HALVES, answer, {})
    assert judged.mark == WRONG
    assert said in judged.text
    assert "/ 2" not in judged.text or name == "text"
    assert time.monotonic() - start < 3


def test_an_unwritten_function_is_no_mistake() -> None:
    def stub(x: Any) -> None:
        raise NotImplementedError

    assert judge(HALVES, stub, {}) == Judgement(NOT_YET, "✏️ 99.1 Halves: not yet written.")
    assert judge(HALVES, None, {}).mark == NOT_YET
    assert judge(HALVES, ..., {}).mark == NOT_YET


def test_a_right_function_is_right_as_a_list_too() -> None:
    judged = judge(HALVES, lambda x: [value / 2 for value in x], {})
    assert judged == Judgement(RIGHT, "✅ 99.1 Halves: right in all 22 cases.")


def test_the_first_failing_case_is_shown_with_input_expected_and_actual() -> None:
    assert judge(HALVES, lambda x: np.nan_to_num(x / 2), {}).text == (
        "❌ 99.1 Halves: not yet; wrong in 1 of 22 cases.\n"
        "   case:     one number is unknown\n"
        "   input:    x = array([nan,  6.])\n"
        "   expected: array([nan,  3.])\n"
        "   yours:    array([0., 3.])\n"
        "   so:       at [0] it is 0.0 instead of nan (undefined)\n"
        "   hint:     Undefined is NaN."
    )


def test_a_mistake_without_a_name_gets_the_general_hint() -> None:
    judged = judge(HALVES, lambda x: x + 7, {})
    assert judged.misconceptions == ()
    assert judged.text.endswith("hint:     Divide by two.")


def test_a_misconception_is_named_beside_a_second_mistake() -> None:
    # doubles everywhere, and is wrong in another way where a number is unknown: 21 of 22 cases are explained
    judged = judge(HALVES, lambda x: x * 0 if np.isnan(x).any() else x * 2, {})
    assert [found.name for found in judged.misconceptions] == ["doubles"]


def test_a_slow_reference_takes_no_time_from_the_student() -> None:
    def slow(x: int) -> int:
        deadline = time.monotonic() + 0.15
        while time.monotonic() < deadline:
            pass
        return x

    asked = FunctionExercise(
        id="99.5",
        title="Slow",
        reference=slow,
        cases=(Case((1,)), Case((2,)), Case((3,))),
        seconds=0.2,
        hint="No.",
    )
    assert judge(asked, lambda x: x, {}).mark == RIGHT


def test_the_line_of_an_error_is_named() -> None:
    def answer(x: np.ndarray) -> np.ndarray:
        return x @ np.zeros((5, 5))  # here

    assert "of answer: return x @ np.zeros((5, 5))  # here" in judge(HALVES, answer, {}).text


def test_what_a_function_prints_is_kept_off_the_page_and_shown_where_it_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def answer(x: np.ndarray) -> np.ndarray:
        print("got", x)
        return x

    judged = judge(HALVES, answer, {})
    assert capsys.readouterr().out == ""
    assert "printed:  got [2. 4.]" in judged.text


def test_an_expected_error_must_be_raised() -> None:
    def refuse(x: int) -> int:
        if x < 0:
            raise ValueError
        return x

    refuses = FunctionExercise(id="99.2", title="Refuse", reference=refuse, cases=(Case((-1,)),), hint="No.")
    assert judge(refuses, refuse, {}).mark == RIGHT
    silent = judge(refuses, lambda x: x, {})
    assert "expected: an error, ValueError" in silent.text
    assert "no error came" in silent.text
    assert "TypeError" in judge(refuses, lambda x: x + "", {}).text


def test_the_alarm_of_somebody_else_goes_on() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        assert isinstance(call(lambda: forever(0), 0.1).error, TimeUp)
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
        deadline = time.monotonic() + 5
        while not rung and time.monotonic() < deadline:
            signal.sigtimedwait([], 0.02)
        assert rung
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_outside_the_main_thread_a_loop_is_stopped_as_well() -> None:
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(judge(HALVES, forever, {}).text))
    thread.start()
    thread.join(10)
    assert "took too long and was stopped" in said[0]


def test_an_interrupt_by_hand_is_let_through() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(interrupted, 1.0)


SUMS = ValueExercise(
    id="99.3",
    title="Sums",
    reference=lambda a, b: {"sum": a + b, "pair": np.array([a, b])},
    given={"a": 2, "b": 3},
    draw=lambda draws: {"a": draws.whole(10, 99), "b": draws.whole(10, 99)},
    hint="Add.",
    misconceptions=(Misconception("product", lambda a, b: {"sum": a * b}, "You multiplied."),),
)
GIVEN = {"a": 2, "b": 3}


@pytest.mark.parametrize(
    ("answer", "mark", "said"),
    [
        ({"sum": 5, "pair": [2, 3]}, RIGHT, "right."),
        ({"sum": None, "pair": [None, None]}, NOT_YET, "not yet written"),
        ({}, NOT_YET, "not yet written"),
        ({"sum": 5, "pair": None}, NOT_YET, "right so far; still to do: pair"),
        ({"sum": 6, "pair": None}, WRONG, "You multiplied."),
        ({"sum": 7, "pair": [2, 3]}, WRONG, "Add."),
        ({"sum": 5, "pair": [2]}, WRONG, "its shape is (1,) instead of (2,)"),
        ({"sum": "5", "pair": [2, 3]}, WRONG, "it is text instead of a number"),
        ({"sum": Hostile(), "pair": [2, 3]}, WRONG, "cannot be compared"),
        (5, WRONG, "expected a dict with the keys 'sum', 'pair', got a number"),
        (Hostile(), WRONG, "expected a dict"),
        (HostileDict(), WRONG, "cannot be judged: it raised RuntimeError: no item"),
    ],
)
def test_values_are_judged_one_by_one(answer: Any, mark: str, said: str) -> None:
    judged = judge(SUMS, answer, GIVEN)
    assert judged.mark == mark
    assert said in judged.text


def test_an_object_that_cannot_be_asked_what_it_is_is_reported() -> None:
    for asked, given in ((SUMS, GIVEN), (HALVES, {}), (LARGE, {})):
        mark = judge(asked, HostileClass(), given).mark
        assert mark == WRONG


def test_the_right_value_is_never_told() -> None:
    assert "5" not in judge(SUMS, {"sum": 7, "pair": [2, 3]}, GIVEN).text


LARGE = SearchExercise(
    id="99.4", title="Large", hint="Larger.", accept=lambda x: None if x > 9 else "it is small"
)


@pytest.mark.parametrize("answer", [3, "x", Hostile(), [], np.arange(3), forever])
def test_an_example_that_does_not_do_it_is_refused(answer: Any) -> None:
    assert judge(LARGE, answer, {}).mark == WRONG


def test_an_example_that_does_it_is_accepted() -> None:
    assert judge(LARGE, 10, {}).mark == RIGHT


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (np.float32(1 / 3), 1 / 3, None),
        (0.34, 1 / 3, "it is 0.34 instead of 0.3333333"),
        ([1, 2], (1, 2), None),
        ((1, 2, 3), (1, 2), "it has 3 values instead of 2"),
        ({"a": 1}, {"a": 1, "b": 2}, "the key 'b' is missing"),
        ({"a": 1, "c": 2}, {"a": 1}, "nobody asked for the keys 'c'"),
        ({1, 2}, {2, 1}, None),
        ([1, 0], np.array([True, False]), "its dtype is int64 instead of bool"),
        (np.array([1.0]), np.array([1]), None),
        ("falls", "falls", None),
        (1, "falls", "it is 1 instead of 'falls'"),
        (True, 1, None),
        (np.array(2**60 + 1), np.array(2**60), f"it is {2**60 + 1} instead of {2**60}"),
    ],
)
def test_a_difference_is_said_in_one_sentence(actual: Any, expected: Any, said: str | None) -> None:
    assert difference(actual, expected) == said


def test_counts_can_be_asked_for_as_integers() -> None:
    wrong = difference(np.array([1.0]), np.array([1]), integers=True)
    assert wrong == "its dtype is float64; counts and labels are integers"


def test_sparse_matrices_and_tensors_are_arrays() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    torch = pytest.importorskip("torch")
    assert difference(sparse.eye_array(2).tocsr(), np.eye(2)) is None
    assert difference(torch.eye(2, requires_grad=True), np.eye(2)) is None


def test_an_unknown_exercise_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"expected one of 05\.1, 05\.2.*got '05\.99'"):
        check("05.99", 1)
    with pytest.raises(ValueError, match=r"expected one of .*05\.1 ….*got 'nonsense'"):
        exercise("nonsense")


def test_check_prints_and_returns_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("05.6", np.array([[95, 0], [5, 0]])) is None
    assert capsys.readouterr().out == "✅ 05.6 Make pixel accuracy lie: right, your example does it.\n"


def test_grade_raises_what_check_says() -> None:
    grade("05.6", np.array([[95, 0], [5, 0]]), seed=1)
    with pytest.raises(AssertionError, match=r"❌ 05\.6"):
        grade("05.6", np.array([[50, 0], [50, 0]]), seed=1)
    with pytest.raises(AssertionError, match=r"✏️ 05\.6"):
        grade("05.6", None, seed=1)


def remembering(seen: list[bytes]) -> Callable[[np.ndarray], np.ndarray]:
    right: Any = exercise("05.4")

    def answer(confmat: np.ndarray) -> np.ndarray:
        seen.append(confmat.tobytes())
        return right.reference(confmat)

    return answer


def test_grading_has_other_cases_and_a_secret_changes_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fixed = len(exercise("05.4").cases)  # type: ignore[attr-defined]
    runs: list[set[bytes]] = []
    for secret, run in [
        ("", lambda answer: check("05.4", answer)),
        ("", lambda answer: grade("05.4", answer, seed=7)),
        ("spring", lambda answer: grade("05.4", answer, seed=7)),
    ]:
        monkeypatch.setitem(os.environ, SECRET, secret)
        seen: list[bytes] = []
        run(remembering(seen))
        runs.append(set(seen[fixed:]))
    assert not runs[0] & runs[1]
    assert not runs[1] & runs[2]


def test_a_hidden_case_counts() -> None:
    def answer(confmat: np.ndarray) -> Any:
        return "no" if confmat[0, 0] == 12345 else exercise("05.4").reference(confmat)  # type: ignore[attr-defined]

    grade("05.4", answer, seed=7)
    with pytest.raises(AssertionError, match="a hidden case"):
        grade("05.4", answer, seed=7, cases=[(np.array([[12345]]),)])


def test_numbers_of_a_student_are_the_same_everywhere() -> None:
    digests = [hashlib.sha256(f"05.1 ada\n{count}".encode()).digest() for count in range(3)]
    by_hand = [int.from_bytes(digest[:8], "big") % 10 for digest in digests]
    assert Draws("05.1  Ada").array((3,), 0, 9).tolist() == by_hand
    draws = Draws("05.1 ada")
    assert sorted(draws.shuffled("abc")) == ["a", "b", "c"]
    assert draws.choice([7]) == 7


def test_students_have_different_numbers_and_the_book_has_its_own() -> None:
    students = [f"s{number:03}" for number in range(60)]
    matrices = {variant(name)["05.1"]["confmat"].tobytes() for name in students}
    assert len(matrices) == 60
    assert variant("")["05.1"]["confmat"].tolist() == [[6, 0, 0], [1, 3, 0], [0, 1, 0]]


def test_the_check_knows_the_numbers_of_a_student(capsys: pytest.CaptureFixture[str]) -> None:
    asked: Any = exercise("05.1")
    for name in ("ada", "Grace Hopper"):
        check("05.1", asked.reference(**variant(name)["05.1"]), student=name)
    check("05.1", asked.reference(**variant("ada")["05.1"]), student="grace hopper")
    marks = [line[0] for line in capsys.readouterr().out.splitlines() if line[0] in "✅❌"]
    assert marks == ["✅", "✅", "❌"]


def test_a_variant_lists_the_exercises_that_have_numbers() -> None:
    assert "05.1" in variant("ada")
    assert len(list(variant("ada"))) == len(variant("ada"))
    with pytest.raises(KeyError, match=r"05\.4 asks for a function"):
        variant("ada")["05.4"]
    with pytest.raises(ValueError, match="expected a text"):
        variant(17)  # type: ignore[arg-type]


def test_ids_are_in_the_order_of_their_numbers() -> None:
    ids = exercise_ids()
    assert ids == sorted(ids, key=lambda name: [int(part) for part in name.split(".")])
