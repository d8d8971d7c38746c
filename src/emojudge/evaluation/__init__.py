"""Scores of predictions against the truth, what they are worth, and how they are told: neither torch nor lightning."""

from typing import TYPE_CHECKING, Any

from .additive import Additive, additive, additive_attributes, additive_emotions
from .attributes import score_attributes
from .claims import attribute_distributions, error_correlations, judge_gain, text_ablation
from .errors_of_attributes import BinError, error_by_bin, error_correlation
from .evidence import Evidence, weigh
from .evidence_sheets import comparison_sheet, evidence_sheet, sheets_of
from .groups import group_by, groups_sheet, score_groups
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

if TYPE_CHECKING:
    from .calibration import (
        TemperatureScaling,
        VectorScaling,
        brier_score,
        calibration_sheet,
        classwise_calibration_error,
        expected_calibration_error,
        negative_log_likelihood,
        reliability_curve,
        scaled,
    )

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
    "TemperatureScaling",
    "VectorScaling",
    "additive",
    "additive_attributes",
    "additive_emotions",
    "attribute_distributions",
    "bootstrap",
    "bootstrap_scores",
    "brier_score",
    "calibration_sheet",
    "check_submission",
    "check_target_prior",
    "classwise_calibration_error",
    "comparison_sheet",
    "confusion_matrix",
    "difference_of",
    "error_by_bin",
    "error_correlation",
    "error_correlations",
    "estimate_prior",
    "evidence_sheet",
    "expected_calibration_error",
    "few_groups",
    "group_by",
    "groups_sheet",
    "holm",
    "intervals_of",
    "judge_gain",
    "macro_f1_under_prior",
    "mcnemar",
    "negative_log_likelihood",
    "paired_bootstrap",
    "paper_sheet",
    "reliability_curve",
    "scaled",
    "score_attributes",
    "score_emotions",
    "score_groups",
    "score_posteriors",
    "sheets_of",
    "shift_prior",
    "target_distribution",
    "text_ablation",
    "weigh",
    "weigh_runs",
    "write_submission",
]


def __getattr__(name: str) -> Any:
    """Return a name of the calibration, importing scikit-learn only now: a training needs the scores alone."""
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(".calibration", __name__), name)
