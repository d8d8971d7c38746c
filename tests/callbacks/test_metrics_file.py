"""``metrics.csv``: one row a step, there at once, and still there after a second start."""

import csv

import pytest
import torch

from emojudge.callbacks import MetricsFile


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
