"""What a trainer writes besides its logs: checkpoints, predictions, the resolved config, its progress."""

from .checkpoints import BestCheckpoint, LatestCheckpoint
from .config import SaveRunConfig
from .predictions import PredictionWriter
from .progress import ProgressFile

__all__ = ["BestCheckpoint", "LatestCheckpoint", "PredictionWriter", "ProgressFile", "SaveRunConfig"]
