"""A branch is trained and predicts in processes of its own, ``python -m emojudge fit`` and ``predict``."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ..errors import EmojudgeError

POLL_S = 0.2
"""Look at the progress file this often, in seconds."""
GRACE_S = 30.0
"""After Ctrl-C, wait so long for a training to save its checkpoint, in seconds."""


class Progress(Protocol):
    """Takes how far a stage is."""

    def __call__(self, done: int, total: int, score: str = "", /) -> None:
        """Show that ``done`` of ``total`` are done, and the score so far."""


def call(command: str, arguments: Sequence[str], folder: Path, progress: Progress) -> None:
    """Run an emojudge command in a process of its own, its output in ``<command>.log`` of the folder.

    Args:
        command: ``fit`` or ``predict``.
        arguments: The command's arguments.
        folder: Where its log and progress file lie.
        progress: Called with (done, total, score so far).

    Raises:
        EmojudgeError: If it failed; the message is its own last line.
        KeyboardInterrupt: If it was interrupted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log_path, progress_path = folder / f"{command}.log", folder / f".{command}.progress.json"
    progress_path.unlink(missing_ok=True)
    with open(log_path, "ab") as log:
        start = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "emojudge", command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(progress_path),
        )
        try:
            while process.poll() is None:
                time.sleep(POLL_S)
                _tell(progress_path, progress)
        except BaseException:
            _stop(process)
            raise
        finally:
            progress_path.unlink(missing_ok=True)
    if process.returncode in (130, -signal.SIGINT):
        raise KeyboardInterrupt
    if process.returncode:
        raise EmojudgeError(f"{folder.name}: {command} {_what_happened(process.returncode, log_path, start)} (log: {log_path})")


def _environment(progress_path: Path) -> dict[str, str]:
    """Return what the process finds in its environment, and every process that it starts in turn for another GPU."""
    ours = {"EMOJUDGE_PROGRESS_FILE": str(progress_path), "PYTHONUNBUFFERED": "1"}
    ours["PYTHONSAFEPATH"] = "1"  # nothing is imported from the current folder
    if "SLURM_NTASKS" in os.environ:  # the tasks of the job are not those of the training; by this name Lightning knows
        ours["SLURM_JOB_NAME"] = "interactive"
    return os.environ | ours


def _tell(path: Path, progress: Progress) -> None:
    """Pass on what the process wrote last; it writes whole files, or has not written yet."""
    if path.is_file():
        state = json.loads(path.read_text(encoding="utf-8"))
        score = "" if state["score"] is None else f"{state['measure']} {state['score']:.3f}"
        progress(state["done"], state["total"], score)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Let an interrupted process save its state, and end it after a while; a terminal has sent it the signal already."""
    try:
        process.wait(timeout=POLL_S * 5)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _what_happened(status: int, log_path: Path, start: int) -> str:
    """Return why the process failed: in the words that one of its processes said, else its signal, else its last line.

    The log begins at byte ``start``.
    """
    text = log_path.read_bytes()[start:].decode("utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("emojudge: ")]
    if status < 0 and not said:
        return f"was ended by {signal.Signals(-status).name}"
    return f"failed: {said[-1].removeprefix('emojudge: ') if said else lines[-1] if lines else 'it said nothing'}"
