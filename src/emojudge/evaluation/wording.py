"""Scores, intervals and differences as text, and the word that a difference allows."""

import math

from .statistics import Difference, Interval


def score_text(interval: Interval, digits: int = 3) -> str:
    """Return a score with its interval: ``0.512 [0.480, 0.540]``; alone where there is no interval, empty where there is no score."""
    return _with_bounds(interval.value, interval.low, interval.high, f".{digits}f")


def difference_text(difference: Difference, digits: int = 3) -> str:
    """Return a difference with its sign and interval: ``+0.012 [-0.003, +0.027]``."""
    return _with_bounds(difference.value, difference.low, difference.high, f"+.{digits}f")


def p_text(p: float) -> str:
    """Return a p value: ``0.031``, ``<0.001``; empty where there is none."""
    return "" if math.isnan(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


def verdict(difference: Difference, above: str = "gain", below: str = "loss", digits: int = 3) -> str:
    """Return what the interval of a difference allows to say: ``above``, ``below``, or that nothing was shown, and what could have been."""
    if math.isnan(difference.low) or math.isnan(difference.high):
        return "not shown: no interval, for want of speakers"
    if difference.low > 0:
        return above
    if difference.high < 0:
        return below
    smallest = f"; smallest difference that this data could show: {difference.detectable:.{digits}f}"
    return "not shown: the interval spans 0" + ("" if math.isnan(difference.detectable) else smallest)


def _with_bounds(value: float, low: float, high: float, form: str) -> str:
    if math.isnan(value):
        return ""
    return f"{value:{form}}" + ("" if math.isnan(low) or math.isnan(high) else f" [{low:{form}}, {high:{form}}]")
