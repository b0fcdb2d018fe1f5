"""Exercises of chapter 2: things and stuff in two arrays, and regions that are no objects."""

from segedu.exercises.bank.c02_things_and_stuff.pairs import COUNTS, KINDS, SHARE
from segedu.exercises.bank.c02_things_and_stuff.regions import DIAGONAL, REGIONS

EXERCISES = (COUNTS, KINDS, REGIONS, DIAGONAL, SHARE)
