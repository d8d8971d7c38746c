"""A run that is interrupted or killed goes on where it was."""

import csv
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

from emojudge.predictions import load_predictions

pytestmark = pytest.mark.slow
EPOCHS = 40


@pytest.fixture
def long_run(run):
    """A run whose acoustic training takes long enough to be interrupted."""
    path = run.folder / "acoustic.yaml"
    overlay = yaml.safe_load(path.read_text())
    overlay["trainer"]["max_epochs"] = EPOCHS
    path.write_text(yaml.safe_dump(overlay))
    config = yaml.safe_load(run.config.read_text())
    del config["systems"]["text"]
    run.config.write_text(yaml.safe_dump(config | {"judge": {"client": "none"}}))
    return run


def start(run) -> subprocess.Popen:
    command = [sys.executable, "-m", "emojudge", "run", f"--config={run.config}", f"--corpus.options.root={run.corpus}", f"--out={run.out}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


def epochs_logged(run) -> list[int]:
    path = run.out / "acoustic" / "logs" / "metrics.csv"
    if not path.exists():
        return []
    with path.open() as file:
        return [int(row["epoch"]) for row in csv.DictReader(file) if row.get("val/macro_f1")]


def wait_for_epochs(run, process, n: int) -> None:
    deadline = time.monotonic() + 120
    while len(epochs_logged(run)) < n or not (run.out / "acoustic" / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_training_is_taken_up(long_run, number):
    process = start(long_run)
    try:
        wait_for_epochs(long_run, process, 3)
        process.send_signal(number)
        output = process.communicate(timeout=60)[0]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[number], output
    assert "Traceback" not in output
    assert ("takes it up again" in output) == (number == signal.SIGINT)
    assert len(epochs_logged(long_run)) < EPOCHS
    assert long_run.start() == 0
    assert epochs_logged(long_run) == list(range(EPOCHS))
    assert not list(long_run.out.glob("acoustic.old-*"))
    assert len(load_predictions(long_run.out / "fusion" / "acoustic_refitted.parquet")) > 0
