"""``RecordTests``: what ``emojudge test`` scores of held splits goes into the ledger of the run that the training belongs to."""

from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from ..files import file_digest
from ..pipeline.ledger import record_test


class RecordTests(Callback):
    """Writes the ledger on rank 0, before a score is computed; a training outside a run has none."""

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write that the splits of the test are scored."""
        data: Any = getattr(trainer, "datamodule", None)
        if not trainer.is_global_zero or not hasattr(data, "test_splits"):
            return
        checkpoint = trainer.ckpt_path
        digest = file_digest(checkpoint) if checkpoint is not None and Path(checkpoint).is_file() else ""
        record_test(trainer.default_root_dir, data.table, data.test_splits, getattr(pl_module, "tasks", ()), digest)
