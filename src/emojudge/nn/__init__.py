"""Parts of networks: torch modules on frames and masks, without lightning."""

from .heads import ClassificationHead, ResidualHead
from .pooling import AttentiveStatisticsPooling

__all__ = ["AttentiveStatisticsPooling", "ClassificationHead", "ResidualHead"]
