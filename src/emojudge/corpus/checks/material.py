"""What the checks look at: a table, and what was found out about its audio files."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...audio import AudioFacts
from ..table import Table
from .findings import Finding, Severity


@dataclass(frozen=True)
class Material:
    """The usable utterances of a corpus, by row."""

    table: Table
    facts: Sequence[AudioFacts | None]
    """What is known of each row's audio file; None where it has none."""

    @cached_property
    def split(self) -> list[str]:
        """Split of each row."""
        return self.table.column("split")

    @cached_property
    def id(self) -> list[str]:
        """Id of each row."""
        return self.table.column("id")

    @cached_property
    def splits(self) -> dict[str, list[int]]:
        """Rows of each split, those that fit first, then those that tune, then the others by name."""
        rows: dict[str, list[int]] = {split: [] for split in self.table.splits}
        for row, split in enumerate(self.split):
            rows[split].append(row)
        return rows

    @property
    def roles(self) -> Mapping[str, str]:
        """Role of each split."""
        return self.table.info.roles

    def column(self, name: str) -> list[Any]:
        """Return one column of the table."""
        return self.table.column(name)

    def by_split(self, rows: Iterable[int]) -> str:
        """Return how many of some rows are in each split, for a message: ``train 12, dev 3``."""
        counts = Counter(self.split[row] for row in rows)
        return ", ".join(f"{split} {counts[split]}" for split in self.splits if counts[split])

    def finding(self, kind: str, severity: Severity, message: str, rows: Iterable[int], names: Iterable[str] = ()) -> Finding:
        """Return a finding about some rows."""
        return Finding(kind, severity, message, tuple(self.id[row] for row in sorted(rows)), tuple(names))

    def shared(self, values: Sequence[str | None]) -> dict[tuple[str, str], dict[str, list[int]]]:
        """Return what two splits share.

        Args:
            values: A value a row, such as its speaker; None is shared with nobody.

        Returns:
            By pair of splits, the rows in both of them of each value that occurs in both; pairs that share nothing are left out.
        """
        where: dict[str, dict[str, list[int]]] = {}
        for row, value in enumerate(values):
            if value is not None:
                where.setdefault(value, {}).setdefault(self.split[row], []).append(row)
        order = list(self.splits)
        pairs: dict[tuple[str, str], dict[str, list[int]]] = {}
        for value, rows in where.items():
            mine = sorted(rows, key=order.index) if len(rows) > 1 else []
            for i, first in enumerate(mine):
                for second in mine[i + 1 :]:
                    pairs.setdefault((first, second), {})[value] = rows[first] + rows[second]
        return dict(sorted(pairs.items(), key=lambda item: (order.index(item[0][0]), order.index(item[0][1]))))
