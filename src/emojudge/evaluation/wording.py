"""Scores, intervals and differences as text, and the word that a difference allows."""

import math

from .statistics import Difference, Interval

SPANS_0 = "not shown: the interval spans 0"


def score_text(interval: Interval, digits: int = 3) -> str:
    """Return a score with its interval: ``0.512 [0.480, 0.540]``; alone where that has no bounds, empty where there is no score."""
    return _with_bounds(interval.value, interval.low, interval.high, f".{digits}f")


def difference_text(difference: Difference, digits: int = 3) -> str:
    """Return a difference with its sign and interval: ``+0.012 [-0.003, +0.027]``."""
    return _with_bounds(difference.value, difference.low, difference.high, f"+.{digits}f")


def p_text(p: float) -> str:
    """Return a p value: ``0.031``, ``<0.001``; empty where there is none."""
    return "" if math.isnan(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


def verdict(difference: Difference, above: str = "gain", below: str = "loss", digits: int = 3) -> str:
    """Return what the interval of a difference allows to say: ``above``, ``below``, or that nothing was shown, and what could have been."""
    word = sign(difference, above, below)
    if word != SPANS_0 or not math.isfinite(difference.detectable):
        return word
    return f"{word}; smallest difference that this data could show: {difference.detectable:.{digits}f}"


def sign(interval: Interval | Difference, above: str, below: str) -> str:
    """Return ``above`` or ``below`` where an interval is on one side of 0, else that nothing was shown."""
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return "not shown: too few speakers for an interval"
    return above if interval.low > 0 else below if interval.high < 0 else SPANS_0


def _with_bounds(value: float, low: float, high: float, form: str) -> str:
    if math.isnan(value):
        return ""
    return f"{value:{form}}" + (f" [{low:{form}}, {high:{form}}]" if math.isfinite(low) and math.isfinite(high) else "")
