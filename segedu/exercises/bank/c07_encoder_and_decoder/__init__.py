"""Exercises of chapter 7: how far a number sees, what pooling keeps, and when to decide."""

from segedu.exercises.bank.c07_encoder_and_decoder.deciding import LABELS
from segedu.exercises.bank.c07_encoder_and_decoder.fields import DEPTH, FIELD
from segedu.exercises.bank.c07_encoder_and_decoder.switches import POOL

EXERCISES = (FIELD, DEPTH, POOL, LABELS)
