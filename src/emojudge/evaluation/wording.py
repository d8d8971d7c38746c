"""Scores, intervals and differences as text, and the word that a difference allows."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from ..errors import plural
from .statistics import Difference, Interval, few_groups

NOT_SHOWN = "not shown"
"""How every verdict begins that says nothing of the systems."""
SPANS_0 = f"{NOT_SHOWN}: the interval spans 0"
NO_DIFFERENCE = f"{NOT_SHOWN}: the two do not differ here"
UNCORRECTED = "Each verdict is of its own interval: of twenty where nothing is, one is expected to show something."
"""What must stand below verdicts that are not corrected for their number."""


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
    word = sign(difference, above, below)
    if word != SPANS_0 or math.isnan(difference.detectable):
        return word
    return f"{word}; smallest difference that this data could show: {difference.detectable:.{digits}f}"


def sign(interval: Interval, above: str, below: str) -> str:
    """Return ``above`` or ``below`` where an interval is on one side of 0, else that nothing was shown.

    With fewer than 20 speakers the word says that it is not established.
    """
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return f"{NOT_SHOWN}: too few speakers {'for an interval' if interval.n_groups < 4 else 'make the difference'}"
    if interval.low == interval.high == 0:
        return NO_DIFFERENCE
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
        if not word.startswith(NOT_SHOWN):
            reached.setdefault(word, []).append(name)
    n_open = len(entries) - sum(map(len, reached.values()))
    return " ".join([*(f"{word}: {'; '.join(names)}." for word, names in reached.items()), f"Not shown: {n_open} of {len(entries)}."])


def clusters_of(groups: Sequence[str]) -> str:
    """Return what there is to resample: ``8 speakers``, or ``3 speakers and 20 recordings`` where some speakers are not known.

    >>> clusters_of(["speaker 1", "speaker 2", "speaker 1", "id a"])
    '2 speakers and 1 utterance'
    """
    nouns = {"speaker": "speaker", "recording": "recording", "id": "utterance"}
    counts = Counter(nouns[group.partition(" ")[0]] for group in dict.fromkeys(groups))
    return " and ".join(plural(counts[noun], noun) for noun in nouns.values() if noun in counts)


def speakers_note(split: str, groups: Sequence[str]) -> str | None:
    """Return what must be said of the speakers of a split below a table, or None.

    Args:
        split: Its name.
        groups: Speaker group of each utterance, as ``Table.speaker_groups`` gives it.
    """
    if warning := few_groups(len({*groups})):
        return f"{split}: {warning}."
    n_alone = sum(group.startswith("id ") for group in groups)
    if not n_alone:
        return None
    who = "every utterance counts" if n_alone == len(groups) else f"{n_alone:,} of {len(groups):,} utterances count each"
    return f"{split}: {who} by itself, for want of speakers; intervals are too narrow where speakers differ."


def _with_bounds(value: float, low: float, high: float, form: str) -> str:
    if math.isnan(value):
        return ""
    return f"{value:{form}}" + (f" [{low:{form}}, {high:{form}}]" if math.isfinite(low) and math.isfinite(high) else "")
