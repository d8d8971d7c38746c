"""``emojudge corpus table``: Print classes, hours and speakers of each split, beside Table 1 of the paper; draw them with --figures."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from .source import add_source, read_settings

if TYPE_CHECKING:
    from rich.console import Console

    from ...corpus import Table
    from ...report.corpus_table import CorpusTable


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    add_source(parser, on_bad_utterance=False)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print Markdown")
    form.add_argument("--csv", action="store_true", help="print CSV, one line a split and count")
    form.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--figures", metavar="DIR", help="draw classes, attributes and durations into this folder")
    parser.add_argument("--format", choices=["png", "svg"], default="png", help="of the figures (default: %(default)s)")


def run(options: Namespace) -> int:
    """Print the table, draw the figures, and return the exit status."""
    import json
    import sys

    from rich.console import Console

    from ...corpus.composition import compose
    from ...report.corpus_table import CorpusTable

    table = _outline(options)
    composition = CorpusTable(compose(table), _notes(table))
    if options.markdown:
        print(composition.to_markdown(), end="")
    elif options.csv:
        print(composition.to_csv(), end="")
    elif options.json:
        print(json.dumps(composition.to_json(), indent=2, ensure_ascii=False))
    else:
        show(composition, table.info.source, Console(highlight=False))
    if options.figures is not None:
        from ...report.corpus_figures import draw_corpus

        for path in draw_corpus(table, options.figures, options.format):
            print(path, file=sys.stderr)
    return 0


def show(composition: "CorpusTable", source: str, console: "Console") -> None:
    """Print a table and what must be said below it; names of the corpus as they are, brackets too."""
    from rich.table import Table as RichTable
    from rich.text import Text

    from ...report.corpus_table import CAPTION

    header, *rows = composition.cells()
    grid = RichTable(title=Text(f"{source}\n{CAPTION}"), title_justify="left", title_style="")
    for i, name in enumerate(header):
        grid.add_column(Text(name), justify="left" if i == 0 else "right", no_wrap=i == 0)
    for row in rows:
        grid.add_row(*map(Text, row), end_section=row[0] == composition.classes[-1])
    if not console.is_terminal:
        console.width = max(console.width, console.measure(grid, options=console.options.update(max_width=1_000)).maximum)
    console.print(grid)
    for note in composition.footnotes:
        console.print(note, markup=False, soft_wrap=True)


def _outline(options: Namespace) -> "Table":
    from ...corpus.outline import outline_table
    from ...pipeline.sources import arrange, corpus_arguments
    from ..progress import progress_bar

    config = read_settings(options)
    with progress_bar("reading the corpus") as tell:
        return arrange(outline_table(progress=tell, **corpus_arguments(config)), config)


def _notes(table: "Table") -> list[str]:
    n_skipped = len(table.info.skipped)
    are = "utterance that cannot be used is" if n_skipped == 1 else "utterances that cannot be used are"
    left_out = [f"{n_skipped:,} {are} not counted; emojudge corpus check lists them."] if n_skipped else []
    return [*left_out, *([table.info.caution] if table.info.caution else [])]
