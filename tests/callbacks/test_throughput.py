"""What is measured of a training's pace: counted by hand, timed by a clock of our own, summed over processes."""

import sys
import time

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.strategies import SingleDeviceStrategy

from emojudge.callbacks import Throughput, throughput

PACE = ("utterances_per_s", "speech_s_per_s", "steps_per_s")


class Clock:
    """A clock that stands still but where a step or a validation takes its time."""

    now = 0.0

    def perf_counter(self):
        return self.now


class Takes(Callback):
    """Lets each training batch take 2 s, each validation 100 s, and what is done at the end of an epoch 1000 s."""

    def __init__(self, clock):
        self.clock = clock

    def on_before_backward(self, *args):
        self.clock.now += 2

    def on_validation_batch_end(self, *args):
        self.clock.now += 100

    def on_train_epoch_end(self, *args):
        self.clock.now += 1000


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(throughput, "time", clock)
    return clock


def pace(row):
    return {name: row[f"train/{name}"] for name in PACE if f"train/{name}" in row}


def test_rates_are_of_training_time_without_validation(fit, scripted, batches, clock):
    data = batches([[100, 50], [300]], sample_rate=100)  # 1.5 s and 3 s of sound
    _, rows = fit(scripted([0.1, 0.2]), data, Throughput(), Takes(clock), max_epochs=2)
    expected = {"utterances_per_s": 3 / 4, "speech_s_per_s": pytest.approx(4.5 / 4), "steps_per_s": 2 / 4}
    assert [pace(row) for row in rows.values()] == [expected] * 2
    assert [row["train/padding_ratio"] for row in rows.values()] == [pytest.approx(500 / 450)] * 2


def test_validation_inside_the_epoch_is_left_out_too(fit, scripted, batches, clock):
    data = batches([[100]] * 4)
    _, rows = fit(scripted([0.1] * 4), data, Throughput(), Takes(clock), max_epochs=1, val_check_interval=1, log_every_n_steps=2)
    assert [rows[step]["train/steps_per_s"] for step in (1, 3)] == [0.5, 0.5]


def test_each_row_is_of_the_steps_since_the_last(fit, scripted, batches, clock):
    data = batches([[10], [10, 10], [10] * 3, [10] * 4])
    _, rows = fit(scripted(), data, Throughput(), Takes(clock), max_epochs=1, limit_val_batches=0, log_every_n_steps=2)
    assert [rows[step]["train/utterances_per_s"] for step in (1, 3)] == [3 / 4, 7 / 4]


def test_accumulated_batches_count_for_their_step(fit, scripted, batches, clock):
    data = batches([[100]] * 4)
    _, rows = fit(scripted(), data, Throughput(), Takes(clock), max_epochs=1, limit_val_batches=0, accumulate_grad_batches=2)
    assert pace(rows[1]) == {"utterances_per_s": 0.5, "speech_s_per_s": 0.5, "steps_per_s": 0.25}


def test_words_have_padding_but_no_seconds(fit, scripted, batches, clock):
    _, rows = fit(scripted(), batches([[4, 2]], part="tokens"), Throughput(), Takes(clock), max_epochs=1, limit_val_batches=0)
    assert pace(rows[0]) == {"utterances_per_s": 1.0, "steps_per_s": 0.5}
    assert rows[0]["train/padding_ratio"] == pytest.approx(8 / 6)


def test_seconds_are_not_told_where_nobody_knows_the_sample_rate(fit, scripted, batches, clock):
    _, rows = fit(scripted(), batches([[4]], sample_rate=None), Throughput(), Takes(clock), max_epochs=1, limit_val_batches=0)
    assert "train/speech_s_per_s" not in rows[0]


class Twice(SingleDeviceStrategy):
    """Stands for two processes: the other one has the same counts, took twice as long and half the memory more."""

    def reduce(self, tensor, group=None, reduce_op="mean"):
        if tensor.ndim == 0:  # Lightning's own
            return tensor
        return tensor * 2 if reduce_op == "sum" else tensor * torch.tensor([2, 1.5])


def test_counts_are_summed_over_processes_and_the_slowest_sets_the_time(fit, scripted, batches, clock, monkeypatch):
    monkeypatch.setattr(throughput, "peak_memory_gb", lambda device: 2.0)
    data, settings = batches([[100, 50]]), {"max_epochs": 1, "limit_val_batches": 0}
    _, rows = fit(scripted(), data, Throughput(), Takes(clock), strategy=Twice(torch.device("cpu")), **settings)
    assert pace(rows[0]) == {"utterances_per_s": 1.0, "speech_s_per_s": pytest.approx(0.75), "steps_per_s": 0.25}
    assert rows[0]["train/padding_ratio"] == pytest.approx(200 / 150)
    assert rows[0]["train/memory_gb"] == 3.0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the resident memory")
def test_memory_is_the_most_that_was_resident():
    before = throughput.peak_memory_gb(torch.device("cpu"))
    held = torch.ones(300_000_000 // 4 + int(before * 1e9) // 4)  # more than ever before
    assert throughput.peak_memory_gb(torch.device("cpu")) >= before + 0.25
    assert 0.25 < throughput.peak_memory_gb(torch.device("cpu")) < 500
    del held
    assert throughput.peak_memory_gb(torch.device("cpu")) >= before + 0.25


def test_the_clock_adds_up_the_stretches_in_which_it_runs(clock):
    timer = throughput._Clock()
    for running, seconds in [(False, 5), (True, 2), (True, 1), (False, 7), (True, 4)]:
        timer.go() if running else timer.stop()
        clock.now += seconds
    assert timer.read() == 7
    timer.clear()
    clock.now += 1
    assert timer.read() == 1
    assert time.perf_counter() > 0  # the real one is not touched
