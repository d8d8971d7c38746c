"""Losses: plain functions on tensors, and thin modules that keep their settings."""

from .attributes import MeanSquaredErrorLoss, WeightedLoss, mean_squared_error_loss
from .concordance import ConcordanceLoss, concordance_loss
from .emotions import CrossEntropyLoss, FocalLoss, KLDivergenceLoss, focal_loss, kl_divergence_loss

__all__ = [
    "ConcordanceLoss",
    "CrossEntropyLoss",
    "FocalLoss",
    "KLDivergenceLoss",
    "MeanSquaredErrorLoss",
    "WeightedLoss",
    "concordance_loss",
    "focal_loss",
    "kl_divergence_loss",
    "mean_squared_error_loss",
]
