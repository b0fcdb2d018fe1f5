"""Exercises of chapter 9: growing a row by hand, where checkerboards come from, and a resize."""

from segedu.exercises.bank.c09_upsampling_laboratory.by_hand import ROW, STAMPS
from segedu.exercises.bank.c09_upsampling_laboratory.families import FAMILIES, FLAT
from segedu.exercises.bank.c09_upsampling_laboratory.resizing import RESIZE

EXERCISES = (ROW, STAMPS, FLAT, FAMILIES, RESIZE)
