"""Rows of a listing, whatever it was read from: values by column, and where each row stands."""

import datetime
import decimal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from ...errors import CorpusError, nearest
from .common import number

Report: TypeAlias = Callable[[int, str], None]
"""Notes that the value of a row, by position, cannot be used, and why."""


@dataclass(frozen=True)
class Rows:
    """One row an utterance; a column is read when it is asked for, so that one nobody needs costs nothing."""

    source: str
    """What messages call it: the file, or the data set."""
    places: Sequence[str]
    """Where each row stands in it: ``line 3``, ``row 3``, ``train row 3``."""
    columns: Mapping[str, Callable[[], Sequence[Any]]]
    """Reads a column, by name: text, typed values, or None."""
    kept: Sequence[int] | None = None
    """The rows that are left, by position in what ``columns`` give; None for all."""
    joint: str = ", "
    """Stands between source and place: a path separator where the source is a folder and places begin with a file."""

    def __len__(self) -> int:
        return len(self.places)

    def place(self, row: int) -> str:
        """Return where a row stands, with the source."""
        return f"{self.source}{self.joint}{self.places[row]}"

    def values(self, name: str, advice: str) -> Sequence[Any]:
        """Return the values of a column as they were read.

        Args:
            name: The column.
            advice: What to do where it is not there; ends the message.

        Raises:
            CorpusError: If there is no such column.
        """
        if name not in self.columns:
            raise CorpusError(
                f"{self.source} has no column '{name}' (found: {', '.join(self.columns)}).{nearest(name, self.columns)} {advice}"
            )
        values = self.columns[name]()
        return values if self.kept is None else [values[i] for i in self.kept]

    def texts(self, name: str, advice: str, report: Report) -> list[str | None]:
        """Return a column as text, stripped of surrounding space; None where it is null or empty.

        Args:
            name: The column.
            advice: What to do where it is not there.
            report: Told of values that are no text.
        """
        return self._converted(name, advice, as_text, "text", report)

    def numbers(self, name: str, advice: str, report: Report, *, low: float, high: float) -> list[float | None]:
        """Return a column as finite numbers; None where it is null, empty or ``NA``.

        Args:
            name: The column.
            advice: What to do where it is not there.
            report: Told of values that are no number, or not within the bounds.
            low: Least value allowed.
            high: Largest value allowed.
        """

        def convert(value: Any) -> float | None:
            found = as_number(value)
            if found is not None and not low <= found <= high:
                raise ValueError
            return found

        return self._converted(name, advice, convert, f"a number {_bounds(low, high)}", report)

    def keep(self, rows: Sequence[int]) -> "Rows":
        """Return some of the rows."""
        kept = list(rows) if self.kept is None else [self.kept[i] for i in rows]
        return replace(self, places=[self.places[i] for i in rows], kept=kept)

    def _converted(self, name: str, advice: str, convert: Callable[[Any], Any], expected: str, report: Report) -> list[Any]:
        converted = []
        for row, value in enumerate(self.values(name, advice)):
            try:
                converted.append(convert(value))
            except ValueError:
                converted.append(None)
                report(row, f"{self.place(row)}: {name} is {_shown(value)}, expected {expected}")
        return converted


def as_text(value: Any) -> str | None:
    """Return a value as text: a number by its digits (1, not 1.0), a date as ISO 8601; None where it is null or empty.

    Raises:
        ValueError: If it is a list, a mapping, bytes, not a number, or half a character (JSON can hold a lone surrogate).
    """
    if type(value) is str:
        if not value.isascii():
            value.encode()
        return value.strip() or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value - value != 0:
            raise ValueError(f"{value} is not finite")
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, int | decimal.Decimal):
        return str(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    raise ValueError(f"a {type(value).__name__} is no text")


def as_number(value: Any) -> float | None:
    """Return a value as a finite number; None where it is null, empty or ``NA``.

    Raises:
        ValueError: If it is none.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return number(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal):
        raise ValueError(f"a {type(value).__name__} is no number")
    return number(str(value))


def _bounds(low: float, high: float) -> str:
    return f"from {low:g} to {high:g}" if high < float("inf") else f"of at least {low:g}"


def _shown(value: Any) -> str:
    text = f"'{value}'" if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
