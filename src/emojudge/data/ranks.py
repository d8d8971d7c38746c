"""What rank 0 makes, given to every process of a run."""

from collections.abc import Callable
from typing import TypeVar

from lightning.pytorch import Trainer

_T = TypeVar("_T")


def from_rank_zero(trainer: Trainer | None, make: Callable[[], _T]) -> _T:
    """Return on every rank what ``make`` returns on rank 0, where alone it is called; all ranks must call this.

    Args:
        trainer: The run's; without one there is one process.
        make: Returns what can be pickled.
    """
    if trainer is None or trainer.world_size == 1:
        return make()
    made = make() if trainer.global_rank == 0 else None
    return trainer.strategy.broadcast(made)  # type: ignore[return-value]
