"""The difference of two systems on the same utterances, by resampling speakers."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..additive import Additive, additive, is_of_attributes
from .intervals import Interval
from .studentized import NOTHING, Statistic, statistics_of

POWER = 0.8


@dataclass(frozen=True)
class Difference(Interval):
    """By how much one system is above another on the same utterances; without bounds where too few speakers show a difference."""

    p: float
    """Two-sided, of no difference between the systems; below ``1 - level`` where the interval does not hold 0, and only there."""
    detectable: float
    """The true difference that as many such speakers would show with a power of 80 %, at ``level``; NaN where none of them differs."""

    @classmethod
    def of(cls, found: Statistic, level: float, clustered: bool) -> "Difference":
        """Return the difference that was resampled."""
        return cls(**vars(Interval.of(found, level, clustered)), p=found.p, detectable=_detectable(found, level))


def paired_bootstrap(
    truth: object,
    a: object,
    b: object,
    measure: str = "macro_f1",
    *,
    groups: Sequence[Hashable] | None = None,
    names: Sequence[str] | None = None,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """Return by how much ``a`` is above ``b``, with interval and p, both systems over the same resamples of speakers.

    The method is that of :func:`~emojudge.evaluation.bootstrap`. Of several runs that differ in their seed only, the difference of the
    mean scores is taken; interval and p then speak of other speakers, not of other seeds.

    Args:
        truth: Class of each utterance; for attributes an array ``(utterances, attributes)`` or named columns.
        a: Predictions likewise, or a list of those of several runs.
        b: Of the system that it is compared with.
        measure: A measure of ``score_emotions`` or ``score_attributes``; it decides the task.
        groups: Cluster of each utterance, as ``Table.speaker_groups`` gives it; None takes every utterance by itself.
        names: The class list, or the names of the attributes.
        n_resamples: How many.
        level: Of the interval.
        seed: Of the draws.

    Raises:
        ConfigError: If there is no such measure.
        ValueError: If lengths differ or there is nothing to score.
    """
    one, other = ([additive(truth, run, measure, names) for run in _runs(given, measure)] for given in (a, b))
    return difference_of(one, other, groups, n_resamples=n_resamples, level=level, seed=seed)


def difference_of(
    a: Additive | Sequence[Additive],
    b: Additive | Sequence[Additive],
    groups: Sequence[Hashable] | None,
    *,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """Return the difference of two scores, as :func:`paired_bootstrap` does; of sequences (runs) that of their means.

    Raises:
        ValueError: If scores and groups are of different numbers of utterances, or there is no score.
    """
    one, other = ([given] if isinstance(given, Additive) else list(given) for given in (a, b))
    if not one or not other:
        raise ValueError("a difference needs at least one score on either side")
    contrast = [1 / len(one)] * len(one) + [-1 / len(other)] * len(other)
    (found,) = statistics_of([*one, *other], [contrast], groups, n_resamples, seed)
    return Difference.of(found, level, groups is not None)


def _detectable(found: Statistic, level: float) -> float:
    """Return the smallest difference that is found with a power of 80 %: half of the interval, and a quantile of Student's t more.

    NaN where all clusters are alike: nothing then tells how large chance is.
    """
    from scipy.stats import t

    if found.n_groups < 2 or found.error <= NOTHING:
        return math.nan
    return found.bounds(level)[1] - found.value + float(t.ppf(POWER, found.n_groups - 1)) * found.bootstrap_error


def _runs(given: Any, measure: str) -> Sequence[Any]:
    """Return predictions as a list of runs: those of a single one are values, of several lists, arrays or named columns."""
    if isinstance(given, Mapping) or not len(given):
        return [given]
    first = given[0]
    dimensions = 2 if isinstance(first, Mapping) else 0 if first is None or isinstance(first, str) else np.ndim(first)
    return list(given) if dimensions == (2 if is_of_attributes(measure) else 1) else [given]
