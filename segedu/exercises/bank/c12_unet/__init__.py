"""Exercises of chapter 12: sides of the valid U-Net, its skips, its tiles, its gaps, and what a cut takes away."""

from segedu.exercises.bank.c12_unet.costs import COSTS
from segedu.exercises.bank.c12_unet.cutting import CUT
from segedu.exercises.bank.c12_unet.gaps import GAPS
from segedu.exercises.bank.c12_unet.joining import CROP, RECURSION
from segedu.exercises.bank.c12_unet.sides import FITS, SIDES
from segedu.exercises.bank.c12_unet.tiles import PLAN, TILES

EXERCISES = (SIDES, CROP, RECURSION, COSTS, FITS, PLAN, TILES, GAPS, CUT)
