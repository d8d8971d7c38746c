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
from .score import in_words, latest_score, monitor_of

PERIOD_S = 0.5
"""Write at most this often, in seconds."""


class ProgressFile(Callback):
    """Writes how much is done, how much there is in all and the latest validation score to a file that a parent polls.

    The file is ``{"done": 3, "total": 24, "score": 0.31, "measure": "dev macro-F1"}``; the score is null before the first
    validation, the measure names the one that the module is chosen by.

    When the parent is killed, the training ends too, so that a new start finds the folder free.

    Args:
        path: The file; written whole each time, from rank 0 only.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._written = 0.0
        self._parent = os.getppid()
        self._score: float | None = None

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the new score."""
        if not trainer.sanity_checking:
            self._score = latest_score(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Write the position in the training, in optimizer steps; the total is 0 where nobody knows it."""
        steps = trainer.estimated_stepping_batches
        self._write(trainer, pl_module, trainer.global_step, int(steps) if math.isfinite(steps) else 0)

    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Write the position in the prediction, in batches."""
        self._write(trainer, pl_module, batch_idx + 1, int(sum(trainer.num_predict_batches)))

    def _write(self, trainer: Trainer, pl_module: LightningModule, done: int, total: int) -> None:
        if os.getppid() != self._parent:
            raise EmojudgeError("the run that started this process has ended; start it again to go on from the last checkpoint")
        if not trainer.is_global_zero or (time.monotonic() - self._written < PERIOD_S and done != total):
            return
        self._written = time.monotonic()
        state = {"done": done, "total": total, "score": self._score, "measure": in_words(monitor_of(pl_module))}
        write_text(self.path, json.dumps(state))
