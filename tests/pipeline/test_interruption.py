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


def long(run, name):
    """Let a run have one system only, whose training takes long enough to be interrupted."""
    run.leave(name)
    path = run.folder / "long.yaml"
    path.write_text(yaml.safe_dump({"trainer": {"max_epochs": EPOCHS}}))
    config = yaml.safe_load(run.config.read_text())
    config["systems"][name].append(str(path))
    run.config.write_text(yaml.safe_dump(config | {"judge": {"client": "none"}}))
    return run


def start(run) -> subprocess.Popen:
    command = [sys.executable, "-m", "emojudge", "run", f"--config={run.config}", f"--corpus.options.root={run.corpus}", f"--out={run.out}"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, preexec_fn=listen_to_ctrl_c
    )


def listen_to_ctrl_c() -> None:
    """Undo what a shell does to commands in the background: with SIGINT ignored, so would everything be that they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def epochs_logged(run, name) -> list[int]:
    path = run.out / name / "logs" / "metrics.csv"
    if not path.exists():
        return []
    with path.open() as file:
        return [int(row["epoch"]) for row in csv.DictReader(file) if row.get("val/macro_f1") or row.get("val/ccc_mean")]


def wait_for_epochs(run, name, process, n: int) -> None:
    deadline = time.monotonic() + 120
    while len(epochs_logged(run, name)) < n or not (run.out / name / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_training_is_taken_up(run, number):
    interrupt_and_go_on(long(run, "acoustic"), "acoustic", number)
    assert len(load_predictions(run.out / "fusion" / "acoustic_refitted.parquet")) > 0


def test_an_interrupted_training_of_attributes_is_taken_up(both):
    interrupt_and_go_on(long(both, "values"), "values", signal.SIGINT)
    assert len(load_predictions(both.out / "fusion" / "values_refitted_attributes.parquet", "attributes")) > 0


def interrupt_and_go_on(run, name, number):
    process = start(run)
    try:
        wait_for_epochs(run, name, process, 3)
        process.send_signal(number)
        output = process.communicate(timeout=60)[0]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[number], output
    assert "Traceback" not in output
    assert ("takes it up again" in output) == (number != signal.SIGKILL)
    assert len(epochs_logged(run, name)) < EPOCHS
    assert run.start() == 0
    assert epochs_logged(run, name) == list(range(EPOCHS))
    assert not list(run.out.glob(f"{name}.old-*"))
