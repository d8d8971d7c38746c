"""What logging the pace of a training costs: ``python benchmarks/training_log.py``.

CPU time of an epoch of a small network with the callbacks ``Throughput`` and ``LearningRates`` and without, in rounds that take turns,
and that of the callbacks alone for each batch of 32 x 12 s at 16 kHz, a row being logged every 50 steps.
"""

import logging
import tempfile
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from types import SimpleNamespace
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from measure import interleaved
from torch.utils.data import DataLoader

from emojudge.batch import Batch
from emojudge.callbacks import LearningRates, MetricsFile, Throughput
from emojudge.nn import AttentiveStatisticsPooling

N_BATCHES, N_ROUNDS = 100, 7
BATCH, SAMPLES, SAMPLE_RATE = 32, 12 * 16000, 16000


class Small(LightningModule):
    """A strided layer over the samples and a pooling: far cheaper than any encoder of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.pooling = torch.nn.Linear(320, 32), AttentiveStatisticsPooling(32)

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        frames = self.layer(batch.waveform.unflatten(1, (-1, 320)))
        return self.pooling(frames, batch.waveform_mask[:, ::320]).square().mean()

    def configure_optimizers(self) -> Any:
        return torch.optim.AdamW([{"name": "all", "params": list(self.parameters())}])


def batch() -> Batch:
    lengths = torch.linspace(SAMPLES // 2, SAMPLES, BATCH).long()
    mask = torch.arange(SAMPLES) < lengths[:, None]
    return Batch(torch.arange(BATCH), [str(i) for i in range(BATCH)], mask.float(), mask)


def epoch(loader: Any, folder: Path, callbacks: Sequence[type[Callback]]) -> None:
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False, "accelerator": "cpu"}
    trainer = Trainer(max_epochs=1, logger=MetricsFile(folder / "m.csv"), callbacks=[make() for make in callbacks], **quiet)
    trainer.fit(Small(), loader)


def hooks_us(example: Batch) -> float:
    """Return the CPU microseconds of the callbacks for a batch, beside any training."""
    optimizer = Small().configure_optimizers()
    strategy = SimpleNamespace(reduce=lambda tensor, reduce_op: tensor)
    log = SimpleNamespace(log_metrics=lambda *given, **options: None)
    trainer: Any = SimpleNamespace(global_step=0, current_epoch=0, log_every_n_steps=50, loggers=[log], strategy=strategy, datamodule=None)
    module: Any = SimpleNamespace(device=torch.device("cpu"))
    callbacks = [LearningRates(), Throughput()]
    for callback in callbacks:
        callback.on_train_start(trainer, module)
    start = process_time()
    for i in range(N_BATCHES):
        callbacks[0].on_before_optimizer_step(trainer, module, optimizer)
        trainer.global_step += 1
        for callback in callbacks:
            callback.on_train_batch_start(trainer, module, example, i)
            callback.on_train_batch_end(trainer, module, None, example, i)
    return 1e6 * (process_time() - start) / N_BATCHES


def main() -> None:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    example = batch()
    loader = DataLoader([example] * N_BATCHES, batch_size=None)
    print(f"the callbacks alone: {median(hooks_us(example) for _ in range(N_ROUNDS)):.0f} us a batch")
    with tempfile.TemporaryDirectory() as folder:
        runs = {"without": [], "with": [LearningRates, Throughput]}
        seconds = interleaved({name: partial(epoch, loader, Path(folder), made) for name, made in runs.items()}, N_ROUNDS)
    ratio = median(a / b for a, b in zip(seconds["with"], seconds["without"], strict=True))
    per_batch = 1e3 * median(seconds["without"]) / N_BATCHES
    print(f"an epoch with them / without: {ratio:.3f} (a batch without: {per_batch:.1f} ms)")


if __name__ == "__main__":
    main()
