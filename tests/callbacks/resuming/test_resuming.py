"""A fit that was stopped anywhere and resumed ends with the bits of one that was not."""

import os
import random
import shutil
import signal

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.plugins import MixedPrecision

from emojudge.callbacks import LatestCheckpoint, resuming
from emojudge.callbacks.random_state import random_state, set_random_state


class Copies(LatestCheckpoint):
    """Keeps a copy of the run folder, as a power cut would leave it, whenever the state was saved."""

    def __init__(self, folder, **settings):
        super().__init__(**settings)
        self.folder = folder

    def _save_checkpoint(self, trainer, filepath):
        super()._save_checkpoint(trainer, filepath)
        if trainer.is_global_zero:
            shutil.copytree(trainer.default_root_dir, self.folder / f"{trainer.global_step}")


class Terminated(Callback):
    """Sends SIGTERM behind a step."""

    def __init__(self, at):
        self.at = at

    def on_train_batch_end(self, trainer, *_):
        if trainer.global_step == self.at:
            os.kill(os.getpid(), signal.SIGTERM)


def half_precision():
    return {"plugins": [MixedPrecision("16-mixed", "cpu", scaler=torch.amp.GradScaler("cpu", init_scale=2.0**15, growth_interval=3))]}


CASES = {
    "plain": {},
    "accumulating": {"accumulate_grad_batches": 4},  # nine batches an epoch: the last window has one
    "validating twice an epoch": {"val_check_interval": 4},
    "validating and accumulating": {"val_check_interval": 3, "accumulate_grad_batches": 2},  # inside a window too
    "validating every second epoch": {"check_val_every_n_epoch": 2},
    "counting steps": {"max_epochs": -1, "max_steps": 23},
    "counting steps, validating across epochs": {
        "max_epochs": -1,
        "max_steps": 23,
        "val_check_interval": 5,
        "check_val_every_n_epoch": None,
    },
    "bfloat16": {"precision": "bf16-mixed"},
    "float16": half_precision,
    "clipping": {"gradient_clip_val": 0.5},
    "workers": {"data": {"num_workers": 2}},
    "augmentation": {"augmented": True},
    "augmentation, workers": {"augmented": True, "data": {"num_workers": 2}},
    "votes": {"data": {"target": "votes"}},
    "batches by seconds": {"data": {"batch_size": 32, "batch_seconds": 4.0}},
    "micro batches": {"micro_batches": 3},
    "two tasks": {"tasks": 2},
    "cut short": {"limit_train_batches": 5},
    "stopping early": {"patience": 1, "max_epochs": 6},
    "stopping early inside an epoch": {"patience": 2, "max_epochs": 6, "val_check_interval": 3},
}
QUICK = ["accumulating", "validating and accumulating", "counting steps", "float16", "augmentation, workers", "two tasks"]


def whole(train, folder, case):
    """Train without a stop, and return the numbers of the steps of which there are copies of the folder."""
    train(folder / "whole", latest=Copies(folder / "copies", every_n_steps=1), **case)
    return sorted(int(path.name) for path in (folder / "copies").iterdir())


