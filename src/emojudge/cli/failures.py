"""A run of several processes fails as one: the first that fails says why, and the others end."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import EmojudgeError

LOCAL_RANKS = ("LOCAL_RANK", "SLURM_LOCALID")
"""Environment variables in which torchrun, Lightning and SLURM number the processes of a node."""

PEER_LOST = r"(closed|reset) by peer|remote process exited"
"""What gloo and NCCL say when another process of the group is gone."""

GRACE_S = 10.0
"""So long the first process waits for those it has started, one of which says why the run fails, in seconds."""


class ToldElsewhereError(EmojudgeError):
    """Another process of the run says why it failed."""


@contextmanager
def failing_as_one(launcher: Any) -> Iterator[None]:
    """Let one process tell of an error in the block, and end those that this one has started: they would wait for it, with NCCL for long.

    torchrun, and srun with ``--kill-on-bad-exit``, end those that they have started themselves.

    Args:
        launcher: Lightning's, or None.

    Raises:
        ToldElsewhereError: If another process has failed before this one.
    """
    try:
        yield
    except Exception as error:
        told = _to_tell(error)
        _end_started(launcher, GRACE_S if told is None else 0)
        if told is error:
            raise
        raise told or ToldElsewhereError from error


def leads() -> bool:
    """Return whether this is the first process of its node, or the only one."""
    return next((os.environ[name] for name in LOCAL_RANKS if name in os.environ), "0") == "0"


def n_started_together() -> int:
    """Return how many processes torchrun or srun have started with this one, itself included."""
    size = "WORLD_SIZE" if "TORCHELASTIC_RUN_ID" in os.environ else "SLURM_STEP_NUM_TASKS"
    return int(os.environ.get(size, "1"))


def knows_others() -> bool:
    """Return whether the processes of the run know each other; before that, all fail for the same reason."""
    torch = sys.modules.get("torch")  # importing it here would cost the other commands seconds
    return torch is not None and torch.distributed.is_available() and torch.distributed.is_initialized()


def _to_tell(error: Exception) -> Exception | None:
    """Return what this process should say of an error, None where another has failed before.

    They count their failures in the store of their group, which rank 0 or torchrun keeps.
    """
    if not knows_others():
        return error
    from torch.distributed import DistError, distributed_c10d

    try:
        n_failures = distributed_c10d._get_default_store().add("emojudge/failures", 1)
    except DistError:
        return EmojudgeError("the first process of the run has ended, and this one with it; what it wrote says why, unless it was killed")
    if n_failures > 1:
        return None
    if isinstance(error, RuntimeError) and re.search(PEER_LOST, str(error)):
        return EmojudgeError("another process of the run ended without a word; was it killed, or out of memory?")
    return error


def _end_started(launcher: Any, grace_s: float) -> None:
    started: list[Any] = getattr(launcher, "procs", [])
    children = [child for child in started if isinstance(child, subprocess.Popen)]
    started.clear()  # Lightning watches them, and kills this process too when one has ended
    deadline = time.monotonic() + grace_s
    while any(child.poll() is None for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    for child in children:
        child.send_signal(signal.SIGKILL)  # does nothing where it has ended
        child.wait()
