"""Exercises of chapter 14: who owns a pixel, what PQ makes of it, and whom to keep."""

from segedu.exercises.bank.c14_panoptic.owners import NAMES, PLACE, THREE_CARS
from segedu.exercises.bank.c14_panoptic.quality import KEEP, NO_PRODUCT, QUALITIES

EXERCISES = (THREE_CARS, PLACE, QUALITIES, KEEP, NO_PRODUCT, NAMES)
