"""A fit that was stopped anywhere and resumed ends with the bits of one that was not."""

import shutil

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.plugins import MixedPrecision

from emojudge.callbacks import LatestCheckpoint



class Copies(LatestCheckpoint):
    """Keeps a copy of the run folder, as a power cut would leave it, whenever the state was saved."""

    def __init__(self, folder, **settings):
        super().__init__(**settings)
        self.folder = folder

    def _save_checkpoint(self, trainer, filepath):
        super()._save_checkpoint(trainer, filepath)
        if trainer.is_global_zero:
            shutil.copytree(trainer.default_root_dir, self.folder / f"{trainer.global_step}")


def half_precision():
    return {"plugins": [MixedPrecision("16-mixed", "cpu", scaler=torch.amp.GradScaler("cpu", init_scale=2.0**15, growth_interval=3))]}


CASES = {
    "plain": {},
    "accumulating": {"accumulate_grad_batches": 4},  # nine batches an epoch: the last window has one
    "validating twice an epoch": {"val_check_interval": 4},
    "validating and accumulating": {"val_check_interval": 3, "accumulate_grad_batches": 2},  # inside a window too
    "validating every second epoch": {"check_val_every_n_epoch": 2},
    "counting steps": {"max_epochs": -1, "max_steps": 23},
    "counting steps, validating across epochs": {"max_epochs": -1, "max_steps": 23, "val_check_interval": 5, "check_val_every_n_epoch": None},
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
QUICK = ["plain", "accumulating", "validating and accumulating", "counting steps", "float16", "augmentation, workers", "micro batches", "two tasks", "stopping early"]


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
