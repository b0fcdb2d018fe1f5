"""Exercises of chapter 4: numbers in files, vocabularies, and fair splits."""

from segedu.exercises.bank.c04_data_sets.coco import COLORS, RUNS
from segedu.exercises.bank.c04_data_sets.numbers import GROUPS, LABEL_IDS, TRANSLATE
from segedu.exercises.bank.c04_data_sets.splits import SPLIT

EXERCISES = (COLORS, RUNS, GROUPS, LABEL_IDS, TRANSLATE, SPLIT)
