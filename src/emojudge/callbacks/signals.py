"""``StopSignals``: what a training does when a user, a scheduler or the system asks it to end."""

import signal
import threading
import time
from types import FrameType
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn

from .checkpoints import LatestCheckpoint, between_steps

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
"""Ctrl-C, the end of a process, and what SLURM sends some time before a job's end with ``--signal=USR1@90``."""

PATIENCE_S = 3.0
"""A second Ctrl-C ends the training at once, but not so soon: a terminal sends one to all processes, and a parent may pass on its own."""


class StopSignals(Callback):
    """Ends a fit behind its next optimizer step when it is asked to, with its state in ``last.ckpt``; other stages end at once.

    A validation is left in its midst; a resumed run does it from the beginning. Several processes agree on the step. Ctrl-C becomes a
    ``KeyboardInterrupt`` and another signal the exit status that a shell would give, 128 and its number: 143 for SIGTERM, 138 for SIGUSR1.

    Lightning's own handlers give way. That of SIGTERM lets processes wait for each other wherever they are, and those of SLURM save in the
    midst of a step, to a file ``hpc_ckpt_1.ckpt`` that any later start in the folder would silently resume from.

    It saves by the trainer's :class:`LatestCheckpoint`; without one it ends and saves nothing.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        """The first signal that came, to this process or to another one that it agreed with."""
        self._time = 0.0
        self._at_once = False

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Forget what ended an earlier run."""
        self.received = None

    # listening: from the first hook behind the one in which Lightning installs its own handlers, which it takes away at the end

    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen."""
        self._listen(at_once=False)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen."""
        self._listen(at_once=False)

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen."""
        self._listen(at_once=True)

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen."""
        self._listen(at_once=True)

    # ending

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """End between two epochs."""
        if number := self._agreed(trainer):
            _save(trainer)
            _end(trainer, number)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """End between two optimizer steps."""
        if between_steps(trainer, batch_idx) and (number := self._agreed(trainer)):
            _save(trainer)
            _end(trainer, number)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """End before a validation."""
        if trainer.state.fn != TrainerFn.FITTING:
            self._listen(at_once=True)
        elif not trainer.sanity_checking and not trainer.fit_loop._should_accumulate() and (number := self._agreed(trainer)):
            _save(trainer)
            _end(trainer, number)

    def on_validation_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """End inside a validation, on rank 0: it alone writes, and the others may have fewer batches and wait for it."""
        if self.received is None or not trainer.is_global_zero or trainer.fit_loop._should_accumulate():
            return
        if not trainer.sanity_checking:
            for latest in _latest(trainer):
                latest.save_alone(trainer)
        _end(trainer, self.received, alone=True)

    def _listen(self, *, at_once: bool) -> None:
        self._at_once = at_once
        if threading.current_thread() is threading.main_thread():  # elsewhere Python does not let one listen
            for number in SIGNALS:
                signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        again = self.received is not None and time.monotonic() - self._time > PATIENCE_S
        if self.received is None:
            self.received, self._time = number, time.monotonic()
        if self._at_once or (again and number == signal.SIGINT):
            raise _exception(number)

    def _agreed(self, trainer: Trainer) -> int:
        """Return the signal that some process has received, 0 if none has; all must call this."""
        if trainer.world_size == 1:
            return self.received or 0
        number = torch.tensor(self.received or 0, device=trainer.strategy.root_device)
        agreed = int(trainer.strategy.reduce(number, reduce_op="max"))
        self.received = agreed or self.received  # one that came while they agreed waits for the next step
        return agreed


def _latest(trainer: Trainer) -> list[LatestCheckpoint]:
    return [callback for callback in trainer.checkpoint_callbacks if isinstance(callback, LatestCheckpoint)]


def _save(trainer: Trainer) -> None:
    for latest in _latest(trainer):
        latest.save(trainer)


def _exception(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)


def _end(trainer: Trainer, number: int, *, alone: bool = False) -> None:
    """End this process; and, where it ends alone, the other ones that it has started."""
    started: list[Any] = getattr(trainer.strategy.launcher, "procs", [])
    children = started.copy()
    started.clear()  # Lightning watches them and kills this process too when one has ended
    for child in children if alone else ():
        child.kill()
    raise _exception(number)
