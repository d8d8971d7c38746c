"""Tells a parent process how far a training is, through a small JSON file."""

import json
import math
import os
import time
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from ..errors import EmojudgeError
from ..files import write_text

PERIOD_S = 0.5
"""Write at most this often, in seconds."""


class ProgressFile(Callback):
    """Writes how much is done, how much there is in all and the latest validation score to a file that a parent polls.

    When the parent is killed, the training ends too, so that a new start finds the folder free.

    Args:
        path: The file; written whole each time, from rank 0 only.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._written = 0.0
        self._parent = os.getppid()

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Write the position in the training, in optimizer steps; the total is 0 where nobody knows it."""
        steps = trainer.estimated_stepping_batches
        self._write(trainer, trainer.global_step, int(steps) if math.isfinite(steps) else 0)

    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Write the position in the prediction, in batches."""
        self._write(trainer, batch_idx + 1, int(sum(trainer.num_predict_batches)))

    def _write(self, trainer: Trainer, done: int, total: int) -> None:
        if os.getppid() != self._parent:
            raise EmojudgeError("the run that started this process has ended; start it again to go on from the last checkpoint")
        if not trainer.is_global_zero or (time.monotonic() - self._written < PERIOD_S and done != total):
            return
        self._written = time.monotonic()
        score = trainer.callback_metrics.get("val/macro_f1")
        write_text(self.path, json.dumps({"done": done, "total": total, "val/macro_f1": None if score is None else float(score)}))
