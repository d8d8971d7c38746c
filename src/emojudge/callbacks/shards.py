"""Arrays of all processes, joined on rank 0 through files beside what it makes of them."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from lightning.pytorch import Trainer
from numpy.typing import NDArray

from ..errors import EmojudgeError

Part: TypeAlias = dict[str, NDArray[Any]]
"""Arrays of one process, each with one entry for each of its utterances."""


def join_on_rank_zero(trainer: Trainer, part: Part, path: Path, make: Callable[[Part], None]) -> None:
    """Call ``make`` on rank 0 with the arrays of all ranks, one rank after the other; all ranks must call this.

    Each rank leaves its part in a file beside ``path``, which rank 0 reads and the rank removes: no rank but the first ever holds
    another's part, and nothing large goes through the network. The names are those of this attempt, so that what a killed
    run left is never mixed in. One process needs no file.

    Args:
        trainer: The run's.
        part: This rank's arrays, the same names on every rank.
        path: What ``make`` writes; every node must see its folder.
        make: Takes the joined arrays.

    Raises:
        Exception: On every rank, if one could not write its part or ``make`` failed: its own error on the rank where it arose.
    """
    if trainer.world_size == 1:
        make(part)
        return
    attempt = trainer.strategy.broadcast(secrets.token_hex(4))
    shards = [path.with_name(f"{_beginning(path)}{attempt}.{rank}.npz") for rank in range(trainer.world_size)]
    mine = shards[trainer.global_rank]
    try:
        _agree(trainer, _error_of(lambda: _write(mine, part)))
        _agree(trainer, _error_of(lambda: make(_joined(shards))) if trainer.is_global_zero else None)
    finally:
        mine.unlink(missing_ok=True)


def clear_shards(path: Path) -> None:
    """Remove what an earlier attempt to make ``path`` left because it was killed."""
    if path.parent.is_dir():
        for file in path.parent.iterdir():
            if file.name.startswith(_beginning(path)) and file.suffix == ".npz":
                file.unlink()


def _beginning(path: Path) -> str:
    return f".{path.name}.shard-"


def _write(path: Path, part: Part) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **part)  # type: ignore[arg-type]  # numpy's stubs take an array for its flag


def _joined(paths: list[Path]) -> Part:
    parts = []
    for rank, path in enumerate(paths):
        try:
            with np.load(path, allow_pickle=False) as file:
                parts.append(dict(file))
        except FileNotFoundError as error:
            raise EmojudgeError(f"{path}: process 0 does not see what process {rank} wrote; every node must see this folder") from error
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _error_of(do: Callable[[], None]) -> Exception | None:
    """Return what went wrong, to be raised when the other ranks know it too."""
    try:
        do()
    except Exception as error:
        return error
    return None


def _agree(trainer: Trainer, error: Exception | None) -> None:
    """Wait for all ranks, and raise on each if there is an error on one: its own, else that of the first rank that has one."""
    portable = error if error is None or isinstance(error, EmojudgeError | OSError) else EmojudgeError(f"{type(error).__name__}: {error}")
    errors: list[Exception | None] = [None] * trainer.world_size
    torch.distributed.all_gather_object(errors, portable)
    first = error or next((other for other in errors if other is not None), None)
    if first is not None:
        raise first
