"""Scores of predictions against the truth, on arrays: neither torch nor lightning."""

from .scores import score_emotions

__all__ = ["score_emotions"]
