"""The results table of a task: one row a system, one column a split, marked where a score is not of unseen data."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .sheet import markdown_row

MARK = "*"


@dataclass(frozen=True)
class Shown:
    """Which scores of a task are shown, and how."""

    title: str
    """What stands in a cell, in order."""
    measures: tuple[str, ...]
    """The scores of a cell."""
    digits: int
    over_runs: Mapping[str, str]
    """Scores shown as mean and deviation over several runs, by the name that each gets; the first is what a task is judged by."""


SHOWN = {
    "emotion": Shown("macro-F1 / accuracy", ("macro_f1", "accuracy"), 4, {"macro_f1": "macro-F1"}),
    "attributes": Shown(
        "CCC of valence / arousal / dominance / mean",
        ("ccc_valence", "ccc_arousal", "ccc_dominance", "ccc_mean"),
        3,
        {"ccc_mean": "mean CCC", "ccc_valence": "CCC of valence", "ccc_arousal": "CCC of arousal", "ccc_dominance": "CCC of dominance"},
    ),
}
"""By task; everything else is in the CSV file."""


@dataclass(frozen=True)
class Result:
    """The scores of one system on one split."""

    system: str
    split: str
    scores: dict[str, float]
    """What ``score_emotions`` or ``score_attributes`` of :mod:`emojudge.evaluation` returned."""
    in_sample: bool = False
    """Whether a stage was fitted or chosen on this split, other than out-of-fold."""
    note: str = ""


@dataclass(frozen=True)
class ResultsTable:
    """Results of one task of one run, in the order in which systems and splits were added."""

    results: list[Result] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)
    task: str = "emotion"

    @property
    def shown(self) -> Shown:
        """Return which scores are shown."""
        return SHOWN[self.task]

    @property
    def systems(self) -> list[str]:
        """Return the systems, in order."""
        return list(dict.fromkeys(result.system for result in self.results))

    @property
    def splits(self) -> list[str]:
        """Return the splits, in order."""
        return list(dict.fromkeys(result.split for result in self.results))

    def score(self, system: str, split: str, measure: str) -> float | None:
        """Return a score, or None where the system was not scored on the split, or what is measured does not occur there."""
        found = next((r.scores.get(measure) for r in self.results if (r.system, r.split) == (system, split)), None)
        return None if found is None or math.isnan(found) else found

    def is_in_sample(self, split: str) -> bool:
        """Return whether a stage of any system was fitted or chosen on a split."""
        return any(r.in_sample for r in self.results if r.split == split)

    def cells(self) -> list[list[str]]:
        """Return the table as text: a header, then a row a system with its scores on each split, ``-`` where one is not defined."""
        by_key = {(result.system, result.split): result for result in self.results}
        rows = [["system", *self.splits]]
        for system in self.systems:
            row = [system]
            for split in self.splits:
                result = by_key.get((system, split))
                scores = (self.score(system, split, measure) for measure in self.shown.measures)
                text = "" if result is None else " / ".join("-" if score is None else self._text(score) for score in scores)
                row.append(text + (MARK if result is not None and result.in_sample else ""))
            rows.append(row)
        return rows

    def _text(self, score: float) -> str:
        digits = self.shown.digits
        return f"{round(score, digits) + 0.0:.{digits}f}"  # a minus before zeros would say nothing


def to_markdown(tables: Sequence[ResultsTable]) -> str:
    """Return the table of each task in Markdown, with its title and footnotes."""
    parts = []
    for table in tables:
        header, *rows = table.cells()
        text = "\n".join(map(markdown_row, [header, ["---"] * len(header), *rows]))
        notes = "".join(f"\n{note}\n" for note in table.footnotes)
        parts.append(f"{table.shown.title}\n\n{text}\n{notes}")
    return "\n".join(parts)


def to_csv(tables: Sequence[ResultsTable]) -> str:
    """Return one line a task, system and split with every measure; those of another task are empty."""
    measures = list(dict.fromkeys(name for table in tables for result in table.results for name in result.scores))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["task", "system", "split", "in_sample", *measures, "note"])
    for table in tables:
        for result in table.results:
            values: list[Any] = [_number(result.scores.get(name, "")) for name in measures]
            writer.writerow([table.task, result.system, result.split, str(result.in_sample).lower(), *values, result.note])
    return text.getvalue()


def _number(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
