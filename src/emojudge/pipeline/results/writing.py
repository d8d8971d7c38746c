"""The files of results: Markdown and LaTeX to be read, CSV and JSON for other programs."""

import json
from collections.abc import Sequence
from pathlib import Path

from ... import __version__
from ...evaluation.evidence_sheets import sheets_of
from ...evaluation.records import Record, plain, records_of, to_csv
from ...evaluation.sheet import Sheet
from ...evaluation.tables import ResultsTable
from ...files import write_text

SCHEMA_VERSION = 1
ENDINGS = ("md", "csv", "tex", "json")
"""Of the files that are written."""
LATEX_HEAD = "% \\usepackage{booktabs}; where names are in another script than Latin, LuaLaTeX or XeLaTeX with a font that has it\n"


def write_results(stem: str | Path, tables: Sequence[ResultsTable], more: Sequence[Sheet] = ()) -> None:
    """Write the results of one run as ``<stem>.md``, ``.csv``, ``.tex`` and ``.json``.

    Args:
        stem: Path of the files without their ending.
        tables: The table of each task.
        more: Sheets that stand below, in all but the CSV file.
    """
    write_report(stem, records_of(tables), [*sheets_of(tables), *more])


def write_report(stem: str | Path, records: Sequence[Record], sheets: Sequence[Sheet]) -> None:
    """Write records and sheets: the records as CSV, the sheets as Markdown and LaTeX, both as JSON."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "emojudge": __version__,
        "results": [plain(record) for record in records],
        "sheets": [sheet.to_json() for sheet in sheets],
    }
    write_text(f"{stem}.md", "\n".join(sheet.to_markdown() for sheet in sheets))
    write_text(f"{stem}.csv", to_csv(records))
    write_text(f"{stem}.tex", LATEX_HEAD + "\n".join(sheet.to_latex() for sheet in sheets))
    write_text(f"{stem}.json", json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
