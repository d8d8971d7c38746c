"""Which process speaks when a run of several fails, and what becomes of those it started; tests/distributed has the whole of it."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import torch

from emojudge.cli import failures
from emojudge.cli.failures import ToldElsewhereError, failing_as_one
from emojudge.errors import EmojudgeError

LOST = "[pair.cc:553] Connection closed by peer [127.0.0.1]:3778. This is typically caused by a remote worker crashing."


@pytest.fixture
def group():
    """A process group of this process alone, with a store of its own."""
    torch.distributed.init_process_group("gloo", rank=0, world_size=1, store=torch.distributed.HashStore())
    yield
    torch.distributed.destroy_process_group()


def fail(error, launcher=None):
    with failing_as_one(launcher):
        raise error


def sleeper():
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_without_others_an_error_is_what_it_was():
    error = KeyError("a bug")
    with pytest.raises(KeyError) as raised:
        fail(error)
    assert raised.value is error


@pytest.mark.usefixtures("group")
def test_the_first_failure_of_a_group_is_told_and_those_after_it_are_not():
    with pytest.raises(EmojudgeError, match=r"^utterance 7 is broken$"):
        fail(EmojudgeError("utterance 7 is broken"))
    for error in (EmojudgeError("utterance 7 is broken"), RuntimeError(LOST), KeyError("a bug")):
        with pytest.raises(ToldElsewhereError):
            fail(error)


@pytest.mark.usefixtures("group")
def test_a_lost_process_that_said_nothing_is_told_of_in_one_line():
    with pytest.raises(EmojudgeError, match="another process of the run ended without a word"):
        fail(RuntimeError(LOST))


def test_a_process_that_speaks_ends_at_once_those_it_has_started():
    launcher = SimpleNamespace(procs=[sleeper()])
    child = launcher.procs[0]
    with pytest.raises(EmojudgeError):
        fail(EmojudgeError("broken"), launcher)
    assert child.returncode == -9
    assert launcher.procs == []


@pytest.mark.usefixtures("group")
def test_a_process_that_is_silent_lets_the_one_that_speaks_finish(monkeypatch):
    monkeypatch.setattr(failures, "GRACE_S", 30.0)
    with pytest.raises(EmojudgeError):
        fail(EmojudgeError("told by another"))
    speaking = subprocess.Popen([sys.executable, "-c", "import sys, time; time.sleep(0.5); sys.exit(1)"])
    with pytest.raises(ToldElsewhereError):
        fail(RuntimeError(LOST), SimpleNamespace(procs=[speaking]))
    assert speaking.returncode == 1


@pytest.mark.usefixtures("group")
def test_a_process_that_hangs_is_ended_after_a_while(monkeypatch):
    monkeypatch.setattr(failures, "GRACE_S", 0.2)
    with pytest.raises(EmojudgeError):
        fail(EmojudgeError("told by another"))
    hanging = sleeper()
    start = time.monotonic()
    with pytest.raises(ToldElsewhereError):
        fail(RuntimeError(LOST), SimpleNamespace(procs=[hanging]))
    assert hanging.returncode == -9
    assert time.monotonic() - start < 30
