"""How the utterances of an epoch are cut into batches: pure functions of lengths and of a random generator."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Indices = NDArray[np.int64]
"""Indices of utterances, ``(utterances,)``."""

LEAST_S = 1.0
"""What an utterance counts at least, in seconds, so that a batch holds no more utterances than seconds."""

_BUCKET_WIDTH = 0.03
"""How much shorter than its longest an utterance of a bucket may be: about twice the share of padding."""

_BUCKET_BATCHES = 4
"""Batches of a bucket at least, so that other epochs put other utterances together."""


class Bucket(NamedTuple):
    """Utterances of about one length, and how many of them make a batch."""

    members: Indices
    size: int

    @property
    def n_batches(self) -> int:
        """Number of batches, of which the last may be smaller."""
        return -(-len(self.members) // self.size)


def pooled(lengths: NDArray[np.float64], size: int, pool_batches: int, random: np.random.Generator) -> list[Indices]:
    """Return batches of ``size`` utterances in random order.

    A permutation is cut into pools of ``min(pool_batches, a quarter of the epoch)`` batches; each pool is sorted by
    length and cut, and the batches are shuffled.
    """
    order = random.permutation(len(lengths))
    n_batches = -(-len(order) // size)
    pool_size = size * min(pool_batches, -(-n_batches // 4))
    batches = []
    for start in range(0, len(order), pool_size):
        pool = order[start : start + pool_size]
        batches += cut(pool[np.argsort(lengths[pool], kind="stable")], size)
    return [batches[i] for i in random.permutation(len(batches))]


def length_buckets(lengths: NDArray[np.float64], seconds: float) -> list[Bucket]:
    """Return buckets whose batches hold at most ``seconds`` when padded; an utterance longer than that is a batch of its own.

    They depend on the lengths alone, so that every epoch has as many batches. Each takes whole batches of utterances up to
    3 % shorter than its longest, but at least four, and the last one takes the rest.
    """
    order = np.argsort(-lengths, kind="stable").astype(np.int64)
    negative = -lengths[order]  # ascending, for the search
    buckets = []
    start = 0
    while start < len(order):
        size = _n_together(-negative[start], seconds)
        n_alike = int(np.searchsorted(negative, negative[start] * (1 - _BUCKET_WIDTH), side="right")) - start
        stop = start + size * max(n_alike // size, _BUCKET_BATCHES)
        if stop + size * _BUCKET_BATCHES > len(order):
            stop = len(order)
        buckets.append(Bucket(order[start:stop], size))
        start = stop
    return buckets


def bucketed(buckets: Sequence[Bucket], random: np.random.Generator) -> list[Indices]:
    """Return the batches of some buckets in random order; each bucket is shuffled before it is cut."""
    batches = [batch for bucket in buckets for batch in cut(random.permutation(bucket.members), bucket.size)]
    return [batches[i] for i in random.permutation(len(batches))]


def descending(lengths: NDArray[np.float64], largest: int, seconds: float | None = None) -> list[Indices]:
    """Return batches from the longest utterance to the shortest, so that one too large for the memory fails at once.

    Args:
        lengths: Length of each utterance, ``(utterances,)``.
        largest: Most utterances in a batch.
        seconds: Longest padded batch, None for no such limit.
    """
    order = np.argsort(-lengths, kind="stable").astype(np.int64)
    if seconds is None:
        return cut(order, largest)
    batches = []
    start = 0
    while start < len(order):
        stop = start + min(_n_together(lengths[order[start]], seconds), largest)
        batches.append(order[start:stop])
        start = stop
    return batches


def cut(order: Indices, size: int) -> list[Indices]:
    """Return consecutive batches of ``size``; the last one may be smaller."""
    return [order[start : start + size] for start in range(0, len(order), size)]


def padding_ratio(lengths: ArrayLike, batches: Sequence[Sequence[int] | Indices]) -> float:
    """Return padded over real length of some batches; 1 means no padding.

    Example:
        Two batches of two utterances, padded to 4 + 4 and 2 + 2 where 4 + 3 and 2 + 1 are real:

        >>> padding_ratio([4, 1, 3, 2], [[0, 2], [1, 3]])
        1.2
    """
    lengths = np.asarray(lengths, dtype=np.float64)
    padded = sum(len(batch) * lengths[batch].max() for batch in batches)
    return float(padded / sum(lengths[batch].sum() for batch in batches))


def _n_together(longest: float, seconds: float) -> int:
    """Return how many utterances fit a batch with its longest; rounding must not cost 240 / 2.4 its hundredth."""
    return max(int(seconds / max(longest, LEAST_S) + 1e-9), 1)
