"""Questions that check themselves: the quiz at the end of each chapter, and the exercises.

A cell of an exercise notebook calls `check`, and the answer comes within a second. The autograded cells of a
class call `grade`. What an exercise is, see `FunctionExercise`, `ValueExercise` and `SearchExercise`.
"""

from segedu.exercises.bank import exercise, exercise_ids
from segedu.exercises.checks import check, grade
from segedu.exercises.draws import Draws
from segedu.exercises.exercise import (
    Case,
    Exercise,
    FunctionExercise,
    Misconception,
    SearchExercise,
    ValueExercise,
)
from segedu.exercises.quiz import Quiz
from segedu.exercises.quizzes import questions, quiz_names
from segedu.exercises.variants import Variant, variant

__all__ = [
    "Case",
    "Draws",
    "Exercise",
    "FunctionExercise",
    "Misconception",
    "Quiz",
    "SearchExercise",
    "ValueExercise",
    "Variant",
    "check",
    "exercise",
    "exercise_ids",
    "grade",
    "questions",
    "quiz_names",
    "variant",
]
