"""The paper's claims as tests on one's own data: each a number, its interval, and a sentence that follows from it."""

from .comparison import Comparison, Gain, compare
from .distributions import Distribution, Distributions, attribute_distributions
from .errors import ErrorCorrelation, ErrorCorrelations, error_correlations
from .systems import judge_gain, text_ablation

__all__ = [
    "Comparison",
    "Distribution",
    "Distributions",
    "ErrorCorrelation",
    "ErrorCorrelations",
    "Gain",
    "attribute_distributions",
    "compare",
    "error_correlations",
    "judge_gain",
    "text_ablation",
]
