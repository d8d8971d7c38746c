"""``BucketSampler``: batches of utterances of similar length, in an order that depends on seed and epoch only."""

import hashlib
import math
from collections.abc import Iterator

import numpy as np
import torch.distributed
from numpy.typing import ArrayLike, NDArray
from torch.utils.data import Sampler

from .plan import Indices, bucketed, descending, length_buckets, pooled

POOL_BATCHES = 50
"""Batches in a pool: 50 keep padding near 2 % at batch 32 and leave the order almost as random as a shuffle."""


class IndexBatch(list[int]):
    """Indices of a batch's utterances, and the epoch that they are drawn for, which workers that live on do not see otherwise."""

    def __init__(self, indices: Indices, epoch: int) -> None:
        super().__init__(indices.tolist())
        self.epoch = epoch


class BucketSampler(Sampler[list[int]]):
    """Yields lists of indices for ``DataLoader(dataset, sampler=sampler, batch_size=None)``.

    By number, a training epoch is a random permutation cut into pools of ``min(pool_batches, a quarter of the epoch)``.
    Each pool is sorted by length and cut into batches, and the batches of the epoch are shuffled. By seconds, utterances are
    sorted into buckets of about one length once; each epoch shuffles within the buckets, cuts them, and shuffles the batches. A
    batch is then as large as its padded length allows. Either way every epoch has as many batches.

    The plan is the same on every rank, which takes each ``world size``-th batch of it. Evaluation sorts
    everything, longest first, so that a batch too large for the memory fails at once.

    The loss is a mean over a batch, and ranks are averaged: by seconds, a long utterance weighs more than a short one, since fewer
    share its step.

    Paper: silent on batching; random batches of 32 short recordings are padded to 1.5 times their length and more.

    Args:
        lengths: Length of each utterance, ``(utterances,)``; in seconds for ``batch_seconds``, else in any unit.
        batch_size: Utterances in a batch of one rank; the last batch cut may be smaller. Either this or ``batch_seconds``.
        batch_seconds: Longest batch of one rank in seconds, padding included: utterances times the longest of them. One that is
            longer has a batch of its own, one shorter than a second counts as a second.
        shuffle: True for training, where whole batches are repeated at the end so that every rank has
            as many. False for evaluation, which repeats nothing.
        seed: Together with the epoch, it decides the order.
        pool_batches: Batches in a pool, by number; 1 gives random batches. Batches of one length may come from one corpus
            or one sort of speaker, whose statistics a batch norm then takes for those of all.

    Raises:
        ValueError: If there is no utterance, a size is not positive, or not exactly one of both sizes is given.
    """

    def __init__(
        self,
        lengths: ArrayLike,
        batch_size: int | None = None,
        *,
        batch_seconds: float | None = None,
        shuffle: bool,
        seed: int = 0,
        pool_batches: int = POOL_BATCHES,
    ) -> None:
        self.lengths: NDArray[np.float64] = np.asarray(lengths, dtype=np.float64)
        size = batch_seconds if batch_size is None else batch_size
        if len(self.lengths) == 0 or size is None or size <= 0 or pool_batches < 1 or None not in (batch_size, batch_seconds):
            found = f"{len(self.lengths)} utterances, batch_size {batch_size}, batch_seconds {batch_seconds}, pool_batches {pool_batches}"
            raise ValueError(f"needs utterances, a positive batch_size or batch_seconds and a positive pool size (found {found})")
        self.batch_size = batch_size
        self.batch_seconds = batch_seconds
        self.shuffle = shuffle
        self.seed = seed
        self.pool_batches = pool_batches
        self.epoch = 0
        self._consumed = (0, 0)
        self._buckets = None if batch_seconds is None or not shuffle else length_buckets(self.lengths, batch_seconds)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch; Lightning calls this before each."""
        self.epoch = epoch

    def resume(self, epoch: int, n_consumed: int) -> None:
        """Leave out the first batches of an epoch on each rank: a run that was stopped has trained on them.

        ``len`` stays that of the whole epoch, as Lightning counts the batches of a resumed one.
        """
        self._consumed = (epoch, n_consumed)

    def __len__(self) -> int:
        rank, world_size = rank_and_world_size()
        if not self.shuffle:
            return len(range(rank, len(self.plan()), world_size))
        return math.ceil(self._n_batches() / world_size)

    def __iter__(self) -> Iterator[list[int]]:
        rank, world_size = rank_and_world_size()
        epoch, plan = self.epoch, self.plan()
        if self.shuffle:
            n_missing = -len(plan) % world_size
            plan += [plan[i % len(plan)] for i in range(n_missing)]
        n_consumed = self._consumed[1] if epoch == self._consumed[0] else 0
        for batch in plan[rank::world_size][n_consumed:]:
            yield IndexBatch(batch, epoch)

    def plan(self) -> list[Indices]:
        """Return the batches of the current epoch, of all ranks together, each utterance once."""
        if not self.shuffle:
            _, world_size = rank_and_world_size()
            # Lightning leaves a rank that has no batch out of the evaluation, and the others would wait for its part of the scores
            share = max(len(self.lengths) // world_size, 1)
            return descending(self.lengths, share if self.batch_size is None else min(self.batch_size, share), self.batch_seconds)
        random = np.random.default_rng([self.seed, self.epoch])
        if self._buckets is not None:
            return bucketed(self._buckets, random)
        assert self.batch_size is not None  # __init__ checked it
        return pooled(self.lengths, self.batch_size, self.pool_batches, random)

    def digest(self) -> str:
        """Return what tells whether another sampler gives every rank the same batches of the current epoch."""
        _, world_size = rank_and_world_size()
        plan = self.plan()
        sizes = np.array([world_size, *map(len, plan)], dtype=np.int64)
        return hashlib.sha256(sizes.tobytes() + np.concatenate(plan).astype(np.int64).tobytes()).hexdigest()[:16]

    def _n_batches(self) -> int:
        if self._buckets is not None:
            return sum(bucket.n_batches for bucket in self._buckets)
        assert self.batch_size is not None  # __init__ checked it
        return math.ceil(len(self.lengths) / self.batch_size)


def rank_and_world_size() -> tuple[int, int]:
    """Return this process's rank and the number of processes, as they are now: loaders may be built before the group."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1
