"""Scores of predictions against the truth, on arrays: neither torch nor lightning."""

from .attributes import score_attributes
from .scores import score_emotions

__all__ = ["score_attributes", "score_emotions"]