def assert_resumes(train, folder, step, case):
    train(folder / "copies" / str(step), latest=Copies(folder / f"again-{step}", every_n_steps=1), **case)
    train.assert_same(folder / "copies" / str(step), folder / "whole")


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in CASES])
def test_a_fit_resumed_at_any_step_is_the_fit_that_was_not_stopped(train, tmp_path, name):
    case = CASES[name]() if callable(CASES[name]) else CASES[name]
    steps = whole(train, tmp_path, case)
    n = len(steps)
    for step in {steps[n // 5], steps[n // 2], steps[3 * n // 4]}:
        assert_resumes(train, tmp_path, step, case)


@pytest.mark.parametrize(
    "case",
    [
        {"accumulate_grad_batches": 2},
        pytest.param({"val_check_interval": 2}, marks=pytest.mark.slow),
        pytest.param({"augmented": True, "data": {"num_workers": 2}}, marks=pytest.mark.slow),
        pytest.param({"tasks": 2, "micro_batches": 2, "precision": "bf16-mixed"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_two_processes_go_on_each_with_its_own_numbers(train, tmp_path, case):
    case = {"strategy": "ddp_fork", "devices": 2, **case}
    steps = whole(train, tmp_path, case)
    one, other = train.checkpoint(tmp_path / "copies" / str(steps[1]))["emojudge_resume"]["processes"]
    assert not torch.equal(one["random"]["torch"], other["random"]["torch"])
    assert not torch.equal(one["metrics"]["train_loss"]["state"]["mean_value"], other["metrics"]["train_loss"]["state"]["mean_value"])
    assert_resumes(train, tmp_path, steps[1], case)


@pytest.mark.slow
def test_every_single_step(train, tmp_path):
    case = {"accumulate_grad_batches": 2, "val_check_interval": 3, "patience": 4}
    steps = whole(train, tmp_path, case)
    assert steps == list(range(1, 16))
    for step in steps:
        assert_resumes(train, tmp_path, step, case)


@pytest.mark.parametrize("part", ["random", "metrics", "validated"])
def test_each_part_that_is_kept_is_needed(train, tmp_path, monkeypatch, part):
    case = {"val_check_interval": 4}
    with pytest.raises(SystemExit):
        train(tmp_path / "run", Terminated(at=8), **case)  # a validation waits
    train(tmp_path / "whole", **case)
    broken = {
        "random": lambda: monkeypatch.setattr(resuming, "set_random_state", lambda *_: None),
        "metrics": lambda: monkeypatch.setattr(resuming, "_set_metrics", lambda *_: None),
        "validated": lambda: monkeypatch.setattr(resuming, "_correct_counters", lambda *_: None),
    }
    broken[part]()
    train(tmp_path / "run", **case)
    with pytest.raises(AssertionError):
        train.assert_same(tmp_path / "run", tmp_path / "whole")


def test_a_run_that_stopped_early_stays_stopped(train, tmp_path):
    train(tmp_path, patience=1, max_epochs=6)
    before = train.checkpoint(tmp_path)
    assert before["loops"]["fit_loop"]["epoch_progress"]["current"]["completed"] < 6
    train(tmp_path, patience=1, max_epochs=6)
    assert train.checkpoint(tmp_path)["global_step"] == before["global_step"]


def test_a_raised_patience_lets_a_run_go_on(train, tmp_path, monkeypatch):
    load = EarlyStopping.load_state_dict
    monkeypatch.setattr(EarlyStopping, "load_state_dict", lambda self, state: load(self, {**state, "patience": self.patience}))
    train(tmp_path, patience=1, max_epochs=6)
    before = train.checkpoint(tmp_path)
    train(tmp_path, patience=6, max_epochs=6)
    assert train.checkpoint(tmp_path)["epoch"] == 5 > before["epoch"]


def test_a_state_holds_plain_values_and_is_given_back(tmp_path):
    device = torch.device("cpu")
    torch.save(random_state(device), tmp_path / "state.pt")
    drawn = torch.rand(3), np.random.randn(3), random.gauss(0, 1)
    set_random_state(torch.load(tmp_path / "state.pt", weights_only=True), device)
    again = torch.rand(3), np.random.randn(3), random.gauss(0, 1)
    assert torch.equal(drawn[0], again[0])
    assert drawn[1].tolist() == again[1].tolist()
    assert drawn[2] == again[2]


def test_other_processes_take_a_run_up_between_epochs(train, tmp_path):
    train(tmp_path, max_epochs=1)
    train(tmp_path, max_epochs=2, strategy="ddp_fork", devices=2)
    assert [int(row["step"]) for row in train.log(tmp_path) if row["train/loss"]] == [8, 13]
