"""The results table: one row a system, one column a split, marked where a score is not of unseen data."""

import csv
import io
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigError, nearest

MARK = "*"


def markdown_row(cells: Sequence[str]) -> str:
    """Return a row of a Markdown table; a bar inside a cell stays inside."""
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


@dataclass(frozen=True)
class Result:
    """The scores of one system on one split."""

    system: str
    split: str
    scores: dict[str, float]
    """What :func:`~emojudge.evaluation.score_emotions` returned."""
    in_sample: bool = False
    """Whether a stage was fitted or chosen on this split, other than out-of-fold."""
    note: str = ""


@dataclass(frozen=True)
class ResultsTable:
    """Results of one run, in the order in which systems and splits were added."""

    results: list[Result] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)

    @property
    def systems(self) -> list[str]:
        """Return the systems, in order."""
        return list(dict.fromkeys(result.system for result in self.results))

    @property
    def splits(self) -> list[str]:
        """Return the splits, in order."""
        return list(dict.fromkeys(result.split for result in self.results))

    def score(self, system: str, split: str, measure: str) -> float | None:
        """Return a score, or None where the system was not scored on the split."""
        return next((r.scores[measure] for r in self.results if (r.system, r.split) == (system, split)), None)

    def is_in_sample(self, split: str) -> bool:
        """Return whether a stage of any system was fitted or chosen on a split."""
        return any(r.in_sample for r in self.results if r.split == split)

    def cells(self, measures: Sequence[str] = ("macro_f1", "accuracy")) -> list[list[str]]:
        """Return the table as text: a header, then a row a system with ``macro-F1 / accuracy`` for each split."""
        by_key = {(result.system, result.split): result for result in self.results}
        rows = [["system", *self.splits]]
        for system in self.systems:
            row = [system]
            for split in self.splits:
                result = by_key.get((system, split))
                text = "" if result is None else " / ".join(f"{result.scores[measure]:.4f}" for measure in measures)
                row.append(text + (MARK if result is not None and result.in_sample else ""))
            rows.append(row)
        return rows

    def to_markdown(self) -> str:
        """Return the table in Markdown: macro-F1 / accuracy, with its footnotes."""
        header, *rows = self.cells()
        lines = [header, ["---"] * len(header), *rows]
        table = "\n".join(map(markdown_row, lines))
        notes = "".join(f"\n{note}\n" for note in self.footnotes)
        return f"macro-F1 / accuracy\n\n{table}\n{notes}"

    def to_csv(self) -> str:
        """Return one line a system and split with every measure."""
        measures = list(dict.fromkeys(name for result in self.results for name in result.scores))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["system", "split", "in_sample", *measures, "note"])
        for result in self.results:
            values: list[Any] = [_number(result.scores.get(name, "")) for name in measures]
            writer.writerow([result.system, result.split, str(result.in_sample).lower(), *values, result.note])
        return text.getvalue()


def _number(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


@dataclass(frozen=True)
class Spread:
    """A score over several runs that differ in their seed only."""

    mean: float
    deviation: float
    """Standard deviation over runs (n - 1); 0 for a single run."""
    n_runs: int
    half_width: float
    """Half of the 95 % interval of the mean by Student's t; infinite for a single run."""

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return mean and spread of one value a run."""
        from scipy.stats import t

        n = len(values)
        deviation = statistics.stdev(values) if n > 1 else 0.0
        half_width = float(t.ppf(0.975, n - 1)) * deviation / n**0.5 if n > 1 else float("inf")
        return cls(statistics.fmean(values), deviation, n, half_width)


def combine(tables: Sequence[ResultsTable], measure: str = "macro_f1") -> list[list[str]]:
    """Return a table of ``mean ± deviation`` over runs, as text: a header, then a row a system.

    Raises:
        ConfigError: If the runs do not have the same systems and splits.
    """
    first = tables[0]
    for other in tables[1:]:
        if (other.systems, other.splits) != (first.systems, first.splits):
            raise ConfigError(f"the runs differ in systems or splits: {first.systems}, {first.splits} and {other.systems}, {other.splits}")
    rows = [["system", *first.splits]]
    for system in first.systems:
        row = [system]
        for split in first.splits:
            values = _values(tables, system, split, measure)
            spread = Spread.of(values) if values else None
            mark = MARK if first.is_in_sample(split) else ""
            row.append("" if spread is None else f"{spread.mean:.3f} ± {spread.deviation:.3f}{mark}")
        rows.append(row)
    return rows


def differences(tables: Sequence[ResultsTable], system: str, reference: str, measure: str = "macro_f1") -> dict[str, Spread]:
    """Return by split how much ``system`` is above ``reference``, paired by run.

    The interval speaks of the seeds of training alone, not of other speakers.

    Raises:
        ConfigError: If a system does not occur.
    """
    for name in (system, reference):
        if name not in tables[0].systems:
            raise ConfigError(f"there is no system '{name}' (found: {', '.join(tables[0].systems)}).{nearest(name, tables[0].systems)}")
    spreads = {}
    for split in tables[0].splits:
        pairs = [(table.score(system, split, measure), table.score(reference, split, measure)) for table in tables]
        gains = [a - b for a, b in pairs if a is not None and b is not None]
        if gains:
            spreads[split] = Spread.of(gains)
    return spreads


def _values(tables: Sequence[ResultsTable], system: str, split: str, measure: str) -> list[float]:
    scores = (table.score(system, split, measure) for table in tables)
    return [score for score in scores if score is not None]
