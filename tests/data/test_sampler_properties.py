"""What holds of every sampler, whatever the lengths, sizes, seeds and processes: by number and by seconds alike."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from emojudge.data import BucketSampler, sampler

LENGTHS = st.lists(st.floats(0.05, 30), min_size=1, max_size=120)
SIZES = st.one_of(
    st.fixed_dictionaries({"batch_size": st.integers(1, 20), "pool_batches": st.integers(1, 6)}),
    st.fixed_dictionaries({"batch_seconds": st.floats(1, 120)}),
)
WORLDS = st.integers(1, 5)
SEEDS = st.integers(0, 2**32)
EPOCHS = st.integers(0, 10**6)


@contextmanager
def process(rank: int, world_size: int) -> Iterator[None]:
    before = sampler.rank_and_world_size
    sampler.rank_and_world_size = lambda: (rank, world_size)
    try:
        yield
    finally:
        sampler.rank_and_world_size = before


def of_ranks(made: BucketSampler, world_size: int) -> list[list[list[int]]]:
    """Return the batches of each rank, after checking that it has as many as it says."""
    ranks = []
    for rank in range(world_size):
        with process(rank, world_size):
            ranks.append(list(made))
            assert len(ranks[-1]) == len(made)
    return ranks


@given(LENGTHS, SIZES, SEEDS, EPOCHS)
def test_the_batches_of_an_epoch_are_a_partition(lengths: list[float], sizes: dict[str, Any], seed: int, epoch: int) -> None:
    for shuffle in (True, False):
        made = BucketSampler(lengths, **sizes, shuffle=shuffle, seed=seed)
        made.set_epoch(epoch)
        assert sorted(chain(*made)) == list(range(len(lengths)))
        assert all(made)


@given(LENGTHS, SIZES, WORLDS, SEEDS, EPOCHS)
def test_training_ranks_are_level_and_disjoint_but_for_whole_batches_at_the_end(
    lengths: list[float], sizes: dict[str, Any], world_size: int, seed: int, epoch: int
) -> None:
    made = BucketSampler(lengths, **sizes, shuffle=True, seed=seed)
    made.set_epoch(epoch)
    plan = [batch.tolist() for batch in made.plan()]
    ranks = of_ranks(made, world_size)
    assert len({len(batches) for batches in ranks}) == 1
    n_rounds = len(ranks[0])
    in_order = [ranks[i % world_size][i // world_size] for i in range(n_rounds * world_size)]
    assert in_order[: len(plan)] == plan
    assert all(batch in plan for batch in in_order[len(plan) :])
    assert n_rounds * world_size - len(plan) < world_size


@given(LENGTHS, SIZES, WORLDS)
def test_evaluation_repeats_nothing_and_leaves_no_rank_out(lengths: list[float], sizes: dict[str, Any], world_size: int) -> None:
    assume(len(lengths) >= world_size)
    ranks = of_ranks(BucketSampler(lengths, **sizes, shuffle=False), world_size)
    assert Counter(chain(*chain(*ranks))) == Counter(range(len(lengths)))
    assert all(ranks)


@given(LENGTHS, st.floats(1, 120), SEEDS, EPOCHS, st.booleans())
def test_a_batch_by_seconds_keeps_to_them_or_is_one_utterance(
    lengths: list[float], seconds: float, seed: int, epoch: int, shuffle: bool
) -> None:
    made = BucketSampler(lengths, batch_seconds=seconds, shuffle=shuffle, seed=seed)
    made.set_epoch(epoch)
    for batch in made:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= seconds * (1 + 1e-6)


@given(LENGTHS, SIZES, WORLDS, SEEDS, st.lists(EPOCHS, min_size=2, max_size=4))
def test_every_epoch_has_as_many_batches(
    lengths: list[float], sizes: dict[str, Any], world_size: int, seed: int, epochs: list[int]
) -> None:
    made = BucketSampler(lengths, **sizes, shuffle=True, seed=seed)
    found = set()
    for epoch in epochs:
        made.set_epoch(epoch)
        found.add(tuple(len(batches) for batches in of_ranks(made, world_size)))
    assert len(found) == 1


@given(LENGTHS, SIZES, SEEDS, EPOCHS)
def test_seed_and_epoch_decide_the_order(lengths: list[float], sizes: dict[str, Any], seed: int, epoch: int) -> None:
    first, second = (BucketSampler(lengths, **sizes, shuffle=True, seed=seed) for _ in range(2))
    first.set_epoch(epoch + 1)
    list(first)
    np.random.seed(len(lengths))  # somebody else's generator
    for made in (first, second):
        made.set_epoch(epoch)
    assert list(first) == list(second)
    assert first.digest() == second.digest()


@given(LENGTHS, SIZES, WORLDS, SEEDS, EPOCHS, st.integers(0, 200))
def test_a_resumed_epoch_is_the_rest_of_it_and_the_next_is_whole(
    lengths: list[float], sizes: dict[str, Any], world_size: int, seed: int, epoch: int, n_consumed: int
) -> None:
    whole, resumed = (BucketSampler(lengths, **sizes, shuffle=True, seed=seed) for _ in range(2))
    resumed.resume(epoch, n_consumed)
    for made in (whole, resumed):
        made.set_epoch(epoch)
    for rank in range(world_size):
        with process(rank, world_size):
            assert list(resumed) == list(whole)[n_consumed:]
            assert len(resumed) == len(whole)
    for made in (whole, resumed):
        made.set_epoch(epoch + 1)
    assert list(resumed) == list(whole)


@given(LENGTHS, SIZES, SEEDS, st.integers(2, 5))
def test_the_digest_tells_other_orders_and_other_numbers_of_processes(
    lengths: list[float], sizes: dict[str, Any], seed: int, world_size: int
) -> None:
    made, other = (BucketSampler(lengths, **sizes, shuffle=True, seed=seed + k) for k in range(2))
    assert (made.digest() == other.digest()) == (list(made) == list(other))
    with process(0, world_size):
        shared = made.digest()
    assert shared != made.digest()
