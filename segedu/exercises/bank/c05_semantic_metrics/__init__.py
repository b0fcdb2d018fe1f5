"""Exercises of chapter 5: the confusion matrix, and the measures that are taken from it."""

from segedu.exercises.bank.c05_semantic_metrics.by_hand import BY_HAND, LIAR, PREDICT
from segedu.exercises.bank.c05_semantic_metrics.counting import CONFUSION, POOLED
from segedu.exercises.bank.c05_semantic_metrics.ratios import FWIOU, IOU, MPA
from segedu.exercises.bank.c05_semantic_metrics.runs import RUNS

EXERCISES = (BY_HAND, PREDICT, CONFUSION, IOU, MPA, LIAR, POOLED, FWIOU, RUNS)
