"""What corpus readers share: their result, CSV and TSV files read as they stand, and the names of splits."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import CorpusError, nearest
from ...labels import EMOTIONS
from ..faults import Faults

SPLITS = {
    "train": "train",
    "training": "train",
    "development": "dev",
    "validation": "dev",
    "valid": "dev",
    "val": "dev",
    "dev": "dev",
    "dev2": "dev2",
    "test": "test",
    "test1": "test1",
    "test2": "test2",
    "test3": "test3",
    "na": "na",
}
"""Our name of a split by the lower-case name that corpora use; ``NA`` is a value of MSP-Podcast, not a gap."""

LONGEST_FIELD = 2**31 - 1
"""Most characters of a CSV field; Python's own limit, 131,072, would refuse the transcript of a long recording."""


@dataclass(frozen=True)
class Read:
    """What a reader returns: table columns as found, before audio is looked at and faults are settled."""

    source: str
    """The reader and what it read, for people."""
    columns: dict[str, list[Any]]
    classes: tuple[str, ...] = EMOTIONS
    noticed: dict[str, list[str]] = field(default_factory=dict)
    """What the reader noticed and went on with, and the ids that it speaks of, by name: ``without_ratings``."""
    caution: str = ""
    """What must be said wherever figures obtained on this corpus stand."""

    @property
    def counts(self) -> dict[str, int]:
        """How often each thing was noticed."""
        return {name: len(ids) for name, ids in self.noticed.items()}


@dataclass(frozen=True)
class CsvFile:
    """A CSV or TSV file with a header; every field is the text that stands there (``N/A`` and ``null`` too)."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    """Line of the file on which each row ends."""

    def column(self, name: str, advice: str) -> list[str]:
        """Return a column, stripped of surrounding space.

        Args:
            name: As in the header.
            advice: What to do where it is not there; ends the message.

        Raises:
            CorpusError: If there is no such column.
        """
        if name not in self.header:
            raise CorpusError(f"{self.path} has no column '{name}' (found: {', '.join(self.header)}).{nearest(name, self.header)} {advice}")
        at = self.header.index(name)
        return [row[at].strip() for row in self.rows]


def read_csv(path: Path, *, delimiter: str = ",", expected: str = "a header row and one row an utterance") -> CsvFile:
    """Return a separated file with a header row, UTF-8 with or without byte order mark.

    Args:
        path: The file.
        delimiter: Comma or tab; a field that holds one, a quote or a line break is quoted.
        expected: What should stand in it, for the message about an empty file.

    Raises:
        CorpusError: If the file is missing, empty, not UTF-8, separated otherwise, or a row has
            another number of fields than the header; the message names the line.
    """
    form, mark = ("TSV", "tab") if delimiter == "\t" else ("CSV", "comma")
    rows: list[list[str]] = []
    lines: list[int] = []
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for row in reader:
                if row:
                    rows.append(row)
                    lines.append(reader.line_num)
    except OSError as error:
        raise CorpusError(f"{path}: not readable ({error.strerror or error}); expected {expected}") from error
    except UnicodeDecodeError as error:
        raise CorpusError(not_utf8(path)) from error
    except csv.Error as error:
        raise CorpusError(f"{path}: line {reader.line_num} is not {form} ({error}); quotes inside a quoted field are doubled") from error
    if not rows:
        raise CorpusError(f"{path}: the file is empty; expected {expected}")
    header = [name.strip() for name in rows[0]]
    if len(header) == 1 and any(other in header[0] for other in ",;\t" if other != delimiter):
        raise CorpusError(f"{path}: the header is not separated by {mark}s ({header[0]!r}); save the file as {mark}-separated {form}")
    if len(set(header)) < len(header):
        raise CorpusError(f"{path}: a column name occurs twice in the header ({', '.join(header)})")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            raise CorpusError(
                f"{path}: line {line} has {len(row)} fields, the header has {len(header)} ({', '.join(header)}); "
                f"quote fields that hold {mark}s"
            )
    return CsvFile(path, header, rows[1:], lines[1:])


def not_utf8(path: Path) -> str:
    """Return what to say of a file that is not UTF-8: the line and the byte; a text file is decoded in blocks, which do not tell it."""
    with open(path, "rb") as file:
        for n, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return f"{path}: line {n} is not UTF-8 (byte {line[error.start]:#04x}); save the file as UTF-8"
    return f"{path}: not UTF-8; save the file as UTF-8"


def number(text: str) -> float | None:
    """Return the number in a field, None where it is empty or ``NA``.

    Raises:
        ValueError: If it is no finite number.
    """
    if text in ("", "NA"):
        return None
    value = float(text)
    if value - value != 0:
        raise ValueError(f"{text!r} is not finite")
    return value


def numbers(
    file: CsvFile, name: str, ids: Sequence[str], advice: str, faults: Faults, *, low: float = 1, high: float = 7
) -> list[float | None]:
    """Return a column of numbers; a field that is none, or not within the bounds, is a fault of its utterance.

    Args:
        file: Where the column is.
        name: As in the header.
        ids: Utterance of each row.
        advice: What to do where the column is not there.
        faults: Where bad fields are noted.
        low: Least value allowed, that of an attribute by default.
        high: Largest value allowed.

    Raises:
        CorpusError: If there is no such column.
    """
    values: list[float | None] = []
    for id, line, text in zip(ids, file.lines, file.column(name, advice), strict=True):
        try:
            value = number(text)
            if value is not None and not low <= value <= high:
                raise ValueError("out of range")
        except ValueError:
            value = None
            faults.add(id, f"{file.path}, line {line}: {name} is '{text}', expected a number from {low:g} to {high:g}")
        values.append(value)
    return values


def known(value: str) -> str | None:
    """Return a field, None where it is empty or says ``Unknown``."""
    return None if value == "" or value.lower() == "unknown" else value


def doubled(values: Sequence[str]) -> dict[str, list[int]]:
    """Return the positions of every value that occurs more than once."""
    places: dict[str, list[int]] = {}
    if len(set(values)) == len(values):
        return places
    for i, value in enumerate(values):
        places.setdefault(value, []).append(i)
    return {value: where for value, where in places.items() if len(where) > 1}
