"""Scores of predictions against the truth, on arrays: neither torch nor lightning."""

from .additive import Additive, additive, additive_attributes, additive_emotions
from .attributes import score_attributes
from .prior import check_target_prior, estimate_prior, macro_f1_under_prior, shift_prior, target_distribution
from .scores import confusion_matrix, score_emotions
from .statistics import bootstrap_scores
from .submission import check_submission, write_submission

__all__ = [
    "Additive",
    "additive",
    "additive_attributes",
    "additive_emotions",
    "bootstrap_scores",
    "check_submission",
    "check_target_prior",
    "confusion_matrix",
    "estimate_prior",
    "macro_f1_under_prior",
    "score_attributes",
    "score_emotions",
    "shift_prior",
    "target_distribution",
    "write_submission",
]
