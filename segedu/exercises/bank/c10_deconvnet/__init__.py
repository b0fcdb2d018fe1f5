"""Exercises of chapter 10: switches, the maps between them, and what crosses from encoder to decoder."""

from segedu.exercises.bank.c10_deconvnet.by_hand import PLACES, SIDES, STAGE
from segedu.exercises.bank.c10_deconvnet.layers import WAY, WAYS_UP, WIRE
from segedu.exercises.bank.c10_deconvnet.switches import BITS, POLE, UNPOOL

EXERCISES = (PLACES, SIDES, STAGE, WAY, UNPOOL, POLE, BITS, WAYS_UP, WIRE)
