"""The two checkpoints of a run, in a folder that a second start finds again."""

import time
from pathlib import Path
from typing import Any, Literal

from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.trainer.states import TrainerFn

from ..errors import ConfigError
from .score import monitor_of
from .whole_files import WholeFiles

FOLDER = "checkpoints"
"""Folder of the checkpoints inside the run folder."""

CLOCK_STEPS = 10
"""Optimizer steps between two looks at the clock, about which all processes must agree."""


class _RunCheckpoint(ModelCheckpoint):
    """A checkpoint of one fixed name in the run folder, whatever the loggers do; written whole or not at all."""

    def __init__(self, name: str, **settings: Any) -> None:
        super().__init__(filename=name, save_top_k=1, auto_insert_metric_name=False, enable_version_counter=False, **settings)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Find the folder, and clear away what a start that was killed while it wrote has left there."""
        self.dirpath = str((Path(trainer.default_root_dir) / FOLDER).resolve())
        super().setup(trainer, pl_module, stage)
        if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:  # not one of the user's, or of a strategy that writes shards
            trainer.strategy.checkpoint_io = WholeFiles()
        if stage == TrainerFn.FITTING and trainer.is_global_zero:
            for left in Path(self.dirpath).glob(f".{self.filename}.ckpt.*.tmp"):
                left.unlink()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the state of an earlier start; Lightning forgets a part, and all where the folder was moved since."""
        path = str(self.path)
        moved: dict[str, Any] = {name: path for name in ("best_model_path", "kth_best_model_path") if state_dict[name]}
        moved["best_k_models"] = dict.fromkeys([path], *state_dict["best_k_models"].values()) if state_dict["best_k_models"] else {}
        super().load_state_dict({**state_dict, **moved, "dirpath": self.dirpath})
        self.current_score = state_dict["current_score"]

    @property
    def path(self) -> Path:
        """Return the file; known from the run's setup on."""
        return Path(str(self.dirpath)) / f"{self.filename}.ckpt"


class BestCheckpoint(_RunCheckpoint):
    """Keeps the checkpoint with the best validation score as ``checkpoints/best.ckpt`` of the run folder.

    Args:
        monitor: Logged value to choose by; by default the module's own ``monitor`` (paper, section 5.2: macro-F1, or mean CCC for
            attributes).
        mode: ``max`` where more is better.

    Raises:
        ConfigError: When a fit begins, if neither names a value, or the run ends before its first validation.
    """

    def __init__(self, monitor: str | None = None, mode: Literal["max", "min"] = "max") -> None:
        super().__init__("best", monitor=monitor, mode=mode)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Find the value to choose by, and the folder."""
        if self.monitor is None:
            self.monitor = monitor_of(pl_module) or None
        if self.monitor is None and stage == TrainerFn.FITTING:
            raise ConfigError(
                f"{type(pl_module).__name__} has no attribute 'monitor' that names the value to choose the best checkpoint by; "
                "name one in best_checkpoint.monitor, such as val/loss with mode min"
            )
        super().setup(trainer, pl_module, stage)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Refuse a run that would have nothing to choose from: by number of batches, Lightning validates whenever so many have passed."""
        n_batches, interval = trainer.num_training_batches * (trainer.max_epochs or -1), trainer.val_check_batch
        if trainer.check_val_every_n_epoch is None and interval is not None and 0 < n_batches < interval:
            raise ConfigError(
                f"trainer.val_check_interval is {interval} batches, but the whole run has {n_batches:g}: it would "
                "never be validated; for once an epoch set it to 1.0 and trainer.check_val_every_n_epoch to 1"
            )


class LatestCheckpoint(_RunCheckpoint):
    """Keeps the latest state of the run as ``checkpoints/last.ckpt``, to resume from.

    It is saved behind each epoch, when that is logged too. Inside an epoch it is saved behind a validation and from time to time, always
    between two optimizer steps; with :class:`ExactResume` a run then goes on as if it had not been stopped.

    Args:
        every_n_steps: Save after so many optimizer steps too.
        every_minutes: Save when so much time has passed since, too: the work that a power cut can cost. A checkpoint of a network of
            300 million parameters has about 4 GB. Null for never.

    Raises:
        ConfigError: If a number is not positive.
    """

    def __init__(self, every_n_steps: int | None = None, every_minutes: float | None = 15.0) -> None:
        for name, value in {"every_n_steps": every_n_steps, "every_minutes": every_minutes}.items():
            if value is not None and value <= 0:
                raise ConfigError(f"latest_checkpoint.{name} is {value}, expected a positive number, or null for never")
        super().__init__("last")
        self.every_n_steps, self.every_minutes = every_n_steps, every_minutes
        self._step = 0  # when it was saved last
        self._time = 0.0
        self._validated = False  # whether there was a validation since

    def save(self, trainer: Trainer) -> None:
        """Save the state as it is now, unless it was saved already; all processes must call this."""
        if not trainer.fast_dev_run and (self._validated or trainer.global_step != self._step):  # type: ignore[attr-defined]
            self._save_topk_checkpoint(trainer, self._monitor_candidates(trainer))

    def save_alone(self, trainer: Trainer) -> None:
        """Save the state inside a validation, on rank 0, which does not wait for the others: they are elsewhere in theirs."""
        trainer.strategy.save_checkpoint(trainer._checkpoint_connector.dump_checkpoint(weights_only=False), self.path)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self._note(trainer)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save what the epoch before has left."""
        self.save(trainer)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Save what the batch before has left, where it is time."""
        if batch_idx > 0 and between_steps(trainer, batch_idx) and self._is_time(trainer):
            self.save(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note that there is something new; the scores are logged and the best checkpoint is saved before the next batch begins."""
        self._validated = trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Do nothing yet: a run that is killed before the epoch is logged must log it when it is resumed."""

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save what the last epoch has left."""
        self.save(trainer)

    def _is_time(self, trainer: Trainer) -> bool:
        step = trainer.global_step
        if self._validated or (self.every_n_steps and step % self.every_n_steps == 0):
            return True
        if self.every_minutes is None or step % CLOCK_STEPS:
            return False
        passed = time.monotonic() - self._time >= 60 * self.every_minutes
        return trainer.strategy.reduce_boolean_decision(passed, all=False)

    def _save_checkpoint(self, trainer: Trainer, filepath: str) -> None:
        super()._save_checkpoint(trainer, filepath)
        self._note(trainer)

    def _note(self, trainer: Trainer) -> None:
        self._step, self._time, self._validated = trainer.global_step, time.monotonic(), False


def between_steps(trainer: Trainer, batch_idx: int) -> bool:
    """Return whether no gradient waits for its optimizer step before a batch of an epoch."""
    return batch_idx % trainer.accumulate_grad_batches == 0
