"""Training a network, and finding out how good it is: one loop for a laptop and for several GPUs.

``train_one_epoch`` and ``evaluate`` are the loop, ``fit`` is a whole run by a `Recipe`, with checkpoints.
``fit_instances`` and ``evaluate_instances`` do the same for networks that find objects.
``python -m segedu.training`` does it from the command line, and so does ``accelerate launch -m
segedu.training``.
"""

from segedu.training.checkpoint import load_checkpoint, load_weights, save_checkpoint
from segedu.training.data import MEAN, STD, EpochBatches, SceneDataset, augmentation, normalise, training_loader
from segedu.training.history import Epoch, History, InstanceEpoch
from segedu.training.instance_scores import InstanceScores, evaluate_instances, score_instances
from segedu.training.instances import InstanceDataset, fit_instances
from segedu.training.loop import (
    NonFiniteLossError,
    default_accelerator,
    evaluate,
    predict_logits,
    train_one_epoch,
)
from segedu.training.losses import (
    LOSSES,
    cross_entropy,
    cross_entropy_and_dice,
    dice,
    focal,
    median_frequency_weights,
    over_processes,
)
from segedu.training.muon import Muon
from segedu.training.panoptic_scores import evaluate_panoptic
from segedu.training.recipes import RECIPES, Recipe
from segedu.training.recording import Recorder, Recording, street_recording
from segedu.training.run import fit

__all__ = [
    "LOSSES",
    "MEAN",
    "RECIPES",
    "STD",
    "Epoch",
    "EpochBatches",
    "History",
    "InstanceDataset",
    "InstanceEpoch",
    "InstanceScores",
    "Muon",
    "NonFiniteLossError",
    "Recipe",
    "Recorder",
    "Recording",
    "SceneDataset",
    "augmentation",
    "cross_entropy",
    "cross_entropy_and_dice",
    "default_accelerator",
    "dice",
    "evaluate",
    "evaluate_instances",
    "evaluate_panoptic",
    "fit",
    "fit_instances",
    "focal",
    "load_checkpoint",
    "load_weights",
    "median_frequency_weights",
    "normalise",
    "over_processes",
    "predict_logits",
    "save_checkpoint",
    "score_instances",
    "street_recording",
    "train_one_epoch",
    "training_loader",
]
