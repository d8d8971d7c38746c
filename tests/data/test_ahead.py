"""Work done ahead keeps its order, its bound and its errors."""

import threading
import time
from collections.abc import Iterator

import pytest

from emojudge.data.ahead import AHEAD, read_ahead


def test_results_come_in_order_however_long_each_takes() -> None:
    def slow_at_first(k: int) -> int:
        time.sleep(0.02 if k % 5 == 0 else 0)
        return k * k

    assert list(read_ahead(slow_at_first, range(40), 3)) == [k * k for k in range(40)]


def test_no_more_is_made_than_the_bound() -> None:
    taken = 0

    def count() -> Iterator[int]:
        nonlocal taken
        for k in range(1000):
            taken = k + 1
            yield k

    made = read_ahead(lambda k: k, count(), 2)
    for n_read in range(1, 50):
        next(made)
        assert taken == n_read - 1 + AHEAD * 2
    made.close()


def test_an_error_comes_in_its_turn_and_stops_the_rest() -> None:
    def fail_at_seven(k: int) -> int:
        if k == 7:
            raise ValueError("seven")
        return k

    before = threading.active_count()
    made = read_ahead(fail_at_seven, range(1000), 2)
    assert [next(made) for _ in range(7)] == list(range(7))
    with pytest.raises(ValueError, match="seven"):
        next(made)
    assert threading.active_count() == before


def test_a_consumer_that_leaves_early_leaves_no_thread() -> None:
    before = threading.active_count()
    made = read_ahead(lambda k: k, range(1000), 3)
    assert next(made) == 0
    assert threading.active_count() > before
    made.close()
    assert threading.active_count() == before
