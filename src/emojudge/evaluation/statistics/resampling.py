"""The core of every interval: scores of resamples of whole speakers, all systems over the same resamples."""

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..additive import Additive, Score

CHUNK = 4_000_000
"""Draws held at a time: 32 MB of weights, and as much of the draws themselves."""


def bootstrap_scores(
    scores: Sequence[Additive], groups: Sequence[Hashable] | None, *, n_resamples: int = 10_000, seed: int = 0
) -> NDArray[np.float64]:
    """Return the scores of resamples of clusters, all over the same resamples, so that their differences are paired.

    A resample draws as many clusters as there are, with replacement, and takes each with all its utterances: what one speaker says is
    not independent of what the same speaker says elsewhere (cluster bootstrap; Davison and Hinkley, 1997, section 3.8).

    Args:
        scores: Of the same utterances in the same order.
        groups: Cluster of each utterance, as ``Table.speaker_groups`` gives it; None for each utterance by itself, where an entry is
            None that utterance alone.
        n_resamples: How many.
        seed: Of the draws.

    Returns:
        ``(n_resamples, n_scores)``; NaN where a resample leaves a score undefined.

    Raises:
        ValueError: If scores and groups are of different numbers of utterances, or there is no score.

    >>> from emojudge.evaluation import additive_emotions
    >>> accuracy = additive_emotions(["sad", "sad", "happy", "happy"], ["sad", "sad", "sad", "sad"], "accuracy")
    >>> sorted({float(x) for x in bootstrap_scores([accuracy], ["a", "a", "b", "b"], n_resamples=50)[:, 0]})
    [0.0, 0.5, 1.0]
    """
    sums, score = cluster_sums(scores, groups), stacked(scores)
    return np.concatenate([score(weights @ sums) for weights in resample_weights(len(sums), n_resamples, seed)])


def cluster_sums(scores: Sequence[Additive], groups: Sequence[Hashable] | None) -> NDArray[np.float64]:
    """Return what each cluster adds to the scores, ``(clusters, all n_counts)``; a cluster that adds nothing to any is left out.

    Raises:
        ValueError: If scores and groups are of different numbers of utterances, or there is no score.
    """
    lengths = {len(score.counts) for score in scores} | (set() if groups is None else {len(groups)})
    if not scores or len(lengths) > 1:
        raise ValueError(f"scores and groups are of {sorted(lengths)} utterances; all need the same, and at least one score is needed")
    counts = np.concatenate([score.counts for score in scores], axis=1)
    if groups is not None:
        number: dict[Hashable, int] = {}
        cluster = np.fromiter(
            (number.setdefault((i,) if name is None else name, len(number)) for i, name in enumerate(groups)), np.int64, len(groups)
        )
        order = np.argsort(cluster, kind="stable")
        starts = np.flatnonzero(np.diff(cluster[order], prepend=-1))
        counts = np.add.reduceat(counts[order], starts, axis=0)
    return counts[counts.any(axis=1)]


def stacked(scores: Sequence[Additive]) -> Score:
    """Return a function from sums of all their counts, ``(..., all n_counts)``, to the scores, ``(..., n_scores)``."""
    ends = np.cumsum([score.counts.shape[1] for score in scores])

    def score(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        parts = np.split(sums, ends[:-1], axis=-1)
        return np.stack([one.score(part) for one, part in zip(scores, parts, strict=True)], axis=-1)

    return score


def resample_weights(n_clusters: int, n_resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each resample took each cluster, ``(some resamples, clusters)``, in chunks of bounded memory."""
    random = np.random.default_rng(seed)
    rows = max(1, CHUNK // max(1, n_clusters))
    for start in range(0, n_resamples, rows):
        weights = np.empty((min(rows, n_resamples - start), n_clusters))
        for row in weights:
            row[:] = np.bincount(random.integers(n_clusters, size=n_clusters, dtype=np.uint32), minlength=n_clusters)
        yield weights
