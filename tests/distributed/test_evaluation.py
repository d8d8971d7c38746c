"""Scores and predictions of two processes are those of one, whatever the counts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

from emojudge.callbacks import MetricsFile, PredictionWriter
from emojudge.data import EmotionDataModule
from emojudge.labels import ATTRIBUTES, EMOTIONS
from emojudge.models import AcousticNetwork, AttributeRegressor, EmotionClassifier, MultiTaskLearner
from emojudge.nn.encoders import EcapaTdnn
from emojudge.predictions import load_predictions

pytestmark = pytest.mark.slow
BATCHES = [3, 4, 32]
"""Of 13 utterances of dev and 8 of a test split: uneven batches, uneven numbers of them, and fewer utterances than a batch."""


def model_of(task: str) -> LightningModule:
    torch.manual_seed(1)
    encoder = EcapaTdnn(channels=16, features=24)
    if task == "emotion":
        return EmotionClassifier(AcousticNetwork(encoder, EMOTIONS))
    if task == "attributes":
        return AttributeRegressor(AcousticNetwork(encoder, None, attributes=ATTRIBUTES))
    return MultiTaskLearner(AcousticNetwork(encoder, EMOTIONS, attributes=ATTRIBUTES))


@pytest.mark.parametrize("task", ["emotion", "attributes"])
@pytest.mark.parametrize("batch_size", BATCHES)
def test_scores_of_two_processes_are_those_of_one(
    table_path: str, make_trainer: Callable[..., Trainer], task: str, batch_size: int
) -> None:
    def scores(n_processes: int, stage: str) -> dict[str, float]:
        data = EmotionDataModule(table=table_path, eval_batch_size=batch_size, test_splits=["test1", "dev"])
        found: list[dict[str, float]] = getattr(make_trainer(n_processes), stage)(model_of(task), datamodule=data, verbose=False)
        return {name: value for part in found for name, value in part.items()}

    for stage in ("validate", "test"):
        alone, together = scores(1, stage), scores(2, stage)
        assert together == pytest.approx(alone, rel=0, abs=1e-6)
        assert len(alone) == 5 * (2 if stage == "test" else 1)  # the loss, and four scores of either task


def test_what_two_processes_log_is_logged_once(table_path: str, make_trainer: Callable[..., Trainer], tmp_path: Path) -> None:
    trainer = make_trainer(2, logger=MetricsFile(tmp_path / "metrics.csv"), max_epochs=2, log_every_n_steps=1)
    trainer.fit(model_of("emotion"), datamodule=EmotionDataModule(table=table_path, batch_size=4))
    steps = [line.split(",")[:2] for line in (tmp_path / "metrics.csv").read_text().splitlines()]
    assert steps == [["epoch", "step"], ["0", "4"], ["1", "9"]]


@pytest.mark.parametrize("batch_size", BATCHES)
def test_files_of_two_processes_are_those_of_one(
    table_path: str, make_trainer: Callable[..., Trainer], tmp_path: Path, batch_size: int
) -> None:
    found: list[list[Any]] = []
    for n_processes in (1, 2):
        folder = tmp_path / f"{n_processes}"
        trainer = make_trainer(n_processes, folder.name, callbacks=[PredictionWriter(system="both")], precision="64-true")
        data = EmotionDataModule(table=table_path, eval_batch_size=batch_size)
        trainer.predict(model_of("both"), datamodule=data, return_predictions=False)
        files = sorted(path.name for path in folder.iterdir())
        assert files == ["predictions.parquet", "predictions_attributes.parquet"]
        found.append([load_predictions(folder / name) for name in files])
    for alone, together in zip(*found, strict=True):
        assert (together.id, together.split, together.info) == (alone.id, alone.split, alone.info)
        assert np.allclose(together.numbers, alone.numbers, rtol=0, atol=1e-6, equal_nan=True)
