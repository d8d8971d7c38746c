"""``ExactResume``: what a checkpoint must hold besides weights and counters so that a resumed run is the one that was not stopped."""

from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.callbacks.early_stopping import EarlyStoppingReason
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor
from torchmetrics import Metric

from .random_state import random_state, set_random_state

KEY = "emojudge_resume"
"""Where it lies in a checkpoint."""


class ExactResume(Callback):
    """Keeps in every checkpoint of a fit, and gives back, what Lightning forgets.

    That is, of each process: the generators of torch, NumPy and Python, and the sums of metrics that are logged at the end of the epoch;
    and whether the last batch still waits for its validation, which is then done from its beginning. With
    :class:`EpochSeed`, and with data whose order depends on seed and epoch alone, as those of ``EmotionDataModule``, a fit that is resumed
    on the same machine ends with the weights, optimizer, scores and log of one that was not stopped, bit for bit.

    Nothing is exact inside a window of accumulated batches, whose gradients no checkpoint holds; ours are not saved there.

    Another number of processes can take up a run between epochs.
    """

    def __init__(self) -> None:
        self._validated = True
        self._before_validation: list[dict[str, Any]] | None = None  # in a validation: the processes as they were before
        self._resumed: dict[str, Any] | None = None  # what is to be given back when the training begins
        self._logged: list[dict[str, Any]] = []  # what the epoch logged before it was stopped, until a batch logs it again

    # keeping

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int) -> None:
        """Note that the batch has not been validated, and that what it logs is known to Lightning."""
        self._validated = False
        self._logged = []

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the state of all processes, which a save inside the validation can no longer ask for."""
        if _validates_in_fit(trainer):
            self._before_validation = _of_all_processes(trainer, pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note that the batch was validated."""
        if _validates_in_fit(trainer):
            self._before_validation, self._validated = None, True

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Add the state of the processes, and let Lightning's counters say plainly where the run is."""
        loops = checkpoint["loops"]["fit_loop"]
        inside = _settle(loops, validated=self._validated, validating=self._before_validation is not None)
        checkpoint["epoch"] = max(loops["epoch_progress"]["current"]["started"] - 1, 0)  # of the last batch, as in Lightning's own
        processes = self._before_validation or _of_all_processes(trainer, pl_module)
        checkpoint[KEY] = {"processes": processes, "inside_epoch": inside, "logged": _logged(trainer) or self._logged}

    # giving back

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Take the state of a checkpoint that a fit resumes; one of an earlier release has none."""
        self._resumed = checkpoint.get(KEY) if trainer.state.fn == TrainerFn.FITTING else None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let a run that had stopped early stay stopped, which Lightning forgets."""
        if self._resumed is not None:
            trainer.should_stop = any(_has_stopped(callback) for callback in trainer.callbacks)  # type: ignore[attr-defined]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Give back what was kept."""
        self._validated, self._before_validation, self._logged = True, None, []
        resumed, self._resumed = self._resumed, None
        if resumed is None:
            return
        _correct_counters(trainer)
        if len(resumed["processes"]) != trainer.world_size:
            return  # between epochs, where EpochSeed decides; inside one the data module has refused it
        mine = resumed["processes"][trainer.global_rank]
        set_random_state(mine["random"], trainer.strategy.root_device)
        if resumed["inside_epoch"]:
            _set_metrics(pl_module, mine["metrics"])
            self._logged = resumed["logged"]

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log what the whole epoch has logged, where the run was resumed behind its last batch."""
        for logged in self._logged:
            pl_module.log(logged["name"], pl_module.get_submodule(logged["metric"]), prog_bar=logged["prog_bar"], logger=logged["logger"])  # type: ignore[arg-type]
        self._logged = []


def _has_stopped(callback: Callback) -> bool:
    """Return whether a callback had ended the training, for a reason that still holds: its patience may have been raised since."""
    if not isinstance(callback, EarlyStopping) or callback.stopping_reason == EarlyStoppingReason.NOT_STOPPED:
        return False
    return callback.stopping_reason != EarlyStoppingReason.PATIENCE_EXHAUSTED or callback.wait_count >= callback.patience > 0


def _validates_in_fit(trainer: Trainer) -> bool:
    return trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking


def _of_all_processes(trainer: Trainer, pl_module: LightningModule) -> list[dict[str, Any]]:
    """Return the state of each process, in the order of their ranks, on every one; all must call this."""
    mine = {"random": random_state(trainer.strategy.root_device), "metrics": _metrics(pl_module)}
    if trainer.world_size == 1:
        return [mine]
    every: list[Any] = [None] * trainer.world_size
    torch.distributed.all_gather_object(every, mine)
    return every


def _metrics(pl_module: LightningModule) -> dict[str, dict[str, Any]]:
    """Return what each metric of a module has gathered, which its state dict leaves out, on the CPU."""
    found = {name: metric for name, metric in pl_module.named_modules() if isinstance(metric, Metric) and metric.update_called}
    return {
        name: {"updates": metric.update_count, "state": {key: _to(value, "cpu") for key, value in metric.metric_state.items()}}
        for name, metric in found.items()
    }


def _set_metrics(pl_module: LightningModule, kept: dict[str, dict[str, Any]]) -> None:
    for name, values in kept.items():
        metric: Any = pl_module.get_submodule(name)
        for key, value in values["state"].items():
            setattr(metric, key, _to(value, metric.device))
        metric._update_count = values["updates"]


def _to(value: Any, device: Any) -> Any:
    """Return a metric's state, a tensor or a list of tensors, as a copy on a device."""
    return value.detach().clone().to(device) if isinstance(value, Tensor) else [_to(part, device) for part in value]


