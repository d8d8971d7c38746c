"""Scores, intervals and differences as text, and the word that a difference allows."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .statistics import Difference, Interval, few_groups

SPANS_0 = "not shown: the interval spans 0"
ALIKE = "not shown: the two score the same, whoever is resampled"


def score_text(interval: Interval, digits: int = 3) -> str:
    """Return a score with its interval: ``0.512 [0.480, 0.540]``; alone where that has no bounds, empty where there is no score."""
    return _with_bounds(interval.value, interval.low, interval.high, f"z.{digits}f")


def difference_text(difference: Difference, digits: int = 3) -> str:
    """Return a difference with its sign and interval: ``+0.012 [-0.003, +0.027]``."""
    return _with_bounds(difference.value, difference.low, difference.high, f"+z.{digits}f")


def p_text(p: float) -> str:
    """Return a p value: ``0.031``, ``<0.001``; empty where there is none."""
    return "" if math.isnan(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


def verdict(difference: Difference, above: str = "gain", below: str = "loss", digits: int = 3) -> str:
    """Return what the interval of a difference allows to say: ``above``, ``below``, or that nothing was shown, and what could have been."""
    if difference.low == difference.high == 0:
        return ALIKE  # no data of this kind shows any difference, so there is none that it could show
    word = sign(difference, above, below)
    if word != SPANS_0:
        return word
    return f"{word}; smallest difference that this data could show: {difference.detectable:.{digits}f}"


def sign(interval: Interval | Difference, above: str, below: str) -> str:
    """Return ``above`` or ``below`` where an interval is on one side of 0, else that nothing was shown.

    With fewer than 20 speakers the word says that it is not established.
    """
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return "not shown: too few speakers for an interval"
    if interval.low <= 0 <= interval.high:
        return SPANS_0
    doubt = " (not established: too few speakers)" if few_groups(interval.n_groups) else ""
    return (above if interval.low > 0 else below) + doubt


def tally(entries: Iterable[tuple[str, str]]) -> str:
    """Return in words what came out: each verdict that was reached with what it is of, and how many were not shown.

    >>> tally([("dev, uar", "gain"), ("test1, uar", "gain"), ("dev, accuracy", "not shown: the interval spans 0")])
    'gain: dev, uar; test1, uar. Not shown: 1 of 3.'
    """
    entries = list(entries)
    reached: dict[str, list[str]] = {}
    for name, word in entries:
        if not word.startswith("not shown"):
            reached.setdefault(word, []).append(name)
    n_open = len(entries) - sum(map(len, reached.values()))
    return " ".join([*(f"{word}: {'; '.join(names)}." for word, names in reached.items()), f"Not shown: {n_open} of {len(entries)}."])


def possible(measure: str) -> tuple[float, float]:
    """Return the least and the largest value that a measure of ``score_emotions`` or ``score_attributes`` can have."""
    kind = measure.partition("_")[0]
    return {"ccc": (-1.0, 1.0), "pearson": (-1.0, 1.0), "mae": (0.0, math.inf)}.get(kind, (0.0, 1.0))


def within(interval: Interval, low: float, high: float) -> Interval:
    """Return an interval cut to the values that the score can have; one without bounds says nothing and stays."""
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return interval
    return replace(interval, low=max(interval.low, low), high=min(interval.high, high))


def speakers_note(split: str, groups: Sequence[str]) -> str | None:
    """Return what must be said of the speakers of a split below a table, or None.

    Args:
        split: Its name.
        groups: Speaker group of each utterance, as ``Table.speaker_groups`` gives it.
    """
    n_groups = len({*groups})
    if warning := few_groups(n_groups):
        return f"{split}: {warning}."
    if n_groups == len(groups):
        return f"{split}: every utterance counts by itself, for want of speakers; intervals are too narrow where speakers differ."
    return None


def _with_bounds(value: float, low: float, high: float, form: str) -> str:
    if math.isnan(value):
        return ""
    return f"{value:{form}}" + (f" [{low:{form}}, {high:{form}}]" if math.isfinite(low) and math.isfinite(high) else "")
