"""When one process fails, all end, one line says why, and nothing half done is left."""

import json
import re
import time

import pytest
import torch

pytestmark = pytest.mark.slow
TWO = ["--trainer.devices=2", "--trainer.strategy=ddp"]
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
SAID = {
    "mistake": r"utterance 7 of process {rank} is broken",
    "killed": r"(another process of the run ended without a word|the first process of the run has ended).*",
}


def fail(rank, how):
    return f"--trainer.callbacks+={json.dumps({'class_path': 'conftest.Fail', 'init_args': {'rank': rank, 'how': how}})}"


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("how", ["mistake", "killed"])
def test_a_process_that_fails_is_told_of_once_and_ends_the_other(commands, tmp_path, rank, how):
    folder = tmp_path / "run"
    process = commands.start(["-m", "emojudge", "fit", *commands.arguments(folder, *TWO, fail(rank, how))])
    [(status, output)] = commands.wait(process)
    assert status != 0
    said = re.findall(r"^emojudge: (.*)$", output, re.MULTILINE)
    assert len(said) == 1, output
    assert re.fullmatch(SAID[how].format(rank=rank), said[0])
    assert "Traceback" not in output
    wait_until_nobody_is_left(process.pid)
    last = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["epoch"] == 0  # whole, of the epoch before
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]


def test_a_bug_of_one_process_shows_its_own_traceback(commands, tmp_path):
    status, output = commands("-m", "emojudge", "fit", *commands.arguments(tmp_path / "run", *TWO, fail(1, "bug")))
    assert status != 0
    assert output.count("Traceback") == 1
    assert "KeyError: 'a bug'" in output


def test_torchrun_ends_the_other_process_too(commands, tmp_path):
    arguments = ["-m", "emojudge", "fit", *commands.arguments(tmp_path / "run", *TWO, fail(1, "mistake"))]
    process = commands.start([*TORCHRUN, *arguments])
    [(status, output)] = commands.wait(process)
    assert status != 0
    assert re.findall(r"^emojudge: (.*)$", output, re.MULTILINE) == ["utterance 7 of process 1 is broken"]
    wait_until_nobody_is_left(process.pid)


def wait_until_nobody_is_left(session):
    """Wait for the end of everything that was started in a session of its own."""
    import os

    for _ in range(300):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError(f"processes of session {session} are still there")
