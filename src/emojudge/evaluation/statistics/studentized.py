"""Standard errors between clusters, of the data and of every resample: what makes an interval hold with few speakers."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..additive import Additive
from .resampling import cluster_sums, resample_weights

STEP = 1e-5
"""Of a numerical derivative, as a part of what a count adds up to without signs."""
NOTHING = 1e-9
"""Standard errors below it are the rounding of a score that does not vary between clusters."""


@dataclass(frozen=True)
class Statistic:
    """A weighted sum of scores with its standard error, and both again in every resample."""

    value: float
    error: float
    """Standard error between clusters by the infinitesimal jackknife; 0 of what does not vary between them."""
    resampled: NDArray[np.float64]
    """The value of each resample, ``(resamples,)``; those that leave it undefined are left out."""
    resampled_error: NDArray[np.float64]
    n: int
    """Utterances that add to it."""
    n_groups: int
    """Clusters that do."""

    @property
    def deviations(self) -> NDArray[np.float64]:
        """Return how many of its own standard errors each resample is away from the value, without sign, in ascending order."""
        away = np.abs(self.resampled - self.value)
        with np.errstate(divide="ignore", invalid="ignore"):
            # of one cluster alone a resample has no standard error: it may be as far away as it likes
            return np.sort(np.where(away <= NOTHING, 0.0, away / self.resampled_error))

    def bounds(self, level: float) -> tuple[float, float]:
        """Return the symmetric bootstrap-t interval (Hall, 1988); NaN with one cluster, infinite where too few to tell."""
        if self.n_groups < 2:
            return math.nan, math.nan
        if self.error <= NOTHING:
            half = math.inf if abs(self.value) > NOTHING and self.p >= 1 - level - 1e-9 else 0.0
            return self.value - half, self.value + half
        deviations = self.deviations
        rank = math.ceil((1 - level) * (len(deviations) + 1) - 1e-9) - 1  # so that p < 1 - level where 0 is outside, and only there
        half = (float(deviations[-rank]) if rank > 0 else math.inf) * self.error
        return self.value - half, self.value + half

    @property
    def p(self) -> float:
        """Return the two-sided p of the value being 0: how many resamples deviate as far; NaN with one cluster, and never 0."""
        if self.n_groups < 2 or math.isnan(self.value):
            return math.nan
        if self.error <= NOTHING and abs(self.value) <= NOTHING:
            return 1.0
        deviations = self.deviations
        if self.error <= NOTHING:
            # alike in all clusters: as where they differ, a resample that takes one cluster alone is as far away as it likes
            return max(1 / (len(deviations) + 1), float(self.n_groups) ** (1 - self.n_groups))
        as_far = int((deviations >= abs(self.value) / self.error).sum())
        return (as_far + 1) / (len(deviations) + 1)

    @property
    def bootstrap_error(self) -> float:
        """Return the standard deviation over resamples, without its bias by the number of clusters; NaN with one cluster."""
        if self.n_groups < 2 or math.isnan(self.value):
            return math.nan
        return float(self.resampled.std()) * math.sqrt(self.n_groups / (self.n_groups - 1))


def statistics_of(
    scores: Sequence[Additive], contrasts: Sequence[Sequence[float]], groups: Sequence[Hashable] | None, n_resamples: int, seed: int
) -> list[Statistic]:
    """Return weighted sums of scores, all over the same resamples of clusters.

    Args:
        scores: Of the same utterances in the same order.
        contrasts: For each statistic the weight of each score.
        groups: Cluster of each utterance; None for each by itself.
        n_resamples: How many.
        seed: Of the draws.

    Raises:
        ValueError: If scores and groups are of different numbers of utterances, or there is no score.
    """
    sums = cluster_sums(scores, groups)
    ends = np.cumsum([score.counts.shape[1] for score in scores])
    parts = np.split(sums, ends[:-1], axis=1)  # one of (clusters, n_counts) a score
    ours = [[(weight, k) for k, weight in enumerate(row) if weight] for row in contrasts]
    observed = _weighted(ours, scores, parts, np.ones((1, len(sums))))
    chunks: list[list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = [[] for _ in ours]
    for weights in resample_weights(len(sums), n_resamples, seed):
        for found, of_chunk in zip(chunks, _weighted(ours, scores, parts, weights), strict=True):
            found.append(of_chunk)
    made = []
    for terms, (value, error), found in zip(ours, observed, chunks, strict=True):
        resampled, errors = (np.concatenate(column) for column in zip(*found, strict=True))
        defined = ~np.isnan(resampled)
        n = int(np.any([scores[k].counts.any(axis=1) for _, k in terms], axis=0).sum())
        n_groups = int(np.any([parts[k].any(axis=1) for _, k in terms], axis=0).sum())
        made.append(Statistic(float(value[0]), float(error[0]), resampled[defined], errors[defined], n, n_groups))
    return made


def _weighted(
    contrasts: Sequence[Sequence[tuple[float, int]]],
    scores: Sequence[Additive],
    parts: Sequence[NDArray[np.float64]],
    weights: NDArray[np.float64],
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return weighted sums of scores and their standard errors in each resample, ``(resamples,)`` both."""
    n_clusters = weights.shape[1]
    values, gradients = [], []  # of each score, though several sums may have it
    for score, part in zip(scores, parts, strict=True):
        sums = weights @ part
        values.append(score.score(sums))
        gradients.append(_gradient(score, sums, weights @ np.abs(part)))
    found = []
    for terms in contrasts:
        value = np.zeros(len(weights))
        influence = np.zeros(weights.shape)  # (resamples, clusters): by how much a little more of a cluster moves the value
        for weight, k in terms:
            value += weight * values[k]
            influence += (weight * gradients[k]) @ parts[k].T
        np.square(influence, out=influence)
        error = np.sqrt(np.einsum("rc,rc->r", influence, weights) * (n_clusters / max(1, n_clusters - 1)))
        found.append((value, np.where(error > NOTHING, error, 0.0)))
    return found


def _gradient(score: Additive, sums: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the derivative of a score by each of its counts, ``(resamples, n_counts)``; 0 by a count that a resample lacks."""
    gradient = np.zeros_like(sums)
    for k in range(sums.shape[1]):
        step = STEP * sizes[:, k]
        above, below = sums.copy(), sums.copy()
        above[:, k] += step
        below[:, k] -= step
        rise = score.score(above) - score.score(below)
        np.divide(rise, 2 * step, out=gradient[:, k], where=(step > 0) & ~np.isnan(rise))
    return gradient
