"""``best.ckpt`` and ``last.ckpt``: which epoch they hold, also after a stop or a move."""

import shutil
from pathlib import Path

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader

from emojudge.callbacks import BestCheckpoint, LatestCheckpoint


class Scripted(LightningModule):
    """Scores what it is told to in each epoch, and counts its steps."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch, batch_idx):
        return self.weight.sum()

    def validation_step(self, batch, batch_idx):
        self.log("val/macro_f1", self.scores[self.current_epoch], batch_size=1)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


def fit(folder, scores, *, epochs=None, best=None, **settings):
    """Train four steps an epoch, as long as there are scores or ``epochs``."""
    quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
    resume = settings.pop("ckpt_path", None)
    callbacks = [best or BestCheckpoint(), LatestCheckpoint()]
    trainer = Trainer(**quiet, default_root_dir=folder, max_epochs=epochs or len(scores), callbacks=callbacks, **settings)
    loader = DataLoader(range(4), batch_size=1)
    trainer.fit(Scripted(scores), loader, DataLoader(range(1)), ckpt_path=resume, weights_only=True)


def found(folder, name):
    checkpoint = torch.load(Path(folder) / "checkpoints" / f"{name}.ckpt", weights_only=True)
    return checkpoint["epoch"], checkpoint["global_step"]


def test_best_is_the_best_epoch_and_last_the_last(tmp_path):
    fit(tmp_path, [0.2, 0.7, 0.5])
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]
    assert found(tmp_path, "best") == (1, 8)
    assert found(tmp_path, "last") == (2, 12)


def test_less_is_better_where_told(tmp_path):
    fit(tmp_path, [0.2, 0.7, 0.1, 0.5], best=BestCheckpoint(mode="min"))
    assert found(tmp_path, "best") == (2, 12)


@pytest.mark.parametrize("change", ["same", "moved", "relative"])
def test_a_resumed_run_remembers_the_best_score(tmp_path, monkeypatch, change):
    scores = [0.2, 0.7, 0.5, 0.6]
    fit(tmp_path / "run", scores, epochs=2)
    folder = tmp_path / "run"
    if change == "moved":
        folder = Path(shutil.move(folder, tmp_path / "elsewhere"))
    if change == "relative":
        monkeypatch.chdir(tmp_path)
        folder = Path("run")
    fit(folder, scores, ckpt_path=folder / "checkpoints" / "last.ckpt")
    assert found(folder, "best") == (1, 8)
    assert found(folder, "last") == (3, 16)
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name]


def test_a_resumed_run_takes_a_better_score(tmp_path):
    scores = [0.2, 0.7, 0.5, 0.9]
    fit(tmp_path, scores, epochs=3)
    fit(tmp_path, scores, ckpt_path=tmp_path / "checkpoints" / "last.ckpt")
    assert found(tmp_path, "best") == (3, 16)


def test_last_is_saved_at_ends_of_epochs_alone(tmp_path):
    class StopError(RuntimeError):
        pass

    class Stopping(Scripted):
        def training_step(self, batch, batch_idx):
            if self.global_step == self.scores[0]:
                raise StopError
            return super().training_step(batch, batch_idx)

    quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    for at, saved in {3: None, 4: (0, 4), 6: (0, 4), 8: (1, 8)}.items():
        trainer = Trainer(**quiet, default_root_dir=tmp_path / str(at), max_epochs=3, callbacks=[LatestCheckpoint()])
        with pytest.raises(StopError):
            trainer.fit(Stopping([at]), DataLoader(range(4), batch_size=1))
        path = tmp_path / str(at) / "checkpoints" / "last.ckpt"
        assert (found(tmp_path / str(at), "last") if path.is_file() else None) == saved


def test_last_is_saved_each_epoch_where_validation_is_rarer_or_more_frequent(tmp_path):
    fit(tmp_path / "rare", [0.2, 0.7, 0.5], check_val_every_n_epoch=2)
    assert found(tmp_path / "rare", "last") == (2, 12)
    assert found(tmp_path / "rare", "best") == (1, 8)
    fit(tmp_path / "frequent", [0.2, 0.7], val_check_interval=0.5)
    assert found(tmp_path / "frequent", "last") == (1, 8)
    assert found(tmp_path / "frequent", "best") == (1, 6)


def test_a_trial_run_saves_nothing(tmp_path):
    fit(tmp_path, [0.2], fast_dev_run=True)
    assert list(tmp_path.iterdir()) == []
