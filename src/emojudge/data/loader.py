"""``BatchLoader``: torch's loader, whose workers' errors say in the main process what they said where they arose."""

from collections.abc import Iterator
from typing import Any

from torch.utils.data import DataLoader

from ..errors import EmojudgeError


class BatchLoader(DataLoader[Any]):
    """A ``DataLoader`` that raises an :class:`EmojudgeError` of a worker process with its own message.

    Torch raises an error of the same class whose message is the worker's traceback; that one is kept as the cause.
    """

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # torch promises its own iterator, and asks for none
        try:
            yield from super().__iter__()
        except EmojudgeError as error:
            name = f"{type(error).__module__}.{type(error).__qualname__}: "
            _, in_worker, message = str(error).rpartition(f"\n{name}")
            if not in_worker:
                raise
            raise type(error)(message.strip()) from error
