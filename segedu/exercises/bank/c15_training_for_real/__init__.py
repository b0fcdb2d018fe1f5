"""Exercises of chapter 15: the loss, what it is a mean of, the pictures, the rate, and sixteen bits."""

from segedu.exercises.bank.c15_training_for_real.batches import AUGMENT, RATE
from segedu.exercises.bank.c15_training_for_real.by_hand import BITS, SIXTEEN, WEIGHTS
from segedu.exercises.bank.c15_training_for_real.deciding import DISAGREE, THRESHOLD
from segedu.exercises.bank.c15_training_for_real.losses import CROSS_ENTROPY, PROCESSES

EXERCISES = (BITS, WEIGHTS, CROSS_ENTROPY, PROCESSES, AUGMENT, THRESHOLD, SIXTEEN, DISAGREE, RATE)
