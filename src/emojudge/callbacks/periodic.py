"""``PeriodicLog``: when a training writes what it measures of itself, for the callbacks that measure."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


class PeriodicLog(Callback):
    """Logs :meth:`values` every ``trainer.log_every_n_steps`` optimizer steps, and once in an epoch that has fewer.

    A row of the log is of the last optimizer step before it, as Lightning counts them: the first one is 0.
    """

    n_steps = 0
    """Optimizer steps since the last row."""
    _step = 0
    _epoch = -1  # the latest one that has a row

    def values(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, float]:
        """Return what is logged; every process is asked at the same steps."""
        raise NotImplementedError

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Forget an earlier fit; a checkpoint is loaded after this."""
        self._epoch = -1

    def state_dict(self) -> dict[str, Any]:
        """Return which epoch has a row, so that a resumed run has the rows of one that was not stopped."""
        return {"epoch": self._epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take what an earlier start has logged."""
        self._epoch = state_dict["epoch"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin behind the steps of an earlier start."""
        self.n_steps, self._step = 0, trainer.global_step

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Log where the batch ended a step and the step a period."""
        if trainer.global_step == self._step:  # gradients are accumulated: the step is still to come
            return
        self.n_steps += trainer.global_step - self._step
        self._step = trainer.global_step
        period: int = trainer.log_every_n_steps  # type: ignore[attr-defined]  # the logger connector sets it
        if period and self._step % period == 0:
            self._log(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log what an epoch shorter than a period has."""
        if self.n_steps and self._epoch != trainer.current_epoch:
            self._log(trainer, pl_module)

    def _log(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._epoch = trainer.current_epoch
        if trainer.loggers:
            values = self.values(trainer, pl_module)
            for logger in trainer.loggers:
                logger.log_metrics({"epoch": trainer.current_epoch, **values}, step=trainer.global_step - 1)
        self.n_steps = 0
