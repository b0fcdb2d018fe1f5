"""Exercises of chapter 1: what an answer holds, boxes, and labels that are names."""

from segedu.exercises.bank.c01_what_is_segmentation.boxes import BOXES, FILLED
from segedu.exercises.bank.c01_what_is_segmentation.by_hand import NUMBERS, READ_OFF
from segedu.exercises.bank.c01_what_is_segmentation.pixels import PREVIEW, THRESHOLD

EXERCISES = (NUMBERS, READ_OFF, BOXES, FILLED, PREVIEW, THRESHOLD)
