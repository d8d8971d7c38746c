"""Which utterances of a split a stage uses: those with a target, and those with every part that the run needs."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..corpus.table import Table
from ..errors import CorpusError


def known_rows(table: Table, splits: Sequence[str], known: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.int64]:
    """Return the rows of some splits that have a target of any task, in row order.

    Args:
        table: The corpus.
        splits: Names of the splits.
        known: What a target of each task is called, and True for each row of the table that has one, ``(rows,)``.

    Raises:
        CorpusError: If no split is named, one does not exist, none of its utterances has a target, or one of the tasks has none
            in all of them.
    """
    if not splits:
        raise CorpusError("no split is named to take utterances from; name one in data.init_args.fit_splits, and one in .val_splits")
    either: NDArray[np.bool_] = np.any(list(known.values()), axis=0)  # (rows,)
    wanted = [([split], " or ".join(known), either) for split in splits] + [(list(splits), name, has) for name, has in known.items()]
    for names, what, has in wanted:
        rows = table.indices(*names)
        if not has[rows].any():
            where = f"split '{names[0]}'" if len(names) == 1 else f"the splits {', '.join(names)}"
            raise CorpusError(f"{table.info.source}: none of the {len(rows)} utterances of {where} has {what}")
    rows = table.indices(*splits)
    return rows[either[rows]]


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
