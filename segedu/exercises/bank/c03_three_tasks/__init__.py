"""Exercises of chapter 3: one pair of arrays, three views of it, and the ways back."""

from segedu.exercises.bank.c03_three_tasks.by_hand import SHEEP, STRIP, TASKS
from segedu.exercises.bank.c03_three_tasks.views import BACK, IDS, ORDER

EXERCISES = (SHEEP, IDS, BACK, STRIP, ORDER, TASKS)
