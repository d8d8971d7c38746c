"""What the data module's settings may be, checked before anything is read."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import ConfigError
from .sampler import POOL_BATCHES


def check_source(table: str | None, reader: str | None) -> None:
    """Check that the corpus is named, and once.

    Raises:
        ConfigError: If there are both a saved table and a reader, or neither.
    """
    if (table is None) == (reader is None):
        raise ConfigError("data.init_args needs either 'table', a saved table, or 'reader', a corpus reader with its 'reader_options'")


def check_parts(*, audio: bool, text: bool, augmented: bool) -> None:
    """Check that a batch will hold something, and the sound that an augmentation is to change.

    Raises:
        ConfigError: If it holds neither sound nor words, or there is an augmentation and no sound.
    """
    if not audio and not text:
        raise ConfigError("data.init_args.audio and .text are both false; a batch needs one of them")
    if augmented and not audio:
        raise ConfigError("data.init_args.augmentation changes waveforms, but .audio is false; set audio to true, or augmentation to null")


def check_classes(classes: Sequence[str]) -> None:
    """Check a class list.

    Raises:
        ConfigError: If it has fewer than two names, or one twice.
    """
    if len(set(classes)) != len(classes) or len(classes) < 2:
        raise ConfigError(f"data.init_args.classes is {list(classes)}, expected at least two names, each once")


def check_positive(values: Mapping[str, float | None]) -> None:
    """Check settings that count or measure something; None stands for no setting.

    Raises:
        ConfigError: If one is zero or below; the message names it.
    """
    for name, value in values.items():
        if value is not None and value <= 0:
            raise ConfigError(f"data.init_args.{name} is {value}, expected a positive number")


def check_not_negative(values: Mapping[str, int]) -> None:
    """Check settings of which there may be none.

    Raises:
        ConfigError: If one is below zero; the message names it.
    """
    for name, value in values.items():
        if value < 0:
            raise ConfigError(f"data.init_args.{name} is {value}, expected 0 or more")


class BatchLimit(NamedTuple):
    """What bounds a batch of one process; one of both is None."""

    size: int | None
    """Utterances."""
    seconds: float | None
    """Seconds, padding included."""


def batch_limits(
    size: int, seconds: float | None, eval_size: int | None, eval_seconds: float | None, *, audio: bool, pool_batches: int
) -> tuple[BatchLimit, BatchLimit]:
    """Return what bounds batches of training, and of evaluation, which follows training where it has no setting of its own.

    Raises:
        ConfigError: If both settings of evaluation are given, seconds without audio, or pools beside seconds.
    """
    if eval_size is not None and eval_seconds is not None:
        raise ConfigError(
            f"data.init_args.eval_batch_size is {eval_size} and .eval_batch_seconds is {eval_seconds:g}; "
            "give one of them, and null for the other"
        )
    for name, value in {"batch_seconds": seconds, "eval_batch_seconds": eval_seconds}.items():
        if value is not None and not audio:
            raise ConfigError(f"data.init_args.{name} is {value:g}, but batches without audio have no seconds; set batch sizes instead")
    if seconds is not None and pool_batches != POOL_BATCHES:
        raise ConfigError(
            f"data.init_args.pool_batches is {pool_batches}, but batches by seconds come from buckets of one length; "
            f"set it to {POOL_BATCHES}, or batch_seconds to null"
        )
    fit = BatchLimit(size, None) if seconds is None else BatchLimit(None, seconds)
    return fit, fit if eval_size is None and eval_seconds is None else BatchLimit(eval_size, eval_seconds)
