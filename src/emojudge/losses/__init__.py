"""Losses: plain functions on tensors, and thin modules that keep their settings."""

from .concordance import ConcordanceLoss, concordance_loss
from .emotions import CrossEntropyLoss, FocalLoss, focal_loss

__all__ = ["ConcordanceLoss", "CrossEntropyLoss", "FocalLoss", "concordance_loss", "focal_loss"]
