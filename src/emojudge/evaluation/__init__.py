"""Scores of predictions against the truth, what they are worth, and how they are told: neither torch nor lightning."""

from .additive import Additive, additive, additive_attributes, additive_emotions
from .attributes import score_attributes
from .errors_of_attributes import BinError, error_by_bin, error_correlation
from .evidence import Evidence, weigh
from .evidence_sheets import comparison_sheet, evidence_sheet, sheets_of
from .paper import paper_sheet
from .posteriors import score_posteriors
from .prior import check_target_prior, estimate_prior, macro_f1_under_prior, shift_prior, target_distribution
from .scores import confusion_matrix, score_emotions
from .sheet import Sheet
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
from .submission import check_submission, write_submission
from .tables import Result, ResultsTable, weigh_runs

__all__ = [
    "Additive",
    "BinError",
    "Difference",
    "Evidence",
    "Interval",
    "McNemar",
    "Result",
    "ResultsTable",
    "Sheet",
    "Spread",
    "additive",
    "additive_attributes",
    "additive_emotions",
    "bootstrap",
    "bootstrap_scores",
    "check_submission",
    "check_target_prior",
    "comparison_sheet",
    "confusion_matrix",
    "difference_of",
    "error_by_bin",
    "error_correlation",
    "estimate_prior",
    "evidence_sheet",
    "few_groups",
    "holm",
    "intervals_of",
    "macro_f1_under_prior",
    "mcnemar",
    "paired_bootstrap",
    "paper_sheet",
    "score_attributes",
    "score_emotions",
    "score_posteriors",
    "sheets_of",
    "shift_prior",
    "target_distribution",
    "weigh",
    "weigh_runs",
    "write_submission",
]
