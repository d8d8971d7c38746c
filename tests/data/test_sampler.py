"""The sampler: every utterance once, ranks level and disjoint, little padding, an order made of seed and epoch."""

import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from torch.utils.data import DataLoader

from emojudge.data import BucketSampler, sampler
from emojudge.data.plan import padding_ratio


def lengths(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(2.75, 11, n)


def of_rank(monkeypatch: pytest.MonkeyPatch, made: BucketSampler, rank: int, world_size: int) -> list[list[int]]:
    monkeypatch.setattr(sampler, "rank_and_world_size", lambda: (rank, world_size))
    batches = list(made)
    assert len(batches) == len(made)
    return batches


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("n", [1, 7, 32, 1179])
def test_every_utterance_occurs_once_an_epoch(n: int, shuffle: bool) -> None:
    made = BucketSampler(lengths(n), 8, shuffle=shuffle)
    for epoch in range(3):
        made.set_epoch(epoch)
        assert sorted(i for batch in made for i in batch) == list(range(n))


def test_order_is_a_function_of_seed_and_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[list[int]]:
        made = BucketSampler(lengths(100), 8, shuffle=True, seed=seed)
        made.set_epoch(5)
        list(made)
        made.set_epoch(epoch)
        return list(made)

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3)
    assert order(1, 2) != order(2, 2)


@pytest.mark.parametrize("options", [{"batch_size": 8}, {"batch_seconds": 55.0}])
def test_other_epochs_put_other_utterances_together(options: dict[str, Any]) -> None:
    made = BucketSampler(lengths(640), **options, shuffle=True)
    first = {frozenset(batch) for batch in made}
    made.set_epoch(1)
    assert not first & {frozenset(batch) for batch in made}


@pytest.mark.parametrize("options", [{"batch_size": 8}, {"batch_seconds": 55.0}])
def test_short_utterances_do_not_come_first(options: dict[str, Any]) -> None:
    made = BucketSampler(lengths(1600), **options, shuffle=True)
    means = [made.lengths[batch].mean() for batch in made]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.2


@pytest.mark.parametrize("n_batches", [6, 7, 8, 2])
def test_training_levels_the_ranks_with_whole_batches(monkeypatch: pytest.MonkeyPatch, n_batches: int) -> None:
    made = BucketSampler(lengths(8 * n_batches - 3), 8, shuffle=True)
    ranks = [of_rank(monkeypatch, made, rank, 3) for rank in range(3)]
    assert {len(batches) for batches in ranks} == {-(-n_batches // 3)}
    whole = Counter(tuple(batch) for batches in ranks for batch in batches)
    plan = {tuple(batch.tolist()) for batch in made.plan()}
    assert set(whole) == plan
    assert sum(whole.values()) - len(plan) == -n_batches % 3


@pytest.mark.parametrize("n_batches", [2, 7, 9])
def test_evaluation_shares_out_without_repeats(monkeypatch: pytest.MonkeyPatch, n_batches: int) -> None:
    made = BucketSampler(lengths(8 * n_batches - 3), 8, shuffle=False)
    ranks = [of_rank(monkeypatch, made, rank, 3) for rank in range(3)]
    assert sorted(i for batches in ranks for batch in batches for i in batch) == list(range(8 * n_batches - 3))
    assert all(ranks)  # one without a batch would not take part in gathering the scores


def test_evaluation_begins_with_the_longest() -> None:
    made = BucketSampler([1, 5, 3, 4, 2], 2, shuffle=False)
    assert list(made) == [[1, 3], [2, 4], [0]]


@pytest.mark.parametrize("options", [{"batch_size": 32}, {"batch_seconds": 32 * 6.9}])
def test_two_hundred_batches_are_padded_by_two_percent(options: dict[str, Any]) -> None:
    made = BucketSampler(lengths(6400), **options, shuffle=True)
    random = np.random.default_rng(0).permutation(6400).reshape(200, 32)
    for epoch in range(3):
        made.set_epoch(epoch)
        assert padding_ratio(made.lengths, made.plan()) <= 1.02
    assert padding_ratio(made.lengths, random) > 1.5


def test_small_epoch_is_sorted_in_quarters() -> None:
    made = BucketSampler(np.arange(32), 4, shuffle=True)  # 8 batches: pools of 2
    order = np.random.default_rng([0, 0]).permutation(32)
    pools = [set(order[start : start + 8]) for start in range(0, 32, 8)]
    for batch in made:
        assert batch == sorted(batch)
        assert sum(set(batch) <= pool for pool in pools) == 1
    assert padding_ratio(np.arange(32), made.plan()) < padding_ratio(np.arange(32), order.reshape(8, 4))


def test_loader_hands_whole_lists_to_the_dataset() -> None:
    class Echo:
        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: list[int]) -> list[int]:
            return index

    loader = DataLoader(Echo(), sampler=BucketSampler([1, 2, 3, 4, 5], 2, shuffle=False), batch_size=None, collate_fn=list)  # type: ignore[arg-type]
    assert list(loader) == [[4, 3], [2, 1], [0]]
    assert len(loader) == 3


@pytest.mark.parametrize(
    ("n", "options"),
    [
        (0, {"batch_size": 8}),
        (8, {"batch_size": 0}),
        (8, {"batch_seconds": 0.0}),
        (8, {}),
        (8, {"batch_size": 8, "batch_seconds": 60.0}),
        (8, {"batch_size": 8, "pool_batches": 0}),
    ],
)
def test_nothing_to_sample_is_refused(n: int, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs utterances, a positive batch_size or batch_seconds"):
        BucketSampler(lengths(n), **options, shuffle=True)


def test_a_batch_says_which_epoch_it_is_of() -> None:
    made = BucketSampler(lengths(40), 8, shuffle=True)
    made.set_epoch(3)
    batches = iter(made)
    first: Any = next(batches)
    made.set_epoch(4)
    assert (first.epoch, next(batches).epoch) == (3, 3)  # type: ignore[attr-defined]
    again: Any = pickle.loads(pickle.dumps(first))  # on its way to a worker
    assert (again, again.epoch) == (first, 3)


def test_a_pool_of_one_batch_gives_random_batches():
    lengths = np.random.default_rng(0).uniform(2, 11, 6400)
    ratios = {}
    for pool_batches in (1, 50):
        sampler = BucketSampler(lengths, 32, shuffle=True, pool_batches=pool_batches)
        assert sorted(np.concatenate(sampler.plan())) == list(range(6400))
        ratios[pool_batches] = padding_ratio(lengths, sampler.plan())
    assert ratios[1] > 1.5
    assert ratios[50] < 1.05
