"""Parts of networks: torch modules on frames and masks, without lightning."""

from .heads import BaselineHead, ClassificationHead, LinearHead, ResidualHead
from .micro_batches import in_micro_batches
from .pooling import AttentiveStatisticsPooling, FirstFrame, MeanPooling, MeanStdPooling

__all__ = [
    "AttentiveStatisticsPooling",
    "BaselineHead",
    "ClassificationHead",
    "FirstFrame",
    "LinearHead",
    "MeanPooling",
    "MeanStdPooling",
    "ResidualHead",
    "in_micro_batches",
]
