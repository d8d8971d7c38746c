"""How an epoch is cut: pools, buckets, and the longest first."""

import numpy as np
import pytest

from emojudge.data.plan import bucketed, descending, length_buckets, padding_ratio


def test_buckets_take_whole_batches_of_about_one_length() -> None:
    lengths = np.random.default_rng(0).uniform(2.75, 11, 6400)
    buckets = length_buckets(lengths, 220.0)
    assert sorted(np.concatenate([bucket.members for bucket in buckets])) == list(range(6400))
    for bucket in buckets[:-1]:
        longest, shortest = lengths[bucket.members].max(), lengths[bucket.members].min()
        assert len(bucket.members) % bucket.size == 0
        assert bucket.size == int(220 / longest)
        assert bucket.n_batches >= 4
        assert shortest >= 0.97 * longest or bucket.n_batches == 4


def test_a_small_corpus_still_mixes_its_batches() -> None:
    lengths = np.linspace(10, 3, 40)
    (bucket,) = length_buckets(lengths, 80.0)  # one of 4 batches of 8, and what is left would be fewer than 4
    assert (bucket.size, bucket.n_batches) == (8, 5)
    first, second = ({frozenset(batch) for batch in bucketed([bucket], np.random.default_rng(seed))} for seed in (0, 1))
    assert not first & second


def test_evaluation_by_seconds_fills_batches_from_the_longest_on() -> None:
    lengths = np.array([2.0, 12.0, 3.0, 4.0, 0.1, 4.0, 0.2])
    assert [batch.tolist() for batch in descending(lengths, 10, seconds=9.0)] == [[1], [3, 5], [2, 0, 6], [4]]
    assert [batch.tolist() for batch in descending(lengths, 2, seconds=9.0)] == [[1], [3, 5], [2, 0], [6, 4]]


def test_what_is_shorter_than_a_second_counts_as_one() -> None:
    assert [len(batch) for batch in descending(np.full(25, 0.001), 100, seconds=10.0)] == [10, 10, 5]


@pytest.mark.parametrize(("seconds", "longest", "size"), [(240.0, 2.4, 100), (0.3 * 3 * 10, 0.9 * 10, 1), (12.0, 1.2, 10), (11.99, 1.2, 9)])
def test_rounding_costs_no_utterance(seconds: float, longest: float, size: int) -> None:
    assert len(descending(np.full(200, longest), 200, seconds)[0]) == size


def test_padding_by_hand() -> None:
    assert padding_ratio([4, 1, 3, 2], [[0, 2], [1, 3]]) == pytest.approx(12 / 10)
