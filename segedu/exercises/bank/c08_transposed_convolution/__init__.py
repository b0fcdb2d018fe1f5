"""Exercises of chapter 8: stamps, sizes, and the matrix of a convolution."""

from segedu.exercises.bank.c08_transposed_convolution.by_hand import SIZES, STAMPS
from segedu.exercises.bank.c08_transposed_convolution.matrices import INVERSE, MATRIX
from segedu.exercises.bank.c08_transposed_convolution.stamping import CUT, ZEROS

EXERCISES = (STAMPS, SIZES, CUT, ZEROS, MATRIX, INVERSE)
