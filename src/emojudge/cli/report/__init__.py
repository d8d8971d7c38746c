"""``emojudge report``: the results of run folders as tables, also against truth that is kept apart, and what they are worth."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .options import read_options

if TYPE_CHECKING:
    from ...evaluation import ResultsTable, Sheet
    from ...pipeline.results import Labels, Systems


def main(arguments: Sequence[str]) -> int:
    """Print the results of one run, or means and spreads over runs that differ in their seed."""
    options = read_options(arguments[1:])

    from rich.console import Console

    from ...evaluation.evidence import N_RESAMPLES
    from ...pipeline.ledger import ledger_sheet
    from ...pipeline.results import labels_apart, labels_of, name_runs, open_runs, published_sheets, score, summarise, write_report
    from .terminal import show_sheets

    folders = name_runs(options.runs)
    if options.ledger:
        show_sheets([ledger_sheet(folder) for folder in folders.values()], Console())
        return 0
    runs: dict[str, tuple[Systems, Labels]] = {}
    scored: dict[str, Sequence[ResultsTable]] = {}
    for name, (systems, table) in open_runs(folders).items():
        labels = labels_of(systems, table) if options.truth is None else labels_apart(systems, table, options.truth, options.split)
        runs[name], scored[name] = (systems, labels), score(systems, labels)
    n_resamples = options.resamples or N_RESAMPLES
    summary = summarise(
        scored,
        [labels.table for _, labels in runs.values()],
        reference=options.reference,
        compare=options.compare,
        n_resamples=0 if options.no_intervals else n_resamples,
    )
    sheets = [*summary.sheets, *_closer(options, runs, n_resamples)]
    if options.paper:
        sheets += published_sheets(folders, scored)
    _record(options, folders, runs, scored)
    if options.out:  # first: who reads the output may close it early
        write_report(options.out, summary.records, sheets)
    show_sheets(sheets, Console())
    return 0


def _closer(options: Namespace, runs: dict[str, tuple["Systems", "Labels"]], n_resamples: int) -> list["Sheet"]:
    """Return the sheets that were asked for beside the results, those of single runs with the run's name where there are several."""
    from ...pipeline.results.closer import calibration_sheets, claim_sheets, group_sheets, titled, vote_sheets

    sheets: list[Sheet] = []
    for name, (systems, labels) in runs.items():
        found: list[Sheet] = []
        if options.by:
            found += group_sheets(systems, labels, options.by, n_resamples)
        if options.calibration:
            found += calibration_sheets(systems, labels, n_resamples)
        if options.votes:
            found += vote_sheets(systems, labels)
        sheets += found if len(runs) == 1 else titled(found, name)
    return [*sheets, *claim_sheets(list(runs.values()), n_resamples)] if options.claims else sheets


def _record(
    options: Namespace,
    folders: dict[str, Path],
    runs: dict[str, tuple["Systems", "Labels"]],
    scored: dict[str, Sequence["ResultsTable"]],
) -> None:
    """Write into the ledger of each run that splits were scored which are held out."""
    from ...pipeline.ledger import record

    against = "" if options.truth is None else f" against {Path(options.truth).name}"
    for name, folder in folders.items():
        systems = {table.task: runs[name][0][table.task] for table in scored[name]}
        splits = [split for table in scored[name] for split in table.splits]
        record(folder, splits, options.purpose or f"report{against}", systems)
