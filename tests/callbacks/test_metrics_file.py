"""``metrics.csv``: one row a step, there at once, and still there after a second start."""

import csv

import pytest
import torch
from lightning.pytorch import Callback

from emojudge.callbacks import ExactResume, LatestCheckpoint, LearningRates, MetricsFile


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_logged_at_a_step_is_one_row_there_at_once(tmp_path):
    log = MetricsFile(tmp_path / "logs" / "metrics.csv")
    log.log_metrics({"epoch": 0, "val/loss": torch.tensor(0.5)}, step=4)
    assert (tmp_path / "logs" / "metrics.csv").read_text() == "epoch,step,val/loss\n0,4,0.5\n"
    log.log_metrics({"epoch": 0, "train/loss": 0.25}, step=4)
    log.log_metrics({"epoch": 1, "val/loss": 0.125}, step=9)
    assert (tmp_path / "logs" / "metrics.csv").read_text() == "epoch,step,train/loss,val/loss\n0,4,0.25,0.5\n1,9,,0.125\n"


@pytest.mark.parametrize(("begin", "kept"), [(10, ["4", "9", "10"]), (5, ["4", "5"]), (0, ["0"])])
def test_a_second_start_keeps_the_steps_before_its_own(tmp_path, begin, kept):
    first = MetricsFile(tmp_path / "metrics.csv")
    for step in (4, 9):
        first.log_metrics({"epoch": step // 5, "loss": 1.0}, step)
    second = MetricsFile(tmp_path / "metrics.csv")
    assert [row["step"] for row in rows(tmp_path / "metrics.csv")] == ["4", "9"]  # a start that logs nothing changes nothing
    second.log_metrics({"epoch": 2, "loss": 2.0, "rate": 0.1}, begin)
    assert [row["step"] for row in rows(tmp_path / "metrics.csv")] == kept
    assert rows(tmp_path / "metrics.csv")[-1] == {"epoch": "2", "step": kept[-1], "loss": "2.0", "rate": "0.1"}


class Stop(Callback):
    """Ends a training before a step, as a power cut would."""

    def __init__(self, step):
        self.step = step

    def on_train_batch_start(self, trainer, *args):
        if trainer.global_step == self.step:
            raise ZeroDivisionError


@pytest.mark.parametrize("every", [1, 2, 3, 4, 50])
@pytest.mark.parametrize("stop", [7, 8, 11])
def test_a_stopped_and_resumed_training_leaves_the_log_of_one_that_was_not(fit, scripted, batches, tmp_path, every, stop):
    def train(folder, *callbacks, ckpt_path=None):
        settings = {"log_every_n_steps": every, "logger": MetricsFile(folder / "metrics.csv"), "enable_checkpointing": True}
        own = [ExactResume(), LearningRates(), *callbacks, LatestCheckpoint()]
        options = {"max_epochs": 3, "default_root_dir": folder, "ckpt_path": ckpt_path, **settings}
        fit(scripted([0.1, 0.2, 0.3]), batches([[1]] * 5), *own, **options)

    train(tmp_path / "whole")
    with pytest.raises(ZeroDivisionError):
        train(tmp_path / "stopped", Stop(stop))
    train(tmp_path / "stopped", ckpt_path=tmp_path / "stopped" / "checkpoints" / "last.ckpt")
    assert rows(tmp_path / "stopped" / "metrics.csv") == rows(tmp_path / "whole" / "metrics.csv")
