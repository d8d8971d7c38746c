"""Scores of predictions against the truth, on arrays: neither torch nor lightning."""

from .additive import Additive, additive, additive_attributes, additive_emotions
from .attributes import score_attributes
from .errors_of_attributes import BinError, error_by_bin, error_correlation
from .posteriors import score_posteriors
from .scores import confusion_matrix, score_emotions
from .statistics import (
    Difference,
    Interval,
    McNemar,
    Spread,
    bootstrap,
    bootstrap_scores,
    difference_of,
    few_groups,
    holm,
    intervals_of,
    mcnemar,
    paired_bootstrap,
)

__all__ = [
    "Additive",
    "BinError",
    "Difference",
    "Interval",
    "McNemar",
    "Spread",
    "additive",
    "additive_attributes",
    "additive_emotions",
    "bootstrap",
    "bootstrap_scores",
    "confusion_matrix",
    "difference_of",
    "error_by_bin",
    "error_correlation",
    "few_groups",
    "holm",
    "intervals_of",
    "mcnemar",
    "paired_bootstrap",
    "score_attributes",
    "score_emotions",
    "score_posteriors",
]
