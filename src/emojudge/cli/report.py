"""``emojudge report``: the results of run folders as a table, also against truth that is kept apart."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from ..corpus import Table as Corpus
from ..errors import ConfigError
from ..evaluation.runs import combine, differences
from ..evaluation.tables import MARK, ResultsTable, to_csv, to_markdown
from ..files import write_text
from ..pipeline.results import load_run, score_against, score_run
from .usage import Parser


def main(arguments: Sequence[str]) -> int:
    """Print the results of one run, or means and spreads over runs that differ in their seed."""
    parser = Parser(prog="emojudge report", description="Print the results of one or more run folders.")
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder that emojudge run wrote; several are shown as mean and spread")
    parser.add_argument(
        "--truth",
        metavar="FILE",
        help="score against labels kept apart: a table, or a CSV with FileName and EmoClass, or EmoVal, EmoAct and EmoDom",
    )
    parser.add_argument("--split", help="with --truth: score this split only")
    parser.add_argument(
        "--compare", nargs=2, metavar=("SYSTEM", "REFERENCE"), help="difference of two systems over the runs, with its interval"
    )
    parser.add_argument("--out", metavar="STEM", help="also write STEM.csv and STEM.md (one run)")
    options = parser.parse_args(list(arguments[1:]))
    runs = [Path(run).resolve() for run in options.runs]
    if len(set(runs)) < len(runs):
        parser.error("the same run is given twice; several runs are meant to differ in their seed or splits")
    if options.split and not options.truth:
        parser.error("--split needs --truth")
    if options.out and len(runs) > 1:
        parser.error("--out needs a single run")

    differing = _differing([load_run(run)[1] for run in runs])
    results = [_results(run, options.truth, options.split) for run in options.runs]
    console = Console()
    if len(results) == 1:
        show(results[0], console)
        if options.out:
            write_text(f"{options.out}.csv", to_csv(results[0]))
            write_text(f"{options.out}.md", to_markdown(results[0]))
    by_task = _by_task(results)
    if len(results) > 1:
        for tables in by_task:
            measures = tables[0].shown.over_runs
            what = f"{next(iter(measures.values()))}, mean" if len(measures) == 1 else "mean"
            footnotes = list(dict.fromkeys(note for table in tables for note in table.footnotes))
            _print(combine(tables), f"{what} ± deviation over {len(tables)} {differing}", footnotes, console)
    if options.compare:
        system, reference = options.compare
        for line in _compared(by_task, system, reference, differing):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    return 0


def show(tables: Sequence[ResultsTable], console: Console) -> None:
    """Print the results of one run, a table a task."""
    for table in tables:
        _print(table.cells(), table.shown.title, table.footnotes, console)


def _by_task(results: list[list[ResultsTable]]) -> list[list[ResultsTable]]:
    """Return the tables of all runs for each task.

    Raises:
        ConfigError: If the runs differ in their tasks.
    """
    tasks = [[table.task for table in tables] for tables in results]
    for other in tasks[1:]:
        if other != tasks[0]:
            raise ConfigError(f"the runs differ in what was scored: {' and '.join(tasks[0])}; {' and '.join(other)}")
    return [list(tables) for tables in zip(*results, strict=True)]


def _compared(by_task: list[list[ResultsTable]], system: str, reference: str, differing: str) -> list[str]:
    """Return a line for each measure and split on which two systems can be compared.

    Raises:
        ConfigError: If no task has both systems.
    """
    both = [tables for tables in by_task if {system, reference} <= set(tables[0].systems)]
    lines = []
    for tables in both or by_task[:1]:  # where no task has both, the first says what it has
        for measure, name in tables[0].shown.over_runs.items():
            for split, gain in differences(tables, system, reference, measure).items():
                low, high = gain.mean - gain.half_width, gain.mean + gain.half_width
                interval = "" if gain.n_runs == 1 else f", 95 % interval over {gain.n_runs} {differing} {low:+.3f} to {high:+.3f}"
                mark = f" {MARK} in-sample" if tables[0].is_in_sample(split) else ""
                lines.append(f"{system} minus {reference}, {split}: {name} {gain.mean:+.3f}{interval}{mark}")
    return lines


def _differing(corpora: list[Corpus]) -> str:
    """Return what the runs differ in: ``seeds`` of training, or ``folds`` of one corpus.

    Raises:
        ConfigError: If they are of different corpora.
    """
    corpora_without_splits = {corpus.with_columns(split=["any"] * len(corpus)).info.fingerprint for corpus in corpora}
    if len(corpora_without_splits) > 1:
        found = ", ".join(sorted({corpus.info.fingerprint for corpus in corpora}))
        raise ConfigError(f"the runs are of different corpora ({found}); means are taken over runs that differ in their seed or splits")
    return "folds" if len({corpus.info.fingerprint for corpus in corpora}) > 1 else "seeds"


def _results(run: str, truth: str | None, split: str | None) -> list[ResultsTable]:
    systems, corpus = load_run(Path(run))
    return score_run(systems, corpus) if truth is None else score_against(systems, corpus, truth, split)


def _print(cells: list[list[str]], title: str, footnotes: list[str], console: Console) -> None:
    header, *rows = cells
    table = RichTable(title=title, title_justify="left")
    for i, name in enumerate(header):
        table.add_column(Text(name), justify="left" if i == 0 else "right")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    for note in footnotes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
