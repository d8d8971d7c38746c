"""``fit``, ``validate``, ``test`` and ``predict``: what a run leaves, how it goes on after a stop, and what it refuses."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from filelock import FileLock
from lightning.pytorch import Callback
from transformers import RobertaConfig, RobertaModel

from emojudge.cli import train
from emojudge.cli.main import main
from emojudge.corpus import load_table
from emojudge.errors import ConfigError
from emojudge.files import file_digest
from emojudge.labels import EMOTIONS
from emojudge.models import EmotionClassifier
from emojudge.pipeline.ledger import entries, refuse_choosing
from emojudge.predictions import load_predictions

NETWORK = "model.init_args.network.init_args"


class Interrupt(Callback):
    """Presses Ctrl-C before a batch of an epoch."""

    def __init__(self, epoch: int, batch: int):
        self.at = (epoch, batch)

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if (trainer.current_epoch, batch_idx) == self.at:
            raise KeyboardInterrupt


@pytest.fixture
def stopped(runs, tmp_path):
    """Return a function that starts a fit of three epochs and interrupts it; Lightning then leaves SIGINT ignored."""
    handler = signal.getsignal(signal.SIGINT)

    def start(epoch, batch):
        callback = json.dumps({"class_path": f"{__name__}.Interrupt", "init_args": {"epoch": epoch, "batch": batch}})
        assert runs("fit", tmp_path / "run", "--trainer.max_epochs=3", f"--trainer.callbacks+={callback}", "--ckpt_path=last") == 130
        return tmp_path / "run"

    yield start
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def copied(trained, tmp_path):
    """Return the finished run in a folder where it may be changed."""
    return Path(shutil.copytree(trained, tmp_path / "moved"))


def log_of(folder):
    with open(folder / "logs" / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def without_pace(log):
    """Return rows of the log without what depends on the machine and its load."""
    measured = ("train/utterances_per_s", "train/speech_s_per_s", "train/steps_per_s", "train/memory_gb")
    return [{name: value for name, value in row.items() if name not in measured} for row in log]


def checkpoint(folder, name):
    return torch.load(folder / "checkpoints" / f"{name}.ckpt", weights_only=True)


def same_weights(one, other):
    return one["state_dict"].keys() == other["state_dict"].keys() and all(
        torch.equal(value, other["state_dict"][name]) for name, value in one["state_dict"].items()
    )


def last_line(capsys):
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error.strip().splitlines()[-1]


# what a run leaves


def test_fit_leaves_checkpoints_logs_and_config(trained):
    files = {path.relative_to(trained).as_posix() for path in trained.rglob("*") if path.is_file()}
    assert {"checkpoints/best.ckpt", "checkpoints/last.ckpt", "config_fit.yaml", "logs/metrics.csv"} <= files
    assert any("tfevents" in name for name in files)
    log = log_of(trained)
    assert [(row["epoch"], row["step"]) for row in log] == [("0", "4"), ("1", "9"), ("2", "14")]
    assert all(float(row["train/loss"]) > 0 and 0 <= float(row["val/macro_f1"]) <= 1 for row in log)


def test_the_log_tells_rates_pace_padding_and_memory(trained):
    for row in log_of(trained):
        assert float(row["train/lr/encoder"]) == float(row["train/lr/head"]) > 0
        assert 0 < float(row["train/steps_per_s"]) < float(row["train/utterances_per_s"]) < 1e5
        # utterances of the tiny corpus are 0.5 to 1.4 s long
        assert 0.5 < float(row["train/speech_s_per_s"]) / float(row["train/utterances_per_s"]) < 1.4
        assert 1 <= float(row["train/padding_ratio"]) < 2
        assert 0.1 < float(row["train/memory_gb"]) < 100


def test_a_training_of_words_has_no_seconds_of_speech(trained_text):
    (row,) = log_of(trained_text)
    assert float(row["train/padding_ratio"]) >= 1
    assert "train/speech_s_per_s" not in row


def test_early_stopping_is_an_option_and_a_second_start_leaves_the_run_as_it_is(runs, tmp_path, capsys):
    settings = ["--trainer.max_epochs=9", "--early_stopping.patience=1", "--early_stopping.min_delta=1", "--ckpt_path=last"]
    assert runs("fit", tmp_path / "run", *settings) == 0
    assert len(log_of(tmp_path / "run")) == 2  # nothing is better than the first by 1
    assert yaml.safe_load((tmp_path / "run" / "config_fit.yaml").read_text())["early_stopping"]["patience"] == 1
    digest = file_digest(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert runs("fit", tmp_path / "run", *settings) == 0
    assert file_digest(tmp_path / "run" / "checkpoints" / "last.ckpt") == digest
    assert len(log_of(tmp_path / "run")) == 2


def test_best_checkpoint_is_the_epoch_with_the_best_logged_score(trained):
    scores = [float(row["val/macro_f1"]) for row in log_of(trained)]
    assert checkpoint(trained, "best")["epoch"] == scores.index(max(scores))
    assert checkpoint(trained, "last")["epoch"] == 2


def test_a_checkpoint_opens_by_its_path_alone(trained):
    model = EmotionClassifier.load_from_checkpoint(trained / "checkpoints" / "best.ckpt")
    assert model.classes == EMOTIONS
    assert model.network.encoder.first.convolution.out_channels == 16  # the override, not the file


def test_text_run_keeps_its_tokenizer(trained_text):
    assert (trained_text / "tokenizer.json").is_file()
    model = EmotionClassifier.load_from_checkpoint(trained_text / "checkpoints" / "last.ckpt")
    assert model.network.encoder.model.config.vocab_size == 300


@pytest.mark.parametrize("branch", ["acoustic", "text"])
def test_predict_takes_the_best_checkpoint_and_writes_every_utterance(runs, request, tmp_path, tiny_table, branch):
    folder = request.getfixturevalue("trained" if branch == "acoustic" else "trained_text")
    assert runs("predict", folder, f"--predictions.path={tmp_path / 'p.parquet'}", branch=branch) == 0
    found = load_predictions(tmp_path / "p.parquet")
    assert found.id == tiny_table.select(tiny_table.indices("dev", "test1", "test3")).column("id")
    assert found.info.system == branch
    assert found.info.checkpoint == file_digest(folder / "checkpoints" / "best.ckpt")
    transcripts = dict(zip(tiny_table.column("id"), tiny_table.column("transcript"), strict=True))
    assert found.predicted.tolist() == [branch == "acoustic" or transcripts[id] is not None for id in found.id]


def test_validate_repeats_the_best_logged_score_and_prints_it(runs, copied, capsys):
    before = (copied / "logs" / "metrics.csv").read_text()
    assert runs("validate", copied) == 0
    best = max(float(row["val/macro_f1"]) for row in log_of(copied))
    (again,) = csv.DictReader((copied / "logs" / "metrics_validate.csv").open(newline=""))
    assert float(again["val/macro_f1"]) == best
    assert "val/macro_f1" in capsys.readouterr().out
    assert (copied / "logs" / "metrics.csv").read_text() == before


def test_test_scores_each_test_split(runs, copied, capsys):
    assert runs("test", copied, "--data.init_args.test_splits=[dev,test1]") == 0
    (row,) = csv.DictReader((copied / "logs" / "metrics_test.csv").open(newline=""))
    assert float(row["test/dev/macro_f1"]) == max(float(row["val/macro_f1"]) for row in log_of(copied))
    assert "test/test1/macro_f1" in capsys.readouterr().out


def test_a_test_of_held_splits_is_recorded_where_the_training_belongs_to_a_run(runs, copied, tiny_table):
    assert runs("test", copied, "--data.init_args.test_splits=[dev,test1]") == 0
    assert entries(copied.parent) == []  # no run is around it
    (copied.parent / "run.json").write_text("{}")
    tiny_table.save(copied.parent / "table.parquet")
    assert runs("test", copied, "--data.init_args.test_splits=[dev]") == 0
    assert entries(copied.parent) == []
    assert runs("test", copied, "--data.init_args.test_splits=[dev,test1]") == 0
    (entry,) = entries(copied.parent)
    assert (entry.purpose, entry.splits) == ("test of a checkpoint", {"test1": tiny_table.splits["test1"]})
    assert entry.systems == {"emotion: moved": file_digest(copied / "checkpoints" / "best.ckpt")}
    with pytest.raises(ConfigError, match="'test1' was scored as held out"):
        refuse_choosing(copied.parent, ["test1"])


def test_output_is_short_where_nobody_watches(runs, tmp_path, capsys):
    more = ["--trainer.max_epochs=2", "--trainer.enable_progress_bar=true", "--trainer.enable_model_summary=true"]
    assert runs("fit", tmp_path / "run", *more) == 0
    output = capsys.readouterr()
    assert len((output.out + output.err).splitlines()) < 40
    assert [line.split(":")[0] for line in output.out.splitlines() if line.startswith("epoch")] == [
        "epoch 1/2, step 5",
        "epoch 2/2, step 10",
    ]
    assert "arning" not in output.err


# references across files


def test_a_reference_follows_the_value_wherever_it_was_set(runs, tmp_path):
    classes = ["neutral", "contempt", "angry"]
    own = tmp_path / "own.yaml"
    own.write_text(f"data:\n  init_args:\n    classes: {classes}\n    class_map: {{}}\n")
    one_step = ["--trainer.max_epochs=1", "--trainer.limit_train_batches=1"]
    assert runs("fit", tmp_path / "file", f"--config={own}", *one_step) == 0
    assert checkpoint(tmp_path / "file", "last")["hyper_parameters"]["network"]["init_args"]["classes"] == classes
    override = [f"--data.init_args.classes={json.dumps(classes[:2])}", "--data.init_args.class_map={}"]
    assert runs("fit", tmp_path / "override", *override, *one_step) == 0
    assert EmotionClassifier.load_from_checkpoint(tmp_path / "override" / "checkpoints" / "last.ckpt").network.n_classes == 2


def test_a_reference_reads_defaults_and_other_sections(runs, tmp_path, capsys):
    own = tmp_path / "own.yaml"
    own.write_text('data:\n  init_args:\n    seed: "${trainer.max_epochs}"\n    max_tokens: "${data.init_args.min_samples}"\n')
    assert runs("fit", tmp_path / "run", f"--config={own}", "--trainer.max_epochs=1", "--trainer.limit_train_batches=1") == 0
    resolved = yaml.safe_load((tmp_path / "run" / "config_fit.yaml").read_text())["data"]["init_args"]
    assert resolved["seed"] == 1
    assert resolved["max_tokens"] == resolved["min_samples"]


def test_a_reference_to_nothing_is_one_line(runs, tmp_path, capsys):
    (tmp_path / "own.yaml").write_text('data:\n  init_args:\n    seed: "${data.init_args.sead}"\n')
    assert runs("fit", tmp_path / "run", f"--config={tmp_path / 'own.yaml'}") == 1
    assert "'fit.data.init_args.sead'" in last_line(capsys)


# a second start


@pytest.mark.parametrize(("epoch", "batch"), [pytest.param(1, 0, marks=pytest.mark.slow), (1, 3)])
def test_an_interrupted_run_goes_on_to_the_weights_of_one_that_was_not(runs, trained, stopped, epoch, batch):
    folder = stopped(epoch, batch)  # at the end of an epoch, or in the middle of one, which is then done again
    assert checkpoint(folder, "last")["epoch"] == 0
    assert runs("fit", folder, "--trainer.max_epochs=3", "--ckpt_path=last") == 0
    for name in ("best", "last"):
        assert same_weights(checkpoint(folder, name), checkpoint(trained, name))
    assert without_pace(log_of(folder)) == without_pace(log_of(trained))


@pytest.mark.slow
def test_an_interruption_before_the_first_checkpoint_starts_anew(runs, trained, stopped):
    folder = stopped(0, 2)
    assert runs("fit", folder, "--trainer.max_epochs=3", "--ckpt_path=last") == 0
    assert same_weights(checkpoint(folder, "last"), checkpoint(trained, "last"))


def test_a_finished_run_is_left_as_it_is_and_can_be_prolonged(runs, copied):
    digests = [file_digest(copied / name) for name in ("checkpoints/best.ckpt", "checkpoints/last.ckpt", "logs/metrics.csv")]
    assert runs("fit", copied, "--trainer.max_epochs=3", "--ckpt_path=last") == 0
    assert [file_digest(copied / name) for name in ("checkpoints/best.ckpt", "checkpoints/last.ckpt", "logs/metrics.csv")] == digests
    assert runs("fit", copied, "--trainer.max_epochs=4", "--ckpt_path=last") == 0
    scores = [float(row["val/macro_f1"]) for row in log_of(copied)]
    assert len(scores) == 4
    assert checkpoint(copied, "best")["epoch"] == scores.index(max(scores))


def test_a_start_without_a_checkpoint_is_a_new_training(runs, copied):
    assert runs("fit", copied, "--trainer.max_epochs=1") == 0
    assert len(log_of(copied)) == 1
    assert checkpoint(copied, "last")["epoch"] == checkpoint(copied, "best")["epoch"] == 0


def test_the_config_beats_the_settings_in_a_checkpoint(runs, copied, tmp_path):
    assert runs("fit", copied, "--trainer.max_epochs=4", "--ckpt_path=last", f"--{NETWORK}.head.init_args.dropout=0.25") == 0
    assert checkpoint(copied, "last")["hyper_parameters"]["network"]["init_args"]["head"]["init_args"]["dropout"] == 0.25
    assert runs("predict", copied, f"--{NETWORK}.head.init_args.dropout=0.75") == 0
    resolved = yaml.safe_load((copied / "config_predict.yaml").read_text())
    assert resolved["model"]["init_args"]["network"]["init_args"]["head"]["init_args"]["dropout"] == 0.75


@pytest.mark.parametrize("command", ["fit", "predict"])
def test_a_checkpoint_of_another_network_is_refused(runs, copied, capsys, command):
    more = ["--ckpt_path=last", "--trainer.max_epochs=4", f"--{NETWORK}.encoder.init_args.channels=24"]
    assert runs(command, copied, *more) == 1
    line = last_line(capsys)
    assert "does not fit the network" in line
    assert "network.encoder.first" in line


@pytest.mark.slow
def test_ctrl_c_is_status_130_and_the_same_command_goes_on(runs, tmp_path):
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "emojudge", "fit", *runs.arguments(folder, "--trainer.max_epochs=300", "--ckpt_path=last")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}) as process:
        while not (folder / "checkpoints" / "last.ckpt").is_file():
            time.sleep(0.005)
            assert process.poll() is None
        time.sleep(0.05)  # into the next epoch: this is about a training that is stopped, not about a file being written
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert error.strip().splitlines()[-1] == "emojudge: interrupted; the same command takes it up again"
    done = checkpoint(folder, "last")["epoch"] + 1
    assert done < 300
    assert runs("fit", folder, f"--trainer.max_epochs={done + 1}", "--ckpt_path=last") == 0
    assert [int(row["epoch"]) for row in log_of(folder)] == list(range(done + 1))


def started(folder, runs, *more):
    """Start a training in a process group of its own, and return it behind its first checkpoint."""
    arguments = runs.arguments(folder, "--trainer.max_epochs=300", "--ckpt_path=last", *more)
    command = [sys.executable, "-m", "emojudge", "fit", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True)
    while not (folder / "checkpoints" / "last.ckpt").is_file():
        time.sleep(0.01)
        assert process.poll() is None, process.communicate()[1]
    return process


def ends(group):
    """Return whether every process of a group ends, within half a minute."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    os.killpg(group, signal.SIGKILL)
    return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status", "words"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "ended by SIGTERM"), (signal.SIGUSR1, 138, "ended by SIGUSR1")],
)
@pytest.mark.parametrize(
    "more",
    [
        pytest.param(["--data.init_args.num_workers=2"], id="workers"),
        pytest.param(["--trainer.strategy=ddp", "--trainer.devices=2"], id="ddp"),
    ],
)
def test_a_signal_to_all_processes_ends_a_fit_soon_and_in_one_line(runs, tmp_path, number, status, words, more):
    folder = tmp_path / "run"
    with started(folder, runs, *more) as process:
        os.killpg(process.pid, number)
        _, error = process.communicate(timeout=60)
    assert process.returncode == status, error
    assert error.strip().splitlines()[-1] == f"emojudge: {words}; the same command takes it up again"
    assert "Traceback" not in error
    assert ends(process.pid)
    assert checkpoint(folder, "last")["global_step"] > 0


