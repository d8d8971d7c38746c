"""Results of several runs together: means, deviations and paired differences."""

from collections.abc import Sequence

from ..errors import ConfigError, nearest
from .sheet import Sheet
from .statistics import Spread
from .tables import MARK, TRANSDUCTIVE, ResultsTable


def combine(tables: Sequence[ResultsTable], differing: str = "seeds") -> Sheet:
    """Return a sheet of ``mean ± deviation`` over runs: a row a system, and a measure where a task has several.

    Args:
        tables: The task's table of each run.
        differing: What the runs differ in, for the title.

    Raises:
        ConfigError: If the runs do not have the same systems and splits.
    """
    first = tables[0]
    check_alike(tables)
    measures = first.shown.over_runs
    several = len(measures) > 1
    rows = []
    for system in first.systems:
        for measure, name in measures.items():
            row = [system, *([name] if several else [])]
            for split in first.splits:
                values = values_of(tables, system, split, measure)
                spread = Spread.of(values) if values else None
                row.append("" if spread is None else f"{spread.mean:.3f} ± {spread.deviation:.3f}{marks_of(tables, [system], split)}")
            rows.append(row)
    what = "mean" if several else f"{next(iter(measures.values()))}, mean"
    footnotes = list(dict.fromkeys(note for table in tables for note in table.footnotes))
    header = ["system", *(["measure"] if several else []), *first.splits]
    return Sheet(f"{what} ± deviation over {len(tables)} {differing}", header, rows, footnotes)


def differences(tables: Sequence[ResultsTable], system: str, reference: str, measure: str) -> dict[str, Spread]:
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


def check_alike(tables: Sequence[ResultsTable]) -> None:
    """Raise where runs do not have the same systems and splits."""
    first = tables[0]
    for other in tables[1:]:
        if (other.systems, other.splits) != (first.systems, first.splits):
            raise ConfigError(f"the runs differ in systems or splits: {first.systems}, {first.splits} and {other.systems}, {other.splits}")


def marks_of(tables: Sequence[ResultsTable], systems: Sequence[str], split: str) -> str:
    """Return the marks that a score of some systems on a split has in any run: what is made of them has each."""
    found = [result.marks for table in tables for system in systems if (result := table.result(system, split))]
    return "".join(mark for mark in (MARK, TRANSDUCTIVE) if any(mark in marks for marks in found))


def values_of(tables: Sequence[ResultsTable], system: str, split: str, measure: str) -> list[float]:
    """Return a score of each run that has it."""
    scores = (table.score(system, split, measure) for table in tables)
    return [score for score in scores if score is not None]
