"""What can go wrong at the borders of the library; each says what was expected, found, and what to do."""

import signal
from collections.abc import Iterable
from difflib import get_close_matches


class EmojudgeError(Exception):
    """A mistake in the input that its user can mend: shown as one line, without a traceback."""


class CorpusError(EmojudgeError):
    """A table, label file or manifest that cannot be read as it stands."""


class AudioError(EmojudgeError):
    """An audio file that is missing, empty, unreadable or holds non-finite samples."""


class StoreError(EmojudgeError):
    """Prepared audio that is missing, unfinished, damaged, or of other audio than the table's."""


class PredictionsError(EmojudgeError):
    """Predictions that do not fit the corpus, the class list or each other."""


class ConfigError(EmojudgeError):
    """A configuration that names something that does not exist or does not fit."""


class FusionError(EmojudgeError):
    """A fusion that cannot be fitted or applied to the given predictions."""


class JudgeError(EmojudgeError):
    """A prompt, reply store or journal that the judge cannot use."""


class Interruption(KeyboardInterrupt):
    """A signal that ended a command; a training has saved its state.

    Args:
        number: The signal's.
    """

    def __init__(self, number: int) -> None:
        cause = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
        super().__init__(f"{cause}; the same command takes it up again")
        self.status = 128 + number


class MissingExtraError(EmojudgeError):
    """A package of an optional extra is not installed."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``' Did you mean 'x'?'`` for the known name closest to ``name``, or an empty string."""
    match = get_close_matches(name, list(known), n=1)
    return f" Did you mean '{match[0]}'?" if match else ""


def some(names: Iterable[object], limit: int = 5) -> str:
    """Return the first few names of a list for an error message, and how many more there are."""
    texts = [str(name) for name in names]
    shown = ", ".join(texts[:limit])
    return shown if len(texts) <= limit else f"{shown} and {len(texts) - limit} more"


def plural(n: int, noun: str) -> str:
    """Return a number with its noun: ``1 speaker``, ``2 speakers``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
