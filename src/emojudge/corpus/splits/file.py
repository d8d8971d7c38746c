"""A file of splits: ``id, split``, one row an utterance; what ``load_table(..., splits=FILE)`` takes."""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ...errors import CorpusError, some
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
        raise CorpusError(f"{path}: {len(twice)} utterances occur more than once: {some(twice)}")
    for id, split, line in zip(ids, splits, file.lines, strict=True):
        if not id or not split:
            raise CorpusError(f"{path}: line {line} has no {'split' if id else 'id'}; every utterance belongs to one split")
    return dict(zip(ids, splits, strict=True))


def check_ids(splits: Mapping[str, str], ids: Collection[str], path: str | Path) -> None:
    """Refuse splits of utterances that the corpus lacks, before its audio is looked at.

    Raises:
        CorpusError: If there is one; the message names some.
    """
    strangers = set(splits).difference(ids)
    if strangers:
        raise CorpusError(f"{path}: {len(strangers)} utterances are not in the corpus: {some(sorted(strangers))}; {_ADVICE}")


def split_column(splits: Mapping[str, str], ids: Sequence[str], path: str | Path) -> list[str]:
    """Return the split of each id in order.

    Raises:
        CorpusError: If an id has no split; the message names some.
    """
    missing = [id for id in ids if id not in splits]
    if missing:
        raise CorpusError(f"{path}: {len(missing)} utterances of the corpus have no split there: {some(missing)}; {_ADVICE}")
    return [splits[id] for id in ids]
