"""``emojudge report``: the results of run folders as tables, also against truth that is kept apart."""

from collections.abc import Sequence
from pathlib import Path

from .options import read_options


def main(arguments: Sequence[str]) -> int:
    """Print the results of one run, or means and spreads over runs that differ in their seed."""
    options = read_options(arguments[1:])

    from rich.console import Console

    from ...evaluation.evidence import N_RESAMPLES
    from ...pipeline.results import open_runs, published_sheets, score_against, score_run, summarise, write_report
    from .terminal import show_sheets

    runs = open_runs(options.runs)
    scored = {
        name: score_run(systems, table) if options.truth is None else score_against(systems, table, options.truth, options.split)
        for name, (systems, table) in runs.items()
    }
    summary = summarise(
        scored,
        [table for _, table in runs.values()],
        reference=options.reference,
        compare=options.compare,
        n_resamples=0 if options.no_intervals else options.resamples or N_RESAMPLES,
    )
    sheets = [*summary.sheets]
    if options.paper:
        sheets += published_sheets(dict(zip(runs, map(Path, options.runs), strict=True)), scored)
    show_sheets(sheets, Console())
    if options.out:
        write_report(options.out, summary.records, sheets)
    return 0
