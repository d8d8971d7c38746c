"""A run reads its corpus: a saved table, or a folder through its reader, with what was left out listed in the run's folder."""

import csv
import io
import logging
from pathlib import Path
from typing import Any

from ..corpus.faults import OnBadUtterance
from ..corpus.loading import load_table
from ..corpus.options import readers_own
from ..corpus.table import Table
from ..files import write_text

_log = logging.getLogger(__name__)

SKIPPED_FILE = "skipped_utterances.csv"
"""List of the utterances that a reader left out on request, with reasons, in the run's folder."""


def read_corpus(
    reader: str, options: dict[str, Any], on_bad_utterance: OnBadUtterance, run_dir: str | None, splits: str | None = None
) -> Table:
    """Return the table of a corpus; utterances left out are counted in a warning and listed in the run's folder.

    Args:
        reader: As for :func:`emojudge.corpus.load_table`.
        options: The reader's own.
        on_bad_utterance: Whether to stop at an utterance that cannot be used, or go on without it.
        run_dir: Where the list goes; None outside a run.
        splits: File of ``id, split`` in place of the corpus' own splits, or None.

    Raises:
        CorpusError: If the corpus cannot be read as it stands.
        ConfigError: If there is no such reader or option.
    """
    options = readers_own(reader, options)
    table = load_table(reader, on_bad_utterance=on_bad_utterance, splits=splits, progress=_log_progress, **options)
    if table.info.skipped:
        _log.warning("%s: %d utterances cannot be used and are left out", table.info.source, len(table.info.skipped))
        if run_dir is not None:
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\n").writerows([("id", "reason"), *table.info.skipped])
            write_text(Path(run_dir) / SKIPPED_FILE, text.getvalue())
    return table


def _log_progress(done: int, total: int) -> None:
    if total >= 1000 and done % (total // 10) == 0:
        _log.info("%d of %d audio files read", done, total)
