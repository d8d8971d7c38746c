"""Loaders of batches: torch's own, whose workers' errors say in the main process what they said where they arose."""

import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from lightning.pytorch import Trainer
from torch.utils.data import DataLoader

from ..batch import Batch
from ..errors import ConfigError, EmojudgeError
from .collate import Utterance
from .dataset import UtteranceDataset
from .sampler import BucketSampler

GRACE_S = 60
"""A worker that is asked to end by a signal does so after this many seconds."""


class BatchLoader(DataLoader[Any]):
    """A ``DataLoader`` that raises an :class:`EmojudgeError` of a worker process with its own message.

    Torch raises an error of the same class whose message is the worker's traceback; that one is kept as the cause.

    Nothing is read before the first batch is asked for: Lightning asks for the iterator before it tells the sampler the epoch.
    """

    sampler: BucketSampler

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # torch promises its own iterator, and asks for none
        try:
            yield from super().__iter__()
        except EmojudgeError as error:
            name = f"{type(error).__module__}.{type(error).__qualname__}: "
            _, in_worker, message = str(error).rpartition(f"\n{name}")
            if not in_worker:
                raise
            raise type(error)(message.strip()) from error


def make_loader(
    dataset: UtteranceDataset,
    sampler: BucketSampler,
    collate_fn: Callable[[Sequence[Utterance]], Batch],
    *,
    num_workers: int,
    seed: int,
) -> BatchLoader:
    """Return a loader of the sampler's batches; it draws nothing from the network's random numbers."""
    return BatchLoader(
        dataset=dataset,
        sampler=sampler,
        batch_size=None,
        collate_fn=collate_fn,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator().manual_seed(seed),
        worker_init_fn=_outlive_signals,
    )


def _outlive_signals(worker: int) -> None:
    """Let a worker go on for a while when the whole group of processes is asked to end: the main one finishes its step first.

    It is the main process that ends a worker, without a signal; the alarm is for what is left of one whose main process cannot.
    """
    for number in (signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: signal.alarm(GRACE_S))


def check_processes(trainer: Trainer | None, n_evaluated: int | None = None) -> None:
    """Check that the sampler alone shares out the batches, and that evaluation has one for every process.

    Args:
        trainer: The run's; without one there is one process.
        n_evaluated: Utterances to evaluate; None in training, which repeats batches where they are too few.

    Raises:
        ConfigError: If Lightning would split the batches again, or there are fewer utterances to evaluate than processes.
    """
    if trainer is None or trainer.world_size == 1:
        return
    if trainer._accelerator_connector.use_distributed_sampler:
        # Lightning would split again what the sampler has split by rank, and lose the rest
        raise ConfigError("trainer.use_distributed_sampler must be false with several processes: the sampler shares out the batches itself")
    if n_evaluated is not None and n_evaluated < trainer.world_size:
        raise ConfigError(f"{n_evaluated} utterances cannot be shared among {trainer.world_size} processes; evaluate with fewer")
