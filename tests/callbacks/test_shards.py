"""Arrays of two processes meet on rank 0; whatever fails is known to both, and leaves no file behind."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader

from emojudge.callbacks import shards
from emojudge.callbacks.shards import Part, clear_shards, join_on_rank_zero
from emojudge.errors import EmojudgeError


class Empty(LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def predict_step(self, batch: Tensor, batch_idx: int) -> None:
        return None


class Joining(Callback):
    """Joins two rows of each process at the end of a prediction, and notes how that ended."""

    def __init__(self, folder: Path, make: Callable[[Part], None]) -> None:
        self.folder, self.make = folder, make

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        rank = trainer.global_rank
        part = {"row": np.array([rank, rank + 2]), "values": np.full((2, 3), rank + 0.5)}
        try:
            join_on_rank_zero(trainer, part, self.folder / "out.txt", self.make)
        except Exception as error:
            (self.folder / f"error-{rank}").write_text(f"{type(error).__name__}: {error}")
            raise


def join(folder: Path, make: Callable[[Part], None], n_processes: int = 2) -> None:
    processes: dict[str, Any] = {"strategy": "ddp_fork", "devices": 2} if n_processes > 1 else {"devices": 1}
    quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "use_distributed_sampler": False}
    trainer = Trainer(**quiet, **processes, default_root_dir=folder, callbacks=[Joining(folder, make)])
    trainer.predict(Empty(), DataLoader(torch.zeros(2)), return_predictions=False)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("n_processes", [1, 2])
def test_rank_zero_gets_all_parts_in_the_order_of_ranks_and_files_are_gone(tmp_path: Path, n_processes: int) -> None:
    def make(joined: Part) -> None:
        with open(tmp_path / "out.txt", "a") as file:  # a second call would show
            file.write(f"{joined['row'].tolist()} {joined['values'].dtype} {joined['values'][:, 1].tolist()}")

    join(tmp_path, make, n_processes)
    expected = "[0, 2, 1, 3] float64 [0.5, 0.5, 1.5, 1.5]" if n_processes == 2 else "[0, 2] float64 [0.5, 0.5]"
    assert (tmp_path / "out.txt").read_text() == expected
    assert left(tmp_path) == ["out.txt"]


def test_an_error_on_rank_zero_is_raised_on_every_rank(tmp_path: Path) -> None:
    def make(joined: Part) -> None:
        raise EmojudgeError("two utterances are missing")

    with pytest.raises(Exception, match="two utterances are missing"):
        join(tmp_path, make)
    assert left(tmp_path) == ["error-0", "error-1"]
    assert (tmp_path / "error-1").read_text() == "EmojudgeError: two utterances are missing"


def test_a_bug_on_rank_zero_ends_every_rank(tmp_path: Path) -> None:
    def make(joined: Part) -> None:
        joined["no such name"]

    with pytest.raises(Exception, match="no such name"):
        join(tmp_path, make)
    assert (tmp_path / "error-0").read_text() == "KeyError: 'no such name'"
    assert (tmp_path / "error-1").read_text() == "EmojudgeError: KeyError: 'no such name'"


def test_a_part_that_cannot_be_written_stops_all_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = shards._write

    def full_disk(path: Path, part: Part) -> None:
        if part["row"][0] == 1:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        write(path, part)

    monkeypatch.setattr(shards, "_write", full_disk)
    with pytest.raises(Exception, match="No space left on device"):
        join(tmp_path, lambda joined: pytest.fail("made"))
    assert left(tmp_path) == ["error-0", "error-1"]
    assert (tmp_path / "error-0").read_text() == "OSError: [Errno 28] No space left on device"


def test_a_part_that_another_node_does_not_see_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = shards._write
    monkeypatch.setattr(shards, "_write", lambda path, part: None if part["row"][0] == 1 else write(path, part))
    with pytest.raises(Exception, match="process 0 does not see what process 1 wrote; every node must see this folder"):
        join(tmp_path, lambda joined: pytest.fail("made"))
    assert left(tmp_path) == ["error-0", "error-1"]


def test_a_process_that_is_killed_leaves_the_old_file_and_no_half_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out.txt").write_text("old")
    write = shards._write

    def killed(path: Path, part: Part) -> None:
        write(path, part)
        if part["row"][0] == 1:
            os._exit(9)

    monkeypatch.setattr(shards, "_write", killed)
    with pytest.raises(Exception, match=r"exit code 9|closed by peer|reset by peer"):
        join(tmp_path, lambda joined: (tmp_path / "out.txt").write_text("new") and None)
    assert (tmp_path / "out.txt").read_text() == "old"
    stale = [name for name in left(tmp_path) if name.startswith(".out.txt.shard-")]
    assert len(stale) <= 2  # the killed one could not clear its own; the other may have been ended too
    assert stale
    clear_shards(tmp_path / "out.txt")
    assert not [name for name in left(tmp_path) if name.startswith(".")]


def test_a_part_of_a_killed_attempt_is_not_mixed_in(tmp_path: Path) -> None:
    for name in (".out.txt.shard-0badcafe.0.npz", ".out.txt.shard-0badcafe.1.npz", ".other.txt.shard-0badcafe.0.npz"):
        np.savez(tmp_path / name, row=np.array([7]), values=np.zeros((1, 3)))
    join(tmp_path, lambda joined: (tmp_path / "out.txt").write_text(str(joined["row"].tolist())) and None)
    assert (tmp_path / "out.txt").read_text() == "[0, 2, 1, 3]"
    clear_shards(tmp_path / "out.txt")
    assert left(tmp_path) == [".other.txt.shard-0badcafe.0.npz", "out.txt"]
