"""The resolved config of a run, through a real LightningCLI."""

from pathlib import Path

import torch
import yaml
from lightning.pytorch import LightningModule
from lightning.pytorch.cli import LightningCLI
from torch import Tensor, nn

from emojudge.callbacks import SaveRunConfig
from emojudge.corpus import Table
from emojudge.data import EmotionDataModule


class Constant(LightningModule):
    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))

    def training_step(self, batch: object, batch_idx: int) -> Tensor:
        return self.weight.sum()

    def validation_step(self, batch: object, batch_idx: int) -> None:
        pass

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def run(stage: str, table_path: Path, folder: Path, *more: str) -> None:
    trainer = ["accelerator=cpu", "logger=false", "enable_progress_bar=false", "max_epochs=1", "enable_model_summary=false"]
    arguments = [f"--trainer.{setting}" for setting in [*trainer, f"default_root_dir={folder}"]]
    LightningCLI(
        Constant, EmotionDataModule, save_config_callback=SaveRunConfig, args=[stage, *arguments, f"--data.table={table_path}", *more]
    )


def test_each_stage_leaves_its_whole_config_and_a_second_start_replaces_it(tiny_table: Table, tmp_path: Path) -> None:
    tiny_table.save(tmp_path / "table.parquet")
    folder = tmp_path / "run"
    run("fit", tmp_path / "table.parquet", folder)
    config = yaml.safe_load((folder / "config_fit.yaml").read_text())
    assert config["model"]["width"] == 3
    assert config["data"]["batch_size"] == 32
    assert config["data"]["predict_splits"] is None
    run("fit", tmp_path / "table.parquet", folder, "--model.width=5")
    assert yaml.safe_load((folder / "config_fit.yaml").read_text())["model"]["width"] == 5
    run("validate", tmp_path / "table.parquet", folder)
    assert sorted(path.name for path in folder.glob("*.yaml")) == ["config_fit.yaml", "config_validate.yaml"]
