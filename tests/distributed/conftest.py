"""Runs on one process and on two of this machine, which talk over gloo and end in bounded time."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch import Callback, LightningModule, Trainer

from emojudge.errors import EmojudgeError

NETWORK = "--model.init_args.network.init_args"
LIMIT_S = 240
"""A command that takes longer hangs."""


@pytest.fixture(scope="session")
def table_path(mute_table_path: str) -> str:
    """Saved tiny table: train 35, dev 13, test1 8, test3 8 utterances; the third of dev has no audio."""
    return mute_table_path


@pytest.fixture
def make_trainer(tmp_path: Path) -> Callable[..., Trainer]:
    """Return a function that makes a quiet trainer of so many processes."""

    def make(n_processes: int, folder: str = "run", **settings: Any) -> Trainer:
        quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
        processes = {"devices": n_processes, "strategy": "ddp_fork"} if n_processes > 1 else {"devices": 1}
        here = {"accelerator": "cpu", "use_distributed_sampler": False, "default_root_dir": tmp_path / folder}
        return Trainer(**{**quiet, **processes, **here, "num_sanity_val_steps": 0, **settings})

    return make


class Fail(Callback):
    """Lets one process fail before a batch of training: by an error of the user's, by a bug, or killed."""

    def __init__(self, rank: int, how: str) -> None:
        self.rank, self.how = rank, how

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        if trainer.global_rank != self.rank or trainer.current_epoch == 0:
            return
        if self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise EmojudgeError(f"utterance 7 of process {self.rank} is broken") if self.how == "mistake" else KeyError("a bug")


class Commands:
    """Starts ``emojudge`` in processes of their own, and ends those that are left."""

    def __init__(self, table_path: str, home: Path) -> None:
        self.table_path = table_path
        self.home = home
        home.mkdir()

    def arguments(self, folder: Path, *more: str) -> list[str]:
        """Return the arguments of a command on a tiny text network; ``more`` comes last."""
        return [
            *("--config=trainer/cpu.yaml", "--config=data/text.yaml", "--config=model/roberta_small.yaml"),
            *("--config=experiment/small_text.yaml", f"{NETWORK}.encoder.init_args.model.hidden_size=16"),
            *(f"{NETWORK}.encoder.init_args.model.intermediate_size=16", "--data.init_args.vocab_size=300"),
            *(f"--data.init_args.table={self.table_path}", "--data.init_args.batch_size=8", f"--trainer.default_root_dir={folder}"),
            *("--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false", "--trainer.max_epochs=2", *more),
        ]

    def start(self, command: list[str], cwd: Path | None = None, **environment: str) -> "subprocess.Popen[str]":
        """Return a process of this Python, which finds an empty home."""
        paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        lent = {"HOME": str(self.home), "PYTHONPATH": os.pathsep.join(paths)}
        return subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            cwd=cwd,
            env=os.environ | lent | environment,
        )

    def wait(self, *processes: "subprocess.Popen[str]") -> list[tuple[int, str]]:
        """Return status and output of processes, when they and what they started have ended."""
        try:
            return [(process.wait(), output) for process in processes for output in [process.communicate(timeout=LIMIT_S)[0]]]
        finally:
            for process in processes:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def __call__(self, *command: str, **environment: str) -> tuple[int, str]:
        """Return status and output of ``python COMMAND``."""
        return self.wait(self.start(list(command), **environment))[0]


@pytest.fixture
def commands(table_path: str, tmp_path: Path) -> Commands:
    return Commands(table_path, tmp_path / "home")


@pytest.fixture
def free_port() -> str:
    """Return a port of this machine that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])
