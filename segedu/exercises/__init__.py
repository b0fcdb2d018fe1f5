"""Questions that check themselves: the quiz at the end of each chapter."""

from segedu.exercises.quiz import Quiz
from segedu.exercises.quizzes import questions, quiz_names

__all__ = ["Quiz", "questions", "quiz_names"]
