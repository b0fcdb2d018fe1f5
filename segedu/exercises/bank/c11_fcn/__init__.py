"""Exercises of chapter 11: classifiers that slide, and scores that are joined."""

from segedu.exercises.bank.c11_fcn.by_hand import CLASSIFIER, SIDES
from segedu.exercises.bank.c11_fcn.scores import JOIN, SLIDE, STITCH

EXERCISES = (CLASSIFIER, SIDES, SLIDE, JOIN, STITCH)