def test_a_second_training_in_a_folder_waits_a_while_and_is_refused(runs, copied, monkeypatch, capsys, caplog):
    monkeypatch.setattr(train, "LOCK_WAIT_S", 0.1)
    before = (copied / "checkpoints" / "last.ckpt").read_bytes()
    with FileLock(copied / ".training.lock"):
        assert runs("fit", copied, "--trainer.max_epochs=4", "--ckpt_path=last") == 1
    assert f"another training is at work in {copied}; wait until it has ended" in last_line(capsys)
    assert "waiting for its end" in caplog.text
    assert (copied / "checkpoints" / "last.ckpt").read_bytes() == before
    assert runs("fit", copied, "--trainer.max_epochs=4", "--ckpt_path=last") == 0
    assert len(log_of(copied)) == 4


def test_a_file_of_lightnings_own_requeueing_is_not_resumed_from_unasked(runs, copied, capsys, monkeypatch):
    shutil.move(copied / "checkpoints" / "last.ckpt", copied / "hpc_ckpt_1.ckpt")
    monkeypatch.setenv("SLURM_NTASKS", "1")
    monkeypatch.setenv("SLURM_JOB_NAME", "training")
    assert runs("fit", copied, "--trainer.max_epochs=4", "--ckpt_path=last") == 1
    assert "hpc_ckpt_1.ckpt: Lightning would silently resume from this file of an earlier job" in last_line(capsys)
    assert len(log_of(copied)) == 3


