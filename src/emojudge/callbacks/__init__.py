"""What a trainer does besides the training: checkpoints, logs, predictions, the resolved config, its progress, seeds, its end."""

from .checkpoints import BestCheckpoint, LatestCheckpoint
from .config import SaveRunConfig
from .metrics import MetricsFile
from .predictions import PredictionWriter
from .progress import ProgressFile
from .resuming import ExactResume
from .seeding import EpochSeed
from .signals import StopSignals

__all__ = [
    "BestCheckpoint",
    "EpochSeed",
    "ExactResume",
    "LatestCheckpoint",
    "MetricsFile",
    "PredictionWriter",
    "ProgressFile",
    "SaveRunConfig",
    "StopSignals",
]