def _logged(trainer: Trainer) -> list[dict[str, Any]]:
    """Return under which names the running epoch logs which metrics."""
    known: Any = trainer.fit_loop.epoch_loop._results.values()
    return [
        {"name": item.meta.name, "metric": item.meta.metric_attribute, "prog_bar": item.meta.prog_bar, "logger": item.meta.logger}
        for item in known
        if not item.is_tensor and item.meta.on_epoch and not item.has_reset
    ]


def _settle(loops: dict[str, Any], *, validated: bool, validating: bool) -> bool:
    """Let the counters in a checkpoint say what is complete and what has not begun, and return whether that is inside an epoch.

    Lightning resumes according to the hook that a checkpoint was saved in, which it guesses from counters that are ahead of each
    other, and for some hooks it leaves out the validation, the epoch's end or the next epoch's beginning.
    """
    epochs, batches, validation = (loops[f"{name}_progress"] for name in ("epoch", "epoch_loop.batch", "epoch_loop.val_loop.batch"))
    n_batches = batches["current"]["processed"]
    inside: bool = epochs["current"]["started"] > epochs["current"]["processed"] and n_batches > 0
    batches["is_last_batch"] = inside and batches["is_last_batch"] and batches["current"]["ready"] == n_batches
    for progress in (batches["total"], batches["current"], *(() if inside else (epochs["total"], epochs["current"]))):
        progress["ready"] = progress["started"] = progress["completed"] = progress["processed"]
    if not inside:
        batches["current"].update(dict.fromkeys(batches["current"], 0))
        for progress in (validation["total"], validation["current"]):
            progress.update(dict.fromkeys(progress, 0))
    elif not validated:  # the form that lets Lightning begin it: it is in its first batch
        n_before = validation["total"]["processed"] - (validation["current"]["processed"] if validating else 0)
        validation["current"].update(dict.fromkeys(validation["current"], 0))
        validation["total"].update(ready=n_before + 1, started=n_before + 1, processed=n_before, completed=n_before)
    return inside


def _correct_counters(trainer: Trainer) -> None:
    """Correct what Lightning has made of the counters of a checkpoint."""
    loop: Any = trainer.fit_loop.epoch_loop
    validation = loop.val_loop.batch_progress.total
    validation.ready = validation.started = validation.processed
    loop._batches_that_stepped = trainer.global_step
    if loop.batch_progress.current.ready == 0:
        loop.restarting = False  # in a run of max_steps it would take the epoch for one that was stopped, and log a step too far
    elif loop._should_check_val_fx(trainer.fit_loop._data_fetcher) and not loop._should_accumulate():
        loop._batches_that_stepped -= 1  # counted behind the validation, done or not
