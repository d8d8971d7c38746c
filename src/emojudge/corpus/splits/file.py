"""A file of splits: ``id, split``, one row an utterance; what ``load_table(..., splits=FILE)`` takes."""

import csv
import io
from collections.abc import Collection, Sequence
from pathlib import Path

from ...errors import CorpusError, plural, some
from ...files import write_text
from ..readers.common import doubled, read_csv
from ..table import Table

_ADVICE = "make the file from this corpus"


def write_splits(table: Table, path: str | Path) -> None:
    """Write the split of every utterance of a table to a CSV file ``id, split``, whole or not at all."""
    text = io.StringIO(newline="")
    rows = zip(table.column("id"), table.column("split"), strict=True)
    csv.writer(text, lineterminator="\n").writerows([("id", "split"), *rows])
    write_text(path, text.getvalue())


def read_splits(path: str | Path) -> dict[str, str]:
    """Return the split of each utterance id.

    Raises:
        CorpusError: If the file cannot be read, lacks a column, names an utterance twice, or leaves an id or a split empty.
    """
    file = read_csv(Path(path).expanduser())
    advice = "A file of splits has the columns id and split."
    ids, splits = file.column("id", advice), file.column("split", advice)
    twice = doubled(ids)
    if twice:
        raise CorpusError(f"{path}: {plural(len(twice), 'utterance')} more than once: {some(twice)}")
    for id, split, line in zip(ids, splits, file.lines, strict=True):
        if not id or not split:
            raise CorpusError(f"{path}: line {line} has no {'split' if id else 'id'}; every utterance belongs to one split")
    return dict(zip(ids, splits, strict=True))


class GivenSplits:
    """Splits that a file gives in place of the corpus' own; without a file the corpus keeps its own.

    Args:
        path: A file of ``id, split``, or None.

    Raises:
        CorpusError: If the file cannot be used, as :func:`read_splits`.
    """

    def __init__(self, path: str | Path | None) -> None:
        self.path = path
        self._split_of = None if path is None else read_splits(path)

    def check(self, ids: Collection[str]) -> None:
        """Refuse splits of utterances that are not among those of the corpus, before its audio is looked at.

        Raises:
            CorpusError: If there is one; the message names some.
        """
        strangers = set(self._split_of or ()).difference(ids)
        if strangers:
            raise CorpusError(f"{self.path}: {plural(len(strangers), 'utterance')} not in the corpus: {some(sorted(strangers))}; {_ADVICE}")

    def column(self, ids: Sequence[str], own: Sequence[str]) -> list[str]:
        """Return the split of each id in order, which is its own one where there is no file.

        Raises:
            CorpusError: If the file has no split for an id; the message names some.
        """
        if self._split_of is None:
            return list(own)
        missing = [id for id in ids if id not in self._split_of]
        if missing:
            raise CorpusError(
                f"{self.path}: {plural(len(missing), 'utterance')} of the corpus without a split there: {some(missing)}; {_ADVICE}"
            )
        return [self._split_of[id] for id in ids]
