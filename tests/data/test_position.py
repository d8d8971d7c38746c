"""A fit that was stopped inside an epoch and resumed trains on the batches of one that was not, in order and each once."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint

from emojudge.corpus import Table
from emojudge.data import EmotionDataModule
from emojudge.errors import ConfigError

Seen: TypeAlias = dict[int, list[list[str]]]
"""Ids of the batches of each epoch."""


@pytest.fixture(scope="module")
def table_path(tiny_table: Table, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    tiny_table.save(path)
    return str(path)


class StoppedError(Exception):
    """What ends a run in the middle of an epoch."""


class Stopping(Callback):
    """Ends the run after some batches."""

    def __init__(self, n_batches: int) -> None:
        self.n_left = n_batches

    def on_train_batch_end(self, *_: Any) -> None:
        self.n_left -= 1
        if self.n_left == 0:
            raise StoppedError


@pytest.fixture
def fit(table_path: str, make_trainer: Any, probe: Any) -> Any:
    """Return a function that fits for three epochs of nine batches and returns the ids of every batch by epoch."""

    def run(checkpoint: Path | None = None, *, callbacks: Sequence[Callback] = (), data: Any = None, **settings: Any) -> Seen:
        model = type(probe)()
        module = EmotionDataModule(table=table_path, **{"batch_size": 4, **(data or {})})
        usual = {"max_epochs": 3, "limit_val_batches": 1, "num_sanity_val_steps": 0, "enable_checkpointing": bool(callbacks)}
        trainer = make_trainer(**{**usual, **settings}, callbacks=list(callbacks))
        with suppress(StoppedError):
            trainer.fit(model, datamodule=module, ckpt_path=checkpoint, weights_only=True)
        return model.seen  # type: ignore[no-any-return]

    return run


def every_step(folder: Path) -> ModelCheckpoint:
    """Return what keeps the state after each optimizer step as ``step=<n>.ckpt``."""
    return ModelCheckpoint(folder, filename="{step}", every_n_train_steps=1, save_top_k=-1)


def joined(before: Seen, n_batches: int, after: Seen) -> Seen:
    """Return what a run trained on in its first batches, and what the resumed one did."""
    epoch, n = divmod(n_batches, 9)
    return {**before, **after, epoch: before[epoch][:n] + after.get(epoch, [])}


@pytest.mark.parametrize("n_batches", [1, 9, 13, 18])
@pytest.mark.parametrize(
    "settings",
    [{}, {"val_check_interval": 2}, {"max_steps": 27}, {"reload_dataloaders_every_n_epochs": 1}],
    ids=["plain", "validating", "counting steps", "reloading"],
)
def test_resumed_epoch_begins_behind_what_was_trained_on(fit: Any, tmp_path: Path, n_batches: int, settings: dict[str, Any]) -> None:
    whole = fit(callbacks=[every_step(tmp_path)], **settings)
    assert [len(batches) for batches in whole.values()] == [9, 9, 9]
    after = fit(tmp_path / f"step={n_batches}.ckpt", **settings)
    assert sum(map(len, after.values())) == 27 - n_batches
    assert joined(whole, n_batches, after) == whole


@pytest.mark.parametrize("data", [{"batch_seconds": 4.0}, {"num_workers": 2}, {"num_workers": 2, "batch_seconds": 4.0}])
def test_what_was_only_read_ahead_comes_again(fit: Any, tmp_path: Path, data: dict[str, Any]) -> None:
    whole = fit(data=data)
    n = len(whole[0])
    stopped = fit(callbacks=[Stopping(n + 4), every_step(tmp_path)], data=data)  # the last batch is trained on and not kept
    assert stopped == {0: whole[0], 1: whole[1][:4]}
    assert fit(tmp_path / f"step={n + 3}.ckpt", data=data) == {1: whole[1][3:], 2: whole[2]}


def test_an_epoch_cut_short_stays_cut_short(fit: Any, tmp_path: Path) -> None:
    whole = fit(callbacks=[every_step(tmp_path)], limit_train_batches=6)
    after = fit(tmp_path / "step=8.ckpt", limit_train_batches=6)
    assert after == {1: whole[1][2:], 2: whole[2]}


def test_accumulated_batches_count_each(fit: Any, tmp_path: Path) -> None:
    accumulating = {"accumulate_grad_batches": 2}
    whole = fit(callbacks=[every_step(tmp_path)], **accumulating)
    after = fit(tmp_path / "step=7.ckpt", **accumulating)  # five steps of the first epoch, two of the second
    assert joined(whole, 9 + 4, after) == whole


def test_state_kept_by_a_validation_inside_the_epoch_serves_too(fit: Any, tmp_path: Path) -> None:
    keeper = ModelCheckpoint(tmp_path, filename="{step}", save_on_train_epoch_end=False, save_top_k=-1)
    whole = fit(callbacks=[keeper], val_check_interval=4)
    assert {path.stem for path in tmp_path.glob("*.ckpt")} == {f"step={n}" for n in (4, 8, 13, 17, 22, 26)}
    after = fit(tmp_path / "step=13.ckpt", val_check_interval=4)
    assert joined(whole, 13, after) == whole


def test_a_schedule_that_asks_for_the_loader_early_changes_nothing(fit: Any, probe: Any, tmp_path: Path, monkeypatch: Any) -> None:
    def configure(self: Any) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        steps = self.trainer.estimated_stepping_batches
        assert steps == 27
        return {"optimizer": optimizer, "lr_scheduler": torch.optim.lr_scheduler.LinearLR(optimizer, total_iters=steps)}

    monkeypatch.setattr(type(probe), "configure_optimizers", configure)
    for data in ({}, {"num_workers": 2}):
        whole = fit(callbacks=[every_step(tmp_path)], data=data)
        assert joined(whole, 13, fit(tmp_path / "step=13.ckpt", data=data)) == whole


def test_a_second_fit_of_the_same_module_begins_at_the_beginning(table_path: str, make_trainer: Any, probe: Any, tmp_path: Path) -> None:
    data = EmotionDataModule(table=table_path, batch_size=4)
    make_trainer(enable_checkpointing=True, callbacks=[every_step(tmp_path)]).fit(probe, datamodule=data)
    whole = probe.seen
    for checkpoint, n in ((tmp_path / "step=5.ckpt", 4), (None, 9)):
        model = type(probe)()
        make_trainer().fit(model, datamodule=data, ckpt_path=checkpoint, weights_only=True)
        assert model.seen == {0: whole[0][9 - n :]}


def test_checkpoint_of_a_whole_epoch_keeps_no_place(table_path: str, make_trainer: Any, probe: Any, tmp_path: Path) -> None:
    keepers = [ModelCheckpoint(tmp_path, filename="epoch", save_on_train_epoch_end=True), every_step(tmp_path)]
    data = EmotionDataModule(table=table_path, batch_size=4)
    trainer = make_trainer(enable_checkpointing=True, callbacks=keepers)
    trainer.fit(probe, datamodule=data)
    trainer.save_checkpoint(tmp_path / "after.ckpt")
    kept = {name: torch.load(tmp_path / f"{name}.ckpt", weights_only=True)["EmotionDataModule"] for name in ("epoch", "after", "step=5")}
    assert kept["epoch"]["position"] is kept["after"]["position"] is None
    assert (kept["step=5"]["position"]["epoch"], kept["step=5"]["position"]["n_batches"]) == (0, 5)


@pytest.mark.parametrize("other", [{"batch_size": 5}, {"seed": 1}, {"batch_seconds": 4.0}, {"fit_splits": ["train", "test1"]}])
def test_other_batches_are_refused_inside_an_epoch_only(fit: Any, tmp_path: Path, other: dict[str, Any]) -> None:
    fit(callbacks=[every_step(tmp_path), ModelCheckpoint(tmp_path, filename="{epoch}", save_on_train_epoch_end=True)], max_epochs=1)
    with pytest.raises(ConfigError, match="saved in epoch 0, after 5 batches, and this run has other batches"):
        fit(tmp_path / "step=5.ckpt", data=other)
    assert fit(tmp_path / "epoch=0.ckpt", data=other).keys() == {1, 2}


def test_checkpoint_of_an_earlier_release_still_loads(fit: Any, tmp_path: Path) -> None:
    whole = fit(callbacks=[every_step(tmp_path)])
    checkpoint = torch.load(tmp_path / "step=9.ckpt", weights_only=True)
    del checkpoint["EmotionDataModule"]["position"]
    torch.save(checkpoint, tmp_path / "old.ckpt")
    assert joined(whole, 9, fit(tmp_path / "old.ckpt")) == whole


@pytest.mark.slow
@pytest.mark.parametrize("n_workers", [0, 2])
def test_two_processes_each_go_on_behind_their_own_batches(
    table_path: str, make_trainer: Any, probe: Any, tmp_path: Path, n_workers: int
) -> None:
    class Recording(type(probe)):  # type: ignore[misc]
        name = "whole"

        def on_train_end(self) -> None:
            torch.save(self.seen, tmp_path / f"{self.name}-{self.global_rank}.pt")

    def run(name: str, checkpoint: Path | None, *callbacks: Callback) -> list[Seen]:
        model = Recording()
        model.name = name
        two = {"strategy": "ddp_fork", "devices": 2, "use_distributed_sampler": False, "num_sanity_val_steps": 0}
        trainer = make_trainer(**two, max_epochs=3, val_check_interval=2, callbacks=list(callbacks), enable_checkpointing=bool(callbacks))
        data = EmotionDataModule(table=table_path, batch_size=4, num_workers=n_workers)
        trainer.fit(model, datamodule=data, ckpt_path=checkpoint, weights_only=True)
        return [torch.load(tmp_path / f"{name}-{rank}.pt", weights_only=True) for rank in range(2)]

    whole = run("whole", None, every_step(tmp_path))
    after = run("after", tmp_path / "step=8.ckpt")  # five batches of the first epoch, three of the second
    for before, rest in zip(whole, after, strict=True):
        assert [len(batches) for batches in before.values()] == [5, 5, 5]
        assert rest == {1: before[1][3:], 2: before[2]}
    assert whole[0] != whole[1]
    alone = EmotionDataModule(table=table_path, batch_size=4)
    with pytest.raises(ConfigError, match="number of processes"):
        make_trainer(max_epochs=3).fit(type(probe)(), datamodule=alone, ckpt_path=tmp_path / "step=8.ckpt", weights_only=True)