# what is refused


def item(class_path, **init_args):
    """Return the setting that adds an item to the list of callbacks."""
    return f"--trainer.callbacks+={json.dumps({'class_path': class_path, 'init_args': init_args})}"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("--trainer.max_epoch=3", "unrecognized arguments: --trainer.max_epoch=3. Did you mean 'trainer.max_epochs'?"),
        ("--modell.class_path=x", "Did you mean 'model'?"),
        ("--best_checkpoint.montor=x", "Did you mean 'best_checkpoint.monitor'?"),
        ("--ckpt_pat=last", "Did you mean 'ckpt_path'?"),
        ("--early_stopping.patiense=3", "Did you mean 'early_stopping.patience'?"),
        ("--early_stoping.patience=3", "Did you mean 'early_stopping.patience'?"),
        ("--early_stopping.patience=soon", "early_stopping.patience: expected int. Got value: soon"),
        ("--data.init_args.bach_size=3", "data.init_args.bach_size: there is no such setting. Did you mean 'batch_size'?"),
        (
            f"--{NETWORK}.encoder.init_args.chanels=3",
            f"{NETWORK}.encoder.init_args.chanels: there is no such setting. Did you mean 'channels'?",
        ),
        (f"--{NETWORK}.head.init_args.hiden=3", f"{NETWORK}.head.init_args.hiden: there is no such setting. Did you mean 'hidden'?"),
        (
            "--model.init_args.optimzer.init_args.lr=1",
            "model.init_args.optimzer.init_args.lr: there is no such setting. Did you mean 'optimizer'?",
        ),
        ("--model.init_args.lr_scheduler.init_args.shar=1", "Did you mean 'share'?"),
        ("--data.init_args.batch_size=many", "data.init_args.batch_size: expected int. Got value: many"),
        ("--model.class_path=emojudge.models.EmotionClasifier", "has no attribute 'EmotionClasifier'. Did you mean 'EmotionClassifier'?"),
        (f"--{NETWORK}.encoder=emojudge.nn.encoders.EcapaTdn", "Did you mean 'EcapaTdnn'?"),
        (f"--{NETWORK}.pooling=emojudge.nn.AttentiveStatisticPooling", "Did you mean 'AttentiveStatisticsPooling'?"),
        ("--model.class_path=emojudge.nn.ResidualHead", "model: Import path emojudge.nn.ResidualHead does not correspond to a subclass"),
        ("--data.init_args.fit_splits=train", "data.init_args.fit_splits: expected list"),
        (item("lightning.pytorch.callbacks.Timr"), "trainer.callbacks: module 'lightning.pytorch.callbacks' has no attribute 'Timr'"),
        (
            item(f"{__name__}.Interrupt", epoch=1, bach=1),
            "trainer.callbacks.init_args.bach: there is no such setting. Did you mean 'batch'?",
        ),
        (item(f"{__name__}.Interrupt", epoch="one", batch=1), "trainer.callbacks.init_args.epoch: expected int. Got value: one"),
        (f"--{NETWORK}.encoder=nothing.There", f"{NETWORK}.encoder: No module named 'nothing'"),
    ],
)
def test_a_usage_error_is_one_line_with_the_nearest_name(runs, tmp_path, capsys, setting, words):
    assert runs("fit", tmp_path, setting) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("trainer:\n  max_epcohs: 3\n", "does not accept option 'trainer.max_epcohs'. Did you mean 'trainer.max_epochs'?"),
        ("seed_everthing: 1\n", "Did you mean 'seed_everything'?"),
        ("early_stopping:\n  patiense: 3\n", "Did you mean 'early_stopping.patience'?"),
        (
            "model:\n  init_args:\n    network:\n      init_args:\n        encoder:\n"
            "          class_path: emojudge.nn.encoders.HuggingFaceEncoder\n          init_args:\n            model: {model_type: wavlm}\n"
            "            tuning: {class_path: emojudge.nn.tuning.LoRA, init_args: {rang: 4}}\n",
            f"{NETWORK}.encoder.init_args.tuning.init_args.rang: there is no such setting. Did you mean 'rank'?",
        ),
        ("data:\n  init_args:\n    bach_size: 3\n", "data.init_args.bach_size: there is no such setting. Did you mean 'batch_size'?"),
        (
            "model:\n  init_args:\n    network:\n      init_args:\n        encoder:\n          init_args:\n            chanels: 3\n",
            f"{NETWORK}.encoder.init_args.chanels: there is no such setting. Did you mean 'channels'?",
        ),
        (
            "model:\n  init_args:\n    loss:\n      class_path: emojudge.losses.FocalLoss\n      init_args:\n        gama: 2\n",
            "model.init_args.loss.init_args.gama: there is no such setting. Did you mean 'gamma'?",
        ),
    ],
)
def test_a_wrong_key_in_a_file_is_one_line_with_the_nearest_name(runs, tmp_path, capsys, text, words):
    (tmp_path / "own.yaml").write_text(text)
    assert runs("fit", tmp_path / "run", f"--config={tmp_path / 'own.yaml'}") == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(("text", "words"), [("trainer: [1, 2\n", "not a YAML file"), ("just words\n", "expected settings by name")])
