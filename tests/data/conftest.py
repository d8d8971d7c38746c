"""A network of a few numbers that notes what it is given."""

from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.nn import functional as F

from emojudge.batch import Batch


class Probe(LightningModule):
    """Classifies by the level of the sound and the number of tokens, and keeps the ids of every training batch by epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 8)
        self.seen: dict[int, list[list[str]]] = {}
        self.statistics: tuple[float, float] | None = None

    def setup(self, stage: str) -> None:
        data: Any = self.trainer.datamodule  # type: ignore[attr-defined]
        if stage == "fit" and data.audio:
            self.statistics = data.waveform_statistics()

    def forward(self, batch: Batch) -> Tensor:
        level = torch.zeros(len(batch.id)) if batch.waveform is None else batch.waveform.abs().mean(1)
        words = torch.zeros(len(batch.id)) if batch.token_mask is None else batch.token_mask.float().mean(1)
        return self.linear(torch.stack([level, words], 1))  # type: ignore[no-any-return]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        self.seen.setdefault(self.current_epoch, []).append(batch.id)
        return F.cross_entropy(self(batch), batch.emotion)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.log("val/loss", F.cross_entropy(self(batch), batch.emotion), batch_size=len(batch.id))

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        return {"row": batch.row, "logits": self(batch)}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.fixture
def probe() -> Probe:
    return Probe()


@pytest.fixture
def make_trainer(tmp_path: Any) -> Any:
    """Return a function that makes a quiet trainer in ``tmp_path/run``."""

    def make(**settings: Any) -> Trainer:
        quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        return Trainer(**{**quiet, "default_root_dir": tmp_path / "run", "max_epochs": 1, "enable_checkpointing": False, **settings})

    return make
