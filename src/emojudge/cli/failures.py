"""Which process of a run tells what went wrong: the first that fails; the others fail only because it is gone."""

import os
import re
import sys

from ..errors import EmojudgeError

LOCAL_RANKS = ("LOCAL_RANK", "SLURM_LOCALID")
"""Environment variables in which torchrun, Lightning and SLURM number the processes of a node."""


PEER_LOST = r"(closed|reset) by peer|remote process exited"
"""What the libraries behind gloo and NCCL say when another process of the group is gone."""


def leads() -> bool:
    """Whether this is the first process of its node, or the only one."""
    return next((os.environ[name] for name in LOCAL_RANKS if name in os.environ), "0") == "0"


def to_tell(error: Exception) -> Exception | None:
    """Return what this process should tell of an error; None where another process tells it.

    Processes that know each other count their failures in the store of their group, which rank 0 or torchrun keeps: the first one
    speaks, whatever its rank. Before that they fail for the same reason, and the first process of each node speaks.
    """
    torch = sys.modules.get("torch")  # importing it here would cost the other commands seconds
    if torch is None or not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return error if leads() or not isinstance(error, EmojudgeError | OSError) else None
    try:
        n_failures = torch.distributed.distributed_c10d._get_default_store().add("emojudge/failures", 1)
    except torch.distributed.DistError:
        return EmojudgeError("the first process of the run has ended, and this one with it; what it wrote says why, unless it was killed")
    if n_failures > 1:
        return None
    if isinstance(error, RuntimeError) and re.search(PEER_LOST, str(error)):
        return EmojudgeError("another process of the run ended without a word; was it killed, or out of memory?")
    return error
