"""``Throughput``: how fast a training is, how much of its batches is padding, and how much memory it takes."""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor

from ..batch import Batch
from .periodic import PeriodicLog


class Throughput(PeriodicLog):
    """Logs the pace of the steps since the last row, over all processes together.

    ==========================  ====================================================================================
    ``train/utterances_per_s``  utterances of the training batches a second, all processes together
    ``train/speech_s_per_s``    seconds of real (unpadded) sound a second, all processes together; with sound only
    ``train/steps_per_s``       optimizer steps a second
    ``train/padding_ratio``     places of the batches, padding included, by real ones (samples, or tokens without sound): 1 is best
    ``train/memory_gb``         most memory that a process has taken so far, of the one that took most: on CUDA what was
                                allocated there, else what was resident (not told on Windows)
    ==========================  ====================================================================================

    The time is that of training: reading, forward and backward pass, steps. Validation is left out, and what is saved after it.
    The device is waited for where a row is logged, at no other step.
    """

    _n_real: Tensor | int

    def __init__(self) -> None:
        self._clock = _Clock()
        self._clear()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin anew."""
        super().on_train_start(trainer, pl_module)
        self._clock = _Clock()
        self._clear()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Go on measuring, before the epoch's first batch is read."""
        self._clock.go()

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int) -> None:
        """Go on measuring behind a validation."""
        self._clock.go()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop measuring until the next training batch."""
        self._clock.stop()

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Count a batch, and log where a period ends."""
        mask = batch.token_mask if batch.waveform_mask is None else batch.waveform_mask
        self._n_utterances += len(batch.row)
        if mask is not None:
            self._n_places += mask.numel()
            self._n_real = self._n_real + _n_true(mask)
            self._has_sound = batch.waveform_mask is not None
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log what a short epoch has, and stop measuring until the next epoch."""
        super().on_train_epoch_end(trainer, pl_module)
        self._clock.stop()

    def values(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, float]:
        """Return the pace since the last row, gathered over processes, and begin the next."""
        n_real = float(self._n_real)  # waits for the device, so that the clock is right
        counts, most = [self._n_utterances, n_real, self._n_places], [self._clock.read(), peak_memory_gb(pl_module.device)]
        counts = trainer.strategy.reduce(torch.tensor(counts, device=pl_module.device), reduce_op="sum").tolist()
        most = trainer.strategy.reduce(torch.tensor(most, device=pl_module.device), reduce_op="max").tolist()
        (n_utterances, n_real, n_places), (seconds, memory_gb) = counts, most
        values = {"utterances_per_s": n_utterances / seconds, "steps_per_s": self.n_steps / seconds}
        sample_rate = getattr(getattr(trainer, "datamodule", None), "sample_rate", None)
        if self._has_sound and sample_rate is not None:
            values["speech_s_per_s"] = n_real / sample_rate / seconds
        if n_real:
            values["padding_ratio"] = n_places / n_real
        if memory_gb:
            values["memory_gb"] = memory_gb
        self._clear()
        return {f"train/{name}": value for name, value in values.items()}

    def _clear(self) -> None:
        self._n_utterances = self._n_places = 0
        self._n_real = 0
        self._has_sound = False
        self._clock.clear()


def _n_true(mask: Tensor) -> Tensor | int:
    """Return how much of a mask is true, without waiting for a device; on the CPU numpy counts several times as fast as torch."""
    return int(np.count_nonzero(mask.numpy())) if mask.device.type == "cpu" else torch.count_nonzero(mask)


class _Clock:
    """Seconds of wall time, of those stretches in which it ran."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._since: float | None = None

    def go(self) -> None:
        if self._since is None:
            self._since = time.perf_counter()

    def stop(self) -> None:
        self._seconds = self.read()
        self._since = None

    def read(self) -> float:
        return self._seconds + (0.0 if self._since is None else time.perf_counter() - self._since)

    def clear(self) -> None:
        self._seconds = 0.0
        if self._since is not None:
            self._since = time.perf_counter()


def peak_memory_gb(device: torch.device) -> float:
    """Return the most memory that this process has taken so far, in 1e9 bytes: on CUDA what was allocated, else resident; 0 on Windows."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    status = Path("/proc/self/status")
    if status.is_file():  # not getrusage, which on Linux begins with the peak of the process that started this one
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024 / 1e9
    if sys.platform == "win32":
        return 0.0
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9  # bytes on macOS
