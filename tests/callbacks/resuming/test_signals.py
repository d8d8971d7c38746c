"""A fit that is asked to end saves between two optimizer steps, ends at once, and is taken up as if it had not been."""

import os
import signal
import time

import pytest
import torch
from lightning.pytorch import Callback

from emojudge.callbacks import LatestCheckpoint, StopSignals

SELDOM = {"every_n_steps": None, "every_minutes": None}


class Sends(Callback):
    """Sends the process a signal in a hook, at its n-th call in the fit, on one rank."""

    def __init__(self, hook, n, number=signal.SIGTERM, rank=0):
        self.n_left, self.number, self.rank = n, number, rank
        setattr(self, hook, self.send)

    def send(self, trainer, *_):
        self.n_left -= not trainer.sanity_checking
        if self.n_left == 0 and trainer.global_rank == self.rank:
            self.n_left = -1
            os.kill(os.getpid(), self.number)


@pytest.fixture(autouse=True)
def same_handlers_afterwards():
    """Leave the signals of other tests alone: after Ctrl-C Lightning goes on ignoring it."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory):
    """Folders of runs that were not stopped, by the settings of their case."""
    made = {}

    def folder(**case):
        key = str(case)
        if key not in made:
            made[key] = tmp_path_factory.mktemp("whole")
            train(made[key], **case)
        return made[key]

    return folder


@pytest.mark.parametrize(
    ("hook", "n", "case", "saved"),
    [
        ("on_before_backward", 3, {}, 3),  # the step that has begun is done
        ("on_train_batch_end", 9, {}, 9),  # before the validation at the end of an epoch
        ("on_validation_batch_end", 3, {}, 9),  # in its midst
        ("on_validation_batch_start", 6, {"val_check_interval": 4}, 8),
        ("on_train_epoch_end", 1, {}, 9),
        ("on_train_batch_end", 2, {"accumulate_grad_batches": 4}, 1),  # two batches later
        ("on_validation_batch_end", 2, {"val_check_interval": 3, "accumulate_grad_batches": 2}, 2),  # inside a window: after the fourth
        ("on_validation_start", 2, {"max_epochs": -1, "max_steps": 23}, 18),
    ],
)
def test_a_signal_saves_at_the_next_step_and_the_run_goes_on_from_there(train, whole, tmp_path, hook, n, case, saved):
    with pytest.raises(SystemExit) as end:
        train(tmp_path, Sends(hook, n), latest=LatestCheckpoint(**SELDOM), **case)
    assert end.value.code == 143
    assert train.checkpoint(tmp_path)["global_step"] == saved
    train(tmp_path, **case)
    train.assert_same(tmp_path, whole(**case))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGUSR1, 138), (signal.SIGTERM, 143), (signal.SIGINT, 1)])
def test_each_signal_has_its_status(train, tmp_path, number, status):
    with pytest.raises(SystemExit) as end:  # 1 is how Lightning leaves after a KeyboardInterrupt
        train(tmp_path, Sends("on_before_backward", 2, number), latest=LatestCheckpoint(**SELDOM))
    assert end.value.code == status
    assert train.checkpoint(tmp_path)["global_step"] == 2


def test_handlers_are_those_from_before_when_the_fit_has_ended(train, tmp_path):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)]
    train(tmp_path, max_epochs=1)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)] == before


def test_a_second_ctrl_c_ends_at_once_if_it_is_meant(monkeypatch):
    stop = StopSignals()
    stop._note(signal.SIGINT, None)
    stop._note(signal.SIGINT, None)  # from a parent that passes on what the terminal has sent to both
    later = time.monotonic() + 4
    monkeypatch.setattr(time, "monotonic", lambda: later)
    stop._note(signal.SIGTERM, None)
    with pytest.raises(KeyboardInterrupt):
        stop._note(signal.SIGINT, None)


@pytest.mark.parametrize(
    ("rank", "hook", "n", "saved"),
    [
        (1, "on_before_backward", 3, 3),
        pytest.param(0, "on_train_batch_end", 5, 5, marks=pytest.mark.slow),
        pytest.param(0, "on_validation_start", 1, 5, marks=pytest.mark.slow),
        pytest.param(1, "on_validation_start", 1, 5, marks=pytest.mark.slow),
        pytest.param(0, "on_validation_batch_end", 1, 5, marks=pytest.mark.slow),  # rank 0 saves alone, and the other one is ended
    ],
)
def test_processes_end_at_the_same_step_whichever_was_asked(train, tmp_path, rank, hook, n, saved):
    two = {"strategy": "ddp_fork", "devices": 2}
    train(tmp_path / "whole", **two)
    with pytest.raises(torch.multiprocessing.ProcessExitedException) as end:
        train(tmp_path / "run", Sends(hook, n, rank=rank), latest=LatestCheckpoint(**SELDOM), **two)
    assert end.value.exit_code == 143
    assert train.checkpoint(tmp_path / "run")["global_step"] == saved
    train(tmp_path / "run", **two)
    train.assert_same(tmp_path / "run", tmp_path / "whole")
