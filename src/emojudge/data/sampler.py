"""``BucketSampler``: batches of utterances of similar length, in an order that depends on seed and epoch only."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch.distributed
from numpy.typing import ArrayLike, NDArray
from torch.utils.data import Sampler

POOL_BATCHES = 50
"""Batches in a pool: 50 keep padding near 2 % at batch 32 and leave the order almost as random as a shuffle."""


class BucketSampler(Sampler[list[int]]):
    """Yields lists of indices for ``DataLoader(dataset, sampler=sampler, batch_size=None)``.

    A training epoch is a random permutation cut into pools of ``min(pool_batches, a quarter of the
    epoch)``. Each pool is sorted by length and cut into batches, and the batches of the epoch are shuffled. The
    plan is the same on every rank, which takes each ``world size``-th batch of it. Evaluation sorts
    everything, longest first, so that a batch too large for the memory fails at once.

    Paper: silent on batching; random batches of 32 short recordings are padded to 1.5 times their length and more.

    Args:
        lengths: Length of each utterance in any unit, ``(utterances,)``.
        batch_size: Utterances in a batch of one rank; the last batch cut may be smaller.
        shuffle: True for training, where whole batches are repeated at the end so that every rank has
            as many. False for evaluation, which repeats nothing.
        seed: Together with the epoch, it decides the order.
        pool_batches: Batches in a pool; 1 gives random batches. Batches of one length may come from one corpus
            or one sort of speaker, whose statistics a batch norm then takes for those of all.

    Raises:
        ValueError: If there is no utterance or ``batch_size`` is not positive.
    """

    def __init__(self, lengths: ArrayLike, batch_size: int, *, shuffle: bool, seed: int = 0, pool_batches: int = POOL_BATCHES) -> None:
        self.lengths: NDArray[np.float64] = np.asarray(lengths, dtype=np.float64)
        if len(self.lengths) == 0 or batch_size < 1 or pool_batches < 1:
            found = f"found {len(self.lengths)} utterances, batch_size {batch_size}, pool_batches {pool_batches}"
            raise ValueError(f"needs utterances, a positive batch size and a positive pool size ({found})")
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.pool_batches = pool_batches
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch; Lightning calls this before each."""
        self.epoch = epoch

    def __len__(self) -> int:
        rank, world_size = rank_and_world_size()
        n_batches = -(-len(self.lengths) // self._size())
        return -(-n_batches // world_size) if self.shuffle else len(range(rank, n_batches, world_size))

    def __iter__(self) -> Iterator[list[int]]:
        rank, world_size = rank_and_world_size()
        plan = self.plan()
        if self.shuffle:
            n_missing = -len(plan) % world_size
            plan += [plan[i % len(plan)] for i in range(n_missing)]
        for batch in plan[rank::world_size]:
            yield batch.tolist()

    def plan(self) -> list[NDArray[np.int64]]:
        """Return the batches of the current epoch, of all ranks together, each utterance once."""
        if not self.shuffle:
            return self._cut(np.argsort(-self.lengths, kind="stable"))
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self.lengths))
        n_batches = -(-len(order) // self.batch_size)
        pool_size = self.batch_size * min(self.pool_batches, -(-n_batches // 4))
        batches = []
        for start in range(0, len(order), pool_size):
            pool = order[start : start + pool_size]
            batches += self._cut(pool[np.argsort(self.lengths[pool], kind="stable")])
        return [batches[i] for i in random.permutation(len(batches))]

    def _cut(self, order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        size = self._size()
        return [order[start : start + size] for start in range(0, len(order), size)]

    def _size(self) -> int:
        """Return the utterances in a batch: in evaluation few enough for every rank to have a batch.

        Lightning leaves a rank that has none out of the evaluation, and the others would wait for its part of the scores.
        """
        _, world_size = rank_and_world_size()
        return self.batch_size if self.shuffle else max(min(self.batch_size, len(self.lengths) // world_size), 1)


def rank_and_world_size() -> tuple[int, int]:
    """Return this process's rank and the number of processes, as they are now: loaders may be built before the group."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1


def padding_ratio(lengths: ArrayLike, batches: Sequence[Sequence[int] | NDArray[np.int64]]) -> float:
    """Return padded over real length of some batches; 1 means no padding.

    Example:
        Two batches of two utterances, padded to 4 + 4 and 2 + 2 where 4 + 3 and 2 + 1 are real:

        >>> padding_ratio([4, 1, 3, 2], [[0, 2], [1, 3]])
        1.2
    """
    lengths = np.asarray(lengths, dtype=np.float64)
    padded = sum(len(batch) * lengths[batch].max() for batch in batches)
    return float(padded / sum(lengths[batch].sum() for batch in batches))
