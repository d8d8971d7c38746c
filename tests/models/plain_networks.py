"""The smallest networks, batches and data module that a Lightning module can do with."""

import math

import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader

from emojudge.batch import Batch

CLASSES = ("sad", "happy", "neutral", "fear")
NAN = math.nan


class Plain(nn.Module):
    """The least that a network offers: here, a map of the first samples."""

    def __init__(self, n_outputs=4):
        super().__init__()
        self.body, self.out = nn.Linear(6, 8), nn.Linear(8, n_outputs)

    def forward(self, batch):
        return self.out(torch.tanh(self.body(batch.waveform)))

    def parameter_groups(self):
        return [{"name": name, "params": list(getattr(self, name).parameters())} for name in ("body", "out")]


class Full(Plain):
    """One that also normalises, has a penalty, and knows its outputs and rows without input."""

    def __init__(self, classes=CLASSES, attributes=()):
        super().__init__(len(classes) + len(attributes))
        self.classes, self.n_classes, self.attributes, self.given = tuple(classes), len(classes), tuple(attributes), None

    def forward(self, batch):
        return super().forward(batch).masked_fill(~self.has_input(batch)[:, None], torch.nan)

    def has_input(self, batch):
        return batch.waveform_mask.any(dim=1)

    def penalty(self):
        return 100 * self.out.bias.square().sum() + 7

    def set_normalization(self, mean, std):
        self.given = (mean, std)


VALUES = [[0.1, 0.5, 0.9], [0.4, NAN, 0.3], [NAN, NAN, NAN], [0.8, 0.2, NAN], [0.3, 0.9, 0.6]]
"""Attributes of five utterances on the scale of the networks: one has none, two have some."""


def batch(emotion=(0, 1, 2, 2, -1), seed=0, attributes=None):
    n = len(emotion)
    waveform = torch.randn(n, 6, generator=torch.Generator().manual_seed(seed))
    return Batch(
        row=torch.arange(n),
        id=[f"clip{i}" for i in range(n)],
        waveform=waveform,
        waveform_mask=torch.ones(n, 6, dtype=torch.bool),
        emotion=torch.tensor(emotion),
        attributes=None if attributes is None else torch.tensor(attributes),
    )


class Data(L.LightningDataModule):
    test_splits = ("test1", "test3")

    def __init__(self, counts=(1, 3, 4, 0), classes=CLASSES, n_test=1, batches=None, valued=(9, 9, 9)):
        super().__init__()
        self.counts, self.classes, self.n_test, self.valued = torch.tensor(counts), list(classes), n_test, valued
        self.batches = batches or [batch(seed=k, attributes=VALUES)._replace(row=torch.arange(5) + 5 * k) for k in range(3)]

    def class_counts(self):
        return self.counts

    def attribute_counts(self):
        return torch.tensor(self.valued)

    def waveform_statistics(self):
        return 0.25, 2.0

    def loader(self):
        return DataLoader(self.batches, batch_size=None)

    train_dataloader = val_dataloader = predict_dataloader = loader

    def test_dataloader(self):
        return self.loader() if self.n_test == 1 else [self.loader() for _ in range(self.n_test)]


def trainer(tmp_path, **options):
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    return L.Trainer(default_root_dir=tmp_path, accelerator="cpu", **quiet | {"max_epochs": 1} | options)


def without_log(model):
    """Return a module whose steps can be called without a trainer."""
    model.log = lambda *args, **options: None
    return model
