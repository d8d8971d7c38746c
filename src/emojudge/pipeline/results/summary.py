"""One run, or several that differ in their seed, as sheets to be read and records for other programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...corpus import Table
from ...errors import ConfigError, nearest
from ...evaluation.evidence import N_RESAMPLES, alike
from ...evaluation.evidence_sheets import comparison_sheet, evidence_sheet, sheets_of
from ...evaluation.records import Record, mean_records, records_of
from ...evaluation.runs import combine
from ...evaluation.sheet import Sheet
from ...evaluation.tables import ResultsTable, weigh_runs
from ..systems import REFITTED
from .loading import Systems, load_run


@dataclass(frozen=True)
class Summary:
    """What a report prints and writes."""

    sheets: list[Sheet]
    records: list[Record]


def name_runs(folders: Sequence[str]) -> dict[str, Path]:
    """Return each run folder by its name; by the path as it was given where two are called alike."""
    names = [Path(folder).resolve().name for folder in folders]
    alike = len(set(names)) < len(names)
    return {folder if alike else name: Path(folder) for name, folder in zip(names, folders, strict=True)}


def open_runs(folders: Mapping[str, Path]) -> dict[str, tuple[Systems, Table]]:
    """Return the predictions and the table of each run by its name.

    Raises:
        ConfigError: If they are of different corpora.
        EmojudgeError: If a folder does not hold a finished run.
    """
    runs = {name: load_run(folder) for name, folder in folders.items()}
    differing_in([table for _, table in runs.values()])
    return runs


def weigh_results(tables: Sequence[ResultsTable], reference: str | None = None, n_resamples: int = N_RESAMPLES) -> list[ResultsTable]:
    """Return the tables of one run with intervals and differences.

    Args:
        tables: The table of each task.
        reference: A system; by default the branch refitted, else the first.
        n_resamples: Resamples of the speakers.

    Raises:
        ConfigError: If no task has the reference.
    """
    _check_known(reference, tables)
    return [table.weighed(reference_of(table, reference), n_resamples=n_resamples) for table in tables]


def summarise(
    scored: Mapping[str, Sequence[ResultsTable]],
    corpora: Sequence[Table],
    *,
    reference: str | None = None,
    compare: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
) -> Summary:
    """Return the results of one run, or of several together.

    Args:
        scored: The table of each task, by run.
        corpora: The table of each run.
        reference: What every system is compared with; by default the branch refitted, else the first system.
        compare: A system and a reference that are compared once more, alone.
        n_resamples: Resamples of the speakers; 0 for no interval.

    Raises:
        ConfigError: If the runs differ in tasks, systems or splits, or no task has a system that is to be compared.
    """
    by_task = _by_task(list(scored.values()))
    firsts = [tables[0] for tables in by_task]
    for name in (reference, *(compare or ())):
        _check_known(name, firsts)
    differing = differing_in(corpora)
    sheets: list[Sheet] = []
    records: list[Record] = []
    if len(scored) == 1:
        own = weigh_results(firsts, reference, n_resamples) if n_resamples else firsts
        sheets, records = sheets_of(own), records_of(own)
    else:
        for name, tables in scored.items():
            records += records_of(tables, name)
        for tables in by_task:
            sheets.append(combine(tables, differing))
            evidence = None
            if n_resamples and _same_utterances(tables):
                evidence = weigh_runs(tables, reference_of(tables[0], reference), n_resamples=n_resamples)
                sheets.append(evidence_sheet(tables, evidence))
            elif n_resamples:
                sheets[-1].notes.append(f"No interval over speakers: the {differing} were scored on different utterances.")
            records += mean_records(tables, evidence)
    if compare:
        system, other = compare
        both = [tables for tables in by_task if {system, other} <= set(tables[0].systems)]
        if not both:
            found = "; ".join(f"{table.task}: {', '.join(table.systems)}" for table in firsts)
            raise ConfigError(f"'{system}' and '{other}' are of different tasks ({found}); compare two of one task")
        for tables in both:
            n = n_resamples if _same_utterances(tables) else 0
            sheets.append(comparison_sheet(tables, system, other, differing, n_resamples=n))
            if n < n_resamples:
                sheets[-1].notes.append(f"No interval over speakers: the {differing} were scored on different utterances.")
    return Summary(sheets, records)


def reference_of(table: ResultsTable, asked: str | None = None) -> str:
    """Return what the systems of a task are compared with: what was asked for if the task has it, the branch refitted, or the first."""
    if asked in table.systems:
        return str(asked)
    return next((system for system in table.systems if system.endswith(REFITTED)), table.systems[0])


def differing_in(corpora: Sequence[Table]) -> str:
    """Return what the runs differ in: ``seeds`` of training, or ``folds`` of one corpus.

    Raises:
        ConfigError: If they are of different corpora.
    """
    found = sorted({corpus.info.fingerprint for corpus in corpora})
    if len(found) == 1:
        return "seeds"
    if len({corpus.with_columns(split=["any"] * len(corpus)).info.fingerprint for corpus in corpora}) > 1:
        raise ConfigError(
            f"the runs are of different corpora ({', '.join(found)}); means are taken over runs that differ in their seed or splits"
        )
    return "folds"


def _by_task(runs: Sequence[Sequence[ResultsTable]]) -> list[list[ResultsTable]]:
    """Return the tables of all runs for each task.

    Raises:
        ConfigError: If the runs differ in their tasks.
    """
    tasks = [[table.task for table in tables] for tables in runs]
    for other in tasks[1:]:
        if other != tasks[0]:
            raise ConfigError(f"the runs differ in what was scored: {' and '.join(tasks[0])}; {' and '.join(other)}")
    return [list(tables) for tables in zip(*runs, strict=True)]


def _check_known(name: str | None, tables: Sequence[ResultsTable]) -> None:
    known = list(dict.fromkeys(system for table in tables for system in table.systems))
    if name is not None and name not in known:
        raise ConfigError(f"there is no system '{name}' (found: {'; '.join(known)}).{nearest(name, known)}")


def _same_utterances(tables: Sequence[ResultsTable]) -> bool:
    for result in tables[0].results:
        runs = [found.sample for found in (table.result(result.system, result.split) for table in tables) if found and found.sample]
        if len(runs) < len(tables) or not alike(runs):
            return False
    return True
