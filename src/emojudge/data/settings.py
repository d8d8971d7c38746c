"""What the data module's settings may be, checked before anything is read."""

from collections.abc import Mapping, Sequence

from ..errors import ConfigError


def check_source(table: str | None, reader: str | None) -> None:
    """Check that the corpus is named, and once.

    Raises:
        ConfigError: If there are both a saved table and a reader, or neither.
    """
    if (table is None) == (reader is None):
        raise ConfigError("data.init_args needs either 'table', a saved table, or 'reader', a corpus reader with its 'reader_options'")


def check_parts(*, audio: bool, text: bool) -> None:
    """Check that a batch will hold something.

    Raises:
        ConfigError: If it holds neither sound nor words.
    """
    if not audio and not text:
        raise ConfigError("data.init_args.audio and .text are both false; a batch needs one of them")


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
