"""``Sheet``: any table of text, and the forms in which a report prints and writes it."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        **{character: f"\\{character}" for character in "&%$#_"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",  # these three are other letters in LaTeX's default font
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "[": "{[}",  # a row that begins with either would be read as an argument of the row before it
        "*": "{*}",
        "±": r"$\pm$",
        "−": "$-$",
        "↑": r"$\uparrow$",
        "↓": r"$\downarrow$",
        "†": r"\dag{}",
        "≥": r"$\geq$",
        "≤": r"$\leq$",
    }
)


@dataclass(frozen=True)
class Sheet:
    """A table of text cells with what must be said below it; every row is as long as the header."""

    title: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"'{self.title}': a row has {len(row)} cells for {len(self.header)} columns: {row}")

    @property
    def numeric(self) -> list[bool]:
        """Return for each column whether it is set to the right: whether it has a number, and nothing in it but numbers and gaps."""
        return [_is_numeric([row[k] for row in self.rows]) for k in range(len(self.header))]

    def to_markdown(self) -> str:
        """Return the sheet in Markdown: title, table, and each note as a paragraph."""
        rule = ["---:" if numeric else "---" for numeric in self.numeric]
        text = "\n".join(map(markdown_row, [self.header, rule, *self.rows]))
        notes = (re.sub(r"^([*+-]) ", r"\\\1 ", note) for note in self.notes)  # the mark, not a list of one
        return f"{self.title}\n\n{text}\n" + "".join(f"\n{note}\n" for note in notes)

    def to_csv(self) -> str:
        """Return header and rows as comma-separated values."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.header, *self.rows])
        return text.getvalue()

    def to_latex(self) -> str:
        """Return a LaTeX ``table`` with rules of the package booktabs; whatever stands in a cell is printed as it is."""
        columns = "".join("r" if numeric else "l" for numeric in self.numeric)
        lines = [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{latex(self.title)}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            latex_row(self.header),
            r"\midrule",
            *map(latex_row, self.rows),
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par\smallskip\footnotesize {latex(note)}" for note in self.notes),
            r"\end{table}",
        ]
        return "\n".join(lines) + "\n"

    def to_json(self) -> dict[str, Any]:
        """Return the sheet as a plain dictionary."""
        return asdict(self)


def markdown_row(cells: Sequence[str]) -> str:
    """Return a row of a Markdown table; a bar inside a cell stays inside."""
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def latex_row(cells: Sequence[str]) -> str:
    """Return a row of a LaTeX table."""
    return f"{' & '.join(map(latex, cells))} \\\\"


def latex(text: str) -> str:
    """Return text that LaTeX prints as it is, with a minus before numbers.

    >>> print(latex("50 % of a_b: -0.25"))
    50 \\% of a\\_b: $-$0.25
    """
    escaped = " ".join(text.split()).translate(_LATEX)
    return re.sub(r"(?<![\w.)-])-(?=\.?\d)", "$-$", re.sub("-(?=-)", "-{}", escaped))


def _is_numeric(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell not in ("", "-")]
    return bool(filled) and all(re.match(r"[<≤+−-]?\s?\.?\d[\d.,]*(?![\w-])", cell) for cell in filled)
