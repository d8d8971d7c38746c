"""What a user says about the columns of a corpus: names, classes, splits, ranges, votes, and which rows count."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, TypeAlias

from ...errors import ConfigError, nearest
from ...labels import ATTRIBUTE_RANGE, ATTRIBUTES, EMOTIONS
from .common import SPLITS
from .rows import Report, Rows

Columns: TypeAlias = Mapping[str, str | Sequence[str] | None]
Range: TypeAlias = Sequence[float]
Where: TypeAlias = Mapping[str, str | int | Sequence[str | int]]
Votes: TypeAlias = Mapping[str, str | Sequence[str]]

STDS = tuple(f"{name}_std" for name in ATTRIBUTES)
REQUIRED = ("file", "split", "emotion")
"""Columns that a listing should have, under these names or others (``columns``)."""

OPTIONAL = ("id", "transcript", "transcript_source", "speaker", "gender", "recording", "start_s", "duration_s", *ATTRIBUTES, *STDS)
"""Columns that are read where they are there."""

NUMBERS = ("start_s", "duration_s", *ATTRIBUTES, *STDS)
"""Columns of numbers; all others are text."""

_OURS = (*REQUIRED, *OPTIONAL)


@dataclass(frozen=True)
class ColumnMap:
    """How the columns of a listing become those of a table; the options that all listings share.

    Raises:
        ConfigError: If an option names a column, class or attribute that we do not have, or two of them contradict.
    """

    columns: Columns = field(default_factory=dict)
    """Theirs by ours: a name, several names (joined by ``_``), or a text with names in braces
    (``audio/{clip}.wav``); null leaves a column out."""
    classes: Sequence[str] = EMOTIONS
    class_map: Mapping[str, str | None] = field(default_factory=dict)
    """Class by their spelling; null drops the label."""
    split_map: Mapping[str, str] = field(default_factory=dict)
    split: str | None = None
    """The split of every row, where no column tells it."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    """Regular expressions by column; each named group becomes a column."""
    where: Where = field(default_factory=dict)
    """Value, or values, that a column must have for a row to count."""
    attribute_range: Range | Mapping[str, Range] = ATTRIBUTE_RANGE
    votes: Votes = field(default_factory=dict)
    """Column, or columns, that count the votes for a class."""
    votes_other: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name, theirs in self.columns.items():
            if name not in _OURS:
                raise ConfigError(f"columns: there is no column '{name}' in a table (known: {', '.join(_OURS)}).{nearest(name, _OURS)}")
            if not isinstance(theirs, str | None) and name in NUMBERS:
                raise ConfigError(f"columns: '{name}' is a column of numbers and cannot be made of several ({', '.join(theirs)})")
        if self.split is not None and self.columns.get("split") is not None:
            raise ConfigError(f"split: '{self.split}' for every row, but columns takes the split from '{self.columns['split']}'; keep one")
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            raise ConfigError(f"classes: {list(self.classes)} must be two or more different names")
        for spelling, to in self.class_map.items():
            if to is not None:
                self._check_class("class_map", f"'{spelling}' is mapped to '{to}'", to)
        for name in self.votes:
            self._check_class("votes", f"there are votes for '{name}'", name)
        if self.votes_other is not None and not self.votes:
            raise ConfigError("votes_other: the votes for none of the classes need votes, the columns of the others, beside them")
        for name, pattern in self.patterns.items():
            try:
                groups = re.compile(pattern).groupindex
            except re.error as error:
                raise ConfigError(f"patterns: '{pattern}' of column '{name}' is no regular expression ({error})") from error
            if not groups:
                raise ConfigError(f"patterns: '{pattern}' of column '{name}' names no group, such as (?P<speaker>[0-9]+)")
        self._check_ranges()

    @classmethod
    def of(cls, **options: Any) -> "ColumnMap":
        """Return the map of a reader's options, of which those that are None keep their default."""
        return cls(**{name: value for name, value in options.items() if value is not None})

    def range_of(self, attribute: str) -> tuple[float, float]:
        """Return the range in which the corpus gives an attribute, or its spread's."""
        attribute = attribute.removesuffix("_std")
        given = self.attribute_range.get(attribute, ATTRIBUTE_RANGE) if isinstance(self.attribute_range, Mapping) else self.attribute_range
        return float(given[0]), float(given[1])

    def rescaled(self, name: str, values: Sequence[float | None]) -> list[float | None]:
        """Return an attribute in 1 to 7, or its spread in that unit; a range is mapped onto it linearly."""
        low, high = self.range_of(name)
        if (low, high) == ATTRIBUTE_RANGE:
            return list(values)
        width = ATTRIBUTE_RANGE[1] - ATTRIBUTE_RANGE[0]
        zero, offset = (0.0, 0.0) if name in STDS else (low, ATTRIBUTE_RANGE[0])
        return [None if value is None else offset + width * ((value - zero) / (high - low)) for value in values]

    def split_of(self, name: str) -> str:
        """Return our name of a split; one that is not known stays as it is."""
        ours = SPLITS | {theirs.lower(): mapped for theirs, mapped in self.split_map.items()}
        return ours.get(name.lower(), name)

    def found_in(self, rows: Rows, defaults: Mapping[str, str], required: Sequence[str]) -> dict[str, str | Sequence[str]]:
        """Return their column by ours: the required ones, those that were named, and others that are there under our name.

        Args:
            rows: Of the listing.
            defaults: Their column by ours where the source has names of its own.
            required: Columns without which nothing can be read.

        Raises:
            ConfigError: If one that is needed was left out.
        """
        wanted: dict[str, str | Sequence[str]] = {}
        for name in _OURS:
            theirs = self.columns.get(name, defaults.get(name, name))
            if theirs is not None and (name in self.columns or name in required or theirs in rows.columns):
                wanted[name] = theirs
        if self.split is not None:
            wanted.pop("split", None)
        else:
            self._demand("split", wanted, "; say split: NAME where every row is of one split")
        if not self.votes and not any(name in wanted for name in ATTRIBUTES):
            self._demand("emotion", wanted, " where there are neither attributes nor votes")
        for name in required:
            self._demand(name, wanted, "")
        return wanted

    def _demand(self, name: str, wanted: dict[str, str | Sequence[str]], unless: str) -> None:
        """Make a column wanted, so that its absence is an error, unless the user left it out."""
        if name not in wanted and name in self.columns:
            raise ConfigError(f"columns: '{name}' is required and cannot be left out{unless}")
        wanted.setdefault(name, name)

    def _check_class(self, option: str, says: str, name: str) -> None:
        if name not in self.classes:
            raise ConfigError(f"{option}: {says}, which is not in the class list ({', '.join(self.classes)}).{nearest(name, self.classes)}")

    def _check_ranges(self) -> None:
        ranges = self.attribute_range if isinstance(self.attribute_range, Mapping) else {"every attribute": self.attribute_range}
        for name, values in ranges.items():
            if isinstance(self.attribute_range, Mapping) and name not in ATTRIBUTES:
                raise ConfigError(
                    f"attribute_range: there is no attribute '{name}' (known: {', '.join(ATTRIBUTES)}).{nearest(name, ATTRIBUTES)}"
                )
            if len(values) != 2 or not values[0] < values[1] or values[1] - values[0] == float("inf"):
                raise ConfigError(f"attribute_range: {list(values)} for {name}, expected the lowest and the highest value, such as [1, 5]")


