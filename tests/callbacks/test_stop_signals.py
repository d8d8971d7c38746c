"""What several processes make of a signal; how a training ends by one is tried in ``tests/cli/test_train.py``."""

import signal
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from emojudge.callbacks import StopSignals


class Processes:
    """Stands for several processes: during an agreement something happens, and the others have received a signal, or none."""

    root_device = torch.device("cpu")

    def __init__(self, meanwhile: Any = lambda: None, others: int = 0) -> None:
        self.meanwhile, self.others = meanwhile, others

    def reduce(self, value: Tensor, reduce_op: str) -> Tensor:
        assert reduce_op == "max"
        self.meanwhile()
        return torch.maximum(value, torch.tensor(self.others))


def agreed(callback, strategy):
    trainer: Any = SimpleNamespace(world_size=2, strategy=strategy)
    return callback._agreed(trainer)


def test_a_signal_that_comes_while_the_processes_agree_is_agreed_on_next():
    callback = StopSignals()
    assert agreed(callback, Processes(lambda: callback._note(signal.SIGTERM, None))) == 0  # too late for the others to know
    assert agreed(callback, Processes()) == signal.SIGTERM


def test_a_signal_of_one_process_is_one_of_all():
    callback = StopSignals()
    assert agreed(callback, Processes(others=signal.SIGUSR1)) == signal.SIGUSR1
    assert callback.received == signal.SIGUSR1


def test_without_a_signal_all_go_on():
    callback = StopSignals()
    assert agreed(callback, Processes()) == 0
    assert callback.received is None
