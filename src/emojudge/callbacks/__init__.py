"""What a trainer writes, shows and does besides the training: checkpoints, logs, progress, predictions, config, seeds, its end."""

from .checkpoints import BestCheckpoint, LatestCheckpoint
from .config import SaveRunConfig
from .early_stopping import StopEarly
from .learning_rates import LearningRates
from .metrics import MetricsFile
from .predictions import PredictionWriter
from .progress import ProgressFile
from .progress_bar import EpochLines, ScoreBar
from .resuming import ExactResume
from .seeding import EpochSeed
from .signals import StopSignals
from .throughput import Throughput

__all__ = [
    "BestCheckpoint",
    "EpochLines",
    "EpochSeed",
    "ExactResume",
    "LatestCheckpoint",
    "LearningRates",
    "MetricsFile",
    "PredictionWriter",
    "ProgressFile",
    "SaveRunConfig",
    "ScoreBar",
    "StopEarly",
    "StopSignals",
    "Throughput",
]
