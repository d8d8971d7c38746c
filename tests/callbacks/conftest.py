"""A Lightning module that logs and trains next to nothing, and a quiet trainer for it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import LightningDataModule, LightningModule, Trainer
from lightning.pytorch.loggers.logger import Logger
from torch import Tensor
from torch.utils.data import DataLoader

from emojudge.batch import Batch


class Rows(Logger):
    """Keeps what is logged, by step."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, dict[str, float]] = {}

    name = version = ""

    def log_hyperparams(self, *args: Any, **options: Any) -> None: ...

    def log_metrics(self, metrics: Any, step: Any = None) -> None:
        self.rows.setdefault(step, {}).update(metrics)


class Scripted(LightningModule):
    """Two named groups, and the scores that it is told to log, one a validation."""

    monitor = "val/ccc_mean"

    def __init__(self, scores: Any = (), schedule: Any = None) -> None:
        super().__init__()
        self.encoder, self.head = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))
        self.scores, self.schedule, self.n_validations = list(scores), schedule, 0

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        self.log("train/loss", torch.tensor(0.5), on_step=False, on_epoch=True, batch_size=1)
        return self.encoder.sum() + self.head.sum()

    def validation_step(self, batch: Any, batch_idx: int) -> None: ...

    def on_validation_epoch_end(self) -> None:
        if not self.trainer.sanity_checking:
            self.log(self.monitor, self.scores[self.n_validations], batch_size=1)
            self.n_validations += 1

    def predict_step(self, batch: Any, batch_idx: int) -> Any:
        return {}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["n_validations"] = self.n_validations

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.n_validations = checkpoint["n_validations"]

    def configure_optimizers(self) -> Any:
        groups = [{"name": "encoder", "params": [self.encoder], "lr": 1.0}, {"name": "head", "params": [self.head], "lr": 10.0}]
        optimizer = torch.optim.SGD(groups, lr=1.0)
        if self.schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self.schedule(optimizer), "interval": "step"}}


class Batches(LightningDataModule):
    """Batches of the given parts: each a list of lengths, in samples or tokens; as many validation batches of one."""

    def __init__(self, lengths: Any, part: str = "waveform", sample_rate: int | None = 100) -> None:
        super().__init__()
        self.lengths, self.part = lengths, part
        if sample_rate is not None:
            self.sample_rate = sample_rate

    def batch(self, lengths: Any) -> Batch:
        mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
        parts = {self.part: mask.float(), "waveform_mask" if self.part == "waveform" else "token_mask": mask}
        return Batch(torch.arange(len(lengths)), [str(i) for i in range(len(lengths))], **parts)

    def train_dataloader(self) -> Any:
        return DataLoader([self.batch(lengths) for lengths in self.lengths], batch_size=None)

    def val_dataloader(self) -> Any:
        return DataLoader([self.batch([1])], batch_size=None)

    predict_dataloader = val_dataloader


@pytest.fixture
def fit(tmp_path: Path) -> Any:
    """Return a function that fits a module and returns its trainer and what was logged."""

    def run(module: LightningModule, data: LightningDataModule, *callbacks: Any, ckpt_path: Any = None, **settings: Any) -> Any:
        quiet = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
        log = Rows()
        options = {**quiet, "logger": log, "num_sanity_val_steps": 0, "default_root_dir": tmp_path, **settings}
        trainer = Trainer(callbacks=list(callbacks), **options)
        trainer.fit(module, datamodule=data, ckpt_path=ckpt_path, weights_only=True)
        return trainer, log.rows

    return run


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted


@pytest.fixture
def batches() -> type[Batches]:
    return Batches