def composed(rows: Rows, column: str | Sequence[str], advice: str, report: Report) -> list[str | None]:
    """Return a text column, or the text that several columns make in each row; None where one of them is null.

    Args:
        rows: Of the listing.
        column: A column's name, several to be joined by ``_``, or a text that holds names in braces.
        advice: What to do where a column is not there.
        report: Told of values that are no text.

    Raises:
        CorpusError: If a column is not there.
        ConfigError: If the braces do not pair.
    """
    if isinstance(column, str) and (column in rows.columns or "{" not in column):
        return rows.texts(column, advice, report)
    pieces = _pieces(column) if isinstance(column, str) else [("_" if i else "", name) for i, name in enumerate(column)]
    made: list[str | None] = [""] * len(rows)
    for literal, name in pieces:
        values: Sequence[str | None] = [""] * len(rows) if name is None else rows.texts(name, advice, report)
        made = [None if before is None or value is None else before + literal + value for before, value in zip(made, values, strict=True)]
    return made


def _pieces(template: str) -> list[tuple[str, str | None]]:
    """Return what stands before each name in braces, and the name; None at the end."""
    try:
        return [(literal, name) for literal, name, _, _ in Formatter().parse(template)]
    except ValueError as error:
        raise ConfigError(f"columns: '{template}': {error}; a name of a column stands in braces, such as audio/{{clip}}.wav") from error
