"""Whether a number, or a difference of two, is more than chance: resampled by speaker."""

from .differences import Difference, difference_of, paired_bootstrap
from .hypotheses import McNemar, holm, mcnemar
from .intervals import Interval, bootstrap, few_groups, intervals_of
from .resampling import bootstrap_scores
from .spread import Spread

__all__ = [
    "Difference",
    "Interval",
    "McNemar",
    "Spread",
    "bootstrap",
    "bootstrap_scores",
    "difference_of",
    "few_groups",
    "holm",
    "intervals_of",
    "mcnemar",
    "paired_bootstrap",
]
