"""Whether posteriors are as sure as they are right, and scalings that make them so."""

from .out_of_fold import scaled
from .scaling import TemperatureScaling, VectorScaling
from .scores import (
    ReliabilityCurve,
    brier_score,
    classwise_calibration_error,
    expected_calibration_error,
    negative_log_likelihood,
    prior_weights,
    reliability_curve,
)
from .table import calibration_sheet

__all__ = [
    "ReliabilityCurve",
    "TemperatureScaling",
    "VectorScaling",
    "brier_score",
    "calibration_sheet",
    "classwise_calibration_error",
    "expected_calibration_error",
    "negative_log_likelihood",
    "prior_weights",
    "reliability_curve",
    "scaled",
]
