"""Parts of networks: torch modules on frames and masks, without lightning."""

from .heads import ClassificationHead, ResidualHead
from .pooling import AttentiveStatisticsPooling, FirstFrame, MeanPooling, MeanStdPooling

__all__ = ["AttentiveStatisticsPooling", "ClassificationHead", "FirstFrame", "MeanPooling", "MeanStdPooling", "ResidualHead"]
