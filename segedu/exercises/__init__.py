"""Questions that check themselves: the quiz at the end of each chapter."""

from segedu.exercises.quizzes import questions, quiz, quiz_names

__all__ = ["questions", "quiz", "quiz_names"]
