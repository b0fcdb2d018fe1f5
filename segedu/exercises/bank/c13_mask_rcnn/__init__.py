"""Exercises of chapter 13: how a box is coded, compared and struck out, and which mask is trained."""

from segedu.exercises.bank.c13_mask_rcnn.boxes import DECODE, IOU
from segedu.exercises.bank.c13_mask_rcnn.by_hand import CODE, STRUCK
from segedu.exercises.bank.c13_mask_rcnn.lists import MASKS, SUPPRESS

EXERCISES = (CODE, STRUCK, IOU, DECODE, SUPPRESS, MASKS)
