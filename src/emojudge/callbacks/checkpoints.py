"""The two checkpoints of a run, in a folder that a second start finds again."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

FOLDER = "checkpoints"
"""Folder of the checkpoints inside the run folder."""


class BestCheckpoint(ModelCheckpoint):
    """Keeps the checkpoint with the best validation score as ``checkpoints/best.ckpt`` of the run folder.

    Args:
        monitor: Logged value to choose by (paper, section 5.2: macro-F1, or mean CCC for attributes).
        mode: ``max`` where more is better.
    """

    def __init__(self, monitor: str = "val/macro_f1", mode: Literal["max", "min"] = "max") -> None:
        super().__init__(
            monitor=monitor, mode=mode, filename="best", save_top_k=1, auto_insert_metric_name=False, enable_version_counter=False
        )

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Put the file into the run folder, whatever the loggers do."""
        self.dirpath = str(Path(trainer.default_root_dir) / FOLDER)
        super().setup(trainer, pl_module, stage)


class LatestCheckpoint(ModelCheckpoint):
    """Keeps the state at the end of the latest epoch as ``checkpoints/last.ckpt``, to resume from.

    Args:
        every_n_train_steps: Save after so many optimizer steps too; None saves at ends of epochs only.
        train_time_interval_min: Save after so many minutes instead.
    """

    def __init__(self, every_n_train_steps: int | None = None, train_time_interval_min: float | None = None) -> None:
        interval = None if train_time_interval_min is None else timedelta(minutes=train_time_interval_min)
        when: dict[str, Any] = {"every_n_train_steps": every_n_train_steps, "train_time_interval": interval}
        super().__init__(filename="last", save_top_k=1, auto_insert_metric_name=False, enable_version_counter=False, **when)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Put the file into the run folder, whatever the loggers do."""
        self.dirpath = str(Path(trainer.default_root_dir) / FOLDER)
        super().setup(trainer, pl_module, stage)
