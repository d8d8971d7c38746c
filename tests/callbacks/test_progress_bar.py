"""What is shown of a training: a line an epoch where nobody watches, a bar with the score on a terminal."""

import io
import re

import pytest
import rich
from rich.console import Console

from emojudge.callbacks import BestCheckpoint, EpochLines, ScoreBar
from emojudge.callbacks.progress_bar import progress_display

DATA = [[1]] * 3


def test_a_log_gets_a_line_an_epoch_with_loss_and_score(fit, scripted, batches, capsys):
    fit(scripted([0.25, 0.5, 0.375]), batches(DATA), EpochLines(), max_epochs=3, enable_progress_bar=True)
    lines = [re.sub(r"\d+ s$", "T s", line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "epoch 1/3, step 3: train loss 0.5000, dev mean CCC 0.250 (best 0.250), T s",
        "epoch 2/3, step 6: train loss 0.5000, dev mean CCC 0.500 (best 0.500), T s",
        "epoch 3/3, step 9: train loss 0.5000, dev mean CCC 0.375 (best 0.500), T s",
    ]


def test_a_line_tells_no_score_where_nothing_is_validated(fit, scripted, batches, capsys):
    fit(scripted(), batches(DATA), EpochLines(), max_steps=2, max_epochs=-1, limit_val_batches=0, enable_progress_bar=True)
    assert re.fullmatch(r"epoch 1, step 2: train loss 0.5000, \d+ s\n", capsys.readouterr().out)


def test_a_second_start_knows_the_best_score_of_the_first(fit, scripted, batches, tmp_path, capsys):
    kept = {"enable_progress_bar": True, "enable_checkpointing": True}
    fit(scripted([0.5]), batches(DATA), EpochLines(), BestCheckpoint(monitor="val/ccc_mean"), max_epochs=1, **kept)
    path = tmp_path / "checkpoints" / "best.ckpt"
    fit(scripted([0.5, 0.25]), batches(DATA), EpochLines(), BestCheckpoint(monitor="val/ccc_mean"), max_epochs=2, ckpt_path=path, **kept)
    assert "epoch 2/2, step 6: train loss 0.5000, dev mean CCC 0.250 (best 0.500)" in capsys.readouterr().out


def test_another_process_than_the_first_prints_nothing(fit, scripted, batches, capsys):
    lines = EpochLines()
    lines.disable()
    fit(scripted([0.25]), batches(DATA), lines, max_epochs=1, enable_progress_bar=True)
    assert capsys.readouterr().out == ""


@pytest.fixture
def terminal(monkeypatch):
    """A terminal in place of rich's console."""
    console = Console(file=io.StringIO(), force_terminal=True, width=140)
    monkeypatch.setattr(rich, "_console", console)
    monkeypatch.setattr("lightning.pytorch.callbacks.progress.rich_progress.reconfigure", lambda **settings: None)
    return console


def test_a_terminal_gets_a_bar_and_a_file_gets_lines(terminal, monkeypatch):
    assert isinstance(progress_display(), ScoreBar)
    monkeypatch.setattr(rich, "_console", Console(file=io.StringIO()))
    assert isinstance(progress_display(), EpochLines)


def test_the_bar_shows_the_latest_and_the_best_score_and_nothing_else(fit, scripted, batches, terminal):
    fit(
        scripted([0.25, 0.5, 0.375]),
        batches(DATA),
        ScoreBar(),
        max_epochs=4,
        limit_val_batches=1.0,
        check_val_every_n_epoch=1,
        max_steps=9,
        enable_progress_bar=True,
    )
    shown = terminal.file.getvalue()
    assert "dev mean CCC: 0.375 best: 0.500" in shown
    assert "train/loss" not in shown


def test_a_new_fit_forgets_the_scores_of_the_last(fit, scripted, batches, terminal):
    bar = ScoreBar()
    fit(scripted([0.75]), batches(DATA), bar, max_epochs=1, enable_progress_bar=True)
    fit(scripted([0.25]), batches(DATA), bar, max_epochs=1, enable_progress_bar=True)
    assert bar.get_metrics(None, None) == {"dev mean CCC": "0.250", "best": "0.250"}
