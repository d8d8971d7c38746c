"""Table 1 of the paper for any corpus: share of each class by split, beside the paper's where the classes are its eight."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..corpus.composition import SplitComposition
from ..evaluation.paper import TABLE_1, TABLE_1_NOTES, PaperSplit
from ..evaluation.sheet import markdown_row
from ..labels import EMOTIONS


@dataclass(frozen=True)
class CorpusTable:
    """What the splits of a corpus are made of, as text in several forms."""

    splits: Sequence[SplitComposition]
    notes: Sequence[str] = ()
    """What must be said of this corpus; the paper's own notes are added."""

    @property
    def classes(self) -> list[str]:
        """The classes, in order."""
        return list(self.splits[0].classes)

    def paper(self, split: str) -> PaperSplit | None:
        """Return the paper's column for a split; None where it has none or its classes are others."""
        return TABLE_1.get(split) if set(self.classes) == set(EMOTIONS) else None

    @property
    def footnotes(self) -> list[str]:
        """Return everything that must be said below the table."""
        beside = any(self.paper(split.split) for split in self.splits)
        return [*self.notes, *(TABLE_1_NOTES if beside else ())]

    def cells(self) -> list[list[str]]:
        """Return the table as text: a header, then rows of classes (percent of labelled utterances) and of totals."""
        columns = [["", *self.classes, "labelled", *map(_told, self._unlabelled()), "utterances", "hours", "speakers"]]
        for split in self.splits:
            columns.append(self._column(split))
            paper = self.paper(split.split)
            if paper is not None:
                shares = [f"{paper.percent[name]:.2f}" for name in self.classes]
                blank = [""] * (len(columns[0]) - len(shares) - 2)
                columns.append([f"paper: {paper.name}", *shares, f"{paper.n_utterances:,}", *blank])
        return [list(row) for row in zip(*columns, strict=True)]

    def to_markdown(self) -> str:
        """Return the table in Markdown, with its footnotes."""
        header, *rows = self.cells()
        align = ["---", *["---:"] * (len(header) - 1)]
        lines = "\n".join(map(markdown_row, [header, align, *rows]))
        return f"{CAPTION}\n\n{lines}\n" + "".join(f"\n{note}\n" for note in self.footnotes)

    def to_csv(self) -> str:
        """Return one line a split and count, unrounded: ``split, role, what, n, percent, paper_percent``."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["split", "role", "what", "n", "percent", "paper_percent"])
        for split in self.splits:
            paper = self.paper(split.split)
            for name, n in split.classes.items():
                writer.writerow([split.split, split.role, name, n, split.percent(name), "" if paper is None else paper.percent[name]])
            totals: dict[str, float] = {_told(label): n for label, n in split.unlabelled.items()}
            totals |= {"utterances": split.n_utterances, "seconds": split.duration_s, "without duration": split.n_untimed}
            totals |= {"speakers": split.n_speakers, "without speaker": split.n_without_speaker}
            writer.writerows([split.split, split.role, what, n, "", ""] for what, n in totals.items())
        return text.getvalue()

    def to_json(self) -> dict[str, Any]:
        """Return counts, shares and the paper's column of each split as plain dicts and lists."""
        splits = []
        for split in self.splits:
            paper = self.paper(split.split)
            more = {"n_labelled": split.n_labelled, "n_utterances": split.n_utterances}
            percent = {name: split.percent(name) for name in self.classes}
            splits.append({**asdict(split), **more, "percent": percent, "paper": None if paper is None else asdict(paper)})
        return {"schema_version": 1, "classes": self.classes, "splits": splits, "notes": self.footnotes}

    def _unlabelled(self) -> list[str]:
        """Return what the corpus says of rows without a class, in any split."""
        return list(dict.fromkeys(label for split in self.splits for label in split.unlabelled))

    def _column(self, split: SplitComposition) -> list[str]:
        shares = [split.percent(name) for name in self.classes]
        timed = split.n_untimed < split.n_utterances
        return [
            f"{split.split} ({split.role})",
            *("" if share is None else f"{share:.2f}" for share in shares),
            f"{split.n_labelled:,}",
            *(f"{split.unlabelled[label]:,}" if label in split.unlabelled else "" for label in self._unlabelled()),
            f"{split.n_utterances:,}",
            f"{split.duration_s / 3600:.2f}{'+' if split.n_untimed else ''}" if timed else "",
            f"{split.n_speakers:,}{'+' if split.n_without_speaker else ''}" if split.n_speakers else "",
        ]


CAPTION = "Classes in percent of the labelled utterances; + where duration or speaker of some are not known."


def _told(label: str) -> str:
    return f"no class: {label}" if label else "no label"
