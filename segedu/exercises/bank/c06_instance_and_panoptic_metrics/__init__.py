"""Exercises of chapter 6: from masks to matches, and from matches to AP and PQ."""

from segedu.exercises.bank.c06_instance_and_panoptic_metrics.by_hand import QUALITIES, RANKED
from segedu.exercises.bank.c06_instance_and_panoptic_metrics.curves import AP
from segedu.exercises.bank.c06_instance_and_panoptic_metrics.matching import IOU, MATCH
from segedu.exercises.bank.c06_instance_and_panoptic_metrics.segments import PQ

EXERCISES = (RANKED, QUALITIES, IOU, MATCH, AP, PQ)
