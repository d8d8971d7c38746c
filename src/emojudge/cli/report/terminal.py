"""Sheets in the terminal."""

import re
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
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
    """Print sheets one under the other, names as they are, brackets too; where nobody looks, as wide as they are.

    A table whose words do not fit beside each other, however they are wrapped, is wider than the terminal, which breaks its lines: no
    number is cut.
    """
    looked_at = console.width
    for sheet in sheets:
        grid = _grid(sheet)
        width = console.measure(grid, options=console.options.update(max_width=1_000)).maximum
        if not console.is_terminal:
            console.width = max(console.width, width)
        elif width > console.width:
            grid = _narrow_grid(sheet, console.width)
            console.width = max(looked_at, console.measure(grid, options=console.options.update(max_width=1_000)).maximum)
        console.print(Text(sheet.title, style="bold"), soft_wrap=True)
        console.print(grid, crop=False)
        console.width = looked_at if console.is_terminal else console.width
        for note in sheet.notes:
            console.print(note, highlight=False, markup=False, soft_wrap=True)
        console.print()


def _grid(sheet: Sheet) -> RichTable:
    return _fill(RichTable(box=box.HEAVY_HEAD), sheet, sheet.header, sheet.rows, [None] * len(sheet.header))


def _narrow_grid(sheet: Sheet, width: int) -> RichTable:
    """Return the table for a terminal that it would not fit: a space between columns, cells wrapped between words; no word is cut."""
    header, *rows = [[re.sub(r"(?<=\[)(\S+), (?=\S+\])", r"\1,", cell) for cell in row] for row in (sheet.header, *sheet.rows)]
    columns = list(zip(header, *rows, strict=True))
    least = [max(cell_len(word) for cell in column for word in (*cell.split(), "")) for column in columns]
    widths = [max(map(cell_len, column)) for column in columns]
    while sum(widths) + len(widths) - 1 > width and widths != least:
        roomiest = max(range(len(widths)), key=lambda k: widths[k] - least[k])
        widths[roomiest] -= 1
    return _fill(RichTable(box=box.SIMPLE_HEAD, padding=0, show_edge=False), sheet, header, rows, widths)


def _fill(grid: RichTable, sheet: Sheet, header: list[str], rows: list[list[str]], widths: Sequence[int | None]) -> RichTable:
    """Add columns and rows, with a line between splits."""
    for name, numeric, width in zip(header, sheet.numeric, widths, strict=True):
        grid.add_column(Text(name), justify="right" if numeric else "left", width=width)
    groups = [row[0] for row in rows] if header[0] == "split" else [""] * len(rows)
    for row, group, following in zip(rows, groups, [*groups, ""][1:], strict=True):
        grid.add_row(*map(Text, row), end_section=bool(following) and following != group)
    return grid
