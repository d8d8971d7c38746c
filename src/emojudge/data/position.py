"""How far a training epoch is, from the trainer's own count: what a run resumed inside an epoch must leave out."""

from typing import Any, NamedTuple

from lightning.pytorch import Trainer

from ..errors import ConfigError
from .sampler import BucketSampler


class Position(NamedTuple):
    """A place inside an epoch."""

    epoch: int
    n_batches: int
    """Batches of each rank that were trained on; those that were only read ahead do not count."""
    order: str
    """Digest of the epoch's batches and of who gets them."""

    def apply(self, sampler: BucketSampler) -> None:
        """Let a sampler of the resumed run begin behind what was trained on.

        Raises:
            ConfigError: If it would draw other batches than the run that was stopped.
        """
        sampler.set_epoch(self.epoch)
        if sampler.digest() != self.order:
            raise ConfigError(
                f"the checkpoint was saved in epoch {self.epoch}, after {self.n_batches} batches, and this run has other batches; "
                "resume with the corpus, batch size, seed and number of processes that it began with, or from the end of an epoch"
            )
        sampler.resume(self.epoch, self.n_batches)


def position(trainer: Trainer | None, sampler: BucketSampler | None) -> Position | None:
    """Return the place inside the epoch that a trainer is in; None between epochs and outside training.

    Args:
        trainer: The run's; its counters say what was trained on.
        sampler: The training loader's.
    """
    if trainer is None or sampler is None:
        return None
    progress: Any = trainer.fit_loop.epoch_progress.current
    n_batches: int = trainer.fit_loop.epoch_loop.batch_progress.current.processed  # type: ignore[attr-defined]  # of batches it is one
    if progress.started == progress.processed or n_batches == 0:
        return None
    return Position(sampler.epoch, n_batches, sampler.digest())
