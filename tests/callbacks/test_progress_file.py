"""The file that tells a parent process how far a training is."""

import json

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.utils.data import DataLoader

from emojudge.callbacks import ProgressFile, progress


class Scored(LightningModule):
    monitor = "val/macro_f1"

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch, batch_idx):
        return self.weight.sum()

    def validation_step(self, batch, batch_idx):
        self.log("val/macro_f1", 0.25, batch_size=1)

    def predict_step(self, batch, batch_idx):
        return batch

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


class Reader(Callback):
    """Reads the file after each batch, as a parent might."""

    def __init__(self, path):
        self.path, self.seen = path, []

    def on_train_batch_end(self, *args):
        state = json.loads(self.path.read_text())
        self.seen.append((state["done"], state["total"], state["score"]))
        self.measure = state["measure"]

    on_predict_batch_end = on_train_batch_end


@pytest.fixture
def trainer(tmp_path):
    def make(**settings):
        quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        callbacks = [ProgressFile(str(tmp_path / "progress.json")), Reader(tmp_path / "progress.json")]
        trainer = Trainer(**quiet, enable_checkpointing=False, default_root_dir=tmp_path, callbacks=callbacks, **settings)
        return trainer, callbacks[1].seen

    return make


def loader():
    return DataLoader(range(3), batch_size=1)


def test_it_counts_the_batches_of_all_epochs_and_the_latest_score(trainer, monkeypatch):
    monkeypatch.setattr(progress, "PERIOD_S", 0)
    fitting, seen = trainer(max_epochs=2, num_sanity_val_steps=0)
    fitting.fit(Scored(), loader(), loader())
    assert seen == [(1, 6, None), (2, 6, None), (3, 6, None), (4, 6, 0.25), (5, 6, 0.25), (6, 6, 0.25)]


@pytest.mark.parametrize(
    ("monitor", "measure"), [("val/macro_f1", "dev macro-F1"), ("val/ccc_mean", "dev mean CCC"), ("val/my_score", "val/my_score")]
)
def test_the_score_is_the_one_that_the_module_is_chosen_by(trainer, scripted, monkeypatch, monitor, measure):
    monkeypatch.setattr(progress, "PERIOD_S", 0)
    module = scripted([0.5, 0.75])
    module.monitor = monitor
    fitting, seen = trainer(max_epochs=2, num_sanity_val_steps=0)
    fitting.fit(module, loader(), loader())
    assert [score for _, _, score in seen] == [None] * 3 + [0.5] * 3
    assert fitting.callbacks[1].measure == measure


def test_it_counts_the_batches_of_a_prediction(trainer, monkeypatch):
    monkeypatch.setattr(progress, "PERIOD_S", 0)
    predicting, seen = trainer()
    predicting.predict(Scored(), loader(), return_predictions=False)
    assert seen == [(1, 3, None), (2, 3, None), (3, 3, None)]


def test_a_run_measured_in_steps_has_its_steps_as_total(trainer, monkeypatch):
    monkeypatch.setattr(progress, "PERIOD_S", 0)
    fitting, seen = trainer(max_steps=4)
    fitting.fit(Scored(), loader())
    assert seen == [(1, 4, None), (2, 4, None), (3, 4, None), (4, 4, None)]


def test_it_writes_now_and_then_and_at_the_end(trainer, monkeypatch):
    monkeypatch.setattr(progress, "PERIOD_S", 1000)
    fitting, seen = trainer(max_epochs=2)
    fitting.fit(Scored(), loader())
    assert [done for done, _, _ in seen] == [1, 1, 1, 1, 1, 6]