def test_a_file_that_is_no_config_is_named(runs, tmp_path, capsys, text, words):
    (tmp_path / "own.yaml").write_text(text)
    assert runs("fit", tmp_path / "run", "--config", str(tmp_path / "own.yaml")) == 1
    line = last_line(capsys)
    assert words in line
    assert "own.yaml" in line


@pytest.mark.parametrize(
    ("command", "setting", "words"),
    [
        ("fit", "--data.init_args.batch_size=-1", "data.init_args.batch_size is -1, expected a positive number"),
        ("fit", f"--{NETWORK}.encoder.init_args.channels=15", "channels must be a multiple of scale"),
        ("fit", f"--{NETWORK}.encoder.init_args.log_mel.init_args.sample_rate=22050", "at 22050 Hz, data.init_args.sample_rate is 16000"),
        ("fit", "--data.init_args.sample_rate=8000", "f_max_hz is 7600, but sound at 8000 Hz ends at 4000 Hz"),
        ("fit", "--data.init_args.table=nowhere.parquet", "nowhere.parquet: there is no such table"),
        ("fit", "--data.init_args.val_splits=[development]", "has no utterance in split 'development' (found: "),
        ("fit", "--data.init_args.fit_splits=[test3]", "none of the 8 utterances of split 'test3' has one of the run's classes"),
        ("fit", "--data.init_args.classes=[angry,sad]", "give the corpus' list in its order"),
        ("fit", "--ckpt_path=nowhere.ckpt", "nowhere.ckpt: there is no such checkpoint"),
        ("predict", "--ckpt_path=http://example.org/best.ckpt", "http://example.org/best.ckpt: checkpoints are read from files only"),
        ("fit", "--ckpt_path=s3://bucket/last.ckpt", "s3://bucket/last.ckpt: checkpoints are read from files only"),
        ("fit", "--early_stopping.patience=0", "early_stopping.patience is 0, expected a positive number"),
        ("predict", "--data.init_args.seed=1", "checkpoints/best.ckpt: there is no such checkpoint; train first"),
        ("test", "--ckpt_path=last", "checkpoints/last.ckpt: there is no such checkpoint; train first"),
        ("fit", "--config=http://example.org/config.yaml", "configs are read from files only"),
        ("fit", "--config=model/ecapa_smal.yaml", "Did you mean 'model/ecapa_small.yaml'?"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_1(runs, tmp_path, capsys, command, setting, words):
    assert runs(command, tmp_path / "run", setting) == 1
    line = last_line(capsys)
    assert line.startswith("emojudge: ")
    assert words in line
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.parametrize(
    ("sizes", "pretrained", "words"),
    [
        ({"vocab_size": 300, "max_position_embeddings": 130}, True, "set data.init_args.tokenizer: "),
        (
            {"vocab_size": 280, "max_position_embeddings": 130},
            False,
            "the tokenizer has 300 token ids, the text encoder's vocab_size is 280",
        ),
    ],
)
def test_words_and_encoder_that_do_not_belong_together_are_refused(runs, tmp_path, capsys, sizes, pretrained, words):
    config = RobertaConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, **sizes)
    RobertaModel(config, add_pooling_layer=False).save_pretrained(tmp_path / "model")
    own = {"model": str(tmp_path / "model"), "pretrained": pretrained}
    encoder = {"class_path": "emojudge.nn.encoders.HuggingFaceTextEncoder", "init_args": own}
    network = {"class_path": "emojudge.models.TextNetwork", "init_args": {"encoder": encoder}}
    (tmp_path / "own.yaml").write_text(
        yaml.safe_dump({"model": {"class_path": "emojudge.models.EmotionClassifier", "init_args": {"network": network}}})
    )
    settings = ["--config=trainer/cpu.yaml", "--config=data/text.yaml", f"--config={tmp_path / 'own.yaml'}"]
    data = [f"--data.init_args.table={runs.table}", "--data.init_args.vocab_size=300", f"--trainer.default_root_dir={tmp_path / 'run'}"]
    assert main(["fit", *settings, *data]) == 1
    assert words in last_line(capsys)


def test_a_missing_section_is_named(capsys):
    assert main(["fit", "--config", "trainer/cpu.yaml"]) == 2
    assert capsys.readouterr().err == "emojudge: the following arguments are required: fit.data, fit.model\n"


def test_a_broken_file_of_a_corpus_stops_or_is_left_out_and_listed(runs, tiny_corpus, tiny_table, tmp_path, capsys):
    root = Path(shutil.copytree(tiny_corpus, tmp_path / "corpus"))
    broken = tiny_table.column("id")[tiny_table.indices("train")[0]]
    (root / "Audios" / f"{broken}.wav").write_bytes(b"")
    reads = ["--data.init_args.reader=msp_podcast", f"--data.init_args.reader_options.root={root}", "--trainer.max_epochs=1"]
    assert runs("fit", tmp_path / "stopped", *reads, reads="corpus") == 1
    assert f"{broken}.wav" in last_line(capsys)
    assert runs("fit", tmp_path / "run", *reads, "--data.init_args.on_bad_utterance=skip", reads="corpus") == 0
    with open(tmp_path / "run" / "skipped_utterances.csv", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [broken]


def test_a_file_that_vanished_is_one_line_where_a_worker_misses_it_too(runs, tiny_corpus, tmp_path, capsys):
    root = Path(shutil.copytree(tiny_corpus, tmp_path / "corpus"))
    table = load_table("msp_podcast", root=root)
    table.save(tmp_path / "table.parquet")
    lost = Path(table.column("audio")[table.indices("dev")[0]])
    lost.unlink()
    for n_workers in (0, 1):
        settings = [f"--data.init_args.table={tmp_path / 'table.parquet'}", f"--data.init_args.num_workers={n_workers}"]
        assert runs("fit", tmp_path / "run", *settings, "--trainer.max_epochs=1", reads="") == 1
        assert capsys.readouterr().err.splitlines()[-1] == f"emojudge: utterance '{lost.stem}': {lost}: there is no such audio file"


# help


def test_help_and_print_config_say_what_there_is(runs, tmp_path, capsys):
    assert main(["fit", "--help"]) == 0
    assert "--trainer.max_epochs" in capsys.readouterr().out
    assert runs("fit", tmp_path, "--print_config") == 0
    assert yaml.safe_load(capsys.readouterr().out)["model"]["class_path"] == "emojudge.models.EmotionClassifier"


# several processes


@pytest.mark.slow
def test_two_processes_fit_go_on_and_predict_what_one_predicts(runs, tmp_path):
    folder = tmp_path / "run"
    two = ["--trainer.strategy=ddp", "--trainer.devices=2"]
    for command, more in {
        "fit": ["--trainer.max_epochs=1"],
        "again": ["--trainer.max_epochs=2"],
        "predict": ["--data.init_args.batch_size=32"],
    }.items():
        name = "fit" if command == "again" else command
        last = ["--ckpt_path=last"] if name == "fit" else []
        arguments = [sys.executable, "-m", "emojudge", name, *runs.arguments(folder, *two, *more, *last)]
        subprocess.run(arguments, check=True, timeout=200, env=os.environ | {"OMP_NUM_THREADS": "1"})
    together = load_predictions(folder / "predictions.parquet")
    assert [row["step"] for row in log_of(folder)] == ["2", "5"]  # five batches of 8: three for each process, one of them twice
    for row in log_of(folder):  # of both processes: 33 utterances and the repeated batch, of 8 or 1, in 3 steps
        n_utterances = float(row["train/utterances_per_s"]) / float(row["train/steps_per_s"]) * 3
        assert any(n_utterances == pytest.approx(n) for n in (34, 41))
    assert runs("predict", folder, f"--predictions.path={tmp_path / 'alone.parquet'}", "--data.init_args.batch_size=32") == 0
    alone = load_predictions(tmp_path / "alone.parquet")
    assert together.id == alone.id
    assert together.logits == pytest.approx(alone.logits, abs=1e-5)


@pytest.mark.parametrize("content", [b"not a checkpoint at all", b"PK\x03\x04cut short"])
def test_a_file_that_is_no_checkpoint_is_one_line_and_no_advice_to_run_it(tmp_path, capsys, content):
    path = tmp_path / "some.ckpt"
    path.write_bytes(content)
    status = main(
        ["predict", "--config=trainer/cpu.yaml", "--config=data/audio.yaml", "--config=model/ecapa_small.yaml", f"--ckpt_path={path}"]
    )
    error = capsys.readouterr().err
    assert status == 1
    assert "some.ckpt" in error
    assert "weights_only" not in error
    assert error.count("\n") == 1
