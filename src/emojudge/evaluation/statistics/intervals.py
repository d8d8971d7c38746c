"""The interval of a score, by resampling speakers."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..additive import Additive, additive, range_of
from .studentized import Statistic, statistics_of

FEW_GROUPS = 20


@dataclass(frozen=True)
class Interval:
    """A score, or a difference of two, with the interval in which that of all speakers like these lies."""

    value: float
    low: float
    """NaN with one cluster, which tells nothing of others; -inf where two or three are all, or all that vary: too few."""
    high: float
    level: float
    n: int
    """Utterances scored."""
    n_groups: int
    """Clusters that were resampled; ``n`` where every utterance counts by itself."""
    clustered: bool
    """Whether utterances were taken by cluster. If not, the interval (and p) is too small where speakers differ."""

    @classmethod
    def of(cls, found: Statistic, level: float, clustered: bool) -> "Interval":
        """Return the interval of what was resampled."""
        return cls(found.value, *found.bounds(level), level, found.n, found.n_groups, clustered)

    def within(self, low: float, high: float) -> "Interval":
        """Return the interval cut to the values that the score can have; one without bounds says nothing and stays."""
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return self
        return replace(self, low=max(self.low, low), high=min(self.high, high))


def bootstrap(
    truth: object,
    prediction: object,
    measure: str = "macro_f1",
    *,
    groups: Sequence[Hashable] | None = None,
    names: Sequence[str] | None = None,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return a score with its interval: how far it would move with other speakers from where these came from.

    Symmetric bootstrap-t over clusters: a resample draws as many speakers as there are, and its distance from the score is counted in
    its own standard error (Hall, 1988; for few clusters Cameron, Gelbach and Miller, 2008). Intervals of the resampled scores alone are
    too narrow with 50 speakers and far too narrow with 5; ``benchmarks/interval_coverage.py`` has the figures. It is cut to what the
    measure can be.

    Args:
        truth: Class of each utterance; for attributes an array ``(utterances, attributes)`` or named columns.
        prediction: Likewise; None (NaN) where the system had no input.
        measure: A measure of ``score_emotions`` or ``score_attributes``; it decides the task.
        groups: Cluster of each utterance, as ``Table.speaker_groups`` gives it; None takes every utterance by itself.
        names: The class list, or the names of the attributes.
        n_resamples: How many.
        level: Of the interval.
        seed: Of the draws.

    Raises:
        ConfigError: If there is no such measure.
        ValueError: If lengths differ or there is nothing to score.

    >>> found = bootstrap(["a", "a", "b", "b"] * 30, ["a", "b", "b", "b"] * 30, "accuracy", n_resamples=2000)
    >>> round(found.value, 2), 0.6 < found.low < 0.7, 0.8 < found.high < 0.9, found.n_groups
    (0.75, True, True, 120)
    """
    score = additive(truth, prediction, measure, names)
    return intervals_of([score], groups, n_resamples=n_resamples, level=level, seed=seed)[0].within(*range_of(measure))


def intervals_of(
    scores: Sequence[Additive],
    groups: Sequence[Hashable] | None,
    *,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> list[Interval]:
    """Return the interval of each score, as :func:`bootstrap` does, all over the same resamples; not cut, for any score is taken.

    Raises:
        ValueError: If scores and groups are of different numbers of utterances, or there is no score.
    """
    found = statistics_of(scores, np.eye(len(scores)).tolist(), groups, n_resamples, seed)
    return [Interval.of(one, level, groups is not None) for one in found]


def few_groups(n_groups: int) -> str | None:
    """Return what must stand beside intervals and differences of fewer than 20 speakers, or None.

    >>> few_groups(8)
    'only 8 speakers: below 20 an interval is rough, and no difference is established'
    """
    if n_groups >= FEW_GROUPS:
        return None
    noun = "speaker" if n_groups == 1 else "speakers"
    return f"only {n_groups} {noun}: below {FEW_GROUPS} an interval is rough, and no difference is established"
