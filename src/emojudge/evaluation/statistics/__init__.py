"""Whether a number, or a difference of two, is more than chance: resampled by speaker."""

from .resampling import bootstrap_scores

__all__ = ["bootstrap_scores"]
