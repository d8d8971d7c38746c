"""What a trainer writes and does besides the training: checkpoints, logs, predictions, the resolved config, its progress, seeds."""

from .checkpoints import BestCheckpoint, LatestCheckpoint
from .config import SaveRunConfig
from .metrics import MetricsFile
from .predictions import PredictionWriter
from .progress import ProgressFile
from .seeding import EpochSeed

__all__ = ["BestCheckpoint", "EpochSeed", "LatestCheckpoint", "MetricsFile", "PredictionWriter", "ProgressFile", "SaveRunConfig"]
