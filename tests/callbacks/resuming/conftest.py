"""A training with everything that a stop could disturb, small enough to be done many times."""

import csv
import functools
import math

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer, seed_everything
from lightning.pytorch.callbacks import EarlyStopping
from torch import nn

from emojudge.callbacks import BestCheckpoint, EpochSeed, ExactResume, LatestCheckpoint, MetricsFile, StopSignals
from emojudge.data import EmotionDataModule
from emojudge.labels import ATTRIBUTES, EMOTIONS
from emojudge.models import EmotionClassifier, MultiTaskLearner
from emojudge.models.optim import LinearWarmup


class Listening(nn.Module):
    """Batch norm, dropout, and noise of NumPy on a few levels of the sound."""

    classes, n_classes = EMOTIONS, len(EMOTIONS)

    def __init__(self, attributes=()):
        super().__init__()
        self.attributes = tuple(attributes)
        self.n_outputs = 8 + len(self.attributes)
        self.layers = nn.Sequential(nn.Linear(10, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.4), nn.Linear(12, self.n_outputs))

    def forward(self, batch):
        levels = batch.waveform[:, :8000].reshape(2 * len(batch.row), 10, -1).abs().mean(dim=2)  # (2 * batch, 10): batch norm needs two
        if self.training:
            levels = levels + 0.01 * float(np.random.rand())
        return self.layers(10 * levels).reshape(-1, 2, self.n_outputs).mean(dim=1)  # (batch, outputs)

    def parameter_groups(self):
        return [{"name": "head", "params": list(self.parameters())}]


class Shouting:
    """Changes the level, as an augmentation; it draws from NumPy."""

    def __call__(self, samples, sample_rate):
        return samples * np.float32(np.random.uniform(0.5, 2))


@pytest.fixture(scope="session")
def table_path(tiny_table, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    tiny_table.save(path)
    return path


class Training:
    """Trains three epochs of nine batches in a folder, from its last checkpoint on, and compares what came out."""

    def __init__(self, table_path):
        self.table_path = table_path

    def __call__(self, folder, *callbacks, data=None, latest=None, augmented=False, micro_batches=1, tasks=1, patience=None, **settings):
        seed_everything(3, verbose=False)
        parts = {
            "optimizer": functools.partial(torch.optim.AdamW, lr=0.02),
            "lr_scheduler": functools.partial(LinearWarmup, share=0.7),
            "micro_batches": micro_batches,
        }
        model = EmotionClassifier(Listening(), **parts) if tasks == 1 else MultiTaskLearner(Listening(ATTRIBUTES), **parts)
        data = {"batch_size": 4, "min_samples": 8000, "augmentation": Shouting() if augmented else None, **(data or {})}
        if patience is not None:
            callbacks = [*callbacks, EarlyStopping("val/macro_f1", mode="max", patience=patience)]
        usual = {
            "accelerator": "cpu",
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "use_distributed_sampler": False,
            "max_epochs": 3,
            "log_every_n_steps": 2,
            "logger": MetricsFile(folder / "metrics.csv"),
        }
        ours = [EpochSeed(), ExactResume(), StopSignals(), BestCheckpoint("val/macro_f1"), latest or LatestCheckpoint(every_n_steps=1)]
        trainer = Trainer(**{**usual, **settings}, default_root_dir=folder, callbacks=[*callbacks, *ours])
        last = folder / "checkpoints" / "last.ckpt"
        data = EmotionDataModule(table=str(self.table_path), **data)
        trainer.fit(model, datamodule=data, ckpt_path=last if last.exists() else None, weights_only=True)

    @staticmethod
    def checkpoint(folder, name="last"):
        return torch.load(folder / "checkpoints" / f"{name}.ckpt", weights_only=True)

    @staticmethod
    def log(folder):
        with open(folder / "metrics.csv", newline="") as file:
            return list(csv.DictReader(file))

    def assert_same(self, folder, whole):
        """Check that two runs ended with the same bits: weights, optimizer, schedule, generators, scores, best checkpoint, log."""
        for name in ("last", "best"):
            assert difference(self.checkpoint(folder, name), self.checkpoint(whole, name)) == ""
        assert self.log(folder) == self.log(whole)


@pytest.fixture(scope="session")
def train(table_path):
    return Training(table_path)


def difference(one, other, path=""):
    """Return where two checkpoints differ in a bit, leaving out the folder that they lie in; "" where they do not."""
    if type(one) is not type(other):
        return f"{path}: {type(one)} and {type(other)}"
    if isinstance(one, torch.Tensor):
        return "" if one.dtype == other.dtype and torch.equal(one, other) else path
    if isinstance(one, dict):
        if list(map(str, one)) != list(map(str, other)) and not path.endswith("best_k_models"):
            return f"{path}: {one.keys() ^ other.keys()}"
        pairs = [(key, value, theirs) for (key, value), theirs in zip(one.items(), other.values(), strict=True)]
    elif isinstance(one, list | tuple):
        if len(one) != len(other):
            return f"{path}: {len(one)} and {len(other)}"
        pairs = [(i, value, theirs) for i, (value, theirs) in enumerate(zip(one, other, strict=True))]
    else:
        same = one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))
        return "" if same or path.endswith(("_path", "dirpath")) else f"{path}: {one} and {other}"
    return next((found for key, value, theirs in pairs if (found := difference(value, theirs, f"{path}.{key}"))), "")
