"""``best.ckpt`` and ``last.ckpt``: which epoch they hold, also after a stop or a move."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader

from emojudge.callbacks import BestCheckpoint, ExactResume, LatestCheckpoint
from emojudge.callbacks.whole_files import WholeFiles
from emojudge.errors import ConfigError, EmojudgeError


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


def fit(folder, scores, *, epochs=None, best=None, module=Scripted, **settings):
    """Train four steps an epoch, as long as there are scores or ``epochs``."""
    quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
    resume = settings.pop("ckpt_path", None)
    callbacks = [ExactResume(), best or BestCheckpoint("val/macro_f1"), LatestCheckpoint()]
    trainer = Trainer(**quiet, default_root_dir=folder, max_epochs=epochs or len(scores), callbacks=callbacks, **settings)
    loader = DataLoader(range(4), batch_size=1)
    trainer.fit(module(scores), loader, DataLoader(range(1)), ckpt_path=resume, weights_only=True)


def found(folder, name):
    checkpoint = torch.load(Path(folder) / "checkpoints" / f"{name}.ckpt", weights_only=True)
    return checkpoint["epoch"], checkpoint["global_step"]


def test_best_is_the_best_epoch_and_last_the_last(tmp_path):
    fit(tmp_path, [0.2, 0.7, 0.5])
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]
    assert found(tmp_path, "best") == (1, 8)
    assert found(tmp_path, "last") == (2, 12)


def test_less_is_better_where_told(tmp_path):
    fit(tmp_path, [0.2, 0.7, 0.1, 0.5], best=BestCheckpoint("val/macro_f1", mode="min"))
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


class StopError(RuntimeError):
    pass


class Stopping(Scripted):
    """Fails before an optimizer step."""

    def training_step(self, batch, batch_idx):
        if self.global_step == self.scores[0]:
            raise StopError
        return super().training_step(batch, batch_idx)


def saved_before(folder, step, **settings):
    """Return the step of the last checkpoint of a fit that failed before a step, None where there is none."""
    quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(**quiet, default_root_dir=folder, max_epochs=3, callbacks=[LatestCheckpoint(**settings)])
    with pytest.raises(StopError):
        trainer.fit(Stopping([step]), DataLoader(range(4), batch_size=1))
    return found(folder, "last")[1] if (folder / "checkpoints" / "last.ckpt").is_file() else None


@pytest.mark.parametrize(
    ("settings", "saved"),
    [
        ({}, {3: None, 4: 4, 6: 4, 8: 8}),  # a quarter of an hour is long here
        ({"every_n_steps": 3}, {2: None, 3: 3, 5: 4, 6: 6, 7: 6}),
        ({"every_n_steps": 1, "every_minutes": None}, {1: 1, 5: 5}),
        ({"every_minutes": 1e-9}, {9: 8, 10: 10, 11: 10}),  # a look at the clock every tenth step
    ],
)
def test_last_is_saved_behind_epochs_and_as_often_as_asked(tmp_path, settings, saved):
    assert {step: saved_before(tmp_path / str(step), step, **settings) for step in saved} == saved


@pytest.mark.parametrize("settings", [{"every_n_steps": 0}, {"every_minutes": -1.0}])
def test_a_period_that_is_none_is_refused(settings):
    with pytest.raises(ConfigError, match="expected a positive number, or null for never"):
        LatestCheckpoint(**settings)


def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path, monkeypatch):
    fit(tmp_path, [0.2, 0.7], epochs=1)

    def write_half(checkpoint, path):
        Path(path).write_bytes(b"half")
        os._exit(9)

    monkeypatch.setattr(torch, "save", write_half)
    child = os.fork()
    if not child:
        fit(tmp_path, [0.2, 0.7], ckpt_path=tmp_path / "checkpoints" / "last.ckpt")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    monkeypatch.undo()
    (half,) = (tmp_path / "checkpoints").glob(".*.tmp")
    assert half.read_bytes() == b"half"
    assert found(tmp_path, "last") == found(tmp_path, "best") == (0, 4)
    fit(tmp_path, [0.2, 0.7], ckpt_path=tmp_path / "checkpoints" / "last.ckpt")
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]


def test_the_module_names_what_best_is_chosen_by(tmp_path, monkeypatch):
    class Reversed(Scripted):
        monitor = "val/reversed"

        def validation_step(self, batch, batch_idx):
            super().validation_step(batch, batch_idx)
            self.log("val/reversed", -self.scores[self.current_epoch], batch_size=1)

    fit(tmp_path / "own", [0.2, 0.7, 0.1, 0.5], best=BestCheckpoint(), module=Reversed)
    assert found(tmp_path / "own", "best")[1] == 12
    fit(tmp_path / "given", [0.2, 0.7, 0.1, 0.5], best=BestCheckpoint("val/macro_f1"), module=Reversed)
    assert found(tmp_path / "given", "best")[1] == 8
    with pytest.raises(ConfigError, match="Scripted has no attribute 'monitor'"):
        fit(tmp_path / "none", [0.2], best=BestCheckpoint())


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


def test_a_run_that_would_end_before_its_first_validation_is_refused(tmp_path):
    by_batches = {"epochs": 2, "check_val_every_n_epoch": None}  # of four batches each
    with pytest.raises(ConfigError, match="val_check_interval is 9 batches, but the whole run has 8"):
        fit(tmp_path, [0.5, 0.5], val_check_interval=9, **by_batches)
    assert not (tmp_path / "checkpoints").exists()
    fit(tmp_path, [0.5, 0.5], val_check_interval=8, **by_batches)
    assert found(tmp_path, "best")


def test_a_full_disk_is_told_in_one_line_and_leaves_the_earlier_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "last.ckpt"
    WholeFiles().save_checkpoint({"step": 1}, path)

    def full(checkpoint, file):
        file.write_bytes(b"half")
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 111168 vs 111060\nand more")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(EmojudgeError, match=r"last.ckpt: the checkpoint could not be written \(the file system has .* GB left"):
        WholeFiles().save_checkpoint({"step": 2}, path)
    assert torch.load(path) == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]
