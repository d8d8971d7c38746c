"""Scores of predictions against the truth, on arrays: neither torch nor lightning."""

from .attributes import score_attributes
from .scores import score_emotions
from .submission import check_submission, write_submission

__all__ = ["check_submission", "score_attributes", "score_emotions", "write_submission"]
