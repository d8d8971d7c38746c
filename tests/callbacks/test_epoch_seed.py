"""The draws of an epoch depend on seed, epoch and process alone."""

import random

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader

from emojudge.callbacks import EpochSeed


class Drawing(LightningModule):
    """Notes one number of each generator in every epoch."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.drawn = []

    def training_step(self, batch, batch_idx):
        self.drawn.append((torch.rand(1).item(), np.random.rand(), random.random()))
        return self.weight.sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


def drawn(tmp_path, seed, epochs, callbacks, ckpt_path=None):
    torch.manual_seed(seed)
    quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(**quiet, max_epochs=epochs, callbacks=callbacks, enable_checkpointing=False, default_root_dir=tmp_path)
    model = Drawing()
    trainer.fit(model, DataLoader(range(2), batch_size=1, generator=torch.Generator()), ckpt_path=ckpt_path, weights_only=True)
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    return model.drawn


def test_a_resumed_run_draws_what_the_uninterrupted_one_draws(tmp_path):
    whole = drawn(tmp_path, 3, 3, [EpochSeed()])
    assert len({number for numbers in whole for number in numbers}) == 3 * 2 * 3  # no epoch repeats another
    first = drawn(tmp_path, 3, 1, [EpochSeed()])
    torch.rand(7)  # whatever else happens in between
    assert first + drawn(tmp_path, 3, 3, [EpochSeed()], tmp_path / "last.ckpt") == whole


def test_another_seed_draws_otherwise(tmp_path):
    assert drawn(tmp_path, 3, 1, [EpochSeed()]) != drawn(tmp_path, 4, 1, [EpochSeed()])


def test_processes_draw_otherwise(tmp_path, monkeypatch):
    alone = drawn(tmp_path, 3, 1, [EpochSeed()])
    monkeypatch.setattr(Trainer, "global_rank", 1)
    assert drawn(tmp_path, 3, 1, [EpochSeed()]) != alone


@pytest.fixture(autouse=True)
def same_generators_afterwards():
    """Leave the generators of other tests alone."""
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    yield
    torch.set_rng_state(states[0])
    np.random.set_state(states[1])
    random.setstate(states[2])
