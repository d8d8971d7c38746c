"""Sheets in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from ...evaluation.evidence_sheets import sheets_of
from ...evaluation.sheet import Sheet
from ...evaluation.tables import ResultsTable


def show(tables: Sequence[ResultsTable], console: Console) -> None:
    """Print the results of one run."""
    show_sheets(sheets_of(tables), console)


def show_sheets(sheets: Sequence[Sheet], console: Console) -> None:
    """Print sheets one under the other, names as they are, brackets too; where nobody looks, as wide as they are."""
    for sheet in sheets:
        grid = RichTable(title=Text(sheet.title), title_justify="left", title_style="bold")
        for name, numeric in zip(sheet.header, sheet.numeric, strict=True):
            grid.add_column(Text(name), justify="right" if numeric else "left")
        for row, after in zip(sheet.rows, [*sheet.rows[1:], None], strict=True):
            grid.add_row(*map(Text, row), end_section=after is not None and sheet.header[0] == "split" and after[0] != row[0])
        if not console.is_terminal:
            console.width = max(console.width, console.measure(grid, options=console.options.update(max_width=1_000)).maximum)
        console.print(grid)
        for note in sheet.notes:
            console.print(note, highlight=False, markup=False, soft_wrap=True)
        console.print()
