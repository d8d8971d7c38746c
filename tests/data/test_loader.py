"""Errors of loader workers arrive with the message that they were raised with."""

import os
import signal
import time

import pytest

from emojudge.data import BucketSampler
from emojudge.data.loader import BatchLoader, make_loader
from emojudge.data.sampler import IndexBatch
from emojudge.errors import AudioError


class Failing:
    """Two items, of which the second fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        if index == 1:
            raise self.error
        return index


@pytest.mark.parametrize("n_workers", [0, 1])
def test_a_workers_error_has_its_own_message(n_workers: int) -> None:
    message = "utterance 'a': a.wav: not readable\nemojudge.errors: of two lines"
    batches = iter(BatchLoader(Failing(AudioError(message)), batch_size=None, num_workers=n_workers))
    assert next(batches) == 0
    with pytest.raises(AudioError) as caught:
        next(batches)
    assert str(caught.value) == message


def test_a_fault_of_the_program_keeps_the_workers_traceback() -> None:
    with pytest.raises(ZeroDivisionError, match=r"in DataLoader worker process 0.\nOriginal Traceback"):
        list(BatchLoader(Failing(ZeroDivisionError("x")), batch_size=None, num_workers=1))


class Epochs:
    """Items that say which epoch their index is of."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: IndexBatch) -> int:
        return index.epoch


@pytest.mark.parametrize("n_workers", [0, 2])
def test_the_epoch_may_be_told_after_the_iterator_was_asked_for(n_workers: int) -> None:
    sampler = BucketSampler(range(1, 7), 2, shuffle=True)
    loader = make_loader(Epochs(), sampler, int, num_workers=n_workers, seed=0)  # type: ignore[arg-type]
    for epoch in (3, 4):
        batches = iter(loader)
        sampler.set_epoch(epoch)
        assert list(batches) == [epoch] * 3


class Reads:
    """Items that say which process has read them."""

    def __len__(self) -> int:
        return 40

    def __getitem__(self, index: IndexBatch) -> int:
        return os.getpid()


def test_workers_outlive_a_signal_to_all_processes_and_end_with_the_main_one() -> None:
    loader = make_loader(Reads(), BucketSampler(range(1, 41), 1, shuffle=True), int, num_workers=2, seed=0)  # type: ignore[arg-type]
    batches = iter(loader)
    workers = {next(batches), next(batches)}
    assert len(workers - {os.getpid()}) == 2
    for worker in workers:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            os.kill(worker, number)
    time.sleep(0.2)
    assert set(batches) == workers
    loader._iterator._shutdown_workers()  # type: ignore[union-attr]
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
