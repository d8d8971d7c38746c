"""Scores of predictions against the truth, on arrays: neither torch nor lightning."""

from .additive import Additive, additive, additive_attributes, additive_emotions
from .attributes import score_attributes
from .scores import confusion_matrix, score_emotions
from .statistics import bootstrap_scores

__all__ = [
    "Additive",
    "additive",
    "additive_attributes",
    "additive_emotions",
    "bootstrap_scores",
    "confusion_matrix",
    "score_attributes",
    "score_emotions",
]
