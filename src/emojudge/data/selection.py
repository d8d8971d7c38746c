"""Which utterances of a split a stage uses: those with a target, and those with every part that the run needs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..corpus.table import Table
from ..errors import CorpusError


def known_rows(table: Table, splits: Sequence[str], known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the rows of some splits that have a target, in row order.

    Args:
        table: The corpus.
        splits: Names of the splits.
        known: True for each row of the table that has a label, or what else is a target, ``(rows,)``.

    Raises:
        CorpusError: If no split is named, one does not exist, or none of its utterances has a target.
    """
    if not splits:
        raise CorpusError("no split is named to take utterances from; name one in data.init_args.fit_splits, and one in .val_splits")
    for split in splits:
        rows = table.indices(split)
        if not known[rows].any():
            raise CorpusError(f"{table.info.source}: none of the {len(rows)} utterances of split '{split}' has one of the run's classes")
    rows = table.indices(*splits)
    return rows[known[rows]]


def complete_rows(table: Table, rows: NDArray[np.int64], *, audio: bool, text: bool) -> NDArray[np.int64]:
    """Return those of some rows that have audio and a transcript, as far as they are asked for.

    Raises:
        CorpusError: If none has.
    """
    needed = [column for column, used in {"audio": audio, "transcript": text}.items() if used]
    complete = np.ones(len(rows), dtype=bool)
    for column in needed:
        complete &= table.rows.data.column(column).is_valid().to_numpy()[rows]
    if not complete.any():
        advice = "transcribe them, or leave the text network out" if text else "name the audio files, or leave the acoustic network out"
        raise CorpusError(f"{table.info.source}: none of the {len(rows)} utterances to train on has {' and '.join(needed)}; {advice}")
    return rows[complete]
