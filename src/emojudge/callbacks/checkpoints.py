"""The two checkpoints of a run, in a folder that a second start finds again."""

from pathlib import Path
from typing import Any, Literal

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

FOLDER = "checkpoints"
"""Folder of the checkpoints inside the run folder."""


class _RunCheckpoint(ModelCheckpoint):
    """A checkpoint of one fixed name in the run folder, whatever the loggers do."""

    def __init__(self, name: str, **settings: Any) -> None:
        super().__init__(filename=name, save_top_k=1, auto_insert_metric_name=False, enable_version_counter=False, **settings)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Find the folder."""
        self.dirpath = str((Path(trainer.default_root_dir) / FOLDER).resolve())
        super().setup(trainer, pl_module, stage)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the state of an earlier start; where the run folder was moved since, Lightning would forget the best score."""
        path = str(Path(str(self.dirpath)) / f"{self.filename}.ckpt")
        moved: dict[str, Any] = {name: path for name in ("best_model_path", "kth_best_model_path") if state_dict[name]}
        moved["best_k_models"] = dict.fromkeys([path], *state_dict["best_k_models"].values()) if state_dict["best_k_models"] else {}
        super().load_state_dict({**state_dict, **moved, "dirpath": self.dirpath})


class BestCheckpoint(_RunCheckpoint):
    """Keeps the checkpoint with the best validation score as ``checkpoints/best.ckpt`` of the run folder.

    Args:
        monitor: Logged value to choose by (paper, section 5.2: macro-F1, or mean CCC for attributes).
        mode: ``max`` where more is better.
    """

    def __init__(self, monitor: str = "val/macro_f1", mode: Literal["max", "min"] = "max") -> None:
        super().__init__("best", monitor=monitor, mode=mode)


class LatestCheckpoint(_RunCheckpoint):
    """Keeps the state at the end of the latest epoch as ``checkpoints/last.ckpt``, to resume from.

    It is never saved inside an epoch: one taken up there would go on with the batches that were left, but with other dropout.
    """

    def __init__(self) -> None:
        super().__init__("last", save_on_train_epoch_end=True)
